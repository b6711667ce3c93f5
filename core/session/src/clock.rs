//! The session's clock: the only place of the product that reads one.

use std::time::Instant;

use onair_types::Now;

/// A monotonic clock. Timers sleep in real time until it is due.
pub trait Clock: Send + Sync {
    /// Now; never less than an earlier answer.
    fn now(&self) -> Now;
}

/// The system's monotonic clock, from zero at its creation.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Zero is now.
    #[expect(clippy::disallowed_methods, reason = "this file owns the clock")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let micros = i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX);
        Now::from_micros(micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_zero_and_never_goes_back() {
        let clock = SystemClock::new();
        let first = clock.now();
        assert!(first >= Now::ZERO && first < Now::from_millis(1_000));
        assert!(clock.now() >= first);
    }
}
