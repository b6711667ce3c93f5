//! How a broadcast ends: a bell that every waiting thread hears, and whether to leave at once.

use std::convert::Infallible;
use std::sync::PoisonError;

use crate::sync::{AtomicBool, Mutex, Ordering, Receiver, Sender, bounded};

/// After the bell, what was accepted is still encoded and sent, unless the broadcast is stopping.
///
/// Nothing is ever sent on the bell's channel: ringing drops the sender, which every waiting
/// `select!` notices, now and later.
#[derive(Debug)]
pub(crate) struct Ending {
    silent: Mutex<Option<Sender<Infallible>>>,
    rung: Receiver<Infallible>,
    stopping: AtomicBool,
}

impl Ending {
    pub(crate) fn new() -> Self {
        // Not 0: waiting on such a channel allocates.
        let (sender, rung) = bounded(1);
        Self { silent: Mutex::new(Some(sender)), rung, stopping: AtomicBool::new(false) }
    }

    /// Rings the bell.
    pub(crate) fn finish(&self) {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Rings the bell; everybody leaves at once.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.finish();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// To select on: ready (with an error) once the bell was rung.
    pub(crate) fn rung(&self) -> &Receiver<Infallible> {
        &self.rung
    }
}
