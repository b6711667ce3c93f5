//! One encoded picture or one frame of sound, as encoders hand it to the engine.

use crate::header::{AudioHeader, VideoHeader};
use crate::payload::Payload;
use crate::time::MediaTime;

/// Which of the two elementary streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Track {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

/// What depends on a coded picture; decides what may be dropped with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// Decoding can start here: an IDR of H.264, an IRAP picture of HEVC, a key frame of AV1.
    Idr,
    /// Later pictures may refer to it.
    Reference,
    /// Nothing refers to it; in H.264 every VCL NAL unit has `nal_ref_idc` 0.
    Disposable,
}

/// One access unit of H.264 or HEVC, or one temporal unit of AV1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoUnit {
    /// Presentation time on the session's timeline.
    pub pts: MediaTime,
    /// Decoding time; strictly increasing within a track, at most `pts`.
    pub dts: MediaTime,
    /// What depends on it.
    pub kind: FrameKind,
    /// How to decode it; the same `Arc` inside as long as that does not change.
    pub config: VideoHeader,
    /// H.264 and HEVC: all NAL units but parameter sets and AUD, each behind its length in the
    /// configuration's `nal_length_size` big-endian bytes (ISO/IEC 14496-15 5.3.4.2 and 8.3.3.2).
    /// AV1: all OBUs with their size fields, but temporal delimiters (AV1-ISOBMFF 2.4).
    pub payload: Payload,
}

/// One AAC frame of 1,024 samples a channel without ADTS header, or one Opus packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioUnit {
    /// Presentation time of its first sample on the session's timeline, encoder delay removed.
    pub pts: MediaTime,
    /// How to decode it.
    pub config: AudioHeader,
    /// The raw_data_block, or the packet.
    pub payload: Payload,
}

/// What the engine sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessUnit {
    /// A picture.
    Video(VideoUnit),
    /// A frame of sound.
    Audio(AudioUnit),
}

impl AccessUnit {
    /// Its track.
    #[inline]
    pub fn track(&self) -> Track {
        match self {
            Self::Video(_) => Track::Video,
            Self::Audio(_) => Track::Audio,
        }
    }

    /// When it is decoded (for audio also presented).
    #[inline]
    pub fn dts(&self) -> MediaTime {
        match self {
            Self::Video(unit) => unit.dts,
            Self::Audio(unit) => unit.pts,
        }
    }

    /// Its coded size.
    #[inline]
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Video(unit) => unit.payload.len(),
            Self::Audio(unit) => unit.payload.len(),
        }
    }

    /// Whether decoding video can start here.
    #[inline]
    pub fn is_idr(&self) -> bool {
        matches!(self, Self::Video(VideoUnit { kind: FrameKind::Idr, .. }))
    }
}
