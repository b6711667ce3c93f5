//! What the hand-overs between threads are made of. They name nothing else, so that `tests/interleave`
//! can put other pieces in its place and try every order in which threads can meet.

use std::convert::Infallible;

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

pub(crate) use crossbeam_channel::{
    Receiver, RecvError, SendTimeoutError, Sender, TrySendError, bounded,
};

/// The next item, waited for; `None` once the bell was rung, whose channel never carries anything.
pub(crate) fn receive_until<T>(
    queue: &Receiver<T>,
    rung: &Receiver<Infallible>,
) -> Option<Result<T, RecvError>> {
    crossbeam_channel::select! {
        recv(queue) -> item => Some(item),
        recv(rung) -> _ => None,
    }
}
