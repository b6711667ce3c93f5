//! The short way of what most files are from end to end: pictures of H.264 and frames of AAC, one
//! behind the other. What is anything else goes the way of [`Items::of`], which knows all there is.

use onair::{AudioCodec, AudioHeader, AudioUnit, MediaTime, VideoHeader, VideoUnit};
use onair_engine::flv::{PlainContent, PlainUnit};
use onair_types::AccessUnit;

use super::EncodedSource;
use super::items::{Item, Items, frame_kind};
use crate::exit::Failure;

/// Units handed over at once, at most.
pub(super) const MOST_UNITS: usize = 128;

impl EncodedSource {
    /// Adds to `units` what follows in a file whose tracks are all first ones, as far as it was read
    /// already and is plain; whether there is anything.
    pub(super) fn fill_plain(&mut self, units: &mut Vec<AccessUnit>) -> Result<bool, Failure> {
        if self.length.is_some() {
            return Ok(false);
        }
        match self.held.take() {
            Some(Item::Unit(unit)) => units.push(unit),
            Some(other) => {
                self.held = Some(other);
                return Ok(false);
            }
            None => {}
        }
        let (video, audio) = self.items.plain_tracks();
        while units.len() < MOST_UNITS {
            if self.ahead.is_empty() {
                self.take_plain(video, audio, units);
                if units.len() == MOST_UNITS {
                    break;
                }
            }
            // What is not plain, lies ahead, or broke off where the file's blocks meet.
            let tag = match self.ahead.pop_front() {
                Some(tag) => tag,
                None if units.is_empty() => match self.read_tag()? {
                    Some(tag) => tag,
                    None => break,
                },
                None => match self.tags.next_read() {
                    Ok(Some(tag)) => tag,
                    // An error is there still when what came before it is on its way.
                    Ok(None) | Err(_) => break,
                },
            };
            match tag.into_plain(video, audio) {
                Ok(plain) => self.items.push_unit(plain, units),
                Err(other) => {
                    self.ahead.push_front(other);
                    break;
                }
            }
        }
        Ok(!units.is_empty())
    }

    /// Adds the units that lie one behind the other in what was read.
    fn take_plain(&mut self, video: bool, audio: bool, units: &mut Vec<AccessUnit>) {
        while units.len() < MOST_UNITS
            && let Some(plain) = self.tags.next_plain_unit(video, audio)
        {
            self.items.push_unit(plain, units);
        }
    }
}

impl Items {
    /// Whether units of each track may be plain: it is wanted, and is H.264 or AAC.
    fn plain_tracks(&self) -> (bool, bool) {
        let is_h264 = |header: &VideoHeader| header.h264().is_some();
        let is_aac = |header: &AudioHeader| header.codec() == AudioCodec::Aac;
        let video = self.wanted.video && self.video.header.as_ref().is_some_and(is_h264);
        let audio = self.wanted.audio && self.audio.header.as_ref().is_some_and(is_aac);
        (video, audio)
    }

    /// Adds a unit of one of [`Items::plain_tracks`].
    #[inline(always)]
    fn push_unit(&mut self, plain: PlainUnit, units: &mut Vec<AccessUnit>) {
        let PlainUnit { timestamp_ms, content, payload } = plain;
        // There is none before its header.
        match content {
            PlainContent::Picture { is_key, composition_ms } => {
                let Some(config) = &self.video.header else { return };
                let kind = frame_kind(config, is_key, &payload);
                let config = config.clone();
                let dts_ms = self.video.time.next(timestamp_ms);
                units.push(AccessUnit::Video(VideoUnit {
                    pts: MediaTime::from_millis(dts_ms + i64::from(composition_ms)),
                    dts: MediaTime::from_millis(dts_ms),
                    kind,
                    config,
                    payload,
                }));
            }
            PlainContent::Sound => {
                let Some(config) = self.audio.header else { return };
                let pts = MediaTime::from_millis(self.audio.time.next(timestamp_ms));
                units.push(AccessUnit::Audio(AudioUnit { pts, config, payload }));
            }
        }
    }
}
