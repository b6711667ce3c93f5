//! A device that sleeps between two pushes: by how much the second one's stamp must move so that
//! the timeline shows the gap (`spec network` 2.10).
//!
//! Some capture clocks run on while a device sleeps and some stand still; which one a track has is
//! seen from its own stamps on both sides of the gap.

use std::time::Duration;

use onair_types::Now;

/// A shorter sleep is none.
pub(crate) const NAP: Duration = Duration::from_millis(500);

/// What one track's clock missed.
#[derive(Debug, Default)]
pub(crate) struct Missed {
    last: Option<Push>,
    micros: i64,
}

/// When a push came, by its own stamp and by the session's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Push {
    pub(crate) stamp_micros: i64,
    pub(crate) now: Now,
    pub(crate) slept: Duration,
}

impl Missed {
    /// What must be added to this push's stamp, microseconds; and whether it is the first after a
    /// sleep.
    pub(crate) fn handle(&mut self, push: Push) -> (i64, bool) {
        let Some(last) = self.last.replace(push) else { return (self.micros, false) };
        let slept = push.slept.saturating_sub(last.slept);
        if slept <= NAP {
            return (self.micros, false);
        }
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let (awake, slept) = (micros(push.now.since(last.now)), micros(slept));
        let stepped = push.stamp_micros.saturating_sub(last.stamp_micros);
        let stood_still = stepped.saturating_sub(awake) < slept / 2;
        if stood_still {
            self.micros = self.micros.saturating_add(slept);
        }
        (self.micros, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(stamp_ms: i64, now_ms: i64, slept_ms: u64) -> Push {
        let slept = Duration::from_millis(slept_ms);
        Push { stamp_micros: stamp_ms * 1_000, now: Now::from_millis(now_ms), slept }
    }

    #[test]
    fn a_capture_clock_that_stood_still_is_moved_on_and_stays_so() {
        let mut missed = Missed::default();
        assert_eq!(missed.handle(push(5_000, 100, 0)), (0, false));
        assert_eq!(missed.handle(push(5_033, 133, 30_000)), (30_000_000, true));
        assert_eq!(missed.handle(push(5_066, 166, 30_000)), (30_000_000, false));
        assert_eq!(missed.handle(push(5_100, 200, 32_000)), (32_000_000, true));
    }

    #[test]
    fn a_capture_clock_that_ran_on_is_right_already() {
        let mut missed = Missed::default();
        missed.handle(push(5_000, 100, 0));
        assert_eq!(missed.handle(push(35_033, 133, 30_000)), (0, true));
    }

    #[test]
    fn a_pause_of_the_app_and_a_nap_are_no_sleep() {
        let mut missed = Missed::default();
        missed.handle(push(0, 0, 0));
        assert_eq!(missed.handle(push(20_000, 20_000, 400)), (0, false));
        assert_eq!(missed.handle(push(20_033, 20_033, 800)), (0, false));
    }
}
