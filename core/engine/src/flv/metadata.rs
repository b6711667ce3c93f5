//! onMetaData: what a stream says of itself (annex E.5; statement 54).

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
}

/// The video half of [`MetaData`].
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

/// The audio half of [`MetaData`].
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

impl MetaData {
    /// Appends the AMF0 of `"onMetaData"` and an ECMA array with numeric codec ids: 7 and 10
    /// (statement 54), the FourCC as a big-endian number for the others (E-RTMP v2). The RTMP message puts `"@setDataFrame"` before it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        let mut put = |key: &str, value: Value| pairs.push((key.to_owned(), value));
        let kilobits = |bitrate_bps: u32| Value::Number(f64::from(bitrate_bps) / 1_000.0);
        put("duration", 0.0.into());
        if let Some(video) = &self.video {
            put("width", f64::from(video.width).into());
            put("height", f64::from(video.height).into());
            put("videodatarate", kilobits(video.bitrate_bps));
            put("framerate", video.fps.into());
            put("videocodecid", video_id(video.codec).into());
        }
        if let Some(audio) = &self.audio {
            put("audiodatarate", kilobits(audio.bitrate_bps));
            put("audiosamplerate", f64::from(audio.sample_rate_hz).into());
            put("audiosamplesize", 16.0.into());
            put("audiochannels", f64::from(audio.channels).into());
            put("stereo", (audio.channels == 2).into());
            put("audiocodecid", audio_id(audio.codec).into());
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
    /// taken for H.264 or AAC.
    pub fn parse(values: &[Value]) -> Option<Self> {
        let object = values.iter().find(|v| matches!(v, Value::Object(_) | Value::EcmaArray(_)))?;
        let number = |key| object.get(key).and_then(Value::as_number).unwrap_or_default();
        let has_codec = |key| match object.get(key) {
            Some(Value::Number(id)) => *id > 0.0,
            Some(Value::String(name)) => !name.is_empty(),
            _ => false,
        };
        let four_cc = |key| match object.get(key)? {
            Value::Number(id) => Some((*id as u32).to_be_bytes()),
            Value::String(name) => name.as_bytes().try_into().ok(),
            _ => None,
        };
        let bits = |key| {
            let rate: f64 = number(key);
            // LFLiveKit writes bit/s where kbit/s belong.
            (if rate >= 8_000.0 { rate } else { rate * 1_000.0 }) as u32
        };
        let video = VideoMeta {
            codec: four_cc("videocodecid").and_then(VideoCodec::from_four_cc).unwrap_or_default(),
            width: number("width") as u32,
            height: number("height") as u32,
            fps: number("framerate"),
            bitrate_bps: (number("videodatarate") * 1_000.0) as u32,
        };
        let stereo = object.get("stereo").and_then(Value::as_bool);
        let channels = match number("audiochannels") as u8 {
            0 => stereo.map_or(0, |stereo| if stereo { 2 } else { 1 }),
            channels => channels,
        };
        let audio = AudioMeta {
            codec: four_cc("audiocodecid").and_then(AudioCodec::from_four_cc).unwrap_or_default(),
            sample_rate_hz: number("audiosamplerate") as u32,
            channels,
            bitrate_bps: bits("audiodatarate"),
        };
        let encoder = object.get("encoder").and_then(Value::as_str).unwrap_or_default();
        Some(Self {
            video: (has_codec("videocodecid") || video.width > 0).then_some(video),
            audio: (has_codec("audiocodecid") || audio.sample_rate_hz > 0).then_some(audio),
            encoder: encoder.to_owned(),
            extra: Extra::of(object),
        })
    }
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

#[cfg(test)]
#[path = "metadata_test.rs"]
mod tests;
