//! One run: encoder, broadcaster, network and server on one virtual clock. The next moment is
//! always the earliest at which any of them has something to do.

use std::time::Duration;

use onair_types::Now;

use crate::broadcaster::{Broadcaster, Host};
use crate::ledger::{Ledger, Score};
use crate::media::{Encoder, EncoderConfig, Microphone};
use crate::net::path::Reply;
use crate::net::{LinkConfig, Path};
use crate::trace::Trace;

/// How long the network may still deliver after the last capture.
const DRAIN: Duration = Duration::from_secs(10);

/// Something that happens to the show at a set time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// The scene needs this part of the asked rate from now on.
    Activity(f64),
    /// The user sets a new highest bitrate.
    MaxBitrate(u32),
}

/// What the server makes of its duty to acknowledge (RTMP 1.0 5.4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledgements {
    /// It says how many bytes it has.
    #[default]
    True,
    /// It says nothing.
    Never,
    /// Its number wraps at 2^31.
    Wrapped,
    /// It says more than it can have.
    Excessive,
}

impl Acknowledgements {
    /// The number for `total` bytes.
    pub(crate) fn number(self, total: u64) -> Option<u32> {
        match self {
            // The protocol's number wraps at 2^32.
            Self::True => Some(total as u32),
            Self::Never => None,
            Self::Wrapped => Some((total & 0x7FFF_FFFF) as u32),
            Self::Excessive => Some((total as u32).wrapping_add(10 << 20)),
        }
    }
}

/// Everything that defines a run but the broadcaster.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the link carries.
    pub trace: Trace,
    /// Seed of every random choice.
    pub seed: u64,
    /// How long pictures are captured.
    pub duration: Duration,
    /// Highest video bitrate, bit/s.
    pub max_bitrate_bps: u32,
    /// Round trip without queueing.
    pub rtt: Duration,
    /// Length of the bottleneck's queue.
    pub queue_packets: usize,
    /// Part of packets lost at random, 0 to 1.
    pub loss: f64,
    /// Times at which the link carries nothing.
    pub outages: Vec<(Now, Now)>,
    /// AAC.
    pub microphone: Microphone,
    /// H.264.
    pub encoder: EncoderConfig,
    /// OnAir's server's acknowledgements.
    pub acknowledgements: Acknowledgements,
    /// Whether OnAir's system tells what is unacknowledged.
    pub system_tells: bool,
    /// What happens on the way, in order of time.
    pub changes: Vec<(Now, Change)>,
}

impl Scenario {
    /// The conditions of `spec network` 1.4: 240 s, at most 4 Mbit/s, 60 ms, 200 packets.
    pub fn new(trace: Trace, seed: u64) -> Self {
        Self {
            trace,
            seed,
            duration: Duration::from_secs(240),
            max_bitrate_bps: 4_000_000,
            rtt: Duration::from_millis(60),
            queue_packets: 200,
            loss: 0.0,
            outages: Vec::new(),
            microphone: Microphone { bitrate_bps: 96_000, sample_rate: 44_100 },
            encoder: EncoderConfig::default(),
            acknowledgements: Acknowledgements::True,
            system_tells: true,
            changes: Vec::new(),
        }
    }

    /// Video bits that the link could have carried: min(capacity − audio, maximum) of each second.
    pub fn possible_bits(&self) -> f64 {
        let audio = f64::from(self.microphone.bitrate_bps);
        let most = f64::from(self.max_bitrate_bps);
        let seconds = self.trace.capacity_per_second(self.duration);
        seconds.iter().map(|bits| (bits - audio).clamp(0.0, most)).sum()
    }
}

/// What a run leaves.
#[derive(Debug)]
pub struct Outcome {
    /// The figures.
    pub score: Score,
    /// Every fate and command, for plots and closer looks.
    pub ledger: Ledger,
    /// Packets that the link lost.
    pub lost_packets: u64,
}

/// Runs `broadcaster` through `scenario`.
pub fn run(scenario: &Scenario, broadcaster: &mut dyn Broadcaster) -> Outcome {
    let mut world = World::new(scenario);
    world.run(broadcaster);
    let end = Now::ZERO + scenario.duration + DRAIN;
    Outcome {
        score: world.ledger.score(scenario.duration, end, scenario.possible_bits()),
        ledger: world.ledger,
        lost_packets: world.path.lost_packets(),
    }
}

struct World<'a> {
    scenario: &'a Scenario,
    path: Path,
    encoder: Encoder,
    ledger: Ledger,
    now: Now,
    picture_at: Now,
    audio_frames: u64,
    changes: usize,
    connected: bool,
    acknowledged: u64,
}

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let link = LinkConfig {
            trace: scenario.trace.clone(),
            queue_packets: scenario.queue_packets,
            loss: scenario.loss,
            outages: scenario.outages.clone(),
            delay_each_way: scenario.rtt / 2,
        };
        Self {
            path: Path::new(link, scenario.seed),
            encoder: Encoder::new(scenario.encoder.clone(), 0, scenario.seed),
            ledger: Ledger::default(),
            now: Now::ZERO,
            picture_at: Now::ZERO,
            audio_frames: 0,
            changes: 0,
            connected: false,
            acknowledged: 0,
            scenario,
        }
    }

    fn run(&mut self, broadcaster: &mut dyn Broadcaster) {
        let bitrate_bps = broadcaster.start(&mut self.host());
        self.encoder = Encoder::new(self.scenario.encoder.clone(), bitrate_bps, self.scenario.seed);
        self.ledger.commanded(bitrate_bps, self.now);
        let end = Now::ZERO + self.scenario.duration + DRAIN;
        while let Some(next) = self.next_at(broadcaster).filter(|next| *next < end) {
            self.now = self.now.max(next);
            self.step(broadcaster);
        }
        self.now = end;
        broadcaster.finish(&mut self.host());
    }

    fn host(&mut self) -> Host<'_> {
        Host {
            now: self.now,
            path: &mut self.path,
            encoder: &mut self.encoder,
            ledger: &mut self.ledger,
        }
    }

    fn capturing(&self, at: Now) -> bool {
        at < Now::ZERO + self.scenario.duration
    }

    fn next_at(&mut self, broadcaster: &dyn Broadcaster) -> Option<Now> {
        let audio_at = self.scenario.microphone.frame_at(self.audio_frames);
        [
            self.path.next_at(self.now),
            Some(self.picture_at).filter(|at| self.capturing(*at)),
            Some(audio_at).filter(|at| self.capturing(*at)),
            broadcaster.next_wake(),
            self.scenario.changes.get(self.changes).map(|(at, _)| *at),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn step(&mut self, broadcaster: &mut dyn Broadcaster) {
        self.path.step(self.now);
        self.serve(broadcaster);
        let standing = self.path.socket().is_some();
        if standing && !self.connected {
            broadcaster.handle_connected(&mut self.host());
        }
        self.connected = standing;
        while let Some(reply) = self.path.take_reply() {
            broadcaster.handle_reply(reply, &mut self.host());
        }
        self.change(broadcaster);
        self.capture(broadcaster);
        broadcaster.pump(&mut self.host());
        self.path.transmit(self.now);
    }

    /// The server takes what has arrived and acknowledges it above TCP when it was asked to.
    fn serve(&mut self, broadcaster: &dyn Broadcaster) {
        let received = self.path.received_bytes();
        self.ledger.received(received, self.now);
        if let Some(window) = broadcaster.acknowledgement_window() {
            if received < self.acknowledged {
                self.acknowledged = 0;
            }
            if received - self.acknowledged >= window {
                self.acknowledged = received;
                self.path.reply(Reply::Acknowledgement(received), self.now);
            }
        }
    }

    fn change(&mut self, broadcaster: &mut dyn Broadcaster) {
        while let Some((_, change)) =
            self.scenario.changes.get(self.changes).filter(|(at, _)| *at <= self.now)
        {
            self.changes += 1;
            match *change {
                Change::Activity(activity) => self.encoder.set_activity(activity),
                Change::MaxBitrate(bps) => broadcaster.set_max_bitrate(bps, &mut self.host()),
            }
        }
    }

    fn capture(&mut self, broadcaster: &mut dyn Broadcaster) {
        if self.picture_at <= self.now && self.capturing(self.picture_at) {
            self.picture_at += self.encoder.capture_interval();
            match self.encoder.capture(self.now) {
                Some(picture) => {
                    self.ledger.captured(picture);
                    broadcaster.handle_picture(picture, &mut self.host());
                }
                None => self.ledger.left_out(),
            }
        }
        let audio_at = self.scenario.microphone.frame_at(self.audio_frames);
        if audio_at <= self.now && self.capturing(audio_at) {
            self.audio_frames += 1;
            self.ledger.captured_audio();
            broadcaster.handle_audio(self.scenario.microphone.frame_bytes(), &mut self.host());
        }
    }
}
