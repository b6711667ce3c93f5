//! FLV: tag bodies (which are RTMP message bodies), whole tags and files, both ways.
//! Adobe Flash Video File Format 10.1, annex E.

use onair_types::MediaTime;
use thiserror::Error;

/// The bytes before the NAL units in a video message: frame type and codec, packet type, SI24
/// composition time (E.4.3.1). Composition time is clamped to what 24 bits hold.
pub fn video_prefix(keyframe: bool, composition_ms: i32) -> [u8; 5] {
    let _ = (keyframe, composition_ms);
    todo!("wire")
}

/// The two bytes before a raw AAC frame.
pub const AAC_RAW_PREFIX: [u8; 2] = [0xAF, 0x01];
/// The two bytes before an AudioSpecificConfig.
pub const AAC_HEADER_PREFIX: [u8; 2] = [0xAF, 0x00];
/// The five bytes before an AVCDecoderConfigurationRecord.
pub const AVC_HEADER_PREFIX: [u8; 5] = [0x17, 0x00, 0, 0, 0];

/// Kind of a tag, equal to the RTMP message type of the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TagType {
    /// 8
    Audio = 8,
    /// 9
    Video = 9,
    /// 18
    Script = 18,
}

/// One FLV tag, or one RTMP media message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<B = Vec<u8>> {
    /// What it carries.
    pub tag_type: TagType,
    /// Time stamp in milliseconds, modulo 2^32.
    pub timestamp_ms: u32,
    /// The body, starting with its prefix bytes.
    pub body: B,
}

/// What a tag's body is, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body<'a> {
    /// AVC sequence header: the decoder configuration record.
    AvcHeader(&'a [u8]),
    /// One access unit.
    AvcUnit {
        /// Frame type 1.
        keyframe: bool,
        /// Composition time offset, ms.
        composition_ms: i32,
        /// Length-prefixed NAL units.
        data: &'a [u8],
    },
    /// AVC end of sequence.
    AvcEnd,
    /// AAC sequence header: the AudioSpecificConfig.
    AacHeader(&'a [u8]),
    /// One raw AAC frame.
    AacFrame(&'a [u8]),
    /// Script data: AMF0.
    Script(&'a [u8]),
    /// A codec this version does not take; the first body byte.
    Other(u8),
    /// No bytes at all.
    Empty,
}

/// Why bytes are not FLV.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FlvError {
    /// The file does not start with "FLV" version 1.
    #[error("read FLV header: not an FLV file")]
    NotFlv,
    /// A body is shorter than its kind needs.
    #[error("read FLV tag body: {needed} bytes needed, {available} there")]
    ShortBody {
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        available: usize,
    },
    /// A tag of unknown type.
    #[error("read FLV tag at byte {offset}: type {tag_type} is unknown")]
    TagType {
        /// Where in the stream.
        offset: u64,
        /// The byte.
        tag_type: u8,
    },
    /// A tag larger than the reader accepts.
    #[error("read FLV tag at byte {offset}: {size} bytes is above the limit of {limit}")]
    TooLarge {
        /// Where in the stream.
        offset: u64,
        /// The size it claims.
        size: usize,
        /// The bound.
        limit: usize,
    },
}

impl<'a> Body<'a> {
    /// What `body` of a tag of `tag_type` holds.
    ///
    /// # Errors
    /// When it is shorter than its kind needs.
    pub fn parse(tag_type: TagType, body: &'a [u8]) -> Result<Self, FlvError> {
        let _ = (tag_type, body);
        todo!("wire")
    }
}

/// The 13 bytes at the start of a file: header and the first PreviousTagSize.
pub fn file_header(has_audio: bool, has_video: bool) -> [u8; 13] {
    let _ = (has_audio, has_video);
    todo!("wire")
}

/// Appends a whole tag with its trailing PreviousTagSize.
pub fn write_tag(out: &mut Vec<u8>, tag_type: TagType, timestamp_ms: u32, body: &[&[u8]]) {
    let _ = (out, tag_type, timestamp_ms, body);
    todo!("wire")
}

/// Reads a file or an HTTP-FLV stream piece by piece.
#[derive(Debug, Default)]
pub struct Reader {
    _todo: (),
}

impl Reader {
    /// A reader at the start of a file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let _ = bytes;
        todo!("wire")
    }

    /// The next whole tag, `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes are not FLV; the reader is then of no further use.
    pub fn next_tag(&mut self) -> Result<Option<Tag>, FlvError> {
        todo!("wire")
    }
}

/// What onMetaData says; also what `onair probe` reads back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetaData {
    /// Picture size, frame rate and bitrate, when there is video.
    pub video: Option<VideoMeta>,
    /// Rate, channels and bitrate, when there is audio.
    pub audio: Option<AudioMeta>,
    /// Name and version of the encoder.
    pub encoder: String,
}

/// The video half of [`MetaData`].
#[derive(Clone, Debug, PartialEq)]
pub struct VideoMeta {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames a second.
    pub fps: f64,
    /// bit/s; written as `videodatarate` in kbit/s.
    pub bitrate_bps: u32,
}

/// The audio half of [`MetaData`].
#[derive(Clone, Debug, PartialEq)]
pub struct AudioMeta {
    /// Hz.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: u8,
    /// bit/s; written as `audiodatarate` in kbit/s.
    pub bitrate_bps: u32,
}

impl MetaData {
    /// Appends the AMF0 of `"onMetaData"` and an ECMA array with numeric codec ids 7 and 10
    /// (statement 54). The RTMP message puts `"@setDataFrame"` before it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = out;
        todo!("wire")
    }
}

/// Milliseconds on the wire for a time since the stream's epoch: rounded, modulo 2^32.
pub fn wire_ms(since_epoch: MediaTime) -> u32 {
    since_epoch.as_millis_rounded().rem_euclid(1 << 32) as u32
}
