//! An epoll of its own, `epoll_create1(2)`: a timer, the bell, and the sockets, of which only news are wanted.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::Ended;
use crate::Connection;
use crate::net::wake::Wake;

#[derive(Debug)]
pub(in crate::net) struct Lull {
    epoll: OwnedFd,
    timer: OwnedFd,
    wake: Wake,
}

/// Reaches a thread in a lull.
#[derive(Debug)]
pub(in crate::net) struct Shaker(Arc<OwnedFd>);

/// What a lull's events are of.
const TIME: u64 = 0;
const BELL: u64 = 1;
const PEER: u64 = 2;

impl Lull {
    /// Of the thread that `wake` wakes.
    pub(in crate::net) fn new(wake: &Wake) -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let bell = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        // Edges: what rang is never read.
        let news = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &timer, EventData::new_u64(TIME), news)?;
        epoll::add(&epoll, &bell, EventData::new_u64(BELL), news)?;
        wake.set_shaker(Some(Shaker(bell)));
        Ok(Self { epoll, timer, wake: wake.clone() })
    }

    /// Whether the news of this connection, if it is a socket, end each lull from now on until it is closed.
    pub(in crate::net) fn watch(&self, connection: &dyn Connection) -> bool {
        let Some(socket) = connection.socket() else { return false };
        let news = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
        let watched = epoll::add(&self.epoll, socket, EventData::new_u64(PEER), news);
        watched.inspect_err(|error| log::debug!("watch a socket: {error}")).is_ok()
    }

    /// Sleeps for this long at most.
    pub(in crate::net) fn sleep(&mut self, longest: Duration) -> Ended {
        if !self.wake.bell().lie_down() {
            return Ended::Bell;
        }
        let ended = self.wait(longest).unwrap_or_else(|error| {
            log::debug!("wait for a picture's time: {error}");
            Ended::Peer
        });
        match (ended, self.wake.bell().get_up()) {
            (Ended::Time, true) => Ended::Bell,
            (Ended::Peer, true) => {
                self.wake.tell_runtime();
                Ended::Peer
            }
            (ended, _) => ended,
        }
    }

    fn wait(&self, longest: Duration) -> rustix::io::Result<Ended> {
        // Zero would switch it off.
        let it_value = Timespec::try_from(longest.max(Duration::from_nanos(1)))
            .unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        let once = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        let mut events = [MaybeUninit::uninit(); 4];
        let (events, _) = epoll::wait(&self.epoll, &mut events, None)?;
        // Of several the highest: a socket's news are not told again.
        Ok(match events.iter().map(|event| event.data.u64()).max() {
            Some(TIME) => Ended::Time,
            Some(PEER) => Ended::Peer,
            _ => Ended::Bell,
        })
    }
}

impl Drop for Lull {
    fn drop(&mut self) {
        self.wake.set_shaker(None);
    }
}

impl Shaker {
    /// The thread sleeps no longer.
    pub(in crate::net) fn shake(&self) {
        if let Err(error) = rustix::io::write(&self.0, &1u64.to_ne_bytes()) {
            log::debug!("wake the network thread: {error}");
        }
    }
}

#[cfg(test)]
#[path = "linux_test.rs"]
mod tests;
