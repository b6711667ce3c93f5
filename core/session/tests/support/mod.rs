//! What the session's tests share: a scripted RTMP server, units and encoders that say what they
//! were made from, and bounded waits.

#![expect(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod camera;
pub(crate) mod counting;
pub(crate) mod encoders;
pub(crate) mod sink;
#[cfg(feature = "tls")]
pub(crate) mod tls;
pub(crate) mod units;

use std::time::{Duration, Instant};

use onair::{Event, Events, Session, State};

/// Longer than anything here may take, even on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// How long `work` took.
#[expect(clippy::disallowed_methods, reason = "tests measure real time")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

/// Waits up to [`LIMIT`] until `is_met`; panics with `what` otherwise.
pub(crate) fn wait_until(what: &str, mut is_met: impl FnMut() -> bool) {
    let (_, met) = timed(|| {
        for _ in 0..LIMIT.as_millis() / 5 {
            if is_met() {
                return true;
            }
            pause(Duration::from_millis(5));
        }
        false
    });
    assert!(met, "not within {LIMIT:?}: {what}");
}

/// Lets other threads go on.
#[expect(clippy::disallowed_methods, reason = "tests run in real time")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// All events up to the first for which `is_last` holds, that one included.
pub(crate) fn events_until(events: &mut Events, is_last: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut seen = Vec::new();
    while let Some(event) = events.next_timeout(LIMIT) {
        let found = is_last(&event);
        seen.push(event);
        if found {
            return seen;
        }
    }
    panic!("the event did not come; there were {seen:?}");
}

/// The states among `events`, in order.
pub(crate) fn states(events: &[Event]) -> Vec<State> {
    let state = |event: &Event| match event {
        Event::State(state) => Some(*state),
        _ => None,
    };
    events.iter().filter_map(state).collect()
}

/// Waits until the session is live.
pub(crate) fn wait_live(session: &Session) {
    wait_until("the session is live", || session.state() == State::Live);
}

/// The session's threads that exist now: `onair-*` in this process.
#[cfg(target_os = "linux")]
pub(crate) fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the process has threads");
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
    let names = tasks.filter_map(|task| name(task.ok()?));
    names.map(|name| name.trim().to_owned()).filter(|name| name.starts_with("onair-")).collect()
}

/// Open file descriptors of this process.
#[cfg(target_os = "linux")]
pub(crate) fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("the process has files").count()
}
