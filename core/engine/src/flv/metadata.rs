//! onMetaData: what a stream says of itself (annex E.5; statement 54).

use std::num::NonZeroU8;

use onair_types::{AudioCodec, VideoCodec};

use super::{CODEC_AVC, Extra, SOUND_FORMAT_AAC};
use crate::amf0::{self, Value};

/// What onMetaData says; also what `onair probe` reads back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetaData {
    /// Picture size, frame rate and bitrate, when there is video.
    pub video: Option<VideoMeta>,
    /// Rate, channels and bitrate, when there is audio.
    pub audio: Option<AudioMeta>,
    /// Name and version of the encoder.
    pub encoder: String,
    /// What the app adds.
    pub extra: Extra,
    /// Further tracks of pictures and their ids (E-RTMP v2, multitrack).
    pub further_video: Vec<(NonZeroU8, VideoMeta)>,
    /// Further tracks of sound and their ids.
    pub further_audio: Vec<(NonZeroU8, AudioMeta)>,
}

/// The video half of [`MetaData`], or a further track's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VideoMeta {
    /// What the pictures are coded with.
    pub codec: VideoCodec,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames a second.
    pub fps: f64,
    /// bit/s; written as `videodatarate` in kbit/s.
    pub bitrate_bps: u32,
}

/// The audio half of [`MetaData`], or a further track's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AudioMeta {
    /// What the sound is coded with.
    pub codec: AudioCodec,
    /// Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: u8,
    /// bit/s; written as `audiodatarate` in kbit/s.
    pub bitrate_bps: u32,
}

impl VideoMeta {
    /// H.264 of `size` (width and height, pixels), `fps` frames a second.
    pub fn h264(size: (u32, u32), fps: f64, bitrate_bps: u32) -> Self {
        let (width, height) = size;
        Self { codec: VideoCodec::H264, width, height, fps, bitrate_bps }
    }

    fn pairs(&self) -> Vec<(String, Value)> {
        let pairs = [
            ("width", f64::from(self.width)),
            ("height", f64::from(self.height)),
            ("videodatarate", kilobits(self.bitrate_bps)),
            ("framerate", self.fps),
            ("videocodecid", video_id(self.codec)),
        ];
        pairs.map(|(key, number)| (key.to_owned(), number.into())).to_vec()
    }

    fn read(object: &Value) -> Self {
        let codec = four_cc(object, "videocodecid").and_then(VideoCodec::from_four_cc);
        Self {
            codec: codec.unwrap_or_default(),
            width: number(object, "width") as u32,
            height: number(object, "height") as u32,
            fps: number(object, "framerate"),
            bitrate_bps: (number(object, "videodatarate") * 1_000.0) as u32,
        }
    }
}

impl AudioMeta {
    /// AAC.
    pub fn aac(sample_rate_hz: u32, channels: u8, bitrate_bps: u32) -> Self {
        Self { codec: AudioCodec::Aac, sample_rate_hz, channels, bitrate_bps }
    }

    fn pairs(&self) -> Vec<(String, Value)> {
        let pairs: [(&str, Value); 6] = [
            ("audiodatarate", kilobits(self.bitrate_bps).into()),
            ("audiosamplerate", f64::from(self.sample_rate_hz).into()),
            ("audiosamplesize", 16.0.into()),
            ("audiochannels", f64::from(self.channels).into()),
            ("stereo", (self.channels == 2).into()),
            ("audiocodecid", audio_id(self.codec).into()),
        ];
        pairs.map(|(key, value)| (key.to_owned(), value)).to_vec()
    }

    fn read(object: &Value) -> Self {
        let codec = four_cc(object, "audiocodecid").and_then(AudioCodec::from_four_cc);
        let stereo = object.get("stereo").and_then(Value::as_bool);
        let rate = number(object, "audiodatarate");
        Self {
            codec: codec.unwrap_or_default(),
            sample_rate_hz: number(object, "audiosamplerate") as u32,
            channels: match number(object, "audiochannels") as u8 {
                0 => stereo.map_or(0, |stereo| if stereo { 2 } else { 1 }),
                channels => channels,
            },
            // LFLiveKit writes bit/s where kbit/s belong.
            bitrate_bps: (if rate >= 8_000.0 { rate } else { rate * 1_000.0 }) as u32,
        }
    }
}

impl MetaData {
    /// What goes beside the first pictures, bit/s.
    pub(crate) fn side_bitrate_bps(&self) -> u32 {
        let audio = self.audio.iter().chain(self.further_audio.iter().map(|(_, audio)| audio));
        let video = self.further_video.iter().map(|(_, video)| video.bitrate_bps);
        video.chain(audio.map(|audio| audio.bitrate_bps)).fold(0, u32::saturating_add)
    }

    /// Appends the AMF0 of `"onMetaData"` and an ECMA array with numeric codec ids: 7 and 10
    /// (statement 54), the FourCC as a big-endian number for the others (E-RTMP v2). The RTMP
    /// message puts `"@setDataFrame"` before it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        let mut put = |key: &str, value: Value| pairs.push((key.to_owned(), value));
        put("duration", 0.0.into());
        let video = self.video.iter().flat_map(VideoMeta::pairs);
        let audio = self.audio.iter().flat_map(AudioMeta::pairs);
        for (key, value) in video.chain(audio) {
            put(&key, value);
        }
        if !self.further_video.is_empty() {
            let tracks = self.further_video.iter();
            let tracks = tracks.map(|(id, video)| (id.to_string(), Value::Object(video.pairs())));
            put(VIDEO_TRACKS, Value::Object(tracks.collect()));
        }
        if !self.further_audio.is_empty() {
            let tracks = self.further_audio.iter();
            let tracks = tracks.map(|(id, audio)| (id.to_string(), Value::Object(audio.pairs())));
            put(AUDIO_TRACKS, Value::Object(tracks.collect()));
        }
        put("encoder", self.encoder.as_str().into());
        for (name, value) in self.extra.iter() {
            put(name, value.clone());
        }
        amf0::write_str(out, "onMetaData");
        amf0::write(out, &Value::EcmaArray(pairs));
    }

    /// Reads what a script tag or data message holds: `"@setDataFrame"` and `"onMetaData"` as far
    /// as they are there, then an object. Numbers that are missing are 0; a track without any
    /// sign of a codec is `None`. Codec ids may be numbers or strings; one that is not known is
    /// taken for H.264 or AAC. Of further tracks the first eight of each kind are read.
    pub fn parse(values: &[Value]) -> Option<Self> {
        let object = values.iter().find(|v| matches!(v, Value::Object(_) | Value::EcmaArray(_)))?;
        let has_codec = |key| match object.get(key) {
            Some(Value::Number(id)) => *id > 0.0,
            Some(Value::String(name)) => !name.is_empty(),
            _ => false,
        };
        let (video, audio) = (VideoMeta::read(object), AudioMeta::read(object));
        let encoder = object.get("encoder").and_then(Value::as_str).unwrap_or_default();
        Some(Self {
            video: (has_codec("videocodecid") || video.width > 0).then_some(video),
            audio: (has_codec("audiocodecid") || audio.sample_rate_hz > 0).then_some(audio),
            encoder: encoder.to_owned(),
            extra: Extra::of(object),
            further_video: further(object.get(VIDEO_TRACKS), VideoMeta::read),
            further_audio: further(object.get(AUDIO_TRACKS), AudioMeta::read),
        })
    }
}

/// What a map of further tracks says, by their ids.
fn further<T>(map: Option<&Value>, read: fn(&Value) -> T) -> Vec<(NonZeroU8, T)> {
    let Some(Value::Object(pairs) | Value::EcmaArray(pairs)) = map else { return Vec::new() };
    let tracks = pairs.iter().filter_map(|(id, about)| Some((id.parse().ok()?, read(about))));
    tracks.take(MOST_FURTHER).collect()
}

fn number(object: &Value, key: &str) -> f64 {
    object.get(key).and_then(Value::as_number).unwrap_or_default()
}

fn four_cc(object: &Value, key: &str) -> Option<[u8; 4]> {
    match object.get(key)? {
        Value::Number(id) => Some((*id as u32).to_be_bytes()),
        Value::String(name) => name.as_bytes().try_into().ok(),
        _ => None,
    }
}

fn kilobits(bitrate_bps: u32) -> f64 {
    f64::from(bitrate_bps) / 1_000.0
}

fn video_id(codec: VideoCodec) -> f64 {
    match codec {
        VideoCodec::H264 => f64::from(CODEC_AVC),
        codec => f64::from(u32::from_be_bytes(codec.four_cc())),
    }
}

fn audio_id(codec: AudioCodec) -> f64 {
    match codec {
        AudioCodec::Aac => f64::from(SOUND_FORMAT_AAC),
        codec => f64::from(u32::from_be_bytes(codec.four_cc())),
    }
}

const VIDEO_TRACKS: &str = "videoTrackIdInfoMap";
const AUDIO_TRACKS: &str = "audioTrackIdInfoMap";
/// Of each kind, as many as a publish may have.
const MOST_FURTHER: usize = 8;

#[cfg(test)]
#[path = "metadata_test.rs"]
mod tests;
