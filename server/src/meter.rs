//! Rates over the last two seconds, for people to read.

use onair_types::Now;

const BUCKET_MICROS: i64 = 250_000;
const BUCKETS: usize = 8;

/// Counts bytes and items in eight quarters of a second.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    buckets: [(u64, u64); BUCKETS],
    /// Number of the newest bucket since the clock's zero.
    newest: i64,
    started: Option<i64>,
}

impl Meter {
    pub(crate) fn add(&mut self, bytes: usize, now: Now) {
        self.turn(now);
        self.started.get_or_insert(self.newest);
        let (all_bytes, items) = &mut self.buckets[slot(self.newest)];
        *all_bytes += bytes as u64;
        *items += 1;
    }

    /// Bits and items a second; zero until a second has passed.
    pub(crate) fn rates(&mut self, now: Now) -> (u64, f64) {
        self.turn(now);
        let Some(started) = self.started else { return (0, 0.0) };
        // The newest bucket is still filling and does not count.
        let whole = (self.newest - started).clamp(0, BUCKETS as i64 - 1) as u64;
        if whole < 1_000_000 / BUCKET_MICROS as u64 {
            return (0, 0.0);
        }
        let current = self.buckets[slot(self.newest)];
        let (bytes, items) = self
            .buckets
            .iter()
            .fold((0, 0), |(bytes, items), bucket| (bytes + bucket.0, items + bucket.1));
        let micros = whole * BUCKET_MICROS as u64;
        let bits_per_second = (bytes - current.0) * 8_000_000 / micros;
        (bits_per_second, (items - current.1) as f64 * 1e6 / micros as f64)
    }

    fn turn(&mut self, now: Now) {
        let number = now.as_micros().div_euclid(BUCKET_MICROS);
        let steps = (number - self.newest).clamp(0, BUCKETS as i64);
        for step in 0..steps {
            self.buckets[slot(number - step)] = (0, 0);
        }
        self.newest = self.newest.max(number);
    }
}

fn slot(number: i64) -> usize {
    number.rem_euclid(BUCKETS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_shows_its_rate_and_a_silent_one_falls_to_zero() {
        let mut meter = Meter::default();
        let second = |millis| Now::from_millis(millis);
        for frame in 0..150 {
            meter.add(1_000, second(frame * 40));
        }
        let (bitrate, fps) = meter.rates(second(6_000));
        assert!((fps - 25.0).abs() < 1.0, "{fps}");
        assert!((195_000..=205_000).contains(&bitrate), "{bitrate}");
        assert_eq!(meter.rates(second(20_000)), (0, 0.0));
    }

    #[test]
    fn says_nothing_in_the_first_second() {
        let mut meter = Meter::default();
        meter.add(1_000_000, Now::from_millis(7_000));
        assert_eq!(meter.rates(Now::from_millis(7_900)), (0, 0.0));
    }
}
