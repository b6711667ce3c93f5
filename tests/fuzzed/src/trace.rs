//! Traces from disk: whatever a file holds is a trace within bounds or an error with its line.

use std::time::Duration;

use onair_lab::trace::{Slots, file};
use onair_types::Now;

pub(crate) fn check(bytes: &[u8]) {
    // A day of a fast link is twenty million slots, and that is no fault: short texts only.
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]);
    let Ok(trace) = file::parse("fuzzed", &text) else { return };
    assert!(trace.period() > Duration::ZERO && trace.period() <= Duration::from_secs(86_400));
    let mut slots = Slots::new(&trace);
    let mut last = Now::ZERO;
    for _ in 0..100 {
        let Some(at) = slots.next_at(last) else { break };
        assert!(at >= last, "the past");
        last = at;
        slots.advance();
    }
    // Long after, the next one is still found at once.
    let late = Now::from_millis(1_000_000_000);
    assert!(slots.next_at(late).is_some_and(|at| at >= late));
}
