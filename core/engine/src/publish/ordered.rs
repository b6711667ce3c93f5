//! LFLiveKit's queue in front of the send buffer: while a connection takes units they wait here and
//! the send buffer stays empty, so that the queue's own rule decides what goes. What is pushed at
//! any other time waits in the send buffer as always.

use onair_types::{AccessUnit, FrameKind, Now, VideoUnit};

use crate::compat::Fidelity;
use crate::compat::lflivekit::{Frame, Kind, LIST_CAP, Queue};
use crate::record::Buffer;

/// The queue.
#[derive(Debug)]
pub(super) struct Ordered(Queue<Unit>);

#[derive(Debug)]
struct Unit {
    unit: AccessUnit,
    pushed_at: Now,
}

impl Ordered {
    pub(super) fn new() -> Self {
        Self(Queue::new(Fidelity::Improved, LIST_CAP))
    }

    /// Takes a unit; what goes for it is counted in `buffer`.
    pub(super) fn push(&mut self, unit: AccessUnit, buffer: &mut Buffer, now: Now) {
        self.0.push(Unit { unit, pushed_at: now }, now, |dropped| dropped.count(buffer));
    }

    /// Lets go of what is held back once nothing follows it, or with `at_once`.
    pub(super) fn flush(&mut self, at_once: bool, buffer: &mut Buffer, now: Now) {
        if self.0.quiet_at().is_some_and(|quiet_at| at_once || quiet_at <= now) {
            self.0.flush(|dropped| dropped.count(buffer));
        }
    }

    /// Puts the next unit into an empty `buffer`.
    pub(super) fn refill(&mut self, buffer: &mut Buffer) {
        while buffer.is_empty()
            && let Some(Unit { unit, pushed_at }) = self.0.pop()
        {
            buffer.push(unit, pushed_at);
        }
    }

    /// Puts all units into `buffer`: nobody takes them any more.
    pub(super) fn give_back(&mut self, buffer: &mut Buffer) {
        self.0.flush(|dropped| dropped.count(buffer));
        while let Some(Unit { unit, pushed_at }) = self.0.pop() {
            buffer.push(unit, pushed_at);
        }
    }

    /// When to be flushed even if nothing is pushed.
    pub(super) fn quiet_at(&self) -> Option<Now> {
        self.0.quiet_at()
    }

    /// Whether a unit could leave.
    pub(super) fn is_ready(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether pictures are dropped until an IDR comes.
    pub(super) fn awaits_idr(&self) -> bool {
        self.0.awaits_key()
    }

    /// When the unit that leaves next was pushed.
    pub(super) fn oldest(&self) -> Option<Now> {
        self.0.oldest().map(|unit| unit.pushed_at)
    }

    /// Units that could leave, and those that are held back.
    pub(super) fn len(&self) -> (usize, usize) {
        (self.0.len(), self.0.held_back())
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.0.size_bytes()
    }
}

impl Unit {
    fn count(self, buffer: &mut Buffer) {
        buffer.count_dropped(self.unit.track());
    }
}

impl Frame for Unit {
    fn kind(&self) -> Kind {
        match &self.unit {
            AccessUnit::Video(VideoUnit { kind: FrameKind::Idr, .. }) => Kind::Key,
            AccessUnit::Video(_) => Kind::Inter,
            AccessUnit::Audio(_) => Kind::Audio,
        }
    }

    /// Decoding times: capture times would put B-frames out of their order.
    fn time_micros(&self) -> i64 {
        self.unit.dts().as_micros()
    }

    fn size_bytes(&self) -> usize {
        self.unit.size_bytes()
    }
}
