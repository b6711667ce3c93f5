//! The simple handshake, either side (RTMP 1.0 5.2). A peer's digest handshake is accepted: its
//! answer to a simple C1 is a simple S2.

use thiserror::Error;

/// Why the peer is not an RTMP peer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The first byte is not version 3. `looks_like` names what it is instead, when known
    /// ("HTTP", "TLS").
    #[error("handshake: the peer answered with version byte {byte:#04x}, not 3{}",
        .looks_like.map(|what| format!("; it looks like {what}")).unwrap_or_default())]
    Version {
        /// The byte.
        byte: u8,
        /// A guess at the protocol.
        looks_like: Option<&'static str>,
    },
}

/// The client's side. Sends C0 C1 at once, C2 when S1 is there, is done when S2 is there.
#[derive(Debug)]
pub struct Client {
    _todo: (),
}

/// The server's side: S0 S1 S2 after C1, done after C2.
#[derive(Debug)]
pub struct Server {
    _todo: (),
}

#[expect(clippy::unused_self, unused_variables, reason = "skeleton")]
impl Client {
    /// Starts; `seed` fills C1's random bytes. Appends C0 C1 to `out`.
    pub fn start(seed: u64, out: &mut Vec<u8>) -> Self {
        todo!("wire")
    }

    /// Takes received bytes; appends C2 to `out` once. Returns how many bytes it used and whether
    /// the handshake is done; the rest of `bytes` is chunk data.
    ///
    /// # Errors
    /// When S0 is not version 3. A wrong echo in S2 is tolerated (P13).
    pub fn handle(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(usize, bool), HandshakeError> {
        todo!("wire")
    }

    /// True once S1 was read and C2 was written: commands may follow without waiting for S2.
    pub fn may_send(&self) -> bool {
        todo!("wire")
    }
}

#[expect(clippy::unused_self, unused_variables, reason = "skeleton")]
impl Server {
    /// Starts; `seed` fills S1's random bytes.
    pub fn new(seed: u64) -> Self {
        todo!("wire")
    }

    /// As [`Client::handle`], for C0 C1 C2.
    ///
    /// # Errors
    /// When C0 is not version 3.
    pub fn handle(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(usize, bool), HandshakeError> {
        todo!("wire")
    }
}
