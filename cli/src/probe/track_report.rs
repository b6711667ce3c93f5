//! One track: what it is, and what was measured of it. The JSON keys are part of the command's
//! contract (docs/cli.md).

use onair::{AudioCodec, AudioHeader, VideoCodec, VideoHeader};
use serde::Serialize;

use super::tracks::{Audio, Video};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct VideoReport {
    /// "h264", "hevc" or "av1".
    pub(crate) codec: &'static str,
    /// "Constrained Baseline", "Main", "High", …
    pub(crate) profile: String,
    /// "3.1"
    pub(crate) level: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Measured, pictures a second.
    pub(crate) fps: f64,
    /// Measured, bit/s.
    pub(crate) bitrate: u64,
    pub(crate) frames: u64,
    pub(crate) keyframes: u64,
    /// Pictures from one key frame to the next; `null` for fewer than two key frames.
    pub(crate) keyframe_interval_min: Option<u64>,
    pub(crate) keyframe_interval_max: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AudioReport {
    /// "aac" or "opus".
    pub(crate) codec: &'static str,
    /// MPEG-4 audio object type; 2 is AAC-LC; `null` for Opus.
    pub(crate) object_type: Option<u8>,
    /// Hz.
    pub(crate) sample_rate: u32,
    pub(crate) channels: u8,
    /// Measured, bit/s.
    pub(crate) bitrate: u64,
    pub(crate) frames: u64,
}

/// A track beside the first of its kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Further<T> {
    /// From 1.
    pub(crate) id: u8,
    #[serde(flatten)]
    pub(crate) track: T,
}

/// Nothing when nothing of a codec that is known came.
pub(super) fn video(video: &Video) -> Option<VideoReport> {
    if video.times.count() == 0 && video.config.is_none() {
        return None;
    }
    let (profile, level) = video.config.as_ref().map(profile_and_level).unwrap_or_default();
    let (width, height) = video.config.as_ref().and_then(VideoHeader::size).unwrap_or_default();
    Some(VideoReport {
        codec: match video.config.as_ref().map_or(VideoCodec::H264, VideoHeader::codec) {
            VideoCodec::H264 => "h264",
            VideoCodec::Hevc => "hevc",
            VideoCodec::Av1 => "av1",
        },
        profile,
        level,
        width,
        height,
        fps: rounded(video.times.rate()),
        bitrate: bitrate(video.bytes, video.times.count(), video.times.span_seconds()),
        frames: video.times.count() as u64,
        keyframes: video.keyframes,
        keyframe_interval_min: video.keyframe_interval.map(|(least, _)| least),
        keyframe_interval_max: video.keyframe_interval.map(|(_, most)| most),
    })
}

fn profile_and_level(header: &VideoHeader) -> (String, String) {
    match header {
        VideoHeader::H264(config) => config.sps_info().map_or_else(
            |_| (String::new(), String::new()),
            |sps| {
                let level = format!("{}.{}", sps.level_idc / 10, sps.level_idc % 10);
                (profile(sps.profile_idc, sps.constraint_flags), level)
            },
        ),
        // ITU-T H.265 A.3 and A.4.
        VideoHeader::Hevc(config) => {
            let profile = match config.profile_idc() {
                1 => "Main".into(),
                2 => "Main 10".into(),
                other => format!("profile {other}"),
            };
            (profile, format!("{}.{}", config.level_idc() / 30, config.level_idc() % 30 / 3))
        }
        // AV1 specification A.2 and A.3.
        VideoHeader::Av1(config) => {
            let profile = match config.profile() {
                0 => "Main".into(),
                1 => "High".into(),
                2 => "Professional".into(),
                other => format!("profile {other}"),
            };
            (profile, format!("{}.{}", 2 + config.level_index() / 4, config.level_index() % 4))
        }
    }
}

/// ITU-T H.264 A.2; constraint_set1 makes Baseline the one that every decoder knows.
fn profile(profile_idc: u8, constraint_flags: u8) -> String {
    match profile_idc {
        66 if constraint_flags & 0x40 != 0 => "Constrained Baseline".into(),
        66 => "Baseline".into(),
        77 => "Main".into(),
        88 => "Extended".into(),
        100 => "High".into(),
        110 => "High 10".into(),
        other => format!("profile {other}"),
    }
}

/// Nothing when nothing of a codec that is known came.
pub(super) fn audio(audio: &Audio) -> Option<AudioReport> {
    if audio.times.count() == 0 && audio.config.is_none() {
        return None;
    }
    Some(AudioReport {
        codec: match audio.config.map_or(AudioCodec::Aac, |config| config.codec()) {
            AudioCodec::Aac => "aac",
            AudioCodec::Opus => "opus",
        },
        object_type: match audio.config {
            Some(AudioHeader::Opus(_)) => None,
            Some(AudioHeader::Aac(asc)) => Some(asc.object_type()),
            None => Some(0),
        },
        sample_rate: audio.config.map_or(0, |config| config.sample_rate_hz()),
        channels: audio.config.map_or(0, |config| config.channels()),
        bitrate: bitrate(audio.bytes, audio.times.count(), audio.times.span_seconds()),
        frames: audio.times.count() as u64,
    })
}

impl VideoReport {
    /// What it is, in a line.
    pub(super) fn words(&self) -> String {
        format!(
            "{} {} {}, {}x{}, {} fps, {} kbit/s, {} pictures",
            match self.codec {
                "hevc" => VideoCodec::Hevc.name(),
                "av1" => VideoCodec::Av1.name(),
                _ => VideoCodec::H264.name(),
            },
            self.profile,
            self.level,
            self.width,
            self.height,
            self.fps,
            self.bitrate / 1_000,
            self.frames,
        )
    }

    pub(super) fn keyframe_words(&self) -> String {
        match (self.keyframe_interval_min, self.keyframe_interval_max) {
            (Some(least), Some(most)) if least == most => {
                format!("{}, every {least} pictures", self.keyframes)
            }
            (Some(least), Some(most)) => {
                format!("{}, every {least} to {most} pictures", self.keyframes)
            }
            _ => self.keyframes.to_string(),
        }
    }
}

impl AudioReport {
    /// What it is, in a line.
    pub(super) fn words(&self) -> String {
        let kind = match self.object_type {
            Some(2) => "AAC-LC",
            Some(_) => "AAC",
            None => "Opus",
        };
        format!(
            "{kind}, {} Hz, {} channels, {} kbit/s, {} frames",
            self.sample_rate,
            self.channels,
            self.bitrate / 1_000,
            self.frames,
        )
    }
}

/// Bits a second; the last unit lasts as long as the others do on average.
fn bitrate(bytes: u64, units: usize, span_seconds: f64) -> u64 {
    if units < 2 || span_seconds <= 0.0 {
        return 0;
    }
    let seconds = span_seconds * units as f64 / (units - 1) as f64;
    (bytes as f64 * 8.0 / seconds).round() as u64
}

fn rounded(rate: f64) -> f64 {
    (rate * 100.0).round() / 100.0
}
