//! Capture clocks → the session's one timeline (`spec network` 2.6, 2.9; statement 41, D12, D15,
//! D17). Pictures keep their own stamps as long as those make sense; sound is timed by counting
//! samples, and the capture clock only corrects the count ([`sound`]).
//!
//! Plain structs for the threads that push: one [`VideoTimeline`] and one [`AudioTimeline`] that
//! are made with the same origin. They do not align the tracks with each other (`align`) and know
//! nothing of the wire.

mod sound;

use onair_types::{CaptureTime, MediaTime};

pub use sound::{AudioTimeline, Place, time_of_sample};

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

fn is_another_clock(step_micros: i64) -> bool {
    !(-LARGEST_STEP_BACK_MICROS..=LARGEST_GAP_MICROS).contains(&step_micros)
}

/// Between pictures until two of them were seen.
const NOMINAL_STEP_MICROS: i64 = 33_333;
/// Cameras and microphones deliver a little out of order, never this much.
const LARGEST_STEP_BACK_MICROS: i64 = 1_000_000;
/// No show pauses for a day.
const LARGEST_GAP_MICROS: i64 = 86_400_000_000;

#[cfg(test)]
#[path = "timeline_test.rs"]
mod tests;
