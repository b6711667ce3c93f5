//! Which plaintext a peer has, when the system counts ciphertext (`spec network` 1.2, TLS).
//!
//! The engine counts what it wrote; the socket counts records, with their headers and tags, and
//! the handshake before them. The peer can use a record when it has all of it, so bytes count as
//! arrived by whole records: what is reported as missing is too much by less than one record
//! (16 KiB), and never too little.

use std::collections::VecDeque;

/// Records remembered; the newest are taken together beyond. The engine's gate keeps far fewer in
/// flight.
const MAX_RECORDS: usize = 1_024;

/// Counts of one connection, in bytes since it began.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Where each record ends that the peer may not have: in the ciphertext, in the plaintext.
    records: VecDeque<(u64, u64)>,
    /// Ciphertext that the socket took.
    sent: u64,
    /// Plaintext in what was made so far.
    plain: u64,
    /// Plaintext that the peer has.
    plain_acked: u64,
}

impl Ledger {
    /// `waiting` bytes of ciphertext wait for the socket, and `plain` bytes of plaintext have been
    /// put into them since the last call.
    pub(super) fn handle_sealed(&mut self, plain: u64, waiting: u64) {
        self.plain += plain;
        let end = (self.sent + waiting, self.plain);
        if self.records.len() == MAX_RECORDS {
            self.records.pop_back();
        }
        self.records.push_back(end);
    }

    /// The socket took `bytes` of ciphertext.
    pub(super) fn handle_sent(&mut self, bytes: u64) {
        self.sent += bytes;
    }

    /// Plaintext that the peer does not have when `unacked` bytes of what the socket took are on
    /// the way.
    pub(super) fn unacked(&mut self, unacked: u64) -> u64 {
        let acked = self.sent.saturating_sub(unacked);
        while let Some((_, plain)) = self.records.pop_front_if(|(end, _)| *end <= acked) {
            self.plain_acked = plain;
        }
        self.plain - self.plain_acked
    }

    /// Plaintext that has not left this machine when `unsent` bytes of what the socket took have
    /// not.
    pub(super) fn unsent(&self, unsent: u64) -> u64 {
        let left = self.sent.saturating_sub(unsent);
        let last_gone = self.records.partition_point(|(end, _)| *end <= left).checked_sub(1);
        let gone = last_gone.and_then(|at| self.records.get(at)).map_or(self.plain_acked, |r| r.1);
        self.plain - gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection that made a handshake of 500 bytes and two records of 100 + 22 bytes.
    fn two_records() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.handle_sent(500);
        for _ in 0..2 {
            ledger.handle_sealed(100, 122);
            ledger.handle_sent(122);
        }
        ledger
    }

    #[test]
    fn bytes_arrive_by_whole_records() {
        for (ciphertext_out, plaintext_out) in
            [(744, 200), (244, 200), (123, 200), (122, 100), (1, 100), (0, 0)]
        {
            assert_eq!(two_records().unacked(ciphertext_out), plaintext_out, "{ciphertext_out}");
            assert_eq!(two_records().unsent(ciphertext_out), plaintext_out, "{ciphertext_out}");
        }
    }

    #[test]
    fn what_waits_for_the_socket_is_not_there_either() {
        let mut ledger = two_records();
        ledger.handle_sealed(1_000, 1_022);
        ledger.handle_sent(1_021);
        assert_eq!((ledger.unacked(0), ledger.unsent(0)), (1_000, 1_000));
        ledger.handle_sent(1);
        assert_eq!((ledger.unacked(1_022), ledger.unsent(0)), (1_000, 0));
        assert_eq!((ledger.unacked(0), ledger.unsent(0)), (0, 0));
    }

    #[test]
    fn memory_stays_bounded_and_nothing_counts_as_arrived_too_early() {
        let mut ledger = Ledger::default();
        for _ in 0..10 * MAX_RECORDS {
            ledger.handle_sealed(10, 32);
            ledger.handle_sent(32);
        }
        assert_eq!(ledger.records.len(), MAX_RECORDS);
        let all = 10 * MAX_RECORDS as u64;
        assert_eq!(ledger.unacked(1), 10 * (all - MAX_RECORDS as u64 + 1));
        assert_eq!(ledger.unacked(0), 0);
    }

    proptest::proptest! {
        #[test]
        fn the_error_is_less_than_a_record(
            records in proptest::collection::vec(1..16_384_u64, 1..50), out in 0..800_000_u64
        ) {
            let overhead = 22;
            let mut ledger = Ledger::default();
            for plain in &records {
                ledger.handle_sealed(*plain, plain + overhead);
                ledger.handle_sent(plain + overhead);
            }
            // Whole records that end before the first byte that is out.
            let mut left = ledger.sent.saturating_sub(out);
            let mut arrived = 0;
            for plain in records {
                let Some(rest) = left.checked_sub(plain + overhead) else { break };
                (left, arrived) = (rest, arrived + plain);
            }
            let unacked = ledger.unacked(out);
            proptest::prop_assert_eq!(ledger.plain - unacked, arrived);
            proptest::prop_assert!(left < 16_384 + overhead);
        }
    }
}
