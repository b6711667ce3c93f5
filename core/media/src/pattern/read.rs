//! Measures a received stream by our own pattern: which frames came, and how far sound and
//! picture lie apart.

use std::collections::VecDeque;

use onair_types::MediaTime;

use super::canvas::Rect;
use super::{strip, tone};
use crate::frame::I420;

/// Frame numbers in the strip wrap here.
pub const FRAME_NUMBERS: u32 = 1 << 24;

/// The frame number in the strip; `None` when there is none or its check fails.
pub fn frame_number(picture: &I420<'_>) -> Option<u32> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    strip::parse(|index| mean_luma(picture, middle(strip::cell(index, width, height))) > 125)
}

/// Whether the white box is shown.
pub fn is_flash(picture: &I420<'_>) -> bool {
    // The brightest that lies there otherwise is 75 % gray, 180.
    mean_luma(picture, middle(strip::flash_box(picture.width(), picture.height()))) > 207
}

/// The inner half each way: edges are where coding errors are.
fn middle(rect: Rect) -> Rect {
    Rect {
        x: rect.x + rect.width / 4,
        y: rect.y + rect.height / 4,
        width: rect.width.div_ceil(2),
        height: rect.height.div_ceil(2),
    }
}

/// 0 for an empty rectangle.
fn mean_luma(picture: &I420<'_>, rect: Rect) -> u64 {
    let (mut sum, mut count) = (0, 0);
    for row in picture.rows(0).skip(rect.y).take(rect.height) {
        let row = row.get(rect.x..rect.x + rect.width).unwrap_or(&[]);
        sum += row.iter().map(|&luma| u64::from(luma)).sum::<u64>();
        count += row.len() as u64;
    }
    sum / count.max(1)
}

/// Counts what became of the numbered frames, in the order of presentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameLedger {
    /// Pictures seen.
    pub seen: u64,
    /// Pictures without a readable number.
    pub unreadable: u64,
    /// Numbers between the first and the highest that did not come.
    pub lost: u64,
    /// Pictures with a number that came before.
    pub repeated: u64,
    /// Pictures that came after one with a higher number.
    pub out_of_order: u64,
    /// First number read.
    pub first: Option<u32>,
    /// Highest number read.
    pub highest: Option<u32>,
    /// Bit *n*: the number *n* below the highest came.
    recent: u64,
}

impl FrameLedger {
    /// Notes the next picture's number.
    pub fn push(&mut self, number: Option<u32>) {
        self.seen += 1;
        let Some(number) = number else {
            self.unreadable += 1;
            return;
        };
        let Some(highest) = self.highest else {
            (self.first, self.highest, self.recent) = (Some(number), Some(number), 1);
            return;
        };
        let ahead = number.wrapping_sub(highest) % FRAME_NUMBERS;
        if (1..FRAME_NUMBERS / 2).contains(&ahead) {
            self.lost += u64::from(ahead - 1);
            self.recent = self.recent.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = Some(number);
            return;
        }
        let behind = highest.wrapping_sub(number) % FRAME_NUMBERS;
        let bit = 1u64.checked_shl(behind).unwrap_or(0);
        if self.recent & bit != 0 {
            self.repeated += 1;
        } else {
            self.out_of_order += 1;
            if bit != 0 {
                self.lost = self.lost.saturating_sub(1);
                self.recent |= bit;
            }
        }
    }
}

/// Finds where beeps begin in decoded sound.
#[derive(Debug)]
pub struct BeepDetector {
    sample_rate_hz: u32,
    channels: u8,
    /// Samples since the last loud one.
    quiet_samples: u32,
}

impl BeepDetector {
    /// A detector for interleaved samples (0 channels count as 1, as does a rate of 0).
    pub fn new(sample_rate_hz: u32, channels: u8) -> Self {
        let (sample_rate_hz, channels) = (sample_rate_hz.max(1), channels.max(1));
        Self { sample_rate_hz, channels, quiet_samples: 0 }
    }

    /// Takes the next samples, the first of which belongs at `pts`; beeps that begin in them go
    /// to `out`. A beep counts after half its length of quiet, so one that was joined in its
    /// middle does not.
    pub fn push(&mut self, pcm: &[i16], pts: MediaTime, mut out: impl FnMut(MediaTime)) {
        // A quarter of the amplitude: above what AAC smears before the onset, and reached 40 µs
        // after it.
        const LOUD: u16 = (tone::AMPLITUDE / 4.0) as u16;
        let needed = self.sample_rate_hz / 1_000 * (tone::BEEP_MILLIS / 2);
        for (index, frame) in pcm.chunks_exact(usize::from(self.channels)).enumerate() {
            if frame[0].unsigned_abs() < LOUD {
                self.quiet_samples = self.quiet_samples.saturating_add(1);
                continue;
            }
            if self.quiet_samples >= needed {
                let micros = index as u64 * 1_000_000 / u64::from(self.sample_rate_hz);
                out(pts.offset_micros(i64::try_from(micros).unwrap_or(i64::MAX)));
            }
            self.quiet_samples = 0;
        }
    }
}

/// Pairs flashes with beeps, within half a second of each other.
#[derive(Clone, Debug, Default)]
pub struct SkewMeter {
    flashes: VecDeque<MediaTime>,
    beeps: VecDeque<MediaTime>,
    in_flash: bool,
    pairs: u64,
    sum_micros: i64,
    latest_micros: Option<i64>,
    worst_micros: Option<i64>,
}

impl SkewMeter {
    /// Notes a picture and whether it shows the flash; the first of a run counts.
    pub fn picture(&mut self, pts: MediaTime, flash: bool) {
        if flash && !self.in_flash {
            match take_near(&mut self.beeps, pts) {
                Some(beep) => self.pair(pts, beep),
                None => keep(&mut self.flashes, pts),
            }
        }
        self.in_flash = flash;
    }

    /// Notes where a beep begins.
    pub fn beep(&mut self, pts: MediaTime) {
        match take_near(&mut self.flashes, pts) {
            Some(flash) => self.pair(flash, pts),
            None => keep(&mut self.beeps, pts),
        }
    }

    fn pair(&mut self, flash: MediaTime, beep: MediaTime) {
        let skew = beep.micros_since(flash);
        self.pairs += 1;
        self.sum_micros += skew;
        self.latest_micros = Some(skew);
        if self.worst_micros.is_none_or(|worst| skew.abs() > worst.abs()) {
            self.worst_micros = Some(skew);
        }
    }

    /// Pairs found.
    pub fn pairs(&self) -> u64 {
        self.pairs
    }

    /// Skew of the latest pair in microseconds; positive when the sound is late.
    pub fn latest_micros(&self) -> Option<i64> {
        self.latest_micros
    }

    /// The skew that lies furthest from zero, in microseconds; positive when the sound is late.
    pub fn worst_micros(&self) -> Option<i64> {
        self.worst_micros
    }

    /// Mean skew in microseconds; positive when the sound is late.
    pub fn mean_micros(&self) -> Option<i64> {
        let pairs = i64::try_from(self.pairs).ok().filter(|&pairs| pairs > 0)?;
        Some(self.sum_micros / pairs)
    }
}

/// Takes the one that lies within half a second of `time`, and forgets those before it.
fn take_near(waiting: &mut VecDeque<MediaTime>, time: MediaTime) -> Option<MediaTime> {
    let index = waiting.iter().position(|other| other.micros_since(time).abs() < 500_000)?;
    waiting.drain(..=index).next_back()
}

/// One track may run seconds ahead of the other, not minutes.
fn keep(waiting: &mut VecDeque<MediaTime>, time: MediaTime) {
    const MAX_WAITING: usize = 16;
    if waiting.len() == MAX_WAITING {
        waiting.pop_front();
    }
    waiting.push_back(time);
}
