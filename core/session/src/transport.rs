//! How bytes get to a server: what `onair-net` asks of the world. TCP is in `net::tcp`; tests
//! bring their own.

use std::future::Future;
use std::io::{self, IoSlice};
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use onair_engine::publish::ConnectError;
pub use onair_engine::rate::Transport;

/// Where to connect, and how the connection will be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// Host name or IP literal, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// With TLS.
    pub tls: bool,
    /// Whether little may wait inside the system, because what waits outside can still be dropped;
    /// otherwise throughput counts.
    pub low_latency: bool,
}

/// A connection being made. Dropping it abandons the attempt.
pub type Connecting =
    Pin<Box<dyn Future<Output = Result<Box<dyn Connection>, ConnectError>> + Send>>;

/// Opens connections; its futures run on `onair-net`, inside its runtime.
pub trait Connector: Send + Sync {
    /// Begins to connect. The future ends within about ten seconds.
    fn connect(&self, target: Target) -> Connecting;
}

/// One connection. Dropping it closes it.
pub trait Connection: Send {
    /// Reads into `buffer`; 0 bytes mean that the peer will send no more.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from `slices` as much as fits; one system call.
    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;

    /// Says that no more will be written (a half-close).
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Whether a byte that was written is with the system already, and one that came shows up as
    /// readable: nothing is kept here that another look would move. Without that the network thread
    /// looks twice.
    fn keeps_nothing(&self) -> bool {
        false
    }

    /// Its socket, if it is one of the system's: the network thread may then sleep beside its runtime, and
    /// wakes when the socket has news. Asked only of one that [keeps nothing](Connection::keeps_nothing).
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// What is written and the peer does not have, as the system knows it: the best signal there
    /// is of a network that becomes slow. `None` where nobody can tell, or not any more; the
    /// server's RTMP acknowledgements must do then. Asked at each wake-up.
    fn transport(&self) -> Option<Transport> {
        None
    }
}
