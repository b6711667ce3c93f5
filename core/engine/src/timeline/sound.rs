//! Sound by counting: blocks of samples → numbers on one grid, whose sample `n` lies `n / rate`
//! seconds after the origin, exactly and for ever (D15).
//!
//! A block touches the one before it, however its stamp jitters. Where the capture clock disagrees
//! with the count for good, the count gives way:
//!
//! | the stamps of half a second say | what happens |
//! |---|---|
//! | drift: 3 ms off on average | the source makes a few samples a second more or fewer, at most 500 in a million ([`AudioTimeline::stretch_ppm`]), until they agree |
//! | all are 20 ms late and more | samples were lost: silence in their place |
//! | all are 20 ms early and more | samples came twice: the rest is left out |
//! | one is 200 ms off | a jump: silence, or the block is left out, at once |
//! | one is to be believed ([`AudioTimeline::believe_next`]) | silence, or its begin is left out, to the sample |

use onair_types::{CaptureTime, MediaTime};

use super::{Origin, is_another_clock};

/// Where a block of samples lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of its first sample that is used.
    pub first: i64,
    /// Samples between the block before and this one: silence.
    pub missing: u64,
    /// Samples at the block's begin that must not be used.
    pub repeated: u32,
}

/// Gives the blocks of one source their place. Blocks never overlap.
#[derive(Clone, Debug)]
pub struct AudioTimeline {
    origin: Origin,
    sample_rate_hz: u32,
    /// Number of the sample that comes next; none before there was any.
    next: Option<i64>,
    window: Window,
    stretch_ppm: i32,
    /// The next stamp is right, however little it disagrees.
    believes_next: bool,
    /// Samples that came twice and are still to be left out.
    surplus: u64,
    gaps: u64,
    discarded_samples: u64,
}

/// What the stamps of half a second say: capture clock minus count, microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    samples: u64,
    sum: i128,
    least: i64,
    most: i64,
}

impl AudioTimeline {
    /// A timeline whose zero is `origin`, for `sample_rate_hz` (at least 1) samples a second.
    pub fn new(origin: CaptureTime, sample_rate_hz: u32) -> Self {
        Self {
            origin: Origin::at(origin),
            sample_rate_hz: sample_rate_hz.max(1),
            next: None,
            window: Window::default(),
            stretch_ppm: 0,
            believes_next: false,
            surplus: 0,
            gaps: 0,
            discarded_samples: 0,
        }
    }

    /// The place of a block of `samples` samples a channel whose first one was captured at
    /// `captured`; `None` when all of it repeats time that was already placed.
    pub fn place(&mut self, captured: CaptureTime, samples: u32) -> Option<Place> {
        let rate_hz = self.sample_rate_hz;
        let Some(next) = self.next else {
            let first = sample_at(self.origin.first_place(captured), rate_hz);
            self.next = Some(first + i64::from(samples));
            return Some(Place { first, missing: 0, repeated: 0 });
        };
        let error_micros = self.origin.place(captured).micros_since(time_of_sample(next, rate_hz));
        let is_believed = std::mem::take(&mut self.believes_next);
        let mut missing = 0;
        if is_another_clock(error_micros) {
            self.origin.move_to(captured, time_of_sample(next, rate_hz));
            self.restart();
        } else if error_micros < -JUMP_MICROS && !is_believed {
            self.restart();
            self.surplus = u64::from(samples);
        } else if self.surplus == 0 || error_micros > JUMP_MICROS || is_believed {
            let is_jump = error_micros > JUMP_MICROS || is_believed;
            let wrong_micros =
                if is_jump { error_micros } else { self.judge(error_micros, samples) };
            if wrong_micros != 0 {
                self.restart();
            }
            let wrong = samples_in(wrong_micros.unsigned_abs(), rate_hz);
            *(if wrong_micros < 0 { &mut self.surplus } else { &mut missing }) = wrong;
        }
        let repeated = u32::try_from(self.surplus).unwrap_or(u32::MAX).min(samples);
        self.surplus -= u64::from(repeated);
        self.discarded_samples += u64::from(repeated);
        self.gaps += u64::from(missing > 0);
        let first = next.saturating_add_unsigned(missing);
        self.next = Some(first.saturating_add(i64::from(samples - repeated)));
        (repeated < samples || samples == 0).then_some(Place { first, missing, repeated })
    }

    /// The next block does not follow the one before it, such as a microphone's first after silence
    /// that stood in for it: its stamp alone says where it lies.
    pub fn believe_next(&mut self) {
        self.believes_next = true;
    }

    /// How many samples more (or fewer) the source must make from now on, in a million.
    pub fn stretch_ppm(&self) -> i32 {
        self.stretch_ppm
    }

    /// Times that silence took the place of what was missing.
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// Samples a channel that repeated time already placed.
    pub fn discarded_samples(&self) -> u64 {
        self.discarded_samples
    }

    /// Adds a block to the window; when that is full, what was surely lost (positive) or repeated,
    /// microseconds.
    fn judge(&mut self, error_micros: i64, samples: u32) -> i64 {
        let window = &mut self.window;
        if window.samples == 0 {
            (window.least, window.most) = (error_micros, error_micros);
        }
        window.samples += u64::from(samples);
        window.sum += i128::from(error_micros) * i128::from(samples);
        window.least = window.least.min(error_micros);
        window.most = window.most.max(error_micros);
        if window.samples * 2 < u64::from(self.sample_rate_hz) {
            return 0;
        }
        let Window { samples, sum, least, most } = std::mem::take(window);
        let mean_micros = i64::try_from(sum / i128::from(samples)).unwrap_or(0);
        if least > LOST_MICROS {
            return least;
        } else if most < -LOST_MICROS {
            return most;
        }
        let is_off = if self.stretch_ppm == 0 { DRIFT_MICROS } else { AGREED_MICROS };
        self.stretch_ppm = if mean_micros.abs() > is_off {
            // 10 ms are made good in 25 s.
            (mean_micros / 25).clamp(-MOST_PPM, MOST_PPM) as i32
        } else {
            0
        };
        0
    }

    fn restart(&mut self) {
        (self.window, self.stretch_ppm, self.surplus) = (Window::default(), 0, 0);
    }
}

/// When sample `number` of the grid is.
pub fn time_of_sample(number: i64, sample_rate_hz: u32) -> MediaTime {
    let micros = i128::from(number) * 1_000_000;
    let micros = micros.div_euclid(i128::from(sample_rate_hz.max(1)));
    MediaTime::from_micros(micros.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}

/// The sample of the grid nearest to `time`.
fn sample_at(time: MediaTime, sample_rate_hz: u32) -> i64 {
    let scaled = i128::from(time.as_micros()) * i128::from(sample_rate_hz) + 500_000;
    // Far from the ends, so that counting on never overflows.
    scaled.div_euclid(1_000_000).clamp((i64::MIN / 4).into(), (i64::MAX / 4).into()) as i64
}

fn samples_in(micros: u64, sample_rate_hz: u32) -> u64 {
    let samples = (u128::from(micros) * u128::from(sample_rate_hz) + 500_000) / 1_000_000;
    u64::try_from(samples).unwrap_or(u64::MAX)
}

/// Disagreement of clock and count that is a jump, not drift (`spec network` 2.9).
const JUMP_MICROS: i64 = 200_000;
/// Disagreement of all stamps of a window that no drift makes; what the skew must not exceed.
const LOST_MICROS: i64 = 20_000;
/// Drift is followed from here,
const DRIFT_MICROS: i64 = 3_000;
/// to here.
const AGREED_MICROS: i64 = 300;
/// A pitch off by less than a cent.
const MOST_PPM: i64 = 500;

#[cfg(test)]
#[path = "sound_test.rs"]
mod tests;
