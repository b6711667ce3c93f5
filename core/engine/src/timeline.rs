//! Capture clocks → the session's one timeline (`spec network` 2.6, 2.9; statement 41, D12, D15,
//! D17). Pictures keep their own stamps as long as those make sense; sound is timed by counting
//! samples, and the capture clock only corrects the count.
//!
//! Plain structs for the threads that push: one [`VideoTimeline`] and one [`AudioTimeline`] that
//! are made with the same origin. They do not align the tracks with each other (`align`) and know
//! nothing of the wire.

use std::time::Duration;

use onair_types::{CaptureTime, MediaTime};

/// Gives captured pictures their place. Places strictly increase.
#[derive(Clone, Debug)]
pub struct VideoTimeline {
    origin: Origin,
    last: Option<(CaptureTime, MediaTime)>,
    step_micros: i64,
    repaired: u64,
    dropped: u64,
}

impl VideoTimeline {
    /// A timeline whose zero is `origin`.
    pub fn new(origin: CaptureTime) -> Self {
        Self {
            origin: Origin::at(origin),
            last: None,
            step_micros: NOMINAL_STEP_MICROS,
            repaired: 0,
            dropped: 0,
        }
    }

    /// The place of a picture captured at `captured`; `None` when it lies before its predecessor
    /// and must be dropped.
    ///
    /// A repeated stamp is placed 1 ms after its predecessor. A step no live camera makes (more
    /// than a second back, more than a day on) is another clock: the timeline goes on without a
    /// gap.
    pub fn place(&mut self, captured: CaptureTime) -> Option<MediaTime> {
        let place = match self.last {
            None => self.origin.first_place(captured),
            Some((last_captured, last)) => {
                let step = captured.micros_since(last_captured);
                if is_another_clock(step) {
                    let next = last.offset_micros(self.step_micros);
                    self.origin.move_to(captured, next);
                    next
                } else if step < 0 {
                    self.dropped += 1;
                    return None;
                } else {
                    let place = self.origin.place(captured);
                    if place > last {
                        self.step_micros = place.micros_since(last);
                        place
                    } else {
                        self.repaired += 1;
                        last.offset_micros(1_000)
                    }
                }
            }
        };
        self.last = Some((captured, place));
        Some(place)
    }

    /// Pictures whose stamp was moved by a millisecond or more.
    pub fn repaired(&self) -> u64 {
        self.repaired
    }

    /// Pictures dropped because they came from before their predecessor.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// Where a block of samples lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpan {
    /// Time of its first sample.
    pub start: MediaTime,
    /// Silence missing between the block before and this one; zero when they touch.
    pub gap: Duration,
}

/// Gives blocks of samples their place. Blocks never overlap.
#[derive(Clone, Debug)]
pub struct AudioTimeline {
    origin: Origin,
    sample_rate_hz: u32,
    count: Option<SampleCount>,
    /// Capture clock minus sample count, smoothed over about a second.
    error_micros: i64,
    slewing: bool,
    gaps: u64,
    discarded_samples: u64,
}

impl AudioTimeline {
    /// A timeline whose zero is `origin`, for `sample_rate_hz` (at least 1) samples a second.
    pub fn new(origin: CaptureTime, sample_rate_hz: u32) -> Self {
        Self {
            origin: Origin::at(origin),
            sample_rate_hz: sample_rate_hz.max(1),
            count: None,
            error_micros: 0,
            slewing: false,
            gaps: 0,
            discarded_samples: 0,
        }
    }

    /// The place of a block of `samples` samples a channel whose first one was captured at
    /// `captured`; `None` when the block repeats time that was already placed and must be dropped.
    ///
    /// Stamps may jitter: blocks touch as long as the clock agrees with the count. From 15 ms of
    /// lasting disagreement the count is slewed by at most 1 ms per 1,024 samples; beyond 200 ms
    /// the clock wins at once and the gap is reported.
    pub fn place(&mut self, captured: CaptureTime, samples: u32) -> Option<AudioSpan> {
        let Some(mut count) = self.count else {
            let mut count = SampleCount::from(self.origin.first_place(captured));
            let start = count.next(self.sample_rate_hz);
            count.advance(samples, self.sample_rate_hz);
            self.count = Some(count);
            return Some(AudioSpan { start, gap: Duration::ZERO });
        };

        let expected = count.next(self.sample_rate_hz);
        let error_micros = self.origin.place(captured).micros_since(expected);
        let mut gap = Duration::ZERO;
        if is_another_clock(error_micros) {
            self.origin.move_to(captured, expected);
            self.error_micros = 0;
        } else if error_micros > JUMP_MICROS {
            count = SampleCount::from(self.origin.place(captured));
            gap = Duration::from_micros(error_micros.unsigned_abs());
            self.gaps += 1;
            self.error_micros = 0;
        } else if error_micros < -JUMP_MICROS {
            self.discarded_samples += u64::from(samples);
            return None;
        } else {
            let weight = i64::from(samples.min(self.sample_rate_hz));
            self.error_micros +=
                (error_micros - self.error_micros) * weight / i64::from(self.sample_rate_hz);
        }

        let start = count.next(self.sample_rate_hz);
        count.advance(samples, self.sample_rate_hz);
        self.slew(&mut count, samples);
        self.count = Some(count);
        Some(AudioSpan { start, gap })
    }

    /// Jumps of the capture clock that were taken over.
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// Samples a channel that repeated time already placed.
    pub fn discarded_samples(&self) -> u64 {
        self.discarded_samples
    }

    /// Moves what follows towards the capture clock; less than the block's own length, so that
    /// time never stands still.
    fn slew(&mut self, count: &mut SampleCount, samples: u32) {
        let distance = self.error_micros.abs();
        self.slewing = distance > SLEW_FROM_MICROS || (self.slewing && distance > SLEW_TO_MICROS);
        if self.slewing {
            let most = i64::from(samples) * 1_000 / 1_024;
            let shift = self.error_micros.clamp(-most, most);
            count.anchor = count.anchor.offset_micros(shift);
            self.error_micros -= shift;
        }
    }
}

/// The capture time that is zero on the session's timeline, in microseconds; wider than a stamp
/// because another clock may lie anywhere.
#[derive(Clone, Copy, Debug)]
struct Origin(i128);

impl Origin {
    fn at(captured: CaptureTime) -> Self {
        Self(i128::from(captured.as_micros()))
    }

    fn place(self, captured: CaptureTime) -> MediaTime {
        let micros = i128::from(captured.as_micros()) - self.0;
        MediaTime::from_micros(micros.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// The place of the first stamp: at the zero when it is of another clock than the origin.
    fn first_place(&mut self, captured: CaptureTime) -> MediaTime {
        if self.place(captured).as_micros().saturating_abs() > LARGEST_GAP_MICROS {
            self.move_to(captured, MediaTime::ZERO);
        }
        self.place(captured)
    }

    /// From now on `captured` lies at `place`.
    fn move_to(&mut self, captured: CaptureTime, place: MediaTime) {
        self.0 = i128::from(captured.as_micros()) - i128::from(place.as_micros());
    }
}

/// Time by counting: whole seconds go into the anchor, so the count stays exact for ever.
#[derive(Clone, Copy, Debug)]
struct SampleCount {
    anchor: MediaTime,
    samples: u32,
}

impl SampleCount {
    fn from(anchor: MediaTime) -> Self {
        Self { anchor, samples: 0 }
    }

    fn next(&self, rate_hz: u32) -> MediaTime {
        let micros = i64::from(self.samples) * 1_000_000 / i64::from(rate_hz);
        self.anchor.offset_micros(micros)
    }

    fn advance(&mut self, samples: u32, rate_hz: u32) {
        let total = u64::from(self.samples) + u64::from(samples);
        self.anchor += Duration::from_secs(total / u64::from(rate_hz));
        self.samples = (total % u64::from(rate_hz)) as u32;
    }
}

fn is_another_clock(step_micros: i64) -> bool {
    !(-LARGEST_STEP_BACK_MICROS..=LARGEST_GAP_MICROS).contains(&step_micros)
}

/// Between pictures until two of them were seen.
const NOMINAL_STEP_MICROS: i64 = 33_333;
/// Cameras and microphones deliver a little out of order, never this much.
const LARGEST_STEP_BACK_MICROS: i64 = 1_000_000;
/// No show pauses for a day.
const LARGEST_GAP_MICROS: i64 = 86_400_000_000;
/// Disagreement of clock and count that is a jump, not drift (`spec network` 2.9).
const JUMP_MICROS: i64 = 200_000;
/// Slewing starts here, below the 20 ms that the skew must not exceed,
const SLEW_FROM_MICROS: i64 = 15_000;
/// and ends here.
const SLEW_TO_MICROS: i64 = 1_000;

#[cfg(test)]
#[path = "timeline_test.rs"]
mod tests;
