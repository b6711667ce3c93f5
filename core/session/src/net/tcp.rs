//! Plain TCP, connected by [`super::connect`].
//!
//! TLS is made above this, in `tls`; a target that wants it from here is refused.

use std::io::{self, IoSlice};
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use onair_engine::publish::{ConnectError, TlsError};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::connect::{Dialing, connect};
use super::resolve::{Resolver, System};
use super::sockopt;
use crate::transport::{Connecting, Transport};
use crate::{Connection, Connector, Target};

/// The system's TCP.
#[derive(Clone)]
pub(crate) struct TcpConnector {
    pub(crate) resolver: Arc<dyn Resolver>,
}

impl Default for TcpConnector {
    fn default() -> Self {
        Self { resolver: Arc::new(System::default()) }
    }
}

impl Connector for TcpConnector {
    fn connect(&self, target: Target) -> Connecting {
        let connector = self.clone();
        Box::pin(async move {
            let stream = connector.open(&target).await?;
            Ok(Box::new(Tcp(stream)) as Box<dyn Connection>)
        })
    }
}

impl TcpConnector {
    async fn open(self, target: &Target) -> Result<TcpStream, ConnectError> {
        if target.tls {
            return Err(TlsError::NotBuilt.into());
        }
        let dial = |address| -> Dialing<TcpStream> { Box::pin(TcpStream::connect(address)) };
        let stream = connect(&*self.resolver, &target.host, target.port, dial).await?;
        sockopt::tune(&stream, target.low_latency);
        Ok(stream)
    }
}

struct Tcp(TcpStream);

impl Connection for Tcp {
    fn keeps_nothing(&self) -> bool {
        true
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            // Not writev: that raises SIGPIPE, which ends an app that did not switch it off.
            let written = self.0.try_io(Interest::WRITABLE, || {
                SockRef::from(&self.0).send_vectored_with_flags(slices, NO_SIGNAL)
            });
            match written {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }

    fn transport(&self) -> Option<Transport> {
        sockopt::transport(&self.0)
    }
}

/// Apple's sockets carry the switch themselves (`SO_NOSIGPIPE`, set by the standard library).
#[cfg(any(target_os = "linux", target_os = "android"))]
const NO_SIGNAL: i32 = libc::MSG_NOSIGNAL;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const NO_SIGNAL: i32 = 0;

#[cfg(test)]
#[path = "tcp_test.rs"]
mod tests;
