//! Extended tags in: E-RTMP v2, "ExVideoTagHeader", "ExVideoTagBody" and their audio twins. What is
//! not known (packet types, ModEx types, codecs) is named or passed over, never an error; only what
//! breaks off is one.

use onair_types::{AudioCodec, VideoCodec};

use super::{Body, COMMAND_FRAME, FlvError, GENERATED_KEYFRAME, IS_EX_HEADER, KEYFRAME};

/// Several tracks in one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multitrack<'a> {
    kind: Kind,
    shape: Shape,
    /// What all tracks have, unless each has its own.
    four_cc: Option<[u8; 4]>,
    tracks: &'a [u8],
}

/// What a packet is, apart from its codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Video { packet: u8, keyframe: bool },
    Audio { packet: u8 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    One,
    Many,
    ManyCodecs,
}

impl<'a> Multitrack<'a> {
    /// Each track's id and what it holds. Ends with an error where it breaks off.
    pub fn tracks(&self) -> impl Iterator<Item = Result<(u8, Body<'a>), FlvError>> + use<'a> {
        let Self { kind, shape, four_cc, tracks } = *self;
        let mut rest = tracks;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let mut bytes = Bytes(std::mem::take(&mut rest));
            Some((|| {
                let four_cc = match four_cc {
                    Some(four_cc) => four_cc,
                    None => bytes.take()?,
                };
                let [track_id] = bytes.take()?;
                let data = if shape == Shape::One {
                    std::mem::take(&mut bytes.0)
                } else {
                    let [s2, s1, s0] = bytes.take()?;
                    bytes.slice(u32::from_be_bytes([0, s2, s1, s0]) as usize)?
                };
                let body = kind.body(four_cc, data)?;
                rest = bytes.0;
                Ok((track_id, body))
            })())
        })
    }
}

/// A video tag whose first byte has [`IS_EX_HEADER`].
pub(super) fn parse_video(body: &[u8]) -> Result<Body<'_>, FlvError> {
    let mut bytes = Bytes(body);
    let [first] = bytes.take()?;
    let frame_type = first >> 4 & 0x7;
    let packet = skip_modifiers(first & 0x0F, &mut bytes)?;
    if frame_type == COMMAND_FRAME && packet != METADATA {
        return Ok(Body::Aside);
    }
    let keyframe = matches!(frame_type, KEYFRAME | GENERATED_KEYFRAME);
    if packet != VIDEO_MULTITRACK {
        return Kind::Video { packet, keyframe }.body(bytes.take()?, bytes.0);
    }
    parse_tracks(bytes, |packet| Kind::Video { packet, keyframe })
}

/// An audio tag of sound format 9.
pub(super) fn parse_audio(body: &[u8]) -> Result<Body<'_>, FlvError> {
    let mut bytes = Bytes(body);
    let [first] = bytes.take()?;
    let packet = skip_modifiers(first & 0x0F, &mut bytes)?;
    if packet != AUDIO_MULTITRACK {
        return Kind::Audio { packet }.body(bytes.take()?, bytes.0);
    }
    parse_tracks(bytes, |packet| Kind::Audio { packet })
}

/// Passes over modifiers, such as nanoseconds to add to the time; the packet type behind them.
fn skip_modifiers(mut packet: u8, bytes: &mut Bytes<'_>) -> Result<u8, FlvError> {
    while packet == MOD_EX {
        let [size] = bytes.take()?;
        let size = match usize::from(size) + 1 {
            256 => usize::from(u16::from_be_bytes(bytes.take()?)) + 1,
            size => size,
        };
        bytes.slice(size)?;
        let [types] = bytes.take()?;
        packet = types & 0x0F;
    }
    Ok(packet)
}

fn parse_tracks<'a>(mut bytes: Bytes<'a>, kind: impl Fn(u8) -> Kind) -> Result<Body<'a>, FlvError> {
    let [types] = bytes.take()?;
    let shape = match types >> 4 {
        ONE_TRACK => Shape::One,
        MANY_TRACKS => Shape::Many,
        MANY_TRACKS_MANY_CODECS => Shape::ManyCodecs,
        _ => return Ok(Body::Aside),
    };
    let four_cc = if shape == Shape::ManyCodecs { None } else { Some(bytes.take()?) };
    Ok(Body::Multitrack(Multitrack { kind: kind(types & 0x0F), shape, four_cc, tracks: bytes.0 }))
}

impl Kind {
    /// One track's packet. H.264 and AAC become what their legacy tags are.
    fn body(self, four_cc: [u8; 4], data: &[u8]) -> Result<Body<'_>, FlvError> {
        match self {
            Self::Video { packet, keyframe } => match VideoCodec::from_four_cc(four_cc) {
                Some(codec) => video_body(codec, packet, keyframe, data),
                None => Ok(Body::Foreign(four_cc)),
            },
            Self::Audio { packet } => Ok(match AudioCodec::from_four_cc(four_cc) {
                Some(codec) => audio_body(codec, packet, data),
                None => Body::Foreign(four_cc),
            }),
        }
    }
}

fn video_body(
    codec: VideoCodec,
    packet: u8,
    keyframe: bool,
    data: &[u8],
) -> Result<Body<'_>, FlvError> {
    let (composition_ms, data) = match (packet, codec) {
        // Some muxers announce a codec before they know its configuration.
        (START, _) if data.is_empty() => return Ok(Body::Aside),
        (START, VideoCodec::H264) => return Ok(Body::AvcHeader(data)),
        (START, codec) => return Ok(Body::VideoHeader { codec, record: data }),
        (END, VideoCodec::H264) => return Ok(Body::AvcEnd),
        (FRAMES, VideoCodec::H264 | VideoCodec::Hevc) => {
            let mut bytes = Bytes(data);
            let [c2, c1, c0] = bytes.take()?;
            (i32::from_be_bytes([c2, c1, c0, 0]) >> 8, bytes.0) // keeps the sign
        }
        (FRAMES, VideoCodec::Av1) | (FRAMES_X, _) => (0, data),
        _ => return Ok(Body::Aside),
    };
    Ok(match codec {
        VideoCodec::H264 => Body::AvcUnit { keyframe, composition_ms, data },
        codec => Body::VideoUnit { codec, keyframe, composition_ms, data },
    })
}

fn audio_body(codec: AudioCodec, packet: u8, data: &[u8]) -> Body<'_> {
    match (packet, codec) {
        (START, _) if data.is_empty() => Body::Aside,
        (START, AudioCodec::Aac) => Body::AacHeader(data),
        (START, codec) => Body::AudioHeader { codec, head: data },
        (FRAMES, AudioCodec::Aac) => Body::AacFrame(data),
        (FRAMES, codec) => Body::AudioUnit { codec, data },
        _ => Body::Aside,
    }
}

/// What is left of a body.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], FlvError> {
        let short = FlvError::ShortBody { needed: N, available: self.0.len() };
        let (taken, rest) = self.0.split_first_chunk().ok_or(short)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn slice(&mut self, size: usize) -> Result<&'a [u8], FlvError> {
        let short = FlvError::ShortBody { needed: size, available: self.0.len() };
        let (taken, rest) = self.0.split_at_checked(size).ok_or(short)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// The sound format that means an extended tag.
pub(super) const SOUND_FORMAT: u8 = 9;
pub(super) const START: u8 = 0;
pub(super) const FRAMES: u8 = 1;
pub(super) const END: u8 = 2;
/// Frames whose composition time is zero.
pub(super) const FRAMES_X: u8 = 3;
const METADATA: u8 = 4;
pub(super) const AUDIO_MULTITRACK: u8 = 5;
pub(super) const VIDEO_MULTITRACK: u8 = 6;
const MOD_EX: u8 = 7;
pub(super) const ONE_TRACK: u8 = 0;
const MANY_TRACKS: u8 = 1;
const MANY_TRACKS_MANY_CODECS: u8 = 2;

/// Whether a video tag's first byte says that it is extended.
pub(super) fn is_video(first: u8) -> bool {
    first & IS_EX_HEADER != 0
}

#[cfg(test)]
#[path = "extended_test.rs"]
mod tests;
