//! One destination on `onair-net`: its engine, its connection, its addresses. Feeds the engine and
//! does what it says; knows nothing of the other destinations.

mod output;
mod telling;
mod turn;

use std::io::IoSlice;
use std::num::NonZeroU8;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use onair_engine::publish::{self, Cue, Publish, Supply};
use onair_engine::rate::Range;
use onair_engine::stats::Snapshot;
use onair_types::{AccessUnit, MediaTime, Now, Track};

use super::addresses::Addresses;
use super::link::{Heard, Link};
use super::lull::Lull;
use super::show::Show;
use crate::destination::Place;
use crate::statistics::{Figures, add_totals};
use crate::{DestinationId, Error, NetworkPath};

pub(super) struct Lane {
    id: DestinationId,
    addresses: Addresses,
    engine: Publish,
    link: Link,
    standing: Standing,
    /// The engine wants to be woken then.
    engine_at: Option<Now>,
    /// The stream was live, at any address, and at the present one.
    was_live: bool,
    was_live_here: bool,
    /// It was live when its address was left, and is not again.
    is_away: bool,
    last_error: Option<Error>,
    /// How long the peer of a finished broadcast may take to close.
    linger_by: Option<Now>,
    /// The system does not tell what the peer of this connection has.
    is_blind: bool,
    /// What engines before the present one counted.
    before: Snapshot,
    /// What the last report was made from.
    reported: Snapshot,
    fps: f64,
    bitrate_bps: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The engine does as it likes.
    Running,
    /// The other address is taken when this one's connection is gone.
    Leaving,
    /// The end was asked for.
    Ending,
    /// It failed.
    Failed,
}

/// How long what waits may still be written when the app stops, or the address is left.
const DRAIN: Duration = Duration::from_millis(100);
/// How long the peer of a finished broadcast may take to close.
pub(super) const LONGEST_LINGER: Duration = Duration::from_secs(5);

impl Lane {
    /// Begins to connect with `engine`, which was made for the place's first address.
    pub(super) fn start(place: Place, mut engine: Publish, show: &Show, now: Now) -> Self {
        engine.start(now);
        let plan = &show.run.plan;
        let Place { id, url, backup, backup_after } = place;
        Self {
            id,
            addresses: Addresses::new(url, backup, backup_after, plan.reconnect.budget, now),
            engine,
            link: Link::new(Arc::clone(&plan.connector)),
            standing: Standing::Running,
            engine_at: None,
            was_live: false,
            was_live_here: false,
            is_away: false,
            last_error: None,
            linger_by: None,
            is_blind: false,
            before: Snapshot::default(),
            reported: Snapshot::default(),
            fps: 0.0,
            bitrate_bps: 0,
        }
    }

    // --- in ---

    /// The device slept.
    pub(super) fn handle_sleep(&mut self, gap: Duration, now: Now) {
        self.engine.handle_sleep(gap, now);
    }

    /// The app allows other bitrates.
    pub(super) fn handle_range(&mut self, range: Range, now: Now) {
        self.engine.set_video_bitrate(range, now);
    }

    /// The way to the network changed.
    pub(super) fn handle_path(&mut self, path: NetworkPath, now: Now) {
        self.addresses.handle_path(path, now);
        self.engine.handle_path(path, now);
    }

    /// Asks the system what the peer has. First at each wake-up of a live stream: the engine judges
    /// what follows by it.
    pub(super) fn look(&mut self, show: &mut Show, now: Now) {
        if !self.link.is_open() {
            return;
        }
        if let Some(transport) = self.link.transport() {
            self.is_blind = false;
            self.engine.handle_transport(transport, now);
        } else if !std::mem::replace(&mut self.is_blind, true) {
            self.engine.handle_transport_lost(now);
            show.tell_blind();
        }
    }

    /// Timers and the network; whether anything moved.
    pub(super) fn poll_in(&mut self, cx: &mut Context<'_>, show: &mut Show, now: Now) -> bool {
        self.settle(cx, show, now);
        let due = self.engine_at.is_some_and(|at| at <= now);
        if due {
            self.engine.handle_timeout(now);
            self.settle(cx, show, now);
        }
        due | self.poll_heard(cx, show, now)
    }

    fn poll_heard(&mut self, cx: &mut Context<'_>, show: &mut Show, now: Now) -> bool {
        let Poll::Ready(heard) = self.link.poll_heard(cx) else { return false };
        match heard {
            Heard::Connected => self.engine.handle_connected(now),
            Heard::ConnectFailed(error) => self.engine.handle_connect_failed(error, now),
            Heard::Bytes(bytes) => self.engine.handle_received(bytes, now),
            Heard::Closed(closed) => self.engine.handle_closed(closed, now),
        }
        self.settle(cx, show, now);
        true
    }

    /// Whether it takes units at all, and a producer that can wait should not.
    pub(super) fn wants_units(&self) -> bool {
        self.engine.wants_units()
    }

    /// Whether a unit goes on at once: those of a file wait where they are until then.
    #[inline]
    pub(super) fn takes_units(&self) -> bool {
        self.engine.takes_units()
    }

    /// Takes what goes at once from `supply`; how many units. To be settled after.
    #[inline]
    pub(super) fn take_from(&mut self, supply: &mut impl Supply, now: Now) -> usize {
        if self.standing == Standing::Leaving { 0 } else { self.engine.take_from(supply, now) }
    }

    /// To be settled when all units that wait are in. Whether a picture is among those behind it.
    #[inline]
    pub(super) fn handle_unit(&mut self, unit: AccessUnit, picture_follows: bool, now: Now) {
        if self.standing == Standing::Leaving {
            match unit.track() {
                Track::Video => self.before.video_units_dropped += 1,
                Track::Audio => self.before.audio_units_dropped += 1,
            }
            return;
        }
        self.engine.handle_unit_of_many(unit, picture_follows, now);
    }

    pub(super) fn handle_further_unit(&mut self, id: NonZeroU8, unit: AccessUnit, now: Now) {
        if self.standing != Standing::Leaving {
            self.engine.handle_further_unit(id, unit, now);
        }
    }

    /// Whether it runs and nothing moves in it until something comes from outside.
    pub(super) fn is_calm(&self) -> bool {
        self.standing == Standing::Running && self.link.is_calm()
    }

    /// Whether it is live and waits for nothing but time and its peer, whose news end `lull`.
    pub(super) fn rests_in(&mut self, lull: &Lull) -> bool {
        self.is_calm()
            && self.engine.state() == publish::State::Live
            && self.engine.outgoing_messages() == 0
            && self.link.is_watched(lull)
    }

    /// Whether units wait here for the network.
    pub(super) fn has_units(&self) -> bool {
        self.engine.has_units()
    }

    pub(super) fn wants_cues(&self) -> bool {
        self.engine.wants_cues()
    }

    pub(super) fn handle_cue(&mut self, at: MediaTime, cue: Cue, now: Now) {
        self.engine.handle_cue(at, cue, now);
    }

    // --- the way to the end ---

    /// Ends the stream, once: goodbyes are written, and the peer has until `by` to close.
    pub(super) fn stop(&mut self, by: Now, cx: &mut Context<'_>, show: &mut Show, now: Now) {
        if matches!(self.standing, Standing::Running | Standing::Leaving) {
            self.standing = Standing::Ending;
            self.linger_by = Some(by);
            self.engine.stop(DRAIN, now);
            self.settle(cx, show, now);
        }
    }

    pub(super) fn is_stopped_or_failed(&self) -> bool {
        matches!(self.standing, Standing::Ending | Standing::Failed)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.standing == Standing::Failed
    }

    /// Everything accepted is with the socket.
    pub(super) fn is_all_sent(&self, now: Now) -> bool {
        self.engine.state() == publish::State::Live
            && self.engine.snapshot(now).queue_units == 0
            && self.engine.outgoing(&mut [IoSlice::new(&[])]) == 0
    }

    /// Nothing follows, and no socket is left.
    pub(super) fn is_over(&self) -> bool {
        self.standing != Standing::Leaving && self.is_gone()
    }

    fn is_gone(&self) -> bool {
        let ended = matches!(self.engine.state(), publish::State::Stopped | publish::State::Failed);
        ended && self.link.is_gone()
    }

    // --- statistics ---

    /// What it counted, over all its connections and addresses.
    pub(super) fn figures(&self, show: &Show, now: Now) -> Figures {
        let mut snapshot = self.engine.snapshot(now);
        add_totals(&mut snapshot, &self.before);
        Figures {
            state: show.state(&self.id),
            is_backup: self.addresses.is_backup(),
            snapshot,
            fps: self.fps,
            bitrate_bps: self.bitrate_bps,
        }
    }

    /// Once a second: rates over exactly the time since the last report.
    pub(super) fn handle_second(&mut self, show: &Show, window: Duration, now: Now) {
        let after = self.figures(show, now).snapshot;
        let before = std::mem::replace(&mut self.reported, after);
        let per_second =
            |after: u64, before: u64| after.saturating_sub(before) as f64 / window.as_secs_f64();
        self.fps = per_second(after.video_units_sent, before.video_units_sent);
        self.bitrate_bps = (per_second(after.bytes_sent, before.bytes_sent) * 8.0) as u64;
    }

    /// When it has something to do if nothing comes in until then.
    pub(super) fn deadline(&self) -> Option<Now> {
        let turn = self.addresses.deadline().filter(|_| self.standing == Standing::Running);
        [self.engine_at, self.link.closing_until(), turn].into_iter().flatten().min()
    }
}
