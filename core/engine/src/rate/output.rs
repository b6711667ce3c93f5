//! What the encoder makes of its target. One that makes less has a static scene before it: that
//! this gets through is no proof that the link carries the target.

use super::TICK;

/// The output of the last ticks.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Bytes made so far.
    bytes: u64,
    /// Bytes made until, and target at, each of the last ticks, oldest first.
    ticks: [(u64, f64); PRODUCED_TICKS + RESPONSE_TICKS],
}

impl Output {
    /// It made a picture of `bytes`.
    pub(super) fn handle_picture(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(super) fn handle_tick(&mut self, target_bps: f64) {
        self.ticks.rotate_left(1);
        self.ticks[PRODUCED_TICKS + RESPONSE_TICKS - 1] = (self.bytes, target_bps);
    }

    /// What it made over the last [`PRODUCED_TICKS`], bit/s.
    pub(super) fn bps(&self) -> f64 {
        let bytes = self.bytes - self.ticks[RESPONSE_TICKS - 1].0;
        bytes as f64 * 8.0 / (PRODUCED_TICKS as f64 * TICK.as_secs_f64())
    }

    /// Whether it makes so little of what it is asked for that the scene must be at rest.
    pub(super) fn is_at_rest(&self) -> bool {
        self.bps() < AT_REST * self.asked_bps()
    }

    /// The most that its output entitles it to, when that is less than it was asked for.
    pub(super) fn limit_bps(&self) -> Option<f64> {
        let made = self.bps();
        let is_limited = made < LIMITED * self.asked_bps();
        is_limited.then(|| (made * LIMITED_FACTOR).max(made + LIMITED_BPS))
    }

    fn asked_bps(&self) -> f64 {
        let asked = self.ticks[..PRODUCED_TICKS].iter().map(|(_, target)| target).sum::<f64>();
        asked / PRODUCED_TICKS as f64
    }
}

/// Ticks over which the encoder's real output is taken, and by which it follows its target.
const PRODUCED_TICKS: usize = 6;
const RESPONSE_TICKS: usize = 3;
/// An encoder that makes less than this part of its target has a static scene before it. That it
/// gets through is no proof that the link carries the target, so no raise goes beyond this
/// multiple of the real output, or this much above it.
const LIMITED: f64 = 0.75;
/// Below this part of its target nothing moves.
const AT_REST: f64 = 0.4;
const LIMITED_FACTOR: f64 = 1.5;
const LIMITED_BPS: f64 = 300_000.0;

crate::record::state!(
    Output { bytes, ticks } if |it: &Self| it.ticks.iter().all(|(bytes, _)| *bytes <= it.bytes)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_scene_limits_and_an_encoder_that_follows_does_not() {
        let mut output = Output::default();
        let mut run = |bytes_a_tick, target_bps| {
            for _ in 0..20 {
                output.handle_picture(bytes_a_tick);
                output.handle_tick(target_bps);
            }
            (output.bps().round(), output.limit_bps().map(f64::round))
        };
        assert_eq!(run(12_500, 1e6), (1e6, None));
        assert_eq!(run(2_500, 1e6), (200_000.0, Some(500_000.0)));
        assert_eq!(run(10_000, 2e6), (800_000.0, Some(1_200_000.0)));
    }
}
