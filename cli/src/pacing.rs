//! When each picture and each block of sound is due: an absolute schedule from media positions, so
//! that nothing drifts. Pure: time is an argument.
//!
//! ```text
//!  sound   |1024|882 |882 |882 |882 |…      one AAC frame ahead of the pictures, so that the
//!  picture |0    |1    |2    |3    |…       stream can go live with the first of them
//!          t0
//! ```

use std::time::Duration;

use onair_types::{CaptureTime, Now};

/// Pictures a second as a fraction: 30000/1001.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameRate {
    numerator: u32,
    denominator: u32,
}

impl FrameRate {
    /// `None` when either part is zero.
    pub(crate) fn new(numerator: u32, denominator: u32) -> Option<Self> {
        (numerator > 0 && denominator > 0).then_some(Self { numerator, denominator })
    }

    /// When picture `index` is, from the first on.
    pub(crate) fn time_of(self, index: u64) -> Duration {
        position(index, self.denominator, self.numerator)
    }

    /// Pictures that begin before `length` has passed.
    fn count_in(self, length: Duration) -> u64 {
        let scaled = length.as_micros() * u128::from(self.numerator);
        let unit = 1_000_000 * u128::from(self.denominator);
        u64::try_from(scaled.div_ceil(unit)).unwrap_or(u64::MAX)
    }

    /// Rounded to a whole number, at least 1.
    pub(crate) fn rounded(self) -> u32 {
        ((self.numerator + self.denominator / 2) / self.denominator).max(1)
    }
}

/// What to push next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// `samples` a channel from sample `first` on.
    Sound { first: u64, samples: u32, stamp: CaptureTime },
    /// Picture `index`.
    Picture { index: u64, stamp: CaptureTime },
}

/// The items of a stream in the order they are due, each with its time since the start.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pictures: Option<Track<FrameRate>>,
    sound: Option<Track<u32>>,
}

#[derive(Clone, Copy, Debug)]
struct Track<R> {
    rate: R,
    /// The next picture or sample.
    next: u64,
    /// One past the last.
    end: u64,
}

/// Samples that go ahead of the first picture: one AAC frame.
pub(crate) const SOUND_LEAD_SAMPLES: u32 = onair_types::aac::FRAME_SAMPLES;

impl Schedule {
    /// A schedule for the tracks that there are, of exactly `length` of media, or without end.
    pub(crate) fn new(
        pictures: Option<FrameRate>,
        sample_rate_hz: Option<u32>,
        length: Option<Duration>,
    ) -> Self {
        let count = |of: &dyn Fn(Duration) -> u64| length.map_or(u64::MAX, of);
        Self {
            pictures: pictures.map(|rate| Track {
                rate,
                next: 0,
                end: count(&|length| rate.count_in(length)),
            }),
            sound: sample_rate_hz.filter(|hz| *hz > 0).map(|rate| Track {
                rate,
                next: 0,
                end: count(&|length| {
                    let samples = length.as_micros() * u128::from(rate) / 1_000_000;
                    u64::try_from(samples).unwrap_or(u64::MAX)
                }),
            }),
        }
    }

    /// `item`'s media is not there: its track ends before it.
    pub(crate) fn end_track_of(&mut self, item: &Item) {
        match item {
            Item::Picture { index, .. } => {
                self.pictures
                    .iter_mut()
                    .for_each(|track| (track.next, track.end) = (*index, *index));
            }
            Item::Sound { first, .. } => {
                self.sound.iter_mut().for_each(|track| (track.next, track.end) = (*first, *first));
            }
        }
    }

    /// Where the media that was handed out ends.
    pub(crate) fn end(&self) -> Duration {
        let pictures = self.pictures.map(|track| track.rate.time_of(track.next));
        let sound = self.sound.map(|track| position(track.next, 1, track.rate));
        pictures.max(sound).unwrap_or_default()
    }

    fn sound_item(&self) -> Option<(Duration, Item)> {
        let Track { rate, next, end } = self.sound?;
        let left = end.checked_sub(next).filter(|left| *left > 0)?;
        // 20 ms blocks as microphones deliver them, after the lead.
        let block = if next == 0 { SOUND_LEAD_SAMPLES } else { (rate / 50).max(1) };
        let samples = u32::try_from(left).map_or(block, |left| left.min(block));
        let captured = (next + u64::from(samples)).saturating_sub(u64::from(SOUND_LEAD_SAMPLES));
        let item = Item::Sound { first: next, samples, stamp: stamp(position(next, 1, rate)) };
        Some((position(captured, 1, rate), item))
    }

    fn picture_item(&self) -> Option<(Duration, Item)> {
        let Track { rate, next, end } = self.pictures?;
        let due = rate.time_of(next);
        (next < end).then_some((due, Item::Picture { index: next, stamp: stamp(due) }))
    }
}

impl Iterator for Schedule {
    type Item = (Duration, Item);

    fn next(&mut self) -> Option<Self::Item> {
        let (sound, picture) = (self.sound_item(), self.picture_item());
        let sound_first = match (&sound, &picture) {
            (Some((sound_due, _)), Some((picture_due, _))) => sound_due <= picture_due,
            (sound, _) => sound.is_some(),
        };
        let chosen = if sound_first { sound } else { picture };
        match chosen {
            Some((_, Item::Sound { samples, .. })) => {
                self.sound.iter_mut().for_each(|track| track.next += u64::from(samples));
            }
            Some((_, Item::Picture { .. })) => {
                self.pictures.iter_mut().for_each(|track| track.next += 1);
            }
            None => {}
        }
        chosen
    }
}

/// Holds items to their times, and pictures apart from each other when it is late: what was
/// missed in a stall follows at twice the pace, never as one burst.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pacer {
    start: Now,
    least_gap: Duration,
    last_picture: Option<Now>,
}

impl Pacer {
    /// Media position zero is at `start`.
    pub(crate) fn new(start: Now, pictures: Option<FrameRate>) -> Self {
        let least_gap = pictures.map_or(Duration::ZERO, |rate| rate.time_of(1) / 2);
        Self { start, least_gap, last_picture: None }
    }

    /// How long to wait at `now` before `item` of time `due`; zero means go.
    pub(crate) fn wait(&self, due: Duration, item: &Item, now: Now) -> Duration {
        let mut at = self.start + due;
        if let (Item::Picture { .. }, Some(last)) = (item, self.last_picture) {
            at = at.max(last + self.least_gap);
        }
        at.since(now)
    }

    /// How long it is at `now` to the media position `end`.
    pub(crate) fn until(&self, end: Duration, now: Now) -> Duration {
        (self.start + end).since(now)
    }

    /// `item` went at `now`.
    pub(crate) fn went(&mut self, item: &Item, now: Now) {
        if let Item::Picture { .. } = item {
            self.last_picture = Some(now);
        }
    }
}

/// `index × seconds_numerator / seconds_denominator` seconds, rounded down to the microsecond.
fn position(index: u64, seconds_numerator: u32, seconds_denominator: u32) -> Duration {
    let micros = u128::from(index) * u128::from(seconds_numerator) * 1_000_000
        / u128::from(seconds_denominator);
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

fn stamp(position: Duration) -> CaptureTime {
    CaptureTime::ZERO + position
}

#[cfg(test)]
#[path = "pacing_test.rs"]
mod tests;
