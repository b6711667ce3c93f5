//! What the server tells about a stream: the REST list and [`RunningServer::streams`].
//!
//! [`RunningServer::streams`]: crate::RunningServer::streams

use onair_types::{AudioHeader, VideoHeader};
use serde::Serialize;

/// One stream, as `GET /api/streams` lists it. Name and publish key are the same here: who can
/// watch a stream can also publish it once it is free. Bind to loopback or a trusted network.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StreamInfo {
    /// RTMP application.
    pub app: String,
    /// Stream name within the application.
    pub name: String,
    /// Whether somebody publishes it or players wait for it.
    pub state: StreamState,
    /// The picture, once its header came.
    pub video: Option<VideoInfo>,
    /// The sound, once its header came.
    pub audio: Option<AudioInfo>,
    /// Open RTMP and HTTP-FLV players; HLS players are not connections and do not count.
    pub viewers: usize,
    /// Milliseconds since `publish`.
    pub uptime_ms: u64,
    /// Media bytes received since `publish`.
    pub bytes: u64,
    /// Where its newest media lies, milliseconds on the timeline that players get; none before the first.
    pub position_ms: Option<u32>,
    /// Counts publish sessions of this name; a page that sees it change reloads its player.
    pub session: u64,
}

/// See [`StreamInfo::state`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamState {
    /// Somebody publishes.
    Live,
    /// Nobody publishes (yet, or any more).
    #[default]
    Waiting,
}

/// The video half of [`StreamInfo`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct VideoInfo {
    /// RFC 6381, such as `avc1.4d401f`.
    pub codec: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames a second, measured; 0 in the first second.
    pub fps: f64,
    /// Bits a second, measured; 0 in the first second.
    pub bitrate_bps: u64,
}

/// The audio half of [`StreamInfo`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AudioInfo {
    /// RFC 6381, such as `mp4a.40.2`.
    pub codec: String,
    /// Hz.
    pub sample_rate_hz: u32,
    /// Channels.
    pub channels: u8,
    /// Bits a second, measured; 0 in the first second.
    pub bitrate_bps: u64,
}

/// What its header and its meter say.
pub(crate) fn video_info(config: &VideoHeader, fps: f64, bitrate_bps: u64) -> VideoInfo {
    let (width, height) = config.size().unwrap_or_default();
    let codec = match config.h264().map(|config| config.sps()) {
        Some([_, profile, constraints, level, ..]) => {
            format!("avc1.{profile:02x}{constraints:02x}{level:02x}")
        }
        _ => config.codec().four_cc().escape_ascii().to_string(),
    };
    VideoInfo { codec, width, height, fps, bitrate_bps }
}

/// The same.
pub(crate) fn audio_info(config: &AudioHeader, bitrate_bps: u64) -> AudioInfo {
    AudioInfo {
        codec: match config {
            AudioHeader::Aac(asc) => format!("mp4a.40.{}", asc.object_type()),
            AudioHeader::Opus(_) => "opus".to_owned(),
        },
        sample_rate_hz: config.sample_rate_hz(),
        channels: config.channels(),
        bitrate_bps,
    }
}
