//! What goes before the units that need it: metadata, and each track's decoder configuration; and
//! what ends a track that extended tags carry.

use onair_types::{AccessUnit, AudioHeader, AudioUnit, Track, VideoHeader, VideoUnit};

use super::Media;
use crate::amf0;
use crate::flv::{MetaData, Prefix, TagType};
use crate::publish::link::Link;
use crate::rtmp::chunk_writer::MessageTooLarge;

/// The headers this connection has seen.
#[derive(Debug, Default)]
pub(super) struct SentHeaders {
    pub(super) metadata: bool,
    /// The time of the newest unit.
    pub(super) last_ms: u32,
    pub(super) video: Option<VideoHeader>,
    pub(super) audio: Option<AudioHeader>,
}

impl SentHeaders {
    /// Whether nothing need go before `unit`, as is the rule.
    #[inline]
    pub(super) fn has_headers_of(&self, unit: &AccessUnit) -> bool {
        self.metadata
            && match unit {
                AccessUnit::Video(unit) => self.video.as_ref() == Some(&unit.config),
                AccessUnit::Audio(unit) => self.audio == Some(unit.config),
            }
    }
}

impl Media {
    /// Metadata once and again with new parameter sets, and each sequence header before the first
    /// unit that needs it. The first unit brings the other track's header along if that is known.
    pub(super) fn write_headers(
        &mut self,
        unit: &AccessUnit,
        timestamp_ms: u32,
        link: &mut Link<'_>,
    ) -> Result<(), MessageTooLarge> {
        let is_first = !self.sent.metadata;
        let (video, audio) = match unit {
            AccessUnit::Video(VideoUnit { config, .. }) => {
                (Some(config), self.latest_audio.filter(|_| is_first))
            }
            AccessUnit::Audio(AudioUnit { config, .. }) => (
                self.buffer.first_video().map(|unit| &unit.config).filter(|_| is_first),
                Some(*config),
            ),
        };
        let new_video = video.filter(|&config| self.sent.video.as_ref() != Some(config)).cloned();
        let new_audio =
            audio.filter(|&new| self.has_track(Track::Audio) && self.sent.audio != Some(new));

        if let Some(config) = &new_video
            && self.sent.video.is_some()
        {
            self.adopt_size(config);
        }
        if is_first || (new_video.is_some() && self.sent.video.is_some()) {
            self.scratch.clear();
            amf0::write_str(&mut self.scratch, "@setDataFrame");
            self.metadata.write(&mut self.scratch);
            link.copied(TagType::Script, timestamp_ms, &[&self.scratch])?;
            self.sent.metadata = true;
        }
        if let Some(config) = new_video {
            let prefix = Prefix::video_header(config.codec());
            let parts = [prefix.as_bytes(), config.record()];
            link.copied(TagType::Video, timestamp_ms, &parts)?;
            self.sent.video = Some(config);
        }
        if let Some(config) = new_audio {
            let prefix = Prefix::audio_header(config.codec());
            let parts = [prefix.as_bytes(), config.as_bytes()];
            link.copied(TagType::Audio, timestamp_ms, &parts)?;
            self.sent.audio = Some(config);
        }
        Ok(())
    }

    /// New parameter sets in mid-stream may mean another picture size.
    fn adopt_size(&mut self, config: &VideoHeader) {
        if let (Some(video), Some(size)) = (&mut self.metadata.video, config.size()) {
            (video.width, video.height) = size;
        }
    }

    /// Says that nothing more comes, where tags can say so.
    pub(in crate::publish) fn write_ends(&mut self, link: &mut Link<'_>) {
        let video = self.sent.video.as_ref().and_then(|video| Prefix::video_end(video.codec()));
        let audio = self.sent.audio.as_ref().and_then(|audio| Prefix::audio_end(audio.codec()));
        for (tag_type, body) in [(TagType::Video, video), (TagType::Audio, audio)] {
            if let Some(body) = body {
                // Far below the largest message.
                let _ = link.copied(tag_type, self.sent.last_ms, &[body.as_bytes()]);
            }
        }
    }

    /// Whether metadata and `connect` speak of it: a codec is no more changed than a track added.
    #[inline]
    pub(super) fn takes(&self, unit: &AccessUnit) -> bool {
        let MetaData { video, audio, .. } = &self.metadata;
        match unit {
            AccessUnit::Video(unit) => {
                video.as_ref().is_some_and(|video| video.codec == unit.config.codec())
            }
            AccessUnit::Audio(unit) => {
                audio.as_ref().is_some_and(|audio| audio.codec == unit.config.codec())
            }
        }
    }
}
