//! AMF0 commands and protocol control messages as chunks, through `rml_rtmp`'s serialiser: its
//! only import site. Bodies are ours (`amf0`), since the serialiser's own objects have no stable
//! key order.
//!
//! The serialiser picks chunk stream 2 for protocol control, 3 for data and 6 for commands; the
//! media of `chunk_writer` keeps off these.

use bytes::Bytes;
use rml_rtmp::chunk_io::ChunkSerializer;
use rml_rtmp::messages::MessagePayload;
use rml_rtmp::time::RtmpTimestamp;

use super::chunk_writer::Outgoing;
use super::message::type_id;
use crate::amf0::{self, Value};

/// Serialises commands and control messages of one connection into its [`Outgoing`].
pub struct CommandWriter {
    serializer: ChunkSerializer,
}

impl CommandWriter {
    /// For a fresh connection; chunk size 128.
    pub fn new() -> Self {
        Self { serializer: ChunkSerializer::new() }
    }

    /// Appends Set Chunk Size and uses `bytes` for all that follows in `out`, media too. Values
    /// outside 128..=16,777,215 are moved to the nearer end.
    pub fn set_chunk_size(&mut self, bytes: u32, out: &mut Outgoing) {
        let bytes = bytes.clamp(MIN_CHUNK_BYTES, MAX_CHUNK_BYTES);
        if let Ok(packet) = self.serializer.set_max_chunk_size(bytes, RtmpTimestamp::new(0)) {
            out.push_bytes(&packet.bytes);
            out.set_chunk_size(bytes);
        }
    }

    /// Appends Window Acknowledgement Size.
    pub fn window_ack_size(&mut self, bytes: u32, out: &mut Outgoing) {
        self.message(type_id::WINDOW_ACK_SIZE, 0, 0, bytes.to_be_bytes().to_vec(), out);
    }

    /// Appends Set Peer Bandwidth, limit type dynamic.
    pub fn set_peer_bandwidth(&mut self, bytes: u32, out: &mut Outgoing) {
        const DYNAMIC: u8 = 2;
        let body = [&bytes.to_be_bytes()[..], &[DYNAMIC]].concat();
        self.message(type_id::SET_PEER_BANDWIDTH, 0, 0, body, out);
    }

    /// Appends an Acknowledgement with the running total, modulo 2^32.
    pub fn acknowledgement(&mut self, received_bytes: u32, out: &mut Outgoing) {
        self.message(type_id::ACKNOWLEDGEMENT, 0, 0, received_bytes.to_be_bytes().to_vec(), out);
    }

    /// Appends a User Control message: event type and data.
    pub fn user_control(&mut self, event_type: u16, data: &[u8], out: &mut Outgoing) {
        let body = [&event_type.to_be_bytes()[..], data].concat();
        self.message(type_id::USER_CONTROL, 0, 0, body, out);
    }

    /// Appends an AMF0 command message (type 20): name, transaction id, then `arguments`.
    pub fn command(
        &mut self,
        stream_id: u32,
        name: &str,
        transaction: f64,
        arguments: &[Value],
        out: &mut Outgoing,
    ) {
        let mut body = Vec::new();
        amf0::write_str(&mut body, name);
        amf0::write(&mut body, &Value::Number(transaction));
        for argument in arguments {
            amf0::write(&mut body, argument);
        }
        self.message(type_id::COMMAND_AMF0, stream_id, 0, body, out);
    }

    /// Appends an AMF0 data message (type 18) whose body is `amf0`.
    pub fn data(&mut self, stream_id: u32, timestamp_ms: u32, amf0: &[u8], out: &mut Outgoing) {
        self.message(type_id::DATA_AMF0, stream_id, timestamp_ms, amf0.to_vec(), out);
    }

    /// A body above 16,777,215 bytes, which RTMP cannot express, is not written; nor is an empty
    /// one, which no such message has.
    fn message(
        &mut self,
        type_id: u8,
        stream_id: u32,
        timestamp_ms: u32,
        body: Vec<u8>,
        out: &mut Outgoing,
    ) {
        let message = MessagePayload {
            timestamp: RtmpTimestamp::new(timestamp_ms),
            type_id,
            message_stream_id: stream_id,
            data: Bytes::from(body),
        };
        // "Droppable" makes the serialiser begin every message with a full header: the few bytes
        // more spare the peer all deltas. Its "uncompressed" would repeat full headers within one.
        if let Ok(packet) = self.serializer.serialize(&message, false, true) {
            out.push_bytes(&packet.bytes);
        }
    }
}

impl Default for CommandWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for CommandWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommandWriter").finish_non_exhaustive()
    }
}

/// Smaller ones are refused by servers (`spec network` 4.3).
const MIN_CHUNK_BYTES: u32 = 128;
/// No message is larger (RTMP 1.0 5.4.1).
const MAX_CHUNK_BYTES: u32 = 0xFF_FFFF;

#[cfg(test)]
#[path = "command_test.rs"]
mod tests;
#[cfg(test)]
pub(super) use tests::read_with_rml;
