//! Measures a received stream by our own pattern: which frames came, and how far sound and
//! picture lie apart.

use onair_types::MediaTime;

use crate::frame::I420;

/// Frame numbers in the strip wrap here.
pub const FRAME_NUMBERS: u32 = 1 << 24;

/// The frame number in the strip; `None` when there is none or its check fails.
pub fn frame_number(picture: &I420<'_>) -> Option<u32> {
    let _ = picture;
    todo!("media")
}

/// Whether the white box is shown.
pub fn is_flash(picture: &I420<'_>) -> bool {
    let _ = picture;
    todo!("media")
}

/// Counts what became of the numbered frames, in the order of presentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameLedger {
    /// Pictures seen.
    pub seen: u64,
    /// Pictures without a readable number.
    pub unreadable: u64,
    /// Numbers between the lowest and the highest that never came.
    pub lost: u64,
    /// Pictures with the number of the one before.
    pub repeated: u64,
    /// Pictures with a lower number than one before.
    pub out_of_order: u64,
    /// First number read.
    pub first: Option<u32>,
    /// Highest number read.
    pub highest: Option<u32>,
}

impl FrameLedger {
    /// Notes the next picture's number.
    pub fn push(&mut self, number: Option<u32>) {
        let _ = number;
        todo!("media")
    }
}

/// Finds where beeps begin in decoded sound.
#[derive(Debug)]
pub struct BeepDetector {
    _todo: (),
}

impl BeepDetector {
    /// A detector for interleaved samples.
    pub fn new(sample_rate_hz: u32, channels: u8) -> Self {
        let _ = (sample_rate_hz, channels);
        Self { _todo: () }
    }

    /// Takes the next samples, the first of which belongs at `pts`; beeps that begin in them go
    /// to `out`.
    pub fn push(&mut self, pcm: &[i16], pts: MediaTime, out: impl FnMut(MediaTime)) {
        let _ = (pcm, pts, out);
        todo!("media")
    }
}

/// Pairs flashes with beeps, within half a second of each other.
#[derive(Clone, Debug, Default)]
pub struct SkewMeter {
    _todo: (),
}

impl SkewMeter {
    /// Notes a picture and whether it shows the flash; the first of a run counts.
    pub fn picture(&mut self, pts: MediaTime, flash: bool) {
        let _ = (pts, flash);
        todo!("media")
    }

    /// Notes where a beep begins.
    pub fn beep(&mut self, pts: MediaTime) {
        let _ = pts;
        todo!("media")
    }

    /// Pairs found.
    pub fn pairs(&self) -> u64 {
        todo!("media")
    }

    /// Skew of the latest pair in microseconds; positive when the sound is late.
    pub fn latest_micros(&self) -> Option<i64> {
        todo!("media")
    }

    /// The skew that lies furthest from zero, in microseconds; positive when the sound is late.
    pub fn worst_micros(&self) -> Option<i64> {
        todo!("media")
    }

    /// Mean skew in microseconds; positive when the sound is late.
    pub fn mean_micros(&self) -> Option<i64> {
        todo!("media")
    }
}
