//! How many connections a port may have.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the open connections of a port.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    open: Arc<AtomicUsize>,
    limit: usize,
}

/// One open connection; dropping it makes room.
#[derive(Debug)]
pub(crate) struct Slot(Arc<AtomicUsize>);

impl Connections {
    pub(crate) fn new(limit: usize) -> Self {
        Self { open: Arc::default(), limit }
    }

    /// Room for one more, if there is.
    pub(crate) fn enter(&self) -> Option<Slot> {
        let slot = Slot(Arc::clone(&self.open));
        // The slot exists already, so that leaving too early gives the count back.
        (self.open.fetch_add(1, Ordering::Relaxed) < self.limit).then_some(slot)
    }
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.limit)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_comes_back_when_a_connection_ends() {
        let connections = Connections::new(2);
        let first = connections.enter();
        let second = connections.enter();
        assert!(first.is_some() && second.is_some());
        assert!(connections.enter().is_none());
        assert!(connections.enter().is_none());
        drop(first);
        assert!(connections.enter().is_some());
    }
}
