//! When which line is pinged: all by one clock and in few walks, not each by a timer of its own. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use super::LineId;
use crate::rooms::handlers::PING_EVERY;

/// So long a ping waits for others, that they go out, and are answered, together.
const TOGETHER: Duration = Duration::from_millis(500);
/// Pings of one walk, so that nothing else waits for long.
const AT_ONCE: usize = 250;
/// A walk takes at least this part of all, so that a server of many more gets round in time.
const PART: usize = 50;

/// Lines in the order of their next pings, each the same time after its last.
#[derive(Debug, Default)]
pub(super) struct Beats(VecDeque<(Now, LineId)>);

impl Beats {
    pub(super) fn add(&mut self, line: LineId, now: Now) {
        self.0.push_back((now + PING_EVERY, line));
    }

    /// Those whose time it is; they are to be added again.
    pub(super) fn take(&mut self, now: Now) -> Vec<LineId> {
        if self.0.front().is_none_or(|&(due, _)| due + TOGETHER > now) {
            return Vec::new();
        }
        let most = AT_ONCE.max(self.0.len() / PART);
        let count = self.0.iter().take(most).take_while(|&&(due, _)| due <= now).count();
        self.0.drain(..count).map(|(_, line)| line).collect()
    }
}

#[cfg(test)]
#[path = "beats_test.rs"]
mod tests;
