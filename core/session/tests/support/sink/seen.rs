//! What a connection brought.

use std::time::Instant;

use onair_engine::flv::{Body, TagType};
use onair_engine::rtmp::Message;
use onair_engine::rtmp::message::type_id;

/// A media message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Metadata,
    /// Any other data message, by its name.
    Cue {
        at_ms: u32,
        name: String,
    },
    AvcHeader,
    AacHeader,
    Video {
        idr: bool,
        at_ms: u32,
        composition_ms: i32,
        data: Vec<u8>,
    },
    Audio {
        at_ms: u32,
        data: Vec<u8>,
    },
    /// The first bytes of an extended tag.
    Extended(Vec<u8>),
}

impl Media {
    pub(super) fn read(message: &Message) -> Self {
        let at_ms = message.timestamp_ms;
        let tag_type = match message.type_id {
            type_id::AUDIO => TagType::Audio,
            _ => TagType::Video,
        };
        match Body::parse(tag_type, &message.body).expect("a whole body") {
            Body::AvcHeader(_) => Self::AvcHeader,
            Body::AacHeader(_) => Self::AacHeader,
            Body::AvcUnit { keyframe, composition_ms, data } => {
                Self::Video { idr: keyframe, at_ms, composition_ms, data: data.to_vec() }
            }
            Body::AacFrame(data) => Self::Audio { at_ms, data: data.to_vec() },
            Body::Other(_) | Body::Empty | Body::Script(_) => panic!("the session sent an odd tag"),
            _ => Self::Extended(message.body[..message.body.len().min(6)].to_vec()),
        }
    }

    pub(crate) fn at_ms(&self) -> Option<u32> {
        match self {
            Self::Video { at_ms, .. } | Self::Audio { at_ms, .. } => Some(*at_ms),
            _ => None,
        }
    }

    pub(crate) fn is_video(&self) -> bool {
        matches!(self, Self::Video { .. })
    }

    pub(crate) fn is_audio(&self) -> bool {
        matches!(self, Self::Audio { .. })
    }
}

/// What one connection saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) commands: Vec<String>,
    pub(crate) media: Vec<Media>,
    /// When each of them was here.
    pub(crate) arrivals: Vec<Instant>,
    /// When the connection began.
    pub(crate) began_at: Option<Instant>,
    /// The peer closed its side.
    pub(crate) is_closed: bool,
    /// When the first IDR was here, and when the connection ended.
    pub(crate) first_idr_at: Option<Instant>,
    pub(crate) ended_at: Option<Instant>,
}
