//! A world on virtual time around one [`Publish`]: scripted servers, a socket with credit, and
//! records of all outputs.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::num::NonZeroU8;
use std::sync::Arc;
use std::time::Duration;

use onair_engine::flv::{AudioMeta, MetaData, VideoMeta};
use onair_engine::publish::{
    Closed, Config, ConnectError, EncoderCommand, Event, Move, Output, Publish, PublishError, State,
};
use onair_engine::url::StreamUrl;
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AccessUnit, AudioUnit, FrameKind, MediaTime, Now, Payload, VideoUnit};

use crate::server::{Heard, Script, Server};

pub(crate) const KEY: &str = "canary-key-4711?token=s3cret";

/// What happens to the next connection.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// A server with this script takes it.
    Server(Script),
    /// It cannot be made.
    Refused,
    /// Nothing ever answers.
    Hang,
}

impl Default for Fate {
    fn default() -> Self {
        Self::Server(Script::default())
    }
}

pub(crate) struct Rig {
    pub(crate) publish: Publish,
    /// Where each first connection has to go.
    place: (String, u16, bool),
    pub(crate) now: Now,
    /// Fates of the next connections, and of those after them.
    pub(crate) fates: VecDeque<Fate>,
    pub(crate) otherwise: Fate,
    pub(crate) servers: Vec<Server>,
    /// The second connection's server, while there is one, and what happens to the next of these.
    pub(crate) next: Option<Server>,
    pub(crate) next_fates: VecDeque<Fate>,
    /// Where second connections went.
    pub(crate) next_connects: Vec<(Now, String, u16)>,
    pub(crate) is_connected: bool,
    /// Bytes the socket still takes; `None` without limit.
    pub(crate) credit: Option<usize>,
    pub(crate) events: Vec<(Now, Event)>,
    pub(crate) encoder: Vec<(Now, EncoderCommand)>,
    /// The next streamed picture will be an IDR.
    owes_idr: bool,
    pub(crate) connects: Vec<Now>,
    pub(crate) closes: Vec<(Now, Duration)>,
    /// When each message of the last server was heard.
    pub(crate) heard_at: Vec<Now>,
    /// Vectored writes that took something.
    pub(crate) writes: Vec<(Now, usize)>,
    pub(crate) sent: Vec<u8>,
    /// All that the servers said.
    pub(crate) received: Vec<u8>,
    /// What the last drain ended with.
    pub(crate) wait: Option<Now>,
    /// The server's bytes come one at a time.
    pub(crate) read_piecewise: bool,
    /// Who said what and when is kept.
    pub(crate) keeps_transcript: bool,
    pub(crate) transcript: Vec<(Now, &'static str, Vec<u8>)>,
}

impl Rig {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            place: (config.url.host().to_owned(), config.url.port(), config.url.is_tls()),
            publish: Publish::new(config),
            now: Now::from_millis(1_000),
            fates: VecDeque::new(),
            otherwise: Fate::default(),
            servers: Vec::new(),
            next: None,
            next_fates: VecDeque::new(),
            next_connects: Vec::new(),
            is_connected: false,
            credit: None,
            events: Vec::new(),
            encoder: Vec::new(),
            owes_idr: false,
            connects: Vec::new(),
            closes: Vec::new(),
            heard_at: Vec::new(),
            writes: Vec::new(),
            sent: Vec::new(),
            received: Vec::new(),
            wait: None,
            read_piecewise: false,
            keeps_transcript: false,
            transcript: Vec::new(),
        }
    }

    /// A rig whose only server follows `script`, started.
    pub(crate) fn started(config: Config, script: Script) -> Self {
        let mut rig = Self::new(config);
        rig.fates.push_back(Fate::Server(script));
        rig.start();
        rig
    }

    /// A rig that is live with a willing server.
    pub(crate) fn live(config: Config) -> Self {
        let rig = Self::started(config, Script::default());
        assert_eq!(rig.publish.state(), State::Live);
        rig
    }

    pub(crate) fn start(&mut self) {
        self.publish.start(self.now);
        self.settle();
    }

    pub(crate) fn stop(&mut self, drain_ms: u64) {
        self.publish.stop(Duration::from_millis(drain_ms), self.now);
        self.settle();
    }

    pub(crate) fn push(&mut self, unit: AccessUnit) {
        self.publish.handle_unit(unit, self.now);
        self.settle();
    }

    pub(crate) fn push_further(&mut self, track_id: u8, unit: AccessUnit) {
        let track_id = NonZeroU8::new(track_id).expect("the first track has no id");
        self.publish.handle_further_unit(track_id, unit, self.now);
        self.settle();
    }

    /// Live for two seconds with both tracks, and then lost; the next attempts meet `fates`.
    pub(crate) fn lost(fates: impl IntoIterator<Item = Fate>) -> Self {
        let mut rig = Self::live(config());
        rig.fates.extend(fates);
        rig.stream(0, 2_000, 60);
        rig.close();
        rig
    }

    /// The server closes.
    pub(crate) fn close(&mut self) {
        self.is_connected = false;
        self.publish.handle_closed(Closed::ByPeer, self.now);
        self.settle();
    }

    pub(crate) fn server(&mut self) -> &mut Server {
        self.servers.last_mut().expect("a server took the connection")
    }

    /// Lets `millis` pass.
    pub(crate) fn pass(&mut self, millis: i64) {
        self.run_until(self.now.offset_micros(millis * 1_000));
    }

    /// Lets time pass until `end`, with all timers and late answers on the way.
    pub(crate) fn run_until(&mut self, end: Now) {
        loop {
            self.settle();
            if let Some(server) = self.servers.last_mut() {
                server.tick(self.now);
            }
            if let Some(next) = &mut self.next {
                next.tick(self.now);
            }
            self.settle();
            let servers = self.servers.last().into_iter().chain(&self.next);
            let late = servers.filter_map(Server::next_tick);
            let next = self.wait.into_iter().chain(late).min().unwrap_or(end);
            if next > end || self.now >= end {
                break;
            }
            assert!(next > self.now, "a timer at {next:?} that never moves on");
            self.now = next;
            self.publish.handle_timeout(self.now);
        }
        self.now = end;
        self.publish.handle_timeout(self.now);
        self.settle();
    }

    /// 30 pictures a second with an IDR each `gop` and where one was asked for, and AAC frames of
    /// 44,100 Hz, from session time `from_ms` for `millis`, each pushed at its time.
    pub(crate) fn stream(&mut self, from_ms: i64, millis: i64, gop: i64) {
        let zero = self.now;
        let media = |micros: i64| MediaTime::from_micros(from_ms * 1_000 + micros);
        let (mut picture, mut sound) = (0i64, 0i64);
        loop {
            let (video_at, audio_at) = (picture * 1_000_000 / 30, sound * 1_024_000_000 / 44_100);
            let next = video_at.min(audio_at);
            if next >= millis * 1_000 {
                break;
            }
            self.run_until(zero.offset_micros(next));
            if audio_at <= video_at {
                sound += 1;
                self.push(audio_at_time(media(audio_at)));
            } else {
                let is_idr = (from_ms * 30 / 1_000 + picture) % gop == 0;
                let kind = if is_idr || std::mem::take(&mut self.owes_idr) {
                    FrameKind::Idr
                } else {
                    FrameKind::Reference
                };
                picture += 1;
                self.push(video_at_time(kind, media(video_at)));
            }
        }
        self.run_until(zero.offset_micros(millis * 1_000));
    }

    /// Drains outputs and moves bytes both ways until nothing moves any more.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut has_moved = self.drain();
            has_moved |= self.write();
            has_moved |= self.read();
            has_moved |= self.talk_to_next();
            if !has_moved {
                break;
            }
        }
    }

    pub(crate) fn states(&self) -> Vec<State> {
        let states = self.events.iter().filter_map(|(_, event)| match event {
            Event::State(state) => Some(*state),
            _ => None,
        });
        states.collect()
    }

    /// Causes of losses, with the attempt and the wait.
    pub(crate) fn losses(&self) -> Vec<(PublishError, u32, Option<Duration>)> {
        let losses = self.events.iter().filter_map(|(_, event)| match event {
            Event::Lost { error, attempt, retry_in } => Some((error.clone(), *attempt, *retry_in)),
            _ => None,
        });
        losses.collect()
    }

    /// What became of the server's wish to have us elsewhere.
    pub(crate) fn moves(&self) -> Vec<Move> {
        let moves = self.events.iter().filter_map(|(_, event)| match event {
            Event::Move(step) => Some(step.clone()),
            _ => None,
        });
        moves.collect()
    }

    /// When the connection came into doubt, and out of it.
    pub(crate) fn doubts(&self) -> Vec<(Now, bool)> {
        let doubts = self.events.iter().filter_map(|(at, event)| match event {
            Event::Suspect(is_suspect) => Some((*at, *is_suspect)),
            _ => None,
        });
        doubts.collect()
    }

    fn drain(&mut self) -> bool {
        let mut has_moved = false;
        for _ in 0..1_000 {
            match self.publish.poll_output(self.now) {
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > self.now), "waits for the past");
                    self.wait = until;
                    return has_moved;
                }
                output => self.obey(output),
            }
            has_moved = true;
        }
        panic!("outputs without end");
    }

    fn obey(&mut self, output: Output) {
        match output {
            Output::Connect { host, port, tls } => {
                assert_eq!((host, port, tls), self.place);
                assert!(!self.is_connected, "one connection at a time");
                self.connects.push(self.now);
                match self.fates.pop_front().unwrap_or_else(|| self.otherwise.clone()) {
                    Fate::Server(script) => {
                        self.servers.push(Server::new(script.reached(tls)));
                        self.heard_at.clear();
                        self.is_connected = true;
                        self.publish.handle_connected(self.now);
                    }
                    Fate::Refused => {
                        self.publish.handle_connect_failed(ConnectError::Refused, self.now);
                    }
                    Fate::Hang => {}
                }
            }
            Output::ConnectNext { host, port, tls } => {
                self.next_connects.push((self.now, host, port));
                match self.next_fates.pop_front().unwrap_or_default() {
                    Fate::Server(script) => {
                        self.next = Some(Server::new(script.reached(tls)));
                        self.publish.handle_next_connected(self.now);
                    }
                    Fate::Refused => {
                        self.publish.handle_next_connect_failed(ConnectError::Refused, self.now);
                    }
                    Fate::Hang => {}
                }
            }
            Output::CloseNext => self.next = None,
            Output::Switch { linger } => {
                self.closes.push((self.now, linger));
                self.servers.push(self.next.take().expect("a second connection"));
                self.heard_at.clear();
            }
            Output::Close { linger } => {
                self.write();
                self.is_connected = false;
                self.closes.push((self.now, linger));
            }
            Output::Encoder(command) => {
                self.owes_idr |= command == EncoderCommand::RequestIdr;
                self.encoder.push((self.now, command));
            }
            Output::Event(event) => self.events.push((self.now, event)),
            other => panic!("an unexpected output: {other:?}"),
        }
    }

    fn write(&mut self) -> bool {
        if self.credit == Some(0) {
            return false;
        }
        let mut slices = [IoSlice::new(&[]); 64];
        let filled = self.publish.outgoing(&mut slices);
        let mut bytes: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
        bytes.truncate(self.credit.unwrap_or(usize::MAX));
        if !self.is_connected || bytes.is_empty() {
            return false;
        }
        if let Some(credit) = &mut self.credit {
            *credit -= bytes.len();
        }
        self.writes.push((self.now, bytes.len()));
        if self.keeps_transcript {
            self.transcript.push((self.now, "client", bytes.clone()));
        }
        self.publish.handle_written(bytes.len(), self.now);
        let now = self.now;
        self.server().receive(&bytes, now);
        let heard = self.server().heard.len();
        self.heard_at.resize(heard, now);
        self.sent.extend(bytes);
        true
    }

    /// Both ways on the second connection.
    fn talk_to_next(&mut self) -> bool {
        let Some(server) = &mut self.next else { return false };
        let mut slices = [IoSlice::new(&[]); 64];
        let filled = self.publish.next_outgoing(&mut slices);
        let bytes: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
        server.receive(&bytes, self.now);
        let (answer, wants_close) = (server.take_bytes(), std::mem::take(&mut server.wants_close));
        if !bytes.is_empty() {
            self.publish.handle_next_written(bytes.len(), self.now);
        }
        if !answer.is_empty() {
            self.publish.handle_next_received(&answer, self.now);
        }
        if wants_close {
            self.next = None;
            self.publish.handle_next_closed(Closed::ByPeer, self.now);
        }
        !bytes.is_empty() || !answer.is_empty() || wants_close
    }

    fn read(&mut self) -> bool {
        if !self.is_connected {
            return false;
        }
        let server = self.server();
        let (bytes, wants_close) = (server.take_bytes(), std::mem::take(&mut server.wants_close));
        if self.keeps_transcript && !bytes.is_empty() {
            self.transcript.push((self.now, "server", bytes.clone()));
        }
        self.received.extend_from_slice(&bytes);
        let piece = if self.read_piecewise { 1 } else { bytes.len().max(1) };
        for piece in bytes.chunks(piece) {
            self.publish.handle_received(piece, self.now);
        }
        if wants_close {
            self.drain();
            self.close();
        }
        !bytes.is_empty() || wants_close
    }
}

/// A live stream with both tracks.
pub(crate) fn config() -> Config {
    Config::new(url(), metadata(true, true))
}

/// A live stream with pictures only.
pub(crate) fn video_only() -> Config {
    Config::new(url(), metadata(true, false))
}

pub(crate) fn url() -> StreamUrl {
    StreamUrl::parse(&format!("rtmp://live.example/app/{KEY}")).expect("a good address")
}

pub(crate) fn metadata(has_video: bool, has_audio: bool) -> MetaData {
    MetaData {
        video: has_video.then_some(VideoMeta::h264((640, 360), 30.0, 800_000)),
        audio: has_audio.then_some(AudioMeta::aac(44_100, 2, 128_000)),
        encoder: "test".to_owned(),
        ..MetaData::default()
    }
}

/// Parameter sets; `level_idc` makes them differ.
pub(crate) fn avc_config(level_idc: u8) -> Arc<AvcConfig> {
    let sps = [0x67, 0x42, 0xC0, level_idc, 0xD9, 1, 0x41, 0xFB, 1, 0x10, 0, 0, 3, 0, 0x10];
    Arc::new(AvcConfig::from_parameter_sets(&sps, &[0x68, 0xCB, 0x83, 0xCB, 0x20]).expect("valid"))
}

pub(crate) fn video_unit(
    kind: FrameKind,
    pts: MediaTime,
    dts: MediaTime,
    size: usize,
) -> VideoUnit {
    // The payload says when it is decoded, so that it can be found again.
    let mut payload = dts.as_micros().to_be_bytes().to_vec();
    payload.resize(size.max(8), 0x11);
    VideoUnit {
        pts,
        dts,
        kind,
        config: avc_config(0x15).into(),
        payload: Payload::from_vec(payload),
    }
}

pub(crate) fn video_at_time(kind: FrameKind, dts: MediaTime) -> AccessUnit {
    AccessUnit::Video(video_unit(kind, dts, dts, 3_000))
}

pub(crate) fn idr(dts_ms: i64) -> AccessUnit {
    video_at_time(FrameKind::Idr, MediaTime::from_millis(dts_ms))
}

pub(crate) fn picture(dts_ms: i64) -> AccessUnit {
    video_at_time(FrameKind::Reference, MediaTime::from_millis(dts_ms))
}

pub(crate) fn audio_at_time(pts: MediaTime) -> AccessUnit {
    let mut payload = pts.as_micros().to_be_bytes().to_vec();
    payload.resize(300, 0x22);
    let asc = Asc::aac_lc(44_100, 2).expect("a known rate");
    AccessUnit::Audio(AudioUnit { pts, config: asc.into(), payload: Payload::from_vec(payload) })
}

pub(crate) fn sound(pts_ms: i64) -> AccessUnit {
    audio_at_time(MediaTime::from_millis(pts_ms))
}

/// Wire times of all pictures and sounds in `media`.
pub(crate) fn unit_times(media: &[&Heard]) -> Vec<u32> {
    let units = media.iter().filter(|heard| ["idr", "picture", "sound"].contains(&heard.word()));
    units.filter_map(|heard| heard.timestamp_ms()).collect()
}
