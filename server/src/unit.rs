//! One media message on its way through the server, written once and shared by everybody who
//! watches, and the headers a decoder needs before it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use onair_engine::flv::{self, TagType};
use onair_types::{AudioHeader, Payload, VideoHeader};

/// What a unit means to somebody who joins or falls behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Decoding can start here.
    Key,
    /// A picture that needs earlier ones.
    Delta,
    /// One frame of sound.
    Audio,
    /// Decoder configuration.
    Header,
    /// Script data.
    Data,
}

/// An RTMP media message or, which is the same, an FLV tag.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) kind: Kind,
    pub(crate) tag_type: TagType,
    /// On the stream's timeline, milliseconds modulo 2^32.
    pub(crate) timestamp_ms: u32,
    /// The body, FLV prefix bytes included.
    pub(crate) body: Payload,
    flv: OnceLock<Bytes>,
}

impl Unit {
    pub(crate) fn new(kind: Kind, tag_type: TagType, timestamp_ms: u32, body: Vec<u8>) -> Self {
        let body = Payload::from_vec(body);
        Self { kind, tag_type, timestamp_ms, body, flv: OnceLock::new() }
    }

    /// The same content at another time, for headers sent to somebody who joins late. Metadata
    /// stays at 0: elsewhere some demuxers take it for a track of text.
    pub(crate) fn at(&self, timestamp_ms: u32) -> Self {
        let Self { kind, tag_type, ref body, .. } = *self;
        let timestamp_ms = if tag_type == TagType::Script { 0 } else { timestamp_ms };
        Self { kind, tag_type, timestamp_ms, body: body.clone(), flv: OnceLock::new() }
    }

    /// The whole FLV tag; made for the first player that asks, shared by the others.
    pub(crate) fn flv_tag(&self) -> Bytes {
        self.flv
            .get_or_init(|| {
                let mut tag = Vec::with_capacity(self.body.len() + 15);
                flv::write_tag(&mut tag, self.tag_type, self.timestamp_ms, &[&self.body]);
                tag.into()
            })
            .clone()
    }

    /// What it costs to keep, bytes; twice that once an HTTP-FLV player asked for it.
    pub(crate) fn weight(&self) -> usize {
        const BOOKKEEPING: usize = 256;
        self.body.len() + BOOKKEEPING
    }
}

/// A decoder configuration as it came and as it was understood.
#[derive(Clone, Debug)]
pub(crate) struct Header<C> {
    pub(crate) unit: Arc<Unit>,
    pub(crate) config: C,
}

/// What a player must have before its first unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers {
    pub(crate) metadata: Option<Arc<Unit>>,
    /// Metadata names a video codec.
    pub(crate) video_announced: bool,
    pub(crate) video: Option<Header<VideoHeader>>,
    pub(crate) audio: Option<Header<AudioHeader>>,
}

impl Headers {
    /// Metadata, the headers of pictures and of sound, as far as there are.
    pub(crate) fn units(&self) -> impl Iterator<Item = &Arc<Unit>> {
        let video = self.video.as_ref().map(|header| &header.unit);
        let audio = self.audio.as_ref().map(|header| &header.unit);
        self.metadata.iter().chain(video).chain(audio)
    }

    /// Whether a decoder set up for one can go on with the other.
    pub(crate) fn decode_alike(&self, other: &Self) -> bool {
        let body = |unit: Option<&Arc<Unit>>| unit.map(|unit| unit.body.clone());
        let video = |headers: &Self| body(headers.video.as_ref().map(|header| &header.unit));
        let audio = |headers: &Self| body(headers.audio.as_ref().map(|header| &header.unit));
        video(self) == video(other) && audio(self) == audio(other)
    }
}
