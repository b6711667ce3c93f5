//! Accepts HTTP connections, a bounded number of them, and gives up those that get nowhere: a
//! reader that does not read, a request that never ends, a keep-alive that nobody uses.

use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

use crate::limit::{Connections, Slot};

const TICK: Duration = Duration::from_secs(10);
/// A connection that was sent nothing for so many ticks is closed: idle, or slow on purpose.
const IDLE_TICKS: u32 = 3;
/// One that takes nothing of what waits for it, earlier.
const STALL_TICKS: u32 = 2;

/// See the module's text.
pub(super) struct Limited {
    listener: TcpListener,
    connections: Connections,
}

impl Limited {
    pub(super) fn new(listener: TcpListener, connections: Connections) -> Self {
        Self { listener, connections }
    }
}

impl axum::serve::Listener for Limited {
    type Io = Watched;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Watched, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => match self.connections.enter() {
                    Some(slot) => {
                        if let Err(error) = stream.set_nodelay(true) {
                            log::debug!("set options of an HTTP connection: {error}");
                        }
                        return (Watched::new(stream, slot), peer);
                    }
                    None => {
                        let limit = &self.connections;
                        log::warn!("an HTTP connection was closed: there are {limit} already");
                    }
                },
                Err(error) => {
                    log::warn!("accept an HTTP connection: {error}");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A socket that fails when it gets nowhere.
pub(crate) struct Watched {
    stream: TcpStream,
    tick: Pin<Box<Sleep>>,
    ticks_since_write: u32,
    write_waits: bool,
    slot: Slot,
}

impl Watched {
    fn new(stream: TcpStream, slot: Slot) -> Self {
        let tick = Box::pin(sleep(TICK));
        Self { stream, tick, ticks_since_write: 0, write_waits: false, slot }
    }

    /// The socket itself and its place among the connections, for who watches it from now on.
    pub(crate) fn into_parts(self) -> (TcpStream, Slot) {
        (self.stream, self.slot)
    }

    /// Ready with an error when the connection is to be given up.
    fn poll_given_up(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            ready!(self.tick.as_mut().poll(context));
            self.tick.set(sleep(TICK));
            self.ticks_since_write += 1;
            let limit = if self.write_waits { STALL_TICKS } else { IDLE_TICKS };
            if self.ticks_since_write >= limit {
                return Poll::Ready(ErrorKind::TimedOut.into());
            }
        }
    }

    fn wrote(
        &mut self,
        result: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.write_waits = result.is_pending();
        match result {
            Poll::Pending => self.poll_given_up(context).map(Err),
            done => {
                self.ticks_since_write = 0;
                done
            }
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Pending => this.poll_given_up(context).map(Err),
            done => done,
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.wrote(result, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.wrote(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
