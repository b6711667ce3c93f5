//! The simple handshake, either side (RTMP 1.0 5.2). A peer's digest handshake is accepted: its
//! answer to a simple C1 is a simple S2, and it takes its own C1 back as S2.
//!
//! ```text
//!  client  C0 C1 ─────────→        C2 = S1 ─────→
//!  server         ←── S0 S1 S2 = C1               done
//! ```

use thiserror::Error;

/// Bytes of C1, C2, S1 and S2.
const BLOCK_BYTES: usize = 1_536;
/// Where a block's random bytes begin, behind its time and four zero bytes.
const RANDOM_AT: usize = 8;
const VERSION: u8 = 3;

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
    inbound: Inbound,
    c1: Vec<u8>,
    echo_mismatch: bool,
}

/// The server's side: S0 S1 S2 after C1, done after C2.
#[derive(Debug)]
pub struct Server {
    inbound: Inbound,
    seed: u64,
}

impl Client {
    /// Starts; `seed` fills C1's random bytes. Appends C0 C1 to `out`.
    pub fn start(seed: u64, out: &mut Vec<u8>) -> Self {
        let c1 = block(seed);
        out.push(VERSION);
        out.extend_from_slice(&c1);
        Self { inbound: Inbound::default(), c1, echo_mismatch: false }
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
        let mut used = 0;
        while let Some(step) = self.inbound.take(&bytes[used..], &mut used)? {
            match step {
                // The echo is exact: servers that check it compare all of it.
                Step::First(s1) => out.extend_from_slice(s1),
                Step::Second(s2) => {
                    self.echo_mismatch = s2[RANDOM_AT..] != self.c1[RANDOM_AT..];
                }
            }
        }
        Ok((used, self.inbound.stage == Stage::Done))
    }

    /// True once S1 was read and C2 was written: commands may follow without waiting for S2.
    pub fn may_send(&self) -> bool {
        matches!(self.inbound.stage, Stage::Second | Stage::Done)
    }

    /// Whether S2 was not the echo of C1: harmless, but a sign of a peer that plays by other rules.
    pub fn echo_mismatch(&self) -> bool {
        self.echo_mismatch
    }
}

impl Server {
    /// Starts; `seed` fills S1's random bytes.
    pub fn new(seed: u64) -> Self {
        Self { inbound: Inbound::default(), seed }
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
        let mut used = 0;
        while let Some(step) = self.inbound.take(&bytes[used..], &mut used)? {
            if let Step::First(c1) = step {
                out.push(VERSION);
                out.extend_from_slice(&block(self.seed));
                out.extend_from_slice(c1);
            }
        }
        Ok((used, self.inbound.stage == Stage::Done))
    }
}

/// The peer's version byte and two blocks, in whatever pieces they come.
#[derive(Debug, Default)]
struct Inbound {
    stage: Stage,
    block: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Version,
    First,
    Second,
    Done,
}

enum Step<'a> {
    First(&'a [u8]),
    Second(&'a [u8]),
}

impl Inbound {
    /// Takes what the present stage needs of `bytes`, adds that to `used`, and hands out the
    /// block that became whole.
    fn take(&mut self, bytes: &[u8], used: &mut usize) -> Result<Option<Step<'_>>, HandshakeError> {
        let mut bytes = bytes;
        if self.stage == Stage::Version {
            let Some((&version, rest)) = bytes.split_first() else { return Ok(None) };
            if version != VERSION {
                let looks_like = looks_like(version);
                return Err(HandshakeError::Version { byte: version, looks_like });
            }
            *used += 1;
            bytes = rest;
            self.stage = Stage::First;
        }
        if self.stage == Stage::Done {
            return Ok(None);
        }
        if self.block.len() == BLOCK_BYTES {
            self.block.clear();
        }
        let count = bytes.len().min(BLOCK_BYTES - self.block.len());
        self.block.extend_from_slice(&bytes[..count]);
        *used += count;
        if self.block.len() < BLOCK_BYTES {
            return Ok(None);
        }
        if self.stage == Stage::First {
            self.stage = Stage::Second;
            Ok(Some(Step::First(&self.block)))
        } else {
            self.stage = Stage::Done;
            Ok(Some(Step::Second(&self.block)))
        }
    }
}

fn looks_like(first_byte: u8) -> Option<&'static str> {
    match first_byte {
        b'H' => Some("HTTP"),
        0x15 | 0x16 => Some("TLS"), // content types alert and handshake
        b'S' => Some("SSH"),
        6 | 8 => Some("RTMPE"),
        _ => None,
    }
}

/// A block of time 0, version 0 (no digest) and random bytes.
fn block(seed: u64) -> Vec<u8> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut state = seed;
    for word in block[RANDOM_AT..].chunks_exact_mut(8) {
        word.copy_from_slice(&split_mix(&mut state).to_le_bytes());
    }
    block
}

/// SplitMix64 (Steele, Lea, Flood 2014): random enough for bytes that only must differ.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs both sides against each other in pieces of `size` bytes.
    fn shake(size: usize) -> (Client, Server) {
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        let mut client = Client::start(1, &mut to_server);
        let mut server = Server::new(2);
        let (mut client_done, mut server_done) = (false, false);
        while !(client_done && server_done) {
            for piece in std::mem::take(&mut to_server).chunks(size) {
                let (used, done) = server.handle(piece, &mut to_client).unwrap();
                assert_eq!(used, piece.len());
                server_done = done;
            }
            for piece in std::mem::take(&mut to_client).chunks(size) {
                let (used, done) = client.handle(piece, &mut to_server).unwrap();
                assert_eq!(used, piece.len());
                client_done = done;
            }
        }
        (client, server)
    }

    #[test]
    fn both_sides_finish_whatever_the_pieces() {
        for size in [1, 2, 7, 1_535, 1_536, 1_537, 1_538, 5_000] {
            let (client, _) = shake(size);
            assert!(client.may_send());
            assert!(!client.echo_mismatch());
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_simple_handshake() {
        let (mut c0c1, mut answer, mut c2) = (Vec::new(), Vec::new(), Vec::new());
        let mut client = Client::start(7, &mut c0c1);
        assert_eq!(c0c1.len(), 1_537);
        assert_eq!(c0c1[..9], [3, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(!client.may_send());
        Server::new(8).handle(&c0c1, &mut answer).unwrap();
        assert_eq!(answer.len(), 1 + 2 * 1_536);
        assert_eq!(answer[1_537..], c0c1[1..], "S2 echoes C1");
        assert_ne!(answer[9..1_537], c0c1[9..], "S1 is the server's own");
        assert_eq!(client.handle(&answer[..1_537], &mut c2).unwrap(), (1_537, false));
        assert_eq!(c2, answer[1..1_537], "C2 echoes S1");
        assert!(client.may_send());
    }

    #[test]
    fn bytes_after_the_handshake_are_left_alone() {
        let (mut c0c1, mut answer, mut c2) = (Vec::new(), Vec::new(), Vec::new());
        let mut client = Client::start(1, &mut c0c1);
        let mut server = Server::new(2);
        server.handle(&c0c1, &mut answer).unwrap();
        answer.extend_from_slice(b"chunks");
        assert_eq!(client.handle(&answer, &mut c2).unwrap(), (3_073, true));
        assert_eq!(client.handle(b"more", &mut c2).unwrap(), (0, true));
        c2.extend_from_slice(b"chunks");
        assert_eq!(server.handle(&c2, &mut answer).unwrap(), (1_536, true));
    }

    #[test]
    fn p13_a_wrong_version_is_named_and_a_wrong_echo_is_flagged() {
        let cases =
            [(b'H', Some("HTTP")), (0x15, Some("TLS")), (0x16, Some("TLS")), (6, Some("RTMPE"))];
        for (byte, looks_like) in cases {
            let mut client = Client::start(1, &mut Vec::new());
            let error = client.handle(&[byte], &mut Vec::new()).unwrap_err();
            assert_eq!(error, HandshakeError::Version { byte, looks_like });
            assert!(error.to_string().contains(looks_like.unwrap()));
        }
        let error = Server::new(1).handle(&[0xFF], &mut Vec::new()).unwrap_err();
        assert_eq!(error, HandshakeError::Version { byte: 0xFF, looks_like: None });

        let mut client = Client::start(1, &mut Vec::new());
        let mut wrong_echo = vec![3; 1];
        wrong_echo.extend_from_slice(&[0xAB; 2 * BLOCK_BYTES]); // S1's "version" is not zero either
        let (used, done) = client.handle(&wrong_echo, &mut Vec::new()).unwrap();
        assert_eq!((used, done), (3_073, true));
        assert!(client.echo_mismatch());
    }

    #[test]
    fn another_seed_makes_other_bytes_and_the_same_seed_the_same() {
        assert_eq!(block(5), block(5));
        assert_ne!(block(5), block(6));
    }
}
