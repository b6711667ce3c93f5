//! The state detector, which looks at the queue's length once a second, and the steps that follow
//! from its verdicts (2.2 and 2.3).

use std::time::Duration;

use super::LIST_CAP;
use crate::compat::Fidelity;
use crate::rate::Range;

/// What five samples of the queue's length say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The queue grows (LFLiveKit: "increase"): lower the bitrate.
    Growing,
    /// The queue is empty (LFLiveKit: "decline"): raise the bitrate.
    Empty,
}

/// Time between two samples, the first of which is taken with the first frame.
pub const SAMPLE_SPACING: Duration = Duration::from_secs(1);

/// Collects samples; each five give a verdict, or none.
#[derive(Debug)]
pub struct Detector {
    fidelity: Fidelity,
    taken: usize,
    previous: usize,
    rises: usize,
    full: usize,
}

impl Detector {
    /// Without samples.
    pub fn new(fidelity: Fidelity) -> Self {
        Self { fidelity, taken: 0, previous: 0, rises: 0, full: 0 }
    }

    /// Takes the next sample: frames that wait in order.
    pub fn sample(&mut self, waiting: usize) -> Option<Verdict> {
        self.taken += 1;
        self.rises += usize::from(waiting > self.previous);
        self.full += usize::from(waiting >= SATURATED);
        self.previous = waiting;
        if self.taken < SAMPLES {
            return None;
        }
        let Self { rises, full, fidelity, .. } = *self;
        *self = Self::new(fidelity);
        // To the original a queue that cannot grow any more does not grow (statement 28).
        let is_saturated = fidelity == Fidelity::Improved && full == SAMPLES;
        match rises {
            _ if is_saturated => Some(Verdict::Growing),
            SAMPLES => Some(Verdict::Growing),
            0 => Some(Verdict::Empty),
            _ => None,
        }
    }
}

/// The next bitrate after a verdict, bit/s; never outside of `range` (the original leaves it).
pub fn next_bps(verdict: Verdict, bps: u32, range: Range) -> u32 {
    let next = match verdict {
        Verdict::Empty => bps.saturating_add(UP_BPS),
        Verdict::Growing => bps.saturating_sub(DOWN_BPS),
    };
    next.clamp(range.min_bps(), range.max_bps())
}

/// A verdict needs so many samples.
const SAMPLES: usize = 5;
/// So many frames wait in a queue that only dropping keeps from growing.
const SATURATED: usize = LIST_CAP * 3 / 4;
const UP_BPS: u32 = 50_000;
const DOWN_BPS: u32 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(fidelity: Fidelity, samples: [usize; 5]) -> Option<Verdict> {
        let mut detector = Detector::new(fidelity);
        samples.map(|sample| detector.sample(sample))[4]
    }

    #[test]
    fn lf26_only_strict_growth_and_true_emptiness_are_verdicts() {
        for fidelity in [Fidelity::Original, Fidelity::Improved] {
            assert_eq!(verdict(fidelity, [0, 0, 0, 0, 0]), Some(Verdict::Empty));
            assert_eq!(verdict(fidelity, [1, 2, 3, 4, 5]), Some(Verdict::Growing));
            for unknown in [
                [0, 1, 2, 3, 4],
                [5, 4, 3, 2, 1],
                [1, 1, 1, 1, 1],
                [0, 0, 0, 0, 1],
                [3, 0, 0, 0, 0],
            ] {
                assert_eq!(verdict(fidelity, unknown), None, "{unknown:?}");
            }
        }
    }

    #[test]
    fn lf27_each_fifth_sample_brings_a_verdict() {
        let mut detector = Detector::new(Fidelity::Improved);
        // The first sample is taken at 0 s: verdicts fall on 4, 9 and 14 s.
        let seconds: Vec<usize> = (0..15).filter(|_| detector.sample(0).is_some()).collect();
        assert_eq!(seconds, [4, 9, 14]);
    }

    #[test]
    fn lf28_a_saturated_queue_lowers_the_rate() {
        assert_eq!(verdict(Fidelity::Improved, [600; 5]), Some(Verdict::Growing));
        assert_eq!(verdict(Fidelity::Improved, [541, 600, 550, 590, 541]), Some(Verdict::Growing));
        assert_eq!(verdict(Fidelity::Original, [600; 5]), None);
    }

    #[test]
    fn lf29_up_by_50_000_and_down_by_100_000() {
        let range = Range::new(600_000, 500_000, 720_000);
        assert_eq!(next_bps(Verdict::Empty, 600_000, range), 650_000);
        assert_eq!(next_bps(Verdict::Growing, 700_000, range), 600_000);
    }

    #[test]
    fn lf30_no_verdicts_lead_out_of_the_range() {
        for (min, start, max) in [(400_000, 500_000, 600_000), (500_000, 600_000, 720_000)] {
            let range = Range::new(start, min, max);
            for verdict in [Verdict::Empty, Verdict::Growing] {
                let rates =
                    std::iter::successors(Some(start), |&bps| Some(next_bps(verdict, bps, range)));
                let end = rates.take(40).inspect(|bps| assert!((min..=max).contains(bps))).last();
                let expected = if verdict == Verdict::Empty { max } else { min };
                assert_eq!(end, Some(expected));
            }
        }
    }

    #[test]
    fn lf31_a_small_rate_does_not_wrap() {
        let range = Range::new(80_000, 64_000, 500_000);
        assert_eq!(next_bps(Verdict::Growing, 80_000, range), 64_000);
        assert_eq!(next_bps(Verdict::Growing, 30_000, Range::new(30_000, 0, 500_000)), 0);
        let top = Range::new(u32::MAX, 0, u32::MAX);
        assert_eq!(next_bps(Verdict::Empty, u32::MAX, top), u32::MAX);
    }
}
