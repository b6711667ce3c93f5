//! The playing half of RTMP without I/O: bytes in, FLV tags and bytes to send out. One stream, no
//! seeking. Reading is the engine's bounded reader.

use onair::StreamUrl;
use onair_engine::amf0::{Amf0Error, Value};
use onair_engine::flv::{Tag, TagType};
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::handshake::{Client, HandshakeError};
use onair_engine::rtmp::message::{Incoming, split_aggregate, type_id};
use onair_engine::rtmp::{ChunkReader, Limits, Message, ReadError};

/// Why nothing (more) can be played. Never holds a stream name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlayError {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error(transparent)]
    Protocol(#[from] ReadError),
    #[error(transparent)]
    Amf0(#[from] Amf0Error),
    #[error("{step}: the server said {code}: {description}")]
    Refused { step: &'static str, code: String, description: String },
}

/// A player on one connection.
pub(crate) struct Play {
    url: StreamUrl,
    /// `None` once it is done.
    handshake: Option<Client>,
    reader: ChunkReader,
    writer: CommandWriter,
    out: Outgoing,
    /// Acknowledge after so many bytes.
    window_bytes: u64,
    acknowledged_bytes: u64,
    has_asked: bool,
    is_over: bool,
}

const CONNECT: f64 = 1.0;
const CREATE_STREAM: f64 = 2.0;
/// User control events (RTMP 1.0 7.1.7).
const STREAM_EOF: u16 = 1;
const SET_BUFFER_LENGTH: u16 = 3;
const PING_REQUEST: u16 = 6;
const PING_RESPONSE: u16 = 7;

impl Play {
    /// A player that has something to send; `seed` fills the handshake.
    pub(crate) fn start(url: StreamUrl, seed: u64) -> Self {
        let mut hello = Vec::new();
        let handshake = Some(Client::start(seed, &mut hello));
        let mut out = Outgoing::new();
        out.push_bytes(&hello);
        Self {
            url,
            handshake,
            reader: ChunkReader::new(Limits::PLAYER),
            writer: CommandWriter::new(),
            out,
            window_bytes: u64::MAX,
            acknowledged_bytes: 0,
            has_asked: false,
            is_over: false,
        }
    }

    /// What to send, all of which is sent when it is next asked for.
    pub(crate) fn outgoing(&mut self) -> &mut Outgoing {
        &mut self.out
    }

    /// Whether the server said that the stream has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes what the server sent; media goes to `on_tag`.
    ///
    /// # Errors
    /// When the server refuses or breaks the protocol; nothing follows then.
    pub(crate) fn handle(
        &mut self,
        bytes: &[u8],
        on_tag: &mut dyn FnMut(Tag),
    ) -> Result<(), PlayError> {
        let mut rest = bytes;
        if let Some(handshake) = &mut self.handshake {
            let mut answer = Vec::new();
            let (used, is_done) = handshake.handle(rest, &mut answer)?;
            self.out.push_bytes(&answer);
            rest = &rest[used..];
            if is_done {
                self.handshake = None;
                self.connect();
            }
        }
        if self.handshake.is_some() {
            return Ok(());
        }
        let mut messages = Vec::new();
        let read = self.reader.push(rest, &mut |message| messages.push(message));
        for message in messages {
            self.message(message, on_tag)?;
        }
        self.acknowledge();
        read.map_err(PlayError::from)
    }

    fn connect(&mut self) {
        let text = |text: &str| Value::String(text.to_owned());
        let object = Value::Object(vec![
            ("app".into(), text(self.url.app())),
            ("flashVer".into(), text("LNX 9,0,124,2")),
            ("tcUrl".into(), text(&self.url.tc_url())),
            ("fpad".into(), Value::Boolean(false)),
            ("capabilities".into(), Value::Number(15.0)),
            // All the audio and video codecs of RTMP 1.0 7.2.1.1.
            ("audioCodecs".into(), Value::Number(4_071.0)),
            ("videoCodecs".into(), Value::Number(252.0)),
            ("videoFunction".into(), Value::Number(1.0)),
        ]);
        self.writer.command(0, "connect", CONNECT, &[object], &mut self.out);
    }

    fn play(&mut self, stream_id: u32) {
        let name = Value::String(self.url.key().expose().to_owned());
        self.writer.command(stream_id, "play", 0.0, &[Value::Null, name], &mut self.out);
        // A buffer of a second: servers that pace their players then send at once.
        let mut buffer = stream_id.to_be_bytes().to_vec();
        buffer.extend_from_slice(&1_000u32.to_be_bytes());
        self.writer.user_control(SET_BUFFER_LENGTH, &buffer, &mut self.out);
    }

    fn message(&mut self, message: Message, on_tag: &mut dyn FnMut(Tag)) -> Result<(), PlayError> {
        if message.type_id == type_id::AGGREGATE {
            return split_aggregate(&message)
                .into_iter()
                .try_for_each(|inner| self.message(inner, on_tag));
        }
        if let Some(tag_type) = TagType::from_id(message.type_id) {
            on_tag(Tag { tag_type, timestamp_ms: message.timestamp_ms, body: message.body.into() });
            return Ok(());
        }
        match Incoming::parse(message)? {
            Incoming::WindowAckSize(bytes) => self.window_bytes = u64::from(bytes.max(1)),
            Incoming::UserControl { event_type: PING_REQUEST, data } => {
                self.writer.user_control(PING_RESPONSE, &data, &mut self.out);
            }
            Incoming::UserControl { event_type: STREAM_EOF, .. } => self.is_over = true,
            Incoming::Command { name, transaction, arguments, .. } => {
                self.command(&name, transaction, &arguments)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn command(
        &mut self,
        name: &str,
        transaction: f64,
        arguments: &[Value],
    ) -> Result<(), PlayError> {
        match name {
            "_result" if transaction == CONNECT && !self.has_asked => {
                self.has_asked = true;
                self.writer.command(
                    0,
                    "createStream",
                    CREATE_STREAM,
                    &[Value::Null],
                    &mut self.out,
                );
            }
            "_result" if transaction == CREATE_STREAM => {
                let stream_id = arguments.get(1).and_then(Value::as_number).unwrap_or(1.0);
                self.play(stream_id as u32);
            }
            "_error" if transaction == CONNECT => {
                return Err(self.refused("connect to app", arguments));
            }
            "_error" => return Err(self.refused("play", arguments)),
            "onStatus" => {
                let code = text_of(arguments, "code");
                let is_error = text_of(arguments, "level") == "error";
                if matches!(&*code, "NetStream.Play.UnpublishNotify" | "NetStream.Play.Stop") {
                    self.is_over = true;
                } else if is_error || code.starts_with("NetStream.Play.Failed") {
                    return Err(self.refused("play", arguments));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn refused(&self, step: &'static str, arguments: &[Value]) -> PlayError {
        let name = self.url.key().expose();
        let strike = |text: String| text.replace(name, "•••");
        PlayError::Refused {
            step,
            code: strike(text_of(arguments, "code")),
            description: strike(text_of(arguments, "description")),
        }
    }

    fn acknowledge(&mut self) {
        let received = self.reader.received_bytes();
        // Half a window early: some servers stop at the window's end.
        if received - self.acknowledged_bytes >= self.window_bytes.div_ceil(2) {
            self.acknowledged_bytes = received;
            // The running total is modulo 2^32 on the wire (RTMP 1.0 5.4.3).
            self.writer.acknowledgement(received as u32, &mut self.out);
        }
    }
}

/// The string under `key` in the first object that has it; at most 200 characters.
fn text_of(arguments: &[Value], key: &str) -> String {
    let text = arguments.iter().find_map(|argument| argument.get(key)?.as_str());
    text.unwrap_or("nothing more").chars().take(200).collect()
}

#[cfg(test)]
#[path = "play_test.rs"]
mod tests;
