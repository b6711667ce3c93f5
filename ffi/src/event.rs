//! What an app is told.

use onair::{Event, State, VideoPace};
use onair_types::Track;

use crate::statistics::millis;
use crate::{LiveError, RecordingFigures, SessionFigures};

/// Where a session or a destination stands. LFLiveKit's LFLiveState.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LiveState {
    /// Not started yet.
    Ready,
    /// The first connection is being made.
    Pending,
    /// The server accepted the publish; media flows. LFLiveKit: Start.
    Live,
    /// The connection was lost; another attempt follows. LFLiveKit: Refresh.
    Reconnecting,
    /// Over, by stop or finish. LFLiveKit: Stop.
    Stopped,
    /// Over, by an error that was told before. LFLiveKit: Error.
    Failed,
}

/// What happened. `destination` counts from 0 in the order of the start.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum LiveEvent {
    /// The session's state changed.
    StateChanged {
        /// The new one.
        state: LiveState,
    },
    /// One of several destinations is in another state.
    DestinationChanged {
        /// Which.
        destination: u32,
        /// Its name.
        name: String,
        /// Its own state.
        state: LiveState,
    },
    /// A destination's other address is taken from now on.
    AddressChanged {
        /// Which.
        destination: u32,
        /// Whether it is the backup's.
        is_backup: bool,
    },
    /// An attempt failed or the live connection was lost.
    Lost {
        /// Which.
        destination: u32,
        /// The cause.
        error: LiveError,
        /// The attempt that failed, from 1; 0 when the stream was live.
        attempt: u32,
        /// When the next attempt begins, ms; none when this was the end.
        retry_in_ms: Option<u64>,
    },
    /// The server takes nothing of what waits for it, or takes it again.
    Suspect {
        /// Which.
        destination: u32,
        /// Whether it takes nothing.
        is_suspect: bool,
    },
    /// An encoder of the session's own failed; the stream goes on unless a state says otherwise.
    EncoderFailed {
        /// Which.
        track: Track,
        /// Why.
        error: LiveError,
    },
    /// Encoded units were dropped since the last such event.
    Dropped {
        /// Who did not get them.
        destination: u32,
        /// Pictures.
        video: u32,
        /// AAC frames or Opus packets.
        audio: u32,
    },
    /// For the app's own video encoder: make the next picture an IDR.
    KeyframeWanted,
    /// For the app's own video encoder: aim at this, bit/s.
    VideoBitrateWanted {
        /// Bit/s.
        bitrate_bps: u32,
    },
    /// For the app's own audio encoder: aim at this, bit/s.
    AudioBitrateWanted {
        /// Bit/s.
        bitrate_bps: u32,
    },
    /// For the app's own video encoder: encode these pictures; the first after none is an IDR.
    VideoPaceWanted {
        /// Which pictures.
        pace: VideoPace,
    },
    /// The video bitrate follows the network.
    BitrateChanged {
        /// Whose network.
        destination: u32,
        /// The target until now, bit/s.
        from_bps: u32,
        /// The target from now on, bit/s.
        to_bps: u32,
        /// Why, and on what grounds, for people.
        reason: String,
    },
    /// Another part of the pictures is sent.
    PaceChanged {
        /// Whose network.
        destination: u32,
        /// Which pictures from now on.
        pace: VideoPace,
        /// Why, and on what grounds, for people.
        reason: String,
    },
    /// The system does not tell what the server received; its acknowledgements steer instead.
    AcknowledgementsOnly,
    /// The disk did not keep up: the recording goes on after a gap.
    RecordingGap {
        /// Pictures missing so far.
        video: u64,
        /// AAC frames or Opus packets missing so far.
        audio: u64,
    },
    /// The disk is slow: the file is behind the stream. Nothing is missing yet.
    RecordingBehind {
        /// How far, ms.
        by_ms: u64,
    },
    /// A file of a recording that goes on in another one is complete.
    RecordingSplit {
        /// The complete one.
        file: RecordingFigures,
    },
    /// The recording ended before its time.
    RecordingFailed {
        /// Why.
        error: LiveError,
    },
    /// Once a second while running. LFLiveKit: debugInfo.
    Figures {
        /// All of them.
        figures: SessionFigures,
    },
    /// Something that this version of the bindings has no word for.
    Other {
        /// For people.
        text: String,
    },
}

impl From<Event> for LiveEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::State(state) => Self::StateChanged { state: state.into() },
            Event::Destination { destination, state } => Self::DestinationChanged {
                destination: index(&destination),
                name: destination.name().to_owned(),
                state: state.into(),
            },
            Event::AddressChanged { destination, is_backup } => {
                Self::AddressChanged { destination: index(&destination), is_backup }
            }
            Event::Lost { destination, error, attempt, retry_in } => Self::Lost {
                destination: index(&destination),
                error: error.into(),
                attempt,
                retry_in_ms: retry_in.map(millis),
            },
            Event::Suspect { destination, is_suspect } => {
                Self::Suspect { destination: index(&destination), is_suspect }
            }
            Event::EncoderFailed { track, error } => {
                Self::EncoderFailed { track, error: error.into() }
            }
            Event::Dropped { destination, video, audio } => {
                Self::Dropped { destination: index(&destination), video, audio }
            }
            Event::KeyframeWanted => Self::KeyframeWanted,
            Event::VideoBitrateWanted(bitrate_bps) => Self::VideoBitrateWanted { bitrate_bps },
            Event::AudioBitrateWanted(bitrate_bps) => Self::AudioBitrateWanted { bitrate_bps },
            Event::VideoPaceWanted(pace) => Self::VideoPaceWanted { pace },
            Event::Bitrate { destination, decision } => Self::BitrateChanged {
                destination: index(&destination),
                from_bps: decision.from_bps,
                to_bps: decision.to_bps,
                reason: decision.to_string(),
            },
            Event::Pace { destination, change } => Self::PaceChanged {
                destination: index(&destination),
                pace: change.to,
                reason: change.to_string(),
            },
            Event::AcknowledgementsOnly => Self::AcknowledgementsOnly,
            Event::RecordingGap { video, audio } => Self::RecordingGap { video, audio },
            Event::RecordingBehind { by } => Self::RecordingBehind { by_ms: millis(by) },
            Event::RecordingSplit(file) => Self::RecordingSplit { file: file.into() },
            Event::RecordingFailed(error) => Self::RecordingFailed { error: error.into() },
            Event::Statistics(figures) => Self::Figures { figures: figures.into() },
            other => Self::Other { text: format!("{other:?}") },
        }
    }
}

impl From<State> for LiveState {
    fn from(state: State) -> Self {
        match state {
            State::Ready => Self::Ready,
            State::Pending => Self::Pending,
            State::Live => Self::Live,
            State::Reconnecting => Self::Reconnecting,
            State::Stopped => Self::Stopped,
            _ => Self::Failed,
        }
    }
}

fn index(destination: &onair::DestinationId) -> u32 {
    u32::try_from(destination.index()).unwrap_or(u32::MAX)
}
