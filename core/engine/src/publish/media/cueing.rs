//! Cues between the units: each goes before the first unit that is not decoded before its time.

use onair_types::{MediaTime, Now};

use super::{Link, Media};
use crate::flv::TagType;
use crate::publish::{Cue, Delivery};

impl Media {
    /// Takes a cue for the time `at`.
    pub(in crate::publish) fn handle_cue(&mut self, at: MediaTime, cue: Cue, now: Now) {
        self.cues.push(at, cue, now);
    }

    /// Whether a producer that can wait should give the next one.
    pub(in crate::publish) fn wants_cues(&self) -> bool {
        self.delivery == Delivery::Live || self.cues.have_room()
    }

    /// Writes what belongs before a unit decoded at `dts`.
    #[inline]
    pub(super) fn write_cues(&mut self, dts: MediaTime, link: &mut Link<'_>, now: Now) {
        if !self.cues.is_empty() {
            self.write_waiting_cues(dts, link, now);
        }
    }

    fn write_waiting_cues(&mut self, dts: MediaTime, link: &mut Link<'_>, now: Now) {
        while let Some((at, cue)) = self.cues.next_before(dts, now) {
            let timestamp_ms = self.aligner.wire_ms(at);
            self.scratch.clear();
            cue.write(timestamp_ms, &mut self.scratch);
            // A cue is smaller than any message may be.
            let _ = link.copied(TagType::Script, timestamp_ms, &[&self.scratch]);
        }
    }
}
