//! What a received message means. Decodes one whole message at a time; what to do about it is the
//! session's business.

use super::chunk_reader::Message;
use crate::amf0::{self, Amf0Error, Value};

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
        /// Its values; what follows the first one that cannot be read is left out.
        values: Vec<Value>,
    },
    /// Audio, video: the message itself.
    Media(Message),
    /// A type that is skipped, or a message too short for its type.
    Unknown(u8),
}

impl Incoming {
    /// Decodes `message`. Aggregates (22) are split by the caller through [`split_aggregate`].
    ///
    /// # Errors
    /// When a command is not acceptable AMF0, or a data message from its first value on.
    pub fn parse(message: Message) -> Result<Self, Amf0Error> {
        let body = message.body.as_slice();
        let number = |make: fn(u32) -> Self| {
            let field = body.first_chunk::<4>();
            field.map_or(Self::Unknown(message.type_id), |field| make(u32::from_be_bytes(*field)))
        };
        Ok(match message.type_id {
            type_id::SET_CHUNK_SIZE => number(Self::SetChunkSize),
            type_id::ABORT => number(Self::Abort),
            type_id::ACKNOWLEDGEMENT => number(Self::Acknowledgement),
            type_id::WINDOW_ACK_SIZE => number(Self::WindowAckSize),
            type_id::SET_PEER_BANDWIDTH => number(Self::SetPeerBandwidth),
            type_id::USER_CONTROL => match body.split_first_chunk::<2>() {
                Some((event_type, data)) => Self::UserControl {
                    event_type: u16::from_be_bytes(*event_type),
                    data: data.to_vec(),
                },
                None => Self::Unknown(message.type_id),
            },
            type_id::AUDIO | type_id::VIDEO => Self::Media(message),
            type_id::COMMAND_AMF0 => command(&message, body)?,
            type_id::COMMAND_AMF3 => command(&message, without_format_byte(body))?,
            type_id::DATA_AMF0 => data(&message, body)?,
            type_id::DATA_AMF3 => data(&message, without_format_byte(body))?,
            other => Self::Unknown(other),
        })
    }
}

/// "AMF3" messages hold AMF0 behind one zero byte unless a value switches over.
fn without_format_byte(body: &[u8]) -> &[u8] {
    body.strip_prefix(&[0]).unwrap_or(body)
}

fn command(message: &Message, body: &[u8]) -> Result<Incoming, Amf0Error> {
    let mut values = amf0::read_all(body)?.into_iter().peekable();
    let Some(Value::String(name)) = values.next() else {
        return Ok(Incoming::Unknown(message.type_id));
    };
    let transaction = values.next_if(|value| value.as_number().is_some());
    Ok(Incoming::Command {
        stream_id: message.stream_id,
        name,
        transaction: transaction.and_then(|value| value.as_number()).unwrap_or_default(),
        arguments: values.collect(),
    })
}

fn data(message: &Message, body: &[u8]) -> Result<Incoming, Amf0Error> {
    let timestamp_ms = message.timestamp_ms;
    match amf0::read_prefix(body) {
        (values, Some(error)) if values.is_empty() => Err(error),
        (values, _) => Ok(Incoming::Data { timestamp_ms, values }),
    }
}

/// The audio, video and data messages inside an aggregate; time stamps are rebased to the
/// aggregate's. Ends at the first byte that does not fit; anything else, nested aggregates and
/// control messages too, is skipped (P07; RTMP 1.0 7.1.6).
pub fn split_aggregate(aggregate: &Message) -> Vec<Message> {
    const HEADER_BYTES: usize = 11;
    const BACK_POINTER_BYTES: usize = 4;
    let mut messages = Vec::new();
    let mut base_ms = None;
    let mut rest = aggregate.body.as_slice();
    while let Some((header, behind)) = rest.split_first_chunk::<HEADER_BYTES>() {
        let &[type_id, l2, l1, l0, t2, t1, t0, t3, ..] = header;
        let size = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        let Some((body, behind)) = behind.split_at_checked(size) else { break };
        let own_ms = u32::from_be_bytes([t3, t2, t1, t0]);
        let since_first_ms = own_ms.wrapping_sub(*base_ms.get_or_insert(own_ms));
        if matches!(type_id, type_id::AUDIO | type_id::VIDEO | type_id::DATA_AMF0) {
            messages.push(Message {
                timestamp_ms: aggregate.timestamp_ms.wrapping_add(since_first_ms),
                type_id,
                stream_id: aggregate.stream_id,
                body: body.to_vec(),
            });
        }
        rest = behind.get(BACK_POINTER_BYTES..).unwrap_or_default();
    }
    messages
}

#[cfg(test)]
#[path = "message_test.rs"]
mod tests;
