//! A publish against a server that says anything at any time, between inputs of every other kind.
//! Outputs end, time does not run back, secrets show nowhere, memory stays in its bounds, the end is
//! one end, and the flight record of it all decides the same again.

use std::time::Duration;

use onair_engine::amf0::Value;
use onair_engine::publish::{
    Alignment, Closed, Config, ConnectError, Delivery, Output, Path, Publish, State,
};
use onair_engine::rate::{Adaptation, Range, Transport};
use onair_engine::record::replay;
use onair_types::Now;

use crate::heap;
use crate::input::{Input, pieces};

mod says;
mod units;

/// A server's bytes in pieces of these sizes give the same as whole.
const PIECES: [u8; 6] = [1, 7, 2, 128, 3, 31];

pub(crate) fn check(bytes: &[u8]) {
    let whole = heap::within(MOST_HEAP, || run(bytes, &[]));
    // Not where acknowledgements are owed for each piece, or raw bytes hold who knows what.
    if whole.is_plain {
        let split = run(bytes, &PIECES);
        assert_eq!(whole.story, split.story, "another split, another story");
    }
}

struct Told {
    /// What an app or a socket sees, but for times to wait.
    story: Vec<String>,
    is_plain: bool,
}

struct World<'a> {
    publish: Publish,
    says: says::Server,
    seed: &'a [u8],
    now: Now,
    told: Told,
    stopped: usize,
    next_dts_ms: i64,
}

fn run(bytes: &[u8], seed: &[u8]) -> Told {
    let mut input = Input::new(bytes);
    let config = config(&mut input);
    let is_recorded = config.delivery == Delivery::Live;
    let mut world = World {
        publish: Publish::new(config),
        says: says::Server::new(),
        seed,
        now: Now::ZERO,
        told: Told { story: Vec::new(), is_plain: true },
        stopped: 0,
        next_dts_ms: 0,
    };
    world.publish.start(world.now);
    world.drain();
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        world.step(&mut input);
        world.drain();
    }
    world.end();
    if is_recorded {
        let record = world.publish.recorder().save();
        let again = replay(&record).expect("its own record");
        assert_eq!(again.difference, None, "another decision");
    }
    world.told
}

fn config(input: &mut Input<'_>) -> Config {
    let choice = input.byte();
    let mut config = Config::new(says::url(choice & 1 == 1), units::metadata());
    config.delivery = if choice & 2 == 2 { Delivery::Complete } else { Delivery::Live };
    config.alignment = if choice & 4 == 4 { Alignment::AsIs } else { Alignment::FirstKeyframe };
    let rules = [Adaptation::Lag, Adaptation::Off, Adaptation::LfLiveKit, Adaptation::VideoCore];
    config.adaptation = rules[usize::from(choice >> 4 & 3)];
    config.video_bitrate = Range::new(800_000, 100_000, 2_000_000);
    config.chunk_size_bytes = input.one_of(&[65_536, 128, 4_096]);
    config
}

impl World<'_> {
    fn step(&mut self, input: &mut Input<'_>) {
        let now = self.now;
        match input.byte() % 24 {
            0 => self.publish.handle_connected(now),
            1 => self.hear(says::HELLO.to_vec()),
            2 => {
                let answer = self.says.agree(input.byte());
                self.hear(answer);
            }
            3..=5 => {
                let command = self.says.command(input);
                self.hear(command);
            }
            6 | 7 => {
                let (bytes, is_window) = self.says.control(input);
                self.told.is_plain &= !is_window;
                self.hear(bytes);
            }
            8 => {
                let length = usize::from(input.byte());
                self.told.is_plain = false;
                self.hear(input.take(length).to_vec());
            }
            9 => self.open(),
            10 => self.write(usize::from(input.u16())),
            11 => self.write(usize::MAX),
            12 | 13 => self.show(usize::from(input.byte() % 64)),
            14 => self.pass(i64::from(input.u16())),
            15 => self.pass(i64::from(input.byte())),
            16 => self.pass(-i64::from(input.byte())),
            17 => {
                let unacked_bytes = u64::from(input.u32());
                let transport = Transport { unacked_bytes, ..Transport::default() };
                self.publish.handle_transport(transport, now);
            }
            18 => match input.byte() % 6 {
                0 => self.publish.handle_closed(Closed::Reset, now),
                1 => self.publish.handle_connect_failed(ConnectError::Unreachable, now),
                2 => self.publish.handle_path(Path::Down, now),
                3 => self.publish.handle_path(Path::Changed, now),
                4 => self.publish.handle_sleep(Duration::from_secs(input.byte().into()), now),
                _ => self.publish.handle_transport_lost(now),
            },
            19 => {
                let (low, high) = (input.u32() >> 8, input.u32() >> 8);
                self.publish.set_video_bitrate(Range::new(low, low / 2, high), now);
            }
            20 => self.publish.handle_next_connected(now),
            21 => {
                let mut next = says::Server::new();
                let bytes = match input.byte() % 4 {
                    0 => says::HELLO.to_vec(),
                    1 => next.agree(input.byte()),
                    2 => next.command(input),
                    _ => {
                        [&says::HELLO[..], &next.agree(1), &next.agree(4), &next.agree(5)].concat()
                    }
                };
                self.publish.handle_next_received(&bytes, now);
            }
            22 => match input.byte() % 3 {
                0 => self.publish.handle_next_closed(Closed::ByPeer, now),
                1 => self.publish.handle_next_connect_failed(ConnectError::Unreachable, now),
                _ => self.publish.handle_next_written(usize::from(input.u16()), now),
            },
            _ => {
                let drain = Duration::from_millis(input.u16().into());
                self.publish.stop(drain, now);
            }
        }
    }

    /// Bytes from the server, in one message or in pieces.
    fn hear(&mut self, bytes: Vec<u8>) {
        for piece in pieces(&bytes, self.seed) {
            self.publish.handle_received(piece, self.now);
            self.drain();
        }
    }

    /// As a willing server would, up to the stream being live.
    fn open(&mut self) {
        self.publish.handle_connected(self.now);
        self.says = says::Server::new();
        self.hear(says::HELLO.to_vec());
        for transaction in [1, 4, 5] {
            self.write(usize::MAX);
            let answer = self.says.agree(transaction);
            self.hear(answer);
        }
    }

    fn write(&mut self, limit: usize) {
        let mut left = limit;
        loop {
            let mut slices = [std::io::IoSlice::new(&[]); 8];
            let filled = self.publish.outgoing(&mut slices);
            let there: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
            let taken = there.min(left);
            if taken == 0 {
                return;
            }
            left -= taken;
            self.publish.handle_written(taken, self.now);
            self.drain();
        }
    }

    /// So many pictures, with sound, at thirty a second.
    fn show(&mut self, pictures: usize) {
        for picture in 0..pictures {
            for unit in units::at(self.next_dts_ms, picture) {
                self.publish.handle_unit(unit, self.now);
            }
            self.next_dts_ms += 33;
            self.drain();
        }
    }

    fn pass(&mut self, millis: i64) {
        self.now = self.now.offset_micros(millis * 1_000);
        self.publish.handle_timeout(self.now);
    }

    fn drain(&mut self) {
        for _ in 0..MOST_OUTPUTS {
            match self.publish.poll_output(self.now) {
                Output::Wait(until) => {
                    assert!(
                        until.is_none_or(|until| until > self.now),
                        "waits for the past: {until:?} at {:?}",
                        self.now
                    );
                    return self.look();
                }
                output => self.tell(&output),
            }
        }
        panic!("outputs without end: {:?}", self.told.story);
    }

    fn tell(&mut self, output: &Output) {
        use onair_engine::publish::Event;
        let mut text = format!("{output:?}");
        if let Output::Event(event) = output {
            match event {
                Event::State(State::Stopped) => self.stopped += 1,
                Event::Lost { error, .. } => text += &error.to_string(),
                Event::Move(what) => text += &what.to_string(),
                Event::Bitrate(decision) => text += &decision.to_string(),
                Event::Pace(change) => text += &change.to_string(),
                _ => {}
            }
        }
        says::assert_no_secret(&text);
        let is_steering = matches!(
            output,
            Output::Encoder(_)
                | Output::Event(
                    Event::Bitrate(_) | Event::Pace(_) | Event::Dropped { .. } | Event::Suspect(_)
                )
        );
        if !is_steering {
            self.told.story.push(text);
        }
    }

    fn look(&mut self) {
        let counts = self.publish.snapshot(self.now);
        assert!(counts.queue_bytes <= MOST_QUEUED, "{counts:?}");
        assert!(self.publish.state() != State::Stopped || self.stopped == 1);
    }

    fn end(&mut self) {
        let was_over = self.publish.state() == State::Failed;
        self.publish.stop(Duration::from_millis(100), self.now);
        self.drain();
        // An earlier stop may have given more time.
        self.pass(70_000);
        self.drain();
        assert_eq!(self.stopped, 1, "{was_over} {:?}", self.told.story);
        assert_eq!(self.publish.poll_output(self.now), Output::Wait(None));
    }
}

/// Text for a server to say, and what must not be seen of it.
fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

const MOST_STEPS: usize = 200;
const MOST_OUTPUTS: usize = 200;
/// 8 MiB of units, what is serialised, and what is written whole.
const MOST_QUEUED: u64 = (8 << 20) + (1 << 20);
/// Queue, unfinished messages, the recorder's ring and the story.
const MOST_HEAP: usize = 24 << 20;
