//! Samples as they come from microphones and apps → blocks of 1,024 for the encoder.
//!
//! The framer counts samples and knows no clock: who pushes maps sample numbers to times
//! (`onair_engine::timeline`). Spec `lflivekit-and-friends` statements 79 and 80.

use onair_types::aac::FRAME_SAMPLES;
use thiserror::Error;

/// Why samples were refused; nothing of the push was taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PcmError {
    /// Not 1 or 2 channels.
    #[error("frame pcm: {channels} channels are not supported; use 1 or 2")]
    Channels {
        /// Channels asked for.
        channels: u8,
    },
    /// Not the same number of samples in every channel.
    #[error("frame pcm: {samples} samples do not divide into {channels} channels")]
    Ragged {
        /// Samples given, all channels together.
        samples: usize,
        /// Channels.
        channels: u8,
    },
}

/// Exactly 1,024 samples a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// Interleaved.
    pub pcm: &'a [i16],
    /// Number of its first sample, counted a channel from the framer's first.
    pub first_sample: u64,
}

/// Cuts pushes of any size into blocks; keeps the remainder.
#[derive(Debug)]
pub struct Framer {
    channels: u8,
    pending: Vec<i16>,
    first_sample: u64,
    muted: bool,
}

impl Framer {
    /// A framer at sample 0.
    ///
    /// # Errors
    /// [`PcmError::Channels`] unless `channels` is 1 or 2.
    pub fn new(channels: u8) -> Result<Self, PcmError> {
        if !(1..=2).contains(&channels) {
            return Err(PcmError::Channels { channels });
        }
        let block = FRAME_SAMPLES as usize * usize::from(channels);
        Ok(Self { channels, pending: Vec::with_capacity(block), first_sample: 0, muted: false })
    }

    /// Takes interleaved samples and hands every block they complete to `out`.
    ///
    /// # Errors
    /// [`PcmError::Ragged`] unless `pcm` divides into the channels.
    pub fn push(&mut self, pcm: &[i16], out: impl FnMut(Block<'_>)) -> Result<(), PcmError> {
        let _ = (pcm, out, &mut self.pending, self.channels, self.muted);
        todo!("media")
    }

    /// Fills the remainder up with silence and hands it to `out`, if there is one.
    pub fn flush(&mut self, out: impl FnMut(Block<'_>)) {
        let _ = out;
        todo!("media")
    }

    /// Whether samples pushed from now on become silence; blocks come at the same cadence.
    pub fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Samples a channel that wait for a block to fill.
    pub fn pending_samples(&self) -> usize {
        self.pending.len() / usize::from(self.channels)
    }

    /// Number of the sample that comes with the next push.
    pub fn next_sample(&self) -> u64 {
        self.first_sample + self.pending_samples() as u64
    }
}

/// Samples of −1.0..=1.0 → 16 bit, saturating; NaN becomes silence. As many as the shorter of
/// both holds; returns how many.
pub fn i16_from_f32(source: &[f32], target: &mut [i16]) -> usize {
    let _ = (source, target);
    todo!("media")
}
