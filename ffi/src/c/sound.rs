//! Sound from more than one source, levels, and devices that are taken away for a while.
#![expect(unsafe_code, reason = "C passes pointers")]

use onair::{AudioSourceId, Interruption, Samples, Sound};

use super::config::pick;
use super::push::{onair_video_frame, pcm, with_frame};
use super::session::{onair_session, with};
use super::{onair_status, place, slice};
use crate::{LiveError, SoundLevel, SoundLevels};

/// The camera.
pub const ONAIR_INTERRUPT_PICTURE: u32 = 0;
/// The microphone of the first source.
pub const ONAIR_INTERRUPT_SOUND: u32 = 1;
/// Both.
pub const ONAIR_INTERRUPT_BOTH: u32 = 2;

/// Sources of sound that a session can have.
pub const ONAIR_AUDIO_SOURCES: usize = 8;

/// How loud the last tenth of a second was, dBFS; 0 is full scale, -100 silence.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct onair_level {
    /// The largest sample.
    pub peak_dbfs: f32,
    /// The root of the mean square.
    pub rms_dbfs: f32,
}

/// How loud everything was.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct onair_levels {
    /// What goes to the encoder: after mixing, gain and mute.
    pub output: onair_level,
    /// So many of the following are there.
    pub count: u32,
    /// Their numbers.
    pub sources: [u32; ONAIR_AUDIO_SOURCES],
    /// Their levels, before their own gain and mute.
    pub levels: [onair_level; ONAIR_AUDIO_SOURCES],
}

/// Adds a source of sound that is mixed with the first one: its own rate, channels, gain and mute,
/// stamps on the same clock. Stays over stop and start until it is removed; eight in all. `*source`
/// is its number; 0 is the first source.
///
/// # Safety
/// `source` is NULL or points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_add_audio_source(
    session: onair_session,
    source: *mut u32,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let source = unsafe { place(source, "source") }?;
        *source = live.session().add_audio_source()?.number();
        Ok(())
    })
}

/// Removes a source. The first one cannot be removed.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_remove_audio_source(
    session: onair_session,
    source: u32,
) -> onair_status {
    with(session, |live| {
        Ok(live.session().remove_audio_source(AudioSourceId::from_number(source))?)
    })
}

/// How loud a source is in the mix: 0 is silence, 1 as it comes, 8 the most.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_set_audio_source_gain(
    session: onair_session,
    source: u32,
    gain: f32,
) -> onair_status {
    let source = AudioSourceId::from_number(source);
    with(session, |live| Ok(live.session().set_audio_source_gain(source, gain)?))
}

/// Mutes one source in the mix; its time runs on.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_set_audio_source_muted(
    session: onair_session,
    source: u32,
    muted: u32,
) -> onair_status {
    let source = AudioSourceId::from_number(source);
    with(session, |live| Ok(live.session().set_audio_source_muted(source, muted != 0)?))
}

/// How loud all of it is: 0 to 8, 1 unless said. Survives stop and start.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_set_gain(session: onair_session, gain: f32) -> onair_status {
    with(session, |live| Ok(live.session().set_gain(gain)?))
}

/// How loud the last tenth of a second was; silence when nothing runs. Of sound that the core mixes.
///
/// # Safety
/// `levels` is NULL or points to room for levels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_levels(
    session: onair_session,
    levels: *mut onair_levels,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let levels = unsafe { place(levels, "levels") }?;
        *levels = SoundLevels::from(live.session().levels()).into();
        Ok(())
    })
}

/// As onair_session_push_audio, for a source of its own number.
///
/// # Safety
/// `samples` is NULL or points to `count` samples.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_push_audio_to(
    session: onair_session,
    source: u32,
    samples: *const i16,
    count: usize,
    sample_rate_hz: u32,
    channels: u32,
    time_us: i64,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let samples = unsafe { slice(samples, count, "samples") }?;
        live.push_audio_to(source, pcm(samples, sample_rate_hz, channels)?, time_us)
    })
}

/// Samples as floats, -1 to 1, of the source of this number; 0 is the first one. `planes` points to
/// `plane_count` pointers: one for each channel, to `frames` samples, or one alone to `frames` of all
/// channels in turn.
///
/// # Safety
/// `planes` is NULL or points to so many pointers, each NULL or to so many samples.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_push_audio_float(
    session: onair_session,
    source: u32,
    planes: *const *const f32,
    plane_count: u32,
    frames: usize,
    sample_rate_hz: u32,
    channels: u32,
    time_us: i64,
) -> onair_status {
    with(session, |live| {
        let count = plane_count as usize;
        if count != 1 && (plane_count != channels || count > MOST_CHANNELS) {
            let reason = format!("plane_count is {count}; use 1, or a plane for each channel");
            return Err(LiveError::argument(reason));
        }
        let in_turn = if count == 1 { channels as usize } else { 1 };
        let size = frames.saturating_mul(in_turn);
        // SAFETY: the caller's promise.
        let pointers = unsafe { slice(planes, count, "planes") }?;
        let mut all = [&[][..]; MOST_CHANNELS];
        for (plane, pointer) in all.iter_mut().zip(pointers) {
            // SAFETY: the caller's promise.
            *plane = unsafe { slice(*pointer, size, "planes[]") }?;
        }
        let samples = match all.get(..count) {
            Some([one]) => Samples::F32(one),
            Some(all) => Samples::PlanarF32(all),
            None => Samples::F32(&[]),
        };
        let channels = u8::try_from(channels)
            .map_err(|_| LiveError::argument(format!("channels is {channels}; use 1 to 8")))?;
        live.push_audio_to(source, Sound { samples, sample_rate_hz, channels }, time_us)
    })
}

const MOST_CHANNELS: usize = 8;

/// A track's device is gone for a while, or another one takes its place: ONAIR_INTERRUPT_… The stream
/// gets the last picture (or the slate), and silence, until onair_session_resume and the first push
/// after it.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_interrupt(session: onair_session, what: u32) -> onair_status {
    with(session, |live| Ok(live.session().interrupt(interruption(what)?)?))
}

/// The device is back: what is pushed counts again.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_resume(session: onair_session, what: u32) -> onair_status {
    with(session, |live| Ok(live.session().resume(interruption(what)?)?))
}

/// The picture of interruptions, copied, of any size that may be pushed; its time is not looked at.
/// NULL for the last one that was pushed. Survives stop and start.
///
/// # Safety
/// As onair_session_push_video.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_set_slate(
    session: onair_session,
    frame: *const onair_video_frame,
) -> onair_status {
    if frame.is_null() {
        return with(session, |live| live.set_slate(None));
    }
    // SAFETY: the caller's promise.
    unsafe { with_frame(session, frame, |live, view, _| live.set_slate(Some(view))) }
}

fn interruption(what: u32) -> Result<Interruption, LiveError> {
    let all = [Interruption::Picture, Interruption::Sound, Interruption::Both];
    pick(&all, what, "what")
}

impl From<SoundLevel> for onair_level {
    fn from(level: SoundLevel) -> Self {
        Self { peak_dbfs: level.peak_dbfs, rms_dbfs: level.rms_dbfs }
    }
}

impl From<SoundLevels> for onair_levels {
    fn from(all: SoundLevels) -> Self {
        let mut plain = Self { output: all.output.into(), ..Self::default() };
        let places = plain.sources.iter_mut().zip(&mut plain.levels);
        for ((source, level), one) in places.zip(all.sources) {
            (*source, *level) = (one.source, one.level.into());
            plain.count += 1;
        }
        plain
    }
}
