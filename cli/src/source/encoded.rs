//! An encoded FLV file, shipped as it is: access units, decoding times and composition times stay
//! untouched.
//!
//! In real time a picture and the sound before it go as one batch when the picture is due, so that
//! the network thread wakes once a picture.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use onair::{
    AudioCodec, AudioHeader, AudioUnit, MediaTime, MetaData, Session, VideoCodec, VideoHeader,
    VideoUnit,
};
use onair_engine::amf0;
use onair_engine::flv::{AudioMeta, Body, FlvError, Tag, TagType, VideoMeta};
use onair_types::h264::length_prefixed_nal_units;
use onair_types::{AccessUnit, FrameKind, HeaderError};

use super::{Ending, Source, ending};
use crate::context::Context;
use crate::exit::Failure;
use crate::tags::{TagReader, Unwrap};

/// Which tracks of a file are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tracks {
    pub(crate) audio: bool,
    pub(crate) video: bool,
}

/// A file on its way.
pub(crate) struct EncodedSource {
    name: String,
    tags: TagReader<File>,
    /// Tags that were read to find out what the file holds.
    ahead: VecDeque<Tag>,
    units: Units,
    metadata: MetaData,
    length: Option<Duration>,
    fast: bool,
}

/// Tags that are read at most to find both sequence headers.
const LOOK_AHEAD_TAGS: usize = 256;
/// How far behind one track the other may be in a file.
const OTHER_TRACK: Duration = Duration::from_secs(1);
/// How long sound waits for a picture to go with.
const BATCH: Duration = Duration::from_millis(60);

impl EncodedSource {
    /// Opens a file and reads up to its sequence headers.
    ///
    /// # Errors
    /// When it cannot be read, is not FLV, or holds no wanted track of a codec that is taken.
    pub(crate) fn open(
        path: &Path,
        wanted: Tracks,
        length: Option<Duration>,
        fast: bool,
    ) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| Failure::usage(format!("open {name}: {e}")))?;
        let mut source = Self {
            name,
            tags: TagReader::new(file),
            ahead: VecDeque::new(),
            units: Units::new(wanted),
            metadata: MetaData::default(),
            length,
            fast,
        };
        source.look_ahead(wanted)?;
        Ok(source)
    }

    /// What the file says about itself, for the tracks that are sent.
    pub(crate) fn metadata(&self) -> &MetaData {
        &self.metadata
    }

    fn look_ahead(&mut self, wanted: Tracks) -> Result<(), Failure> {
        let mut found = Units::new(wanted);
        let mut metadata = None;
        let mut first_pictures = FrameRateGuess::default();
        while self.ahead.len() < LOOK_AHEAD_TAGS {
            let has_all = (found.video.is_some() || !wanted.video)
                && (found.audio.is_some() || !wanted.audio)
                && (first_pictures.fps().is_some() || !wanted.video);
            if has_all {
                break;
            }
            let Some(tag) = self.read_tag()? else { break };
            if tag.tag_type == TagType::Script && metadata.is_none() {
                metadata = amf0::read_all(&tag.body).ok().and_then(|v| MetaData::parse(&v));
            }
            if let Some(AccessUnit::Video(unit)) = found.unit(&tag).map_err(|e| self.error(e))? {
                first_pictures.push(unit.dts);
            }
            self.ahead.push_back(tag);
        }
        let said = metadata.unwrap_or_default();
        self.metadata = MetaData {
            video: found.video.as_ref().map(|video| video_meta(video, said.video, &first_pictures)),
            audio: found.audio.as_ref().map(|audio| AudioMeta {
                codec: audio.codec(),
                sample_rate_hz: audio.sample_rate_hz(),
                channels: audio.channels(),
                bitrate_bps: said.audio.map_or(0, |audio| audio.bitrate_bps),
            }),
            encoder: said.encoder,
            extra: said.extra,
            ..MetaData::default()
        };
        if self.metadata.video.is_none() && self.metadata.audio.is_none() {
            return Err(self.error(UnitError::Nothing));
        }
        Ok(())
    }

    fn read_tag(&mut self) -> Result<Option<Tag>, Failure> {
        self.tags.next_tag().map_err(|error| Failure::usage(format!("{}: {error}", self.name)))
    }

    fn next_unit(&mut self) -> Result<Option<AccessUnit>, Failure> {
        loop {
            let tag = match self.ahead.pop_front() {
                Some(tag) => tag,
                None => match self.read_tag()? {
                    Some(tag) => tag,
                    None => return Ok(None),
                },
            };
            if let Some(unit) = self.units.unit(&tag).map_err(|error| self.error(error))? {
                return Ok(Some(unit));
            }
        }
    }

    fn error(&self, error: UnitError) -> Failure {
        Failure::usage(format!("{}: {error}", self.name))
    }
}

impl Source for EncodedSource {
    fn prepare(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn run(&mut self, session: &Session, context: &Context) -> Result<Ending, Failure> {
        let start = context.clock.now();
        let mut first = None;
        let mut batch: Vec<AccessUnit> = Vec::new();
        loop {
            let unit = self.next_unit()?;
            let dts = unit.as_ref().map_or(MediaTime::ZERO, AccessUnit::dts);
            let first = *first.get_or_insert(dts);
            let beyond = self.length.map_or(i64::MIN, |length| dts.micros_since(first + length));
            // The other track may still have units before the end.
            if (0..OTHER_TRACK.as_micros() as i64).contains(&beyond) && unit.is_some() {
                continue;
            }
            let unit = unit.filter(|_| beyond < 0);
            let is_last = unit.is_none();
            let is_due = |unit: &AccessUnit, batch: &[AccessUnit]| {
                matches!(unit, AccessUnit::Video(_))
                    || batch.first().is_some_and(|head| unit.dts() >= head.dts() + BATCH)
            };
            let goes = unit.as_ref().is_none_or(|unit| is_due(unit, &batch));
            batch.extend(unit);
            if goes {
                if !self.fast {
                    let due = batch.last().map_or(Duration::ZERO, |last| last.dts().since(first));
                    let wait = (start + due).since(context.clock.now());
                    if wait > Duration::ZERO && context.stop_signal.wait(wait) {
                        return Ok(Ending::Stopped);
                    }
                }
                for unit in batch.drain(..) {
                    let pushed = match unit {
                        AccessUnit::Video(unit) => session.push_encoded_video(unit),
                        AccessUnit::Audio(unit) => session.push_encoded_audio(unit),
                    };
                    if let Err(error) = pushed {
                        return ending(&error);
                    }
                }
            }
            if is_last {
                return Ok(Ending::Media);
            }
        }
    }
}

/// Tags → access units.
struct Units {
    wanted: Tracks,
    video: Option<VideoHeader>,
    audio: Option<AudioHeader>,
    video_time: Unwrap,
    audio_time: Unwrap,
}

/// Why a file cannot be shipped.
#[derive(Debug, thiserror::Error)]
enum UnitError {
    #[error("{0}")]
    Flv(#[from] FlvError),
    #[error("{0}")]
    Header(#[from] HeaderError),
    #[error(
        "holds {what} that is not {supported}; convert it, or leave the track out with {option}"
    )]
    Codec { what: &'static str, supported: &'static str, option: &'static str },
    #[error("holds {what} at {ms} ms before its sequence header")]
    NoHeader { what: &'static str, ms: i64 },
    #[error("holds neither pictures nor sound that is wanted")]
    Nothing,
}

impl Units {
    fn new(wanted: Tracks) -> Self {
        let (video_time, audio_time) = (Unwrap::default(), Unwrap::default());
        Self { wanted, video: None, audio: None, video_time, audio_time }
    }

    /// The access unit in `tag`; `None` when it holds something else.
    fn unit(&mut self, tag: &Tag) -> Result<Option<AccessUnit>, UnitError> {
        let is_wanted = match tag.tag_type {
            TagType::Video => self.wanted.video,
            TagType::Audio => self.wanted.audio,
            TagType::Script => false,
        };
        if !is_wanted {
            return Ok(None);
        }
        match Body::parse(tag.tag_type, &tag.body)? {
            Body::AvcHeader(record) => self.video_header(VideoCodec::H264, record)?,
            Body::VideoHeader { codec, record } => self.video_header(codec, record)?,
            Body::AacHeader(bytes) => {
                self.audio = Some(AudioHeader::from_bytes(AudioCodec::Aac, bytes)?);
            }
            Body::AudioHeader { codec, head } => {
                self.audio = Some(AudioHeader::from_bytes(codec, head)?);
            }
            Body::AvcUnit { keyframe, composition_ms, data }
            | Body::VideoUnit { keyframe, composition_ms, data, .. }
                if !data.is_empty() =>
            {
                let ms = self.video_time.next(tag.timestamp_ms);
                let config =
                    self.video.clone().ok_or(UnitError::NoHeader { what: "a picture", ms })?;
                let kind = frame_kind(&config, keyframe, data);
                return Ok(Some(AccessUnit::Video(VideoUnit {
                    pts: MediaTime::from_millis(ms + i64::from(composition_ms)),
                    dts: MediaTime::from_millis(ms),
                    kind,
                    config,
                    payload: tag.body.suffix(data.len()),
                })));
            }
            Body::AacFrame(frame) | Body::AudioUnit { data: frame, .. } if !frame.is_empty() => {
                let ms = self.audio_time.next(tag.timestamp_ms);
                let config = self.audio.ok_or(UnitError::NoHeader { what: "sound", ms })?;
                let payload = tag.body.suffix(frame.len());
                let pts = MediaTime::from_millis(ms);
                return Ok(Some(AccessUnit::Audio(AudioUnit { pts, config, payload })));
            }
            Body::Other(_) | Body::Foreign(_) => {
                let (what, supported, option) = match tag.tag_type {
                    TagType::Audio => ("sound", "AAC or Opus", "--video-only"),
                    _ => ("pictures", "H.264, HEVC or AV1", "--audio-only"),
                };
                return Err(UnitError::Codec { what, supported, option });
            }
            _ => {}
        }
        Ok(None)
    }
}

impl Units {
    /// A repeated header is the same header: units keep sharing it.
    fn video_header(&mut self, codec: VideoCodec, record: &[u8]) -> Result<(), UnitError> {
        let is_known = |known: &VideoHeader| known.codec() == codec && known.record() == record;
        if !self.video.as_ref().is_some_and(is_known) {
            self.video = Some(VideoHeader::from_record(codec, record)?);
        }
        Ok(())
    }
}

/// FLV's key frame flag decides: the copy must say what the file says. Of HEVC and AV1 the session
/// takes only what is one.
fn frame_kind(config: &VideoHeader, keyframe: bool, data: &[u8]) -> FrameKind {
    let nal_length_size = match config {
        VideoHeader::H264(config) => config.nal_length_size(),
        _ if keyframe && config.is_key(data) != Some(false) => return FrameKind::Idr,
        _ => return FrameKind::Reference,
    };
    let is_referred_to = |nal: &[u8]| {
        let header = nal.first().copied().unwrap_or_default();
        matches!(header & 0x1F, 1..=5) && header & 0x60 != 0
    };
    let mut nal_units = length_prefixed_nal_units(data, nal_length_size);
    if keyframe {
        FrameKind::Idr
    } else if nal_units.any(|nal| nal.is_ok_and(is_referred_to)) {
        FrameKind::Reference
    } else {
        FrameKind::Disposable
    }
}

/// The SPS knows the size; the file's metadata knows the rest, when there is any.
fn video_meta(header: &VideoHeader, said: Option<VideoMeta>, guess: &FrameRateGuess) -> VideoMeta {
    let said = said.unwrap_or_default();
    let sps = header.h264().and_then(|avc| avc.sps_info().ok());
    let (width, height) = header.size().unwrap_or((said.width, said.height));
    let fps = Some(said.fps)
        .filter(|fps| fps.is_finite() && *fps > 0.0)
        .or_else(|| sps.as_ref().and_then(|sps| sps.fps))
        .or_else(|| guess.fps());
    VideoMeta {
        codec: header.codec(),
        width,
        height,
        fps: fps.unwrap_or_default(),
        bitrate_bps: said.bitrate_bps,
    }
}

/// A frame rate from the first decoding times, which milliseconds make uneven.
#[derive(Default)]
struct FrameRateGuess {
    first: Option<MediaTime>,
    last: Option<MediaTime>,
    intervals: u32,
}

impl FrameRateGuess {
    fn push(&mut self, dts: MediaTime) {
        self.intervals += u32::from(self.first.is_some());
        self.first.get_or_insert(dts);
        self.last = Some(dts);
    }

    fn fps(&self) -> Option<f64> {
        let span = self.last?.since(self.first?).as_secs_f64();
        let fps = f64::from(self.intervals) / span;
        (self.intervals >= 10 && span > 0.0).then_some((fps * 10.0).round() / 10.0)
    }
}

#[cfg(test)]
#[path = "encoded_test.rs"]
mod tests;
