//! The way to a recording's writer: bounded, and never waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError};
use onair_types::{AccessUnit, MediaTime, Track};

/// Most bytes of payload that wait for the disk (`spec network` 6).
pub(super) const BYTES: usize = 8 << 20;
/// Most units: twelve seconds of 120 pictures and 47 AAC frames each.
pub(super) const UNITS: usize = 2_048;
/// A writer that is so far behind is told of.
const BEHIND: Duration = Duration::from_millis(900);

#[derive(Debug)]
pub(super) struct Queue {
    units: Sender<AccessUnit>,
    waiting_bytes: Arc<AtomicUsize>,
    /// The decoding time of the unit that is being written, microseconds; the largest number when
    /// none is.
    writing: Arc<AtomicI64>,
    /// A picture was left out: nothing decodes until the next IDR.
    awaits_idr: bool,
    is_behind: bool,
}

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handed {
    Over,
    LeftOut,
    /// The writer has ended.
    Gone,
}

impl Queue {
    pub(super) fn new(
        units: Sender<AccessUnit>,
        waiting_bytes: Arc<AtomicUsize>,
        writing: Arc<AtomicI64>,
    ) -> Self {
        Self { units, waiting_bytes, writing, awaits_idr: false, is_behind: false }
    }

    pub(super) fn push(&mut self, unit: &AccessUnit) -> Handed {
        let is_video = unit.track() == Track::Video;
        if is_video && self.awaits_idr && !unit.is_idr() {
            return Handed::LeftOut;
        }
        let size = unit.size_bytes();
        let waiting = self.waiting_bytes.fetch_add(size, Ordering::AcqRel);
        let handed = if waiting + size > BYTES {
            Handed::LeftOut
        } else {
            match self.units.try_send(unit.clone()) {
                Ok(()) => Handed::Over,
                Err(TrySendError::Full(_)) => Handed::LeftOut,
                Err(TrySendError::Disconnected(_)) => Handed::Gone,
            }
        };
        if handed != Handed::Over {
            self.waiting_bytes.fetch_sub(size, Ordering::AcqRel);
        }
        if is_video {
            self.awaits_idr = handed == Handed::LeftOut;
        }
        handed
    }

    /// How far the writer is behind this unit, when that has become too far.
    pub(super) fn falls_behind(&mut self, unit: &AccessUnit) -> Option<Duration> {
        let writing = self.writing.load(Ordering::Acquire);
        if writing == i64::MAX {
            self.is_behind = false;
            return None;
        }
        let by = unit.dts().since(MediaTime::from_micros(writing));
        let was_behind = std::mem::replace(&mut self.is_behind, by > BEHIND);
        (self.is_behind && !was_behind).then_some(by)
    }

    pub(super) fn awaits_idr(&self) -> bool {
        self.awaits_idr
    }

    #[cfg(test)]
    pub(super) fn is_writing(&self) -> bool {
        self.writing.load(Ordering::Acquire) != i64::MAX
    }

    #[cfg(test)]
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes.load(Ordering::Acquire)
    }
}
