//! Lets pushes in while a broadcast runs, and tells when the last one has left: what a push
//! accepted is in its queue before the queue is drained for the last time.

use crate::sync::{AtomicUsize, Ordering};

const CLOSED: usize = 1 << (usize::BITS - 1);

/// Counts the pushes inside; the highest bit says that no more may enter.
#[derive(Debug, Default)]
pub(crate) struct Gate(AtomicUsize);

/// A push under way.
#[derive(Debug)]
pub(crate) struct Entered<'a>(&'a Gate);

impl Gate {
    /// Enters, unless the gate is closed.
    pub(crate) fn enter(&self) -> Option<Entered<'_>> {
        let before = self.0.fetch_add(1, Ordering::AcqRel);
        let entered = Entered(self);
        (before & CLOSED == 0).then_some(entered)
    }

    /// Lets nobody in any more.
    pub(crate) fn close(&self) {
        self.0.fetch_or(CLOSED, Ordering::AcqRel);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Closed, and the last push has left.
    pub(crate) fn is_quiet(&self) -> bool {
        self.0.load(Ordering::Acquire) == CLOSED
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_quiet_only_when_closed_and_empty() {
        let gate = Gate::default();
        let inside = gate.enter();
        assert!(inside.is_some() && !gate.is_quiet());
        gate.close();
        assert!(!gate.is_quiet(), "a push is still inside");
        assert!(gate.enter().is_none());
        drop(inside);
        assert!(gate.is_quiet() && gate.is_closed());
    }
}
