//! The words every OnAir crate shares: times, access units, elementary-stream formats and
//! configuration. No I/O, no clock, no codec; depends on nothing of ours.

#![forbid(unsafe_code)]

pub mod aac;
pub mod annexb;
pub mod av1;
mod bits;
pub mod codec;
pub mod config;
pub mod geometry;
pub mod h264;
mod header;
pub mod hevc;
pub mod opus;
pub mod payload;
mod sps;
pub mod time;
pub mod unit;

pub use codec::{AudioCodec, VideoCodec};
pub use config::{AudioConfig, AudioQuality, CaptureType, ConfigError, VideoConfig, VideoQuality};
pub use header::{AudioHeader, HeaderError, VideoHeader};
pub use payload::{Lent, Payload, Pool};
pub use time::{CaptureTime, MediaTime, Now};
pub use unit::{AccessUnit, AudioUnit, FrameKind, Track, VideoUnit};
