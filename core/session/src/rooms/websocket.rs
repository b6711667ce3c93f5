//! One WebSocket on a connection of the session's: the only file that knows tokio-tungstenite.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{Sink, Stream};
use onair_engine::publish::ConnectError;
use onair_rooms::engine_io::Malformed;
use onair_rooms::{Lost, ServerAddress, limits};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::{Connection, Connector, Target};

/// Frames that wait for the socket, at most.
const WAITING: usize = 1_024;

pub(super) struct WebSocket {
    stream: WebSocketStream<Bytestream>,
    to_send: VecDeque<Message>,
    /// Something was given to the socket that it has not taken.
    is_flushing: bool,
}

/// What came.
pub(super) enum Heard {
    Text(String),
    Binary,
    Pong,
    /// Something went out, or is to: look again.
    Lost(Lost),
}

/// Connects, and asks for a WebSocket at `path`.
///
/// # Errors
/// [`Lost`] says how far it came.
pub(super) async fn open(
    connector: &dyn Connector,
    server: ServerAddress,
    path: String,
) -> Result<WebSocket, Lost> {
    let connection = connector.connect(target(&server)).await.map_err(|error| lost(&error))?;
    let scheme = if server.is_tls() { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{path}", server.authority());
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits::FRAME_BYTES))
        .max_frame_size(Some(limits::FRAME_BYTES))
        .write_buffer_size(0)
        .max_write_buffer_size(1 << 20);
    let upgraded = client_async_with_config(url, Bytestream(connection), Some(config)).await;
    match upgraded {
        Ok((stream, _)) => Ok(WebSocket { stream, to_send: VecDeque::new(), is_flushing: false }),
        Err(Error::Http(answer)) => {
            let said = format!("it answers HTTP {} instead of a WebSocket", answer.status());
            Err(Lost::Unreachable(said))
        }
        Err(error) => Err(Lost::Unreachable(error.to_string())),
    }
}

/// Where an address leads.
pub(super) fn target(server: &ServerAddress) -> Target {
    Target {
        host: server.host().to_owned(),
        port: server.port(),
        tls: server.is_tls(),
        low_latency: true,
    }
}

/// What an attempt's failure means to a room.
pub(super) fn lost(error: &ConnectError) -> Lost {
    match error {
        ConnectError::Tls(tls) if !tls.may_pass() => Lost::Insecure(tls.to_string()),
        other => Lost::Unreachable(other.to_string()),
    }
}

impl WebSocket {
    /// Queues a text frame; false when too many wait.
    pub(super) fn send(&mut self, text: String) -> bool {
        self.to_send.push_back(Message::Text(text.into()));
        self.to_send.len() <= WAITING
    }

    pub(super) fn ping(&mut self) {
        self.to_send.push_back(Message::Ping(Bytes::new()));
    }

    /// Whether something waits for the socket.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_flushing || !self.to_send.is_empty()
    }

    /// Sends what waits and gives what came.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            return Poll::Ready(Heard::Lost(broken(error)));
        }
        loop {
            let message = match ready!(Pin::new(&mut self.stream).poll_next(cx)) {
                None => return Poll::Ready(Heard::Lost(Lost::Closed)),
                Some(Err(error)) => return Poll::Ready(Heard::Lost(broken(error))),
                Some(Ok(message)) => message,
            };
            return Poll::Ready(match message {
                Message::Text(text) => Heard::Text(text.as_str().to_owned()),
                Message::Binary(_) => Heard::Binary,
                Message::Pong(_) => Heard::Pong,
                Message::Close(_) => Heard::Lost(Lost::Closed),
                // Answered by the WebSocket itself.
                Message::Ping(_) | Message::Frame(_) => continue,
            });
        }
    }

    /// Sends what waits and says goodbye; ready when that is done or impossible.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Poll::Ready(Ok(())) = self.poll_send(cx) {
            return Pin::new(&mut self.stream).poll_close(cx).map(|_| ());
        }
        Poll::Pending
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.to_send.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_ready(cx))?;
            if let Some(message) = self.to_send.pop_front() {
                Pin::new(&mut self.stream).start_send(message)?;
                self.is_flushing = true;
            }
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.is_flushing = false;
        Poll::Ready(Ok(()))
    }
}

fn broken(error: Error) -> Lost {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Lost::Closed,
        Error::Capacity(_) => Lost::Malformed(Malformed::TooLong),
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Lost::Closed,
        other => Lost::Broken(other.to_string()),
    }
}

/// A connection as tokio-tungstenite wants it.
struct Bytestream(Box<dyn Connection>);

impl AsyncRead for Bytestream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let count = ready!(this.0.poll_read(cx, buffer.initialize_unfilled()))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bytestream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().0.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().0.poll_shutdown(cx)
    }
}
