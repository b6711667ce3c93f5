//! How often and how long an app wants to try again.

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
    /// Time live after which the budget is full again: what the server took in less does not count.
    pub healthy_after: Duration,
    /// Waits exactly so long before each attempt, instead of a random time that grows.
    pub fixed_delay: Option<Duration>,
    /// Attempts to connect again before it gives up, counted as the budget is; `None` for any
    /// number.
    pub max_retries: Option<u32>,
    /// Whether a server may send the stream, and its key, to a host of another domain.
    pub follow_to_any_domain: bool,
}

impl Policy {
    /// LFLiveKit's: five more attempts, three seconds apart, for the first connection too
    /// (statements 61 and 62). What it lacks stays: a stream that was healthy has all five again,
    /// and a refusal is not asked for five times.
    pub fn lflivekit() -> Self {
        Self {
            retry_first_connection: true,
            budget: None,
            fixed_delay: Some(Duration::from_secs(3)),
            max_retries: Some(5),
            ..Self::default()
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            retry_first_connection: false,
            budget: Some(Duration::from_secs(600)),
            max_delay: Duration::from_secs(8),
            healthy_after: Duration::from_secs(30),
            fixed_delay: None,
            max_retries: None,
            follow_to_any_domain: false,
        }
    }
}
