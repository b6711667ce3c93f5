//! Plain tags: a picture of H.264 or a frame of AAC in its legacy tag (annex E.4.2.1 and E.4.3.1),
//! which is what most files are from end to end.

use onair_types::Payload;

use super::{PACKET_UNIT, Tag, TagType};

/// An access unit in a plain tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainUnit {
    /// As in [`Tag`].
    pub timestamp_ms: u32,
    /// What it is.
    pub content: PlainContent,
    /// The unit, without the tag's own bytes; not empty.
    pub payload: Payload,
}

/// What a [`PlainUnit`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainContent {
    /// An access unit of H.264.
    Picture {
        /// FLV's key frame flag.
        is_key: bool,
        /// PTS less DTS.
        composition_ms: i32,
    },
    /// A frame of AAC.
    Sound,
}

impl PlainContent {
    /// What the first bytes of a body say, and how many of them are not the unit.
    #[inline]
    pub(super) fn of(tag_type: TagType, first: [u8; PREFIX_BYTES]) -> Option<(Self, usize)> {
        match (tag_type, first) {
            // A picture that can be shown or referred to.
            (TagType::Video, [flags @ (0x17 | 0x27), PACKET_UNIT, c2, c1, c0]) => {
                let composition_ms = i32::from_be_bytes([c2, c1, c0, 0]) >> 8; // keeps the sign
                Some((Self::Picture { is_key: flags == 0x17, composition_ms }, PREFIX_BYTES))
            }
            (TagType::Audio, [0xA0..=0xAF, PACKET_UNIT, ..]) => Some((Self::Sound, 2)),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn is_wanted(self, wants_video: bool, wants_audio: bool) -> bool {
        match self {
            Self::Picture { .. } => wants_video,
            Self::Sound => wants_audio,
        }
    }
}

impl Tag {
    /// The unit in it, if it is a plain one of the kinds that are wanted.
    ///
    /// # Errors
    /// Itself, when it is not.
    pub fn into_plain(self, wants_video: bool, wants_audio: bool) -> Result<PlainUnit, Self> {
        let mut first = [0; PREFIX_BYTES];
        let there = self.body.len().min(PREFIX_BYTES);
        first[..there].copy_from_slice(&self.body[..there]);
        match PlainContent::of(self.tag_type, first) {
            Some((content, prefix_bytes))
                if content.is_wanted(wants_video, wants_audio)
                    && self.body.len() > prefix_bytes =>
            {
                let Self { timestamp_ms, body, .. } = self;
                Ok(PlainUnit { timestamp_ms, content, payload: body.behind(prefix_bytes) })
            }
            _ => Err(self),
        }
    }
}

/// Before a picture; sound has fewer.
pub(super) const PREFIX_BYTES: usize = 5;
