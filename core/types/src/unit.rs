//! One encoded picture or one AAC frame, as encoders hand it to the engine.

use std::sync::Arc;

use crate::aac::Asc;
use crate::h264::AvcConfig;
use crate::payload::Payload;
use crate::time::MediaTime;

/// Which of the two elementary streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Track {
    /// H.264.
    Video,
    /// AAC.
    Audio,
}

/// What depends on a coded picture; decides what may be dropped with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// Instantaneous decoder refresh: decoding can start here.
    Idr,
    /// Later pictures may refer to it.
    Reference,
    /// Every VCL NAL unit has `nal_ref_idc` 0: nothing refers to it.
    Disposable,
}

/// One H.264 access unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoUnit {
    /// Presentation time on the session's timeline.
    pub pts: MediaTime,
    /// Decoding time; strictly increasing within a track, at most `pts`.
    pub dts: MediaTime,
    /// What depends on it.
    pub kind: FrameKind,
    /// The parameter sets it was coded with; the same `Arc` as long as they do not change.
    pub config: Arc<AvcConfig>,
    /// All NAL units but SPS, PPS and AUD, each behind its length in
    /// [`AvcConfig::nal_length_size`] big-endian bytes (ISO/IEC 14496-15 5.3.4.2).
    pub payload: Payload,
}

/// One AAC frame of 1,024 samples a channel, without ADTS header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioUnit {
    /// Presentation time of its first sample on the session's timeline, encoder delay removed.
    pub pts: MediaTime,
    /// How to decode it.
    pub asc: Asc,
    /// The raw_data_block.
    pub payload: Payload,
}

/// What the engine sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessUnit {
    /// A picture.
    Video(VideoUnit),
    /// An AAC frame.
    Audio(AudioUnit),
}

impl AccessUnit {
    /// Its track.
    pub fn track(&self) -> Track {
        match self {
            Self::Video(_) => Track::Video,
            Self::Audio(_) => Track::Audio,
        }
    }

    /// When it is decoded (for audio also presented).
    pub fn dts(&self) -> MediaTime {
        match self {
            Self::Video(unit) => unit.dts,
            Self::Audio(unit) => unit.pts,
        }
    }

    /// Its coded size.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Video(unit) => unit.payload.len(),
            Self::Audio(unit) => unit.payload.len(),
        }
    }

    /// Whether decoding video can start here.
    pub fn is_idr(&self) -> bool {
        matches!(self, Self::Video(VideoUnit { kind: FrameKind::Idr, .. }))
    }
}
