//! A scripted RTMP server without a socket: bytes in, bytes out, and a record of what it heard.

use onair_engine::amf0::Value;
use onair_engine::flv::Body;
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::message::Incoming;
use onair_engine::rtmp::{ChunkReader, Limits, handshake};
use onair_types::Now;

/// How the server answers one command.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Answer {
    /// As the protocol wants.
    #[default]
    Yes,
    /// Not at all.
    Silence,
    /// By closing.
    Close,
    /// With `_error` and this code and description.
    Error(&'static str, &'static str),
    /// With `onStatus` of level error and this code and description.
    Status(&'static str, &'static str),
    /// As the protocol wants, so many milliseconds late.
    Late(i64),
}

/// What the server will do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// Sent instead of a handshake.
    pub(crate) instead_of_handshake: Option<Vec<u8>>,
    /// Takes TLS only.
    pub(crate) is_secure: bool,
    /// Nothing is ever sent.
    pub(crate) is_mute: bool,
    pub(crate) connect: Answer,
    /// Decides on `connect` by its object instead.
    pub(crate) judge: Option<fn(&Value) -> Answer>,
    pub(crate) create_stream: Answer,
    pub(crate) publish: Answer,
    /// Sent before anything else, after the handshake.
    pub(crate) greeting: Greeting,
    /// What it makes of Enhanced RTMP.
    pub(crate) enhanced: Enhanced,
    /// Acknowledges media when asked to.
    pub(crate) acknowledges: bool,
    /// Closes at a command that does not wait for the answer to the one before.
    pub(crate) wants_turns: bool,
    /// Calls the message stream so; 1 when zero.
    pub(crate) stream_id: u32,
}

impl Script {
    /// How it goes over TLS, or without: a server that takes TLS only answers plain text with an
    /// alert (fatal, protocol_version).
    pub(crate) fn reached(mut self, tls: bool) -> Self {
        if self.is_secure && !tls {
            self.instead_of_handshake = Some(b"\x15\x03\x01\0\x02\x02\x46".to_vec());
        }
        self
    }
}

/// What a server makes of Enhanced RTMP.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Enhanced {
    /// It does not hear of it.
    #[default]
    Deaf,
    /// Answers with a list of codecs.
    V1(&'static [&'static str]),
    /// Answers with a list, maps and `capsEx`.
    V2(&'static [&'static str]),
    /// Cannot stand this property of `connect`.
    Rude(&'static str, Box<Answer>),
}

impl Enhanced {
    fn answer(&self) -> Vec<(String, Value)> {
        let (codecs, is_v2) = match self {
            Self::V1(codecs) => (*codecs, false),
            Self::V2(codecs) => (*codecs, true),
            Self::Deaf | Self::Rude(..) => return Vec::new(),
        };
        let names = codecs.iter().map(|codec| (*codec).into());
        let mut answer = vec![("fourCcList".to_owned(), Value::StrictArray(names.collect()))];
        if is_v2 {
            let map = codecs.iter().map(|codec| ((*codec).to_owned(), 1.0.into()));
            let map = Value::Object(map.collect());
            for key in ["videoFourCcInfoMap", "audioFourCcInfoMap"] {
                answer.push((key.to_owned(), map.clone()));
            }
            answer.push(("capsEx".to_owned(), 15.0.into()));
        }
        answer
    }
}

/// Oddities that real servers begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Greeting {
    #[default]
    None,
    /// onBWDone, onFCPublish with one value, results with transactions nobody asked for.
    Odd,
}

/// One message from the client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    Command {
        name: String,
        transaction: f64,
        stream_id: u32,
        arguments: Vec<Value>,
    },
    Data {
        timestamp_ms: u32,
        values: Vec<Value>,
    },
    AvcHeader {
        timestamp_ms: u32,
        record: Vec<u8>,
    },
    AacHeader {
        timestamp_ms: u32,
        asc: Vec<u8>,
    },
    Video {
        timestamp_ms: u32,
        keyframe: bool,
        composition_ms: i32,
        data: Vec<u8>,
    },
    Audio {
        timestamp_ms: u32,
        data: Vec<u8>,
    },
    /// An extended tag's body.
    Extended {
        timestamp_ms: u32,
        body: Vec<u8>,
    },
    ChunkSize(u32),
    WindowAckSize(u32),
    Acknowledgement(u32),
    Pong(Vec<u8>),
}

impl Heard {
    /// A word for lists.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Command { name, .. } => name,
            Self::Data { .. } => "metadata",
            Self::AvcHeader { .. } => "avc header",
            Self::AacHeader { .. } => "aac header",
            Self::Video { keyframe: true, .. } => "idr",
            Self::Video { .. } => "picture",
            Self::Audio { .. } => "sound",
            Self::Extended { .. } => "extended",
            Self::ChunkSize(_) => "chunk size",
            Self::WindowAckSize(_) => "window",
            Self::Acknowledgement(_) => "acknowledgement",
            Self::Pong(_) => "pong",
        }
    }

    /// When it is on the wire's timeline; media and headers only.
    pub(crate) fn timestamp_ms(&self) -> Option<u32> {
        match self {
            Self::Data { timestamp_ms, .. }
            | Self::AvcHeader { timestamp_ms, .. }
            | Self::AacHeader { timestamp_ms, .. }
            | Self::Video { timestamp_ms, .. }
            | Self::Audio { timestamp_ms, .. }
            | Self::Extended { timestamp_ms, .. } => Some(*timestamp_ms),
            _ => None,
        }
    }
}

/// One connection's server.
pub(crate) struct Server {
    script: Script,
    handshake: handshake::Server,
    reader: ChunkReader,
    writer: CommandWriter,
    out: Outgoing,
    is_shaken: bool,
    acknowledged_bytes: u64,
    pub(crate) heard: Vec<Heard>,
    pub(crate) wants_close: bool,
    /// Answers that are not due yet.
    later: Vec<(Now, f64)>,
}

impl Server {
    pub(crate) fn new(script: Script) -> Self {
        Self {
            script,
            handshake: handshake::Server::new(7),
            reader: ChunkReader::new(Limits::SERVER),
            writer: CommandWriter::new(),
            out: Outgoing::new(),
            is_shaken: false,
            acknowledged_bytes: 0,
            heard: Vec::new(),
            wants_close: false,
            later: Vec::new(),
        }
    }

    /// Bytes from the client.
    pub(crate) fn receive(&mut self, bytes: &[u8], now: Now) {
        if self.script.is_mute {
            return;
        }
        if let Some(garbage) = self.script.instead_of_handshake.take() {
            self.out.push_bytes(&garbage);
            self.script.is_mute = true;
            return;
        }
        let mut chunks = bytes;
        if !self.is_shaken {
            let mut answer = Vec::new();
            let (used, is_done) = self.handshake.handle(bytes, &mut answer).expect("C0 is 3");
            self.out.push_bytes(&answer);
            self.is_shaken = is_done;
            chunks = &bytes[used..];
            if is_done {
                self.greet();
            }
        }
        let mut messages = Vec::new();
        self.reader
            .push(chunks, &mut |message| messages.push(message))
            .expect("well-formed chunks");
        for message in messages {
            self.hear(Incoming::parse(message).expect("well-formed messages"), now);
        }
        let received = self.reader.received_bytes();
        if self.script.acknowledges && received - self.acknowledged_bytes >= 65_536 {
            self.acknowledged_bytes = received;
            self.writer.acknowledgement(received as u32, &mut self.out);
        }
    }

    /// Gives the answers that are due.
    pub(crate) fn tick(&mut self, now: Now) {
        let (due, later) = self.later.drain(..).partition(|(at, _)| *at <= now);
        self.later = later;
        for (_, transaction) in Vec::from_iter::<Vec<_>>(due) {
            self.agree(transaction);
        }
    }

    /// When the next late answer is due.
    pub(crate) fn next_tick(&self) -> Option<Now> {
        self.later.iter().map(|(at, _)| *at).min()
    }

    /// Bytes for the client.
    pub(crate) fn take_bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.out.is_empty() {
            let mut slices = [std::io::IoSlice::new(&[]); 16];
            let filled = self.out.io_slices(&mut slices);
            let piece: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
            self.out.advance(piece.len());
            bytes.extend(piece);
        }
        bytes
    }

    pub(crate) fn ping(&mut self, value: [u8; 4]) {
        self.writer.user_control(6, &value, &mut self.out);
    }

    pub(crate) fn set_window(&mut self, bytes: u32) {
        self.writer.window_ack_size(bytes, &mut self.out);
    }

    pub(crate) fn acknowledge(&mut self, bytes: u32) {
        self.writer.acknowledgement(bytes, &mut self.out);
    }

    pub(crate) fn command(&mut self, name: &str, transaction: f64, arguments: &[Value]) {
        self.writer.command(0, name, transaction, arguments, &mut self.out);
    }

    /// `onStatus` on the media stream.
    pub(crate) fn status(&mut self, level: &str, code: &str, description: &str) {
        let info = info(level, code, description);
        self.writer.command(1, "onStatus", 0.0, &[Value::Null, info], &mut self.out);
    }

    /// Asks the publisher to connect anew, at `tc_url` or where it is.
    pub(crate) fn request_reconnect(&mut self, tc_url: Option<&str>) {
        let code = "NetConnection.Connect.ReconnectRequest";
        let Value::Object(mut info) = info("status", code, "maintenance") else { return };
        let tc_url = tc_url.map(|url| ("tcUrl".to_owned(), Value::String(url.to_owned())));
        info.extend(tc_url);
        self.command("onStatus", 0.0, &[Value::Null, Value::Object(info)]);
    }

    /// The words of everything heard.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.heard.iter().map(Heard::word).collect()
    }

    /// The commands heard, in order, with their transaction ids.
    pub(crate) fn commands(&self) -> Vec<(&str, f64)> {
        let commands = self.heard.iter().filter_map(|heard| match heard {
            Heard::Command { name, transaction, .. } => Some((name.as_str(), *transaction)),
            _ => None,
        });
        commands.collect()
    }

    /// Media and headers heard, in order.
    pub(crate) fn media(&self) -> Vec<&Heard> {
        self.heard.iter().filter(|heard| heard.timestamp_ms().is_some()).collect()
    }

    fn greet(&mut self) {
        if self.script.greeting == Greeting::Odd {
            self.command("onBWDone", 0.0, &[Value::Null, Value::Number(8_192.0)]);
            self.command("onFCPublish", 0.0, &[]);
            for transaction in [f64::NAN, f64::INFINITY, -1.0, 5.0, 4.0, 1e300] {
                self.command("_result", transaction, &[Value::Null, Value::Number(1.0)]);
            }
            self.command("noSuchCommand", f64::NAN, &[]);
        }
    }

    fn hear(&mut self, incoming: Incoming, now: Now) {
        let heard = match incoming {
            Incoming::Command { name, transaction, stream_id, arguments } => {
                let answer = match name.as_str() {
                    "connect" => Some(match (&self.script.enhanced, self.script.judge) {
                        (_, Some(judge)) => judge(arguments.first().unwrap_or(&Value::Null)),
                        (Enhanced::Rude(key, rude), _) if arguments[0].get(key).is_some() => {
                            (**rude).clone()
                        }
                        _ => self.script.connect.clone(),
                    }),
                    "createStream" => Some(self.script.create_stream.clone()),
                    "publish" => Some(self.script.publish.clone()),
                    _ => None,
                };
                let is_early = self.script.wants_turns && !self.out.is_empty();
                self.wants_close |= is_early && answer.is_some();
                if let Some(answer) = answer.filter(|_| !self.wants_close) {
                    self.answer(answer, transaction, now);
                }
                Heard::Command { name, transaction, stream_id, arguments }
            }
            Incoming::Data { timestamp_ms, values } => Heard::Data { timestamp_ms, values },
            Incoming::SetChunkSize(bytes) => Heard::ChunkSize(bytes),
            Incoming::WindowAckSize(bytes) => Heard::WindowAckSize(bytes),
            Incoming::Acknowledgement(bytes) => Heard::Acknowledgement(bytes),
            Incoming::UserControl { event_type: 7, data } => Heard::Pong(data),
            Incoming::Media(message) => {
                let tag_type = onair_engine::flv::TagType::from_id(message.type_id).expect("media");
                let timestamp_ms = message.timestamp_ms;
                match Body::parse(tag_type, &message.body).expect("a whole body") {
                    Body::AvcHeader(record) => {
                        Heard::AvcHeader { timestamp_ms, record: record.to_vec() }
                    }
                    Body::AvcUnit { keyframe, composition_ms, data } => {
                        Heard::Video { timestamp_ms, keyframe, composition_ms, data: data.to_vec() }
                    }
                    Body::AacHeader(asc) => Heard::AacHeader { timestamp_ms, asc: asc.to_vec() },
                    Body::AacFrame(data) => Heard::Audio { timestamp_ms, data: data.to_vec() },
                    Body::Other(_) | Body::Empty | Body::Script(_) => panic!("an odd body"),
                    _ => Heard::Extended { timestamp_ms, body: message.body },
                }
            }
            other => panic!("an unexpected message: {other:?}"),
        };
        self.heard.push(heard);
    }

    fn answer(&mut self, answer: Answer, transaction: f64, now: Now) {
        match answer {
            Answer::Yes => self.agree(transaction),
            Answer::Late(millis) => {
                self.later.push((now.offset_micros(millis * 1_000), transaction))
            }
            Answer::Silence => {}
            Answer::Close => self.wants_close = true,
            Answer::Error(code, description) => {
                let info = info("error", code, description);
                self.command("_error", transaction, &[Value::Null, info]);
            }
            Answer::Status(code, description) => self.status("error", code, description),
        }
    }

    fn agree(&mut self, transaction: f64) {
        match transaction as u32 {
            1 => {
                let info = info("status", "NetConnection.Connect.Success", "Connection succeeded.");
                let properties = Value::Object(self.script.enhanced.answer());
                self.command("_result", 1.0, &[properties, info]);
            }
            4 => {
                let stream_id = f64::from(self.script.stream_id.max(1));
                self.command("_result", 4.0, &[Value::Null, Value::Number(stream_id)]);
            }
            5 => self.status("status", "NetStream.Publish.Start", "Start publishing"),
            other => panic!("nothing to agree to in transaction {other}"),
        }
    }
}

fn info(level: &str, code: &str, description: &str) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    Value::Object(vec![
        ("level".to_owned(), text(level)),
        ("code".to_owned(), text(code)),
        ("description".to_owned(), text(description)),
    ])
}
