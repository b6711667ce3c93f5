//! What the bottleneck carries, measured from acknowledgements alone.
//!
//! While bytes that were written longer ago than a round trip are still unacknowledged, the
//! bottleneck is busy and acknowledgements come at its rate, however little the encoder makes:
//! every picture is a short train of packets, and an IDR a long one. Only such spans count, so the
//! figure does not fall when a static scene needs few bits.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use crate::record::state;

/// With fewer bytes out, a delayed acknowledgement would pass for a slow link.
const MIN_OUT_BYTES: u64 = 3_000;
/// Reports closer than this add nothing but rounding errors.
const MIN_SPACING: Duration = Duration::from_millis(4);
/// The longest window that may be asked for.
const MEMORY: Duration = Duration::from_millis(2_200);
/// Reports that [`MEMORY`] holds.
const MAX_SPANS: usize = 560;
/// Writes remembered; beyond these, neighbours are taken together.
const MAX_WRITES: usize = 256;

#[derive(Clone, Copy, Debug)]
struct Span {
    end: Now,
    length: Duration,
    acked_bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    at: Now,
    acked: u64,
    busy: bool,
}

/// A figure and how much busy time it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    /// Bit/s.
    pub(super) bps: f64,
    /// Time the bottleneck was seen busy in the window.
    pub(super) busy: Duration,
}

/// The estimator.
#[derive(Debug)]
pub(super) struct Capacity {
    /// Busy spans of the last [`MEMORY`].
    spans: VecDeque<Span>,
    /// Unacknowledged writes: last byte and time.
    writes: VecDeque<(u64, Now)>,
    last: Option<Last>,
}

impl Capacity {
    pub(super) fn new() -> Self {
        Self {
            spans: VecDeque::with_capacity(MAX_SPANS),
            writes: VecDeque::with_capacity(MAX_WRITES),
            last: None,
        }
    }

    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.writes.clear();
        self.last = None;
    }

    /// Bytes up to `written` are with the socket.
    pub(super) fn handle_written(&mut self, written: u64, now: Now) {
        let full = self.writes.len() == MAX_WRITES;
        match self.writes.back_mut() {
            Some((end, at)) if full || now.since(*at) < MIN_SPACING => *end = written,
            _ => self.writes.push_back((written, now)),
        }
    }

    /// The peer has the first `acked` of `written` bytes; `rtt` is the round trip of an idle path.
    pub(super) fn handle_report(&mut self, acked: u64, written: u64, rtt: Duration, now: Now) {
        if self.last.is_some_and(|last| now.since(last.at) < MIN_SPACING) {
            return;
        }
        if let Some(last) = self.last.filter(|last| last.busy) {
            if self.spans.len() == MAX_SPANS {
                self.spans.pop_front();
            }
            let acked_bytes = acked.saturating_sub(last.acked);
            self.spans.push_back(Span { end: now, length: now.since(last.at), acked_bytes });
        }
        while self.spans.front().is_some_and(|span| now.since(span.end) > MEMORY) {
            self.spans.pop_front();
        }
        while self.writes.front().is_some_and(|(end, _)| *end <= acked) {
            self.writes.pop_front();
        }
        let due = self.writes.front().is_some_and(|(_, at)| now.since(*at) >= rtt);
        let busy = due && written.saturating_sub(acked) >= MIN_OUT_BYTES;
        self.last = Some(Last { at: now, acked, busy });
    }

    /// The rate over the busy part of the last `window`; `None` without any.
    pub(super) fn over(&self, window: Duration, now: Now) -> Option<Measured> {
        let (mut bytes, mut busy) = (0, Duration::ZERO);
        for span in self.spans.iter().rev() {
            if now.since(span.end) + span.length > window {
                break;
            }
            bytes += span.acked_bytes;
            busy += span.length;
        }
        (busy > Duration::ZERO)
            .then(|| Measured { bps: bytes as f64 * 8.0 / busy.as_secs_f64(), busy })
    }
}

state!(Span { end, length, acked_bytes });
state!(Last { at, acked, busy });
state!(Capacity { spans, writes, last });

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(50);

    fn ms(ms: i64) -> Now {
        Now::from_millis(ms)
    }

    /// A picture of `bytes` each 33 ms over a link of `link_bps`, reports each 10 ms.
    fn measure(bytes: u64, link_bps: u64) -> Option<Measured> {
        let mut capacity = Capacity::new();
        let (mut written, mut arrived) = (0u64, VecDeque::new());
        let mut free_at = 0;
        for t in 0..3_000i64 {
            if t % 33 == 0 {
                written += bytes;
                capacity.handle_written(written, ms(t));
                let begin = free_at.max(t * 1_000);
                for packet in 1..=bytes / 1_000 {
                    let done = begin + (packet * 8_000 * 1_000_000 / link_bps) as i64;
                    free_at = done;
                    arrived.push_back((written - bytes + packet * 1_000, done / 1_000 + 50));
                }
            }
            let acked = arrived.iter().take_while(|(_, at)| *at <= t).last().map_or(0, |(n, _)| *n);
            if t % 10 == 0 {
                capacity.handle_report(acked, written, RTT, ms(t));
            }
        }
        capacity.over(Duration::from_secs(1), ms(3_000))
    }

    #[test]
    fn an_encoder_below_capacity_still_measures_the_link() {
        // 1.9 Mbit/s of pictures on 3 Mbit/s.
        let measured = measure(8_000, 3_000_000).expect("trains of packets");
        assert!((2.3e6..3.2e6).contains(&measured.bps), "{measured:?}");
        assert!(measured.busy > Duration::from_millis(300));
    }

    #[test]
    fn an_encoder_above_capacity_measures_it_exactly() {
        let measured = measure(20_000, 3_000_000).expect("busy all the time");
        assert!((measured.bps / 3e6 - 1.0).abs() < 0.03, "{measured:?}");
        assert!(measured.busy > Duration::from_millis(900));
    }

    #[test]
    fn an_idle_path_measures_nothing() {
        assert_eq!(Capacity::new().over(Duration::from_secs(1), ms(5)), None);
        assert_eq!(measure(2_000, 50_000_000), None);
    }

    #[test]
    fn memory_stays_bounded_on_a_dead_link() {
        let mut capacity = Capacity::new();
        for t in 0..100_000 {
            capacity.handle_written(t as u64 * 100, ms(t * 5));
            capacity.handle_report(0, t as u64 * 100, RTT, ms(t * 5));
        }
        assert!(capacity.spans.len() <= MAX_SPANS && capacity.writes.len() <= MAX_WRITES);
        let measured = capacity.over(Duration::from_secs(1), ms(500_000)).expect("busy");
        assert_eq!(measured.bps, 0.0);
    }
}
