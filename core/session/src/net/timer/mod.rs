//! One timer on the session's clock.
//!
//! On Linux it is the system's own: exact to the microsecond, and a wake-up costs one wake-up. The
//! runtime's timers round to milliseconds, and for every second sleep of 33 ms they wake twice.
//! Where there is none of the system's to be had, the runtime's does.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use onair_types::Now;
use tokio::time::{Sleep, sleep};

/// Sleeps until a time that may be changed at every look; no allocation after it was made.
#[derive(Debug)]
pub(super) struct Timer {
    alarm: Alarm,
    armed_for: Option<Now>,
}

#[derive(Debug)]
enum Alarm {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    System(linux::Alarm),
    Runtime(Pin<Box<Sleep>>),
}

impl Timer {
    /// Must be made inside the runtime.
    pub(super) fn new() -> Self {
        Self { alarm: Alarm::new(), armed_for: None }
    }

    /// Whether `at` has come; if not, the task is woken then.
    pub(super) fn is_due(&mut self, cx: &mut Context<'_>, at: Option<Now>, now: Now) -> bool {
        let Some(at) = at else {
            self.armed_for = None;
            return false;
        };
        if at <= now {
            self.armed_for = None;
            return true;
        }
        if self.armed_for != Some(at) {
            self.alarm.set(cx, at.since(now));
            self.armed_for = Some(at);
        }
        // The clock decides; an alarm that came early is set again.
        while self.alarm.has_rung(cx) {
            self.alarm.set(cx, at.since(now).max(Duration::from_millis(1)));
        }
        false
    }
}

impl Alarm {
    fn new() -> Self {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        match linux::Alarm::new() {
            Ok(alarm) => return Self::System(alarm),
            Err(error) => log::debug!("make a timer: {error}"),
        }
        Self::Runtime(Box::pin(sleep(Duration::ZERO)))
    }

    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        expect(unused_variables, reason = "the runtime's timer needs no context to be set")
    )]
    fn set(&mut self, cx: &mut Context<'_>, after: Duration) {
        match self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Self::System(alarm) => alarm.set(cx, after),
            Self::Runtime(alarm) => alarm.set(sleep(after)),
        }
    }

    /// Whether it rang since it was set; if not, the task is woken when it does.
    fn has_rung(&mut self, cx: &mut Context<'_>) -> bool {
        match self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Self::System(alarm) => alarm.has_rung(cx),
            Self::Runtime(alarm) => alarm.as_mut().poll(cx).is_ready(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;
    use crate::Clock;
    use crate::clock::SystemClock;

    /// Waits with `timer` for what `at` says, looking at each wake-up; how often it woke.
    async fn wait(timer: &mut Timer, clock: SystemClock, mut at: impl FnMut(u32) -> Now) -> u32 {
        let mut looks = 0;
        poll_fn(|cx| {
            looks += 1;
            let is_due = timer.is_due(cx, Some(at(looks)), clock.now());
            if is_due { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        looks - 1
    }

    fn each_alarm(test: impl AsyncFn(Timer)) {
        let runtime = crate::net::runtime(1).expect("a runtime");
        runtime.block_on(async {
            test(Timer::new()).await;
            let alarm = Alarm::Runtime(Box::pin(sleep(Duration::ZERO)));
            test(Timer { alarm, armed_for: None }).await;
        });
    }

    #[test]
    fn wakes_when_the_time_has_come_and_again_for_the_next() {
        each_alarm(async |mut timer| {
            let clock = SystemClock::new();
            for _ in 0..3 {
                let at = clock.now() + Duration::from_millis(20);
                wait(&mut timer, clock, |_| at).await;
                assert!(clock.now() >= at);
            }
        });
    }

    #[test]
    fn a_time_that_moves_away_at_a_look_is_waited_for() {
        each_alarm(async |mut timer| {
            let clock = SystemClock::new();
            let (first, second) =
                (clock.now() + Duration::from_millis(10), clock.now() + Duration::from_millis(40));
            wait(&mut timer, clock, |look| if look < 2 { first } else { second }).await;
            assert!(clock.now() >= second);
        });
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn b1_a_sleep_of_the_systems_timer_is_one_wake_up() {
        let runtime = crate::net::runtime(1).expect("a runtime");
        runtime.block_on(async {
            let (mut timer, clock) = (Timer::new(), SystemClock::new());
            let mut wakes = 0;
            for _ in 0..20 {
                let at = clock.now() + Duration::from_millis(7);
                wakes += wait(&mut timer, clock, |_| at).await;
            }
            assert_eq!(wakes, 20);
        });
    }
}
