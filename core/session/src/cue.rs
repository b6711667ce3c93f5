//! Cues: what an app sends beside its media, at a time of the media.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use onair_engine::publish::Cue;
use onair_types::{CaptureTime, MediaTime};

use crate::{PushError, Session};

/// Cues on their way to `onair-net`.
#[derive(Debug, Default)]
pub(crate) struct CueEdge(Mutex<VecDeque<(MediaTime, Cue)>>);

impl CueEdge {
    fn push(&self, at: MediaTime, cue: Cue) -> Result<(), PushError> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() == MOST_WAITING {
            return Err(PushError::Cues { most: MOST_WAITING });
        }
        waiting.push_back((at, cue));
        Ok(())
    }

    pub(crate) fn take(&self) -> Option<(MediaTime, Cue)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl Session {
    /// Sends `cue` to the viewers' players with the media captured `at`; with encoded tracks alone,
    /// with the media of that time. Between the units it goes in the order of their times; when
    /// its media went already, with the next unit. It waits for its media up to 10 s and never
    /// holds anything up. Every destination gets it; a recording does not.
    ///
    /// # Errors
    /// [`PushError::NotRunning`], [`PushError::Time`] for a negative time, and
    /// [`PushError::Cues`] when too many wait for the network thread.
    pub fn send_cue(&self, cue: Cue, at: CaptureTime) -> Result<(), PushError> {
        let run = self.running()?;
        let _push = run.enter()?;
        if at.as_micros() < 0 {
            return Err(PushError::Time);
        }
        run.cues.push(run.place_cue(at), cue)
    }
}

/// As many as wait for their media at most.
const MOST_WAITING: usize = 64;
