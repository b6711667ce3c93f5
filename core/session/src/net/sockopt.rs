//! What the system is asked of a TCP connection: options for live streams, and how much of what
//! was written the peer has (`spec network` 1.2 and 3).
//!
//! A system that refuses an option is no reason to fail: it is logged and goes without.
#![expect(unsafe_code, reason = "socket options and figures that no safe crate offers")]

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use onair_engine::rate::Transport;
use socket2::SockRef;
use tokio::net::TcpStream;

/// Unsent bytes that may wait in the kernel on a live stream: what waits outside can be dropped.
const UNSENT_BYTES: u32 = 16 << 10;
/// A peer that acknowledges nothing for so long is gone.
const PATIENCE_SECONDS: u32 = 8;

/// Sets what a broadcast wants; `low_latency` when little may wait in the system.
pub(super) fn tune(stream: &TcpStream, low_latency: bool) {
    let socket = SockRef::from(stream);
    note("TCP_NODELAY", socket.set_tcp_nodelay(true));
    system::tune(&socket, low_latency);
}

/// What the peer does not have yet, and the round trip; `None` when the system does not tell.
pub(super) fn transport(stream: &TcpStream) -> Option<Transport> {
    system::transport(stream.as_raw_fd())
}

fn note(option: &str, set: io::Result<()>) {
    if let Err(error) = set {
        log::debug!("set {option}: {error}");
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::time::Duration;

    use super::*;

    pub(super) fn tune(socket: &SockRef<'_>, low_latency: bool) {
        let patience = Duration::from_secs(PATIENCE_SECONDS.into());
        note("TCP_USER_TIMEOUT", socket.set_tcp_user_timeout(Some(patience)));
        if low_latency {
            note("TCP_NOTSENT_LOWAT", socket.set_tcp_notsent_lowat(UNSENT_BYTES));
            // Holds 5 Mbit/s at 2 % random loss, where CUBIC falls below 2. Often not allowed.
            #[cfg(target_os = "linux")]
            note("TCP_CONGESTION", socket.set_tcp_congestion(b"bbr"));
        }
    }

    pub(super) fn transport(fd: RawFd) -> Option<Transport> {
        let info = tcp_info(fd)?;
        let rtt = info.u32_at(68)?; // tcpi_rtt, µs
        let unsent = info.u32_at(144).unwrap_or(0); // tcpi_notsent_bytes, since Linux 4.6
        Some(Transport {
            unacked_bytes: unacked_bytes(fd)?,
            unsent_bytes: unsent.into(),
            rtt: Duration::from_micros(rtt.into()),
        })
    }

    /// SIOCOUTQ, which has TIOCOUTQ's number.
    fn unacked_bytes(fd: RawFd) -> Option<u64> {
        let mut bytes: libc::c_int = 0;
        // SAFETY: the request writes one int.
        let status = unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &raw mut bytes) };
        (status == 0).then(|| u64::try_from(bytes).unwrap_or(0))
    }

    fn tcp_info(fd: RawFd) -> Option<Figures<192>> {
        Figures::get(fd, libc::IPPROTO_TCP, libc::TCP_INFO)
    }
}

#[cfg(target_vendor = "apple")]
mod system {
    use std::time::Duration;

    use super::*;

    /// `netinet/tcp.h`; libc lacks them.
    const TCP_CONNECTIONTIMEOUT: libc::c_int = 0x20;
    const PERSIST_TIMEOUT: libc::c_int = 0x40;
    const TCP_RXT_CONNDROPTIME: libc::c_int = 0x80;
    const TCP_NOTSENT_LOWAT: libc::c_int = 0x201;

    pub(super) fn tune(socket: &SockRef<'_>, low_latency: bool) {
        let fd = socket.as_raw_fd();
        note("TCP_CONNECTIONTIMEOUT", set(fd, TCP_CONNECTIONTIMEOUT, PATIENCE_SECONDS));
        note("TCP_RXT_CONNDROPTIME", set(fd, TCP_RXT_CONNDROPTIME, PATIENCE_SECONDS));
        note("PERSIST_TIMEOUT", set(fd, PERSIST_TIMEOUT, PATIENCE_SECONDS));
        if low_latency {
            note("TCP_NOTSENT_LOWAT", set(fd, TCP_NOTSENT_LOWAT, UNSENT_BYTES));
        }
    }

    pub(super) fn transport(fd: RawFd) -> Option<Transport> {
        let info = Figures::<128>::get(fd, libc::IPPROTO_TCP, libc::TCP_CONNECTION_INFO)?;
        let window = info.u32_at(24)?.min(info.u32_at(28)?); // tcpi_snd_cwnd, tcpi_snd_wnd, bytes
        // tcpi_snd_sbbytes: what is in flight, too. SO_NWRITE is the same figure by another name.
        let unacked = info.u32_at(32).or_else(|| unacked_bytes(fd))?;
        let rtt = info.u32_at(44)?; // tcpi_srtt, ms
        Some(Transport {
            unacked_bytes: unacked.into(),
            unsent_bytes: unacked.saturating_sub(window).into(),
            rtt: Duration::from_millis(rtt.into()),
        })
    }

    fn unacked_bytes(fd: RawFd) -> Option<u32> {
        Figures::<4>::get(fd, libc::SOL_SOCKET, libc::SO_NWRITE)?.u32_at(0)
    }

    fn set(fd: RawFd, option: libc::c_int, value: u32) -> io::Result<()> {
        let length = size_of::<u32>() as libc::socklen_t;
        // SAFETY: the options take an int, which the kernel copies.
        let status = unsafe {
            libc::setsockopt(fd, libc::IPPROTO_TCP, option, (&raw const value).cast(), length)
        };
        if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod system {
    use super::*;

    pub(super) fn tune(_: &SockRef<'_>, _: bool) {}

    pub(super) fn transport(_: RawFd) -> Option<Transport> {
        None
    }
}

/// A kernel's structure as bytes: older kernels fill less of it.
struct Figures<const SIZE: usize> {
    bytes: [u8; SIZE],
    filled: usize,
}

impl<const SIZE: usize> Figures<SIZE> {
    fn get(fd: RawFd, level: libc::c_int, option: libc::c_int) -> Option<Self> {
        let mut bytes = [0; SIZE];
        let mut filled = SIZE as libc::socklen_t;
        // SAFETY: the kernel writes at most `filled` bytes and says how many.
        let status = unsafe {
            libc::getsockopt(fd, level, option, bytes.as_mut_ptr().cast(), &raw mut filled)
        };
        let filled = usize::try_from(filled).ok().filter(|&filled| filled <= SIZE)?;
        (status == 0).then_some(Self { bytes, filled })
    }

    fn u32_at(&self, offset: usize) -> Option<u32> {
        let field = self.bytes[..self.filled].get(offset..)?.first_chunk::<4>()?;
        Some(u32::from_ne_bytes(*field))
    }
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
#[path = "sockopt_test.rs"]
mod tests;
