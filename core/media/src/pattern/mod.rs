//! Test pictures and sounds as pure functions of a frame number and a sample number, and
//! [`read`], which measures a stream by them.
//!
//! Every kind carries its frame number as a strip of black and white cells along the top; `bars`
//! and `clock` show a white box in the middle for one frame at each full second, and [`Tone`]
//! beeps at the same instant.

use onair_types::MediaTime;

use crate::frame::{FrameError, I420Frame};

pub mod read;

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
}

impl Kind {
    /// All of them, for listings.
    pub const ALL: [Self; 4] = [Self::Bars, Self::Clock, Self::Noise, Self::Motion];

    /// Lower-case name, as commands spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::Clock => "clock",
            Self::Noise => "noise",
            Self::Motion => "motion",
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
}

impl VideoPattern {
    /// A pattern of even size at `fps` pictures a second (0 counts as 1).
    ///
    /// # Errors
    /// [`FrameError::Size`].
    pub fn new(kind: Kind, width: u32, height: u32, fps: u32) -> Result<Self, FrameError> {
        I420Frame::new(width, height)?;
        Ok(Self { kind, width, height, fps: fps.max(1) })
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
        let _ = (self.kind, self.width, self.height, frame_index, target);
        todo!("media")
    }
}

/// The sound beside the pictures: silence, and 80 ms of 1 kHz at each full second.
#[derive(Clone, Copy, Debug)]
pub struct Tone {
    sample_rate_hz: u32,
    channels: u8,
}

impl Tone {
    /// A tone for `channels` equal channels (0 counts as 1, as does a rate of 0).
    pub fn new(sample_rate_hz: u32, channels: u8) -> Self {
        Self { sample_rate_hz: sample_rate_hz.max(1), channels: channels.max(1) }
    }

    /// Writes the interleaved samples from `first_sample` (counted a channel) on.
    pub fn fill(&self, first_sample: u64, out: &mut [i16]) {
        let _ = (self.sample_rate_hz, self.channels, first_sample, out);
        todo!("media")
    }
}
