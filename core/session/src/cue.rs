//! Cues: what an app sends beside its media, at a time of the media.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use onair_engine::publish::Cue;
use onair_types::{CaptureTime, MediaTime};

use crate::{PushError, Session};

/// Cues on their way to `onair-net`.
#[derive(Debug, Default)]
pub(crate) struct CueEdge {
    waiting: Mutex<VecDeque<(MediaTime, Cue)>>,
    /// How many: looked at for every unit, without a lock.
    count: AtomicUsize,
}

impl CueEdge {
    fn push(&self, at: MediaTime, cue: Cue) -> Result<(), PushError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() == MOST_WAITING {
            return Err(PushError::Cues { most: MOST_WAITING });
        }
        waiting.push_back((at, cue));
        self.count.store(waiting.len(), Ordering::Release);
        Ok(())
    }

    pub(crate) fn take(&self) -> Option<(MediaTime, Cue)> {
        if self.is_empty() {
            return None;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = waiting.pop_front();
        self.count.store(waiting.len(), Ordering::Release);
        taken
    }

    /// None waits.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
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
