//! FLV: tag bodies (which are RTMP message bodies), whole tags and files, both ways.
//! Adobe Flash Video File Format 10.1, annex E. Codecs other than H.264 and AAC are passed on
//! unread.

use onair_types::MediaTime;
use thiserror::Error;

use crate::amf0::{self, Value};

/// The bytes before the NAL units in a video message: frame type and codec, packet type, SI24
/// composition time (E.4.3.1). Composition time is clamped to what 24 bits hold.
pub fn video_prefix(keyframe: bool, composition_ms: i32) -> [u8; 5] {
    const SI24_MAX: i32 = (1 << 23) - 1;
    let frame_type = if keyframe { KEYFRAME } else { INTER_FRAME };
    let [_, c2, c1, c0] = composition_ms.clamp(-SI24_MAX - 1, SI24_MAX).to_be_bytes();
    [frame_type << 4 | CODEC_AVC, PACKET_UNIT, c2, c1, c0]
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
        let Some(&first) = body.first() else { return Ok(Self::Empty) };
        match tag_type {
            TagType::Script => Ok(Self::Script(body)),
            TagType::Video if first & 0x0F == CODEC_AVC && first & IS_EX_HEADER == 0 => {
                Self::parse_avc(first, body)
            }
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

/// Reads a file or an HTTP-FLV stream piece by piece. Memory grows with the bytes pushed, not
/// with the sizes they claim.
#[derive(Debug)]
pub struct Reader {
    buffer: Vec<u8>,
    /// Bytes of `buffer` that are read.
    read: usize,
    /// Stream offset of the buffer's first byte.
    buffer_offset: u64,
    body_limit: usize,
    state: ReaderState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReaderState {
    FileHeader,
    /// So many bytes have no meaning here.
    Skip(usize),
    Tag,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader at the start of a file; bodies of up to 16 MiB.
    pub fn new() -> Self {
        Self::with_body_limit(16 << 20)
    }

    /// A reader at the start of a file that refuses larger bodies.
    pub fn with_body_limit(body_limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            read: 0,
            buffer_offset: 0,
            body_limit,
            state: ReaderState::FileHeader,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        // What is read goes once it is the larger part: each byte is then moved about once.
        if self.read > self.buffer.len() / 2 {
            self.buffer.drain(..self.read);
            self.buffer_offset += self.read as u64;
            self.read = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole tag, `None` when more bytes are needed. Tags of unknown type whose size
    /// proves right are skipped.
    ///
    /// # Errors
    /// When the bytes are not FLV; the reader is then of no further use.
    pub fn next_tag(&mut self) -> Result<Option<Tag>, FlvError> {
        loop {
            let rest = &self.buffer[self.read..];
            match self.state {
                ReaderState::FileHeader => {
                    let Some(skip) = self.after_file_header(rest)? else { return Ok(None) };
                    self.read += FILE_HEADER_BYTES;
                    self.state = ReaderState::Skip(skip);
                }
                ReaderState::Skip(count) => {
                    let skipped = count.min(rest.len());
                    self.read += skipped;
                    if skipped < count {
                        self.state = ReaderState::Skip(count - skipped);
                        return Ok(None);
                    }
                    self.state = ReaderState::Tag;
                }
                ReaderState::Tag => {
                    let Some((tag, size)) = self.whole_tag(rest)? else { return Ok(None) };
                    self.read += size;
                    self.state = ReaderState::Skip(PREVIOUS_SIZE_BYTES);
                    if tag.is_some() {
                        return Ok(tag);
                    }
                }
            }
        }
    }

    /// Bytes between the file header's fixed part and the first tag (E.2).
    fn after_file_header(&self, rest: &[u8]) -> Result<Option<usize>, FlvError> {
        let signature = b"FLV\x01";
        let there = rest.len().min(signature.len());
        if rest[..there] != signature[..there] {
            return Err(FlvError::NotFlv);
        }
        let Some(&[_, _, _, _, _, d3, d2, d1, d0]) = rest.first_chunk::<FILE_HEADER_BYTES>() else {
            return Ok(None);
        };
        let data_offset = u32::from_be_bytes([d3, d2, d1, d0]) as usize;
        if data_offset < FILE_HEADER_BYTES {
            return Err(FlvError::NotFlv);
        }
        if data_offset > self.body_limit {
            let limit = self.body_limit;
            return Err(FlvError::TooLarge { offset: self.offset(), size: data_offset, limit });
        }
        Ok(Some(data_offset - FILE_HEADER_BYTES + PREVIOUS_SIZE_BYTES))
    }

    /// The tag at the front, without its PreviousTagSize, and its size; no tag when it is to be
    /// skipped.
    fn whole_tag(&self, rest: &[u8]) -> Result<Option<(Option<Tag>, usize)>, FlvError> {
        let Some((header, behind)) = rest.split_first_chunk::<TAG_HEADER_BYTES>() else {
            return Ok(None);
        };
        let &[type_byte, l2, l1, l0, t2, t1, t0, t3, ..] = header;
        let size = u32::from_be_bytes([0, l2, l1, l0]) as usize;
        let offset = self.offset();
        if size > self.body_limit {
            return Err(FlvError::TooLarge { offset, size, limit: self.body_limit });
        }
        let Some((body, behind)) = behind.split_at_checked(size) else { return Ok(None) };
        let tag_bytes = TAG_HEADER_BYTES + size;
        // Bit 5 says "encrypted": the body then means nothing to us.
        let Some(tag_type) = TagType::from_id(type_byte & 0x3F) else {
            let Some(previous_size) = behind.first_chunk() else { return Ok(None) };
            let fits = u32::from_be_bytes(*previous_size) as usize == tag_bytes;
            let tag_type = type_byte & 0x3F;
            return if fits {
                Ok(Some((None, tag_bytes)))
            } else {
                Err(FlvError::TagType { offset, tag_type })
            };
        };
        let timestamp_ms = u32::from_be_bytes([t3, t2, t1, t0]);
        Ok(Some((Some(Tag { tag_type, timestamp_ms, body: body.to_vec() }), tag_bytes)))
    }

    fn offset(&self) -> u64 {
        self.buffer_offset + self.read as u64
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
        let mut pairs: Vec<(String, Value)> = Vec::new();
        let mut put = |key: &str, value: Value| pairs.push((key.to_owned(), value));
        let kilobits = |bitrate_bps: u32| Value::Number(f64::from(bitrate_bps) / 1_000.0);
        put("duration", 0.0.into());
        if let Some(video) = &self.video {
            put("width", f64::from(video.width).into());
            put("height", f64::from(video.height).into());
            put("videodatarate", kilobits(video.bitrate_bps));
            put("framerate", video.fps.into());
            put("videocodecid", f64::from(CODEC_AVC).into());
        }
        if let Some(audio) = &self.audio {
            put("audiodatarate", kilobits(audio.bitrate_bps));
            put("audiosamplerate", f64::from(audio.sample_rate_hz).into());
            put("audiosamplesize", 16.0.into());
            put("audiochannels", f64::from(audio.channels).into());
            put("stereo", (audio.channels == 2).into());
            put("audiocodecid", f64::from(SOUND_FORMAT_AAC).into());
        }
        put("encoder", self.encoder.as_str().into());
        amf0::write_str(out, "onMetaData");
        amf0::write(out, &Value::EcmaArray(pairs));
    }

    /// Reads what a script tag or data message holds: `"@setDataFrame"` and `"onMetaData"` as far
    /// as they are there, then an object. Numbers that are missing are 0; a track without any
    /// sign of a codec is `None`. Codec ids may be numbers or strings.
    pub fn parse(values: &[Value]) -> Option<Self> {
        let object = values.iter().find(|v| matches!(v, Value::Object(_) | Value::EcmaArray(_)))?;
        let number = |key| object.get(key).and_then(Value::as_number).unwrap_or_default();
        let has_codec = |key| match object.get(key) {
            Some(Value::Number(id)) => *id > 0.0,
            Some(Value::String(name)) => !name.is_empty(),
            _ => false,
        };
        let bits = |key| {
            let rate: f64 = number(key);
            // LFLiveKit writes bit/s where kbit/s belong.
            (if rate >= 8_000.0 { rate } else { rate * 1_000.0 }) as u32
        };
        let video = VideoMeta {
            width: number("width") as u32,
            height: number("height") as u32,
            fps: number("framerate"),
            bitrate_bps: (number("videodatarate") * 1_000.0) as u32,
        };
        let stereo = object.get("stereo").and_then(Value::as_bool);
        let channels = match number("audiochannels") as u8 {
            0 => stereo.map_or(0, |stereo| if stereo { 2 } else { 1 }),
            channels => channels,
        };
        let audio = AudioMeta {
            sample_rate_hz: number("audiosamplerate") as u32,
            channels,
            bitrate_bps: bits("audiodatarate"),
        };
        let encoder = object.get("encoder").and_then(Value::as_str).unwrap_or_default();
        Some(Self {
            video: (has_codec("videocodecid") || video.width > 0).then_some(video),
            audio: (has_codec("audiocodecid") || audio.sample_rate_hz > 0).then_some(audio),
            encoder: encoder.to_owned(),
        })
    }
}

/// Milliseconds on the wire for a time since the stream's epoch: rounded, modulo 2^32.
pub fn wire_ms(since_epoch: MediaTime) -> u32 {
    since_epoch.as_millis_rounded().rem_euclid(1 << 32) as u32
}

const FILE_HEADER_BYTES: usize = 9;
const TAG_HEADER_BYTES: usize = 11;
const PREVIOUS_SIZE_BYTES: usize = 4;
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
