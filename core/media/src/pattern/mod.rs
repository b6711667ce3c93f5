//! Test pictures and sounds as pure functions of a frame number and a sample number, and
//! [`read`], which measures a stream by them.
//!
//! Every kind carries its frame number as a strip of black and white cells along the top; `bars`
//! and `clock` show a white box in the middle for one frame at each full second, and [`Tone`]
//! beeps at the same instant.

use onair_types::MediaTime;

use crate::frame::{FrameError, I420Frame};

pub mod read;

mod background;
mod canvas;
mod face;
mod strip;
mod tone;

pub use tone::Tone;

use background::Background;
use canvas::{Canvas, Rect, WHITE};

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// SMPTE-like colour bars.
    Bars,
    /// Frame number and time in digits over a moving texture.
    Clock,
    /// Every pixel random: the most an encoder can be asked for.
    Noise,
    /// A panning texture with moving discs.
    Motion,
    /// A drawn face that moves, to see filters on.
    Face,
}

impl Kind {
    /// All of them, for listings.
    pub const ALL: [Self; 5] = [Self::Bars, Self::Clock, Self::Noise, Self::Motion, Self::Face];

    /// Lower-case name, as commands spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::Clock => "clock",
            Self::Noise => "noise",
            Self::Motion => "motion",
            Self::Face => "face",
        }
    }
}

/// A source of pictures at a constant rate.
#[derive(Debug)]
pub struct VideoPattern {
    kind: Kind,
    width: u32,
    height: u32,
    fps: u32,
    background: Background,
}

impl VideoPattern {
    /// A pattern of even size at `fps` pictures a second (0 counts as 1). What does not move is
    /// drawn here, once.
    ///
    /// # Errors
    /// [`FrameError::Size`].
    pub fn new(kind: Kind, width: u32, height: u32, fps: u32) -> Result<Self, FrameError> {
        let background = Background::new(kind, width, height)?;
        Ok(Self { kind, width, height, fps: fps.max(1), background })
    }

    /// When frame `frame_index` is shown: exactly `frame_index / fps`, rounded down to a
    /// microsecond.
    pub fn time_of(&self, frame_index: u64) -> MediaTime {
        let micros = u128::from(frame_index) * 1_000_000 / u128::from(self.fps);
        MediaTime::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// Draws frame `frame_index`.
    ///
    /// # Errors
    /// [`FrameError::SizeChanged`] when `target` is of another size.
    pub fn draw(&mut self, frame_index: u64, target: &mut I420Frame) -> Result<(), FrameError> {
        if (target.width(), target.height()) != (self.width, self.height) {
            return Err(FrameError::SizeChanged {
                width: target.width(),
                height: target.height(),
                expected_width: self.width,
                expected_height: self.height,
            });
        }
        self.background.draw(frame_index, target);
        let mut canvas = Canvas::new(target);
        if self.kind == Kind::Clock {
            self.draw_digits(frame_index, &mut canvas);
        }
        let is_full_second = frame_index.is_multiple_of(u64::from(self.fps));
        if is_full_second && matches!(self.kind, Kind::Bars | Kind::Clock) {
            canvas.fill(strip::flash_box(self.width, self.height), WHITE);
        }
        let number = frame_index % u64::from(read::FRAME_NUMBERS);
        strip::draw(number as u32, &mut canvas);
        Ok(())
    }

    /// The number and the time, one above the other, above the white box's place.
    fn draw_digits(&self, frame_index: u64, canvas: &mut Canvas<'_>) {
        let millis = self.time_of(frame_index).as_micros() / 1_000;
        let (seconds, minutes, hours) = (millis / 1_000, millis / 60_000, millis / 3_600_000);
        let mut number = [0; 8];
        digits(frame_index, &mut number);
        let mut time = *b"00:00:00.000";
        digits((hours % 100).unsigned_abs(), &mut time[..2]);
        digits((minutes % 60).unsigned_abs(), &mut time[3..5]);
        digits((seconds % 60).unsigned_abs(), &mut time[6..8]);
        digits((millis % 1_000).unsigned_abs(), &mut time[9..]);

        let (width, height) = (self.width as usize, self.height as usize);
        let scale = (width * 4 / 5 / canvas::text_width(time.len())).min(height / 90).max(1);
        for (line, text) in [&number[..], &time].into_iter().enumerate() {
            let row = Rect {
                x: (width - (canvas::text_width(text.len()) * scale).min(width)) / 2,
                y: height * (5 + 3 * line) / 24,
                width: canvas::text_width(text.len()) * scale,
                height: canvas::TEXT_HEIGHT * scale,
            };
            canvas.text(row, scale, text);
        }
    }
}

/// The last `out.len()` decimal digits of `value`.
fn digits(mut value: u64, out: &mut [u8]) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
#[path = "pattern_test.rs"]
mod tests;
