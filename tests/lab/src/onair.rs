//! OnAir's engine in the laboratory: `Publish`, the code that ships, driven as the session drives
//! it. Every wake-up brings a fresh transport report first; the socket has `TCP_NOTSENT_LOWAT`.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use onair_engine::flv::{AudioMeta, MetaData, VideoMeta};
use onair_engine::publish::{Config, EncoderCommand, GoLive, Output, Publish};
use onair_engine::rate::{Range, Transport, VideoPace};
use onair_engine::record::Recorder;
use onair_engine::url::StreamUrl;
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{AccessUnit, AudioUnit, FrameKind, MediaTime, Now, Payload, Pool, VideoUnit};

use crate::broadcaster::{Broadcaster, Host};
use crate::media::Picture;
use crate::net::path::Reply;
use crate::server::{self, Heard, Server};
use crate::world::{Acknowledgements, Scenario};

/// What the session sets.
const NOT_SENT_LOW_WATER: u64 = 16 << 10;
/// The engine asks its server for this.
const ACKNOWLEDGEMENT_WINDOW: u64 = 65_536;
const MIN_BPS: u32 = 200_000;
const START_BPS: u32 = 1_200_000;
const URL: &str = "rtmp://lab/live/stream";

/// The engine with what a session and a server add.
pub(crate) struct OnAir {
    publish: Publish,
    server: Server,
    seed: u64,
    start_bps: u32,
    target_bps: u32,
    pace: VideoPace,
    fps: u32,
    sample_rate: u32,
    avc: Arc<AvcConfig>,
    asc: Asc,
    pool: Pool,
    wake_at: Option<Now>,
    /// The socket refused bytes: the next room wakes.
    is_blocked: bool,
    /// Pictures encoded and not yet written whole.
    waiting: VecDeque<u32>,
    dropped_pictures: u64,
    acknowledgements: Acknowledgements,
    system_tells: bool,
}

impl OnAir {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let max_bps = scenario.max_bitrate_bps;
        let range = Range::new(START_BPS, MIN_BPS, max_bps);
        let metadata = MetaData {
            video: Some(VideoMeta {
                width: 1280,
                height: 720,
                fps: f64::from(scenario.encoder.fps),
                bitrate_bps: range.start_bps(),
                ..VideoMeta::default()
            }),
            audio: Some(AudioMeta {
                sample_rate_hz: scenario.microphone.sample_rate,
                channels: 2,
                bitrate_bps: scenario.microphone.bitrate_bps,
                ..AudioMeta::default()
            }),
            encoder: "OnAir laboratory".to_owned(),
            ..MetaData::default()
        };
        let url = StreamUrl::parse(URL).expect("a constant");
        let mut config = Config::new(url, metadata);
        config.video_bitrate = range;
        config.seed = scenario.seed;
        config.go_live = GoLive::OneFlight;
        config.reconnect.retry_first_connection = true;
        let sps = [0x67, 0x42, 0xC0, 0x1F, 0xD9, 1, 0x41, 0xFB, 1, 0x10, 0, 0, 3, 0, 0x10];
        let pps = [0x68, 0xCB, 0x83, 0xCB, 0x20];
        Self {
            publish: Publish::new(config),
            server: Server::new(scenario.seed),
            seed: scenario.seed,
            start_bps: range.start_bps(),
            target_bps: range.start_bps(),
            pace: VideoPace::Full,
            fps: scenario.encoder.fps,
            sample_rate: scenario.microphone.sample_rate,
            avc: Arc::new(AvcConfig::from_parameter_sets(&sps, &pps).expect("constants")),
            asc: Asc::aac_lc(scenario.microphone.sample_rate, 2).expect("a rate of AAC"),
            pool: Pool::new(256),
            wake_at: None,
            is_blocked: false,
            waiting: VecDeque::new(),
            dropped_pictures: 0,
            acknowledgements: scenario.acknowledgements,
            system_tells: scenario.system_tells,
        }
    }

    /// What the system says, as the session asks it at each wake-up.
    fn report(&mut self, host: &mut Host<'_>) {
        if let Some(socket) = host.path.socket().filter(|_| self.system_tells) {
            let transport = Transport {
                unacked_bytes: socket.unacked_bytes(),
                unsent_bytes: socket.unsent_bytes(),
                rtt: socket.smoothed_rtt(),
            };
            self.publish.handle_transport(transport, host.now);
        }
    }

    /// Does what the engine says, and writes, until it waits.
    fn settle(&mut self, host: &mut Host<'_>) {
        loop {
            self.drain(host);
            if !self.write(host) {
                return;
            }
        }
    }

    /// Half of the pictures are half of the bits. With none the encoder goes on, as one that does
    /// not listen would: the engine refuses what it makes, and that counts as frozen.
    fn apply_pace(&self, host: &mut Host<'_>) {
        let part = if self.pace == VideoPace::Full { 1 } else { 2 };
        host.encoder.set_fps(self.fps / part);
        host.encoder.set_bitrate(self.target_bps / part);
    }

    fn drain(&mut self, host: &mut Host<'_>) {
        loop {
            match self.publish.poll_output(host.now) {
                Output::Wait(at) => {
                    self.wake_at = at;
                    return;
                }
                Output::Connect { .. } => {
                    host.ledger.connection_lost();
                    self.server = Server::new(self.seed);
                    host.path.connect(host.now);
                }
                Output::Close { .. } => host.path.close(),
                Output::Encoder(EncoderCommand::RequestIdr) => host.encoder.request_idr(),
                Output::Encoder(EncoderCommand::SetVideoBitrate(bps)) => {
                    self.target_bps = bps;
                    host.set_bitrate(bps);
                    self.apply_pace(host);
                }
                Output::Encoder(EncoderCommand::SetVideoPace(pace)) => {
                    self.pace = pace;
                    self.apply_pace(host);
                }
                _ => {}
            }
        }
    }

    /// One vectored write; whether the socket took anything.
    fn write(&mut self, host: &mut Host<'_>) -> bool {
        let Some(socket) = host.path.socket() else { return false };
        let mut slices = [IoSlice::new(&[]); 64];
        let filled = self.publish.outgoing(&mut slices);
        let offered: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
        let end = socket.written_bytes();
        let taken = socket.write(offered as u64) as usize;
        self.is_blocked = taken < offered;
        if taken == 0 {
            return false;
        }
        let mut left = taken;
        for slice in &slices[..filled] {
            // Units end where slices end: reading them one by one tells where each is whole.
            let part = &slice[..left.min(slice.len())];
            left -= part.len();
            let end = end + (taken - left) as u64;
            let (waiting, dropped) = (&mut self.waiting, &mut self.dropped_pictures);
            self.server.read(part, end, |heard| match heard {
                Heard::Picture(id) => {
                    while let Some(before) = waiting.pop_front().filter(|before| *before < id) {
                        host.ledger.dropped_picture(before);
                        *dropped += 1;
                    }
                    host.ledger.wrote_picture(id, end);
                }
                Heard::Audio(us) => host.ledger.wrote_audio(Now::from_micros(us), end),
            });
        }
        host.path.transmit(host.now);
        self.publish.handle_written(taken, host.now);
        true
    }
}

impl Broadcaster for OnAir {
    fn start(&mut self, host: &mut Host<'_>) -> u32 {
        self.publish.start(host.now);
        self.settle(host);
        self.start_bps
    }

    fn handle_connected(&mut self, host: &mut Host<'_>) {
        if let Some(socket) = host.path.socket() {
            socket.set_not_sent_low_water(NOT_SENT_LOW_WATER);
        }
        self.publish.handle_connected(host.now);
        self.settle(host);
    }

    fn handle_picture(&mut self, picture: Picture, host: &mut Host<'_>) {
        let Picture { id, captured, bytes, is_idr } = picture;
        self.waiting.push_back(id);
        let at = MediaTime::from_micros(captured.as_micros());
        let payload = fill(&mut self.pool, |out| {
            server::write_picture(id, is_idr, bytes as usize, out);
        });
        let unit = VideoUnit {
            pts: at,
            dts: at,
            kind: if is_idr { FrameKind::Idr } else { FrameKind::Reference },
            config: Arc::clone(&self.avc).into(),
            payload,
        };
        self.report(host);
        self.publish.handle_unit(AccessUnit::Video(unit), host.now);
        self.settle(host);
    }

    fn handle_audio(&mut self, bytes: u32, host: &mut Host<'_>) {
        let captured_us = host.now.as_micros();
        let payload = fill(&mut self.pool, |out| {
            server::write_audio(captured_us, bytes as usize, out);
        });
        // A frame is whole when its last sample is there; its time is its first one's.
        let frame_us = 1_024_000_000 / i64::from(self.sample_rate);
        let pts = MediaTime::from_micros(captured_us - frame_us);
        self.report(host);
        self.publish.handle_unit(
            AccessUnit::Audio(AudioUnit { pts, config: self.asc.into(), payload }),
            host.now,
        );
        self.settle(host);
    }

    fn handle_reply(&mut self, reply: Reply, host: &mut Host<'_>) {
        let bytes = match reply {
            Reply::Acknowledgement(total) => match self.acknowledgements.number(total) {
                Some(number) => self.server.acknowledgement(number),
                None => return,
            },
            Reply::Bytes(bytes) => bytes,
        };
        self.report(host);
        self.publish.handle_received(&bytes, host.now);
        self.settle(host);
    }

    fn pump(&mut self, host: &mut Host<'_>) {
        let received = host.path.received_bytes();
        while let Some(answer) = self.server.take_answer(received) {
            host.path.reply(Reply::Bytes(answer), host.now);
        }
        let is_due = self.wake_at.is_some_and(|at| at <= host.now);
        // The kernel wakes a writer when half of the low-water mark is free.
        let has_room = self.is_blocked
            && host.path.socket().is_some_and(|socket| {
                socket.unsent_bytes() * 2 < NOT_SENT_LOW_WATER && socket.writable_bytes() > 0
            });
        if is_due || has_room {
            self.report(host);
            if is_due {
                self.publish.handle_timeout(host.now);
            }
            self.settle(host);
        }
    }

    fn next_wake(&self) -> Option<Now> {
        self.wake_at
    }

    fn acknowledgement_window(&self) -> Option<u64> {
        Some(ACKNOWLEDGEMENT_WINDOW)
    }

    fn set_max_bitrate(&mut self, bps: u32, host: &mut Host<'_>) {
        self.publish.set_video_bitrate(Range::new(START_BPS, MIN_BPS, bps), host.now);
        self.settle(host);
    }

    fn recorder(&self) -> Option<Recorder> {
        Some(self.publish.recorder())
    }

    fn finish(&mut self, host: &mut Host<'_>) {
        let snapshot = self.publish.snapshot(host.now);
        let dropped = snapshot.video_units_dropped.saturating_sub(self.dropped_pictures);
        for id in
            self.waiting.drain(..usize::try_from(dropped).unwrap_or(0).min(self.waiting.len()))
        {
            host.ledger.dropped_picture(id);
        }
        host.ledger.dropped_audio_frames(snapshot.audio_units_dropped);
    }
}

fn fill(pool: &mut Pool, write: impl FnOnce(&mut Vec<u8>)) -> Payload {
    let filled = pool.fill(|out| {
        write(out);
        Ok::<(), std::convert::Infallible>(())
    });
    match filled {
        Ok(payload) => payload,
        Err(never) => match never {},
    }
}
