//! A willing RTMP server for tests on virtual time: reads what the engine wrote, answers commands,
//! hands on media.

use std::io::IoSlice;

use onair_engine::amf0::Value;
use onair_engine::flv::TagType;
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::message::Incoming;
use onair_engine::rtmp::{ChunkReader, Limits, Message, handshake};

/// The far end of one connection.
pub(crate) struct Server {
    handshake: Option<handshake::Server>,
    reader: ChunkReader,
    writer: CommandWriter,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            handshake: Some(handshake::Server::new(7)),
            reader: ChunkReader::new(Limits::SERVER),
            writer: CommandWriter::new(),
        }
    }

    /// Reads what came; what it says to that, and the media in it.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> (Vec<u8>, Vec<(TagType, Message)>) {
        let (mut answer, mut rest) = (Vec::new(), bytes);
        if let Some(handshake) = &mut self.handshake {
            let (used, is_done) = handshake.handle(bytes, &mut answer).expect("a handshake");
            rest = &bytes[used..];
            if is_done {
                self.handshake = None;
            }
        }
        let (mut messages, mut media) = (Vec::new(), Vec::new());
        self.reader.push(rest, &mut |message| messages.push(message)).expect("chunks");
        for message in messages {
            match TagType::from_id(message.type_id) {
                Some(kind) => media.push((kind, message)),
                None => self.obey(message, &mut answer),
            }
        }
        (answer, media)
    }

    fn obey(&mut self, message: Message, answer: &mut Vec<u8>) {
        let Ok(Incoming::Command { name, transaction, .. }) = Incoming::parse(message) else {
            return;
        };
        let status = |code: &str| {
            let text = |text: &str| Value::String(text.to_owned());
            Value::Object(vec![("level".into(), text("status")), ("code".into(), text(code))])
        };
        let (stream, name, transaction, value) = match name.as_str() {
            "connect" => (0, "_result", transaction, status("NetConnection.Connect.Success")),
            "createStream" => (0, "_result", transaction, Value::Number(1.0)),
            "publish" => (1, "onStatus", 0.0, status("NetStream.Publish.Start")),
            _ => return,
        };
        let mut out = Outgoing::new();
        self.writer.command(stream, name, transaction, &[Value::Null, value], &mut out);
        let mut slices = [IoSlice::new(&[]); 8];
        let filled = out.io_slices(&mut slices);
        answer.extend(joined(&slices[..filled]));
    }
}

/// What lies in these, one behind the other.
pub(crate) fn joined(slices: &[IoSlice<'_>]) -> Vec<u8> {
    slices.iter().flat_map(|slice| slice.iter().copied()).collect()
}
