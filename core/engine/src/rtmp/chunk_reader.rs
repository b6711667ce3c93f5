//! Chunks in, messages out (RTMP 1.0 5.3), bounded by [`Limits`]: memory grows as bytes arrive,
//! never by a length that was read. Protocol control (Set Chunk Size, Abort) is applied here;
//! Set Chunk Size is still handed out so that callers can log it.

use thiserror::Error;

/// Bounds of one connection's inbound side.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest message, bytes.
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
    /// For the server: 4 MiB, 64 streams, 8 MiB, chunk size at least 128.
    pub const SERVER: Self = Self {
        message_bytes: 4 << 20,
        chunk_streams: 64,
        partial_bytes: 8 << 20,
        min_chunk_size: 128,
    };
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
    /// A new header inside an unfinished message.
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
    _todo: (),
}

#[expect(clippy::unused_self, unused_variables, reason = "skeleton")]
impl ChunkReader {
    /// A reader at the first byte after the handshake; chunk size 128.
    pub fn new(limits: Limits) -> Self {
        todo!("wire")
    }

    /// Takes received bytes and calls `on_message` for each message they complete, in order.
    ///
    /// # Errors
    /// At the first byte that breaks the protocol or a limit; messages before it were handed out.
    pub fn push(
        &mut self,
        bytes: &[u8],
        on_message: &mut dyn FnMut(Message),
    ) -> Result<(), ReadError> {
        todo!("wire")
    }

    /// All bytes taken so far: the sequence number of an Acknowledgement.
    pub fn received_bytes(&self) -> u64 {
        todo!("wire")
    }
}
