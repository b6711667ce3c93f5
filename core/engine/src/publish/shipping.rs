//! What a session that ships a file needs beside the rest: units that go on at once, and when they do.

use onair_types::{AccessUnit, Now};

use super::link::Link;
use super::steps::{Connection, Phase};
use super::{Delivery, Publish};

impl Publish {
    /// As [`Publish::handle_unit`], of several that are handed in in decoding order before the next
    /// drain; `picture_follows` when a picture is among those behind it. With
    /// [`Delivery::Complete`] the unit then goes without a queue.
    #[inline]
    pub fn handle_unit_of_many(&mut self, unit: AccessUnit, picture_follows: bool, now: Now) {
        if let (Phase::Connected(Connection { dialogue, .. }), Delivery::Complete) =
            (&self.phase, self.config.delivery)
            && let Some((_, stream_id)) = dialogue.carries()
            && self.media.ships(&unit, picture_follows, &self.outgoing)
        {
            let (outgoing, rate) = (&mut self.outgoing, &mut self.rate);
            (self.now, self.settled) = (self.now.max(now), None);
            let mut link = Link { outgoing, stream_id, rate, is_gated: false };
            self.media.ship(unit, &mut link, self.now);
        } else {
            self.handle_unit(unit, now);
        }
    }

    /// Whether a unit given now goes on: a producer that keeps its units in order, and can wait,
    /// should until then. As [`Publish::wants_units`], but true no longer than there is room behind
    /// the socket.
    #[inline]
    pub fn takes_units(&self) -> bool {
        self.config.delivery == Delivery::Live
            || matches!(self.phase, Phase::Closing { .. } | Phase::Over)
            || (!self.media.only_queues(&self.outgoing) && self.wants_units())
    }
}
