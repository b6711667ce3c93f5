//! The bounded hand-overs between threads. What happens at a full edge is the edge's own rule:
//!
//! | edge | bound | when full (live) | when full (complete) |
//! |---|---|---|---|
//! | [`video`]: camera → `onair-video` | 2 pictures | newest wins, counted | the push waits |
//! | [`audio`]: microphone → `onair-audio` | 500 ms | oldest goes, the gap shows | the push waits |
//! | [`live`]: encoders → `onair-net` | 8 video, 64 audio units | to the next IDR / oldest, counted | – |
//! | [`stock`]: the same of a file | 1 MiB, 128 video, 256 audio units | – | who pushes waits |

pub(crate) mod audio;
mod live;
pub(crate) mod row;
pub(crate) mod stock;
pub(crate) mod units;
pub(crate) mod video;

#[cfg(test)]
#[path = "fixture_test.rs"]
mod fixture;

use std::time::Duration;

use crate::run::{Ending, Gate};
use crate::statistics::Counters;
use crate::sync::{Receiver, receive_until};

/// What a thread at an edge watches while it waits.
#[derive(Clone, Copy)]
pub(crate) struct Waiting<'a> {
    pub(crate) ending: &'a Ending,
    pub(crate) gate: &'a Gate,
    pub(crate) counters: &'a Counters,
    /// How long to wait at a full or a closing queue before looking up.
    pub(crate) patience: Duration,
}

/// Which tracks there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tracks {
    pub(crate) video: bool,
    pub(crate) audio: bool,
}

/// What an edge has for its consumer.
#[derive(Debug)]
pub(crate) enum Next<T> {
    Item(T),
    /// No more will come; hand out what is left inside.
    Drained,
    /// Leave at once.
    Stop,
}

impl Waiting<'_> {
    pub(crate) fn is_stopping(&self) -> bool {
        self.ending.is_stopping()
    }

    /// The oldest item of `queue`; waits for one.
    fn next<T>(&self, queue: &Receiver<T>) -> Next<T> {
        if self.is_stopping() {
            return Next::Stop;
        }
        match receive_until(queue, self.ending.rung()) {
            Some(item) => item.map_or(Next::Stop, Next::Item),
            None => self.last(queue),
        }
    }

    /// After the bell: what is still queued, then the end. A push that is under way is waited for.
    fn last<T>(&self, queue: &Receiver<T>) -> Next<T> {
        loop {
            if self.is_stopping() {
                return Next::Stop;
            }
            // Looked at before the queue: a push that leaves in between has filled it.
            let quiet = self.gate.is_quiet();
            if let Ok(item) = queue.try_recv() {
                return Next::Item(item);
            }
            if quiet {
                return Next::Drained;
            }
            if let Ok(item) = queue.recv_timeout(self.patience) {
                return Next::Item(item);
            }
        }
    }
}
