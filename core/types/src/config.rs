//! What a stream should look like: LFLiveKit's nine video and four audio qualities, builders for
//! anything else, and which tracks there are. A configuration that exists is valid.
//! Values: `spec lflivekit-and-friends` 1.1–1.4; 1 k = 1,000. Geometry that follows: `geometry`.

mod audio;
mod camera;
mod capture;
mod names;
mod video;

use thiserror::Error;

pub use audio::{AudioConfig, AudioQuality};
pub use camera::{CameraChoice, CapturePreset};
pub use capture::CaptureType;
pub use video::{Orientation, Profile, VideoConfig, VideoConfigBuilder, VideoQuality};

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
    /// A name that no setting has.
    #[error("the {field} is unknown; use {allowed}")]
    UnknownName {
        /// The setting.
        field: &'static str,
        /// What is accepted, in words.
        allowed: &'static str,
    },
}

#[cfg(test)]
#[path = "config_test.rs"]
mod tests;
