//! The codecs there are, and what Enhanced RTMP calls them.

/// What pictures are coded with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VideoCodec {
    /// H.264; legacy FLV tags carry it.
    #[default]
    H264,
    /// HEVC (H.265), in extended tags.
    Hevc,
    /// AV1, in extended tags.
    Av1,
}

/// What sound is coded with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AudioCodec {
    /// AAC; legacy FLV tags carry it.
    #[default]
    Aac,
    /// Opus, in extended tags.
    Opus,
}

impl VideoCodec {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::H264, Self::Hevc, Self::Av1];

    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::H264 => "H.264",
            Self::Hevc => "HEVC",
            Self::Av1 => "AV1",
        }
    }

    /// Its FourCC in Enhanced RTMP v2.
    pub const fn four_cc(self) -> [u8; 4] {
        *match self {
            Self::H264 => b"avc1",
            Self::Hevc => b"hvc1",
            Self::Av1 => b"av01",
        }
    }

    /// The codec that goes by `four_cc`.
    pub fn from_four_cc(four_cc: [u8; 4]) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.four_cc() == four_cc)
    }

    /// Whether only an extended tag can carry it.
    #[inline]
    pub const fn is_enhanced(self) -> bool {
        !matches!(self, Self::H264)
    }
}

impl AudioCodec {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Aac, Self::Opus];

    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aac => "AAC",
            Self::Opus => "Opus",
        }
    }

    /// Its FourCC in Enhanced RTMP v2.
    pub const fn four_cc(self) -> [u8; 4] {
        *match self {
            Self::Aac => b"mp4a",
            Self::Opus => b"Opus",
        }
    }

    /// The codec that goes by `four_cc`.
    pub fn from_four_cc(four_cc: [u8; 4]) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.four_cc() == four_cc)
    }

    /// Whether only an extended tag can carry it.
    #[inline]
    pub const fn is_enhanced(self) -> bool {
        !matches!(self, Self::Aac)
    }
}
