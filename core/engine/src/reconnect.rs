//! When to try again (`spec network` 3; statements 63–72). Full jitter for what may pass, a slow
//! schedule while the name is taken, an end for what will not change.

use std::time::Duration;

use onair_types::Now;

use crate::publish::{ConnectError, PublishError};

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

/// What a failure says about the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// May pass: soon, with full jitter.
    Retry,
    /// The name is taken, often by our own dead connection: slower, and not for ever.
    NameTaken,
    /// A refusal: one more attempt finds out whether the server meant it.
    Refused,
    /// Will be the same next time.
    Fatal,
}

/// Decides whether and when the next attempt begins. Owns the budget.
#[derive(Debug)]
pub(crate) struct Backoff {
    policy: Policy,
    rng: Rng,
    /// Since when there is no live stream; `None` while there is one.
    down_since: Option<Now>,
    live_since: Option<Now>,
    was_live: bool,
    /// Down time of earlier losses since the stream was last healthy.
    spent: Duration,
    attempt_began: Now,
    retries: u32,
    name_taken: u32,
    name_taken_since: Option<Now>,
    refusals: u32,
}

impl Backoff {
    pub(crate) fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            rng: Rng(seed),
            down_since: None,
            live_since: None,
            was_live: false,
            spent: Duration::ZERO,
            attempt_began: Now::ZERO,
            retries: 0,
            name_taken: 0,
            name_taken_since: None,
            refusals: 0,
        }
    }

    /// Randomness for a connection's handshake.
    pub(crate) fn next_seed(&mut self) -> u64 {
        self.rng.next()
    }

    /// An attempt begins.
    pub(crate) fn handle_attempt(&mut self, now: Now) {
        self.attempt_began = now;
        self.down_since.get_or_insert(now);
    }

    /// The stream is live, and has been since `since`.
    pub(crate) fn handle_live(&mut self, since: Now) {
        if let Some(down_since) = self.down_since.take() {
            self.spent = self.spent.saturating_add(since.since(down_since));
        }
        self.live_since = Some(since);
        self.was_live = true;
        self.name_taken = 0;
        self.name_taken_since = None;
        self.refusals = 0;
    }

    /// An attempt failed or the live stream was lost. How long to wait for the next attempt;
    /// `None` is the end.
    pub(crate) fn handle_failure(&mut self, error: &PublishError, now: Now) -> Option<Duration> {
        if let Some(live_since) = self.live_since.take() {
            self.down_since = Some(now);
            if now.since(live_since) >= self.policy.healthy_after {
                self.spent = Duration::ZERO;
                self.retries = 0;
            }
        }
        if !self.was_live && !self.policy.retry_first_connection {
            return None;
        }
        let delay = match classify(error, self.was_live) {
            Class::Retry => self.jittered(now),
            Class::NameTaken => self.name_taken_delay(now)?,
            Class::Refused if self.refusals == 0 => {
                self.refusals += 1;
                self.jittered(now)
            }
            Class::Refused | Class::Fatal => return None,
        };
        self.fits_budget(delay, now).then_some(delay)
    }

    /// The way to the network changed while waiting: when the attempt may begin instead.
    pub(crate) fn handle_path_change(&mut self, now: Now) -> Now {
        self.retries = 0;
        (now + PATH_SETTLES).max(self.attempt_began + MIN_SPACING)
    }

    fn jittered(&mut self, now: Now) -> Duration {
        let most = match self.retries {
            0 => FIRST_DELAY,
            n => BASE_DELAY * 2u32.saturating_pow(n.min(16) - 1),
        }
        .min(self.policy.max_delay);
        // At the cap full jitter alone lets a third of a herd come within one second (R09).
        let least = if most == self.policy.max_delay { most / 2 } else { Duration::ZERO };
        let spacing = MIN_SPACING.saturating_sub(now.since(self.attempt_began));
        self.retries = self.retries.saturating_add(1);
        (least + self.rng.up_to(most - least)).max(spacing)
    }

    fn name_taken_delay(&mut self, now: Now) -> Option<Duration> {
        let since = *self.name_taken_since.get_or_insert(now);
        if now.since(since) >= NAME_TAKEN_LIMIT {
            return None;
        }
        let index = (self.name_taken as usize).min(NAME_TAKEN_SECS.len() - 1);
        self.name_taken = self.name_taken.saturating_add(1);
        let base = Duration::from_secs(NAME_TAKEN_SECS[index]);
        Some(base * 4 / 5 + self.rng.up_to(base * 2 / 5))
    }

    fn fits_budget(&self, delay: Duration, now: Now) -> bool {
        let down = self.down_since.map_or(Duration::ZERO, |since| (now + delay).since(since));
        self.policy.budget.is_none_or(|budget| self.spent.saturating_add(down) <= budget)
    }
}

fn classify(error: &PublishError, was_live: bool) -> Class {
    match error {
        PublishError::Connect(ConnectError::Tls(error)) if !error.may_pass() => Class::Fatal,
        PublishError::Connect(_)
        | PublishError::Protocol(_)
        | PublishError::Amf0(_)
        | PublishError::Timeout { .. }
        | PublishError::ClosedLive(_) => Class::Retry,
        // A server that restarts, or a proxy before one, closes early too; one that never took
        // this name means it.
        PublishError::ClosedEarly { .. } if was_live => Class::Retry,
        PublishError::ClosedEarly { .. } => Class::Refused,
        // Another protocol answers: a captive portal when it was RTMP before.
        PublishError::Handshake(_) if was_live => Class::Retry,
        PublishError::Handshake(_) => Class::Fatal,
        PublishError::NameInUse { .. } => Class::NameTaken,
        PublishError::AppRejected { code, .. } if code == "NetConnection.Connect.Closed" => {
            Class::Retry
        }
        PublishError::AppRejected { .. } | PublishError::PublishRejected { .. } => Class::Refused,
    }
}

/// SplitMix64: a few lines that give the same numbers everywhere.
#[derive(Clone, Debug)]
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Evenly between zero and `most`.
    fn up_to(&mut self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(self.next() % (micros + 1))
    }
}

/// Longest wait before the first attempt after a loss.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// Longest wait before the second; doubles from there.
const BASE_DELAY: Duration = Duration::from_millis(500);
/// Between the beginnings of two attempts.
const MIN_SPACING: Duration = Duration::from_millis(250);
/// After a path change, until the new path carries.
const PATH_SETTLES: Duration = Duration::from_millis(300);
/// Waits while the name is taken, ± 20 %; the last one repeats,
const NAME_TAKEN_SECS: [u64; 4] = [1, 2, 4, 5];
/// for this long.
const NAME_TAKEN_LIMIT: Duration = Duration::from_secs(180);

#[cfg(test)]
#[path = "reconnect_test.rs"]
mod tests;
