//! What a session that ships a file needs beside the rest: units that go on at once, and when they do.

use onair_types::{AccessUnit, Now};

use super::link::Link;
use super::steps::{Connection, Phase};
use super::{Delivery, Publish};

/// Units of a file in decoding order, the next of which can be looked at before it is taken.
pub trait Supply {
    /// Takes the next unit if one may go now and `is_wanted` says so, which is told whether a picture
    /// is among those close behind.
    fn next_if(&mut self, is_wanted: impl FnOnce(&AccessUnit, bool) -> bool) -> Option<AccessUnit>;
}

impl Publish {
    /// Takes from `supply` what goes the shortest way, and says how many: with
    /// [`Delivery::Complete`], while nothing waits here and there is room behind the socket. What is
    /// left there is for [`Publish::handle_unit_of_many`].
    #[inline]
    pub fn take_from(&mut self, supply: &mut impl Supply, now: Now) -> usize {
        let (Phase::Connected(Connection { dialogue, .. }), Delivery::Complete) =
            (&self.phase, self.config.delivery)
        else {
            return 0;
        };
        let Some((_, stream_id)) = dialogue.carries().filter(|_| self.media.ships_many()) else {
            return 0;
        };
        let (outgoing, rate) = (&mut self.outgoing, &mut self.rate);
        self.now = self.now.max(now);
        let mut link = Link { outgoing, stream_id, rate, is_gated: false };
        let taken = self.media.ship_many(supply, &mut link, self.now);
        if taken > 0 {
            self.settled = None;
        }
        taken
    }

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
