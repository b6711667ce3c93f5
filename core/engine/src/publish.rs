//! The publish state machine: one destination from connect to close, without I/O.
//!
//! One input, then drain: after each `handle_*` or command, call [`Publish::poll_output`] until it
//! returns [`Output::Wait`]; write what [`Publish::outgoing`] holds as the socket takes it.
//!
//! ```text
//!  Idle ─start→ Connecting → Handshaking → Negotiating → Live ─stop→ Closing → Stopped
//!                   ↑                                      │
//!                   └────────────── Backoff ←── lost ──────┘        budget spent → Failed
//! ```

use std::io::IoSlice;
use std::time::Duration;

use onair_types::{AccessUnit, MediaTime, Now};
use thiserror::Error;

use crate::flv::MetaData;
use crate::stats::Snapshot;
use crate::url::StreamUrl;

/// What the engine needs to know before it starts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where to.
    pub url: StreamUrl,
    /// What onMetaData says; also which tracks there are.
    pub metadata: MetaData,
    /// How the first frames are chosen.
    pub alignment: Alignment,
    /// What happens when the network is slower than the encoder.
    pub delivery: Delivery,
    /// How often and how long to try again.
    pub reconnect: crate::reconnect::Policy,
    /// The wire time of the first frame; zero but in tests and for resumed shows.
    pub first_timestamp: MediaTime,
    /// Chunk size we set before media, bytes.
    pub chunk_size_bytes: u32,
    /// Seed of handshake bytes and of back-off jitter.
    pub seed: u64,
}

/// How the first frames of a connection are chosen (statements 38–44).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alignment {
    /// Live capture: nothing until an audio frame and an IDR after it; that IDR is time zero.
    #[default]
    FirstKeyframe,
    /// An encoded file: every unit as it is, at its own time.
    AsIs,
}

/// What happens when the network is slower than the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Drop what is too old, video first, never a reference alone.
    #[default]
    Live,
    /// Drop nothing; [`Publish::wants_units`] tells the producer to wait.
    Complete,
}

/// Where the publish stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not started.
    Idle,
    /// The first connection is being made.
    Connecting,
    /// The server accepted the publish; media flows.
    Live,
    /// The connection was lost or an attempt failed; another follows.
    Reconnecting,
    /// `stop` was called; goodbyes are being written.
    Closing,
    /// Over, by `stop`.
    Stopped,
    /// Over: the error was fatal or the budget is spent.
    Failed,
}

/// What the session must do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Open a connection to this host and port and answer with `handle_connected` or
    /// `handle_connect_failed`.
    Connect {
        /// Host name or IP literal.
        host: String,
        /// Port.
        port: u16,
        /// With TLS.
        tls: bool,
    },
    /// Close the connection: `outgoing` first as far as it goes at once, then a half-close that
    /// waits for the peer up to `linger`.
    Close {
        /// How long the peer may take.
        linger: Duration,
    },
    /// Tell the encoders.
    Encoder(EncoderCommand),
    /// Tell the app.
    Event(Event),
    /// Nothing to do until the time (or for ever) unless something comes in.
    Wait(Option<Now>),
}

/// What the engine wants of the encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncoderCommand {
    /// Make the next picture an IDR.
    RequestIdr,
    /// Video target, bit/s.
    SetVideoBitrate(u32),
}

/// What the app may want to know.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The state changed.
    State(State),
    /// Why the connection failed or was lost; `retry_in` is `None` when this was the end.
    Lost {
        /// The cause.
        error: PublishError,
        /// The attempt that failed, from 1; 0 when the stream was live.
        attempt: u32,
        /// When the next attempt begins.
        retry_in: Option<Duration>,
    },
    /// Units were dropped since the last such event.
    Dropped {
        /// Pictures.
        video: u32,
        /// AAC frames.
        audio: u32,
    },
}

/// How a TCP or TLS connection could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The name has no address.
    #[error("resolve the host: {0}")]
    Resolve(String),
    /// Nobody listens there.
    #[error("connect: the server refused the connection; is it running, is the port right?")]
    Refused,
    /// No answer in time.
    #[error("connect: no answer within {0:?}")]
    Timeout(Duration),
    /// No way to the network.
    #[error("connect: the network is unreachable")]
    Unreachable,
    /// TLS is not available or failed.
    #[error("secure the connection: {0}")]
    Tls(String),
    /// Anything else the system says.
    #[error("connect: {0}")]
    Other(String),
}

/// Why an established connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Closed {
    /// The peer closed it.
    #[error("the server closed the connection")]
    ByPeer,
    /// The peer reset it.
    #[error("the server reset the connection")]
    Reset,
    /// Anything else the system says.
    #[error("{0}")]
    Io(String),
}

/// What ended an attempt or a live stream. Never holds a stream key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Not an RTMP server.
    #[error(transparent)]
    Handshake(#[from] crate::rtmp::handshake::HandshakeError),
    /// The server broke the protocol.
    #[error(transparent)]
    Protocol(#[from] crate::rtmp::ReadError),
    /// The server sent something that is not AMF0.
    #[error(transparent)]
    Amf0(#[from] crate::amf0::Amf0Error),
    /// A step took too long.
    #[error("{step}: no answer within {limit:?}")]
    Timeout {
        /// "handshake", "connect command", "publish command", "send".
        step: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// The server refused the app.
    #[error("connect to app: the server said {code}: {description}")]
    AppRejected {
        /// e.g. NetConnection.Connect.Rejected.
        code: String,
        /// The server's words, the key struck out.
        description: String,
    },
    /// Somebody publishes under this name already.
    #[error("publish: the name is in use ({code}); stop the other publisher or wait")]
    NameInUse {
        /// e.g. NetStream.Publish.BadName.
        code: String,
    },
    /// The server refused the publish.
    #[error("publish: the server said {code}: {description}")]
    PublishRejected {
        /// e.g. NetStream.Publish.Denied.
        code: String,
        /// The server's words, the key struck out.
        description: String,
    },
    /// The connection ended before the publish was accepted.
    #[error("{during}: {closed}; the app or the key may be wrong")]
    ClosedEarly {
        /// The step.
        during: &'static str,
        /// How.
        closed: Closed,
    },
    /// The connection ended while live.
    #[error("{0}")]
    ClosedLive(Closed),
}

/// One destination. See the module's text for the cycle.
#[derive(Debug)]
pub struct Publish {
    _todo: (),
}

#[expect(clippy::unused_self, unused_variables, reason = "skeleton")]
impl Publish {
    /// Not connected yet.
    pub fn new(config: Config) -> Self {
        todo!("engine")
    }

    // --- commands ---

    /// Begins to connect.
    pub fn start(&mut self, now: Now) {
        todo!("engine")
    }

    /// Says goodbye and closes: what waits is still written for up to `drain`, then FCUnpublish,
    /// deleteStream and the close follow. Any state; a second call changes nothing.
    pub fn stop(&mut self, drain: Duration, now: Now) {
        todo!("engine")
    }

    // --- input ---

    /// The connection asked for stands.
    pub fn handle_connected(&mut self, now: Now) {
        todo!("engine")
    }

    /// The connection asked for could not be made.
    pub fn handle_connect_failed(&mut self, error: ConnectError, now: Now) {
        todo!("engine")
    }

    /// Bytes from the server.
    pub fn handle_received(&mut self, bytes: &[u8], now: Now) {
        todo!("engine")
    }

    /// The connection ended.
    pub fn handle_closed(&mut self, closed: Closed, now: Now) {
        todo!("engine")
    }

    /// The socket took `bytes` of [`Publish::outgoing`].
    pub fn handle_written(&mut self, bytes: usize, now: Now) {
        todo!("engine")
    }

    /// An access unit from an encoder or a file.
    pub fn handle_unit(&mut self, unit: AccessUnit, now: Now) {
        todo!("engine")
    }

    /// The time asked for by [`Output::Wait`] has come.
    pub fn handle_timeout(&mut self, now: Now) {
        todo!("engine")
    }

    // --- output ---

    /// What to do next.
    pub fn poll_output(&mut self, now: Now) -> Output {
        todo!("engine")
    }

    /// Fills `slices` with the bytes to write next; returns how many slices it filled.
    pub fn outgoing<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        todo!("engine")
    }

    /// Whether a producer that can wait (a file) should go on; always true for live delivery.
    pub fn wants_units(&self) -> bool {
        todo!("engine")
    }

    // --- reading ---

    /// Where it stands.
    pub fn state(&self) -> State {
        todo!("engine")
    }

    /// What it counted.
    pub fn snapshot(&self, now: Now) -> Snapshot {
        todo!("engine")
    }
}
