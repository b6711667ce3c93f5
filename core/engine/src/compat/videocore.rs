//! VideoCore's way (`spec lflivekit-and-friends` 4.2; statements 32–35): each 2 s it looks whether
//! what waits grew twice in a row, and goes a rung down or up a ladder of bitrates.

use std::time::Duration;

use onair_types::Now;

use crate::rate::Range;

/// Time between two looks.
pub const SAMPLE_SPACING: Duration = Duration::from_secs(2);

/// Where the ladder is entered, bit/s.
pub const START_BPS: u32 = 500_000;

/// What the last three looks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vector {
    /// A rung up.
    Up,
    /// A rung down.
    Down,
}

impl Vector {
    /// The rung after `bps`, within `range` and not below 32 kbit/s where the range allows that.
    pub fn next_bps(self, bps: u32, range: Range) -> u32 {
        let step = match bps {
            1_152_001.. => 384_000,
            512_001.. => 128_000,
            128_001.. => 64_000,
            _ => LOWEST_BPS,
        };
        let rung = bps / step;
        let next = match self {
            Self::Up => rung.saturating_add(1).saturating_mul(step),
            Self::Down => rung.saturating_sub(1).saturating_mul(step).max(LOWEST_BPS),
        };
        next.clamp(range.min_bps(), range.max_bps())
    }
}

/// The audio bitrate beside a video bitrate, bit/s.
pub fn audio_bps(video_bps: u32) -> u32 {
    match video_bps {
        500_001.. => 128_000,
        250_001.. => 96_000,
        _ => 80_000,
    }
}

/// Remembers the last three looks and the last turns.
#[derive(Debug, Default)]
pub struct Sampler {
    /// Bytes that waited, newest first.
    waited: [Option<u64>; 3],
    turned_down_at: Option<Now>,
    raised_at: Option<Now>,
}

impl Sampler {
    /// Takes the next sample and says which way to go.
    pub fn sample(&mut self, waiting_bytes: u64, now: Now) -> Option<Vector> {
        self.waited = [Some(waiting_bytes), self.waited[0], self.waited[1]];
        if self.grows() {
            self.turned_down_at = Some(now);
            return Some(Vector::Down);
        }
        let is_longer = |since: Option<Now>, time| since.is_none_or(|at| now.since(at) > time);
        let may_rise = self.turned_down_at.is_none()
            || (is_longer(self.turned_down_at, AFTER_TURN_DOWN)
                && is_longer(self.raised_at, AFTER_RAISE));
        if may_rise {
            self.raised_at = Some(now);
        }
        may_rise.then_some(Vector::Up)
    }

    /// Newest to oldest: more falls than rises on the way back in time.
    fn grows(&self) -> bool {
        let mut previous = 0;
        let mut sum = 0;
        for waited in self.waited.into_iter().flatten() {
            sum += match waited.cmp(&previous) {
                std::cmp::Ordering::Greater => -1,
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Less => 1,
            };
            previous = waited;
        }
        sum > 0
    }
}

const LOWEST_BPS: u32 = 32_000;
const AFTER_TURN_DOWN: Duration = Duration::from_secs(30);
const AFTER_RAISE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(vector: Vector, from: u32, range: Range, rungs: usize) -> Vec<u32> {
        let rates = std::iter::successors(Some(from), |&bps| Some(vector.next_bps(bps, range)));
        rates.skip(1).take(rungs).map(|bps| bps / 1_000).collect()
    }

    #[test]
    fn lf32_the_ladder_up_from_500k() {
        let range = Range::new(START_BPS, 0, 4_000_000);
        let rungs = walk(Vector::Up, START_BPS, range, 12);
        let expected = [512, 576, 640, 768, 896, 1024, 1152, 1280, 1536, 1920, 2304, 2688];
        assert_eq!(rungs, expected);
        let low = Range::new(START_BPS, 0, 600_000);
        assert_eq!(walk(Vector::Up, START_BPS, low, 4), [512, 576, 600, 600]);
    }

    #[test]
    fn lf33_the_ladder_down_from_2000k() {
        let range = Range::new(START_BPS, 0, 4_000_000);
        let rungs = walk(Vector::Down, 2_000_000, range, 17);
        let expected =
            [1536, 1152, 1024, 896, 768, 640, 512, 448, 384, 320, 256, 192, 128, 96, 64, 32, 32];
        assert_eq!(rungs, expected);
        let high = Range::new(START_BPS, 400_000, 4_000_000);
        assert_eq!(walk(Vector::Down, 512_000, high, 3), [448, 400, 400]);
    }

    /// What each look says, two seconds apart.
    fn looks(samples: &[u64]) -> Vec<Option<Vector>> {
        let mut sampler = Sampler::default();
        let times = (0..).map(|look| Now::from_millis(2_000 * look));
        samples.iter().zip(times).map(|(&bytes, now)| sampler.sample(bytes, now)).collect()
    }

    #[test]
    fn lf34_only_growth_over_three_looks_turns_down() {
        use Vector::{Down, Up};
        assert_eq!(looks(&[0, 0, 0]), [Some(Up); 3], "it rises until the first turn");
        assert_eq!(looks(&[1, 2, 3]), [Some(Up), Some(Up), Some(Down)]);
        assert_eq!(looks(&[1, 3, 3]), [Some(Up); 3]);
        assert_eq!(looks(&[3, 2, 1]), [Some(Up); 3]);
    }

    #[test]
    fn lf34_no_raise_for_30_s_after_a_turn_and_10_s_between_raises() {
        let mut samples = vec![1, 2, 3];
        samples.resize(40, 0);
        let looks = looks(&samples);
        let ups: Vec<usize> =
            (3..40).filter(|&look| looks[look] == Some(Vector::Up)).map(|look| 2 * look).collect();
        // The turn came at 4 s; the look at 34 s is not yet later than 30 s after it.
        assert_eq!(ups, [36, 48, 60, 72]);
        assert!(looks[3..].iter().all(|vector| *vector != Some(Vector::Down)));
    }

    #[test]
    fn lf35_audio_goes_with_the_video_rate() {
        let cases = [
            (4_000_000, 128_000),
            (500_001, 128_000),
            (500_000, 96_000),
            (250_001, 96_000),
            (250_000, 80_000),
            (0, 80_000),
        ];
        for (video, audio) in cases {
            assert_eq!(audio_bps(video), audio, "beside {video}");
        }
    }
}
