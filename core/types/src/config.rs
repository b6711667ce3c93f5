//! What a stream should look like: LFLiveKit's nine video and four audio qualities, builders for
//! anything else, and the geometry that follows. A configuration that exists is valid.
//! Values: `spec lflivekit-and-friends` 1.3–1.4; 1 k = 1,000.

use thiserror::Error;

/// Why a configuration was refused. Each names the field and what would be accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A value is out of range.
    #[error("{field} is {value}; use {allowed}")]
    OutOfRange {
        /// The setting.
        field: &'static str,
        /// What was asked for.
        value: i64,
        /// What is accepted, in words.
        allowed: &'static str,
    },
    /// Two values contradict each other.
    #[error("{low_field} {low} is above {high_field} {high}; raise the one or lower the other")]
    Contradiction {
        /// The setting that must be the lower one.
        low_field: &'static str,
        /// Its value.
        low: i64,
        /// The setting that must be the higher one.
        high_field: &'static str,
        /// Its value.
        high: i64,
    },
    /// The capture type wants a track that has no configuration (statement 13).
    #[error("the capture type asks for {track}, but there is no {track} configuration; pass one")]
    MissingTrack {
        /// "audio" or "video".
        track: &'static str,
    },
}

/// LFLiveKit's video qualities (portrait 360×640, 540×960, 720×1280) and 1080p beyond them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table in VideoConfig::preset says what each is")]
pub enum VideoQuality {
    Low1,
    #[default]
    Low2,
    Low3,
    Medium1,
    Medium2,
    Medium3,
    High1,
    High2,
    High3,
    FullHd1,
    FullHd2,
    FullHd3,
}

impl VideoQuality {
    /// The nine of LFLiveKit, in order.
    pub const LFLIVEKIT: [Self; 9] = [
        Self::Low1,
        Self::Low2,
        Self::Low3,
        Self::Medium1,
        Self::Medium2,
        Self::Medium3,
        Self::High1,
        Self::High2,
        Self::High3,
    ];
}

/// LFLiveKit's audio qualities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table in AudioConfig::preset says what each is")]
pub enum AudioQuality {
    Low,
    Medium,
    #[default]
    High,
    VeryHigh,
}

/// How the picture stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Orientation {
    /// Taller than wide.
    #[default]
    Portrait,
    /// Wider than tall.
    Landscape,
}

/// H.264 profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Constrained Baseline, CAVLC: for old decoders.
    Baseline,
    /// Main, CABAC: about 10 % fewer bits for the same picture.
    #[default]
    Main,
}

/// A valid video configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoConfig {
    width: u32,
    height: u32,
    fps: u32,
    min_fps: u32,
    max_fps: u32,
    bitrate_bps: u32,
    min_bitrate_bps: u32,
    max_bitrate_bps: u32,
    keyframe_interval_frames: u32,
    profile: Profile,
}

impl VideoConfig {
    /// One of the qualities; landscape swaps width and height.
    pub fn preset(quality: VideoQuality, orientation: Orientation) -> Self {
        let _ = (quality, orientation);
        todo!("wire")
    }

    /// A builder that starts from Low2 portrait. The order of its calls does not matter.
    pub fn builder() -> VideoConfigBuilder {
        todo!("wire")
    }

    /// A builder that starts from this configuration.
    pub fn to_builder(&self) -> VideoConfigBuilder {
        todo!("wire")
    }

    /// Picture width, pixels; even, 16..=3840.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Picture height, pixels; even, 16..=3840.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Frames a second, 1..=120.
    pub fn fps(&self) -> u32 {
        self.fps
    }

    /// The frame rate that adaptation may go down to.
    pub fn min_fps(&self) -> u32 {
        self.min_fps
    }

    /// The frame rate that adaptation may go up to; never 0.
    pub fn max_fps(&self) -> u32 {
        self.max_fps
    }

    /// Start bitrate, bit/s.
    pub fn bitrate_bps(&self) -> u32 {
        self.bitrate_bps
    }

    /// Floor of adaptation, bit/s.
    pub fn min_bitrate_bps(&self) -> u32 {
        self.min_bitrate_bps
    }

    /// Ceiling of adaptation, bit/s.
    pub fn max_bitrate_bps(&self) -> u32 {
        self.max_bitrate_bps
    }

    /// Frames from one IDR to the next, 1..=3,600.
    pub fn keyframe_interval_frames(&self) -> u32 {
        self.keyframe_interval_frames
    }

    /// H.264 profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Whether the picture is wider than tall.
    pub fn is_landscape(&self) -> bool {
        self.width > self.height
    }
}

/// Collects settings; [`VideoConfigBuilder::build`] checks them together. Settings that are not
/// given follow from those that are (max bitrate = 1.2 × bitrate, min = 0.5 ×, key interval 2 s,
/// max fps = fps, min fps = fps / 2).
#[derive(Clone, Debug)]
pub struct VideoConfigBuilder {
    _todo: (),
}

#[expect(clippy::unused_self, missing_docs, unused_variables, reason = "skeleton")]
impl VideoConfigBuilder {
    pub fn size(self, width: u32, height: u32) -> Self {
        todo!("wire")
    }
    pub fn fps(self, fps: u32) -> Self {
        todo!("wire")
    }
    pub fn fps_range(self, min: u32, max: u32) -> Self {
        todo!("wire")
    }
    pub fn bitrate_bps(self, bitrate: u32) -> Self {
        todo!("wire")
    }
    pub fn bitrate_range_bps(self, min: u32, max: u32) -> Self {
        todo!("wire")
    }
    pub fn keyframe_interval_frames(self, frames: u32) -> Self {
        todo!("wire")
    }
    pub fn profile(self, profile: Profile) -> Self {
        todo!("wire")
    }
    /// # Errors
    /// The first setting that is out of range or contradicts another.
    pub fn build(self) -> Result<VideoConfig, ConfigError> {
        todo!("wire")
    }
}

/// A valid audio configuration: AAC-LC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioConfig {
    sample_rate_hz: u32,
    channels: u8,
    bitrate_bps: u32,
}

impl AudioConfig {
    /// One of the qualities.
    pub fn preset(quality: AudioQuality) -> Self {
        let _ = quality;
        todo!("wire")
    }

    /// Any rate AAC-LC knows (8,000..=48,000 Hz here), 1 or 2 channels, 8,000..=320,000 bit/s.
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub fn new(sample_rate_hz: u32, channels: u8, bitrate_bps: u32) -> Result<Self, ConfigError> {
        let _ = (sample_rate_hz, channels, bitrate_bps);
        todo!("wire")
    }

    /// Sampling rate, Hz.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// Channels: 1 or 2.
    pub fn channels(&self) -> u8 {
        self.channels
    }

    /// Bitrate, bit/s.
    pub fn bitrate_bps(&self) -> u32 {
        self.bitrate_bps
    }

    /// Bytes of one block of 1,024 16-bit samples in all channels (LFLiveKit's `bufferLength`).
    pub fn block_bytes(&self) -> usize {
        1_024 * 2 * usize::from(self.channels)
    }
}

impl Default for AudioConfig {
    fn default() -> Self {
        Self::preset(AudioQuality::default())
    }
}

impl Default for VideoConfig {
    fn default() -> Self {
        Self::preset(VideoQuality::default(), Orientation::default())
    }
}

/// LFLiveKit's capture mask: which tracks there are and where they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaptureType(u8);

impl CaptureType {
    /// Microphone.
    pub const AUDIO: Self = Self(1);
    /// Camera.
    pub const VIDEO: Self = Self(2);
    /// The app pushes PCM.
    pub const INPUT_AUDIO: Self = Self(4);
    /// The app pushes pictures.
    pub const INPUT_VIDEO: Self = Self(8);
}
