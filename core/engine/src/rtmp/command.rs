//! AMF0 commands and protocol control messages as chunk bytes, through `rml_rtmp`'s serialiser:
//! its only import site.

use crate::amf0::Value;

/// Serialises commands and control messages of one connection.
pub struct CommandWriter {
    _todo: (),
}

#[expect(clippy::unused_self, unused_variables, reason = "skeleton")]
impl CommandWriter {
    /// For a fresh connection; chunk size 128.
    pub fn new() -> Self {
        todo!("wire")
    }

    /// Appends Set Chunk Size and uses `bytes` for what follows.
    pub fn set_chunk_size(&mut self, bytes: u32, out: &mut Vec<u8>) {
        todo!("wire")
    }

    /// Appends Window Acknowledgement Size.
    pub fn window_ack_size(&mut self, bytes: u32, out: &mut Vec<u8>) {
        todo!("wire")
    }

    /// Appends Set Peer Bandwidth, limit type dynamic.
    pub fn set_peer_bandwidth(&mut self, bytes: u32, out: &mut Vec<u8>) {
        todo!("wire")
    }

    /// Appends an Acknowledgement with the running total, modulo 2^32.
    pub fn acknowledgement(&mut self, received_bytes: u32, out: &mut Vec<u8>) {
        todo!("wire")
    }

    /// Appends a User Control message: event type and data.
    pub fn user_control(&mut self, event_type: u16, data: &[u8], out: &mut Vec<u8>) {
        todo!("wire")
    }

    /// Appends an AMF0 command message (type 20): name, transaction id, then `arguments`.
    pub fn command(
        &mut self,
        stream_id: u32,
        name: &str,
        transaction: f64,
        arguments: &[Value],
        out: &mut Vec<u8>,
    ) {
        todo!("wire")
    }

    /// Appends an AMF0 data message (type 18) whose body is `amf0`.
    pub fn data(&mut self, stream_id: u32, timestamp_ms: u32, amf0: &[u8], out: &mut Vec<u8>) {
        todo!("wire")
    }
}
