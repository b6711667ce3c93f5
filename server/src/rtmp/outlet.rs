//! A connection's socket and its [`Peer`], for the connection's own task and for those who push to it: what a player
//! can have is written to its socket there and then. Only what the socket does not take is left to the task.
//!
//! ```text
//! publisher's task ─▶ ring ─▶ crowd ─▶ Outlet::feed ─▶ the socket
//!                                        └ full? ─▶ news ─▶ the player's task, once the socket takes more
//! ```
//!
//! A player that waits for the ring has its outlet among the [`Crowd`](crate::crowd::Crowd) in place of its task, so a
//! picture costs it no wake-up; and one that nothing waits for is written the same bytes as the others, past its list
//! of what waits.

use std::io::{self, ErrorKind, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onair_types::Now;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::peer::{AHEAD_BYTES, Peer};
use crate::clock::Clock;
use crate::crowd::{Seat, Waits};
use crate::run::Run;

/// See the module's text.
pub(super) struct Outlet {
    pub(super) stream: TcpStream,
    /// Something is left to the task.
    pub(super) news: Notify,
    clock: Clock,
    inner: Mutex<Inner>,
}

/// What the task and those who push share.
pub(super) struct Inner {
    pub(super) peer: Peer,
    /// The last time the peer took bytes, or there were none for it.
    pub(super) last_write: Now,
    /// The socket took less than there was.
    pub(super) blocked: bool,
    /// Why the connection is over, as somebody who pushed found out.
    failed: Option<io::Error>,
}

/// What is left to do for who has fed a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing before the ring or the socket says so.
    Nothing,
    /// The player can have more at once.
    More,
}

impl Outlet {
    pub(super) fn new(stream: TcpStream, peer: Peer, clock: Clock) -> Arc<Self> {
        let inner = Inner { peer, last_write: clock.now(), blocked: false, failed: None };
        Arc::new(Self { stream, news: Notify::new(), clock, inner: Mutex::new(inner) })
    }

    /// Never held while another one's is asked for, but by a publisher, which nobody feeds.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits and then what the player can have, up to what goes out in one write.
    pub(super) fn go_on(self: &Arc<Self>) -> io::Result<Left> {
        let mut inner = self.lock();
        if let Some(error) = inner.failed.take() {
            return Err(error);
        }
        self.write(&mut inner)?;
        let seat = || Arc::clone(self) as Arc<dyn Seat>;
        if inner.blocked { Ok(Left::Nothing) } else { self.give(&mut inner, Waits::Seat(&seat)) }
    }

    /// Of a player that nothing waits for.
    fn give(&self, inner: &mut Inner, waits: Waits<'_>) -> io::Result<Left> {
        let Inner { peer, .. } = inner;
        let is_fed = peer.feed(waits);
        // Else the ring has nothing more, and this outlet is fed once it has.
        let has_more = peer.output().len() >= AHEAD_BYTES;
        if is_fed {
            self.write(inner)?;
        }
        Ok(if has_more && !inner.blocked { Left::More } else { Left::Nothing })
    }

    /// Writes what waits until the socket takes no more.
    pub(super) fn write(&self, inner: &mut Inner) -> io::Result<()> {
        let out = inner.peer.output();
        inner.blocked = false;
        while !out.is_empty() {
            let mut slices = [IoSlice::new(&[]); 64];
            let filled = out.io_slices(&mut slices);
            let written = match &slices[..filled] {
                // Cheaper, and the usual one.
                [only] => self.stream.try_write(only),
                several => self.stream.try_write_vectored(several),
            };
            match written {
                Ok(count) => {
                    out.advance(count);
                    inner.last_write = self.clock.now();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    inner.blocked = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Seat for Outlet {
    /// One whose socket is full, or was reset, is its task's affair.
    fn feed(&self, run: Option<&Run>, now: Now) -> bool {
        let mut inner = self.lock();
        if inner.blocked || inner.failed.is_some() {
            return false;
        }
        let mut failed = None;
        let write = |bytes: &[u8]| match self.stream.try_write(bytes) {
            Ok(count) => count,
            Err(error) => {
                failed = Some(error).filter(|error| error.kind() != ErrorKind::WouldBlock);
                0
            }
        };
        let mut goes_on = true;
        if !run.is_some_and(|run| inner.peer.write_run(run, write)) {
            match self.give(&mut inner, Waits::Already) {
                Ok(left) => goes_on = left == Left::Nothing && !inner.blocked,
                Err(error) => failed = Some(error),
            }
        } else if inner.peer.output().is_empty() {
            inner.last_write = now;
        } else {
            (inner.blocked, goes_on) = (true, false);
        }
        if goes_on && failed.is_none() {
            return true;
        }
        inner.failed = failed;
        self.news.notify_one();
        false
    }

    fn wake(&self) {
        self.news.notify_one();
    }
}
