//! A timer of Linux, `timerfd_create(2)`, that wakes a task through the runtime's epoll.
#![expect(unsafe_code, reason = "no crate that is here offers the system's timers")]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

#[derive(Debug)]
pub(super) struct Alarm(AsyncFd<OwnedFd>);

impl Alarm {
    /// Must be made inside the runtime.
    pub(super) fn new() -> io::Result<Self> {
        let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
        // SAFETY: takes no pointers.
        let fd = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it was just made, and nobody else has it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: an `OwnedFd` is open, and the same, for as long as it lives.
        Ok(Self(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?))
    }

    /// Rings once after this time, and forgets what it was set to before.
    pub(super) fn set(&mut self, cx: &mut Context<'_>, after: Duration) {
        while self.has_rung(cx) {}
        // Zero would switch it off.
        let after = after.max(Duration::from_nanos(1));
        let seconds = libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX);
        let value = libc::timespec { tv_sec: seconds, tv_nsec: after.subsec_nanos() as _ };
        let once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let spec = libc::itimerspec { it_interval: once, it_value: value };
        let fd = self.0.as_raw_fd();
        // SAFETY: reads the structure it is given; the old setting is not asked for.
        if unsafe { libc::timerfd_settime(fd, 0, &raw const spec, std::ptr::null_mut()) } != 0 {
            log::debug!("set a timer: {}", io::Error::last_os_error());
        }
    }

    /// Whether it rang; if not, the task is woken when it does.
    pub(super) fn has_rung(&mut self, cx: &mut Context<'_>) -> bool {
        // What rang is not read: setting it anew is enough, and one call less.
        match self.0.poll_read_ready(cx) {
            Poll::Ready(Ok(mut ready)) => {
                ready.clear_ready();
                true
            }
            Poll::Ready(Err(_)) | Poll::Pending => false,
        }
    }
}
