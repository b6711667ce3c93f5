//! Decoders for looking at a stream: `onair probe` and tests. Not for playback: no audio output,
//! no concealment.

use onair_types::{AudioUnit, MediaTime, VideoUnit};
use thiserror::Error;

use crate::frame::I420;

#[cfg(feature = "fdk-aac")]
mod aac;
#[cfg(feature = "openh264")]
mod h264;

/// Why a decoder failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It could not be made.
    #[error("open {decoder}: {reason}")]
    Open {
        /// Which decoder.
        decoder: &'static str,
        /// What it said.
        reason: String,
    },
    /// A unit is broken, or refers to what was lost.
    #[error("decode with {decoder}: {reason}")]
    Unit {
        /// Which decoder.
        decoder: &'static str,
        /// What it said.
        reason: String,
    },
    /// This build has no such decoder.
    #[error("no {kind} decoder in this build; enable the feature `{feature}`")]
    NotBuilt {
        /// "H.264" or "AAC".
        kind: &'static str,
        /// The cargo feature.
        feature: &'static str,
    },
}

/// H.264 → pictures.
pub trait VideoDecoder: Send {
    /// Decodes one access unit; pictures it completes go to `out` in the order of their time.
    ///
    /// # Errors
    /// [`DecodeError::Unit`]; the decoder can be used further, best from the next IDR on.
    fn decode(
        &mut self,
        unit: &VideoUnit,
        out: &mut dyn FnMut(&I420<'_>, MediaTime),
    ) -> Result<(), DecodeError>;

    /// Hands out the pictures that wait for reordering.
    ///
    /// # Errors
    /// [`DecodeError::Unit`].
    fn flush(&mut self, out: &mut dyn FnMut(&I420<'_>, MediaTime)) -> Result<(), DecodeError>;
}

/// What one AAC frame sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pcm<'a> {
    /// Interleaved.
    pub samples: &'a [i16],
    /// Hz.
    pub sample_rate_hz: u32,
    /// Channels.
    pub channels: u8,
}

/// AAC → samples.
pub trait AudioDecoder: Send {
    /// Decodes one frame; its first sample belongs at the unit's time.
    ///
    /// # Errors
    /// [`DecodeError::Unit`]; the decoder can be used further.
    fn decode(&mut self, unit: &AudioUnit) -> Result<Pcm<'_>, DecodeError>;
}

/// Opens this build's H.264 decoder.
///
/// # Errors
/// [`DecodeError::NotBuilt`] without the feature `openh264`.
pub fn h264() -> Result<Box<dyn VideoDecoder>, DecodeError> {
    #[cfg(feature = "openh264")]
    return Ok(Box::new(h264::Decoder::open()?));
    #[cfg(not(feature = "openh264"))]
    Err(DecodeError::NotBuilt { kind: "H.264", feature: "openh264" })
}

/// Opens this build's AAC decoder.
///
/// # Errors
/// [`DecodeError::NotBuilt`] without the feature `fdk-aac`.
pub fn aac() -> Result<Box<dyn AudioDecoder>, DecodeError> {
    #[cfg(feature = "fdk-aac")]
    return Ok(Box::new(aac::Decoder::new()));
    #[cfg(not(feature = "fdk-aac"))]
    Err(DecodeError::NotBuilt { kind: "AAC", feature: "fdk-aac" })
}
