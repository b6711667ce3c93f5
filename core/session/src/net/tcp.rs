//! Plain TCP. All addresses of the host are tried, one after the other.
//!
//! Happy Eyeballs and TLS are not here yet: a `tls` target is refused.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use onair_engine::publish::{ConnectError, TlsError};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::sockopt;
use crate::transport::{Connecting, Transport};
use crate::{Connection, Connector, Target};

/// Resolves a host name; may block.
pub(crate) type Resolve = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// The system's TCP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TcpConnector {
    pub(crate) resolve: Resolve,
    pub(crate) dns_limit: Duration,
}

/// For all addresses together.
const TCP_LIMIT: Duration = Duration::from_secs(5);

impl Default for TcpConnector {
    fn default() -> Self {
        Self {
            resolve: |host, port| Ok((host, port).to_socket_addrs()?.collect()),
            dns_limit: Duration::from_secs(3),
        }
    }
}

impl Connector for TcpConnector {
    fn connect(&self, target: Target) -> Connecting {
        let connector = *self;
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
        let addresses = self.addresses(target).await?;
        let share = TCP_LIMIT / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut last = ConnectError::Resolve("the name has no address".to_owned());
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    sockopt::tune(&stream, target.low_latency);
                    return Ok(stream);
                }
                Ok(Err(error)) => last = refusal(&error),
                Err(_) => last = ConnectError::Timeout(share),
            }
        }
        Err(last)
    }

    async fn addresses(self, target: &Target) -> Result<Vec<SocketAddr>, ConnectError> {
        let Target { host, port, .. } = target.clone();
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let (resolve, limit) = (self.resolve, self.dns_limit);
        // The lookup cannot be cancelled; when the time is over its thread is left to itself.
        match timeout(limit, spawn_blocking(move || resolve(&host, port))).await {
            Ok(Ok(Ok(addresses))) => Ok(addresses),
            Ok(Ok(Err(error))) => Err(ConnectError::Resolve(error.to_string())),
            Ok(Err(_)) => Err(ConnectError::Resolve("the lookup was abandoned".to_owned())),
            Err(_) => Err(ConnectError::Resolve(format!("no answer within {limit:?}"))),
        }
    }
}

fn refusal(error: &io::Error) -> ConnectError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectError::Refused,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            ConnectError::Unreachable
        }
        io::ErrorKind::TimedOut => ConnectError::Timeout(TCP_LIMIT),
        _ => ConnectError::Other(error.to_string()),
    }
}

struct Tcp(TcpStream);

impl Connection for Tcp {
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
