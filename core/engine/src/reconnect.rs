//! When to try again (`spec network` 3; statements 61–72). Full jitter for what may pass, a slow
//! schedule while the name is taken, an end for what will not change; no attempt while there is no
//! way to the network, and soon after there is one again. A server of the local network is asked
//! all the time: it has no herd.

mod class;
mod policy;
mod rng;

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use crate::publish::{Path, PublishError};
use class::{Class, classify};
use rng::Rng;

pub use policy::Policy;

/// Decides whether and when the next attempt begins. Owns the budget.
#[derive(Debug)]
pub(crate) struct Backoff {
    policy: Policy,
    /// Asks a near server at short intervals, unless the app has its own or counts the attempts.
    polls: bool,
    rng: Rng,
    /// Since when there is no live stream; `None` while there is one.
    down_since: Option<Now>,
    live_since: Option<Now>,
    was_live: bool,
    /// Down time of earlier losses since the stream was last healthy.
    spent: Duration,
    /// The last attempts' beginnings, [`BURST`] at most.
    attempts: VecDeque<Now>,
    /// Failures that led to a retry since the stream was last healthy.
    retries: u32,
    /// How far the jitter has grown.
    growth: u32,
    name_taken: u32,
    name_taken_since: Option<Now>,
    refusals: u32,
    /// The old connection may still be saying goodbye until then.
    goodbye_ends: Now,
    /// When the next attempt begins by its class …
    scheduled: Now,
    /// … or sooner, when a new way to the network has settled.
    path_settles: Option<Now>,
    has_route: bool,
}

/// What the time says to a waiting stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The attempt begins.
    Begin,
    /// The budget was spent while there was no way to the network.
    GiveUp,
    /// Neither until then.
    Wait(Option<Now>),
}

impl Backoff {
    /// `is_near`: the server is one that [`StreamUrl::is_near`](crate::url::StreamUrl::is_near).
    pub(crate) fn new(policy: Policy, is_near: bool, seed: u64) -> Self {
        Self {
            policy,
            polls: is_near && policy.fixed_delay.is_none() && policy.max_retries.is_none(),
            rng: Rng(seed),
            down_since: None,
            live_since: None,
            was_live: false,
            spent: Duration::ZERO,
            attempts: VecDeque::with_capacity(BURST),
            retries: 0,
            growth: 0,
            name_taken: 0,
            name_taken_since: None,
            refusals: 0,
            goodbye_ends: Now::ZERO,
            scheduled: Now::ZERO,
            path_settles: None,
            has_route: true,
        }
    }

    /// Randomness for a connection's handshake.
    pub(crate) fn next_seed(&mut self) -> u64 {
        self.rng.next()
    }

    /// An attempt begins.
    pub(crate) fn handle_attempt(&mut self, now: Now) {
        if self.attempts.len() == BURST {
            self.attempts.pop_front();
        }
        self.attempts.push_back(now);
        self.path_settles = None;
        self.down_since.get_or_insert(now);
    }

    /// When the present or last attempt began.
    pub(crate) fn attempt_began(&self) -> Now {
        self.attempts.back().copied().unwrap_or(Now::ZERO)
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

    /// The live stream is being given up; the server took media until `until`.
    pub(crate) fn handle_media_end(&mut self, until: Now) {
        if let Some(live_since) = self.live_since
            && until.since(live_since) >= self.policy.healthy_after
        {
            (self.spent, self.retries, self.growth) = (Duration::ZERO, 0, 0);
        }
    }

    /// Until then the old connection says goodbye: no other one may begin.
    pub(crate) fn handle_goodbye(&mut self, until: Now) {
        self.goodbye_ends = until;
    }

    /// An attempt failed or the live stream was lost. How long to wait for the next attempt at
    /// least; `None` is the end.
    pub(crate) fn handle_failure(&mut self, error: &PublishError, now: Now) -> Option<Duration> {
        if self.live_since.take().is_some() {
            self.down_since = Some(now);
        }
        if !self.was_live && !self.policy.retry_first_connection {
            return None;
        }
        let delay = match classify(error, self.was_live) {
            Class::Retry if self.polls => self.poll_delay(now),
            Class::Retry => self.soon(),
            Class::NameTaken => self.name_taken_delay(now)?,
            Class::Portal => self.around(PORTAL_DELAY),
            Class::Refused if self.refusals == 0 => {
                self.refusals += 1;
                self.soon()
            }
            Class::Refused | Class::Fatal => return None,
        };
        let is_spent = self.policy.max_retries.is_some_and(|most| self.retries >= most);
        self.retries = self.retries.saturating_add(1);
        let delay = delay.max(self.earliest().since(now));
        self.scheduled = now + delay;
        let fits = self.budget_ends().is_none_or(|ends| self.scheduled <= ends);
        (fits && !is_spent).then_some(delay)
    }

    /// The system said something about the way to the network.
    pub(crate) fn handle_path(&mut self, path: Path, now: Now) {
        let was_parked = !self.has_route;
        self.has_route = path != Path::Down;
        self.path_settles = None;
        if self.has_route {
            let settles = now + PATH_SETTLES;
            self.growth = 0;
            self.path_settles = Some(settles);
            if was_parked {
                self.scheduled = self.scheduled.max(settles);
            }
        }
    }

    /// What a waiting stream does at `now`.
    pub(crate) fn next(&self, now: Now) -> Next {
        let (at, next) = if self.has_route {
            let soonest = self.path_settles.map_or(self.scheduled, |at| at.min(self.scheduled));
            (Some(soonest.max(self.earliest())), Next::Begin)
        } else {
            (self.budget_ends(), Next::GiveUp)
        };
        if at.is_some_and(|at| at <= now) { next } else { Next::Wait(at) }
    }

    /// Before that no attempt begins, whatever happens.
    fn earliest(&self) -> Now {
        if self.polls {
            let spaced = self.attempts.back().map(|&at| at + POLL_DELAY);
            return spaced.unwrap_or(Now::ZERO).max(self.goodbye_ends);
        }
        let spaced = self.attempts.back().map(|&at| at + MIN_SPACING);
        let in_burst = self.attempts.front().filter(|_| self.attempts.len() == BURST);
        let unburst = in_burst.map(|&at| at + BURST_TIME);
        spaced.into_iter().chain(unburst).chain([self.goodbye_ends]).max().unwrap_or(Now::ZERO)
    }

    /// For how long there has been no live stream.
    pub(crate) fn down_for(&self, now: Now) -> Duration {
        self.down_since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// Until a near server is asked again.
    fn poll_delay(&mut self, now: Now) -> Duration {
        let is_fresh = self.down_since.is_none_or(|since| now.since(since) < POLL_FAST);
        let least = if is_fresh { POLL_DELAY } else { SLOW_POLL_DELAY };
        (least + self.rng.up_to(POLL_DELAY)).min(self.policy.max_delay)
    }

    fn soon(&mut self) -> Duration {
        if let Some(delay) = self.policy.fixed_delay {
            return delay;
        }
        let most = match self.growth {
            0 => FIRST_DELAY,
            n => BASE_DELAY * 2u32.saturating_pow(n.min(16) - 1),
        }
        .min(self.policy.max_delay);
        // At the cap full jitter alone lets a third of a herd come within one second (R09).
        let least = if most == self.policy.max_delay { most / 2 } else { Duration::ZERO };
        self.growth = self.growth.saturating_add(1);
        least + self.rng.up_to(most - least)
    }

    fn name_taken_delay(&mut self, now: Now) -> Option<Duration> {
        let since = *self.name_taken_since.get_or_insert(now);
        if now.since(since) >= NAME_TAKEN_LIMIT {
            return None;
        }
        let index = (self.name_taken as usize).min(NAME_TAKEN_SECS.len() - 1);
        self.name_taken = self.name_taken.saturating_add(1);
        // A name that is free again waits for us 5 s at most (R07).
        let delay = self.around(Duration::from_secs(NAME_TAKEN_SECS[index])).min(NAME_TAKEN_MOST);
        Some(self.policy.fixed_delay.unwrap_or(delay))
    }

    /// `delay` ± 20 %.
    fn around(&mut self, delay: Duration) -> Duration {
        delay * 4 / 5 + self.rng.up_to(delay * 2 / 5)
    }

    /// When all time without a live stream is over.
    fn budget_ends(&self) -> Option<Now> {
        let left = self.policy.budget?.saturating_sub(self.spent);
        self.down_since.map(|since| since + left)
    }
}

/// Longest wait before the first attempt after a loss.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// Longest wait before the second; doubles from there.
const BASE_DELAY: Duration = Duration::from_millis(500);
/// Between the beginnings of two attempts,
const MIN_SPACING: Duration = Duration::from_millis(250);
/// of which so many begin
const BURST: usize = 8;
/// in so much time, however the way to the network flaps (R14).
const BURST_TIME: Duration = Duration::from_secs(10);
/// Shortest wait for a near server, and at most so much longer;
const POLL_DELAY: Duration = Duration::from_millis(50);
/// so long after it was lost,
const POLL_FAST: Duration = Duration::from_secs(20);
/// and from then on this in its place.
const SLOW_POLL_DELAY: Duration = Duration::from_secs(1);
/// After a path change, until the new path carries.
const PATH_SETTLES: Duration = Duration::from_millis(300);
/// While a captive portal answers: after a login the way to the network may well stay the same.
const PORTAL_DELAY: Duration = Duration::from_secs(30);
/// Waits while the name is taken, ± 20 %; the last one repeats,
const NAME_TAKEN_SECS: [u64; 4] = [1, 2, 4, 5];
/// but none is longer,
const NAME_TAKEN_MOST: Duration = Duration::from_millis(4_900);
/// for this long.
const NAME_TAKEN_LIMIT: Duration = Duration::from_secs(180);

#[cfg(test)]
#[path = "reconnect_test.rs"]
mod tests;
