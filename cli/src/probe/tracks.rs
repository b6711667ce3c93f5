//! FLV tags → what each track is made of, counted as it comes. Judging is `report`'s.

use std::collections::BTreeMap;

use onair::{AudioCodec, AudioHeader, AudioUnit, MediaTime, VideoCodec, VideoHeader, VideoUnit};
use onair_engine::flv::{Body, Tag, TagType};
use onair_types::h264::{length_prefixed_nal_units, nal_type};
use onair_types::{AccessUnit, FrameKind, Payload};

use super::cues::Script;
use super::times::Times;

/// Everything that was seen of a stream.
#[derive(Debug, Default)]
pub(crate) struct Tracks {
    pub(crate) script: Script,
    pub(crate) video: Video,
    pub(crate) audio: Audio,
    /// Those beside the first ones (E-RTMP v2, multitrack), by their ids.
    pub(crate) further_video: BTreeMap<u8, Video>,
    pub(crate) further_audio: BTreeMap<u8, Audio>,
    /// The furthest that pictures and sound lay apart as they arrived, ms.
    pub(crate) interleave_ms: i64,
    /// Bytes of all tag bodies.
    pub(crate) bytes: u64,
    /// Tag bodies too short for what they claim to be.
    pub(crate) malformed_tags: u64,
}

/// The pictures.
#[derive(Debug, Default)]
pub(crate) struct Video {
    pub(crate) config: Option<VideoHeader>,
    /// Headers that cannot be read.
    pub(crate) bad_headers: u64,
    /// Times the parameter sets changed.
    pub(crate) config_changes: u64,
    pub(crate) bytes: u64,
    pub(crate) times: Times,
    /// Pictures from one key frame to the next: least, most.
    pub(crate) keyframe_interval: Option<(u64, u64)>,
    pub(crate) keyframes: u64,
    since_keyframe: u64,
    /// Pictures before the first key frame.
    pub(crate) before_keyframe: u64,
    /// Pictures before the first header.
    pub(crate) before_header: u64,
    /// Composition times, ms: least, most.
    pub(crate) composition_ms: Option<(i32, i32)>,
    /// Pictures whose NAL unit lengths do not add up.
    pub(crate) malformed: u64,
    /// Key frames without an IDR slice, or IDR slices in what is not marked as one.
    pub(crate) mismarked: u64,
    /// The codec of pictures that are not looked at.
    pub(crate) other_codec: Option<String>,
}

/// The sound.
#[derive(Debug, Default)]
pub(crate) struct Audio {
    pub(crate) config: Option<AudioHeader>,
    pub(crate) bad_headers: u64,
    pub(crate) bytes: u64,
    pub(crate) times: Times,
    /// Frames before the first header.
    pub(crate) before_header: u64,
    /// The codec of sound that is not looked at.
    pub(crate) other_codec: Option<String>,
}

impl Tracks {
    /// Counts `tag`; the access unit in it, if it is a first track's and can be decoded.
    pub(crate) fn tag(&mut self, tag: &Tag) -> Option<AccessUnit> {
        self.bytes += tag.body.len() as u64;
        match Body::parse(tag.tag_type, &tag.body) {
            Ok(Body::Script(amf0)) => {
                self.script.push(tag.timestamp_ms, amf0);
                None
            }
            Ok(Body::Multitrack(tracks)) => {
                let mut unit = None;
                for track in tracks.tracks() {
                    match track {
                        Ok((0, body)) => unit = self.first(tag, body).or(unit),
                        Ok((id, body)) => self.further(id, tag, body),
                        Err(_) => self.malformed_tags += 1,
                    }
                }
                unit
            }
            Ok(body) => self.first(tag, body),
            Err(_) => {
                self.malformed_tags += 1;
                None
            }
        }
    }

    fn first(&mut self, tag: &Tag, body: Body<'_>) -> Option<AccessUnit> {
        let unit = match tag.tag_type {
            TagType::Video => self.video.body(tag.timestamp_ms, body).map(AccessUnit::Video),
            _ => self.audio.body(tag.timestamp_ms, body).map(AccessUnit::Audio),
        };
        let last = [self.video.times.last_ms(), self.audio.times.last_ms()];
        if let [Some(video_ms), Some(audio_ms)] = last {
            self.interleave_ms = self.interleave_ms.max((video_ms - audio_ms).abs());
        }
        unit
    }

    /// Further tracks are counted and not decoded.
    fn further(&mut self, id: u8, tag: &Tag, body: Body<'_>) {
        match tag.tag_type {
            TagType::Video => {
                self.further_video.entry(id).or_default().body(tag.timestamp_ms, body);
            }
            _ => {
                self.further_audio.entry(id).or_default().body(tag.timestamp_ms, body);
            }
        }
    }

    /// From the earliest time of either track to the latest, in seconds.
    pub(crate) fn span_seconds(&self) -> f64 {
        self.video.times.span_seconds().max(self.audio.times.span_seconds())
    }
}

impl Video {
    fn body(&mut self, timestamp_ms: u32, body: Body<'_>) -> Option<VideoUnit> {
        match body {
            Body::AvcHeader(record) => self.header(VideoCodec::H264, record),
            Body::VideoHeader { codec, record } => self.header(codec, record),
            Body::AvcUnit { keyframe, composition_ms, data }
            | Body::VideoUnit { keyframe, composition_ms, data, .. } => {
                let dts_ms = self.times.push(timestamp_ms);
                return self.unit(keyframe, composition_ms, data, dts_ms);
            }
            Body::Other(first_byte) => {
                self.other_codec = Some(format!("FLV codec {}", first_byte & 0x0F));
            }
            Body::Foreign(four_cc) => self.other_codec = Some(four_cc.escape_ascii().to_string()),
            _ => {}
        }
        None
    }

    fn header(&mut self, codec: VideoCodec, record: &[u8]) {
        match VideoHeader::from_record(codec, record) {
            Ok(config) if self.config.as_ref() == Some(&config) => {}
            Ok(config) => {
                self.config_changes += u64::from(self.config.is_some());
                self.config = Some(config);
            }
            Err(_) => self.bad_headers += 1,
        }
    }

    fn unit(
        &mut self,
        keyframe: bool,
        composition_ms: i32,
        data: &[u8],
        dts_ms: i64,
    ) -> Option<VideoUnit> {
        self.bytes += data.len() as u64;
        let (least, most) = self.composition_ms.unwrap_or((composition_ms, composition_ms));
        self.composition_ms = Some((least.min(composition_ms), most.max(composition_ms)));
        self.keyframe(keyframe);
        let Some(config) = self.config.clone() else {
            self.before_header += 1;
            return None;
        };
        let Some(is_key) = is_key(&config, data) else {
            self.malformed += 1;
            return None;
        };
        self.mismarked += u64::from(is_key != keyframe);
        // Nothing before a key frame can be decoded, and that is no fault of the decoder's input.
        (self.keyframes > 0).then(|| VideoUnit {
            pts: MediaTime::from_millis(dts_ms + i64::from(composition_ms)),
            dts: MediaTime::from_millis(dts_ms),
            kind: if keyframe { FrameKind::Idr } else { FrameKind::Reference },
            config,
            payload: Payload::from_vec(data.to_vec()),
        })
    }

    fn keyframe(&mut self, keyframe: bool) {
        if keyframe {
            if self.keyframes > 0 {
                let interval = self.since_keyframe;
                let (least, most) = self.keyframe_interval.unwrap_or((interval, interval));
                self.keyframe_interval = Some((least.min(interval), most.max(interval)));
            }
            self.keyframes += 1;
            self.since_keyframe = 0;
        } else if self.keyframes == 0 {
            self.before_keyframe += 1;
        }
        self.since_keyframe += 1;
    }
}

/// Whether decoding can start at a picture; `None` when its lengths do not add up.
fn is_key(config: &VideoHeader, data: &[u8]) -> Option<bool> {
    let VideoHeader::H264(config) = config else { return config.is_key(data) };
    let mut has_idr = false;
    for nal_unit in length_prefixed_nal_units(data, config.nal_length_size()) {
        has_idr |= nal_unit.ok()?.first().is_some_and(|header| header & 0x1F == nal_type::IDR);
    }
    Some(has_idr)
}

impl Audio {
    fn body(&mut self, timestamp_ms: u32, body: Body<'_>) -> Option<AudioUnit> {
        match body {
            Body::AacHeader(bytes) => self.header(AudioCodec::Aac, bytes),
            Body::AudioHeader { codec, head } => self.header(codec, head),
            Body::AacFrame(data) | Body::AudioUnit { data, .. } => {
                let pts_ms = self.times.push(timestamp_ms);
                return self.unit(data, pts_ms);
            }
            Body::Other(first_byte) => {
                self.other_codec = Some(format!("FLV format {}", first_byte >> 4));
            }
            Body::Foreign(four_cc) => self.other_codec = Some(four_cc.escape_ascii().to_string()),
            _ => {}
        }
        None
    }

    fn header(&mut self, codec: AudioCodec, bytes: &[u8]) {
        match AudioHeader::from_bytes(codec, bytes) {
            Ok(config) => self.config = Some(config),
            Err(_) => self.bad_headers += 1,
        }
    }

    fn unit(&mut self, data: &[u8], pts_ms: i64) -> Option<AudioUnit> {
        self.bytes += data.len() as u64;
        let Some(config) = self.config else {
            self.before_header += 1;
            return None;
        };
        let payload = Payload::from_vec(data.to_vec());
        Some(AudioUnit { pts: MediaTime::from_millis(pts_ms), config, payload })
    }

    /// How long one frame sounds, ms; 0 when the header is missing.
    pub(crate) fn frame_ms(&self) -> f64 {
        match self.config {
            Some(AudioHeader::Aac(asc)) => {
                f64::from(onair_types::aac::FRAME_SAMPLES) * 1e3
                    / f64::from(asc.sample_rate_hz().max(1))
            }
            Some(AudioHeader::Opus(_)) => self.times.usual_interval_ms(),
            None => 0.0,
        }
    }
}
