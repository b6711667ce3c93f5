//! The connection as the driver sees it: down, being made, or open; beside it the one that is to take
//! its place, and an old one that waits for its peer to close.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use onair_engine::publish::{Closed, ConnectError};
use onair_types::Now;

use super::lull::Lull;
use crate::transport::{Connecting, Transport};
use crate::{Connection, Connector, Target};

pub(super) struct Link {
    connector: Arc<dyn Connector>,
    now: Stage,
    /// What is to take its place.
    next: Stage,
    closing: Option<Closing>,
    buffer: Box<[u8]>,
    /// The open connection's news end a lull.
    is_watched: bool,
}

enum Stage {
    Down,
    Connecting(Connecting),
    Open(Box<dyn Connection>),
}

struct Closing {
    connection: Box<dyn Connection>,
    until: Now,
    said_goodbye: bool,
    /// How much of what the peer still says is read.
    left_bytes: usize,
}

/// What came from the network.
pub(super) enum Heard<'a> {
    Connected,
    ConnectFailed(ConnectError),
    Bytes(&'a [u8]),
    Closed(Closed),
}

const READ_BYTES: usize = 16 << 10;

impl Link {
    pub(super) fn new(connector: Arc<dyn Connector>) -> Self {
        let buffer = vec![0; READ_BYTES].into_boxed_slice();
        let (now, next) = (Stage::Down, Stage::Down);
        Self { connector, now, next, closing: None, buffer, is_watched: false }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.now, Stage::Open(_))
    }

    /// A second connection is open or being made.
    pub(super) fn has_next(&self) -> bool {
        !matches!(self.next, Stage::Down)
    }

    /// It is open, alone, and keeps no byte to itself.
    pub(super) fn is_calm(&self) -> bool {
        matches!(&self.now, Stage::Open(connection) if connection.keeps_nothing())
            && matches!(self.next, Stage::Down)
            && self.closing.is_none()
    }

    /// Whether the news of the open connection, which is calm, end `lull`.
    pub(super) fn is_watched(&mut self, lull: &Lull) -> bool {
        if !self.is_watched
            && let Stage::Open(connection) = &self.now
        {
            self.is_watched = lull.watch(&**connection);
        }
        self.is_watched
    }

    /// Nothing is open, being made or being closed.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.now, Stage::Down) && self.closing.is_none()
    }

    /// Begins to connect; what was open is dropped.
    pub(super) fn connect(&mut self, target: Target) {
        self.now = Stage::Connecting(self.connector.connect(target));
        self.is_watched = false;
    }

    /// Begins to make a second connection beside the open one.
    pub(super) fn connect_next(&mut self, target: Target) {
        self.next = Stage::Connecting(self.connector.connect(target));
    }

    /// Drops the second connection, or calls it off.
    pub(super) fn drop_next(&mut self) {
        self.next = Stage::Down;
    }

    /// The second connection takes the place of the first, which ends well until `until`.
    pub(super) fn switch(&mut self, until: Now) {
        self.close(until);
        self.now = std::mem::replace(&mut self.next, Stage::Down);
        self.is_watched = false;
    }

    /// The next thing from the network.
    pub(super) fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<Heard<'_>> {
        self.now.poll_heard(&mut self.buffer, cx)
    }

    /// The next thing from the second connection.
    pub(super) fn poll_next_heard(&mut self, cx: &mut Context<'_>) -> Poll<Heard<'_>> {
        self.next.poll_heard(&mut self.buffer, cx)
    }

    /// What the system knows of the open connection's sending side.
    pub(super) fn transport(&self) -> Option<Transport> {
        match &self.now {
            Stage::Open(connection) => connection.transport(),
            Stage::Down | Stage::Connecting(_) => None,
        }
    }

    /// Gives bytes to the socket. After an error the connection can still be read.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Closed>> {
        self.now.poll_write(cx, slices)
    }

    /// Gives bytes to the second connection's socket.
    pub(super) fn poll_next_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Closed>> {
        self.next.poll_write(cx, slices)
    }

    /// Lets the open connection end well, until `until`; one that is being made is dropped.
    pub(super) fn close(&mut self, until: Now) {
        if let Stage::Open(connection) = std::mem::replace(&mut self.now, Stage::Down) {
            let left_bytes = LAST_WORDS_BYTES;
            self.closing = Some(Closing { connection, until, said_goodbye: false, left_bytes });
        }
    }

    /// Drops what is open or being made.
    pub(super) fn drop_open(&mut self) {
        self.now = Stage::Down;
    }

    /// When the old connection is dropped even if its peer has not closed it.
    pub(super) fn closing_until(&self) -> Option<Now> {
        self.closing.as_ref().map(|closing| closing.until)
    }

    /// Carries the old connection to its end: half-close, then read until the peer closes. Bytes
    /// left unread would turn the close into a reset that destroys what is still under way.
    pub(super) fn poll_closing(&mut self, cx: &mut Context<'_>, now: Now) {
        let Some(closing) = &mut self.closing else { return };
        if closing.until <= now || closing.poll_end(cx, &mut self.buffer).is_ready() {
            self.closing = None;
        }
    }
}

impl Stage {
    fn poll_heard<'a>(&mut self, buffer: &'a mut [u8], cx: &mut Context<'_>) -> Poll<Heard<'a>> {
        let heard = match self {
            Self::Down => return Poll::Pending,
            Self::Connecting(connecting) => match ready!(connecting.as_mut().poll(cx)) {
                Ok(connection) => {
                    *self = Self::Open(connection);
                    return Poll::Ready(Heard::Connected);
                }
                Err(error) => Heard::ConnectFailed(error),
            },
            Self::Open(connection) => match ready!(connection.poll_read(cx, buffer)) {
                Ok(0) => Heard::Closed(Closed::ByPeer),
                Ok(bytes) => return Poll::Ready(Heard::Bytes(&buffer[..bytes])),
                Err(error) => Heard::Closed(closed(&error)),
            },
        };
        *self = Self::Down;
        Poll::Ready(heard)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Closed>> {
        let Self::Open(connection) = self else { return Poll::Pending };
        Poll::Ready(match ready!(connection.poll_write_vectored(cx, slices)) {
            Ok(0) => Err(Closed::ByPeer),
            Ok(bytes) => Ok(bytes),
            Err(error) => Err(closed(&error)),
        })
    }
}

impl Closing {
    fn poll_end(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<()>> {
        if !self.said_goodbye {
            ready!(self.connection.poll_shutdown(cx))?;
            self.said_goodbye = true;
        }
        loop {
            let bytes = ready!(self.connection.poll_read(cx, buffer))?;
            self.left_bytes = self.left_bytes.saturating_sub(bytes);
            if bytes == 0 || self.left_bytes == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// A peer that says more than this after the goodbye is not listened to any longer (P09).
const LAST_WORDS_BYTES: usize = 256 << 10;

fn closed(error: &io::Error) -> Closed {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Closed::Reset,
        _ => Closed::Io(error.to_string()),
    }
}
