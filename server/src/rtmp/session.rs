//! The server's side of one RTMP connection, without I/O: received bytes in, events and bytes to
//! send out. RTMP 1.0 7.2; bounds: spec network 4.3.
//!
//! After [`Session::handle_input`] drain [`Session::poll_event`]; answer [`Event::Publish`] and
//! [`Event::Play`] at once, since a client may have sent its media in the same flight.

use std::collections::VecDeque;

use onair_engine::amf0::{Amf0Error, Value};
use onair_engine::flv::TagType;
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::handshake::{self, HandshakeError};
use onair_engine::rtmp::message::{Incoming, split_aggregate, type_id};
use onair_engine::rtmp::{ChunkReader, Limits, Message, ReadError};
use onair_rooms::Secret;
use onair_types::{AudioCodec, Now, VideoCodec};
use thiserror::Error;

use crate::name::{StreamName, check_app};
use crate::run::Run;
use crate::unit::Unit;

/// Chunk size of what the server sends.
const CHUNK_BYTES: u32 = 60_000;
/// The window asked of the peer, and used for a peer that asks for none.
const WINDOW_BYTES: u32 = 2_500_000;
/// Acknowledgements and pongs are at least this far apart.
const REPLY_INTERVAL_MICROS: i64 = 100_000;
/// Message streams a connection may create.
const MAX_MESSAGE_STREAMS: u32 = 64;

/// User control events (RTMP 1.0 7.1.7).
mod control {
    pub(super) const STREAM_BEGIN: u16 = 0;
    pub(super) const STREAM_EOF: u16 = 1;
    pub(super) const PING_REQUEST: u16 = 6;
    pub(super) const PING_RESPONSE: u16 = 7;
}

/// What the connection must act on.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    /// Wants to publish: answer with [`Session::accept_publish`] or [`Session::refuse`].
    Publish { name: StreamName, token: Option<Secret> },
    /// Wants to play: answer with [`Session::accept_play`].
    Play(StreamName),
    /// `onMetaData` of a publisher, without its name.
    MetaData(Vec<Value>),
    /// Any other data message of a publisher: when, and its values from the name on.
    Data { timestamp_ms: u32, values: Vec<Value> },
    /// Audio or video of a publisher.
    Media { tag_type: TagType, timestamp_ms: u32, body: Vec<u8> },
    /// Publishing or playing is over; the connection may go on.
    Stop,
    /// The peer was refused: send what waits, then close.
    Close,
}

/// Why a connection is closed without a word.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SessionError {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Amf0(#[from] Amf0Error),
    #[error("{0}")]
    Protocol(&'static str),
}

/// See the module's text.
pub(crate) struct Session {
    handshake: Option<handshake::Server>,
    reader: ChunkReader,
    writer: CommandWriter,
    out: Outgoing,
    events: VecDeque<Event>,
    app: Option<String>,
    created_streams: u32,
    role: Role,
    ack_window: u32,
    acknowledged: u64,
    last_ack: Option<Now>,
    last_pong: Option<Now>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    None,
    /// `publish` was handed out and not answered yet.
    Asked {
        stream_id: u32,
    },
    Publisher {
        stream_id: u32,
    },
    Player {
        stream_id: u32,
    },
    Refused,
}

impl Session {
    /// A fresh connection; `seed` fills the handshake's random bytes.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            handshake: Some(handshake::Server::new(seed)),
            reader: ChunkReader::new(Limits::SERVER),
            writer: CommandWriter::new(),
            out: Outgoing::new(),
            events: VecDeque::new(),
            app: None,
            created_streams: 0,
            role: Role::None,
            ack_window: WINDOW_BYTES,
            acknowledged: 0,
            last_ack: None,
            last_pong: None,
        }
    }

    /// Takes received bytes.
    ///
    /// # Errors
    /// When the peer does not keep to RTMP or a bound: the connection must be closed.
    pub(crate) fn handle_input(&mut self, bytes: &[u8], now: Now) -> Result<(), SessionError> {
        let mut bytes = bytes;
        if let Some(handshake) = &mut self.handshake {
            let mut answer = Vec::new();
            let (used, done) = handshake.handle(bytes, &mut answer)?;
            self.out.push_bytes(&answer);
            bytes = bytes.get(used..).unwrap_or_default();
            if done {
                self.handshake = None;
            }
        }
        if self.handshake.is_none() {
            let mut messages = Vec::new();
            let read = self.reader.push(bytes, &mut |message| messages.push(message));
            for message in messages {
                self.handle_message(message, now)?;
            }
            read?;
            self.acknowledge(now);
        }
        Ok(())
    }

    /// What to act on next.
    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The bytes to send.
    pub(crate) fn output(&mut self) -> &mut Outgoing {
        &mut self.out
    }

    /// Bytes kept of messages that are not whole yet.
    pub(crate) fn unfinished_bytes(&self) -> usize {
        self.reader.unfinished_bytes()
    }

    /// Whether the handshake is over.
    pub(crate) fn is_open(&self) -> bool {
        self.handshake.is_none()
    }

    /// The publisher may send.
    pub(crate) fn accept_publish(&mut self) {
        let Role::Asked { stream_id } = self.role else { return };
        self.role = Role::Publisher { stream_id };
        self.stream_control(control::STREAM_BEGIN, stream_id);
        self.status(stream_id, "status", "NetStream.Publish.Start", "publishing");
    }

    /// The player waits from now on; media follows with [`Session::send_unit`].
    pub(crate) fn accept_play(&mut self) {
        let Role::Asked { stream_id } = self.role else { return };
        self.role = Role::Player { stream_id };
        self.stream_control(control::STREAM_BEGIN, stream_id);
        self.status(stream_id, "status", "NetStream.Play.Reset", "playing and resetting");
        self.status(stream_id, "status", "NetStream.Play.Start", "playing");
        let mut access = Vec::new();
        for value in [
            Value::String("|RtmpSampleAccess".to_owned()),
            Value::Boolean(true),
            Value::Boolean(true),
        ] {
            onair_engine::amf0::write(&mut access, &value);
        }
        self.writer.data(stream_id, 0, &access, &mut self.out);
    }

    /// Says no to what was asked, or ends what was accepted; [`Event::Close`] follows.
    pub(crate) fn refuse(&mut self, code: &str, description: &str) {
        let stream_id = match self.role {
            Role::Asked { stream_id }
            | Role::Publisher { stream_id }
            | Role::Player { stream_id } => stream_id,
            Role::None | Role::Refused => 0,
        };
        self.status(stream_id, "error", code, description);
        self.close();
    }

    /// Sends one unit to a player.
    pub(crate) fn send_unit(&mut self, unit: &Unit) {
        let Role::Player { stream_id } = self.role else { return };
        let Unit { tag_type, timestamp_ms, body, .. } = unit;
        let sent = self.out.push_media(*tag_type, stream_id, *timestamp_ms, &[], body);
        debug_assert!(sent.is_ok(), "what was received fits what is sent");
    }

    /// Sends a player all of these.
    pub(crate) fn send_run(&mut self, run: &Run) {
        let Role::Player { stream_id } = self.role else { return };
        if !run.send(&mut self.out, stream_id) {
            run.units().iter().for_each(|unit| self.send_unit(unit));
        }
    }

    /// Writes all of these to a player for whom nothing waits: `write` says how much was taken, the rest waits. False
    /// where that cannot be.
    pub(crate) fn write_run(&mut self, run: &Run, write: impl FnMut(&[u8]) -> usize) -> bool {
        let Role::Player { stream_id } = self.role else { return false };
        run.write(&mut self.out, stream_id, write)
    }

    /// Tells a player that its publisher came (back).
    pub(crate) fn announce_publisher(&mut self) {
        let Role::Player { stream_id } = self.role else { return };
        self.stream_control(control::STREAM_BEGIN, stream_id);
        self.status(stream_id, "status", "NetStream.Play.PublishNotify", "published");
    }

    /// Tells a player that its publisher has gone.
    pub(crate) fn announce_end(&mut self) {
        let Role::Player { stream_id } = self.role else { return };
        self.stream_control(control::STREAM_EOF, stream_id);
        self.status(stream_id, "status", "NetStream.Play.UnpublishNotify", "unpublished");
    }

    fn handle_message(&mut self, message: Message, now: Now) -> Result<(), SessionError> {
        match message.type_id {
            _ if self.role == Role::Refused => Ok(()),
            type_id::AGGREGATE => {
                for part in split_aggregate(&message) {
                    self.handle_message(part, now)?;
                }
                Ok(())
            }
            _ => self.handle_incoming(Incoming::parse(message)?, now),
        }
    }

    fn handle_incoming(&mut self, incoming: Incoming, now: Now) -> Result<(), SessionError> {
        let publishing = matches!(self.role, Role::Publisher { .. } | Role::Asked { .. });
        match incoming {
            Incoming::Media(message) if publishing => {
                let Some(tag_type) = TagType::from_id(message.type_id) else { return Ok(()) };
                let Message { timestamp_ms, body, .. } = message;
                self.events.push_back(Event::Media { tag_type, timestamp_ms, body });
            }
            Incoming::Data { timestamp_ms, mut values } if publishing => {
                let is = |value: &Value, name| value.as_str() == Some(name);
                if values.first().is_some_and(|value| is(value, "@setDataFrame")) {
                    values.remove(0);
                }
                if values.first().is_some_and(|value| is(value, "onMetaData")) {
                    values.remove(0);
                    self.events.push_back(Event::MetaData(values));
                } else if values.first().is_some_and(is_for_players) {
                    self.events.push_back(Event::Data { timestamp_ms, values });
                }
            }
            Incoming::Command { stream_id, name, transaction, arguments } => {
                self.handle_command(stream_id, &name, transaction, &arguments)?;
            }
            Incoming::WindowAckSize(bytes) => self.ack_window = bytes.max(1),
            Incoming::UserControl { event_type: control::PING_REQUEST, data }
                if due(&mut self.last_pong, now) =>
            {
                let echo = data.get(..4).unwrap_or(&data);
                self.writer.user_control(control::PING_RESPONSE, echo, &mut self.out);
            }
            _ => {}
        }
        Ok(())
    }

    fn handle_command(
        &mut self,
        stream_id: u32,
        name: &str,
        transaction: f64,
        arguments: &[Value],
    ) -> Result<(), SessionError> {
        match name {
            "connect" => self.handle_connect(transaction, arguments),
            _ if self.app.is_none() => Err(SessionError::Protocol("a command before connect")),
            "createStream" => {
                self.created_streams += 1;
                if self.created_streams > MAX_MESSAGE_STREAMS {
                    return Err(SessionError::Protocol("more message streams than allowed"));
                }
                let id = Value::Number(f64::from(self.created_streams));
                self.result(transaction, &[Value::Null, id]);
                Ok(())
            }
            "releaseStream" | "FCPublish" | "getStreamLength" | "_checkbw" => {
                let length =
                    if name == "getStreamLength" { Value::Number(0.0) } else { Value::Undefined };
                self.result(transaction, &[Value::Null, length]);
                Ok(())
            }
            "publish" | "play" => self.handle_ask(name == "publish", stream_id, arguments),
            "FCUnpublish" | "deleteStream" | "closeStream" => {
                if name == "FCUnpublish" {
                    self.result(transaction, &[Value::Null, Value::Undefined]);
                }
                self.stop();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn handle_connect(
        &mut self,
        transaction: f64,
        arguments: &[Value],
    ) -> Result<(), SessionError> {
        if self.app.is_some() {
            return Err(SessionError::Protocol("connect twice"));
        }
        let asked = arguments.first().and_then(|object| object.get("app")).and_then(Value::as_str);
        let app = match check_app(asked.unwrap_or_default()) {
            Ok(app) => app.to_owned(),
            Err(error) => {
                let info = info("error", "NetConnection.Connect.InvalidApp", &error.to_string());
                let arguments = [Value::Null, info];
                self.writer.command(0, "_error", transaction, &arguments, &mut self.out);
                self.close();
                return Ok(());
            }
        };
        self.app = Some(app);
        self.writer.window_ack_size(WINDOW_BYTES, &mut self.out);
        self.writer.set_peer_bandwidth(WINDOW_BYTES, &mut self.out);
        self.writer.set_chunk_size(CHUNK_BYTES, &mut self.out);
        let mut server = vec![
            (
                "fmsVer".to_owned(),
                Value::String(concat!("OnAir/", env!("CARGO_PKG_VERSION")).to_owned()),
            ),
            ("capabilities".to_owned(), Value::Number(31.0)),
        ];
        if arguments.first().is_some_and(|object| object.get("fourCcList").is_some()) {
            server.extend(enhanced());
        }
        let success = "NetConnection.Connect.Success";
        self.result(transaction, &[Value::Object(server), info("status", success, "connected")]);
        Ok(())
    }

    fn handle_ask(
        &mut self,
        publish: bool,
        stream_id: u32,
        arguments: &[Value],
    ) -> Result<(), SessionError> {
        if self.role != Role::None {
            return Err(SessionError::Protocol("publish or play twice on one connection"));
        }
        // The command object comes first; what follows is the name.
        let name = arguments.get(1).and_then(Value::as_str).unwrap_or_default();
        self.role = Role::Asked { stream_id };
        let token = token_in(name);
        match StreamName::parse(self.app.as_deref().unwrap_or_default(), name) {
            Ok(name) if publish => self.events.push_back(Event::Publish { name, token }),
            Ok(name) => self.events.push_back(Event::Play(name)),
            Err(error) => {
                let code = if publish {
                    "NetStream.Publish.BadName"
                } else {
                    "NetStream.Play.StreamNotFound"
                };
                self.refuse(code, &error.to_string());
            }
        }
        Ok(())
    }

    fn stop(&mut self) {
        match self.role {
            Role::Publisher { stream_id } | Role::Asked { stream_id } => {
                let code = "NetStream.Unpublish.Success";
                self.status(stream_id, "status", code, "stream is now unpublished");
            }
            Role::Player { stream_id } => {
                self.status(stream_id, "status", "NetStream.Play.Stop", "stopped");
            }
            Role::None | Role::Refused => return,
        }
        self.role = Role::None;
        self.events.push_back(Event::Stop);
    }

    fn close(&mut self) {
        self.role = Role::Refused;
        self.events.push_back(Event::Close);
    }

    fn acknowledge(&mut self, now: Now) {
        let received = self.reader.received_bytes();
        if received - self.acknowledged >= u64::from(self.ack_window)
            && due(&mut self.last_ack, now)
        {
            self.acknowledged = received;
            self.writer.acknowledgement(received as u32, &mut self.out);
        }
    }

    fn result(&mut self, transaction: f64, arguments: &[Value]) {
        self.writer.command(0, "_result", transaction, arguments, &mut self.out);
    }

    fn status(&mut self, stream_id: u32, level: &str, code: &str, description: &str) {
        let arguments = [Value::Null, info(level, code, description)];
        self.writer.command(stream_id, "onStatus", 0.0, &arguments, &mut self.out);
    }

    fn stream_control(&mut self, event_type: u16, stream_id: u32) {
        self.writer.user_control(event_type, &stream_id.to_be_bytes(), &mut self.out);
    }
}

/// Whether enough time has passed since `last`, which then becomes `now`.
fn due(last: &mut Option<Now>, now: Now) -> bool {
    let due = last.is_none_or(|last| now.micros_since(last) >= REPLY_INTERVAL_MICROS);
    if due {
        *last = Some(now);
    }
    due
}

/// What a client that speaks Enhanced RTMP is told: the codecs that are passed on.
fn enhanced() -> [(String, Value); 3] {
    const FORWARD: f64 = 4.0;
    let name = |four_cc: [u8; 4]| four_cc.escape_ascii().to_string();
    let video = VideoCodec::ALL.map(|codec| name(codec.four_cc()));
    let audio = AudioCodec::ALL.map(|codec| name(codec.four_cc()));
    let map = |names: &[String]| {
        Value::Object(names.iter().map(|name| (name.clone(), FORWARD.into())).collect())
    };
    let maps = (map(&video), map(&audio));
    let list = video.into_iter().chain(audio).map(Value::String).collect();
    [
        ("fourCcList".to_owned(), Value::StrictArray(list)),
        ("videoFourCcInfoMap".to_owned(), maps.0),
        ("audioFourCcInfoMap".to_owned(), maps.1),
    ]
}

/// What stands behind a stream's name as `?token=…`.
fn token_in(name: &str) -> Option<Secret> {
    let (_, query) = name.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("token=")).map(Secret::new)
}

fn info(level: &str, code: &str, description: &str) -> Value {
    let pair = |key: &str, value: &str| (key.to_owned(), Value::String(value.to_owned()));
    Value::Object(vec![pair("level", level), pair("code", code), pair("description", description)])
}

/// A handler of the players; what begins with an `@` is for the server.
fn is_for_players(name: &Value) -> bool {
    name.as_str().is_some_and(|name| !name.is_empty() && !name.starts_with(['@', '|']))
}

#[cfg(test)]
#[path = "session_test.rs"]
mod tests;
