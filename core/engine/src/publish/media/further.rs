//! Further tracks of the same publish (E-RTMP v2, multitrack): other qualities, other languages. The
//! app encodes them; each waits in a buffer of its own under the first track's rules, begins with a
//! key frame that is no older than the connection's first picture, and goes out in messages of one
//! track each.
//!
//! ```text
//!  first tracks   I₀ a p a p …      decide alignment, pace and bitrate
//!  further        · I₁ p p …        go when their turn by decoding time comes
//! ```

use std::num::NonZeroU8;
use std::time::Duration;

use onair_types::{
    AccessUnit, AudioCodec, AudioHeader, FrameKind, Now, Track, VideoCodec, VideoHeader,
};

use super::Media;
use crate::align::Aligner;
use crate::flv::{MetaData, Prefix, TagType};
use crate::publish::Delivery;
use crate::publish::link::Link;
use crate::rtmp::chunk_writer::MessageTooLarge;
use crate::send_buffer::{Dropped, Queued, SendBuffer};

/// One of them.
#[derive(Debug)]
pub(super) struct Further {
    id: u8,
    codec: Codec,
    buffer: SendBuffer,
    /// What this connection has seen.
    sent: Option<Header>,
    asked_at: Option<Now>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Video(VideoCodec),
    Audio(AudioCodec),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Header {
    Video(VideoHeader),
    Audio(AudioHeader),
}

impl Further {
    /// Those that metadata speaks of.
    pub(super) fn all(metadata: &MetaData, delivery: Delivery, begins_at_idr: bool) -> Vec<Self> {
        let new = |id: &NonZeroU8, codec, awaits_idr| Self {
            id: id.get(),
            codec,
            buffer: SendBuffer::new(delivery, awaits_idr),
            sent: None,
            asked_at: None,
        };
        let video = metadata.further_video.iter();
        let video = video.map(|(id, meta)| new(id, Codec::Video(meta.codec), begins_at_idr));
        let audio = metadata.further_audio.iter();
        video.chain(audio.map(|(id, meta)| new(id, Codec::Audio(meta.codec), false))).collect()
    }

    fn head(&self) -> Option<&Queued> {
        self.buffer.first()
    }

    /// Drops what the connection cannot use, and what is too old.
    fn settle(
        &mut self,
        aligner: &Aligner,
        transit: impl Fn(usize) -> Duration,
        dead_time: Duration,
        now: Now,
    ) {
        self.buffer.drop_audio_while(|pts| aligner.is_before_epoch(pts));
        while self.buffer.first_video().is_some_and(|unit| aligner.is_before_epoch(unit.dts)) {
            self.buffer.skip_gop();
        }
        self.buffer.shed(transit, dead_time, now);
    }

    fn write(
        &mut self,
        unit: &AccessUnit,
        (timestamp_ms, composition_ms): (u32, i32),
        link: &mut Link<'_>,
    ) -> Result<(), MessageTooLarge> {
        match unit {
            AccessUnit::Video(unit) => {
                let codec = unit.config.codec();
                let header = Header::Video(unit.config.clone());
                if self.sent.as_ref() != Some(&header) {
                    let prefix = Prefix::video_header_of_track(self.id, codec);
                    let parts = [prefix.as_bytes(), unit.config.record()];
                    link.copied(TagType::Video, timestamp_ms, &parts)?;
                    self.sent = Some(header);
                }
                let is_key = unit.kind == FrameKind::Idr;
                let prefix = Prefix::video_of_track(self.id, codec, is_key, composition_ms);
                link.media(TagType::Video, timestamp_ms, prefix, unit.payload.clone())
            }
            AccessUnit::Audio(unit) => {
                let codec = unit.config.codec();
                let header = Header::Audio(unit.config);
                if self.sent.as_ref() != Some(&header) {
                    let prefix = Prefix::audio_header_of_track(self.id, codec);
                    let parts = [prefix.as_bytes(), unit.config.as_bytes()];
                    link.copied(TagType::Audio, timestamp_ms, &parts)?;
                    self.sent = Some(header);
                }
                let prefix = Prefix::audio_of_track(self.id, codec);
                link.media(TagType::Audio, timestamp_ms, prefix, unit.payload.clone())
            }
        }
    }
}

impl Media {
    /// Takes a unit of a further track. One of a track or codec that nobody was told of is dropped.
    pub(in crate::publish) fn handle_further_unit(
        &mut self,
        track_id: NonZeroU8,
        unit: AccessUnit,
        is_live: bool,
        now: Now,
    ) {
        let track = unit.track();
        self.units_in[track as usize] += 1;
        let codec = match &unit {
            AccessUnit::Video(unit) => Codec::Video(unit.config.codec()),
            AccessUnit::Audio(unit) => Codec::Audio(unit.config.codec()),
        };
        let is_unwanted = track == Track::Video && self.is_sound_alone;
        let is_it = |further: &&mut Further| further.id == track_id.get() && further.codec == codec;
        match self.further.iter_mut().find(is_it) {
            Some(further) if !is_unwanted => {
                further.buffer.push(unit, now);
                if !is_live {
                    further.buffer.hold(now);
                }
            }
            Some(further) => {
                further.buffer.count_dropped(track);
                further.buffer.restart_at_idr();
                self.reported.count(track);
            }
            None => {
                self.buffer.count_dropped(track);
                self.reported.count(track);
            }
        }
    }

    /// While aligned: drops what is of no use.
    pub(super) fn settle_further(&mut self, link: &Link<'_>, now: Now) {
        let Self { further, aligner, .. } = self;
        for further in further {
            further.settle(aligner, |bytes| link.rate.transit(bytes), link.rate.dead_time(), now);
        }
    }

    /// Sends the further tracks' unit whose turn is before the first tracks' next one; whether there
    /// was one.
    pub(super) fn write_further(&mut self, link: &mut Link<'_>) -> bool {
        if !self.sent.metadata {
            return false;
        }
        let heads = self.further.iter().enumerate();
        let heads = heads.filter_map(|(index, further)| Some((further.head()?.unit.dts(), index)));
        let Some((dts, index)) = heads.min() else { return false };
        if self.buffer.first().is_some_and(|first| first.unit.dts() <= dts) {
            return false;
        }
        let Self { further, aligner, in_flight, .. } = self;
        let further = &mut further[index];
        let Some(Queued { unit, pushed_at, .. }) = further.buffer.pop(false) else { return false };
        let composition_ms = match &unit {
            AccessUnit::Video(unit) => aligner.composition_ms(unit),
            AccessUnit::Audio(_) => 0,
        };
        let track = unit.track();
        match further.write(&unit, (aligner.wire_ms(dts), composition_ms), link) {
            Ok(()) => {
                in_flight.push(track, pushed_at);
                link.rate.handle_unit(link.outgoing.total_bytes(), pushed_at);
            }
            Err(MessageTooLarge { .. }) => further.buffer.count_dropped(track),
        }
        true
    }

    /// Whether a further track needs a key frame that its encoder could make; asks at most each
    /// half second.
    pub(super) fn asks_for_further_key(&mut self, now: Now) -> bool {
        let mut asks = false;
        for further in &mut self.further {
            let is_due = further.asked_at.is_none_or(|at| now.since(at) >= KEY_SPACING);
            if further.sent.is_some() && further.buffer.awaits_idr() && is_due {
                further.asked_at = Some(now);
                asks = true;
            }
        }
        asks
    }

    /// The connection is gone, or another one takes its place: each track begins with a key frame
    /// and its header.
    pub(super) fn restart_further(&mut self) {
        for further in &mut self.further {
            if further.sent.take().is_some() {
                further.buffer.restart_at_idr();
            }
        }
    }

    pub(super) fn hold_further(&mut self, now: Now) {
        for further in &mut self.further {
            further.buffer.hold(now);
        }
    }

    pub(super) fn clear_further(&mut self) {
        for further in &mut self.further {
            further.buffer.clear();
        }
    }

    /// Units of further tracks that wait.
    pub(super) fn further_units(&self) -> usize {
        self.further.iter().map(|further| further.buffer.len()).sum()
    }

    /// Since when the first unit of a further track waits.
    pub(super) fn further_since(&self) -> Option<Now> {
        self.further.iter().filter_map(|further| Some(further.head()?.pushed_at)).min()
    }

    #[inline]
    pub(super) fn has_full_further(&self) -> bool {
        self.further.iter().any(|further| further.buffer.is_full())
    }

    pub(super) fn further_bytes(&self) -> usize {
        self.further.iter().map(|further| further.buffer.size_bytes()).sum()
    }

    /// Units of all tracks that were dropped.
    pub(super) fn all_dropped(&self) -> Dropped {
        self.further.iter().fold(self.buffer.dropped(), |sum, further| {
            let dropped = further.buffer.dropped();
            Dropped { video: sum.video + dropped.video, audio: sum.audio + dropped.audio }
        })
    }
}

/// Between two requests for key frames.
const KEY_SPACING: Duration = Duration::from_millis(500);
