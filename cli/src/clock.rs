//! The CLI's one clock, and waiting that a Ctrl-C ends.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use onair_types::Now;

/// Monotonic time since the clock was made. Copies share their zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    zero: Instant,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this file owns the CLI's clock")]
    pub(crate) fn start() -> Self {
        Self { zero: Instant::now() }
    }

    pub(crate) fn now(&self) -> Now {
        Now::ZERO + self.zero.elapsed()
    }
}

/// Says stop, once and for all; any thread may.
#[derive(Clone, Debug)]
pub(crate) struct StopHandle(Arc<Mutex<Option<Sender<Infallible>>>>);

impl StopHandle {
    /// Whether this call was the first.
    pub(crate) fn stop(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }
}

/// Hears the stop.
#[derive(Clone, Debug)]
pub(crate) struct StopSignal(Receiver<Infallible>);

impl StopSignal {
    pub(crate) fn new() -> (StopHandle, Self) {
        let (sender, receiver) = bounded(0);
        (StopHandle(Arc::new(Mutex::new(Some(sender)))), Self(receiver))
    }

    /// Waits for `time` or until the stop; true when it was the stop.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        matches!(self.0.recv_timeout(time), Err(RecvTimeoutError::Disconnected))
    }

    /// Waits until the stop.
    pub(crate) fn wait_for_ever(&self) {
        // Nothing can be sent: what comes is the disconnect.
        let _ = self.0.recv();
    }

    /// For `select!`: becomes ready, disconnected, at the stop.
    pub(crate) fn receiver(&self) -> &Receiver<Infallible> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_ends_every_wait_and_is_remembered() {
        let (handle, signal) = StopSignal::new();
        assert!(!signal.wait(Duration::from_millis(1)));
        let waiter = {
            let signal = signal.clone();
            std::thread::spawn(move || signal.wait(Duration::from_secs(60)))
        };
        assert!(handle.stop());
        assert!(!handle.stop());
        assert!(waiter.join().expect("waiter"));
        assert!(signal.wait(Duration::from_secs(60)));
    }
}
