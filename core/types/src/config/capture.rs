//! LFLiveKit's capture mask (`spec lflivekit-and-friends` 1.1).

use std::ops::BitOr;

use super::{AudioConfig, ConfigError, VideoConfig};

/// LFLiveKit's capture mask: which tracks there are and where they come from. Masks join with `|`.
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
    /// Microphone and camera; the default.
    pub const ALL: Self = Self(3);
    /// The app pushes both.
    pub const INPUT_ALL: Self = Self(12);
    /// Microphone; the app pushes pictures.
    pub const AUDIO_INPUT_VIDEO: Self = Self(9);
    /// Camera; the app pushes PCM.
    pub const VIDEO_INPUT_AUDIO: Self = Self(6);

    /// From LFLiveKit's number.
    ///
    /// # Errors
    /// When it is 0 or has other bits than the four.
    pub fn from_bits(bits: u8) -> Result<Self, ConfigError> {
        let allowed = "a sum of 1 (microphone), 2 (camera), 4 (pushed audio), 8 (pushed video)";
        super::video::check_range("capture type", bits.into(), 1..=15, allowed)?;
        Ok(Self(bits))
    }

    /// LFLiveKit's number.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `other` is in this.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is an audio track.
    pub const fn has_audio(self) -> bool {
        self.0 & (Self::AUDIO.0 | Self::INPUT_AUDIO.0) != 0
    }

    /// Whether there is a video track.
    pub const fn has_video(self) -> bool {
        self.0 & (Self::VIDEO.0 | Self::INPUT_VIDEO.0) != 0
    }

    /// Whether each track asked for has a configuration (statement 13).
    ///
    /// # Errors
    /// The first track that has none.
    pub fn check(
        self,
        audio: Option<&AudioConfig>,
        video: Option<&VideoConfig>,
    ) -> Result<(), ConfigError> {
        if self.has_audio() && audio.is_none() {
            return Err(ConfigError::MissingTrack { track: "audio" });
        }
        if self.has_video() && video.is_none() {
            return Err(ConfigError::MissingTrack { track: "video" });
        }
        Ok(())
    }
}

impl Default for CaptureType {
    fn default() -> Self {
        Self::ALL
    }
}

impl BitOr for CaptureType {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
