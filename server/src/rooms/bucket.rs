//! How much one may say: a bucket of tokens that fills in time.

use std::time::Duration;

use onair_types::Now;

/// A burst, and then one each so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At once, at least 1.
    pub burst: u32,
    /// From one to the next after that.
    pub every: Duration,
}

/// See the module's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    rate: Rate,
    /// When it is full again.
    full_at: Now,
}

impl Bucket {
    pub(super) fn new(rate: Rate, now: Now) -> Self {
        Self { rate: Rate { burst: rate.burst.max(1), ..rate }, full_at: now }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long to wait for it.
    pub(super) fn take(&mut self, now: Now) -> Result<(), Duration> {
        if self.take_some(1, now) == 1 { Ok(()) } else { Err(self.wait(now)) }
    }

    /// Takes as many of `wanted` as there are.
    pub(super) fn take_some(&mut self, wanted: u32, now: Now) -> u32 {
        let missing = self.full_at.since(now).as_micros();
        let every = self.rate.every.as_micros().max(1);
        let used = u32::try_from(missing.div_ceil(every)).unwrap_or(u32::MAX);
        let taken = wanted.min(self.rate.burst.saturating_sub(used));
        self.full_at = self.full_at.max(now) + self.rate.every.saturating_mul(taken);
        taken
    }

    fn wait(&self, now: Now) -> Duration {
        let room_for_one = self.rate.every.saturating_mul(self.rate.burst - 1);
        self.full_at.since(now).saturating_sub(room_for_one).max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rw09_five_at_once_and_then_one_a_second() {
        let rate = Rate { burst: 5, every: Duration::from_secs(1) };
        let mut bucket = Bucket::new(rate, Now::ZERO);
        let passed = (0..10_000).filter(|ms| bucket.take(Now::from_millis(*ms)).is_ok()).count();
        assert_eq!(passed, 5 + 9, "5 at once, then at 1 s, 2 s … 9 s");
        let now = Now::from_millis(9_999);
        let wait = bucket.take(now).expect_err("empty");
        assert!(bucket.take(now + wait).is_ok(), "{wait:?}");
    }

    #[test]
    fn rw10_two_hundred_likes_are_twenty_and_ten_a_second() {
        let rate = Rate { burst: 20, every: Duration::from_millis(100) };
        let mut bucket = Bucket::new(rate, Now::ZERO);
        assert_eq!(bucket.take_some(200, Now::ZERO), 20);
        assert_eq!(bucket.take_some(200, Now::from_millis(1_000)), 10);
    }
}
