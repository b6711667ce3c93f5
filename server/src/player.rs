//! A player's position in a stream: what comes next, and when to look again.

use std::sync::Arc;

use crate::crowd::Waits;
use crate::ring::{Gone, Item, Join};
use crate::run::Run;
use crate::stream::Stream;
use crate::unit::Unit;

/// What a player gets next.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// It begins here, or begins again because it was too slow: headers first.
    Start(Join),
    /// The next message.
    Unit(Arc<Unit>),
    /// The publisher has gone; another one may come.
    End,
}

/// One player of a stream. It takes nothing from the publisher or from other players, however
/// slow it is.
#[derive(Debug)]
pub(crate) struct Player {
    stream: Arc<Stream>,
    number: u64,
    /// The next position; `None` before the start.
    next: Option<u64>,
}

impl Player {
    pub(crate) fn new(stream: Arc<Stream>) -> Self {
        let number = stream.lock().crowd.enter();
        Self { stream, number, next: None }
    }

    /// All that came last in one piece, for one that has had everything before it.
    pub(crate) fn take_run(&mut self) -> Option<Arc<Run>> {
        let run = Arc::clone(self.stream.lock().run_at(self.next?)?);
        self.next = Some(run.end());
        Some(run)
    }

    /// Whether the run is what comes next; then it has been given.
    pub(crate) fn pass(&mut self, run: &Run, give: impl FnOnce() -> bool) -> bool {
        let is_given = self.next == Some(run.from()) && give();
        if is_given {
            self.next = Some(run.end());
        }
        is_given
    }

    /// What comes next; when nothing is there, it waits.
    pub(crate) fn next(&mut self, waits: Waits<'_>) -> Option<Delivery> {
        let mut state = self.stream.lock();
        if let Some(seq) = self.next {
            match state.ring.at(seq) {
                Ok(Some(Item::Unit(unit))) => {
                    self.next = Some(seq + 1);
                    return Some(Delivery::Unit(Arc::clone(unit)));
                }
                Ok(Some(Item::End)) => {
                    self.next = None;
                    return Some(Delivery::End);
                }
                Ok(None) => {
                    state.crowd.wait(self.number, waits);
                    return None;
                }
                Err(Gone) => {
                    self.next = None;
                    if !state.is_live() {
                        return Some(Delivery::End);
                    }
                    log::debug!(
                        "a player of {} was too slow and goes on at a key frame",
                        self.stream.name
                    );
                }
            }
        }
        match state.ring.join().cloned() {
            Some(join) => {
                self.next = Some(join.seq);
                Some(Delivery::Start(join))
            }
            None => {
                state.crowd.wait(self.number, waits);
                None
            }
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let waiter = self.stream.lock().crowd.leave(self.number);
        drop(waiter);
    }
}
