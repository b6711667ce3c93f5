//! FLV tags → what a session is given: access units of the first tracks and of further ones, and
//! cues. Times and bytes stay as they are.

use std::collections::VecDeque;
use std::num::NonZeroU8;

use onair::{
    AudioCodec, AudioHeader, AudioUnit, Cue, MediaTime, VideoCodec, VideoHeader, VideoUnit,
};
use onair_engine::amf0;
use onair_engine::flv::{Body, FlvError, Tag, TagType};
use onair_types::h264::length_prefixed_nal_units;
use onair_types::{AccessUnit, FrameKind, HeaderError, Payload};

use super::Tracks;
use crate::tags::Unwrap;

/// One thing to push.
#[derive(Debug)]
pub(super) enum Item {
    /// Of a first track.
    Unit(AccessUnit),
    /// Of a further track.
    Further(NonZeroU8, AccessUnit),
    /// A message for players.
    Cue(MediaTime, Cue),
}

impl Item {
    /// Its decoding time.
    pub(super) fn at(&self) -> MediaTime {
        match self {
            Self::Unit(unit) | Self::Further(_, unit) => unit.dts(),
            Self::Cue(at, _) => *at,
        }
    }

    /// It goes with the first tracks' units and is not waited for.
    pub(super) fn is_beside(&self) -> bool {
        !matches!(self, Self::Unit(_))
    }
}

/// Why a file cannot be shipped.
#[derive(Debug, thiserror::Error)]
pub(super) enum ItemError {
    #[error("{0}")]
    Flv(#[from] FlvError),
    #[error("{0}")]
    Header(#[from] HeaderError),
    #[error(
        "holds {what} that is not {supported}; convert it, or leave the track out with {option}"
    )]
    Codec { what: &'static str, supported: &'static str, option: &'static str },
    #[error("holds {what} at {ms} ms before its sequence header")]
    NoHeader { what: &'static str, ms: i64 },
    #[error("holds neither pictures nor sound that is wanted")]
    Nothing,
}

/// What is known of the tracks so far.
#[derive(Default)]
pub(super) struct Items {
    pub(super) wanted: Tracks,
    pub(super) video: Video,
    pub(super) audio: Audio,
    pub(super) further_video: Vec<(NonZeroU8, Video)>,
    pub(super) further_audio: Vec<(NonZeroU8, Audio)>,
    cue_time: Unwrap,
    /// The rest of a message of several tracks.
    rest: VecDeque<Item>,
}

/// A track of pictures.
#[derive(Default)]
pub(super) struct Video {
    pub(super) header: Option<VideoHeader>,
    pub(super) time: Unwrap,
}

/// A track of sound.
#[derive(Default)]
pub(super) struct Audio {
    pub(super) header: Option<AudioHeader>,
    pub(super) time: Unwrap,
}

impl Items {
    pub(super) fn new(wanted: Tracks) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// What is left of the tag before.
    pub(super) fn rest(&mut self) -> Option<Item> {
        self.rest.pop_front()
    }

    /// The first item in `tag`; `None` when it holds something else. There may be a
    /// [rest](Self::rest).
    pub(super) fn of(&mut self, tag: &Tag) -> Result<Option<Item>, ItemError> {
        let is_wanted = match tag.tag_type {
            TagType::Video => self.wanted.video,
            TagType::Audio => self.wanted.audio,
            TagType::Script => true,
        };
        if !is_wanted {
            return Ok(None);
        }
        match Body::parse(tag.tag_type, &tag.body)? {
            Body::Script(values) => Ok(self.cue(tag.timestamp_ms, values)),
            Body::Multitrack(tracks) => {
                for track in tracks.tracks() {
                    let (id, body) = track?;
                    let item = match NonZeroU8::new(id) {
                        Some(id) => self.further(id, tag, body),
                        None => self.first(tag, body)?,
                    };
                    self.rest.extend(item);
                }
                Ok(self.rest())
            }
            body => self.first(tag, body),
        }
    }

    fn first(&mut self, tag: &Tag, body: Body<'_>) -> Result<Option<Item>, ItemError> {
        let unit = match tag.tag_type {
            TagType::Audio => self.audio.unit(tag, body)?.map(AccessUnit::Audio),
            _ => self.video.unit(tag, body)?.map(AccessUnit::Video),
        };
        Ok(unit.map(Item::Unit))
    }

    /// A further track that cannot be taken, or begins in the middle, is left out: the first ones do
    /// not need it.
    fn further(&mut self, id: NonZeroU8, tag: &Tag, body: Body<'_>) -> Option<Item> {
        let unit = match tag.tag_type {
            TagType::Audio => {
                track(&mut self.further_audio, id)?.unit(tag, body).ok()?.map(AccessUnit::Audio)
            }
            _ => track(&mut self.further_video, id)?.unit(tag, body).ok()?.map(AccessUnit::Video),
        };
        unit.map(|unit| Item::Further(id, unit))
    }

    /// What is meant for players; the stream's own metadata is written anew.
    fn cue(&mut self, timestamp_ms: u32, values: &[u8]) -> Option<Item> {
        let mut values = amf0::read_all(values).ok()?.into_iter();
        let handler = values.next()?.as_str()?.to_owned();
        let cue = Cue::data(handler, values).ok()?;
        Some(Item::Cue(MediaTime::from_millis(self.cue_time.next(timestamp_ms)), cue))
    }
}

/// The track `id`, from now on one of them if there is room.
fn track<T: Default>(tracks: &mut Vec<(NonZeroU8, T)>, id: NonZeroU8) -> Option<&mut T> {
    let known = tracks.iter().position(|(known, _)| *known == id);
    let index = match known {
        Some(index) => index,
        None if tracks.len() == MOST_FURTHER => return None,
        None => {
            tracks.push((id, T::default()));
            tracks.len() - 1
        }
    };
    tracks.get_mut(index).map(|(_, track)| track)
}

impl Video {
    fn unit(&mut self, tag: &Tag, body: Body<'_>) -> Result<Option<VideoUnit>, ItemError> {
        match body {
            Body::AvcHeader(record) => self.header(VideoCodec::H264, record)?,
            Body::VideoHeader { codec, record } => self.header(codec, record)?,
            Body::AvcUnit { keyframe, composition_ms, data }
            | Body::VideoUnit { keyframe, composition_ms, data, .. }
                if !data.is_empty() =>
            {
                let ms = self.time.next(tag.timestamp_ms);
                let config =
                    self.header.clone().ok_or(ItemError::NoHeader { what: "a picture", ms })?;
                return Ok(Some(VideoUnit {
                    pts: MediaTime::from_millis(ms + i64::from(composition_ms)),
                    dts: MediaTime::from_millis(ms),
                    kind: frame_kind(&config, keyframe, data),
                    config,
                    payload: payload(&tag.body, data),
                }));
            }
            Body::Other(_) | Body::Foreign(_) => {
                let (what, supported) = ("pictures", "H.264, HEVC or AV1");
                return Err(ItemError::Codec { what, supported, option: "--audio-only" });
            }
            _ => {}
        }
        Ok(None)
    }

    /// A repeated header is the same header: units keep sharing it.
    fn header(&mut self, codec: VideoCodec, record: &[u8]) -> Result<(), ItemError> {
        let is_known = |known: &VideoHeader| known.codec() == codec && known.record() == record;
        if !self.header.as_ref().is_some_and(is_known) {
            self.header = Some(VideoHeader::from_record(codec, record)?);
        }
        Ok(())
    }
}

impl Audio {
    fn unit(&mut self, tag: &Tag, body: Body<'_>) -> Result<Option<AudioUnit>, ItemError> {
        match body {
            Body::AacHeader(bytes) => {
                self.header = Some(AudioHeader::from_bytes(AudioCodec::Aac, bytes)?);
            }
            Body::AudioHeader { codec, head } => {
                self.header = Some(AudioHeader::from_bytes(codec, head)?);
            }
            Body::AacFrame(frame) | Body::AudioUnit { data: frame, .. } if !frame.is_empty() => {
                let ms = self.time.next(tag.timestamp_ms);
                let config = self.header.ok_or(ItemError::NoHeader { what: "sound", ms })?;
                let payload = payload(&tag.body, frame);
                return Ok(Some(AudioUnit { pts: MediaTime::from_millis(ms), config, payload }));
            }
            Body::Other(_) | Body::Foreign(_) => {
                let (what, supported) = ("sound", "AAC or Opus");
                return Err(ItemError::Codec { what, supported, option: "--video-only" });
            }
            _ => {}
        }
        Ok(None)
    }
}

/// `data` of `body`: shared, but where several tracks lie in one message.
fn payload(body: &Payload, data: &[u8]) -> Payload {
    if data.as_ptr_range().end == body.as_ptr_range().end {
        body.suffix(data.len())
    } else {
        Payload::from_vec(data.to_vec())
    }
}

/// FLV's key frame flag decides: the copy must say what the file says. Of HEVC and AV1 the session
/// takes only what is one.
#[inline(always)]
pub(super) fn frame_kind(config: &VideoHeader, keyframe: bool, data: &[u8]) -> FrameKind {
    let nal_length_size = match config {
        VideoHeader::H264(_) if keyframe => return FrameKind::Idr,
        VideoHeader::H264(config) => config.nal_length_size(),
        _ if keyframe && config.is_key(data) != Some(false) => return FrameKind::Idr,
        _ => return FrameKind::Reference,
    };
    let is_referred_to = |nal: &[u8]| {
        let header = nal.first().copied().unwrap_or_default();
        matches!(header & 0x1F, 1..=5) && header & 0x60 != 0
    };
    let mut nal_units = length_prefixed_nal_units(data, nal_length_size);
    if nal_units.any(|nal| nal.is_ok_and(is_referred_to)) {
        FrameKind::Reference
    } else {
        FrameKind::Disposable
    }
}

/// Of each kind, as many as a session takes.
const MOST_FURTHER: usize = 8;
