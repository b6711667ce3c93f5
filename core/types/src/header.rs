//! How the units of a track are decoded: each codec's configuration, kept byte for byte.

use std::sync::Arc;

use thiserror::Error;

use crate::aac::{AacError, Asc};
use crate::av1::{self, Av1Config, Av1Error};
use crate::codec::{AudioCodec, VideoCodec};
use crate::h264::{self, AvcConfig, H264Error, length_prefixed_nal_units};
use crate::hevc::{HevcConfig, HevcError};
use crate::opus::{self, OpusError, OpusHead};

/// How pictures are decoded. Cheap to clone.
#[derive(Clone, Debug)]
pub enum VideoHeader {
    /// Parameter sets of H.264.
    H264(Arc<AvcConfig>),
    /// Parameter sets of HEVC.
    Hevc(Arc<HevcConfig>),
    /// A sequence header of AV1.
    Av1(Arc<Av1Config>),
}

/// How sound is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioHeader {
    /// An AudioSpecificConfig.
    Aac(Asc),
    /// An identification header.
    Opus(OpusHead),
}

/// Why a configuration was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// An avcC.
    #[error(transparent)]
    H264(#[from] H264Error),
    /// An hvcC.
    #[error(transparent)]
    Hevc(#[from] HevcError),
    /// An av1C.
    #[error(transparent)]
    Av1(#[from] Av1Error),
    /// An AudioSpecificConfig.
    #[error(transparent)]
    Aac(#[from] AacError),
    /// An OpusHead.
    #[error(transparent)]
    Opus(#[from] OpusError),
}

impl VideoHeader {
    /// Takes a decoder configuration record of `codec` as it stands in a file or on the wire.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_record(codec: VideoCodec, record: &[u8]) -> Result<Self, HeaderError> {
        Ok(match codec {
            VideoCodec::H264 => Self::H264(Arc::new(AvcConfig::from_record(record)?)),
            VideoCodec::Hevc => Self::Hevc(Arc::new(HevcConfig::from_record(record)?)),
            VideoCodec::Av1 => Self::Av1(Arc::new(Av1Config::from_record(record)?)),
        })
    }

    /// Its codec.
    #[inline]
    pub fn codec(&self) -> VideoCodec {
        match self {
            Self::H264(_) => VideoCodec::H264,
            Self::Hevc(_) => VideoCodec::Hevc,
            Self::Av1(_) => VideoCodec::Av1,
        }
    }

    /// The decoder configuration record: avcC, hvcC or av1C.
    pub fn record(&self) -> &[u8] {
        match self {
            Self::H264(config) => config.record(),
            Self::Hevc(config) => config.record(),
            Self::Av1(config) => config.record(),
        }
    }

    /// H.264's, if it is that.
    #[inline]
    pub fn h264(&self) -> Option<&Arc<AvcConfig>> {
        match self {
            Self::H264(config) => Some(config),
            _ => None,
        }
    }

    /// Width and height, pixels, as far as the record tells.
    pub fn size(&self) -> Option<(u32, u32)> {
        match self {
            Self::H264(config) => config.sps_info().ok().map(|info| (info.width, info.height)),
            Self::Hevc(config) => config.size().ok(),
            Self::Av1(config) => config.size().ok().flatten(),
        }
    }

    /// Whether decoding can start at the unit in `payload`, by its own bytes; `None` when it cannot
    /// be read.
    pub fn is_key(&self, payload: &[u8]) -> Option<bool> {
        match self {
            Self::H264(config) => {
                let mut units = length_prefixed_nal_units(payload, config.nal_length_size());
                let slice = units.find_map(|unit| match unit.map(h264::nal_unit_type) {
                    Ok(kind) if !(1..=h264::nal_type::IDR).contains(&kind) => None,
                    Ok(kind) => Some(Some(kind == h264::nal_type::IDR)),
                    Err(_) => Some(None),
                });
                slice.flatten()
            }
            Self::Hevc(config) => config.is_key(payload).ok(),
            Self::Av1(_) => av1::is_key(payload).ok(),
        }
    }
}

impl PartialEq for VideoHeader {
    /// One configuration shared is equal without a look at its bytes.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::H264(a), Self::H264(b)) => Arc::ptr_eq(a, b) || a == b,
            (Self::Hevc(a), Self::Hevc(b)) => Arc::ptr_eq(a, b) || a == b,
            (Self::Av1(a), Self::Av1(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl Eq for VideoHeader {}

impl From<Arc<AvcConfig>> for VideoHeader {
    fn from(config: Arc<AvcConfig>) -> Self {
        Self::H264(config)
    }
}

impl From<Arc<HevcConfig>> for VideoHeader {
    fn from(config: Arc<HevcConfig>) -> Self {
        Self::Hevc(config)
    }
}

impl From<Arc<Av1Config>> for VideoHeader {
    fn from(config: Arc<Av1Config>) -> Self {
        Self::Av1(config)
    }
}

impl AudioHeader {
    /// Takes a configuration of `codec` as it stands in a file or on the wire.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_bytes(codec: AudioCodec, bytes: &[u8]) -> Result<Self, HeaderError> {
        Ok(match codec {
            AudioCodec::Aac => Self::Aac(Asc::from_bytes(bytes)?),
            AudioCodec::Opus => Self::Opus(OpusHead::from_bytes(bytes)?),
        })
    }

    /// Its codec.
    #[inline]
    pub fn codec(&self) -> AudioCodec {
        match self {
            Self::Aac(_) => AudioCodec::Aac,
            Self::Opus(_) => AudioCodec::Opus,
        }
    }

    /// The configuration's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Aac(asc) => asc.as_bytes(),
            Self::Opus(head) => head.as_bytes(),
        }
    }

    /// AAC's, if it is that.
    pub fn aac(&self) -> Option<Asc> {
        match self {
            Self::Aac(asc) => Some(*asc),
            Self::Opus(_) => None,
        }
    }

    /// Samples a second that a decoder gives, Hz.
    pub fn sample_rate_hz(&self) -> u32 {
        match self {
            Self::Aac(asc) => asc.sample_rate_hz(),
            Self::Opus(_) => opus::SAMPLE_RATE_HZ,
        }
    }

    /// Channels.
    pub fn channels(&self) -> u8 {
        match self {
            Self::Aac(asc) => asc.channels(),
            Self::Opus(head) => head.channels(),
        }
    }
}

impl From<Asc> for AudioHeader {
    fn from(asc: Asc) -> Self {
        Self::Aac(asc)
    }
}

impl From<OpusHead> for AudioHeader {
    fn from(head: OpusHead) -> Self {
        Self::Opus(head)
    }
}
