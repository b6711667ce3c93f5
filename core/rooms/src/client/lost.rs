//! Why there is no connection. A WebSocket's close says next to nothing, so the reason comes from what
//! this side knows.

use thiserror::Error;

use crate::engine_io::Malformed;

/// See [`crate::Event::Lost`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Lost {
    /// The locator named none, and none was known.
    #[error("no server could be found; is the locator's address right?")]
    NoServer,
    /// Name, TCP, or the upgrade to a WebSocket, in the words of who failed.
    #[error("the server could not be reached: {0}")]
    Unreachable(String),
    /// TLS does not vouch for the server. Not tried again.
    #[error("the server's identity could not be verified: {0}")]
    Insecure(String),
    /// From the first byte to the server's word it took too long.
    #[error("the server did not let the client in within 5 s")]
    ConnectTimeout,
    /// The server's own heartbeat stopped.
    #[error("the server stopped pinging")]
    PingTimeout,
    /// Ours was not answered.
    #[error("the server stopped answering")]
    PongTimeout,
    /// A comment was not answered.
    #[error("the server did not answer a message")]
    AckTimeout,
    /// The socket takes nothing.
    #[error("the network took nothing for 5 s")]
    WriteStall,
    /// The other side closed.
    #[error("the server closed the connection")]
    Closed,
    /// The system's words.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// What the server says is no room's language.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The server does not let this client in. Not tried again.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The server put the client out. Not tried again.
    #[error("the server put the client out")]
    Kicked,
}

impl Lost {
    /// Whether trying again is pointless.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Insecure(_) | Self::Refused(_) | Self::Kicked)
    }
}
