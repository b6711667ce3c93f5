//! What remains of the pictures when even the lowest bitrate does not fit (`spec network` 1.3.7):
//! every second one, then none, so that sound goes on. And the way back.
//!
//! ```text
//!  Full ──floor does not fit 1 s──▸ Half ──still not 1.5 s──▸ None
//!   ▴                                │ ▴                       │
//!   └───────── calm, patience ───────┘ └── calm, patience ─────┘
//! ```
//!
//! Sound alone tells little of what the link carries, so the way back is a trial. A trial that fails
//! doubles the patience; a round trip as short as the path's own, or a measured capacity, ends it:
//! on a slow link even sound has to wait for itself.

use std::time::Duration;

use onair_types::Now;

use super::pace::{PaceReason, VideoPace};
use crate::record::state;

/// What a tick saw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) lag: Duration,
    /// The video target is the lowest one.
    pub(super) at_floor: bool,
    /// Something was acknowledged lately: a link that is dead is not a slow one.
    pub(super) progresses: bool,
    /// What the link carries, if it was busy enough to tell, bit/s.
    pub(super) carries_bps: Option<f64>,
    /// What sound takes, and what video takes at the lowest bitrate.
    pub(super) audio_bps: f64,
    pub(super) floor_bps: f64,
    /// How much longer than the idle path's the system's smoothed round trip is.
    pub(super) queueing: Option<Duration>,
}

/// The pace and what speaks for another one.
#[derive(Debug)]
pub(super) struct Survival {
    pace: VideoPace,
    /// Since when it is so.
    since: Now,
    /// Since when the pace does not fit, and since when nothing is late.
    tight_since: Option<Now>,
    calm_since: Option<Now>,
    /// How long a pace is kept before a higher one is tried.
    patience: Duration,
    /// When a higher pace was last tried.
    tried_at: Option<Now>,
}

impl Survival {
    pub(super) fn new(now: Now) -> Self {
        Self {
            pace: VideoPace::Full,
            since: now,
            tight_since: None,
            calm_since: None,
            patience: PATIENCE_MIN,
            tried_at: None,
        }
    }

    pub(super) fn pace(&self) -> VideoPace {
        self.pace
    }

    /// Part of the pictures that are sent.
    pub(super) fn part(&self) -> f64 {
        match self.pace {
            VideoPace::Full => 1.0,
            VideoPace::Half => 0.5,
            VideoPace::None => 0.0,
        }
    }

    /// Another pace, and why.
    pub(super) fn handle_tick(&mut self, look: Look, now: Now) -> Option<(VideoPace, PaceReason)> {
        let needs_bps = look.audio_bps + self.part() * look.floor_bps;
        let does_not_fit = look.carries_bps.is_some_and(|bps| bps < needs_bps);
        let is_tight = look.at_floor && look.progresses && look.lag > TIGHT_LAG && does_not_fit;
        let is_calm = look.progresses && look.lag < CALM_LAG;
        self.tight_since = is_tight.then(|| self.tight_since.unwrap_or(now));
        self.calm_since = is_calm.then(|| self.calm_since.unwrap_or(now));

        if self.pace == VideoPace::Full && now.since(self.since) > TRUST {
            self.patience = PATIENCE_MIN;
        }
        let tight = self.tight_since.map_or(Duration::ZERO, |at| now.since(at));
        match self.pace {
            VideoPace::Full if tight >= TO_HALF => self.fall(VideoPace::Half, now),
            VideoPace::Half if tight >= TO_NONE => self.fall(VideoPace::None, now),
            VideoPace::Half if self.may_rise(look, now) => self.rise(VideoPace::Full, now),
            VideoPace::None if self.may_rise(look, now) => self.rise(VideoPace::Half, now),
            _ => None,
        }
    }

    fn may_rise(&self, look: Look, now: Now) -> bool {
        let is_calm = self.calm_since.is_some_and(|at| now.since(at) >= RISE_CALM);
        let is_known =
            look.carries_bps.is_some_and(|bps| bps > ROOMY * (look.audio_bps + look.floor_bps));
        let is_patient = now.since(self.since) >= self.patience;
        let is_quick = look.queueing.is_some_and(|queueing| queueing < QUICK);
        is_calm && (is_patient || is_known || is_quick)
    }

    fn fall(&mut self, pace: VideoPace, now: Now) -> Option<(VideoPace, PaceReason)> {
        if self.tried_at.is_some_and(|at| now.since(at) < TRUST) {
            self.patience = (self.patience * 2).min(PATIENCE_MAX);
        }
        self.enter(pace, now);
        Some((pace, PaceReason::BelowFloor))
    }

    fn rise(&mut self, pace: VideoPace, now: Now) -> Option<(VideoPace, PaceReason)> {
        self.tried_at = Some(now);
        self.enter(pace, now);
        Some((pace, PaceReason::Recovered))
    }

    fn enter(&mut self, pace: VideoPace, now: Now) {
        (self.pace, self.since) = (pace, now);
        (self.tight_since, self.calm_since) = (None, None);
    }
}

/// Lag above which the pace does not fit, and for how long it must not.
const TIGHT_LAG: Duration = Duration::from_millis(600);
const TO_HALF: Duration = Duration::from_secs(1);
const TO_NONE: Duration = Duration::from_millis(1_500);
/// Lag below which all is well, and for how long before a higher pace.
const CALM_LAG: Duration = Duration::from_millis(150);
const RISE_CALM: Duration = Duration::from_millis(1_500);
/// How long a pace is kept: at first, and at most.
const PATIENCE_MIN: Duration = Duration::from_secs(2);
const PATIENCE_MAX: Duration = Duration::from_secs(10);
/// A pace that lasts this long was no failure.
const TRUST: Duration = Duration::from_secs(15);
/// A capacity above this multiple of what everything needs is enough.
const ROOMY: f64 = 1.3;
/// A round trip longer than the idle path's by no more than this means that nothing waits.
const QUICK: Duration = Duration::from_millis(30);

state!(Survival { pace, since, tight_since, calm_since, patience, tried_at });

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look {
        lag: Duration::from_millis(900),
        at_floor: true,
        progresses: true,
        carries_bps: Some(64_000.0),
        audio_bps: 50_000.0,
        floor_bps: 200_000.0,
        queueing: Some(Duration::from_millis(90)),
    };
    const CALM: Look = Look { lag: Duration::from_millis(40), carries_bps: None, ..LOOK };

    /// Ticks of 100 ms; returns what changed when, in tenths of a second from the first.
    fn run(survival: &mut Survival, from: i64, looks: &[(i64, Look)]) -> Vec<(i64, VideoPace)> {
        let (mut tick, mut changes) = (from, Vec::new());
        for (ticks, look) in looks {
            for _ in 0..*ticks {
                let change = survival.handle_tick(*look, Now::from_millis(tick * 100));
                changes.extend(change.map(|(pace, _)| (tick - from, pace)));
                tick += 1;
            }
        }
        changes
    }

    #[test]
    fn frame_rate_goes_first_then_every_picture() {
        let mut survival = Survival::new(Now::ZERO);
        let changes = run(&mut survival, 0, &[(40, LOOK)]);
        assert_eq!(changes, [(10, VideoPace::Half), (26, VideoPace::None)]);
    }

    #[test]
    fn neither_a_dead_link_nor_one_that_carries_the_floor_changes_the_pace() {
        let dead = Look { progresses: false, ..LOOK };
        let wide = Look { carries_bps: Some(260_000.0), ..LOOK };
        let above = Look { at_floor: false, ..LOOK };
        for look in [dead, wide, above] {
            assert_eq!(run(&mut Survival::new(Now::ZERO), 0, &[(100, look)]), []);
        }
    }

    #[test]
    fn trials_that_fail_become_rare() {
        let mut survival = Survival::new(Now::ZERO);
        let mut trials = Vec::new();
        let mut tick = 0;
        while tick < 3_000 {
            let look = if survival.pace() == VideoPace::None { CALM } else { LOOK };
            if !run(&mut survival, tick, &[(1, look)]).is_empty()
                && survival.pace() == VideoPace::Half
            {
                trials.push(tick);
            }
            tick += 1;
        }
        let spacing = trials[4..].windows(2).map(|pair| pair[1] - pair[0]).min();
        assert!(spacing >= Some(100), "tenths of a second: {trials:?}");
    }

    #[test]
    fn a_round_trip_without_a_queue_ends_the_patience() {
        let mut survival = Survival::new(Now::ZERO);
        run(&mut survival, 0, &[(40, LOOK)]);
        survival.patience = PATIENCE_MAX;
        assert_eq!(run(&mut survival, 40, &[(60, CALM)]), []);
        let quick = Look { queueing: Some(Duration::from_millis(3)), ..CALM };
        assert_eq!(run(&mut survival, 100, &[(5, quick)]), [(0, VideoPace::Half)]);
    }

    #[test]
    fn both_steps_back_are_made_when_all_is_well() {
        let mut survival = Survival::new(Now::ZERO);
        run(&mut survival, 0, &[(40, LOOK)]);
        let changes = run(&mut survival, 40, &[(60, CALM)]);
        assert_eq!(
            changes.iter().map(|(_, pace)| *pace).collect::<Vec<_>>(),
            [VideoPace::Half, VideoPace::Full]
        );
    }
}
