//! `onair push`: the command line → a session and its source → a broadcast.

pub(crate) mod address;
mod devices;
mod format;
#[cfg(feature = "tls")]
pub(crate) mod trust;

use std::sync::Arc;
use std::time::Duration;

use onair::rooms::RoomConfig;
use onair::{
    Adaptation, Alignment, AudioConfig, Delivery, Extra, Look, MediaTime, ReconnectPolicy,
    RecordingConfig, Session, Timing, VideoConfig,
};

use crate::args::PushArgs;
use crate::broadcast::{self, Broadcast};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::room::beside::Beside;
use crate::room::with_tokens;
use crate::source::Source;
use crate::source::encoded::{EncodedSource, Tracks};
use crate::source::mix::Mix;
use crate::source::pictures::Pictures;
use crate::source::raw::RawSource;
use crate::source::sound::Sound;
use crate::units::Split;

/// How long a first connection may take: the engine's whole attempt and a little.
const GO_LIVE_WITHIN: Duration = Duration::from_secs(15);

/// Streams until the media ends or somebody stops it.
///
/// # Errors
/// With the exit code: what the user can do about it is in the message.
pub(crate) fn run(args: &PushArgs, context: &Context) -> Result<Exit, Failure> {
    let room = room(args)?;
    let destinations = match room.as_ref().and_then(|room| address::of_room(args, room)) {
        Some(url) => url?.into(),
        None => address::destinations(args)?,
    };
    let (builder, source, height) = match &args.source.flv {
        Some(_) if !args.look.is_plain() => {
            let reason = "--flv is sent as it is; leave the options of how it looks away";
            return Err(Failure::usage(reason));
        }
        Some(_) => encoded(args)?,
        None if args.source.camera.is_some() || args.source.mic.is_some() => {
            devices::prepare(args)?
        }
        None => raw(args)?,
    };
    let mut policy = ReconnectPolicy::default();
    if args.retry {
        policy.retry_first_connection = true;
        policy.budget = None;
    }
    let builder = match extra(args)? {
        extra if extra.is_empty() => builder,
        extra => builder.extra_metadata(extra),
    };
    #[cfg(feature = "tls")]
    let builder = builder.trust(trust::read(&args.tls)?);
    let session = builder
        .reconnect(policy)
        .allow_plaintext(args.allow_plaintext)
        .first_timestamp(MediaTime::ZERO + args.start_time)
        .build()
        .map_err(|error| broadcast::failure(&error, false))?;
    let look = args.look.on(Look::default(), height)?;
    session.set_look(look).map_err(Failure::usage)?;
    let from_start = args.from_start;
    let go_live_within = (!args.retry).then_some(GO_LIVE_WITHIN);
    let (record, flight_record) = (recording(args), args.flight_record.clone());
    let broadcast = Broadcast {
        session: Arc::new(session),
        destinations,
        source,
        from_start,
        go_live_within,
        snapshots: args.snapshot.clone(),
        record,
        flight_record,
    };
    let ended = broadcast::run(broadcast, context);
    if let Some(room) = room {
        room.close();
    }
    ended
}

fn room(args: &PushArgs) -> Result<Option<Beside>, Failure> {
    let Some(url) = &args.room else { return Ok(None) };
    let config = with_tokens(RoomConfig::server(url));
    #[cfg(feature = "tls")]
    let config = config.trust(trust::read(&args.tls)?);
    Beside::open(config, &args.room_key, &args.title).map(Some)
}

/// The file beside the stream.
fn recording(args: &PushArgs) -> Option<RecordingConfig> {
    let mut config = RecordingConfig::new(args.record.as_ref()?);
    match args.record_split {
        Some(Split::Time(length)) => config.split_after = Some(length),
        Some(Split::Bytes(bytes)) => config.split_bytes = Some(bytes),
        None => {}
    }
    Some(config)
}

fn extra(args: &PushArgs) -> Result<Extra, Failure> {
    let mut fields = args.metadata.iter().cloned();
    let extra = fields.try_fold(Extra::default(), |extra, (name, value)| extra.with(name, value));
    extra.map_err(Failure::usage)
}

/// The last is the picture's height, pixels; 0 without one.
type Prepared = (onair::SessionBuilder, Box<dyn Source>, u32);

/// A pattern or raw files, to be encoded.
fn raw(args: &PushArgs) -> Result<Prepared, Failure> {
    let files = &args.source;
    let (has_y4m, has_wav) = (files.y4m.is_some(), files.wav.is_some());
    let no_files = !has_y4m && !has_wav;
    let wants_video = !args.audio_only && (has_y4m || no_files);
    let wants_audio = !args.video_only && (has_wav || no_files);
    if !wants_video && !wants_audio {
        return Err(Failure::usage(
            "nothing to send: --audio-only needs --wav and --video-only needs --y4m",
        ));
    }
    let pictures = match &files.y4m {
        Some(path) if wants_video => Some(Pictures::y4m(path)?),
        _ => None,
    };
    let sound = match &files.wav {
        Some(path) if wants_audio => Some(Sound::wav(path)?),
        _ => None,
    };
    let video = match &pictures {
        Some(y4m) => Some(format::video(&args.format, Some(y4m))?),
        None if wants_video => Some(format::video(&args.format, None)?),
        None => None,
    };
    let audio = match &sound {
        Some(wav) => Some(format::audio(&args.format, Some(wav))?),
        None if wants_audio => Some(format::audio(&args.format, None)?),
        None => None,
    };
    let pictures = match (pictures, &video) {
        (None, Some(video)) => Some(pattern(args, video)?),
        (pictures, _) => pictures,
    };
    let sound = sound.or_else(|| {
        audio.as_ref().map(|audio| Sound::tone(audio.sample_rate_hz(), audio.channels()))
    });
    let mix = Mix::new(&args.sound)?;
    if sound.is_none() && !mix.is_empty() {
        return Err(Failure::usage("--mix, --gain and --mute-at need sound"));
    }
    let source = RawSource::new(pictures, sound, args.duration).with_mix(mix);
    let height = video.as_ref().map_or(0, VideoConfig::height);
    let builder = Session::builder(audio, video).adaptation(format::adaptation(&args.format));
    Ok((builder, Box::new(source), height))
}

fn pattern(args: &PushArgs, video: &VideoConfig) -> Result<Pictures, Failure> {
    let kind = args.source.pattern.unwrap_or_default();
    Pictures::pattern(kind, video.width(), video.height(), video.fps())
}

/// A file that is encoded already.
fn encoded(args: &PushArgs) -> Result<Prepared, Failure> {
    let Some(path) = &args.source.flv else {
        return Err(Failure::usage("--flv needs a file"));
    };
    let wanted = Tracks { audio: !args.video_only, video: !args.audio_only };
    let source = EncodedSource::open(path, wanted, args.duration, args.fast)?;
    let metadata = source.metadata().clone();
    // What the file really holds is in the metadata; the configurations only name the tracks.
    let audio = metadata.audio.is_some().then(AudioConfig::default);
    let video = metadata.video.is_some().then(VideoConfig::default);
    let mut builder = Session::builder(audio, video).alignment(Alignment::AsIs);
    let is_one = args.urls.len() == 1 && args.backup.is_empty();
    builder = match (is_one, args.fast) {
        (true, _) => builder.delivery(Delivery::Complete),
        // One server that is slow must not hold up another one: what it cannot take is dropped.
        (false, false) => builder.adaptation(Adaptation::Off),
        (false, true) => return Err(Failure::usage("--fast is for one URL without a backup")),
    };
    if !args.fast && source.is_plain() {
        builder = builder.timing(Timing::OnTime);
    }
    if metadata.audio.is_some() {
        builder = builder.audio_source(onair::Source::Encoded);
    }
    if metadata.video.is_some() {
        builder = builder.video_source(onair::Source::Encoded);
    }
    Ok((builder.metadata(metadata), Box::new(source), 0))
}
