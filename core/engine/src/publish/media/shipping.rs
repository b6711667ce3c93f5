//! The short way of a file's units: who gives them in their order and waits for room needs no queue
//! here. They are serialised as they come; what cannot go that way waits in the send buffer.

use onair_types::{AccessUnit, MediaTime, Now, Track};

use super::{Link, Media};
use crate::publish::{Alignment, Supply};
use crate::rtmp::chunk_writer::{MessageTooLarge, Outgoing};

impl Media {
    /// Whether nothing but the room behind the socket stands between a unit and the wire, whatever
    /// track it is of.
    pub(in crate::publish) fn ships_many(&self) -> bool {
        self.alignment == Alignment::AsIs
            && self.further.is_empty()
            && self.cues.is_empty()
            && self.buffer.is_empty()
            && !self.buffer.awaits_idr()
            && !self.stops_at_idr
            && !self.is_sound_alone
    }

    /// Serialises what comes for as long as there is room, once [`Media::ships_many`]; how many units.
    #[inline]
    pub(in crate::publish) fn ship_many(
        &mut self,
        supply: &mut impl Supply,
        link: &mut Link<'_>,
        now: Now,
    ) -> usize {
        let (mut taken, mut newest) = ([0_u32; 2], MediaTime::ZERO);
        let is_sound_alone = self.metadata.video.is_none();
        while self.has_credit(link.outgoing) {
            // A header goes the long way, and sound that no picture follows waits for one.
            let unit = supply.next_if(|unit, picture_follows| {
                (is_sound_alone || picture_follows || unit.track() == Track::Video)
                    && unit.size_bytes() <= self.credit_bytes
                    && self.sent.has_headers_of(unit)
            });
            let Some(unit) = unit else { break };
            let (track, dts) = (unit.track(), unit.dts());
            match self.serialise(unit, self.aligner.wire_ms(dts), link) {
                Ok(()) => {
                    taken[track as usize] += 1;
                    newest = dts;
                }
                // No unit within the credit is.
                Err(MessageTooLarge { .. }) => self.buffer.count_dropped(track),
            }
        }
        let [video, audio] = taken;
        self.units_in[Track::Video as usize] += u64::from(video);
        self.units_in[Track::Audio as usize] += u64::from(audio);
        self.in_flight.push_many(taken, now);
        if audio > 0 {
            self.latest_audio = self.sent.audio;
        }
        if video + audio > 0 {
            self.cues.handle_sent(newest);
        }
        (video + audio) as usize
    }

    /// Whether it is the turn of `unit`, which [`Media::ship`] then serialises. `picture_follows` says
    /// that a picture comes right behind sound, which therefore need not wait for one to ride along
    /// with.
    #[inline]
    pub(in crate::publish) fn ships(
        &self,
        unit: &AccessUnit,
        picture_follows: bool,
        outgoing: &Outgoing,
    ) -> bool {
        let is_its_turn = match unit {
            AccessUnit::Video(_) => !self.buffer.awaits_idr(),
            AccessUnit::Audio(_) => picture_follows || self.metadata.video.is_none(),
        };
        self.alignment == Alignment::AsIs
            && self.further.is_empty()
            && !self.stops_at_idr
            && !self.is_sound_alone
            && !self.buffer.has_video()
            && self.has_credit(outgoing)
            && is_its_turn
            // What the buffer would refuse for its size is refused there.
            && unit.size_bytes() <= self.credit_bytes
            && self.takes(unit)
    }

    /// Serialises a unit whose turn it is.
    #[inline]
    pub(in crate::publish) fn ship(&mut self, unit: AccessUnit, link: &mut Link<'_>, now: Now) {
        let (track, dts) = (unit.track(), unit.dts());
        if !self.buffer.is_empty() {
            self.ship_sound(dts, link, now);
        }
        if let AccessUnit::Audio(unit) = &unit {
            self.latest_audio = Some(unit.config);
        }
        self.write_cues(dts, link, now);
        self.units_in[track as usize] += 1;
        match self.write(unit, link) {
            Ok(()) => {
                self.cues.handle_sent(dts);
                self.in_flight.push(track, now);
            }
            Err(MessageTooLarge { .. }) => self.buffer.count_dropped(track),
        }
    }

    /// Serialises the sound in the buffer that is presented before `dts`: it has its picture now.
    #[cold]
    fn ship_sound(&mut self, dts: MediaTime, link: &mut Link<'_>, now: Now) {
        while self.buffer.first_audio().is_some_and(|sound| sound.unit.dts() < dts)
            && let Some(queued) = self.buffer.pop(false)
        {
            self.write_queued(queued, link, now);
        }
    }
}
