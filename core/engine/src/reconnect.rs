//! When to try again (`spec network` 3; statements 61–73).

use std::time::Duration;

/// How often and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// When the very first connection fails: give up at once (`false`) or treat it as any loss.
    pub retry_first_connection: bool,
    /// All time spent without being live before it gives up; `None` for ever.
    pub budget: Option<Duration>,
    /// Longest single wait.
    pub max_delay: Duration,
    /// Time live after which the budget is full again.
    pub healthy_after: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            retry_first_connection: false,
            budget: Some(Duration::from_secs(600)),
            max_delay: Duration::from_secs(8),
            healthy_after: Duration::from_secs(30),
        }
    }
}
