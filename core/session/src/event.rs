//! What the app is told, and the bounded queue it waits in.

use std::time::Duration;

use onair_types::Track;

use crate::{Error, State, Statistics};

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The state changed.
    State(State),
    /// An attempt failed or the live connection was lost; comes before any wait.
    Lost {
        /// The cause.
        error: Error,
        /// The attempt that failed, from 1; 0 when the stream was live.
        attempt: u32,
        /// When the next attempt begins; `None` when this was the end.
        retry_in: Option<Duration>,
    },
    /// An encoder failed or panicked. The stream goes on unless [`State::Failed`] follows.
    EncoderFailed {
        /// Which.
        track: Track,
        /// Why.
        error: Error,
    },
    /// Encoded units were dropped since the last such event.
    Dropped {
        /// Pictures.
        video: u32,
        /// AAC frames.
        audio: u32,
    },
    /// For apps that push encoded video: make the next picture an IDR.
    KeyframeWanted,
    /// For apps that push encoded video: aim at this bitrate, bit/s.
    VideoBitrateWanted(u32),
    /// Once a second while running; only the newest waits.
    Statistics(Statistics),
}

/// The app's end of the queue. One consumer; may live on any thread, and outlives the session.
///
/// The newest 32 events (or the builder's capacity) wait in order. When an app does not fetch them,
/// the oldest that is not a state goes first, then the oldest state: the present state always
/// arrives. Statistics wait apart, newest only, and come after what else waits.
#[derive(Debug)]
pub struct Events {
    _todo: (),
}

#[expect(clippy::unused_self, unused_variables, reason = "skeleton")]
impl Events {
    /// The next event; waits up to `timeout`. `None` after that, and at once when the session is
    /// gone and nothing waits.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<Event> {
        todo!("session")
    }

    /// The next event; waits until there is one. `None` when the session is gone.
    pub fn next_blocking(&mut self) -> Option<Event> {
        todo!("session")
    }

    /// The next event if one waits.
    pub fn try_next(&mut self) -> Option<Event> {
        todo!("session")
    }
}
