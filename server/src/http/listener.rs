//! Accepts HTTP connections, a bounded number of them, and gives up those that get nowhere: a
//! reader that does not read, a request that never ends, a keep-alive that nobody uses.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

use super::wire::Wire;
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
    wire: Arc<Wire>,
    tick: Pin<Box<Sleep>>,
    ticks_since_write: u32,
    write_waits: bool,
    slot: Slot,
}

impl Watched {
    fn new(stream: TcpStream, slot: Slot) -> Self {
        let tick = Box::pin(sleep(TICK));
        Self { wire: Wire::new(stream), tick, ticks_since_write: 0, write_waits: false, slot }
    }

    /// The socket itself and its place among the connections, for who watches it from now on.
    pub(crate) fn into_parts(self) -> Option<(TcpStream, Slot)> {
        Some((self.wire.into_stream()?, self.slot))
    }

    /// Ready with an error when the connection is to be given up.
    fn poll_given_up(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            ready!(self.tick.as_mut().poll(context));
            self.tick.set(sleep(TICK));
            if self.wire.take_has_written() {
                self.ticks_since_write = 0;
            }
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
        loop {
            match this.wire.stream().poll_read_ready(context)? {
                Poll::Ready(()) => {}
                Poll::Pending => return this.poll_given_up(context).map(Err),
            }
            match this.wire.stream().try_read_buf(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result.map(drop)),
            }
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = match this.wire.poll_rest(context)? {
            Poll::Ready(()) => this.wire.poll_write(context, slices),
            Poll::Pending => Poll::Pending,
        };
        this.wrote(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Asked for once nothing waits above.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.wire.poll_rest(context)? {
            Poll::Ready(()) => {
                this.write_waits = false;
                this.wire.set_flushed();
                Poll::Ready(Ok(()))
            }
            Poll::Pending => this.wrote(Poll::Pending, context).map(|result| result.map(drop)),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.wire.poll_rest(context))?;
        Poll::Ready(SockRef::from(this.wire.stream()).shutdown(Shutdown::Write))
    }
}

/// What a request knows of its connection.
#[derive(Clone)]
pub(super) struct Line(Weak<Wire>);

impl Line {
    /// Nothing once the connection is another's.
    pub(super) fn wire(&self) -> Option<Arc<Wire>> {
        self.0.upgrade()
    }
}

impl Connected<IncomingStream<'_, Limited>> for Line {
    fn connect_info(stream: IncomingStream<'_, Limited>) -> Self {
        Self(Arc::downgrade(&stream.io().wire))
    }
}
