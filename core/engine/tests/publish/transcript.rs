//! A whole publish, byte for byte: connect, headers, a few units, a ping, an acknowledgement, the
//! goodbye; once in turn, once in one flight. `docs/transcript.md` explains them line by line. Their chunks are taken apart by a reader
//! of its own, as the specification has them, so that both sides' serialisers are seen by a third.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use onair_engine::publish::{Config, GoLive, State};
use onair_engine::url::StreamUrl;
use onair_types::{AccessUnit, FrameKind, MediaTime, Now, Payload};

use crate::rig::{Fate, Rig, metadata, sound, video_unit};
use crate::server::{Answer, Script};

/// A show, as it went over the wire.
type Flights = Vec<(&'static str, i64, Vec<u8>)>;

fn config() -> Config {
    let url = StreamUrl::parse("rtmp://live.example/app/key").expect("a good address");
    let mut config = Config::new(url, metadata(true, true));
    config.seed = 1;
    config
}

/// Small, so that the whole can be read.
fn small(unit: AccessUnit) -> AccessUnit {
    match unit {
        AccessUnit::Video(mut unit) => {
            unit.payload = Payload::from_vec(vec![0, 0, 0, 4, 0x65, 0x88, 0x84, 0x00]);
            AccessUnit::Video(unit)
        }
        AccessUnit::Audio(mut unit) => {
            unit.payload = Payload::from_vec(vec![0x21, 0x10, 0x04, 0x60]);
            AccessUnit::Audio(unit)
        }
    }
}

fn picture(kind: FrameKind, dts_ms: i64) -> AccessUnit {
    let dts = MediaTime::from_millis(dts_ms);
    small(AccessUnit::Video(video_unit(kind, dts, dts, 8)))
}

/// Both directions in the order in which they went.
fn in_turn() -> Flights {
    let mut rig = Rig::new(config());
    rig.keeps_transcript = true;
    let zero = rig.now;
    rig.start();
    rig.push(small(sound(0)));
    rig.push(picture(FrameKind::Idr, 0));
    end_to_end(rig, zero)
}

/// The same; what there is when the connection stands goes with the commands, and the server's
/// answers come 20 ms later.
fn in_one_flight() -> Flights {
    let mut config = config();
    config.go_live = GoLive::OneFlight;
    let late = || Answer::Late(20);
    let script =
        Script { connect: late(), create_stream: late(), publish: late(), ..Script::default() };
    let mut rig = Rig::new(config);
    rig.fates.push_back(Fate::Server(script));
    rig.keeps_transcript = true;
    let zero = rig.now;
    rig.push(small(sound(0)));
    rig.push(picture(FrameKind::Idr, 0));
    rig.start();
    assert_eq!(rig.writes.len(), 2, "C0 and C1, then all the rest");
    end_to_end(rig, zero)
}

/// What follows the first picture.
fn end_to_end(mut rig: Rig, zero: Now) -> Flights {
    rig.pass(33);
    rig.push(small(sound(23)));
    rig.push(picture(FrameKind::Reference, 33));
    rig.server().ping([0, 0, 0, 33]);
    rig.server().acknowledge(4_096);
    rig.settle();
    rig.pass(1_000);
    rig.stop(500);
    assert_eq!(rig.publish.state(), State::Stopped);
    let flights = rig.transcript.into_iter();
    flights.map(|(at, who, bytes)| (who, at.since(zero).as_millis() as i64, bytes)).collect()
}

/// One side's bytes, taken apart into handshake and chunks (RTMP 1.0 5.2 and 5.3).
struct Side {
    name: &'static str,
    /// What of the handshake is still to come.
    blocks: Vec<(String, usize)>,
    chunk_bytes: usize,
    /// Length, type and bytes still to come, by chunk stream.
    streams: BTreeMap<u8, (usize, u8, usize)>,
    waiting: Vec<u8>,
}

impl Side {
    fn new(name: &'static str, letter: char) -> Self {
        let blocks = [("0", 1), ("1", 1_536), ("2", 1_536)];
        let blocks = blocks.map(|(number, size)| (format!("{letter}{number}"), size));
        let blocks = blocks.into_iter().rev().collect();
        Self { name, blocks, chunk_bytes: 128, streams: BTreeMap::new(), waiting: Vec::new() }
    }

    /// Names the next whole piece and takes it out.
    fn next(&mut self) -> Option<(String, Vec<u8>)> {
        if let Some((_, size)) = self.blocks.last() {
            let size = *size;
            let whole = self.waiting.len() >= size;
            return whole.then(|| {
                let (name, _) = self.blocks.pop().expect("it is there");
                (name, self.waiting.drain(..size).collect())
            });
        }
        let first = *self.waiting.first()?;
        let (format, stream) = (first >> 6, first & 0x3F);
        let header_bytes = 1 + [11, 7, 3, 0][usize::from(format)];
        let header = &self.waiting[..header_bytes];
        let known = self.streams.get(&stream).copied().unwrap_or_default();
        let (length, type_id) = match format {
            0 | 1 => (u32::from_be_bytes([0, header[4], header[5], header[6]]) as usize, header[7]),
            _ => (known.0, known.1),
        };
        let left = if format == 3 && known.2 > 0 { known.2 } else { length };
        let body_bytes = left.min(self.chunk_bytes);
        let bytes: Vec<u8> = self.waiting.drain(..header_bytes + body_bytes).collect();
        self.streams.insert(stream, (length, type_id, left - body_bytes));
        let body = &bytes[header_bytes..];
        if type_id == 1 {
            self.chunk_bytes = u32::from_be_bytes(body.try_into().expect("four bytes")) as usize;
        }
        let what = match type_id {
            1 => "Set Chunk Size".to_owned(),
            3 => "Acknowledgement".to_owned(),
            4 => "User Control".to_owned(),
            5 => "Window Acknowledgement Size".to_owned(),
            8 => "audio".to_owned(),
            9 => "video".to_owned(),
            18 => "data".to_owned(),
            20 if left == length => {
                let name = &body[3..3 + usize::from(body[2])];
                format!("command {}", String::from_utf8_lossy(name))
            }
            20 => "command, continued".to_owned(),
            other => panic!("an unexpected message type: {other}"),
        };
        Some((format!("fmt {format}, csid {stream}, {what}"), bytes))
    }
}

fn transcript(flights: Flights) -> String {
    let mut text = String::new();
    let mut sides = [Side::new("client", 'C'), Side::new("server", 'S')];
    let mut number = 0;
    for (who, at_ms, bytes) in flights {
        let side = sides.iter_mut().find(|side| side.name == who).expect("one of two");
        side.waiting.extend(bytes);
        while let Some((what, bytes)) = side.next() {
            number += 1;
            let size = bytes.len();
            writeln!(text, "[{number}] {at_ms} ms, {who}: {what}, {size} bytes").expect("memory");
            for row in bytes.chunks(32) {
                let hex: String = row.iter().map(|byte| format!("{byte:02x}")).collect();
                writeln!(text, "{hex}").expect("memory");
            }
        }
        assert!(side.waiting.is_empty(), "a write ends with a chunk");
    }
    text
}

/// To take over what is right: `cp target/tmp/*.transcript core/engine/tests/data/`.
fn compare(name: &str, golden: &str, show: fn() -> Flights) {
    let made = transcript(show());
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(path, &made).expect("the build's folder can be written");
    let mut entry = "";
    for (number, (was, is)) in golden.lines().zip(made.lines()).enumerate() {
        entry = if is.starts_with('[') { is } else { entry };
        assert_eq!(is, was, "line {} of the transcript, in {entry}", number + 1);
    }
    assert_eq!(made.lines().count(), golden.lines().count());
    assert_eq!(transcript(show()), made, "the same twice");
}

#[test]
fn lf45_a_whole_publish_is_byte_for_byte_what_it_was() {
    compare("publish.transcript", include_str!("../data/publish.transcript"), in_turn);
}

#[test]
fn lf45_a_publish_in_one_flight_is_byte_for_byte_what_it_was() {
    let golden = include_str!("../data/one_flight.transcript");
    compare("one_flight.transcript", golden, in_one_flight);
}
