//! What a publisher owes the server for its bytes and pings, and no more than that: a peer cannot
//! make us send without bound (P08, P10).

use std::time::Duration;

use onair_types::Now;

/// When the next Acknowledgement is due (RTMP 1.0 5.4.3, statement 58).
#[derive(Debug, Default)]
pub(super) struct Acks {
    window_bytes: Option<u64>,
    acknowledged_bytes: u64,
    last: Option<Now>,
}

impl Acks {
    /// The server wants one after each so many bytes.
    pub(super) fn set_window(&mut self, bytes: u32) {
        self.window_bytes = Some(u64::from(bytes.max(1)));
    }

    /// Whether one must go out now; it then counts as sent.
    pub(super) fn take_due(&mut self, received_bytes: u64, now: Now) -> bool {
        let is_due = self.is_owed(received_bytes)
            && self.last.is_none_or(|last| now.since(last) >= ACK_SPACING);
        if is_due {
            self.acknowledged_bytes = received_bytes;
            self.last = Some(now);
        }
        is_due
    }

    /// When one that is owed may go out.
    pub(super) fn due(&self, received_bytes: u64) -> Option<Now> {
        self.last.filter(|_| self.is_owed(received_bytes)).map(|last| last + ACK_SPACING)
    }

    fn is_owed(&self, received_bytes: u64) -> bool {
        let owed_bytes = received_bytes.saturating_sub(self.acknowledged_bytes);
        self.window_bytes.is_some_and(|window| owed_bytes >= window)
    }
}

/// At most ten answers to pings a second.
#[derive(Debug, Default)]
pub(super) struct PingLimit {
    second_began: Option<Now>,
    answered: u32,
}

impl PingLimit {
    /// Whether this ping may be answered.
    pub(super) fn allows(&mut self, now: Now) -> bool {
        if self.second_began.is_none_or(|began| now.since(began) >= Duration::from_secs(1)) {
            self.second_began = Some(now);
            self.answered = 0;
        }
        self.answered = self.answered.saturating_add(1);
        self.answered <= PINGS_PER_SECOND
    }
}

const ACK_SPACING: Duration = Duration::from_millis(50);
const PINGS_PER_SECOND: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lf58_an_acknowledgement_is_due_after_each_window() {
        let mut acks = Acks::default();
        assert!(!acks.take_due(1_000_000, Now::ZERO), "no window, no acknowledgement");
        acks.set_window(1_000);
        assert!(acks.take_due(1_000_000, Now::ZERO));
        assert!(!acks.take_due(1_000_999, Now::from_millis(100)));
        assert!(acks.take_due(1_001_000, Now::from_millis(200)));
    }

    #[test]
    fn p10_a_tiny_window_makes_no_storm_and_what_is_held_back_has_a_time() {
        let mut acks = Acks::default();
        acks.set_window(1);
        let sent = (0..1_000u64).filter(|&ms| acks.take_due(ms + 1, Now::from_millis(ms as i64)));
        assert_eq!(sent.count(), 20);
        assert_eq!(acks.due(1_000), Some(Now::from_millis(1_000)));
        assert!(acks.take_due(1_000, Now::from_millis(1_000)));
        assert_eq!(acks.due(1_000), None);
    }

    #[test]
    fn p08_ten_pings_a_second_are_answered() {
        let mut pings = PingLimit::default();
        let answered = (0..3_000).filter(|&ms| pings.allows(Now::from_millis(ms))).count();
        assert_eq!(answered, 30);
    }
}
