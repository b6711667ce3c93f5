//! The session's clock: the only place of the product that reads one.
#![expect(
    unsafe_code,
    reason = "the standard library has no clock that runs while a device sleeps"
)]

use std::time::{Duration, Instant};

use onair_types::Now;

use crate::Session;

/// A monotonic clock. Timers sleep in real time until it is due.
pub trait Clock: Send + Sync {
    /// Now; never less than an earlier answer.
    fn now(&self) -> Now;

    /// How long the device has slept in all while `now` stood still. Only differences matter.
    fn slept(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether it stands until somebody sets it by [`Session::set_clock`]. No timer sleeps then, and
    /// what the app does to a running broadcast waits until `onair-net` has done what was due before:
    /// the same calls always lead to the same decisions. A connector for it is to change what it
    /// connects to by [`Session::between_looks`] alone. Encoders and devices are not waited for.
    fn is_set_by_hand(&self) -> bool {
        false
    }
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

    fn slept(&self) -> Duration {
        read(RUNS_IN_SLEEP).saturating_sub(read(STANDS_IN_SLEEP))
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const RUNS_IN_SLEEP: libc::clockid_t = libc::CLOCK_BOOTTIME;
#[cfg(any(target_os = "linux", target_os = "android"))]
const STANDS_IN_SLEEP: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// `mach_continuous_time` and `mach_absolute_time`, in nanoseconds.
#[cfg(target_vendor = "apple")]
const RUNS_IN_SLEEP: libc::clockid_t = libc::CLOCK_MONOTONIC_RAW;
#[cfg(target_vendor = "apple")]
const STANDS_IN_SLEEP: libc::clockid_t = libc::CLOCK_UPTIME_RAW;

fn read(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the system writes the struct it is given.
    let status = unsafe { libc::clock_gettime(clock, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).ok().filter(|_| status == 0);
    seconds.map_or(Duration::ZERO, |seconds| {
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
    })
}

impl Session {
    /// Has `change` set a clock that stands until then ([`Clock::is_set_by_hand`]), and returns when
    /// the broadcast has done what is due. Without a broadcast only the clock changes.
    pub fn set_clock(&self, change: impl FnOnce()) {
        let run = self.running();
        change();
        if let Ok(run) = run {
            run.wake.notify();
            run.come_to_rest();
        }
    }

    /// Has `change` do something to a network that goes by such a clock while the broadcast does not
    /// look at it, and returns when it has done what follows from that.
    pub fn between_looks(&self, change: impl FnOnce()) {
        let run = self.running();
        change();
        if let Ok(run) = run {
            run.come_to_rest();
        }
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

    #[test]
    fn a_device_that_is_awake_does_not_sleep_on() {
        let clock = SystemClock::new();
        let before = clock.slept();
        assert!(clock.slept().abs_diff(before) < Duration::from_millis(100));
    }
}
