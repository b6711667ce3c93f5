//! The video bitrate and the in-flight gate, from acknowledgements: pure, ticked each 100 ms.
//!
//! Starts from "LAG" (`spec network` 1.3) and keeps its signal (the age of the oldest byte that
//! the server does not have) and its gate. Two things differ, since the laboratory shows them
//! better on every trace: the capacity is measured while the link is busy ([`super::capacity`]),
//! so that a raise knows where to go, and a cut comes early and small, sized so that the backlog
//! drains, instead of late and deep. Does not drop units: that is the send buffer's.

mod follow;
mod gate;
mod judge;
mod state;

use std::time::Duration;

use onair_types::Now;

use super::acknowledged::Acknowledged;
use super::capacity::{Capacity, Measured};
use super::decision::{Decision, Evidence, Reason};
use super::flight::Flight;
use super::min_rtt::MinRtt;
use super::output::Output;
use super::pace::{PaceChange, PaceReason, VideoPace};
use super::source::Source;
use super::survival::{Look, Survival};
use super::tuning::*;
use super::{Adaptation, Range, Transport};

/// Time between two looks.
pub const TICK: Duration = Duration::from_millis(100);

/// What waits above the socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes not yet given to the socket, of a unit already begun too.
    pub bytes: u64,
    /// When the oldest of them joined the queue.
    pub oldest: Option<Now>,
}

impl Backlog {
    /// Whether anything waits for the network: sound waits for its picture, too.
    fn is_stuck(self, now: Now) -> bool {
        self.bytes > 0 && self.oldest.is_none_or(|at| now.since(at) > RIDE)
    }
}

/// The controller of one publish.
#[derive(Debug)]
pub struct Controller {
    range: Range,
    adaptation: Adaptation,
    audio_bps: f64,
    target_bps: f64,
    announced_bps: u32,
    /// Why the target is what it is.
    reason: Reason,
    flight: Flight,
    capacity: Capacity,
    min_rtt: MinRtt,
    source: Source,
    /// It should have acknowledged something by now; never wait for that.
    server_is_silent: bool,
    acknowledged: Acknowledged,
    output: Output,
    survival: Survival,
    pace_change: Option<PaceChange>,
    rtt: Option<Duration>,
    /// What the link carries as of the last tick, bit/s.
    carries_bps: f64,
    /// What it carried when it was last full, and when.
    full: Option<(f64, Now)>,
    lag: Duration,
    /// The last target at which nothing was late, and until when.
    calm: Option<(f64, Now)>,
    connected_at: Now,
    looked_at: Now,
    progress_at: Now,
    progress_acked: u64,
    /// The longest time without progress of late, and when there was some again.
    dead: Option<(Duration, Now)>,
    cut_at: Option<Now>,
    raised_at: Now,
    probed_at: Option<Now>,
    /// The target before the last raise, until it has proven itself.
    unproven: Option<f64>,
    /// When the link last fell after a raise.
    fell_at: Option<Now>,
    /// When the scene was last at rest.
    rested_at: Option<Now>,
    /// When a byte last waited for others at the bottleneck.
    queued_at: Now,
    /// Ticks for which the output has been above the ceiling with nothing late.
    passed_ticks: u32,
    hold: Duration,
    hold_since: Now,
    next_tick: Now,
}

impl Controller {
    /// For a stream with `audio_bps` of audio; begins at the range's start.
    pub fn new(range: Range, adaptation: Adaptation, audio_bps: u32) -> Self {
        let target_bps = f64::from(follow::start_bps(adaptation, range));
        Self {
            range,
            adaptation,
            audio_bps: f64::from(audio_bps) * AUDIO_OVERHEAD,
            target_bps,
            announced_bps: range.start_bps(),
            reason: Reason::Connection,
            flight: Flight::new(),
            capacity: Capacity::new(),
            min_rtt: MinRtt::default(),
            source: Source::None,
            server_is_silent: false,
            acknowledged: Acknowledged::default(),
            output: Output::default(),
            survival: Survival::new(Now::ZERO),
            pace_change: None,
            rtt: None,
            carries_bps: target_bps,
            full: None,
            lag: Duration::ZERO,
            calm: None,
            connected_at: Now::ZERO,
            looked_at: Now::ZERO,
            progress_at: Now::ZERO,
            progress_acked: 0,
            dead: None,
            cut_at: None,
            raised_at: Now::ZERO,
            probed_at: None,
            unproven: None,
            fell_at: None,
            rested_at: None,
            queued_at: Now::ZERO,
            passed_ticks: 0,
            hold: HOLD_MIN,
            hold_since: Now::ZERO,
            next_tick: Now::ZERO,
        }
    }

    /// How long the link needs for `bytes`; zero when nobody tells.
    pub fn transit(&self, bytes: usize) -> Duration {
        if self.source == Source::None {
            return Duration::ZERO;
        }
        let bps = self.carries_bps.max(f64::from(self.range.min_bps())).max(1.0);
        Duration::from_secs_f64(bytes as f64 * 8.0 / bps)
    }

    /// For how long the link carried nothing, now or lately.
    pub fn dead_time(&self) -> Duration {
        self.dead.map_or(Duration::ZERO, |(time, _)| time)
    }

    /// Whether there is anything to decide.
    pub fn adapts(&self) -> bool {
        self.adaptation == Adaptation::Lag && self.range.min_bps() < self.range.max_bps()
    }

    /// The encoder's present target, bit/s.
    pub fn target_bps(&self) -> u32 {
        self.target_bps as u32
    }

    /// When [`Controller::handle_tick`] wants to be called next.
    pub fn next_tick(&self) -> Now {
        self.next_tick
    }

    /// Which pictures are worth encoding.
    pub fn pace(&self) -> VideoPace {
        self.survival.pace()
    }

    /// The last change of the pace.
    pub fn pace_change(&self) -> Option<PaceChange> {
        self.pace_change
    }

    /// Age of the oldest byte that the server did not have at the last tick, less the idle path's
    /// round trip.
    pub fn lag(&self) -> Duration {
        self.lag
    }

    /// Bytes written on this connection that the server is not known to have.
    pub fn unacked_bytes(&self) -> u64 {
        self.flight.unacked()
    }

    /// Whether [`Controller::handle_tick`] has anything to find out.
    pub fn wants_ticks(&self) -> bool {
        let is_settled = self.within_range(f64::from(self.announced_bps)) as u32
            == self.announced_bps
            && self.target_bps() == self.announced_bps;
        self.adapts() || self.follows() || self.source != Source::None || !is_settled
    }

    /// A connection stands, with nothing written yet. What it begins with is decided here, so that
    /// its first IDR is no larger than that allows.
    pub fn handle_connected(&mut self, now: Now) -> Option<Decision> {
        self.connected_at = now;
        self.flight.clear();
        self.capacity.clear();
        (self.min_rtt, self.source) = (MinRtt::default(), Source::None);
        self.server_is_silent = false;
        self.begin_whole(now);
        self.acknowledged = Acknowledged::default();
        (self.cut_at, self.probed_at, self.hold) = (Some(now), None, HOLD_MIN);
        (self.fell_at, self.queued_at, self.dead) = (None, now, None);
        (self.lag, self.progress_at, self.progress_acked) = (Duration::ZERO, now, 0);
        (self.raised_at, self.hold_since, self.next_tick) = (now, now, now);
        if let Some((calm_bps, at)) = self.calm.filter(|_| self.adapts()) {
            let is_fresh = now.since(at) < RESUME_MEMORY;
            let start = f64::from(self.range.start_bps());
            let resumed = if is_fresh { RESUME * calm_bps } else { start };
            self.target_bps = self.within_range(resumed);
            self.full = self.full.filter(|_| is_fresh);
        }
        self.carries_bps = self.target_bps + self.audio_bps;
        self.reason = Reason::Connection;
        self.announce(Backlog::default())
    }

    /// An encoder made a picture of `bytes`.
    pub fn handle_picture(&mut self, bytes: usize) {
        self.output.handle_picture(bytes);
    }

    /// A unit that joined the queue at `queued_at` was serialised and ends at the connection's
    /// byte `end`.
    pub fn handle_unit(&mut self, end: u64, queued_at: Now) {
        self.flight.handle_unit(end, queued_at);
    }

    /// The socket took `written` bytes since the connection began.
    pub fn handle_written(&mut self, written: u64, now: Now) {
        self.flight.handle_written(written);
        self.capacity.handle_written(written, now);
    }

    /// What the system says of the connection.
    pub fn handle_transport(&mut self, transport: Transport, now: Now) {
        self.source = Source::System;
        self.rtt = Some(transport.rtt);
        self.min_rtt.handle(transport.rtt, now);
        self.handle_acked(self.flight.written().saturating_sub(transport.unacked_bytes), now);
    }

    /// The system does not tell any more: the server must.
    pub fn handle_transport_lost(&mut self) {
        self.source = self.source.without_system(self.acknowledged.total() > 0);
    }

    /// The server's RTMP Acknowledgement with this number: the only source where the system tells
    /// nothing.
    pub fn handle_acknowledgement(&mut self, number: u32, now: Now) {
        let Some(step) = self.acknowledged.handle(number, self.flight.written()) else { return };
        if self.source != Source::System {
            (self.source, self.server_is_silent) = (Source::Server { step }, false);
            self.handle_acked(self.acknowledged.total(), now);
        }
    }

    fn handle_acked(&mut self, acked: u64, now: Now) {
        self.looked_at = now;
        self.flight.handle_acked(acked);
        let (acked, written) = (self.flight.acked(), self.flight.written());
        self.capacity.handle_report(acked, written, self.min_rtt.get(), now);
        if self.is_cut_urgent(now) {
            self.next_tick = self.next_tick.min(now);
        }
    }

    /// Looks, and decides. Call it when [`Controller::next_tick`] has come, just after a fresh
    /// [`Controller::handle_transport`].
    pub fn handle_tick(&mut self, backlog: Backlog, now: Now) -> Option<Decision> {
        if now < self.next_tick {
            return None;
        }
        self.next_tick = now + TICK;
        self.doubt(now);
        if self.source == Source::None {
            // Nobody tells: what the socket took has arrived, as far as anyone knows.
            self.handle_acked(self.flight.written(), now);
        }
        let oldest = self.flight.oldest(self.source.hidden_bytes()).or(backlog.oldest);
        self.lag = self.lag_of(oldest, now);
        self.output.handle_tick(self.survival.part() * self.target_bps);
        if self.output.is_at_rest() {
            self.rested_at = Some(now);
            // Nothing is learned of the link meanwhile, and nothing forgotten.
            self.full = self.full.map(|(bps, at)| (bps, at + TICK));
        }
        let measured = self.measure(now);
        self.watch_progress(backlog, now);

        if self.lag < CALM_LAG {
            self.calm = Some((self.target_bps, now));
        }
        self.doubt_ceiling(measured, now);
        self.decide(measured, backlog, now);
        self.survive(measured, backlog, now);
        self.announce(backlog)
    }

    fn lag_of(&self, oldest: Option<Now>, now: Now) -> Duration {
        oldest.map_or(Duration::ZERO, |at| now.since(at).saturating_sub(self.min_rtt.get()))
    }

    /// A new connection may be a better one.
    fn begin_whole(&mut self, now: Now) {
        let (from, to) = (self.survival.pace(), VideoPace::Full);
        if from != to {
            let (reason, evidence) = (PaceReason::Connection, self.evidence(Backlog::default()));
            self.pace_change = Some(PaceChange { from, to, reason, evidence });
        }
        (self.survival, self.rtt) = (Survival::new(now), None);
    }

    fn decide(&mut self, measured: Option<Measured>, backlog: Backlog, now: Now) {
        let within = self.within_range(self.target_bps);
        if within != self.target_bps {
            (self.target_bps, self.reason) = (within, Reason::Range);
        } else if self.adapts()
            && let Some((wanted, reason)) = self.judge(measured, backlog, now)
        {
            (self.target_bps, self.reason) = (self.within_range(wanted), reason);
        }
    }

    /// Fewer pictures where even the lowest bitrate does not fit.
    fn survive(&mut self, measured: Option<Measured>, backlog: Backlog, now: Now) {
        if !self.adapts() {
            return;
        }
        let floor_bps = f64::from(self.range.min_bps());
        let look = Look {
            lag: self.lag,
            at_floor: self.target_bps <= floor_bps,
            progresses: now.since(self.progress_at) < STALL,
            carries_bps: measured.map(|measured| measured.bps),
            audio_bps: self.audio_bps,
            floor_bps,
            queueing: self.rtt.map(|rtt| rtt.saturating_sub(self.min_rtt.get())),
        };
        let from = self.survival.pace();
        if let Some((to, reason)) = self.survival.handle_tick(look, now) {
            let evidence = self.evidence(backlog);
            self.pace_change = Some(PaceChange { from, to, reason, evidence });
        }
    }

    fn announce(&mut self, backlog: Backlog) -> Option<Decision> {
        let (from_bps, to_bps) = (self.announced_bps, self.target_bps());
        self.announced_bps = to_bps;
        (from_bps != to_bps).then(|| Decision {
            from_bps,
            to_bps,
            reason: self.reason,
            evidence: self.evidence(backlog),
        })
    }

    fn within_range(&self, bps: f64) -> f64 {
        bps.clamp(f64::from(self.range.min_bps()), f64::from(self.range.max_bps()))
    }

    /// The app allows other bitrates from the next tick on.
    pub fn set_range(&mut self, range: Range) {
        self.range = range;
    }

    fn evidence(&self, backlog: Backlog) -> Evidence {
        Evidence {
            lag: self.lag,
            capacity_bps: self.carries_bps as u32,
            produced_bps: self.output.bps() as u32,
            queued_bytes: backlog.bytes,
            unacked_bytes: self.flight.unacked(),
            min_rtt: self.min_rtt.get(),
        }
    }
}

#[cfg(test)]
#[path = "controller_test.rs"]
mod tests;
