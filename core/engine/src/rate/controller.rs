//! The video bitrate and the in-flight gate, from acknowledgements: pure, ticked each 100 ms.
//!
//! Starts from "LAG" (`spec network` 1.3) and keeps its signal (the age of the oldest byte that
//! the server does not have) and its gate. Two things differ, since the laboratory shows them
//! better on every trace: the capacity is measured while the link is busy ([`super::capacity`]),
//! so that a raise knows where to go, and a cut comes early and small, sized so that the backlog
//! drains, instead of late and deep. Does not drop units: that is the send buffer's.

use std::time::Duration;

use onair_types::Now;

use super::acknowledged::Acknowledged;
use super::capacity::{Capacity, Measured};
use super::decision::{Decision, Evidence, Reason};
use super::flight::Flight;
use super::min_rtt::MinRtt;
use super::output::Output;
use super::source::Source;
use super::{Adaptation, Range, Transport};

/// Time between two looks.
pub const TICK: Duration = Duration::from_millis(100);

/// The capacity is taken over this much time …
const WINDOW: Duration = Duration::from_millis(800);
/// … or, when little of it was busy, over this.
const LONG_WINDOW: Duration = Duration::from_millis(2_200);
/// Busy time below which a measurement says nothing.
const MIN_BUSY: Duration = Duration::from_millis(150);

/// Lag above which the rate may be cut.
const CUT_LAG: Duration = Duration::from_millis(250);
/// Part of the capacity that a cut aims at.
const CUT_KEEP: f64 = 0.92;
/// What waits beyond [`STANDING`] is to drain in this time.
const DRAIN: f64 = 1.5;
/// Delay that needs no draining: an IDR on its way.
const STANDING: f64 = 0.08;
/// No cut goes below this part of the capacity for the sake of draining.
const CUT_LEAST: f64 = 0.45;
/// A cut smaller than this is not worth a command.
const CUT_STEP: f64 = 0.93;
/// Time between two cuts.
const CUT_SPACING: Duration = Duration::from_millis(300);
/// A cut is a sign of probing too high, not of a falling link, when the capacity still is this
/// part of the rate.
const MILD: f64 = 0.75;

/// Without any acknowledgement for this long the link is taken for dead.
const STALL: Duration = Duration::from_millis(500);

/// Lag below which the rate may be raised.
const CALM_LAG: Duration = Duration::from_millis(110);
/// Time after a cut before the first raise.
const RAISE_AFTER_CUT: Duration = Duration::from_millis(800);
/// Time between two raises towards what the link was seen to carry.
const RAISE_SPACING: Duration = Duration::from_millis(500);
/// Part of the measured capacity that is used at once.
const RAISE_KEEP: f64 = 0.95;
/// Most that one raise multiplies.
const RAISE_MOST: f64 = 2.0;
/// A raise smaller than this is not worth a command.
const RAISE_STEP: f64 = 1.13;

/// While the stream lags the link is full and this much time measures it well; the figure is
/// believed for a while after, and remembered as a ceiling for longer.
const FULL_WINDOW: Duration = Duration::from_millis(400);
const FULL_BUSY: Duration = Duration::from_millis(250);
const FULL_KEEP: f64 = 0.9;
const FULL_TRUST: Duration = Duration::from_secs(4);
const FULL_MEMORY: Duration = Duration::from_secs(20);
/// Below this part of the ceiling, or without one, steps are large.
const FAR: f64 = 0.7;
const FAR_SPACING: Duration = Duration::from_millis(500);
const FAR_PROBE: f64 = 1.4;

/// Time between two probes beyond the measured capacity, and their size.
const PROBE_SPACING: Duration = Duration::from_millis(1_500);
const PROBE: f64 = 1.16;
/// How long a failed probe keeps the next one away: at first, and at most.
const HOLD_MIN: Duration = Duration::from_secs(1);
const HOLD_MAX: Duration = Duration::from_secs(8);
/// A cut this soon after a probe is the probe's fault.
const PROBE_BLAME: Duration = Duration::from_millis(2_500);
/// Time without a cut after which the hold is halved.
const HOLD_DECAY: Duration = Duration::from_secs(12);

/// The gate: bytes in flight never need to exceed this many …
const GATE_MIN_BYTES: f64 = 14_000.0;
/// … or this part of what the link carries in a round trip and [`GATE_SLACK`].
const GATE_FACTOR: f64 = 1.25;
const GATE_SLACK: f64 = 0.07;
/// Lag above which the gate believes the measurement even if it is below the target.
const GATE_LAG: Duration = Duration::from_millis(150);

/// Time between two looks at what the peer has: while the gate holds bytes back, and otherwise.
const HELD_BACK_SPACING: Duration = Duration::from_millis(10);
const OUT_SPACING: Duration = Duration::from_millis(20);

/// Without an acknowledgement for this long a server's word holds nothing back …
const SILENCE: Duration = Duration::from_secs(1);
/// … and after this many bytes more it is not asked again.
const DISBELIEF_BYTES: u64 = 512 << 10;

/// Part of the last good rate with which a new connection begins, and for how long it is good.
const RESUME: f64 = 0.5;
const RESUME_MEMORY: Duration = Duration::from_secs(60);

/// What audio takes of the link with its tags and packets, part of its bitrate.
const AUDIO_OVERHEAD: f64 = 1.05;
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
    looked_at: Now,
    progress_at: Now,
    progress_acked: u64,
    cut_at: Option<Now>,
    raised_at: Now,
    probed_at: Option<Now>,
    hold: Duration,
    hold_since: Now,
    next_tick: Now,
}

impl Controller {
    /// For a stream with `audio_bps` of audio; begins at the range's start.
    pub fn new(range: Range, adaptation: Adaptation, audio_bps: u32) -> Self {
        let target_bps = f64::from(range.start_bps());
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
            looked_at: Now::ZERO,
            progress_at: Now::ZERO,
            progress_acked: 0,
            cut_at: None,
            raised_at: Now::ZERO,
            probed_at: None,
            hold: HOLD_MIN,
            hold_since: Now::ZERO,
            next_tick: Now::ZERO,
        }
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
        self.adapts() || self.source != Source::None
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
        self.flight.clear();
        self.capacity.clear();
        (self.min_rtt, self.source) = (MinRtt::default(), Source::None);
        self.server_is_silent = false;
        self.acknowledged = Acknowledged::default();
        (self.cut_at, self.probed_at, self.hold) = (None, None, HOLD_MIN);
        (self.lag, self.progress_at, self.progress_acked) = (Duration::ZERO, now, 0);
        (self.raised_at, self.hold_since, self.next_tick) = (now, now, now);
        if let Some((calm_bps, at)) = self.calm {
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
        if self.lag < CALM_LAG && self.target_bps < f64::from(self.range.max_bps()) {
            return self.raise(measured, now);
        }
        None
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
        } else if self.probed_at.is_some_and(|at| now.since(at) < PROBE_BLAME) {
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
        let full = |age| self.full.filter(|(_, at)| now.since(*at) < age).map(|(bps, _)| bps);
        let trusted = full(FULL_TRUST).map_or(0.0, |bps| FULL_KEEP * bps);
        let known = measured.map_or(0.0, |m| RAISE_KEEP * m.bps).max(trusted) - self.audio_bps;
        let known = known.min(self.target_bps * RAISE_MOST).min(limit);
        if self.is_worth_it(known) {
            self.raised_at = now;
            return Some((known, Reason::Headroom));
        }
        let far = full(FULL_MEMORY).is_none_or(|ceiling| self.target_bps < FAR * ceiling);
        let (spacing, step) = if far { (FAR_SPACING, FAR_PROBE) } else { (PROBE_SPACING, PROBE) };
        if since_raise < spacing || since_cut < self.hold {
            return None;
        }
        let probe = (self.target_bps * step).min(limit);
        if !self.is_worth_it(probe) {
            return None;
        }
        (self.raised_at, self.probed_at) = (now, Some(now));
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
