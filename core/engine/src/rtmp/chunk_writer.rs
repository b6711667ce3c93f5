//! Messages out as chunks without copying payloads: chunk headers are kept inline, payloads stay
//! shared, and the socket gets both as one vectored write (RTMP 1.0 5.3.1). For a publisher's
//! media and for a server's players alike.
//!
//! ```text
//!  one message   head (header, prefix) │ payload │ type-3 header │ payload │ type-3 header │ …
//! ```
//!
//! All continuations of one message have the same type-3 header, so where a byte lies follows
//! from its position: nothing is stored per chunk. A type-3 chunk repeats the extended time stamp
//! (5.3.1.3; statement 53). Commands come through [`super::command::CommandWriter`], which writes
//! into an [`Outgoing`] and owns the chunk size of both.

mod framed;

use std::collections::VecDeque;
use std::io::IoSlice;

use onair_types::Payload;
use thiserror::Error;

use super::chunk_header::EXTENDED;
use super::media_message::{Head, Shared};
use crate::flv::{Prefix, TagType};

pub use framed::Framed;

/// A message is larger than RTMP's 24-bit length can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("send message: {size_bytes} bytes is above the protocol's limit of 16777215")]
pub struct MessageTooLarge {
    /// Its size.
    pub size_bytes: usize,
}

/// What [`Outgoing::advance`] completed. Only messages of [`Outgoing::push_media`] count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Audio messages whose last byte went out.
    pub audio: u32,
    /// Video messages whose last byte went out.
    pub video: u32,
}

impl Written {
    #[inline]
    fn count(&mut self, tag_type: TagType) {
        match tag_type {
            TagType::Audio => self.audio += 1,
            TagType::Video => self.video += 1,
            TagType::Script => {}
        }
    }
}

/// Bytes that wait for the socket: headers and shared payload ranges, in order.
#[derive(Debug)]
pub struct Outgoing {
    queue: VecDeque<Entry>,
    /// The bytes of all [`Entry::Copied`] that are not written, in order.
    copied: VecDeque<u8>,
    /// How much of the queue's first entry is written.
    front_written: usize,
    waiting_bytes: usize,
    total_bytes: u64,
    chunk_bytes: usize,
    /// The last message on each media chunk stream.
    previous: [Option<Previous>; 3],
}

/// Commands that follow each other share one entry.
#[derive(Debug)]
enum Entry {
    Copied { len: usize },
    Shared(Shared),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Previous {
    timestamp_ms: u32,
    stream_id: u32,
}

impl Previous {
    /// How much later a message is than this one, where the header may say so.
    #[inline]
    fn delta(self, stream_id: u32, timestamp_ms: u32) -> Option<u32> {
        let may_say = self.stream_id == stream_id && timestamp_ms < EXTENDED;
        timestamp_ms.checked_sub(self.timestamp_ms).filter(|_| may_say)
    }
}

impl Outgoing {
    /// Nothing waits; chunk size 128 until `CommandWriter::set_chunk_size`.
    pub fn new() -> Self {
        Self {
            queue: VecDeque::with_capacity(ENTRIES),
            copied: VecDeque::new(),
            front_written: 0,
            waiting_bytes: 0,
            total_bytes: 0,
            chunk_bytes: INITIAL_CHUNK_BYTES,
            previous: [None; 3],
        }
    }

    /// The chunk size of the messages that follow. Only the command writer calls this, together
    /// with the message that tells the peer.
    pub(super) fn set_chunk_size(&mut self, bytes: u32) {
        self.chunk_bytes = bytes as usize;
    }

    /// Appends bytes that need no chunks (the handshake) or are chunks already.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.copied.extend(bytes);
        match self.queue.back_mut() {
            Some(Entry::Copied { len }) => *len += bytes.len(),
            _ => self.queue.push_back(Entry::Copied { len: bytes.len() }),
        }
        self.count(bytes.len());
    }

    /// Appends one media message: `prefix` and then `payload`, which stays shared, are its body.
    /// Allocation-free after warm-up. Counted by [`Outgoing::advance`]. Each tag type has its own
    /// chunk stream, so times need to grow only within one type for the short header.
    ///
    /// # Errors
    /// When the body is above 16,777,215 bytes; nothing is appended then.
    pub fn push_media<const N: usize>(
        &mut self,
        tag_type: TagType,
        stream_id: u32,
        timestamp_ms: u32,
        prefix: &[u8; N],
        payload: &Payload,
    ) -> Result<(), MessageTooLarge> {
        let prefix = Prefix::new(*prefix);
        self.push_own(tag_type, stream_id, timestamp_ms, &prefix, payload.clone())
    }

    /// As [`Outgoing::push_media`], of a payload that nobody else needs here. A call would cost more
    /// than all it does.
    ///
    /// # Errors
    /// The same.
    #[inline(always)]
    pub(crate) fn push_own(
        &mut self,
        tag_type: TagType,
        stream_id: u32,
        timestamp_ms: u32,
        prefix: &Prefix,
        payload: Payload,
    ) -> Result<(), MessageTooLarge> {
        let (padded, prefix_bytes) = prefix.padded();
        let body_bytes = check_size(prefix_bytes + payload.len())?;
        let mut head = self.head(tag_type, stream_id, timestamp_ms, body_bytes);
        head.push_prefix(padded, prefix_bytes);
        let first_bytes = self.chunk_bytes - prefix_bytes;
        let shared = Shared::new(tag_type, head, payload, first_bytes, self.chunk_bytes);
        self.count(shared.len);
        self.queue.push_back(Entry::Shared(shared));
        Ok(())
    }

    /// Appends one message whose body is the concatenation of `parts`, copied: for sequence
    /// headers and metadata. Not counted by [`Outgoing::advance`].
    ///
    /// # Errors
    /// When the body is above 16,777,215 bytes; nothing is appended then.
    pub fn push_copied(
        &mut self,
        tag_type: TagType,
        stream_id: u32,
        timestamp_ms: u32,
        parts: &[&[u8]],
    ) -> Result<(), MessageTooLarge> {
        let body_bytes = check_size(parts.iter().map(|part| part.len()).sum())?;
        let head = self.head(tag_type, stream_id, timestamp_ms, body_bytes);
        self.push_bytes(head.bytes());
        let mut room = self.chunk_bytes;
        for &part in parts {
            let mut rest = part;
            while !rest.is_empty() {
                if room == 0 {
                    self.push_bytes(head.continuation());
                    room = self.chunk_bytes;
                }
                let (now, later) = rest.split_at(rest.len().min(room));
                self.push_bytes(now);
                room -= now.len();
                rest = later;
            }
        }
        Ok(())
    }

    /// Bytes that wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.waiting_bytes
    }

    /// Messages that wait; commands that follow each other count as one.
    #[inline]
    pub fn messages(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting_bytes == 0
    }

    /// Whether the socket took a part of a message (or of a run of commands) but not yet its end.
    pub fn is_mid_message(&self) -> bool {
        self.front_written > 0
    }

    /// Fills `slices` with what to write next and returns how many it filled.
    pub fn io_slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.io_slices_within(usize::MAX, slices)
    }

    /// As [`Outgoing::io_slices`], but not more than the first `limit` bytes.
    pub fn io_slices_within<'a>(&'a self, limit: usize, slices: &mut [IoSlice<'a>]) -> usize {
        let (mut filled, mut room) = self.whole_messages(limit, slices);
        let skipped = filled / 2;
        let mut fill = |piece: &'a [u8]| {
            if room == 0 {
                return None;
            }
            let fits = piece.get(..room).unwrap_or(piece);
            room -= fits.len();
            fill(slices, &mut filled, fits)
        };
        let mut copied_at = 0;
        let mut from = self.front_written;
        for entry in self.queue.iter().skip(skipped) {
            let fits = match entry {
                Entry::Copied { len } => {
                    let range = copied_at..copied_at + (len - from);
                    copied_at = range.end;
                    [0, 1]
                        .into_iter()
                        .try_for_each(|half| fill(ring_range(&self.copied, half, range.clone())))
                }
                Entry::Shared(shared) => shared.pieces(from).try_for_each(&mut fill),
            };
            if fits.is_none() {
                break;
            }
            from = 0;
        }
        filled
    }

    /// What [`Outgoing::io_slices_within`] begins with, quickly: messages of one chunk of which
    /// nothing was written, each in two slices. How many slices, and what is left of `limit`.
    #[inline]
    fn whole_messages<'a>(&'a self, limit: usize, slices: &mut [IoSlice<'a>]) -> (usize, usize) {
        let (mut filled, mut room) = (0, limit);
        if self.front_written > 0 {
            return (0, room);
        }
        for (entry, two) in self.queue.iter().zip(slices.chunks_exact_mut(2)) {
            let Entry::Shared(shared) = entry else { break };
            let (Some([head, payload]), Some(left)) =
                (shared.whole(), room.checked_sub(shared.len))
            else {
                break;
            };
            // An empty slice would do no harm, but nobody expects one.
            if payload.is_empty() {
                break;
            }
            two[0] = IoSlice::new(head);
            two[1] = IoSlice::new(payload);
            filled += 2;
            room = left;
        }
        (filled, room)
    }

    /// `bytes` were taken by the socket; says which media messages that completed. More than
    /// [`Outgoing::len`] counts as all.
    pub fn advance(&mut self, bytes: usize) -> Written {
        debug_assert!(bytes <= self.waiting_bytes, "the socket took more than there was");
        let mut written = Written::default();
        let mut bytes = bytes.min(self.waiting_bytes);
        self.waiting_bytes -= bytes;
        if self.front_written == 0 {
            // Whole messages go without being moved once more.
            let mut whole = 0;
            for entry in &self.queue {
                let Entry::Shared(shared) = entry else { break };
                let Some(left) = bytes.checked_sub(shared.len) else { break };
                bytes = left;
                written.count(shared.tag_type);
                whole += 1;
            }
            self.queue.drain(..whole);
        }
        while let Some(entry) = self.queue.front() {
            let len = entry.len();
            let taken = (len - self.front_written).min(bytes);
            bytes -= taken;
            self.front_written += taken;
            if let Entry::Copied { .. } = entry {
                self.copied.drain(..taken);
            }
            if self.front_written < len {
                break;
            }
            if let Entry::Shared(shared) = entry {
                written.count(shared.tag_type);
            }
            self.queue.pop_front();
            self.front_written = 0;
        }
        written
    }

    /// All bytes appended since the connection began.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// All bytes the socket took since the connection began.
    pub fn written_bytes(&self) -> u64 {
        self.total_bytes - self.waiting_bytes as u64
    }

    /// Forgets what waits and all chunk state: a new connection begins.
    pub fn reset(&mut self) {
        self.queue.clear();
        self.copied.clear();
        self.front_written = 0;
        self.waiting_bytes = 0;
        self.total_bytes = 0;
        self.chunk_bytes = INITIAL_CHUNK_BYTES;
        self.previous = [None; 3];
    }

    #[inline]
    fn count(&mut self, bytes: usize) {
        self.waiting_bytes += bytes;
        self.total_bytes += bytes as u64;
    }

    /// The chunk header of a new message. Type 1 (a delta) only where nobody can read it wrongly:
    /// after a message on the same stream, not later, both below the extended range. Elsewhere
    /// type 0 with the absolute time.
    #[inline]
    fn head(
        &mut self,
        tag_type: TagType,
        stream_id: u32,
        timestamp_ms: u32,
        body_bytes: usize,
    ) -> Head {
        let (slot, csid) = chunk_stream(tag_type);
        let delta = self.previous[slot].and_then(|it| it.delta(stream_id, timestamp_ms));
        self.previous[slot] = Some(Previous { timestamp_ms, stream_id });
        match delta {
            Some(delta_ms) => Head::new(TYPE_1, csid, delta_ms, body_bytes, tag_type),
            None => absolute(csid, stream_id, timestamp_ms, body_bytes, tag_type),
        }
    }
}

/// What a message's length can say.
#[inline]
fn check_size(body_bytes: usize) -> Result<usize, MessageTooLarge> {
    if body_bytes > MAX_BODY_BYTES {
        return Err(MessageTooLarge { size_bytes: body_bytes });
    }
    Ok(body_bytes)
}

/// A chunk header with the absolute time, extended where it must be.
fn absolute(
    csid: u8,
    stream_id: u32,
    timestamp_ms: u32,
    body_bytes: usize,
    tag_type: TagType,
) -> Head {
    let mut head = Head::new(TYPE_0, csid, timestamp_ms.min(EXTENDED), body_bytes, tag_type);
    head.push(&stream_id.to_le_bytes()); // the one little-endian field of RTMP
    if timestamp_ms >= EXTENDED {
        head.push(&timestamp_ms.to_be_bytes());
        head.extend_continuation(timestamp_ms);
    }
    head
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::new()
    }
}

impl Entry {
    fn len(&self) -> usize {
        match self {
            Self::Copied { len } => *len,
            Self::Shared(shared) => shared.len,
        }
    }
}

/// Slot in [`Outgoing::previous`] and chunk stream id. The serialiser of commands has 2, 3 and 6:
/// two writers on one chunk stream would spoil each other's deltas.
#[inline]
fn chunk_stream(tag_type: TagType) -> (usize, u8) {
    match tag_type {
        TagType::Audio => (0, 4),
        TagType::Video => (1, 5),
        TagType::Script => (2, 7),
    }
}

/// Puts `piece` into the next slice; `None` when all are filled.
fn fill<'a>(slices: &mut [IoSlice<'a>], filled: &mut usize, piece: &'a [u8]) -> Option<()> {
    if !piece.is_empty() {
        *slices.get_mut(*filled)? = IoSlice::new(piece);
        *filled += 1;
    }
    Some(())
}

/// The part of `range` that lies in one of the ring's two halves.
fn ring_range(ring: &VecDeque<u8>, half: usize, range: std::ops::Range<usize>) -> &[u8] {
    let (first, second) = ring.as_slices();
    if half == 0 {
        &first[range.start.min(first.len())..range.end.min(first.len())]
    } else {
        let within = |at: usize| at.saturating_sub(first.len()).min(second.len());
        &second[within(range.start)..within(range.end)]
    }
}

/// Formats of message headers, in a chunk's first byte.
const TYPE_0: u8 = 0;
const TYPE_1: u8 = 0x40;
/// Largest body that the 24-bit length can say.
const MAX_BODY_BYTES: usize = 0xFF_FFFF;
/// RTMP 1.0 5.4.1: until a peer sets another.
const INITIAL_CHUNK_BYTES: usize = 128;
/// Room from the start: a slow socket then makes nothing grow while little may wait for it.
const ENTRIES: usize = 64;

#[cfg(test)]
#[path = "chunk_writer_test.rs"]
mod tests;
