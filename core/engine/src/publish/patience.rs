//! How long a server may take for what it must answer next (`spec network` 3; R16, R17).
//!
//! Most answers come within a round trip. A publish is the exception: servers ask others whether
//! the key is good. One that said nothing to it for all its time gets longer from then on, and is
//! asked in turn, since it may also be one that passes over what comes before its answers.

use std::time::Duration;

use onair_types::Now;

use super::dialogue::{Dialogue, PUBLISH_NAME, Step, Talk};
use super::{Publish, PublishError};

impl Dialogue {
    /// For a server that was too slow to let somebody publish before.
    pub(super) fn with_patience(mut self) -> Self {
        self.talk.is_slow = true;
        self
    }
}

impl Talk {
    /// What must be answered next, and by when.
    pub(super) fn step_limit(&self) -> Option<(&'static str, Now)> {
        let ends = self.step_began + self.patience()?;
        Some((self.step.name(), ends.min(self.attempt_ends)))
    }

    fn patience(&self) -> Option<Duration> {
        match self.step {
            Step::Handshake => Some(HANDSHAKE_TIME),
            Step::Connect | Step::CreateStream if self.is_ahead() => Some(FLIGHT_TIME),
            Step::Connect | Step::CreateStream => Some(COMMAND_TIME),
            // Statement 97.
            Step::Publish if self.is_slow => Some(SLOW_PUBLISH_TIME),
            Step::Publish => Some(COMMAND_TIME),
            Step::Held | Step::Live => None,
        }
    }
}

impl Publish {
    /// The connection ended in `error`; the next one may have to wait longer.
    pub(super) fn note_silence(&mut self, error: &PublishError) {
        if let PublishError::Timeout { step: PUBLISH_NAME, limit: COMMAND_TIME } = error {
            self.offers.note_slow(&self.url);
        }
    }
}

const HANDSHAKE_TIME: Duration = Duration::from_secs(5);
/// For each command.
pub(super) const COMMAND_TIME: Duration = Duration::from_secs(8);
/// Without a word to a flight, for a server that may wait for something else.
const FLIGHT_TIME: Duration = Duration::from_secs(3);
/// For a publish at a server that let the usual time pass before.
const SLOW_PUBLISH_TIME: Duration = Duration::from_secs(12);
