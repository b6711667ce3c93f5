//! What a server says: well-formed chunks with any content, the publisher's secrets among it.

use onair_engine::amf0::Value;
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::url::StreamUrl;

use super::text;
use crate::input::Input;

const KEY: &str = "canaryKeyOne";
const TOKEN: &str = "canaryTokenTwo";
const PASSWORD: &str = "canary/PassThree";

/// S0, S1 and S2 of the simplest server; that S2 echoes something else is borne with.
pub(super) const HELLO: &[u8; 3_073] = &{
    let mut hello = [0; 3_073];
    hello[0] = 3;
    hello
};

pub(super) fn url(is_tls: bool) -> StreamUrl {
    let scheme = if is_tls { "rtmps" } else { "rtmp" };
    let address =
        format!("{scheme}://user:canary%2FPassThree@live.example.com/app/{KEY}?t={TOKEN}");
    StreamUrl::parse(&address).expect("a good address")
}

#[track_caller]
pub(super) fn assert_no_secret(shown: &str) {
    for secret in [KEY, TOKEN, PASSWORD, "canary%2FPassThree"] {
        assert!(!shown.contains(secret), "{secret} in {shown:?}");
    }
}

/// One connection's way of writing.
pub(super) struct Server {
    writer: CommandWriter,
    out: Outgoing,
}

impl Server {
    pub(super) fn new() -> Self {
        Self { writer: CommandWriter::new(), out: Outgoing::new() }
    }

    /// The answer that the protocol wants to connect (1), createStream (4) or publish (5).
    pub(super) fn agree(&mut self, transaction: u8) -> Vec<u8> {
        let info = |code| {
            Value::Object(vec![
                ("level".to_owned(), text("status")),
                ("code".to_owned(), text(code)),
            ])
        };
        let (stream, name, number, argument) = match transaction {
            1 => (0, "_result", 1.0, info("NetConnection.Connect.Success")),
            4 => (0, "_result", 4.0, Value::Number(1.0)),
            _ => (1, "onStatus", 0.0, info("NetStream.Publish.Start")),
        };
        self.writer.command(stream, name, number, &[Value::Null, argument], &mut self.out);
        self.take()
    }

    /// A command of the publisher's world with any transaction, code and description.
    pub(super) fn command(&mut self, input: &mut Input<'_>) -> Vec<u8> {
        let name = input.one_of(&NAMES);
        let transaction = input.f64();
        let mut info = vec![
            ("level".to_owned(), text(input.one_of(&["error", "status", "warning", ""]))),
            ("code".to_owned(), text(input.one_of(&CODES))),
            ("description".to_owned(), Value::String(words(input))),
        ];
        match input.byte() % 4 {
            0 => info.push(("tcUrl".to_owned(), text(input.one_of(&WAYS)))),
            1 => info.push(("tcUrl".to_owned(), Value::String(words(input)))),
            2 => info[1].1 = Value::String(words(input)),
            _ => {}
        }
        let argument = match input.byte() % 4 {
            0 => Value::Number(input.f64()),
            1 => Value::StrictArray(vec![Value::Object(info)]),
            _ => Value::Object(info),
        };
        let stream = u32::from(input.byte() % 3);
        self.writer.command(stream, name, transaction, &[Value::Null, argument], &mut self.out);
        self.take()
    }

    /// A protocol control message, and whether it asks for acknowledgements.
    pub(super) fn control(&mut self, input: &mut Input<'_>) -> (Vec<u8>, bool) {
        let kind = input.byte() % 6;
        let number = input.u32();
        match kind {
            0 => self.writer.window_ack_size(number, &mut self.out),
            1 => self.writer.set_peer_bandwidth(number, &mut self.out),
            2 => self.writer.set_chunk_size(number, &mut self.out),
            3 => self.writer.acknowledgement(number, &mut self.out),
            4 => {
                let event = input.u16() % 40;
                self.writer.user_control(event, input.take(4), &mut self.out);
            }
            _ => self.writer.data(1, number, &[2, 0, 1, b'x'], &mut self.out),
        }
        (self.take(), kind < 2)
    }

    fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.out.is_empty() {
            let mut slices = [std::io::IoSlice::new(&[]); 4];
            let filled = self.out.io_slices(&mut slices);
            let before = bytes.len();
            slices[..filled].iter().for_each(|slice| bytes.extend_from_slice(slice));
            self.out.advance(bytes.len() - before);
        }
        bytes
    }
}

/// Some words with secrets among them, whole, in halves, encoded.
fn words(input: &mut Input<'_>) -> String {
    let mut words = String::new();
    for _ in 0..input.byte() % 6 {
        match input.byte() % 10 {
            0 => words += KEY,
            1 => words += TOKEN,
            2 => words += PASSWORD,
            3 => words += &KEY[..6],
            4 => words += &KEY[6..],
            5 => words += "canary%2FPassThree",
            6 => words.push(char::from(input.byte() % 32)),
            7 => words += "Stream already publishing",
            8 => words += " ",
            _ => words += &input.string(),
        }
    }
    words
}

const NAMES: [&str; 9] =
    ["onStatus", "_result", "_error", "onBWDone", "onFCPublish", "onFCUnpublish", "close", "", "x"];
const CODES: [&str; 12] = [
    "NetConnection.Connect.Success",
    "NetConnection.Connect.Rejected",
    "NetConnection.Connect.InvalidApp",
    "NetConnection.Connect.Closed",
    "NetConnection.Connect.ReconnectRequest",
    "NetStream.Publish.Start",
    "NetStream.Publish.BadName",
    "NetStream.Publish.Denied",
    "NetStream.Unpublish.Success",
    "NetStream.Data.Start",
    "StreamBusy",
    "",
];
const WAYS: [&str; 7] = [
    "rtmp://other.example.com/app",
    "rtmps://other.example.com:444/app2",
    "rtmp://live.example.com/app",
    "rtmp://evil.test/app",
    "//live.example.com:1936/x",
    "/y",
    "z",
];
