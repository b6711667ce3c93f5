//! Chunks in, messages out (RTMP 1.0 5.3), bounded by [`Limits`]: memory grows as bytes arrive,
//! never by a length that was read. Protocol control (Set Chunk Size, Abort) is applied here and
//! still handed out so that callers can log it.
//!
//! Extended time stamps are accepted with and without their repetition in type-3 chunks: senders
//! differ. A type-3 chunk that begins with the very bytes of the extended time stamp repeats it.

use thiserror::Error;

use super::chunk_header::{Header, HeaderBytes};
use super::message::type_id;

/// Bounds of one connection's inbound side.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest message, bytes. Aggregates and unknown types have at most 1 MiB besides.
    pub message_bytes: usize,
    /// Most chunk streams with state.
    pub chunk_streams: usize,
    /// Most bytes in unfinished messages together.
    pub partial_bytes: usize,
    /// Smallest chunk size the peer may set.
    pub min_chunk_size: u32,
}

impl Limits {
    /// For a publishing client: 256 KiB, 16 streams, 1 MiB, any chunk size.
    pub const CLIENT: Self = Self {
        message_bytes: 256 << 10,
        chunk_streams: 16,
        partial_bytes: 1 << 20,
        min_chunk_size: 1,
    };
    /// For a client that pulls a stream: as [`Limits::CLIENT`], but pictures of up to 4 MiB.
    pub const PLAYER: Self =
        Self { message_bytes: 4 << 20, partial_bytes: 8 << 20, ..Self::CLIENT };
    /// For the server: 4 MiB, 64 streams, 8 MiB, chunk size at least 128.
    pub const SERVER: Self = Self {
        message_bytes: 4 << 20,
        chunk_streams: 64,
        partial_bytes: 8 << 20,
        min_chunk_size: 128,
    };

    fn message_bytes(&self, type_id: u8) -> usize {
        match type_id {
            type_id::SET_CHUNK_SIZE..=type_id::SET_PEER_BANDWIDTH
            | type_id::AUDIO
            | type_id::VIDEO
            | type_id::DATA_AMF3
            | type_id::COMMAND_AMF3
            | type_id::DATA_AMF0
            | type_id::COMMAND_AMF0 => self.message_bytes,
            _ => self.message_bytes.min(1 << 20),
        }
    }
}

/// One whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Time stamp, milliseconds modulo 2^32.
    pub timestamp_ms: u32,
    /// Message type id.
    pub type_id: u8,
    /// Message stream id.
    pub stream_id: u32,
    /// The body.
    pub body: Vec<u8>,
}

/// Why a peer's bytes are refused; the connection must be closed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Type 1, 2 or 3 on a chunk stream that has no header yet.
    #[error("read chunk at byte {offset}: type {format} first on chunk stream {csid}")]
    NoPredecessor {
        /// Byte offset in the connection, handshake not counted.
        offset: u64,
        /// Chunk type.
        format: u8,
        /// Chunk stream id.
        csid: u32,
    },
    /// Another header inside an unfinished message.
    #[error("read chunk at byte {offset}: message on chunk stream {csid} changed before it ended")]
    ChangedMidMessage {
        /// Byte offset.
        offset: u64,
        /// Chunk stream id.
        csid: u32,
    },
    /// A bound was exceeded.
    #[error("read chunk at byte {offset}: {what} {value} is above the limit of {limit}")]
    Limit {
        /// Byte offset.
        offset: u64,
        /// Of what.
        what: &'static str,
        /// What the peer wants.
        value: u64,
        /// The bound.
        limit: u64,
    },
    /// A protocol control message that is malformed.
    #[error("read control message at byte {offset}: {what}")]
    Control {
        /// Byte offset.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// The inbound side of a connection.
#[derive(Debug)]
pub struct ChunkReader {
    limits: Limits,
    chunk_bytes: usize,
    streams: Vec<ChunkStream>,
    /// Bytes in unfinished bodies.
    partial_bytes: usize,
    received_bytes: u64,
    /// Where the present chunk began.
    chunk_offset: u64,
    header: HeaderBytes,
    state: State,
    failed: Option<ReadError>,
}

/// What the next byte is.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Part of a basic and message header.
    Header,
    /// A type-3 chunk's first bytes on a stream with an extended time stamp: that again, or body.
    /// `count` bytes of `seen` came so far.
    Repetition { stream: usize, seen: [u8; 4], count: usize },
    /// Body; so much is left of this chunk.
    Body { stream: usize, chunk_left: usize },
}

/// The last header on a chunk stream and the message in the making.
#[derive(Debug)]
struct ChunkStream {
    csid: u32,
    timestamp_ms: u32,
    /// What a type-3 chunk adds when it begins a message (5.3.1.2.4: after type 0 the time itself).
    delta_ms: u32,
    /// Whether the last header of type 0, 1 or 2 had an extended time stamp: `delta_ms`.
    is_extended: bool,
    length: usize,
    type_id: u8,
    stream_id: u32,
    in_message: bool,
    body: Vec<u8>,
}

impl ChunkReader {
    /// A reader at the first byte after the handshake; chunk size 128.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            chunk_bytes: 128,
            streams: Vec::new(),
            partial_bytes: 0,
            received_bytes: 0,
            chunk_offset: 0,
            header: HeaderBytes::default(),
            state: State::Header,
            failed: None,
        }
    }

    /// Takes received bytes and calls `on_message` for each message they complete, in order.
    ///
    /// # Errors
    /// At the first byte that breaks the protocol or a limit; messages before it were handed out.
    /// Every later call returns the same error.
    pub fn push(
        &mut self,
        bytes: &[u8],
        on_message: &mut dyn FnMut(Message),
    ) -> Result<(), ReadError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.feed(bytes, on_message).inspect_err(|error| self.failed = Some(error.clone()))
    }

    /// All bytes taken so far: the sequence number of an Acknowledgement.
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// Bytes kept of messages that are not whole yet.
    pub fn unfinished_bytes(&self) -> usize {
        self.partial_bytes
    }

    fn feed(&mut self, bytes: &[u8], on_message: &mut dyn FnMut(Message)) -> Result<(), ReadError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.state {
                State::Header => self.take_header(&mut rest, on_message)?,
                State::Repetition { stream, seen, count } => {
                    self.take_repetition(stream, seen, count, &mut rest, on_message)?;
                }
                State::Body { stream, chunk_left } => {
                    self.take_body(stream, chunk_left, &mut rest, on_message)?;
                }
            }
        }
        Ok(())
    }

    fn take_header(
        &mut self,
        rest: &mut &[u8],
        on_message: &mut dyn FnMut(Message),
    ) -> Result<(), ReadError> {
        if self.header.is_empty() {
            self.chunk_offset = self.received_bytes;
        }
        let taken = take(rest, self.header.missing());
        self.received_bytes += taken.len() as u64;
        self.header.push(taken);
        if self.header.missing() > 0 {
            return Ok(());
        }
        let header = self.header.take();
        let stream = self.apply(&header)?;
        if header.format == 3 && self.streams[stream].is_extended {
            self.state = State::Repetition { stream, seen: [0; 4], count: 0 };
            return Ok(());
        }
        self.begin_body(stream, on_message)
    }

    /// Brings the chunk stream up to date with `header`; returns its index.
    fn apply(&mut self, header: &Header) -> Result<usize, ReadError> {
        let (offset, csid) = (self.chunk_offset, header.csid);
        let index = match self.streams.iter().position(|stream| stream.csid == csid) {
            Some(index) => index,
            None => self.open(header)?,
        };
        let limit = self.limits.message_bytes(header.type_id);
        let stream = &mut self.streams[index];
        if header.format < 2 && header.length > limit {
            let (value, limit) = (header.length as u64, limit as u64);
            return Err(ReadError::Limit { offset, what: "message size", value, limit });
        }
        if stream.in_message {
            // Some senders repeat a whole header inside a message; only the same one is harmless.
            let same = match header.format {
                0 => stream.is_like(header) && stream.stream_id == header.stream_id,
                1 => stream.is_like(header),
                _ => true,
            };
            return if same {
                Ok(index)
            } else {
                Err(ReadError::ChangedMidMessage { offset, csid })
            };
        }
        if header.format == 0 {
            stream.stream_id = header.stream_id;
        }
        if header.format < 2 {
            stream.length = header.length;
            stream.type_id = header.type_id;
        }
        if header.format < 3 {
            stream.delta_ms = header.time_ms;
            stream.is_extended = header.is_extended;
        }
        // Times wrap after 49.7 days.
        stream.timestamp_ms = match header.format {
            0 => stream.delta_ms,
            _ => stream.timestamp_ms.wrapping_add(stream.delta_ms),
        };
        stream.in_message = true;
        Ok(index)
    }

    fn open(&mut self, header: &Header) -> Result<usize, ReadError> {
        let (offset, csid) = (self.chunk_offset, header.csid);
        // librtmp's control messages begin with type 1: all that matters there is in it.
        let complete = header.format == 0 || (header.format == 1 && csid == CONTROL_CSID);
        if !complete {
            return Err(ReadError::NoPredecessor { offset, format: header.format, csid });
        }
        let count = self.streams.len();
        if count >= self.limits.chunk_streams {
            let (value, limit) = (count as u64 + 1, self.limits.chunk_streams as u64);
            return Err(ReadError::Limit { offset, what: "number of chunk streams", value, limit });
        }
        self.streams.push(ChunkStream::new(csid));
        Ok(count)
    }

    /// Compares byte by byte, so that a chunk shorter than a time stamp does not wait for more.
    fn take_repetition(
        &mut self,
        stream: usize,
        mut seen: [u8; 4],
        count: usize,
        rest: &mut &[u8],
        on_message: &mut dyn FnMut(Message),
    ) -> Result<(), ReadError> {
        let taken = take(rest, 1);
        self.received_bytes += 1;
        seen[count..=count].copy_from_slice(taken);
        let count = count + 1;
        if !self.streams[stream].may_repeat(&seen[..count]) {
            // It was body all along: at most four bytes go round again.
            self.received_bytes -= count as u64;
            self.begin_body(stream, on_message)?;
            return self.feed(&seen[..count], on_message);
        }
        if count == seen.len() {
            return self.begin_body(stream, on_message);
        }
        self.state = State::Repetition { stream, seen, count };
        Ok(())
    }

    fn begin_body(
        &mut self,
        stream: usize,
        on_message: &mut dyn FnMut(Message),
    ) -> Result<(), ReadError> {
        let left = self.streams[stream].length - self.streams[stream].body.len();
        self.state = State::Body { stream, chunk_left: left.min(self.chunk_bytes) };
        if left == 0 { self.finish(stream, on_message) } else { Ok(()) }
    }

    fn take_body(
        &mut self,
        stream: usize,
        chunk_left: usize,
        rest: &mut &[u8],
        on_message: &mut dyn FnMut(Message),
    ) -> Result<(), ReadError> {
        let taken = take(rest, chunk_left);
        self.received_bytes += taken.len() as u64;
        self.partial_bytes += taken.len();
        if self.partial_bytes > self.limits.partial_bytes {
            return Err(ReadError::Limit {
                offset: self.chunk_offset,
                what: "size of unfinished messages",
                value: self.partial_bytes as u64,
                limit: self.limits.partial_bytes as u64,
            });
        }
        let chunk_left = chunk_left - taken.len();
        let chunk_stream = &mut self.streams[stream];
        chunk_stream.append(taken);
        if chunk_stream.body.len() == chunk_stream.length {
            return self.finish(stream, on_message);
        }
        self.state =
            if chunk_left == 0 { State::Header } else { State::Body { stream, chunk_left } };
        Ok(())
    }

    fn finish(
        &mut self,
        stream: usize,
        on_message: &mut dyn FnMut(Message),
    ) -> Result<(), ReadError> {
        self.state = State::Header;
        let stream = &mut self.streams[stream];
        stream.in_message = false;
        let message = Message {
            timestamp_ms: stream.timestamp_ms,
            type_id: stream.type_id,
            stream_id: stream.stream_id,
            body: std::mem::take(&mut stream.body),
        };
        self.partial_bytes -= message.body.len();
        match message.type_id {
            type_id::SET_CHUNK_SIZE => self.set_chunk_size(&message.body)?,
            type_id::ABORT => self.abort(&message.body)?,
            _ => {}
        }
        on_message(message);
        Ok(())
    }

    fn set_chunk_size(&mut self, body: &[u8]) -> Result<(), ReadError> {
        let size = self.control_number(body)?;
        if size == 0 || size >> 31 != 0 {
            return Err(self.control_error("a chunk size must be 1 to 2147483647"));
        }
        if size < self.limits.min_chunk_size {
            return Err(self.control_error("the chunk size is too small"));
        }
        // No message is longer than this (5.4.1).
        self.chunk_bytes = size.min(0xFF_FFFF) as usize;
        Ok(())
    }

    fn abort(&mut self, body: &[u8]) -> Result<(), ReadError> {
        let csid = self.control_number(body)?;
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.csid == csid) {
            self.partial_bytes -= stream.body.len();
            stream.body = Vec::new();
            stream.in_message = false;
        }
        Ok(())
    }

    fn control_number(&self, body: &[u8]) -> Result<u32, ReadError> {
        let field = body.first_chunk().ok_or_else(|| self.control_error("it has 4 bytes"))?;
        Ok(u32::from_be_bytes(*field))
    }

    fn control_error(&self, what: &'static str) -> ReadError {
        ReadError::Control { offset: self.chunk_offset, what }
    }
}

impl ChunkStream {
    fn new(csid: u32) -> Self {
        Self {
            csid,
            timestamp_ms: 0,
            delta_ms: 0,
            is_extended: false,
            length: 0,
            type_id: 0,
            stream_id: 0,
            in_message: false,
            body: Vec::new(),
        }
    }

    fn is_like(&self, header: &Header) -> bool {
        self.length == header.length && self.type_id == header.type_id
    }

    /// Whether `seen` may be the beginning of a repeated extended time stamp: the field itself,
    /// or, from senders that read the rule otherwise, the absolute time behind a delta.
    fn may_repeat(&self, seen: &[u8]) -> bool {
        let begins = |time: u32| time.to_be_bytes().starts_with(seen);
        begins(self.delta_ms) || begins(self.timestamp_ms)
    }

    /// Grows by what arrived and at most 64 KiB ahead of it.
    fn append(&mut self, bytes: &[u8]) {
        let needed = self.body.len() + bytes.len();
        if needed > self.body.capacity() {
            let ahead = needed.min(MAX_AHEAD_BYTES);
            let target = self.length.min(needed + ahead);
            self.body.reserve_exact(target - self.body.len());
        }
        self.body.extend_from_slice(bytes);
    }
}

/// Takes at most `count` bytes off the front.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(rest.len().min(count));
    *rest = left;
    taken
}

/// The chunk stream of protocol control messages (5.3.1.1).
const CONTROL_CSID: u32 = 2;
const MAX_AHEAD_BYTES: usize = 64 << 10;

#[cfg(test)]
#[path = "chunk_reader_test.rs"]
mod tests;
