//! The only clock of the harness: bounded waits for foreign programs.
#![expect(clippy::disallowed_methods, reason = "foreign programs run in real time")]

use std::time::{Duration, Instant, SystemTime};

/// Between two looks at something that will come.
const STEP: Duration = Duration::from_millis(20);

/// Asks until there is an answer; none after `limit`.
pub fn until<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || started.elapsed() > limit {
            return answer;
        }
        std::thread::sleep(STEP);
    }
}

/// Lets time pass: for streams that must run a while, never to wait for an event.
pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// The wall clock as browsers tell it, ms.
pub fn wall_ms() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64() * 1_000.0
}

/// How long it has been running.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
