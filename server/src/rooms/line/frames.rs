//! WebSocket frames of a server (RFC 6455 5), as far as rooms and players need them: texts in, texts and
//! heads of binary frames out, and the frames that keep or end a connection. No extensions. Pure.

use bytes::{BufMut, Bytes, BytesMut};
use thiserror::Error;

/// Longest message from a client, in bytes: what it says in a comment, and all that belongs to it.
pub(crate) const MESSAGE_BYTES: usize = 16 << 10;
/// Most frames of one message.
const FRAGMENTS: usize = 64;
/// Of a frame that is no message (RFC 6455 5.5).
const CONTROL_BYTES: usize = 125;
/// Longest head of a frame to a client.
const HEAD_BYTES: usize = 10;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A whole message.
    Text(String),
    /// To be answered with the same bytes.
    Ping(Bytes),
    /// An answer.
    Pong,
    /// The client is about to close.
    Close,
}

/// Why a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Broken {
    #[error("a frame that no WebSocket client sends")]
    Frame,
    #[error("a message of more than {MESSAGE_BYTES} bytes")]
    TooLong,
    #[error("a message in more than {FRAGMENTS} pieces")]
    Pieces,
    #[error("binary data, which rooms do not use")]
    Binary,
    #[error("a text that is not UTF-8")]
    Text,
}

/// Reads a client's frames. It keeps one message and one frame at most.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    bytes: BytesMut,
    message: Vec<u8>,
    /// Frames of the message so far.
    pieces: usize,
}

struct Head {
    is_last: bool,
    kind: u8,
    mask: [u8; 4],
    head: usize,
    payload: usize,
}

impl Reader {
    /// Takes what came.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next thing that came as a whole.
    ///
    /// # Errors
    /// [`Broken`]: nothing after it can be read.
    pub(crate) fn next(&mut self) -> Result<Option<Incoming>, Broken> {
        loop {
            let Some(head) = self.head()? else { return Ok(None) };
            if self.bytes.len() < head.head + head.payload {
                return Ok(None);
            }
            let mut frame = self.bytes.split_to(head.head + head.payload);
            let mut payload = frame.split_off(head.head);
            for (byte, mask) in payload.iter_mut().zip(head.mask.iter().cycle()) {
                *byte ^= mask;
            }
            match head.kind {
                PING => return Ok(Some(Incoming::Ping(payload.freeze()))),
                PONG => return Ok(Some(Incoming::Pong)),
                CLOSE => return Ok(Some(Incoming::Close)),
                _ => {}
            }
            self.pieces += 1;
            self.message.extend_from_slice(&payload);
            if head.is_last {
                self.pieces = 0;
                let message = std::mem::take(&mut self.message);
                return String::from_utf8(message)
                    .map(|text| Some(Incoming::Text(text)))
                    .map_err(|_| Broken::Text);
            }
            if self.pieces >= FRAGMENTS {
                return Err(Broken::Pieces);
            }
        }
    }

    /// The head of the next frame, once it is there. What it promises is checked before it comes.
    fn head(&self) -> Result<Option<Head>, Broken> {
        let &[first, second, ref rest @ ..] = &self.bytes[..] else { return Ok(None) };
        let (is_last, kind) = (first & 0x80 != 0, first & 0x0F);
        let is_masked = second & 0x80 != 0;
        // No extension was agreed on that would use the other bits.
        if first & 0x70 != 0 || !is_masked {
            return Err(Broken::Frame);
        }
        let (extended, payload) = match second & 0x7F {
            126 => match rest.first_chunk() {
                Some(&length) => (2, u64::from(u16::from_be_bytes(length))),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(&length) => (8, u64::from_be_bytes(length)),
                None => return Ok(None),
            },
            short => (0, u64::from(short)),
        };
        let payload = usize::try_from(payload).map_err(|_| Broken::TooLong)?;
        match kind {
            CONTINUATION if self.pieces == 0 => return Err(Broken::Frame),
            TEXT if self.pieces > 0 => return Err(Broken::Frame),
            CONTINUATION | TEXT if payload > MESSAGE_BYTES - self.message.len() => {
                return Err(Broken::TooLong);
            }
            CONTINUATION | TEXT => {}
            BINARY => return Err(Broken::Binary),
            CLOSE | PING | PONG if is_last && payload <= CONTROL_BYTES => {}
            _ => return Err(Broken::Frame),
        }
        let Some(&mask) = rest.get(extended..).and_then(|rest| rest.first_chunk()) else {
            return Ok(None);
        };
        Ok(Some(Head { is_last, kind, mask, head: 2 + extended + 4, payload }))
    }
}

/// A text as one frame, to be shared by all who are sent it.
pub(crate) fn text(text: &str) -> Bytes {
    frame(TEXT, text.as_bytes())
}

/// What stands before so many bytes of a binary frame.
pub(crate) fn binary_head(payload_bytes: usize) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD_BYTES);
    put_head(&mut bytes, BINARY, payload_bytes);
    bytes.freeze()
}

/// The answer to [`Incoming::Ping`].
pub(crate) fn pong(bytes: &[u8]) -> Bytes {
    frame(PONG, bytes)
}

/// The last frame of a connection.
pub(crate) fn close() -> Bytes {
    frame(CLOSE, &[])
}

fn frame(kind: u8, payload: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD_BYTES + payload.len());
    put_head(&mut bytes, kind, payload.len());
    bytes.put_slice(payload);
    bytes.freeze()
}

fn put_head(bytes: &mut BytesMut, kind: u8, payload_bytes: usize) {
    bytes.put_u8(0x80 | kind);
    if payload_bytes < 126 {
        // Seven bits, as was just checked.
        bytes.put_u8(payload_bytes as u8);
    } else if let Ok(length) = u16::try_from(payload_bytes) {
        bytes.put_u8(126);
        bytes.put_u16(length);
    } else {
        bytes.put_u8(127);
        bytes.put_u64(payload_bytes as u64);
    }
}

#[cfg(test)]
#[path = "frames_test.rs"]
mod tests;
