//! Which unit the oldest unacknowledged byte belongs to, and so how late the stream is.

use std::collections::VecDeque;

use onair_types::Now;

/// Units remembered. The gate keeps far fewer in flight; without its figures (nothing reported,
/// nothing acknowledged) the newest are taken together.
const MAX_UNITS: usize = 512;

/// Units that were serialised and are not acknowledged, and the connection's byte counts.
#[derive(Debug)]
pub(super) struct Flight {
    /// Last byte in the connection and when the unit joined the queue.
    units: VecDeque<(u64, Now)>,
    written: u64,
    acked: u64,
}

impl Flight {
    pub(super) fn new() -> Self {
        Self { units: VecDeque::with_capacity(MAX_UNITS), written: 0, acked: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.units.clear();
        (self.written, self.acked) = (0, 0);
    }

    /// Bytes given to the socket on this connection.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Bytes of them that the peer has.
    pub(super) fn acked(&self) -> u64 {
        self.acked
    }

    /// Bytes with the socket, the network or lost.
    pub(super) fn unacked(&self) -> u64 {
        self.written - self.acked
    }

    /// A unit that joined the queue at `queued_at` was serialised; it ends at byte `end`.
    pub(super) fn handle_unit(&mut self, end: u64, queued_at: Now) {
        if self.units.len() == MAX_UNITS
            && let Some(last) = self.units.back_mut()
        {
            last.0 = end;
        } else {
            self.units.push_back((end, queued_at));
        }
    }

    /// The socket took `written` bytes since the connection began.
    pub(super) fn handle_written(&mut self, written: u64) {
        self.written = self.written.max(written);
    }

    /// The peer has the first `acked` bytes. What takes back an earlier report, or is above what
    /// was written, changes nothing.
    pub(super) fn handle_acked(&mut self, acked: u64) {
        if acked <= self.written {
            self.acked = self.acked.max(acked);
        }
        while self.units.front().is_some_and(|(end, _)| *end <= self.acked) {
            self.units.pop_front();
        }
    }

    /// When the unit of the oldest byte that may be unacknowledged joined the queue; `hidden`
    /// bytes may have arrived without being acknowledged yet.
    pub(super) fn oldest(&self, hidden: u64) -> Option<Now> {
        let known = self.acked + hidden;
        self.units.iter().find(|(end, _)| *end > known).map(|(_, at)| *at)
    }
}

crate::record::state!(Flight { units, written, acked } if |it: &Self| it.acked <= it.written);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_unacknowledged_byte_names_its_unit() {
        let mut flight = Flight::new();
        flight.handle_unit(1_000, Now::from_millis(1));
        flight.handle_unit(1_500, Now::from_millis(2));
        flight.handle_written(1_500);
        assert_eq!(flight.oldest(0), Some(Now::from_millis(1)));
        flight.handle_acked(999);
        assert_eq!(flight.oldest(0), Some(Now::from_millis(1)));
        assert_eq!(flight.oldest(1), Some(Now::from_millis(2)));
        flight.handle_acked(1_000);
        assert_eq!(flight.oldest(0), Some(Now::from_millis(2)));
        flight.handle_acked(1_500);
        assert_eq!((flight.oldest(0), flight.unacked()), (None, 0));
    }

    #[test]
    fn reports_that_cannot_be_true_change_nothing() {
        let mut flight = Flight::new();
        flight.handle_unit(1_000, Now::ZERO);
        flight.handle_written(1_000);
        flight.handle_acked(700);
        flight.handle_acked(100);
        flight.handle_acked(u64::MAX);
        assert_eq!((flight.acked(), flight.unacked()), (700, 300));
    }

    #[test]
    fn memory_stays_bounded_without_acknowledgements() {
        let mut flight = Flight::new();
        (1..10_000).for_each(|i| flight.handle_unit(i, Now::from_millis(i as i64)));
        assert_eq!(flight.units.len(), MAX_UNITS);
        flight.handle_written(9_999);
        flight.handle_acked(9_999);
        assert_eq!(flight.oldest(0), None);
    }
}
