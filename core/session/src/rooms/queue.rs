//! What the app is told of a room, and the bounded queue it waits in.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::RoomEvent;

/// Events that wait for an app that does not look.
const CAPACITY: usize = 1_024;

/// The app's end of the queue. One consumer; may live on any thread, and outlives the client.
///
/// Up to 1,024 events wait in order. When the app does not fetch them, the oldest likes and numbers of
/// viewers go first, then the oldest of the others, counted by [`RoomEvents::lost`].
#[derive(Debug)]
pub struct RoomEvents {
    queue: Arc<Queue>,
}

impl RoomEvents {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        Self { queue }
    }

    /// The next event; waits up to `timeout`. `None` after that, and at once when the client is gone
    /// and nothing waits.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<RoomEvent> {
        let is_empty = |waiting: &mut Waiting| waiting.events.is_empty() && !waiting.is_closed;
        let (mut waiting, _) = self
            .queue
            .arrived
            .wait_timeout_while(self.queue.lock(), timeout, is_empty)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.events.pop_front()
    }

    /// The next event if one waits.
    pub fn try_next(&mut self) -> Option<RoomEvent> {
        self.queue.lock().events.pop_front()
    }

    /// The next event, for an executor. `None` when the client is gone.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<RoomEvent>> {
        let mut waiting = self.queue.lock();
        match waiting.events.pop_front() {
            Some(event) => Poll::Ready(Some(event)),
            None if waiting.is_closed => Poll::Ready(None),
            None => {
                waiting.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether the client is gone and nothing waits.
    pub fn is_over(&self) -> bool {
        let waiting = self.queue.lock();
        waiting.is_closed && waiting.events.is_empty()
    }

    /// Events that were dropped because the app did not fetch them, likes and numbers of viewers
    /// aside.
    pub fn lost(&self) -> u64 {
        self.queue.lock().lost
    }

    /// The same number for who does not hold the queue's end.
    pub fn loss(&self) -> RoomLoss {
        RoomLoss { queue: Arc::clone(&self.queue) }
    }
}

/// What [`RoomEvents::lost`] counts, for any thread, while another one waits for events.
#[derive(Clone, Debug)]
pub struct RoomLoss {
    queue: Arc<Queue>,
}

impl RoomLoss {
    /// Events dropped so far.
    pub fn count(&self) -> u64 {
        self.queue.lock().lost
    }
}

/// The client's end.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<RoomEvent>,
    lost: u64,
    is_closed: bool,
    waker: Option<Waker>,
}

impl Queue {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::default(), arrived: Condvar::new() })
    }

    pub(super) fn push(&self, event: RoomEvent) {
        let mut waiting = self.lock();
        waiting.events.push_back(event);
        if waiting.events.len() > CAPACITY {
            waiting.make_room();
        }
        self.tell(waiting);
    }

    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        self.tell(waiting);
    }

    /// Wakes the consumer, who may call back at once: without the lock.
    fn tell(&self, mut waiting: MutexGuard<'_, Waiting>) {
        let waker = waiting.waker.take();
        drop(waiting);
        self.arrived.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn make_room(&mut self) {
        let is_light =
            |event: &RoomEvent| matches!(event, RoomEvent::Likes { .. } | RoomEvent::Viewers(_));
        match self.events.iter().position(is_light) {
            Some(index) => drop(self.events.remove(index)),
            None => {
                self.events.pop_front();
                self.lost += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_that_does_not_look_loses_the_lightest_first() {
        let queue = Queue::new();
        let mut events = RoomEvents::new(Arc::clone(&queue));
        queue.push(RoomEvent::Delivered("first".to_owned()));
        queue.push(RoomEvent::Viewers(7));
        for number in 2..=CAPACITY {
            queue.push(RoomEvent::Delivered(number.to_string()));
        }
        assert_eq!(events.lost(), 0);
        assert_eq!(events.try_next(), Some(RoomEvent::Delivered("first".to_owned())));
        assert_eq!(events.try_next(), Some(RoomEvent::Delivered("2".to_owned())));
        for _ in 0..3 {
            queue.push(RoomEvent::OldServer);
        }
        assert_eq!((events.lost(), events.loss().count()), (1, 1));
        queue.close();
        assert!(!events.is_over());
        while events.next_timeout(Duration::ZERO).is_some() {}
        assert!(events.is_over());
    }
}
