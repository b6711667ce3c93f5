//! What viewers of a long show get: the session's encoders and its engine, a server that is lost now
//! and then, and decoders that tell when a flash was seen and a beep heard.

use std::io::IoSlice;
use std::sync::Arc;

use onair_engine::flv::{AudioMeta, Body, MetaData, TagType, VideoMeta};
use onair_engine::publish::{Closed, Config, EncoderCommand, Output, Publish};
use onair_engine::rtmp::Message;
use onair_engine::url::StreamUrl;
use onair_media::decode::{self, AudioDecoder, VideoDecoder};
use onair_media::encode::{self, AudioEncoder, VideoEncoder};
use onair_media::frame::I420Frame;
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{
    AccessUnit, AudioConfig, AudioHeader, AudioUnit, FrameKind, MediaTime, Now, Payload,
    VideoConfig, VideoUnit,
};

use super::{FPS, RATE};
use crate::server_test::{Server, joined};

const SIZE: (u32, u32) = (64, 48);
const BITRATES: (u32, u32) = (200_000, 24_000);

/// Encoders, engine and the viewers of the present connection.
pub(super) struct Wire {
    pictures: Box<dyn VideoEncoder>,
    sound: Box<dyn AudioEncoder>,
    frames: [I420Frame; 2],
    publish: Publish,
    wake_at: Option<Now>,
    viewer: Option<Viewer>,
    /// Flashes and beeps of each connection, in milliseconds on the wire.
    pub(super) seen: Vec<(Vec<i64>, Vec<i64>)>,
}

impl Wire {
    pub(super) fn new() -> Self {
        let video = VideoConfig::builder().size(SIZE.0, SIZE.1).fps(FPS).bitrate_bps(BITRATES.0);
        let video = video.build().expect("a format");
        let audio = AudioConfig::new(RATE, 1, BITRATES.1).expect("a format");
        let metadata = MetaData {
            video: Some(VideoMeta { bitrate_bps: BITRATES.0, ..VideoMeta::default() }),
            audio: Some(AudioMeta::default()),
            ..MetaData::default()
        };
        let url = StreamUrl::parse("rtmp://server/live/show").expect("an address");
        let mut config = Config::new(url, metadata);
        config.reconnect.budget = None;
        let frame = |luma| {
            let mut frame = I420Frame::new(SIZE.0, SIZE.1).expect("a frame");
            for (plane, value) in frame.planes_mut().into_iter().zip([luma, 128, 128]) {
                plane.fill(value);
            }
            frame
        };
        Self {
            pictures: encode::h264(&video).expect("an encoder"),
            sound: encode::aac(&audio).expect("an encoder"),
            frames: [frame(30), frame(220)],
            publish: Publish::new(config),
            wake_at: None,
            viewer: None,
            seen: Vec::new(),
        }
    }

    pub(super) fn start(&mut self, now: Now) {
        self.publish.start(now);
        self.settle(now);
    }

    pub(super) fn show(&mut self, is_flash: bool, at: MediaTime, now: Now) {
        let frame = self.frames[usize::from(is_flash)].view();
        let mut units = Vec::new();
        self.pictures.encode(&frame, at, &mut |unit| units.push(unit)).expect("a picture");
        self.send(units.into_iter().map(AccessUnit::Video), now);
    }

    pub(super) fn sound(&mut self, block: &[i16], at: MediaTime, now: Now) {
        let mut units = Vec::new();
        self.sound.encode(block, at, &mut |unit| units.push(unit)).expect("sound");
        self.send(units.into_iter().map(AccessUnit::Audio), now);
    }

    fn send(&mut self, units: impl Iterator<Item = AccessUnit>, now: Now) {
        for unit in units {
            self.publish.handle_unit(unit, now);
        }
        if self.wake_at.is_some_and(|at| at <= now) {
            self.publish.handle_timeout(now);
        }
        self.settle(now);
    }

    /// The server is gone.
    pub(super) fn lose(&mut self, now: Now) {
        if self.viewer.take().is_some() {
            self.publish.handle_closed(Closed::ByPeer, now);
            self.settle(now);
        }
    }

    /// Does what the engine says until it waits; the network takes everything at once.
    fn settle(&mut self, now: Now) {
        loop {
            match self.publish.poll_output(now) {
                Output::Wait(at) => {
                    self.wake_at = at;
                    if !self.carry(now) {
                        return;
                    }
                }
                Output::Connect { .. } => {
                    self.viewer = Some(Viewer::new());
                    self.seen.push((Vec::new(), Vec::new()));
                    self.publish.handle_connected(now);
                }
                Output::Close { .. } => self.viewer = None,
                Output::Encoder(EncoderCommand::RequestIdr) => self.pictures.request_idr(),
                _ => {}
            }
        }
    }

    /// Whether there was anything to carry.
    fn carry(&mut self, now: Now) -> bool {
        let (Some(viewer), Some(seen)) = (&mut self.viewer, self.seen.last_mut()) else {
            return false;
        };
        let mut slices = [IoSlice::new(&[]); 64];
        let filled = self.publish.outgoing(&mut slices);
        let bytes = joined(&slices[..filled]);
        if bytes.is_empty() {
            return false;
        }
        let answer = viewer.read(&bytes, seen);
        self.publish.handle_written(bytes.len(), now);
        if !answer.is_empty() {
            self.publish.handle_received(&answer, now);
        }
        true
    }
}

/// A server, and who watches behind it.
struct Viewer {
    server: Server,
    avc: Option<Arc<AvcConfig>>,
    asc: Option<Asc>,
    pictures: Box<dyn VideoDecoder>,
    sound: Box<dyn AudioDecoder>,
    is_light: bool,
    quiet_samples: u32,
}

impl Viewer {
    fn new() -> Self {
        Self {
            server: Server::new(),
            avc: None,
            asc: None,
            pictures: decode::h264().expect("a decoder"),
            sound: decode::aac().expect("a decoder"),
            is_light: false,
            quiet_samples: 0,
        }
    }

    /// Reads what came; what the server says to it.
    fn read(&mut self, bytes: &[u8], seen: &mut (Vec<i64>, Vec<i64>)) -> Vec<u8> {
        let (answer, media) = self.server.read(bytes);
        for (kind, message) in media {
            self.watch(kind, &message, seen);
        }
        answer
    }

    fn watch(&mut self, kind: TagType, message: &Message, seen: &mut (Vec<i64>, Vec<i64>)) {
        let at = MediaTime::from_millis(message.timestamp_ms.into());
        match Body::parse(kind, &message.body) {
            Ok(Body::AvcHeader(record)) => {
                self.avc = AvcConfig::from_record(record).ok().map(Arc::new);
            }
            Ok(Body::AacHeader(asc)) => self.asc = Asc::from_bytes(asc).ok(),
            Ok(Body::AvcUnit { keyframe, composition_ms, data }) => {
                let kind = if keyframe { FrameKind::Idr } else { FrameKind::Reference };
                let config = self.avc.clone().expect("a header first").into();
                let payload = Payload::from_vec(data.to_vec());
                let pts = at.offset_micros(i64::from(composition_ms) * 1_000);
                let unit = VideoUnit { pts, dts: at, kind, config, payload };
                let is_light = &mut self.is_light;
                let looked = self.pictures.decode(&unit, &mut |picture, at| {
                    let was_light = std::mem::replace(is_light, picture.planes()[0].data[0] > 128);
                    if *is_light && !was_light {
                        seen.0.push(at.as_micros() / 1_000);
                    }
                });
                looked.expect("every picture can be decoded");
            }
            Ok(Body::AacFrame(data)) => {
                let config = AudioHeader::Aac(self.asc.expect("a header first"));
                let unit = AudioUnit { pts: at, config, payload: Payload::from_vec(data.to_vec()) };
                let pcm = self.sound.decode(&unit).expect("all sound can be decoded");
                for (number, sample) in (0..).zip(pcm.samples) {
                    if sample.unsigned_abs() <= 12_000 {
                        self.quiet_samples += 1;
                        continue;
                    }
                    if self.quiet_samples > RATE {
                        seen.1.push(at.as_micros() / 1_000 + number * 1_000 / i64::from(RATE));
                    }
                    self.quiet_samples = 0;
                }
            }
            _ => {}
        }
    }
}
