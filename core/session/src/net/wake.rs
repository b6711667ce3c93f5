//! Wakes `onair-net` from any thread, wherever it sleeps: in its runtime, or beside it
//! ([`lull`](super::lull)).

use std::sync::{Arc, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::bell::Bell;
use super::lull::Shaker;
use crate::sync::{Mutex, MutexGuard};

/// A call before it sleeps is not lost, several count once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wake(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    notify: Arc<Notify>,
    bell: Bell,
    /// What reaches it beside its runtime.
    shaker: Mutex<Option<Shaker>>,
}

impl Wake {
    pub(crate) fn notify(&self) {
        if !self.0.bell.ring() {
            self.0.notify.notify_one();
        } else if let Some(shaker) = &*self.shaker() {
            shaker.shake();
        }
    }

    /// Ends with the next call of the above.
    pub(crate) fn notified(&self) -> OwnedNotified {
        Arc::clone(&self.0.notify).notified_owned()
    }

    /// As [`Wake::notify`], to the runtime alone.
    pub(super) fn tell_runtime(&self) {
        self.0.notify.notify_one();
    }

    /// Of the thread that is woken.
    pub(super) fn bell(&self) -> &Bell {
        &self.0.bell
    }

    /// How the thread is reached beside its runtime from now on.
    pub(super) fn set_shaker(&self, shaker: Option<Shaker>) {
        *self.shaker() = shaker;
    }

    fn shaker(&self) -> MutexGuard<'_, Option<Shaker>> {
        self.0.shaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
