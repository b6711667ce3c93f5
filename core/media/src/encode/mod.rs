//! Encoders behind one trait each, without default bodies: software here, VideoToolbox,
//! MediaCodec and AudioToolbox in the bindings.
//!
//! [`h264()`] and [`aac()`] open the software encoders of this build. Measured facts: spec
//! `performance` B4 and B6, `dependencies` 1.2 and 1.3.

use onair_types::aac::Asc;
use onair_types::{AudioConfig, AudioUnit, MediaTime, VideoConfig, VideoUnit};
use thiserror::Error;

pub use crate::frame::I420;

#[cfg(feature = "fdk-aac")]
mod aac;
#[cfg(feature = "openh264")]
mod h264;

/// Why an encoder failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// It could not be made.
    #[error("open {encoder}: {reason}")]
    Open {
        /// Which encoder.
        encoder: &'static str,
        /// What it said.
        reason: String,
    },
    /// It refused an input.
    #[error("encode with {encoder}: {reason}")]
    Encode {
        /// Which encoder.
        encoder: &'static str,
        /// What it said.
        reason: String,
    },
    /// It refused a setting.
    #[error("set {setting} of {encoder}: {reason}")]
    Setting {
        /// Which encoder.
        encoder: &'static str,
        /// Which setting.
        setting: &'static str,
        /// What it said.
        reason: String,
    },
    /// This build has no such encoder.
    #[error(
        "no {kind} encoder in this build; enable the feature `{feature}` or push encoded units"
    )]
    NotBuilt {
        /// "H.264" or "AAC".
        kind: &'static str,
        /// The cargo feature.
        feature: &'static str,
    },
}

/// What an encoder is, for statistics and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderInfo {
    /// e.g. "openh264 2.7.0".
    pub name: String,
    /// Something the user should know, e.g. that this build lacks its assembly and is 2.6 times
    /// slower.
    pub warning: Option<&'static str>,
}

/// H.264. Lives on one thread.
pub trait VideoEncoder: Send {
    /// Encodes one picture; units it completes go to `out` in decoding order.
    ///
    /// # Errors
    /// When the encoder refuses; it can be used further.
    fn encode(
        &mut self,
        picture: &I420<'_>,
        pts: MediaTime,
        out: &mut dyn FnMut(VideoUnit),
    ) -> Result<(), EncodeError>;

    /// Makes the next picture an IDR.
    fn request_idr(&mut self);

    /// Aims at `bitrate_bps` from the next picture on, without an IDR.
    ///
    /// # Errors
    /// When the encoder refuses; the old target stays.
    fn set_bitrate(&mut self, bitrate_bps: u32) -> Result<(), EncodeError>;

    /// Expects `fps` pictures a second from now on.
    ///
    /// # Errors
    /// When the encoder refuses; the old rate stays.
    fn set_fps(&mut self, fps: u32) -> Result<(), EncodeError>;

    /// Hands out what it still holds.
    ///
    /// # Errors
    /// When the encoder refuses.
    fn flush(&mut self, out: &mut dyn FnMut(VideoUnit)) -> Result<(), EncodeError>;

    /// What it is.
    fn info(&self) -> EncoderInfo;
}

/// AAC. Lives on one thread.
pub trait AudioEncoder: Send {
    /// Encodes exactly 1,024 samples a channel, interleaved; `pts` is the first sample's time.
    /// Units carry the time of what they sound like: encoder delay is taken off.
    ///
    /// # Errors
    /// When the encoder refuses; it can be used further.
    fn encode(
        &mut self,
        pcm: &[i16],
        pts: MediaTime,
        out: &mut dyn FnMut(AudioUnit),
    ) -> Result<(), EncodeError>;

    /// Aims at `bitrate_bps`.
    ///
    /// # Errors
    /// When the encoder refuses; the old target stays.
    fn set_bitrate(&mut self, bitrate_bps: u32) -> Result<(), EncodeError>;

    /// Hands out what it still holds.
    ///
    /// # Errors
    /// When the encoder refuses.
    fn flush(&mut self, out: &mut dyn FnMut(AudioUnit)) -> Result<(), EncodeError>;

    /// How to decode what it makes.
    fn asc(&self) -> Asc;

    /// What it is.
    fn info(&self) -> EncoderInfo;
}

/// Opens this build's software H.264 encoder: one thread, one slice a picture, no reordering.
///
/// # Errors
/// [`EncodeError::NotBuilt`] without the feature `openh264`; [`EncodeError::Open`] when the
/// library refuses.
pub fn h264(config: &VideoConfig) -> Result<Box<dyn VideoEncoder>, EncodeError> {
    #[cfg(feature = "openh264")]
    return Ok(Box::new(h264::Encoder::open(config)?));
    #[cfg(not(feature = "openh264"))]
    {
        let _ = config;
        Err(EncodeError::NotBuilt { kind: "H.264", feature: "openh264" })
    }
}

/// Opens this build's software AAC-LC encoder.
///
/// Its units are stamped with the time of what they sound like: the first two lie before the
/// first sample pushed (by 1,600 samples, the encoder's delay) and hold the fade-in from silence;
/// the engine's alignment drops what lies before the stream's zero.
///
/// # Errors
/// [`EncodeError::NotBuilt`] without the feature `fdk-aac`; [`EncodeError::Open`] when the library
/// refuses.
pub fn aac(config: &AudioConfig) -> Result<Box<dyn AudioEncoder>, EncodeError> {
    #[cfg(feature = "fdk-aac")]
    return Ok(Box::new(aac::Encoder::open(config)?));
    #[cfg(not(feature = "fdk-aac"))]
    {
        let _ = config;
        Err(EncodeError::NotBuilt { kind: "AAC", feature: "fdk-aac" })
    }
}
