//! The video bitrate and the in-flight gate, from acknowledgements: pure, ticked each 100 ms.
//!
//! Starts from "LAG" (`spec network` 1.3) and keeps its signal (the age of the oldest byte that
//! the server does not have) and its gate. Two things differ, since the laboratory shows them
//! better on every trace: the capacity is measured while the link is busy ([`super::capacity`]),
//! so that a raise knows where to go, and a cut comes early and small, sized so that the backlog
//! drains, instead of late and deep. Does not drop units: that is the send buffer's.

mod follow;
mod state;

use std::time::Duration;

use onair_types::Now;

use super::acknowledged::Acknowledged;
use super::capacity::{Capacity, Measured};
use super::decision::{Decision, Evidence, Reason};
use super::flight::Flight;
use super::min_rtt::MinRtt;
use super::output::Output;
use super::source::Source;
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
    cut_at: Option<Now>,
    raised_at: Now,
    /// The last probe: when, and the target before it.
    probe: Option<(Now, f64)>,
    /// When the link last fell after a raise.
    fell_at: Option<Now>,
    /// The middle between what it fell from and to, and when, if it fell often.
    flapping: Option<(f64, Now)>,
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
            carries_bps: target_bps,
            full: None,
            lag: Duration::ZERO,
            calm: None,
            connected_at: Now::ZERO,
            looked_at: Now::ZERO,
            progress_at: Now::ZERO,
            progress_acked: 0,
            cut_at: None,
            raised_at: Now::ZERO,
            probe: None,
            fell_at: None,
            flapping: None,
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

    /// Bytes that may be given to the socket now.
    pub fn allowance_bytes(&self) -> u64 {
        if self.source == Source::None || self.server_is_silent {
            return u64::MAX;
        }
        let round = self.min_rtt.get().as_secs_f64() + GATE_SLACK;
        let limit = (GATE_FACTOR * self.gate_bps() / 8.0 * round).max(GATE_MIN_BYTES);
        (limit as u64 + self.source.hidden_bytes()).saturating_sub(self.flight.unacked())
    }

    /// When to look again at what the peer has, if the system can tell: soon while
    /// `is_held_back` (the gate keeps bytes from the socket), and while bytes are out.
    pub fn next_report(&self, is_held_back: bool) -> Option<Now> {
        let spacing = match self.source {
            Source::System if is_held_back => HELD_BACK_SPACING,
            Source::System if self.flight.unacked() > 0 => OUT_SPACING,
            _ => return None,
        };
        Some(self.looked_at + spacing)
    }

    /// Nobody looked although [`Controller::next_report`] came; ask again later.
    pub fn skip_report(&mut self, now: Now) {
        self.looked_at = now;
    }

    /// A connection stands, with nothing written yet.
    pub fn handle_connected(&mut self, now: Now) {
        self.connected_at = now;
        self.flight.clear();
        self.capacity.clear();
        (self.min_rtt, self.source) = (MinRtt::default(), Source::None);
        self.server_is_silent = false;
        self.acknowledged = Acknowledged::default();
        (self.cut_at, self.probe, self.hold) = (Some(now), None, HOLD_MIN);
        (self.fell_at, self.flapping) = (None, None);
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
        self.lag =
            oldest.map_or(Duration::ZERO, |at| now.since(at).saturating_sub(self.min_rtt.get()));
        self.output.handle_tick(self.target_bps);
        let measured = self.measure(now);

        if self.lag < CALM_LAG {
            self.calm = Some((self.target_bps, now));
        }
        self.doubt_ceiling(measured, now);
        self.decide(measured, backlog, now);
        self.announce(backlog)
    }

    /// A server that acknowledged once may stop to, and nothing must wait for that: first the gate
    /// opens; when the socket then takes more and more, its silence means nothing any more.
    fn doubt(&mut self, now: Now) {
        if let Source::Server { .. } = self.source {
            self.server_is_silent = now.since(self.looked_at) > SILENCE;
            if self.server_is_silent && self.flight.unacked() > DISBELIEF_BYTES {
                (self.source, self.progress_at) = (Source::None, now);
            }
        }
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

    /// The wanted target and why; `None` to stay.
    fn judge(
        &mut self,
        measured: Option<Measured>,
        backlog: Backlog,
        now: Now,
    ) -> Option<(f64, Reason)> {
        let out = self.flight.unacked().saturating_sub(self.source.hidden_bytes());
        let outstanding = out + backlog.bytes;
        if self.flight.acked() != self.progress_acked || outstanding == 0 {
            (self.progress_at, self.progress_acked) = (now, self.flight.acked());
        }
        if now.since(self.progress_at) > STALL {
            self.cut_at = Some(now);
            self.hold = HOLD_MIN;
            return Some((f64::from(self.range.min_bps()), Reason::Stall));
        }
        if self.lag > CUT_LAG {
            return self.cut(outstanding, now).map(|wanted| (wanted, Reason::Congestion));
        }
        if let Some(before_bps) = self.take_unproven_probe(now) {
            return Some((before_bps, Reason::Probe));
        }
        if self.lag < CALM_LAG && self.target_bps < f64::from(self.range.max_bps()) {
            return self.raise(measured, now);
        }
        None
    }

    /// Where raises end while the link flaps.
    fn flapping_middle(&self, now: Now) -> Option<f64> {
        self.flapping.filter(|(_, at)| now.since(*at) < FLAPPING).map(|(middle, _)| middle)
    }

    /// Forgets a ceiling that the output stays above without delay.
    fn doubt_ceiling(&mut self, measured: Option<Measured>, now: Now) {
        let output_bps = self.output.bps() + self.audio_bps;
        let passes = self.full.is_some_and(|(bps, _)| output_bps > CEILING_PASSED * bps);
        self.passed_ticks = if passes && self.lag < CALM_LAG { self.passed_ticks + 1 } else { 0 };
        let surpasses = |(bps, _): (f64, Now)| {
            self.flapping_middle(now).is_none()
                && self.lag < CALM_LAG
                && measured.is_some_and(|m| m.bps > CEILING_SURPASSED * bps)
        };
        if self.passed_ticks >= CEILING_TICKS || self.full.is_some_and(surpasses) {
            (self.full, self.hold) = (None, HOLD_MIN);
        }
    }

    /// The target before a probe that a static scene has cut short: it proves nothing now.
    fn take_unproven_probe(&mut self, now: Now) -> Option<f64> {
        self.output.limit_bps()?;
        let (_, before_bps) = self.probe.take_if(|(at, _)| now.since(*at) < PROBE_BLAME)?;
        Some(before_bps.min(self.target_bps))
    }

    /// A lower target when the present one would not let the backlog drain.
    fn cut(&mut self, outstanding: u64, now: Now) -> Option<f64> {
        if self.cut_at.is_some_and(|at| now.since(at) < CUT_SPACING) {
            return None;
        }
        let carries = self.carries_bps;
        let standing = carries * (self.min_rtt.get().as_secs_f64() + STANDING);
        let excess = (outstanding as f64 * 8.0 - standing).max(0.0);
        let wanted =
            (CUT_KEEP * carries - excess / DRAIN).max(CUT_LEAST * carries) - self.audio_bps;
        if wanted > CUT_STEP * self.target_bps {
            return None;
        }
        let mild = carries - self.audio_bps >= MILD * self.target_bps;
        if !mild {
            self.hold = HOLD_MIN;
            if self.cut_at.is_none_or(|at| at < self.raised_at) {
                let often = self.fell_at.is_some_and(|at| now.since(at) < FLAPPING);
                let middle = (self.target_bps * wanted.max(1.0)).sqrt();
                self.flapping = often.then_some((middle, now)).or(self.flapping);
                self.fell_at = Some(now);
            }
        } else if self.probe.is_some_and(|(at, _)| now.since(at) < PROBE_BLAME) {
            self.hold = (self.hold * 2).min(HOLD_MAX);
        }
        (self.cut_at, self.hold_since) = (Some(now), now);
        Some(wanted)
    }

    /// A higher target: at once to what the link was seen to carry, beyond it step by step.
    fn raise(&mut self, measured: Option<Measured>, now: Now) -> Option<(f64, Reason)> {
        let since_cut = self.cut_at.map_or(Duration::MAX, |at| now.since(at));
        let since_raise = now.since(self.raised_at);
        if now.since(self.hold_since) > HOLD_DECAY {
            (self.hold, self.hold_since) = ((self.hold / 2).max(HOLD_MIN), now);
        }
        if since_cut < RAISE_AFTER_CUT || since_raise < RAISE_SPACING {
            return None;
        }
        let most = f64::from(self.range.max_bps());
        let limit = self.output.limit_bps().unwrap_or(most);
        let limit = self.flapping_middle(now).map_or(limit, |middle| limit.min(middle));
        let full = |age| self.full.filter(|(_, at)| now.since(*at) < age).map(|(bps, _)| bps);
        let trusted = full(FULL_TRUST).map_or(0.0, |bps| FULL_KEEP * bps);
        let known = measured.map_or(0.0, |m| RAISE_KEEP * m.bps).max(trusted) - self.audio_bps;
        let known = known.min(self.target_bps * RAISE_MOST).min(limit);
        if self.is_worth_it(known) {
            self.raised_at = now;
            return Some((known, Reason::Headroom));
        }
        let is_new = now.since(self.connected_at) < NEW_CONNECTION;
        let far = full(FULL_MEMORY).is_none_or(|ceiling| self.target_bps < FAR * ceiling);
        let (spacing, step) = if is_new {
            (FAR_SPACING, PROBE)
        } else if far {
            (FAR_SPACING, FAR_PROBE)
        } else {
            (PROBE_SPACING, PROBE)
        };
        if since_raise < spacing || since_cut < self.hold {
            return None;
        }
        let probe = (self.target_bps * step).min(limit);
        if !self.is_worth_it(probe) {
            return None;
        }
        (self.raised_at, self.probe) = (now, Some((now, self.target_bps)));
        Some((probe, Reason::Probe))
    }

    fn is_worth_it(&self, wanted: f64) -> bool {
        let at_the_top = wanted >= f64::from(self.range.max_bps()) && wanted > self.target_bps;
        at_the_top || wanted >= RAISE_STEP * self.target_bps
    }

    /// Keeps [`Self::carries_bps`] and returns a measurement that is worth its name.
    fn measure(&mut self, now: Now) -> Option<Measured> {
        let enough = |window| self.capacity.over(window, now).filter(|m| m.busy >= MIN_BUSY);
        let recent = enough(WINDOW);
        if self.lag > CALM_LAG
            && let Some(full) = self.capacity.over(FULL_WINDOW, now).filter(|m| m.busy >= FULL_BUSY)
        {
            self.full = Some((full.bps, now));
        }
        let measured = recent.or_else(|| enough(LONG_WINDOW));
        let at_least = self.target_bps + self.audio_bps;
        self.carries_bps = match (recent, measured) {
            (Some(recent), _) => recent.bps,
            (None, Some(measured)) => measured.bps.max(at_least),
            (None, None) => self.carries_bps.max(at_least),
        };
        measured
    }

    fn gate_bps(&self) -> f64 {
        if self.lag > GATE_LAG {
            self.carries_bps.max(f64::from(self.range.min_bps()))
        } else {
            self.carries_bps.max(self.target_bps + self.audio_bps)
        }
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
