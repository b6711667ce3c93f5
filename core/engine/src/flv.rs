//! FLV: tag bodies (which are RTMP message bodies), whole tags and files, both ways.
//! Adobe Flash Video File Format 10.1, annex E; Enhanced RTMP v2 for what legacy tags cannot carry.
//! Codecs other than ours are named and not read.

mod extended;
mod extra;
mod metadata;
mod plain;
mod prefix;
mod reader;

use onair_types::{AudioCodec, MediaTime, Payload, VideoCodec};
use thiserror::Error;

pub use extended::Multitrack;
pub use extra::{Extra, ExtraError};
pub use metadata::{AudioMeta, MetaData, VideoMeta};
pub use plain::{PlainContent, PlainUnit};
pub use prefix::Prefix;
pub use reader::Reader;

/// The bytes before the NAL units in a video message: frame type and codec, packet type, SI24
/// composition time (E.4.3.1). Composition time is clamped to what 24 bits hold.
#[inline]
pub fn video_prefix(keyframe: bool, composition_ms: i32) -> [u8; 5] {
    let frame_type = if keyframe { KEYFRAME } else { INTER_FRAME };
    let [c2, c1, c0] = composition_bytes(composition_ms);
    [frame_type << 4 | CODEC_AVC, PACKET_UNIT, c2, c1, c0]
}

/// SI24.
#[inline]
fn composition_bytes(composition_ms: i32) -> [u8; 3] {
    const SI24_MAX: i32 = (1 << 23) - 1;
    let [_, c2, c1, c0] = composition_ms.clamp(-SI24_MAX - 1, SI24_MAX).to_be_bytes();
    [c2, c1, c0]
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
pub struct Tag<B = Payload> {
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
    /// The decoder configuration of pictures that only extended tags carry: hvcC or av1C.
    VideoHeader {
        /// Not H.264.
        codec: VideoCodec,
        /// The record.
        record: &'a [u8],
    },
    /// One access unit of HEVC or temporal unit of AV1.
    VideoUnit {
        /// Not H.264.
        codec: VideoCodec,
        /// Frame type 1.
        keyframe: bool,
        /// Composition time offset, ms; zero for AV1.
        composition_ms: i32,
        /// Length-prefixed NAL units, or OBUs.
        data: &'a [u8],
    },
    /// The decoder configuration of sound that only extended tags carry: OpusHead.
    AudioHeader {
        /// Not AAC.
        codec: AudioCodec,
        /// The header.
        head: &'a [u8],
    },
    /// One packet of Opus.
    AudioUnit {
        /// Not AAC.
        codec: AudioCodec,
        /// The packet.
        data: &'a [u8],
    },
    /// Units of one or several tracks.
    Multitrack(Multitrack<'a>),
    /// An extended tag of a codec this version does not take.
    Foreign([u8; 4]),
    /// An extended tag that carries no unit: colours, channel orders, ends, what is not known.
    Aside,
    /// Script data: AMF0.
    Script(&'a [u8]),
    /// A legacy tag of a codec this version does not take; the first body byte.
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
        let Some(&first) = body.first() else { return Ok(Self::Empty) };
        match tag_type {
            TagType::Script => Ok(Self::Script(body)),
            TagType::Video if extended::is_video(first) => extended::parse_video(body),
            TagType::Video if first & 0x0F == CODEC_AVC => Self::parse_avc(first, body),
            TagType::Audio if first >> 4 == extended::SOUND_FORMAT => extended::parse_audio(body),
            TagType::Audio if first >> 4 == SOUND_FORMAT_AAC => Self::parse_aac(first, body),
            TagType::Video | TagType::Audio => Ok(Self::Other(first)),
        }
    }

    /// E.4.3.1.
    fn parse_avc(first: u8, body: &'a [u8]) -> Result<Self, FlvError> {
        let short = |needed| FlvError::ShortBody { needed, available: body.len() };
        let frame_type = first >> 4;
        let packet_type = *body.get(1).ok_or(short(2))?;
        if packet_type == PACKET_END {
            return Ok(Self::AvcEnd);
        }
        if packet_type > PACKET_END || frame_type == COMMAND_FRAME {
            return Ok(Self::Other(first));
        }
        let (&[_, _, c2, c1, c0], data) = body.split_first_chunk().ok_or(short(5))?;
        if packet_type == PACKET_HEADER {
            return Ok(Self::AvcHeader(data));
        }
        Ok(Self::AvcUnit {
            keyframe: matches!(frame_type, KEYFRAME | GENERATED_KEYFRAME),
            composition_ms: i32::from_be_bytes([c2, c1, c0, 0]) >> 8, // keeps the sign
            data,
        })
    }

    /// E.4.2.1.
    fn parse_aac(first: u8, body: &'a [u8]) -> Result<Self, FlvError> {
        match body.split_first_chunk() {
            Some((&[_, PACKET_HEADER], data)) => Ok(Self::AacHeader(data)),
            Some((&[_, PACKET_UNIT], data)) => Ok(Self::AacFrame(data)),
            Some(_) => Ok(Self::Other(first)),
            None => Err(FlvError::ShortBody { needed: 2, available: body.len() }),
        }
    }
}

impl TagType {
    /// From a tag's type byte without its flags, or an RTMP message type id.
    #[inline]
    pub fn from_id(id: u8) -> Option<Self> {
        match id {
            8 => Some(Self::Audio),
            9 => Some(Self::Video),
            18 => Some(Self::Script),
            _ => None,
        }
    }
}

/// The 13 bytes at the start of a file: header and the first PreviousTagSize (E.2, E.3).
pub fn file_header(has_audio: bool, has_video: bool) -> [u8; 13] {
    let flags = u8::from(has_audio) << 2 | u8::from(has_video);
    [b'F', b'L', b'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]
}

/// The 11 bytes before a tag's body (E.4.1). A size is cut to the 24 bits that it has.
pub fn tag_header(tag_type: TagType, timestamp_ms: u32, body_bytes: usize) -> [u8; 11] {
    let [_, l2, l1, l0] = (body_bytes as u32).to_be_bytes();
    let [t3, t2, t1, t0] = timestamp_ms.to_be_bytes();
    [tag_type as u8, l2, l1, l0, t2, t1, t0, t3, 0, 0, 0]
}

/// Appends a whole tag with its trailing PreviousTagSize. Bodies have at most 16,777,215 bytes.
pub fn write_tag(out: &mut Vec<u8>, tag_type: TagType, timestamp_ms: u32, body: &[&[u8]]) {
    let body_bytes = body.iter().map(|part| part.len()).sum();
    let header = tag_header(tag_type, timestamp_ms, body_bytes);
    out.extend_from_slice(&header);
    for part in body {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&((header.len() + body_bytes) as u32).to_be_bytes());
}

/// Milliseconds on the wire for a time since the stream's epoch: rounded, modulo 2^32.
#[inline]
pub fn wire_ms(since_epoch: MediaTime) -> u32 {
    since_epoch.as_millis_rounded() as u32 // modulo 2^32
}

const KEYFRAME: u8 = 1;
const INTER_FRAME: u8 = 2;
const GENERATED_KEYFRAME: u8 = 4;
const COMMAND_FRAME: u8 = 5;
const CODEC_AVC: u8 = 7;
const SOUND_FORMAT_AAC: u8 = 10;
/// Enhanced RTMP: the rest of the byte means something else.
const IS_EX_HEADER: u8 = 0x80;
const PACKET_HEADER: u8 = 0;
const PACKET_UNIT: u8 = 1;
const PACKET_END: u8 = 2;

#[cfg(test)]
#[path = "flv_test.rs"]
mod tests;
