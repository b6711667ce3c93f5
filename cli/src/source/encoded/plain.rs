//! The short way of what most files are from end to end: pictures of H.264 and frames of AAC, one
//! behind the other. What is anything else goes the way of [`Items::of`], which knows all there is.

use onair::{AudioUnit, MediaTime, VideoUnit};
use onair_engine::flv::{Tag, TagType};
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
        while units.len() < MOST_UNITS {
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
            if let Some(other) = self.items.push_plain(tag, units) {
                self.ahead.push_front(other);
                break;
            }
        }
        Ok(!units.is_empty())
    }
}

impl Items {
    /// Adds the unit in a plain tag to `units`; another tag comes back.
    #[inline]
    fn push_plain(&mut self, tag: Tag, units: &mut Vec<AccessUnit>) -> Option<Tag> {
        match (tag.tag_type, &*tag.body) {
            // Annex E.4.3.1: a picture of H.264 that can be shown or referred to.
            (TagType::Video, &[first @ (0x17 | 0x27), 1, c2, c1, c0, _, ..])
                if self.wanted.video =>
            {
                let Some(config) = &self.video.header else { return Some(tag) };
                if config.h264().is_none() {
                    return Some(tag);
                }
                let composition_ms = i32::from_be_bytes([c2, c1, c0, 0]) >> 8; // keeps the sign
                let kind = frame_kind(config, first == 0x17, &tag.body[5..]);
                let config = config.clone();
                let dts_ms = self.video.time.next(tag.timestamp_ms);
                units.push(AccessUnit::Video(VideoUnit {
                    pts: MediaTime::from_millis(dts_ms + i64::from(composition_ms)),
                    dts: MediaTime::from_millis(dts_ms),
                    kind,
                    config,
                    payload: tag.body.behind(5),
                }));
                None
            }
            // E.4.2.1: a frame of AAC.
            (TagType::Audio, &[0xA0..=0xAF, 1, _, ..]) if self.wanted.audio => {
                let Some(config) = self.audio.header else { return Some(tag) };
                let pts = MediaTime::from_millis(self.audio.time.next(tag.timestamp_ms));
                let payload = tag.body.behind(2);
                units.push(AccessUnit::Audio(AudioUnit { pts, config, payload }));
                None
            }
            _ => Some(tag),
        }
    }
}
