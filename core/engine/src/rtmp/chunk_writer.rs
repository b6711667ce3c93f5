//! Messages out as chunks without copying payloads: headers go into a small buffer, payloads
//! stay shared, and the socket gets both as one vectored write.
//!
//! Type-3 chunks repeat the extended time stamp (RTMP 1.0 5.3.1.3; statement 53).

use std::io::IoSlice;

use onair_types::Payload;

/// Bytes that wait for the socket: headers and shared payload ranges, in order.
///
/// Commands are serialised through `rml_rtmp` (see `command`), media by [`Outgoing::push_media`];
/// both sides must be told the same chunk size.
#[derive(Debug)]
pub struct Outgoing {
    _todo: (),
}

#[expect(clippy::unused_self, unused_variables, reason = "skeleton")]
impl Outgoing {
    /// Nothing waits; chunk size 128 until [`Outgoing::set_chunk_size`].
    pub fn new() -> Self {
        todo!("wire")
    }

    /// The chunk size of the media messages that follow.
    pub fn set_chunk_size(&mut self, bytes: u32) {
        todo!("wire")
    }

    /// Appends bytes that are chunks already (handshake, commands).
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        todo!("wire")
    }

    /// Appends one media message: `prefix` (at most 16 bytes) and `payload` are its body.
    /// Allocation-free after warm-up. `csid` 4 audio, 6 video by custom; 2..=63.
    pub fn push_media(
        &mut self,
        csid: u8,
        type_id: u8,
        stream_id: u32,
        timestamp_ms: u32,
        prefix: &[u8],
        payload: &Payload,
    ) {
        todo!("wire")
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        todo!("wire")
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `slices` with what to write next and returns how many it filled.
    pub fn io_slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        todo!("wire")
    }

    /// `bytes` were taken by the socket.
    pub fn advance(&mut self, bytes: usize) {
        todo!("wire")
    }

    /// All bytes ever appended.
    pub fn total_bytes(&self) -> u64 {
        todo!("wire")
    }

    /// Forgets what waits and all chunk state: a new connection begins.
    pub fn reset(&mut self) {
        todo!("wire")
    }
}
