//! From what is measured to the wanted target (`spec network` 1.3.3–1.3.6): cuts sized so that the
//! backlog drains, raises towards what the link was seen to carry, and probes beyond it.

use std::time::Duration;

use onair_types::Now;

use super::{Backlog, Controller};
use crate::rate::capacity::Measured;
use crate::rate::decision::Reason;
use crate::rate::pace::VideoPace;
use crate::rate::tuning::*;

impl Controller {
    /// The wanted target and why; `None` to stay.
    pub(super) fn judge(
        &mut self,
        measured: Option<Measured>,
        backlog: Backlog,
        now: Now,
    ) -> Option<(f64, Reason)> {
        if now.since(self.progress_at) > STALL {
            self.cut_at = Some(now);
            self.hold = HOLD_MIN;
            return Some((f64::from(self.range.min_bps()), Reason::Stall));
        }
        if self.lag > CUT_LAG || (self.lag > EARLY_LAG && self.deep_fall(now).is_some()) {
            return self
                .cut(self.outstanding(backlog), now)
                .map(|wanted| (wanted, Reason::Congestion));
        }
        if let Some(before_bps) = self.take_unproven(now) {
            return Some((before_bps, Reason::Static));
        }
        let is_whole = self.survival.pace() == VideoPace::Full;
        if is_whole && self.lag < CALM_LAG && self.target_bps < f64::from(self.range.max_bps()) {
            return self.raise(measured, now);
        }
        None
    }

    /// Bytes that the server does not have, as far as anyone can tell.
    fn outstanding(&self, backlog: Backlog) -> u64 {
        self.flight.unacked().saturating_sub(self.source.hidden_bytes()) + backlog.bytes
    }

    /// Notes when something arrived, and for how long nothing did.
    pub(super) fn watch_progress(&mut self, backlog: Backlog, now: Now) {
        let stood = now.since(self.progress_at);
        if stood > DEAD {
            let longest = self.dead.map_or(stood, |(before, _)| before.max(stood));
            self.dead = Some((longest, now));
        }
        self.dead = self.dead.filter(|(_, at)| now.since(*at) <= DEAD_MEMORY);
        let is_owed = self.outstanding(Backlog::default()) > 0 || backlog.is_stuck(now);
        if self.flight.acked() != self.progress_acked || !is_owed {
            (self.progress_at, self.progress_acked) = (now, self.flight.acked());
        }
    }

    /// Forgets a ceiling that the output stays above without delay.
    pub(super) fn doubt_ceiling(&mut self, measured: Option<Measured>, now: Now) {
        let output_bps = self.output.bps() + self.audio_bps;
        let passes = self.full.is_some_and(|(bps, _)| output_bps > CEILING_PASSED * bps);
        self.passed_ticks = if passes && self.lag < CALM_LAG { self.passed_ticks + 1 } else { 0 };
        let surpasses = |(bps, _): (f64, Now)| {
            self.lag < CALM_LAG && measured.is_some_and(|m| m.bps > CEILING_SURPASSED * bps)
        };
        if self.lag > IDLE_LAG || self.output.limit_bps().is_some() {
            self.queued_at = now;
        }
        let is_idle = now.since(self.queued_at) > IDLE;
        if is_idle {
            self.fell_at = None;
        }
        if self.is_waking(now) {
            return;
        }
        if is_idle || self.passed_ticks >= CEILING_TICKS || self.full.is_some_and(surpasses) {
            (self.full, self.hold) = (None, HOLD_MIN);
        }
    }

    /// The target before a raise that a static scene has cut short: it proves nothing now.
    fn take_unproven(&mut self, now: Now) -> Option<f64> {
        if now.since(self.raised_at) > PROBE_BLAME {
            self.unproven = None;
        }
        let made_bps = self.output.bps();
        let before_bps = self.unproven.take_if(|before_bps| made_bps < STATIC * *before_bps)?;
        Some(before_bps.min(self.target_bps))
    }

    /// Whether the scene has only just begun to move again, or does not move at all.
    fn is_waking(&self, now: Now) -> bool {
        self.rested_at.is_some_and(|at| now.since(at) < WAKING)
    }

    /// Whether the next tick would come too late: each moment at the old rate is one of delay.
    pub(super) fn is_cut_urgent(&self, now: Now) -> bool {
        let oldest = self.flight.oldest(self.source.hidden_bytes());
        self.adapts()
            && self.may_cut(now)
            && self.lag_of(oldest, now) > EARLY_LAG
            && self.deep_fall(now).is_some()
    }

    /// What the link carries, when the last moments show far less than what is made for it.
    fn deep_fall(&self, now: Now) -> Option<Measured> {
        let most = EARLY_DEEP * (self.target_bps + self.audio_bps);
        let lately = self.capacity.over(EARLY_WINDOW, now)?;
        Some(lately).filter(|lately| lately.busy >= EARLY_BUSY && lately.bps < most)
    }

    /// TCP itself needs a moment to follow a scene that wakes; that says nothing of the link.
    fn may_cut(&self, now: Now) -> bool {
        let spacing = if self.is_waking(now) { WAKING } else { CUT_SPACING };
        self.cut_at.is_none_or(|at| now.since(at) >= spacing)
    }

    /// A lower target when the present one would not let the backlog drain.
    fn cut(&mut self, outstanding: u64, now: Now) -> Option<f64> {
        if !self.may_cut(now) {
            return None;
        }
        let wakes = self.is_waking(now);
        let lately = || self.capacity.over(CUT_WINDOW, now).filter(|m| m.busy >= CUT_BUSY);
        let lately = self.deep_fall(now).or_else(lately);
        let carries = lately.map_or(self.carries_bps, |m| m.bps.min(self.carries_bps));
        let standing = carries * (self.min_rtt.get().as_secs_f64() + STANDING);
        let excess = (outstanding as f64 * 8.0 - standing).max(0.0);
        let mild = carries - self.audio_bps >= MILD * self.target_bps;
        let wanted =
            (CUT_KEEP * carries - excess / DRAIN).max(CUT_LEAST * carries) - self.audio_bps;
        let wanted = if mild || wakes { wanted.max(CUT_MILD * self.target_bps) } else { wanted };
        if wanted > CUT_STEP * self.target_bps {
            return None;
        }
        if !mild {
            self.hold = HOLD_MIN;
            if self.cut_at.is_none_or(|at| at < self.raised_at) {
                self.fell_at = Some(now);
            }
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
        if since_cut < RAISE_AFTER_CUT || since_raise < RAISE_SPACING || self.is_waking(now) {
            return None;
        }
        let most = f64::from(self.range.max_bps());
        let limit = self.output.limit_bps().unwrap_or(most);
        let full = |age| self.full.filter(|(_, at)| now.since(*at) < age).map(|(bps, _)| bps);
        let trusted = full(FULL_TRUST).map_or(0.0, |bps| FULL_KEEP * bps);
        let known = measured.map_or(0.0, |m| RAISE_KEEP * m.bps).max(trusted) - self.audio_bps;
        let known = known.min(self.target_bps * RAISE_MOST).min(limit);
        if self.is_worth_it(known) {
            (self.raised_at, self.unproven) = (now, Some(self.target_bps));
            return Some((known, Reason::Headroom));
        }
        let is_new = now.since(self.connected_at) < NEW;
        let far = full(FULL_MEMORY).is_none_or(|ceiling| self.target_bps < FAR * ceiling);
        let is_wary = self.fell_at.is_some_and(|at| now.since(at) < WARY);
        let (spacing, step) = if is_new || (far && is_wary) {
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
        (self.raised_at, self.probed_at, self.unproven) = (now, Some(now), Some(self.target_bps));
        Some((probe, Reason::Probe))
    }

    fn is_worth_it(&self, wanted: f64) -> bool {
        let at_the_top = wanted >= f64::from(self.range.max_bps()) && wanted > self.target_bps;
        at_the_top || wanted >= RAISE_STEP * self.target_bps
    }

    /// Keeps [`Self::carries_bps`] and returns a measurement that is worth its name.
    pub(super) fn measure(&mut self, now: Now) -> Option<Measured> {
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
}
