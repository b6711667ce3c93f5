//! How long to wait before the next connection: 0.3 s, then twice as long each time, to 5 s, times
//! 0.5 to 1.5 and never above 5 s. Chance is a generator with a seed.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(300);
/// No wait is longer.
pub const LONGEST: Duration = Duration::from_secs(5);

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The same seed, the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`; 0 when that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.draw().checked_rem(end).unwrap_or(0)
    }
}

/// The waits of one client.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait, longer than the one before.
    pub fn next(&mut self, chance: &mut Chance) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        let percent = 50 + u32::try_from(chance.below(101)).unwrap_or(0);
        (doubled.min(LONGEST) * percent / 100).min(LONGEST)
    }

    /// Failures since it was last reset.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The next wait is short again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s13_waits_grow_from_a_third_of_a_second_and_stop_at_five() {
        for seed in 0..200 {
            let (mut chance, mut backoff) = (Chance::new(seed), Backoff::default());
            let waits: Vec<u128> = (0..12).map(|_| backoff.next(&mut chance).as_millis()).collect();
            assert!((150..=450).contains(&waits[0]), "{waits:?}");
            assert!((300..=900).contains(&waits[1]), "{waits:?}");
            assert!(waits[5..].iter().all(|wait| (2_500..=5_000).contains(wait)), "{waits:?}");
            backoff.reset();
            assert!(backoff.next(&mut chance) <= Duration::from_millis(450));
        }
    }
}
