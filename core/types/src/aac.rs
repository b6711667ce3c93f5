//! AAC byte formats: the AudioSpecificConfig and ADTS headers.

use thiserror::Error;

/// Samples a channel in one AAC-LC frame.
pub const FRAME_SAMPLES: u32 = 1_024;

/// Why AAC bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AacError {
    /// Too short for what they claim.
    #[error("read {what}: {needed} bytes needed, {available} left")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Bytes needed.
        needed: usize,
        /// Bytes left.
        available: usize,
    },
    /// A sample rate, channel count or object type that is not taken.
    #[error("read {what}: value {value} is not supported")]
    Unsupported {
        /// The field.
        what: &'static str,
        /// What it held.
        value: u32,
    },
}

/// An AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1), kept byte for byte; at most 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Asc {
    bytes: [u8; 16],
    len: u8,
}

impl Asc {
    /// The two bytes for AAC-LC: `12 10` for 44,100 Hz stereo.
    ///
    /// # Errors
    /// When the rate has no index in the standard's table or channels is not 1..=7.
    pub fn aac_lc(sample_rate_hz: u32, channels: u8) -> Result<Self, AacError> {
        let _ = (sample_rate_hz, channels);
        todo!("wire")
    }

    /// Takes a configuration as it stands in a file or on the wire.
    ///
    /// # Errors
    /// When it is shorter than 2 or longer than 16 bytes, or cannot be parsed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AacError> {
        let _ = bytes;
        todo!("wire")
    }

    /// The configuration's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Audio object type: 2 for AAC-LC.
    pub fn object_type(&self) -> u8 {
        todo!("wire")
    }

    /// Sampling rate of the core codec, Hz.
    pub fn sample_rate_hz(&self) -> u32 {
        todo!("wire")
    }

    /// Channels.
    pub fn channels(&self) -> u8 {
        todo!("wire")
    }
}

impl std::fmt::Debug for Asc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asc({:02x?})", self.as_bytes())
    }
}

/// The ADTS header for a frame of `payload_bytes` (ISO/IEC 13818-7 6.2), for decoders that want it.
pub fn adts_header(asc: &Asc, payload_bytes: usize) -> [u8; 7] {
    let _ = (asc, payload_bytes);
    todo!("wire")
}
