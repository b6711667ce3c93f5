//! One media message as it waits for the socket: chunk headers and prefix inline, the payload shared.
//! Where a byte of it lies on the wire follows from its position (RTMP 1.0 5.3.1).

use onair_types::Payload;

use crate::flv::{Prefix, TagType};

/// One media message.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) tag_type: TagType,
    head: Head,
    payload: Payload,
    /// Payload bytes in the first chunk, where the prefix takes some room.
    first_bytes: usize,
    chunk_bytes: usize,
    /// Bytes on the wire.
    pub(super) len: usize,
}

/// Everything before a message's first payload byte, and what goes before its later chunks.
#[derive(Debug)]
pub(super) struct Head {
    bytes: [u8; HEAD_BYTES],
    len: u8,
    continuation: [u8; 5],
    continuation_len: u8,
}

impl Shared {
    /// `head` ends with the prefix, which leaves `first_bytes` of the first chunk to the payload.
    #[inline]
    pub(super) fn new(
        tag_type: TagType,
        head: Head,
        payload: Payload,
        first_bytes: usize,
        chunk_bytes: usize,
    ) -> Self {
        let mut len = usize::from(head.len) + payload.len();
        if payload.len() > first_bytes {
            let continuations = (payload.len() - first_bytes).div_ceil(chunk_bytes);
            len += continuations * head.continuation().len();
        }
        Self { tag_type, head, payload, first_bytes, chunk_bytes, len }
    }

    /// Chunks already, of any messages: nothing is put before the bytes or between them, and they count
    /// as no message.
    pub(super) fn framed(bytes: Payload) -> Self {
        let head =
            Head { bytes: [0; HEAD_BYTES], len: 0, continuation: [0; 5], continuation_len: 0 };
        let len = bytes.len();
        Self {
            tag_type: TagType::Script,
            head,
            payload: bytes,
            first_bytes: 0,
            chunk_bytes: usize::MAX,
            len,
        }
    }

    /// All of it, where it is one chunk.
    #[inline]
    pub(super) fn whole(&self) -> Option<[&[u8]; 2]> {
        (self.payload.len() <= self.first_bytes).then(|| [self.head.bytes(), &self.payload[..]])
    }

    /// The message from wire byte `from` on, in contiguous pieces.
    pub(super) fn pieces(&self, from: usize) -> impl Iterator<Item = &[u8]> {
        let mut at = from;
        std::iter::from_fn(move || {
            let piece = self.piece(at);
            at += piece.len();
            (!piece.is_empty()).then_some(piece)
        })
    }

    /// The rest of the contiguous piece that holds wire byte `at`; empty at the end.
    fn piece(&self, at: usize) -> &[u8] {
        let Some(at) = at.checked_sub(usize::from(self.head.len)) else {
            return &self.head.bytes()[at..];
        };
        let first = &self.payload[..self.first_bytes.min(self.payload.len())];
        let Some(at) = at.checked_sub(first.len()) else { return &first[at..] };
        let continuation = self.head.continuation();
        let period = continuation.len() + self.chunk_bytes;
        let start = first.len() + at / period * self.chunk_bytes;
        let chunk = &self.payload[start..];
        let chunk = &chunk[..chunk.len().min(self.chunk_bytes)];
        if chunk.is_empty() {
            return chunk;
        }
        let within = at % period;
        match within.checked_sub(continuation.len()) {
            None => &continuation[within..],
            Some(at) => &chunk[at..],
        }
    }
}

impl Head {
    /// A head with the eight bytes that message headers of type 0 and 1 begin with (5.3.1.2): `format`
    /// in the two highest bits. The field of time is 24 bits, as is the body's length.
    #[inline]
    pub(super) fn new(
        format: u8,
        csid: u8,
        time_field: u32,
        body_bytes: usize,
        tag_type: TagType,
    ) -> Self {
        let fields = u64::from(format | csid) << 56
            | u64::from(time_field) << 32
            | (body_bytes as u64) << 8
            | tag_type as u64;
        let mut bytes = [0; HEAD_BYTES];
        bytes[..8].copy_from_slice(&fields.to_be_bytes());
        let continuation = [0xC0 | csid, 0, 0, 0, 0];
        Self { bytes, len: 8, continuation, continuation_len: 1 }
    }

    #[inline]
    pub(super) fn push<const N: usize>(&mut self, bytes: &[u8; N]) {
        let at = usize::from(self.len);
        self.bytes[at..at + N].copy_from_slice(bytes);
        self.len += N as u8;
    }

    /// The first so many of these bytes: the last of a head.
    #[inline]
    pub(super) fn push_prefix(&mut self, prefix: &[u8; Prefix::MOST_BYTES], bytes: usize) {
        let at = usize::from(self.len);
        self.bytes[at..at + Prefix::MOST_BYTES].copy_from_slice(prefix);
        self.len += bytes.min(Prefix::MOST_BYTES) as u8;
    }

    /// Later chunks repeat the extended time stamp.
    pub(super) fn extend_continuation(&mut self, time_ms: u32) {
        self.continuation[1..].copy_from_slice(&time_ms.to_be_bytes());
        self.continuation_len = 5;
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    pub(super) fn continuation(&self) -> &[u8] {
        &self.continuation[..usize::from(self.continuation_len)]
    }
}

/// Basic header, message header, extended time stamp, prefix.
const HEAD_BYTES: usize = 1 + 11 + 4 + Prefix::MOST_BYTES;
