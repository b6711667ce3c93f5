//! A player's position in a stream: what comes next, and when to look again.

use std::sync::Arc;
use std::task::{Context, Poll};

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
    number: usize,
    /// The next position; `None` before the start.
    next: Option<u64>,
}

impl Player {
    pub(crate) fn new(stream: Arc<Stream>) -> Self {
        let number = stream.lock().enter();
        Self { stream, number, next: None }
    }

    /// All that came last in one piece, for one that has had everything before it.
    pub(crate) fn take_run(&mut self) -> Option<Arc<Run>> {
        let run = Arc::clone(self.stream.lock().run_at(self.next?)?);
        self.next = Some(run.end());
        Some(run)
    }

    /// What comes next; when nothing is there, wakes `context` as soon as there is.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Delivery> {
        let mut state = self.stream.lock();
        if let Some(seq) = self.next {
            match state.ring.at(seq) {
                Ok(Some(Item::Unit(unit))) => {
                    self.next = Some(seq + 1);
                    return Poll::Ready(Delivery::Unit(Arc::clone(unit)));
                }
                Ok(Some(Item::End)) => {
                    self.next = None;
                    return Poll::Ready(Delivery::End);
                }
                Ok(None) => {
                    state.wake_later(self.number, context.waker());
                    return Poll::Pending;
                }
                Err(Gone) => {
                    self.next = None;
                    if !state.is_live() {
                        return Poll::Ready(Delivery::End);
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
                Poll::Ready(Delivery::Start(join))
            }
            None => {
                state.wake_later(self.number, context.waker());
                Poll::Pending
            }
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stream.lock().leave(self.number);
    }
}
