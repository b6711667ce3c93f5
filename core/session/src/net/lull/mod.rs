//! How `onair-net` sleeps while nothing but pictures goes out: in a call of its own, beside its runtime.
//!
//! The runtime's way from one sleep to the next (timers, its queue of tasks, wakers, a readiness for each
//! socket) is code that was last used a picture ago, and that is slow: `docs/adr/0012`. What may come
//! meanwhile: the time, the bell ([`Wake`](super::wake::Wake)), and a socket's news. Those are the runtime's
//! to hear: its own epoll has them too, so the lull just ends.
//!
//! On Linux and Android alone; elsewhere it is always the runtime that sleeps.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::{Lull, Shaker};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use nowhere::{Lull, Shaker};

/// What ended a sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Its time has come, and nothing else.
    Time,
    /// Somebody rang.
    Bell,
    /// A socket has news, or the system would not let it sleep: the runtime must look.
    Peer,
}

/// Where there is no such sleep.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod nowhere {
    use std::convert::Infallible;
    use std::io;
    use std::time::Duration;

    use super::Ended;
    use crate::Connection;
    use crate::net::wake::Wake;

    #[derive(Debug)]
    pub(in crate::net) struct Lull(Infallible);

    #[derive(Debug)]
    pub(in crate::net) struct Shaker(Infallible);

    impl Lull {
        pub(in crate::net) fn new(_: &Wake) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in crate::net) fn watch(&self, _: &dyn Connection) -> bool {
            match self.0 {}
        }

        pub(in crate::net) fn sleep(&mut self, _: Duration) -> Ended {
            match self.0 {}
        }
    }

    impl Shaker {
        pub(in crate::net) fn shake(&self) {
            match self.0 {}
        }
    }
}
