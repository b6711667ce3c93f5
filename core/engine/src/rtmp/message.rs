//! What a received message means.

use super::chunk_reader::Message;
use crate::amf0::{Amf0Error, Value};

/// Message type ids (RTMP 1.0 5.4 and 7.1).
#[expect(missing_docs, reason = "the names are the specification's")]
pub mod type_id {
    pub const SET_CHUNK_SIZE: u8 = 1;
    pub const ABORT: u8 = 2;
    pub const ACKNOWLEDGEMENT: u8 = 3;
    pub const USER_CONTROL: u8 = 4;
    pub const WINDOW_ACK_SIZE: u8 = 5;
    pub const SET_PEER_BANDWIDTH: u8 = 6;
    pub const AUDIO: u8 = 8;
    pub const VIDEO: u8 = 9;
    pub const DATA_AMF3: u8 = 15;
    pub const COMMAND_AMF3: u8 = 17;
    pub const DATA_AMF0: u8 = 18;
    pub const COMMAND_AMF0: u8 = 20;
    pub const AGGREGATE: u8 = 22;
}

/// A message, decoded as far as a session needs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Incoming {
    /// Set Chunk Size (already applied by the reader).
    SetChunkSize(u32),
    /// Abort (already applied by the reader).
    Abort(u32),
    /// Bytes the peer has received, as it counts them.
    Acknowledgement(u32),
    /// The peer wants an Acknowledgement after each so many bytes.
    WindowAckSize(u32),
    /// The peer limits our window.
    SetPeerBandwidth(u32),
    /// User control event.
    UserControl {
        /// 0 StreamBegin, 1 StreamEOF, 6 PingRequest, 7 PingResponse, …
        event_type: u16,
        /// What follows the event type.
        data: Vec<u8>,
    },
    /// A command.
    Command {
        /// Its message stream.
        stream_id: u32,
        /// `connect`, `_result`, `onStatus`, …
        name: String,
        /// Transaction id; 0 when absent.
        transaction: f64,
        /// What follows: command object first, as far as given.
        arguments: Vec<Value>,
    },
    /// A data message: `@setDataFrame`, `onMetaData`, …
    Data {
        /// Time stamp, ms.
        timestamp_ms: u32,
        /// Its values.
        values: Vec<Value>,
    },
    /// Audio, video: the message itself.
    Media(Message),
    /// A type that is skipped.
    Unknown(u8),
}

impl Incoming {
    /// Decodes `message`. Aggregates (22) are split by the caller through [`split_aggregate`].
    ///
    /// # Errors
    /// When a command or data message is not acceptable AMF0.
    pub fn parse(message: Message) -> Result<Self, Amf0Error> {
        let _ = message;
        todo!("wire")
    }
}

/// The messages inside an aggregate; time stamps are rebased to the aggregate's. Ends at the
/// first byte that does not fit; nested aggregates are skipped (P07).
pub fn split_aggregate(aggregate: &Message) -> Vec<Message> {
    let _ = aggregate;
    todo!("wire")
}
