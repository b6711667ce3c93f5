//! Events and figures as plain structs.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_char;
use std::time::Duration;

use onair::{Event, State, VideoPace};
use onair_types::Track;

use super::session::{onair_session, with};
use super::text::fit;
use super::{ONAIR_NO_EVENT, ONAIR_OK, guarded, onair_status, place};
use crate::{LiveError, handles};

/// Not started yet.
pub const ONAIR_STATE_READY: u32 = 0;
/// The first connection is being made.
pub const ONAIR_STATE_PENDING: u32 = 1;
/// The server accepted the publish; media flows.
pub const ONAIR_STATE_LIVE: u32 = 2;
/// Over, by stop or finish.
pub const ONAIR_STATE_STOPPED: u32 = 3;
/// Over, by an error that was told before.
pub const ONAIR_STATE_FAILED: u32 = 4;
/// The connection was lost; another attempt follows.
pub const ONAIR_STATE_RECONNECTING: u32 = 5;

/// Something that this header has no word for: `text`.
pub const ONAIR_EVENT_OTHER: u32 = 0;
/// `state`.
pub const ONAIR_EVENT_STATE: u32 = 1;
/// `destination`, its name as `text`, and its own `state`.
pub const ONAIR_EVENT_DESTINATION: u32 = 2;
/// `destination`; `flag` when the backup's address is taken.
pub const ONAIR_EVENT_ADDRESS_CHANGED: u32 = 3;
/// `destination`, `code`, `text`, `attempt`, `retry_in_ms`.
pub const ONAIR_EVENT_LOST: u32 = 4;
/// `destination`; `flag` when its server takes nothing.
pub const ONAIR_EVENT_SUSPECT: u32 = 5;
/// `flag` when it is the audio encoder, `code`, `text`.
pub const ONAIR_EVENT_ENCODER_FAILED: u32 = 6;
/// `destination`, `video`, `audio`.
pub const ONAIR_EVENT_DROPPED: u32 = 7;
/// For the app's own encoder: make the next picture an IDR.
pub const ONAIR_EVENT_KEYFRAME_WANTED: u32 = 8;
/// For the app's own encoder: `to_bps`.
pub const ONAIR_EVENT_VIDEO_BITRATE_WANTED: u32 = 9;
/// For the app's own encoder: `to_bps`.
pub const ONAIR_EVENT_AUDIO_BITRATE_WANTED: u32 = 10;
/// For the app's own encoder: `pace`.
pub const ONAIR_EVENT_VIDEO_PACE_WANTED: u32 = 11;
/// `destination`, `from_bps`, `to_bps`, and why as `text`.
pub const ONAIR_EVENT_BITRATE: u32 = 12;
/// `destination`, `pace`, and why as `text`.
pub const ONAIR_EVENT_PACE: u32 = 13;
/// The server's acknowledgements alone steer the bitrate.
pub const ONAIR_EVENT_ACKNOWLEDGEMENTS_ONLY: u32 = 14;
/// `video`, `audio`: missing in the recording so far.
pub const ONAIR_EVENT_RECORDING_GAP: u32 = 15;
/// `code`, `text`.
pub const ONAIR_EVENT_RECORDING_FAILED: u32 = 16;
/// Once a second: onair_session_figures has them.
pub const ONAIR_EVENT_FIGURES: u32 = 17;
/// The disk is slow: the file is `behind_ms` behind the stream; nothing is missing yet.
pub const ONAIR_EVENT_RECORDING_BEHIND: u32 = 18;
/// A file of a recording that goes on in another one is complete: its path as `text`, `video` and
/// `audio` in it.
pub const ONAIR_EVENT_RECORDING_SPLIT: u32 = 19;

/// Encode every picture.
pub const ONAIR_PACE_FULL: u32 = 0;
/// Every second one, at half the bitrate.
pub const ONAIR_PACE_HALF: u32 = 1;
/// None; the first after that is an IDR.
pub const ONAIR_PACE_NONE: u32 = 2;

/// Bytes of an event's text.
pub const ONAIR_TEXT_BYTES: usize = 256;

/// What happened. What `kind` does not speak of is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_event {
    /// ONAIR_EVENT_…
    pub kind: u32,
    /// ONAIR_STATE_…
    pub state: u32,
    /// From 0 in the order of the start.
    pub destination: u32,
    /// An error's.
    pub code: u32,
    /// The attempt that failed, from 1; 0 when the stream was live.
    pub attempt: u32,
    /// Yes or no.
    pub flag: u32,
    /// ONAIR_PACE_…
    pub pace: u32,
    /// Bit/s.
    pub from_bps: u32,
    /// Bit/s.
    pub to_bps: u32,
    /// When the next attempt begins, ms; ONAIR_UNLIMITED when none follows.
    pub retry_in_ms: i64,
    /// How far a recording is behind, ms.
    pub behind_ms: i64,
    /// Pictures.
    pub video: u64,
    /// AAC frames or Opus packets.
    pub audio: u64,
    /// For people, NUL-terminated UTF-8, cut where it does not fit.
    pub text: [c_char; ONAIR_TEXT_BYTES],
}

/// Totals since start, gauges of the moment, and rates over the last full second.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct onair_figures {
    /// ONAIR_STATE_…
    pub state: u32,
    /// Connections lost while live and made again.
    pub reconnects: u32,
    /// What the video encoder aims at, bit/s.
    pub target_bitrate_bps: u32,
    /// Access units waiting to be sent.
    pub queue_units: u32,
    /// Time since start, ms.
    pub elapsed_ms: u64,
    /// Pictures accepted.
    pub frames_in: u64,
    /// Pictures dropped before the encoder.
    pub frames_skipped: u64,
    /// Pictures encoded.
    pub frames_encoded: u64,
    /// Pictures handed to a socket completely.
    pub frames_sent: u64,
    /// Encoded pictures dropped because a network was too slow.
    pub frames_dropped: u64,
    /// AAC frames or Opus packets handed to a socket completely.
    pub audio_frames_sent: u64,
    /// Those dropped because a network was too slow.
    pub audio_frames_dropped: u64,
    /// Bytes the sockets took.
    pub bytes_sent: u64,
    /// Bytes waiting to be sent.
    pub queue_bytes: u64,
    /// Age of the oldest unit waiting, ms.
    pub queue_age_ms: u64,
    /// Round trip, µs; 0 where the system does not tell.
    pub rtt_us: u64,
    /// Events the app did not fetch in time.
    pub events_lost: u64,
    /// Bits sent in the last full second.
    pub bitrate_bps: u64,
    /// Pictures sent in the last full second.
    pub fps: f64,
}

/// The next event; waits up to `timeout_ms`. ONAIR_NO_EVENT when none came, and at once when none
/// will follow. One thread at a time.
///
/// # Safety
/// `event` is NULL or points to room for an event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_next_event(
    session: onair_session,
    timeout_ms: u64,
    event: *mut onair_event,
) -> onair_status {
    guarded(|| {
        if event.is_null() {
            return Err(LiveError::argument("event is NULL"));
        }
        let live = handles::session(session)?;
        let Some(next) = live.wait_event(Duration::from_millis(timeout_ms))? else {
            return Ok(ONAIR_NO_EVENT);
        };
        // SAFETY: not null; the rest is the caller's promise. What was there is not read.
        unsafe { event.write(plain(&next)) };
        Ok(ONAIR_OK)
    })
}

/// Whoever waits for an event gets what waits already, then ONAIR_NO_EVENT, from now on.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_cancel_events(session: onair_session) -> onair_status {
    with(session, |live| {
        live.end_events();
        Ok(())
    })
}

/// Where the session stands: ONAIR_STATE_…
///
/// # Safety
/// `state` is NULL or points to room for a state.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_state(
    session: onair_session,
    state: *mut u32,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        *unsafe { place(state, "state") }? = code(live.session().state());
        Ok(())
    })
}

/// What was counted up to now; after the end, the last broadcast's totals.
///
/// # Safety
/// `figures` is NULL or points to room for figures.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_figures(
    session: onair_session,
    figures: *mut onair_figures,
) -> onair_status {
    with(session, |live| {
        let all = crate::SessionFigures::from(live.session().statistics());
        // SAFETY: the caller's promise.
        *unsafe { place(figures, "figures") }? = onair_figures {
            state: code(live.session().state()),
            reconnects: all.reconnects,
            target_bitrate_bps: all.target_bitrate_bps,
            queue_units: all.queue_units,
            elapsed_ms: all.elapsed_ms,
            frames_in: all.frames_in,
            frames_skipped: all.frames_skipped,
            frames_encoded: all.frames_encoded,
            frames_sent: all.frames_sent,
            frames_dropped: all.frames_dropped,
            audio_frames_sent: all.audio_frames_sent,
            audio_frames_dropped: all.audio_frames_dropped,
            bytes_sent: all.bytes_sent,
            queue_bytes: all.queue_bytes,
            queue_age_ms: all.queue_age_ms,
            rtt_us: all.rtt_us,
            events_lost: all.events_lost,
            bitrate_bps: all.bitrate_bps,
            fps: all.fps,
        };
        Ok(())
    })
}

impl Default for onair_event {
    fn default() -> Self {
        Self {
            kind: ONAIR_EVENT_OTHER,
            state: 0,
            destination: 0,
            code: 0,
            attempt: 0,
            flag: 0,
            pace: 0,
            from_bps: 0,
            to_bps: 0,
            retry_in_ms: 0,
            behind_ms: 0,
            video: 0,
            audio: 0,
            text: [0; ONAIR_TEXT_BYTES],
        }
    }
}

impl onair_event {
    fn of(kind: u32) -> Self {
        Self { kind, ..Self::default() }
    }

    fn at(kind: u32, destination: &onair::DestinationId) -> Self {
        let destination = u32::try_from(destination.index()).unwrap_or(u32::MAX);
        Self { kind, destination, ..Self::default() }
    }

    fn saying(mut self, text: &str) -> Self {
        let mut bytes = [0; ONAIR_TEXT_BYTES];
        fit(text, &mut bytes);
        self.text = bytes.map(|byte| byte as c_char);
        self
    }

    fn because(self, error: &onair::Error) -> Self {
        Self { code: error.code().into(), ..self }.saying(&error.to_string())
    }
}

fn plain(event: &Event) -> onair_event {
    match event {
        Event::State(state) => {
            onair_event { state: code(*state), ..onair_event::of(ONAIR_EVENT_STATE) }
        }
        Event::Destination { destination, state } => {
            let plain = onair_event::at(ONAIR_EVENT_DESTINATION, destination);
            onair_event { state: code(*state), ..plain }.saying(destination.name())
        }
        Event::AddressChanged { destination, is_backup } => {
            let plain = onair_event::at(ONAIR_EVENT_ADDRESS_CHANGED, destination);
            onair_event { flag: (*is_backup).into(), ..plain }
        }
        Event::Lost { destination, error, attempt, retry_in } => {
            let millis = |time: &Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
            let retry_in_ms = retry_in.as_ref().map_or(super::config::ONAIR_UNLIMITED, millis);
            let plain = onair_event::at(ONAIR_EVENT_LOST, destination);
            onair_event { attempt: *attempt, retry_in_ms, ..plain }.because(error)
        }
        Event::Suspect { destination, is_suspect } => {
            let plain = onair_event::at(ONAIR_EVENT_SUSPECT, destination);
            onair_event { flag: (*is_suspect).into(), ..plain }
        }
        Event::EncoderFailed { track, error } => {
            let flag = (*track == Track::Audio).into();
            onair_event { flag, ..onair_event::of(ONAIR_EVENT_ENCODER_FAILED) }.because(error)
        }
        Event::Dropped { destination, video, audio } => {
            let (video, audio) = ((*video).into(), (*audio).into());
            onair_event { video, audio, ..onair_event::at(ONAIR_EVENT_DROPPED, destination) }
        }
        Event::KeyframeWanted => onair_event::of(ONAIR_EVENT_KEYFRAME_WANTED),
        Event::VideoBitrateWanted(to_bps) => {
            onair_event { to_bps: *to_bps, ..onair_event::of(ONAIR_EVENT_VIDEO_BITRATE_WANTED) }
        }
        Event::AudioBitrateWanted(to_bps) => {
            onair_event { to_bps: *to_bps, ..onair_event::of(ONAIR_EVENT_AUDIO_BITRATE_WANTED) }
        }
        Event::VideoPaceWanted(wanted) => {
            onair_event { pace: pace(*wanted), ..onair_event::of(ONAIR_EVENT_VIDEO_PACE_WANTED) }
        }
        Event::Bitrate { destination, decision } => {
            let (from_bps, to_bps) = (decision.from_bps, decision.to_bps);
            let plain = onair_event::at(ONAIR_EVENT_BITRATE, destination);
            onair_event { from_bps, to_bps, ..plain }.saying(&decision.to_string())
        }
        Event::Pace { destination, change } => {
            let plain = onair_event::at(ONAIR_EVENT_PACE, destination);
            onair_event { pace: pace(change.to), ..plain }.saying(&change.to_string())
        }
        Event::AcknowledgementsOnly => onair_event::of(ONAIR_EVENT_ACKNOWLEDGEMENTS_ONLY),
        Event::RecordingGap { video, audio } => {
            let (video, audio) = (*video, *audio);
            onair_event { video, audio, ..onair_event::of(ONAIR_EVENT_RECORDING_GAP) }
        }
        Event::RecordingBehind { by } => {
            let behind_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            onair_event { behind_ms, ..onair_event::of(ONAIR_EVENT_RECORDING_BEHIND) }
        }
        Event::RecordingSplit(file) => {
            let (video, audio) = (file.frames, file.audio_frames);
            let plain =
                onair_event { video, audio, ..onair_event::of(ONAIR_EVENT_RECORDING_SPLIT) };
            plain.saying(&file.path.to_string_lossy())
        }
        Event::RecordingFailed(error) => {
            onair_event::of(ONAIR_EVENT_RECORDING_FAILED).because(error)
        }
        Event::Statistics(_) => onair_event::of(ONAIR_EVENT_FIGURES),
        other => onair_event::of(ONAIR_EVENT_OTHER).saying(&format!("{other:?}")),
    }
}

fn code(state: State) -> u32 {
    state.code().into()
}

fn pace(pace: VideoPace) -> u32 {
    match pace {
        VideoPace::Full => ONAIR_PACE_FULL,
        VideoPace::Half => ONAIR_PACE_HALF,
        VideoPace::None => ONAIR_PACE_NONE,
    }
}
