//! `onair push --camera --mic`: what the options name → devices that are open.

use onair::{Session, VideoConfig};

use super::{Prepared, format};
use crate::args::PushArgs;
use crate::exit::Failure;
use crate::source::live::LiveSource;
use crate::source::mix::Mix;
use crate::source::pictures::Pictures;
use crate::source::sound::Sound;

/// A camera, a microphone or both.
///
/// # Errors
/// When a device cannot be opened, when this build has none, and when nothing is left to send.
pub(super) fn prepare(args: &PushArgs) -> Result<Prepared, Failure> {
    let devices = &args.source;
    let camera = match devices.camera.as_ref().filter(|_| !args.audio_only) {
        Some(_) if !cfg!(feature = "camera") => {
            return Err(missing("--camera", "camera", "libclang and the kernel's headers"));
        }
        Some(device) => Some(Pictures::camera(device, format::camera(&args.format))?),
        None => None,
    };
    let microphone = match devices.mic.as_ref().filter(|_| !args.video_only) {
        Some(_) if !cfg!(feature = "mic") => {
            return Err(missing("--mic", "mic", "libasound's headers (libasound2-dev)"));
        }
        Some(device) => Some(Sound::microphone(device, format::microphone(&args.format)?)?),
        None => None,
    };
    if camera.is_none() && microphone.is_none() {
        let reason = "nothing to send: --audio-only needs --mic and --video-only needs --camera";
        return Err(Failure::usage(reason));
    }
    let mix = Mix::new(&args.sound)?;
    if microphone.is_none() && !mix.is_empty() {
        let reason = "--mix, --gain and --mute-at go with --mic; leave them away without it";
        return Err(Failure::usage(reason));
    }
    let video = camera.as_ref().map(|camera| format::video(&args.format, Some(camera)));
    let video = video.transpose()?;
    let audio = microphone.as_ref().map(|mic| format::audio(&args.format, Some(mic)));
    let audio = audio.transpose()?;
    let height = video.as_ref().map_or(0, VideoConfig::height);
    let builder = Session::builder(audio, video).adaptation(format::adaptation(&args.format));
    Ok((builder, Box::new(LiveSource::new(camera, microphone, mix, args.duration)), height))
}

/// What to do where a build has no such devices.
fn missing(option: &str, feature: &str, wants: &str) -> Failure {
    Failure::usage(format!(
        "{option}: this onair was built without the feature `{feature}`; on Linux with {wants}: \
         cargo build -p onair-cli --features {feature}"
    ))
}
