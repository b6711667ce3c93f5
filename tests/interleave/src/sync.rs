//! What `core/session/src/sync.rs` names, for loom: its atomics and mutex, and channels of a mutex and
//! a queue. Nothing takes time here: a wait lets the others go on once and is over then.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::PoisonError;
use std::time::Duration;

use loom::sync::Arc;
use loom::thread::yield_now;

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};

#[derive(Debug)]
pub(crate) struct Sender<T>(Arc<Mutex<Channel<T>>>);

#[derive(Debug)]
pub(crate) struct Receiver<T>(Arc<Mutex<Channel<T>>>);

#[derive(Debug)]
struct Channel<T> {
    items: VecDeque<T>,
    bound: usize,
    has_sender: bool,
}

#[derive(Debug)]
pub(crate) enum TrySendError<T> {
    Full(T),
    #[expect(dead_code, reason = "no receiver goes before its sender here")]
    Disconnected(T),
}

#[derive(Debug)]
pub(crate) enum SendTimeoutError<T> {
    Timeout(T),
    #[expect(dead_code, reason = "no receiver goes before its sender here")]
    Disconnected(T),
}

#[derive(Debug)]
pub(crate) struct RecvError;

pub(crate) fn bounded<T>(bound: usize) -> (Sender<T>, Receiver<T>) {
    let channel = Channel { items: VecDeque::new(), bound, has_sender: true };
    let channel = Arc::new(Mutex::new(channel));
    (Sender(Arc::clone(&channel)), Receiver(channel))
}

pub(crate) fn receive_until<T>(
    queue: &Receiver<T>,
    rung: &Receiver<Infallible>,
) -> Option<Result<T, RecvError>> {
    loop {
        // With both ready either may be taken; the bell first is the harder case.
        if !lock(&rung.0).has_sender {
            return None;
        }
        if let Ok(item) = queue.try_recv() {
            return Some(Ok(item));
        }
        yield_now();
    }
}

impl<T> Sender<T> {
    pub(crate) fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        let mut channel = lock(&self.0);
        if channel.items.len() == channel.bound {
            return Err(TrySendError::Full(item));
        }
        channel.items.push_back(item);
        Ok(())
    }

    pub(crate) fn send_timeout(&self, item: T, _: Duration) -> Result<(), SendTimeoutError<T>> {
        match self.try_send(item) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(item) | TrySendError::Disconnected(item)) => {
                yield_now();
                Err(SendTimeoutError::Timeout(item))
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0).items.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        let channel = lock(&self.0);
        channel.items.len() == channel.bound
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        lock(&self.0).has_sender = false;
    }
}

impl<T> Receiver<T> {
    pub(crate) fn try_recv(&self) -> Result<T, RecvError> {
        lock(&self.0).items.pop_front().ok_or(RecvError)
    }

    pub(crate) fn recv_timeout(&self, _: Duration) -> Result<T, RecvError> {
        let item = self.try_recv();
        if item.is_err() {
            yield_now();
        }
        item
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).items.is_empty()
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

fn lock<T>(channel: &Mutex<Channel<T>>) -> MutexGuard<'_, Channel<T>> {
    channel.lock().unwrap_or_else(PoisonError::into_inner)
}
