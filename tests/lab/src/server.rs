//! The RTMP server at the far end of OnAir's own engine: reads what was written with the engine's
//! bounded reader, says when each unit is whole, and answers commands once they have arrived.

use std::collections::VecDeque;

use onair_engine::amf0::Value;
use onair_engine::flv::{Body, TagType};
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::message::Incoming;
use onair_engine::rtmp::{ChunkReader, Limits, Message, handshake};

/// A media message that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The picture with this number.
    Picture(u32),
    /// The AAC frame captured at this microsecond.
    Audio(i64),
}

/// What one connection of a willing server has read and still has to answer.
#[derive(Debug)]
pub(crate) struct Server {
    handshake: Option<handshake::Server>,
    reader: ChunkReader,
    writer: CommandWriter,
    out: Outgoing,
    /// Answers, and the byte of the connection whose arrival they wait for.
    answers: VecDeque<(u64, Vec<u8>)>,
}

impl Server {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            handshake: Some(handshake::Server::new(seed)),
            reader: ChunkReader::new(Limits::SERVER),
            writer: CommandWriter::new(),
            out: Outgoing::new(),
            answers: VecDeque::new(),
        }
    }

    /// Reads the client's next `bytes`, which end at byte `end` of the connection; `heard` is told
    /// of media.
    pub(crate) fn read(&mut self, bytes: &[u8], end: u64, mut heard: impl FnMut(Heard)) {
        let mut chunks = bytes;
        if let Some(handshake) = &mut self.handshake {
            let mut answer = Vec::new();
            let (used, is_done) = handshake.handle(bytes, &mut answer).unwrap_or((0, false));
            chunks = &bytes[used..];
            if is_done {
                self.handshake = None;
            }
            if !answer.is_empty() {
                self.answers.push_back((end, answer));
            }
        }
        let mut commands = Vec::new();
        let result = self.reader.push(chunks, &mut |message| match media(&message) {
            Some(unit) => heard(unit),
            None => commands.push(message),
        });
        debug_assert!(result.is_ok(), "the engine wrote what its reader refuses: {result:?}");
        for command in commands {
            self.hear(command, end);
        }
    }

    /// The next answer that is due once the connection's first `received` bytes are here.
    pub(crate) fn take_answer(&mut self, received: u64) -> Option<Vec<u8>> {
        self.answers.pop_front_if(|(end, _)| *end <= received).map(|(_, answer)| answer)
    }

    /// The bytes of an Acknowledgement.
    pub(crate) fn acknowledgement(&mut self, number: u32) -> Vec<u8> {
        self.writer.acknowledgement(number, &mut self.out);
        take(&mut self.out)
    }

    fn hear(&mut self, message: Message, end: u64) {
        let Ok(Incoming::Command { name, transaction, .. }) = Incoming::parse(message) else {
            return;
        };
        let null = Value::Null;
        match name.as_str() {
            "connect" => {
                let status = status("NetConnection.Connect.Success");
                self.writer.window_ack_size(5_000_000, &mut self.out);
                self.writer.command(0, "_result", transaction, &[null, status], &mut self.out);
            }
            "createStream" => {
                let id = Value::Number(1.0);
                self.writer.command(0, "_result", transaction, &[null, id], &mut self.out);
            }
            "publish" => {
                let status = status("NetStream.Publish.Start");
                self.writer.command(1, "onStatus", 0.0, &[null, status], &mut self.out);
            }
            _ => {}
        }
        let answer = take(&mut self.out);
        if !answer.is_empty() {
            self.answers.push_back((end, answer));
        }
    }
}

/// Room for the number in a picture: NAL length, NAL header, number.
pub(crate) const MIN_PICTURE_BYTES: usize = 9;
/// Room for the time in an AAC frame.
pub(crate) const MIN_AUDIO_BYTES: usize = 8;

/// Writes a picture's NAL unit: its length, a slice header's first byte, its number.
pub(crate) fn write_picture(id: u32, is_idr: bool, bytes: usize, out: &mut Vec<u8>) {
    out.resize(bytes.max(MIN_PICTURE_BYTES), 0);
    let nal_bytes = u32::try_from(out.len() - 4).unwrap_or(u32::MAX);
    out[..4].copy_from_slice(&nal_bytes.to_be_bytes());
    out[4] = if is_idr { 0x65 } else { 0x41 };
    out[5..MIN_PICTURE_BYTES].copy_from_slice(&id.to_be_bytes());
}

/// Writes an AAC frame that knows when it was captured.
pub(crate) fn write_audio(captured_us: i64, bytes: usize, out: &mut Vec<u8>) {
    out.resize(bytes.max(MIN_AUDIO_BYTES), 0);
    out[..MIN_AUDIO_BYTES].copy_from_slice(&captured_us.to_be_bytes());
}

fn media(message: &Message) -> Option<Heard> {
    let tag_type = TagType::from_id(message.type_id)?;
    match Body::parse(tag_type, &message.body).ok()? {
        Body::AvcUnit { data, .. } => {
            let id = data.get(5..MIN_PICTURE_BYTES)?.try_into().ok()?;
            Some(Heard::Picture(u32::from_be_bytes(id)))
        }
        Body::AacFrame(data) => {
            let time = data.get(..MIN_AUDIO_BYTES)?.try_into().ok()?;
            Some(Heard::Audio(i64::from_be_bytes(time)))
        }
        _ => None,
    }
}

fn status(code: &str) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    Value::Object(vec![("level".into(), text("status")), ("code".into(), text(code))])
}

fn take(out: &mut Outgoing) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !out.is_empty() {
        let mut slices = [std::io::IoSlice::new(&[]); 8];
        let filled = out.io_slices(&mut slices);
        let before = bytes.len();
        slices[..filled].iter().for_each(|slice| bytes.extend_from_slice(slice));
        out.advance(bytes.len() - before);
    }
    bytes
}
