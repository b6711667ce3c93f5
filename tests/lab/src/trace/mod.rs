//! What a bottleneck link can carry over time: a list of instants at each of which one packet of
//! 1,500 bytes may leave (mahimahi's format; `spec network` 1.6). Repeats from its end.

use std::sync::Arc;
use std::time::Duration;

use onair_types::Now;

pub mod file;
pub mod synthetic;

pub use file::TraceError;

/// Bytes that may leave at one opportunity.
pub const SLOT_BYTES: u32 = 1_500;

/// A link's delivery opportunities. Cloning shares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    name: String,
    /// Microseconds from the start, not decreasing, all below `period`.
    slots: Arc<[u64]>,
    period: Duration,
}

impl Trace {
    /// What it is called in tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same link under another name.
    #[must_use]
    fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// After this it starts again.
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Bits that could leave in each whole second from the start, for `duration`.
    pub fn capacity_per_second(&self, duration: Duration) -> Vec<f64> {
        self.capacity(Duration::from_secs(1), usize::try_from(duration.as_secs()).unwrap_or(0))
    }

    /// Bits that could leave in each of `count` times of `each` from the start.
    pub fn capacity(&self, each: Duration, count: usize) -> Vec<f64> {
        let each_us = i64::try_from(each.as_micros()).unwrap_or(i64::MAX).max(1);
        let mut bits = vec![0.0; count];
        let mut slots = Slots::new(self);
        while let Some(at) = slots.next_at(Now::ZERO) {
            let of_time = usize::try_from(at.as_micros() / each_us).ok();
            let Some(bits) = of_time.and_then(|index| bits.get_mut(index)) else { break };
            *bits += f64::from(SLOT_BYTES) * 8.0;
            slots.advance();
        }
        bits
    }

    /// The same link at `factor` times the rate and `1/factor` of the period's slots in time:
    /// every slot is kept, dropped or doubled so that the count is right and the shape stays.
    ///
    /// `factor` is clamped to [0.01, 100].
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let factor = if factor.is_finite() { factor.clamp(0.01, 100.0) } else { 1.0 };
        let mut owed = 0.0;
        let mut slots = Vec::new();
        for &slot in self.slots.iter() {
            owed += factor;
            while owed >= 1.0 {
                slots.push(slot);
                owed -= 1.0;
            }
        }
        Self { name: format!("{}×{factor}", self.name), slots: slots.into(), period: self.period }
    }

    /// From slots in microseconds that do not decrease and lie below `period`.
    fn from_slots(name: impl Into<String>, slots: Vec<u64>, period: Duration) -> Self {
        debug_assert!(slots.is_sorted());
        Self { name: name.into(), slots: slots.into(), period }
    }

    /// From a rate in bit/s that is asked for every millisecond.
    fn from_rate(
        name: impl Into<String>,
        period: Duration,
        mut bits_per_second: impl FnMut(Duration) -> f64,
    ) -> Self {
        let slot_bits = f64::from(SLOT_BYTES) * 8.0;
        let (mut bits, mut slots) = (0.0, Vec::new());
        let millis = u64::try_from(period.as_millis()).unwrap_or(u64::MAX / 1_000);
        for ms in 0..millis {
            bits += bits_per_second(Duration::from_millis(ms)).max(0.0) / 1_000.0;
            while bits >= slot_bits {
                bits -= slot_bits;
                slots.push(ms * 1_000);
            }
        }
        Self::from_slots(name, slots, period)
    }
}

/// A reader's place in a repeating trace.
#[derive(Clone, Debug)]
pub struct Slots {
    slots: Arc<[u64]>,
    period_us: i64,
    index: usize,
    lap_us: i64,
}

impl Slots {
    /// At the trace's first slot.
    pub fn new(trace: &Trace) -> Self {
        let period_us = i64::try_from(trace.period.as_micros()).unwrap_or(i64::MAX).max(1);
        Self { slots: Arc::clone(&trace.slots), period_us, index: 0, lap_us: 0 }
    }

    /// The first slot not used yet and not before `now`; slots that passed unused are lost.
    /// `None` when the trace never delivers anything.
    pub fn next_at(&mut self, now: Now) -> Option<Now> {
        if self.slots.is_empty() {
            return None;
        }
        let now_us = now.as_micros();
        if now_us - self.lap_us >= self.period_us {
            let laps = (now_us - self.lap_us) / self.period_us;
            self.lap_us += laps * self.period_us;
            self.index = 0;
        }
        loop {
            while let Some(&slot) = self.slots.get(self.index) {
                let at = self.lap_us.saturating_add_unsigned(slot);
                if at >= now_us {
                    return Some(Now::from_micros(at));
                }
                self.index += 1;
            }
            self.index = 0;
            self.lap_us += self.period_us;
        }
    }

    /// Uses the slot that [`Slots::next_at`] returned.
    pub fn advance(&mut self) {
        self.index += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(slots: &[u64], period_ms: u64) -> Trace {
        Trace::from_slots("t", slots.to_vec(), Duration::from_millis(period_ms))
    }

    #[test]
    fn repeats_from_its_end_and_skips_what_passed() {
        let mut slots = Slots::new(&trace(&[1_000, 1_000, 9_000], 10));
        let mut take = |now_us| {
            let at = slots.next_at(Now::from_micros(now_us)).map(Now::as_micros);
            slots.advance();
            at
        };
        assert_eq!(take(0), Some(1_000));
        assert_eq!(take(1_000), Some(1_000));
        assert_eq!(take(1_000), Some(9_000));
        assert_eq!(take(9_000), Some(11_000));
        assert_eq!(take(35_000), Some(39_000));
        assert_eq!(Slots::new(&trace(&[], 10)).next_at(Now::ZERO), None);
    }

    #[test]
    fn capacity_counts_every_slot_once() {
        let constant = Trace::from_rate("c", Duration::from_secs(3), |_| 3e6);
        let seconds = constant.capacity_per_second(Duration::from_secs(7));
        assert_eq!(seconds.len(), 7);
        assert!(seconds.iter().all(|bits| (bits - 3e6).abs() <= 12_000.0), "{seconds:?}");
    }

    #[test]
    fn scaling_changes_the_rate_and_not_the_time() {
        let constant = Trace::from_rate("c", Duration::from_secs(10), |_| 4e6);
        for factor in [0.5, 1.0, 2.5] {
            let scaled = constant.scaled(factor);
            let bits: f64 = scaled.capacity_per_second(Duration::from_secs(10)).iter().sum();
            assert!((bits - 4e7 * factor).abs() <= 24_000.0, "{factor}: {bits}");
            assert_eq!(scaled.period(), constant.period());
        }
    }
}
