//! What can end a connection or an attempt. No text in here ever holds a stream key.

use std::time::Duration;

use thiserror::Error;

use super::{AuthError, TlsError};
use crate::amf0::Amf0Error;
use crate::rtmp::ReadError;
use crate::rtmp::handshake::HandshakeError;

/// How a TCP or TLS connection could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// There is no such name, or it has no address.
    #[error("resolve the host: no such name; is it spelled right?")]
    UnknownHost,
    /// The name could not be looked up now.
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
    Tls(#[from] TlsError),
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
    /// The peer said that the stream is over.
    #[error("the server ended the stream ({code}): {description}")]
    Told {
        /// e.g. NetConnection.Connect.Closed.
        code: String,
        /// The server's words, the key struck out.
        description: String,
    },
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
    Handshake(#[from] HandshakeError),
    /// The server broke the protocol.
    #[error(transparent)]
    Protocol(#[from] ReadError),
    /// The server sent something that is not AMF0.
    #[error(transparent)]
    Amf0(#[from] Amf0Error),
    /// The server says more than a publisher can have any use for.
    #[error("receive: the server sends more than {} KiB a minute", .limit_bytes >> 10)]
    Flood {
        /// What it may send in a minute.
        limit_bytes: u64,
    },
    /// A step took too long.
    #[error("{step}: no answer within {limit:?}")]
    Timeout {
        /// "handshake", "connect command", "createStream command", "publish command", "send".
        step: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// The device slept, too long for any server.
    #[error("stream: the device slept for {} s and the server heard nothing", .0.as_secs())]
    Slept(Duration),
    /// The server refused the app.
    #[error("connect to app: the server said {code}: {description}")]
    AppRejected {
        /// e.g. NetConnection.Connect.Rejected.
        code: String,
        /// The server's words, the key struck out.
        description: String,
    },
    /// The server does not take a codec of this stream, or cannot say that it does.
    #[error(
        "connect to app: {server} does not take {codec}; send H.264 and AAC, or use a server \
             with Enhanced RTMP"
    )]
    CodecNotTaken {
        /// Its name.
        codec: &'static str,
        /// The host's name.
        server: String,
    },
    /// The server wants to know who publishes, and was not satisfied.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The server does not take more than one track of a kind.
    #[error(
        "connect to app: {server} does not take further tracks; send one of each kind, or use \
             a server with Enhanced RTMP v2"
    )]
    TracksNotTaken {
        /// The host's name.
        server: String,
    },
    /// Somebody publishes under this name already.
    #[error(
        "publish: the name is in use (the server said {code}: {description}); stop the other \
         publisher or wait"
    )]
    NameInUse {
        /// e.g. NetStream.Publish.BadName.
        code: String,
        /// The server's words, the key struck out.
        description: String,
    },
    /// The server refused the publish.
    #[error("publish: the server said {code}: {description}")]
    PublishRejected {
        /// e.g. NetStream.Publish.Denied.
        code: String,
        /// The server's words, the key struck out.
        description: String,
    },
    /// The connection ended before the publish was accepted, or within a second after that with
    /// nothing acknowledged: nginx-rtmp says Publish.Start before it denies.
    #[error("{during}: {closed}; the app or the key may be wrong")]
    ClosedEarly {
        /// The step: as for `Timeout`, or "publish" after it was accepted.
        during: &'static str,
        /// How.
        closed: Closed,
    },
    /// The connection ended while live.
    #[error("{0}")]
    ClosedLive(Closed),
}
