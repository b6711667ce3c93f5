//! The server against clients that say anything: a publisher and players on one house. What players
//! are sent is RTMP, what waits for them is bounded, memory follows what came in, every split of the
//! publisher's bytes shows players the same, and no error holds a key.

use onair_engine::amf0::Value;
use onair_engine::flv::TagType;
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::{ChunkReader, Limits, Message};
use onair_server::fuzzed::{House, Peer};
use onair_types::{Now, Payload};

use crate::heap;
use crate::input::{Input, pieces};

const KEY: &str = "canaryKey";
const PIECES: [u8; 5] = [1, 11, 3, 200, 2];

pub(crate) fn check(bytes: &[u8]) {
    let ((seen, received), peak) = heap::peak(|| run(bytes, &[]));
    // Kept once for all players, once more as a segment that was fetched, once on its way to a
    // player, once here.
    let most = 6 * received + SMALL;
    assert!(peak <= most, "{peak} bytes of heap for {received} received");
    assert_eq!(seen, run(bytes, &PIECES).0, "another split, another show");
}

/// Somebody's connection and how it writes.
struct Client {
    peer: Option<Peer>,
    writer: CommandWriter,
    out: Outgoing,
    /// Reads what the server says, behind its part of the handshake.
    reader: ChunkReader,
    skipped: usize,
    media: Vec<Message>,
}

struct World<'a> {
    house: House,
    clients: [Client; 3],
    seed: &'a [u8],
    now: Now,
    received: usize,
    time_ms: u32,
}

/// The media that players saw, and how many bytes the server received.
fn run(bytes: &[u8], seed: &[u8]) -> (Vec<Vec<Message>>, usize) {
    let mut input = Input::new(bytes);
    let house = House::new(input.byte() & 1 == 1);
    let clients = [(); 3].map(|()| Client::open(&house));
    let mut world = World { house, clients, seed, now: Now::ZERO, received: 0, time_ms: 0 };
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        world.step(&mut input);
    }
    for client in &mut world.clients {
        client.read(usize::MAX);
    }
    world.house.look("live", KEY, world.now);
    (world.clients.map(|client| client.media).into(), world.received)
}

impl World<'_> {
    /// The first byte says who and what.
    fn step(&mut self, input: &mut Input<'_>) {
        let who = usize::from(input.byte() % 3);
        let client = &mut self.clients[who];
        match input.byte() % 16 {
            0 => client.out.push_bytes(HELLO),
            1 => {
                let app = if input.byte() < 200 { "live".to_owned() } else { input.string() };
                let app = Value::Object(vec![("app".to_owned(), Value::String(app))]);
                client.writer.command(0, "connect", 1.0, &[app], &mut client.out);
            }
            2 | 3 => client.command(input),
            4 => client.hello_and("publish"),
            5 => client.hello_and("play"),
            6 | 7 => client.media(input, self.time_ms),
            8 => client.headers(),
            9 => self.time_ms = self.time_ms.wrapping_add(input.u32() >> (input.byte() % 32)),
            10 => self.now = self.now.offset_micros(i64::from(input.u16()) * 1_000),
            11 => {
                let length = usize::from(input.byte());
                client.out.push_bytes(input.take(length));
            }
            12 => client.control(input),
            13 => return client.read(usize::from(input.u16())),
            14 => return self.house.look("live", KEY, self.now),
            _ => {
                *client = Client::open(&self.house);
                return;
            }
        }
        self.send(who);
    }

    fn send(&mut self, who: usize) {
        let client = &mut self.clients[who];
        let bytes = take(&mut client.out);
        self.received += bytes.len();
        for piece in pieces(&bytes, self.seed) {
            let Some(peer) = &mut client.peer else { return };
            match peer.receive(piece, self.now) {
                Ok(true) => {}
                Ok(false) => client.peer = None,
                Err(error) => {
                    assert!(!error.contains(KEY), "{error}");
                    client.peer = None;
                }
            }
        }
    }
}

impl Client {
    fn open(house: &House) -> Self {
        Self {
            peer: Some(house.open(Now::ZERO)),
            writer: CommandWriter::new(),
            out: Outgoing::new(),
            reader: ChunkReader::new(Limits::PLAYER),
            skipped: 0,
            media: Vec::new(),
        }
    }

    /// Everything up to publishing or playing the one stream, in one flight.
    fn hello_and(&mut self, role: &str) {
        self.out.push_bytes(HELLO);
        let app = Value::Object(vec![("app".to_owned(), Value::from("live"))]);
        self.writer.command(0, "connect", 1.0, &[app], &mut self.out);
        self.writer.set_chunk_size(60_000, &mut self.out);
        self.writer.command(0, "createStream", 2.0, &[Value::Null], &mut self.out);
        self.writer.command(1, role, 3.0, &[Value::Null, Value::from(KEY)], &mut self.out);
    }

    fn command(&mut self, input: &mut Input<'_>) {
        let name = input.one_of(&NAMES);
        let (stream, transaction) = (u32::from(input.byte() % 3), input.f64());
        let argument = match input.byte() % 3 {
            0 => Value::String(input.string()),
            1 => Value::Number(input.f64()),
            _ => Value::from(KEY),
        };
        let arguments = [Value::Null, argument, Value::from("live")];
        self.writer.command(stream, name, transaction, &arguments, &mut self.out);
    }

    /// Pictures and sound as FLV has them, and anything else.
    fn media(&mut self, input: &mut Input<'_>, time_ms: u32) {
        let kind = input.byte() % 8;
        let (length, fill) = (usize::from(input.u16()), input.byte());
        let filled = vec![fill; length % 6_000];
        let (tag_type, body) = match kind {
            0 | 1 => (TagType::Video, [&[0x17, 1, 0, 0, fill & 1][..], &filled].concat()),
            2 | 3 => (TagType::Video, [&[0x27, 1, 0, 0, fill][..], &filled].concat()),
            4 => (TagType::Audio, [&[0xAF, 1][..], &filled].concat()),
            5 => (TagType::Video, input.take(length % 256).to_vec()),
            6 => (TagType::Audio, input.take(length % 256).to_vec()),
            _ => (TagType::Script, input.take(length % 256).to_vec()),
        };
        let payload = Payload::from_vec(body);
        self.out.push_media(tag_type, 1, time_ms, &[], &payload).expect("it is small");
    }

    fn headers(&mut self) {
        for (tag_type, body) in [(TagType::Video, AVC_HEADER), (TagType::Audio, AAC_HEADER)] {
            let payload = Payload::from_vec(body.to_vec());
            self.out.push_media(tag_type, 1, 0, &[], &payload).expect("it is small");
        }
    }

    fn control(&mut self, input: &mut Input<'_>) {
        let number = input.u32();
        match input.byte() % 5 {
            0 => self.writer.window_ack_size(number, &mut self.out),
            1 => self.writer.set_peer_bandwidth(number, &mut self.out),
            2 => self.writer.set_chunk_size(number, &mut self.out),
            3 => self.writer.acknowledgement(number, &mut self.out),
            _ => self.writer.user_control(input.u16() % 40, input.take(4), &mut self.out),
        }
    }

    /// Takes up to `limit` bytes of what the server sends.
    fn read(&mut self, limit: usize) {
        let Some(peer) = &mut self.peer else { return };
        let mut left = limit;
        loop {
            let bytes = peer.take_output(left);
            assert!(peer.waiting_bytes() <= MOST_WAITING, "{} wait", peer.waiting_bytes());
            if bytes.is_empty() {
                return;
            }
            left -= bytes.len();
            let hello = (HELLO.len() - self.skipped).min(bytes.len());
            self.skipped += hello;
            let media = &mut self.media;
            let keep = |message: Message| match message.type_id {
                8 | 9 => media.push(message),
                _ => {}
            };
            let mut keep = keep;
            self.reader.push(&bytes[hello..], &mut keep).expect("what a server writes is RTMP");
        }
    }
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

/// C0, C1 and C2, or S0, S1 and S2.
const HELLO: &[u8; 3_073] = &{
    let mut hello = [0; 3_073];
    hello[0] = 3;
    hello
};
const NAMES: [&str; 11] = [
    "createStream",
    "publish",
    "play",
    "deleteStream",
    "closeStream",
    "FCUnpublish",
    "FCPublish",
    "releaseStream",
    "getStreamLength",
    "connect",
    "x",
];
const AVC_HEADER: &[u8] = &[
    0x17, 0, 0, 0, 0, 1, 0x42, 0xC0, 0x15, 0xFF, 0xE1, 0, 15, 0x67, 0x42, 0xC0, 0x15, 0xD9, 1,
    0x41, 0xFB, 1, 0x10, 0, 0, 3, 0, 0x10, 1, 0, 5, 0x68, 0xCB, 0x83, 0xCB, 0x20,
];
const AAC_HEADER: &[u8] = &[0xAF, 0, 0x12, 0x10];
const MOST_STEPS: usize = 150;
/// 64 KiB ahead and one unit; answers to commands besides.
const MOST_WAITING: usize = 256 << 10;
const SMALL: usize = 4 << 20;
