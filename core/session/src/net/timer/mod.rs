//! One timer on the session's clock.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use onair_types::Now;
use tokio::time::{Sleep, sleep};

/// Sleeps until a time that may be changed at every look; no allocation after it was made.
#[derive(Debug)]
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    armed_for: Option<Now>,
}

impl Timer {
    /// Must be made inside the runtime.
    pub(super) fn new() -> Self {
        Self { sleep: Box::pin(sleep(Duration::ZERO)), armed_for: None }
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
            self.sleep.set(sleep(at.since(now)));
            self.armed_for = Some(at);
        }
        // The clock decides; a sleep that ended early is begun again.
        while self.sleep.as_mut().poll(cx).is_ready() {
            self.sleep.set(sleep(at.since(now).max(Duration::from_millis(1))));
        }
        false
    }
}
