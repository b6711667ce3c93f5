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
        let channels = usize::from(self.channels);
        if !pcm.len().is_multiple_of(channels) {
            return Err(PcmError::Ragged { samples: pcm.len(), channels: self.channels });
        }
        let mut out = out;
        let mut rest = pcm;
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(self.room()));
            rest = tail;
            if self.muted {
                self.pending.resize(self.pending.len() + head.len(), 0);
            } else {
                self.pending.extend_from_slice(head);
            }
            if self.room() == 0 {
                self.emit(&mut out);
            }
        }
        Ok(())
    }

    /// Fills the remainder up with silence and hands it to `out`, if there is one.
    pub fn flush(&mut self, out: impl FnMut(Block<'_>)) {
        if !self.pending.is_empty() {
            let mut out = out;
            self.pending.resize(self.block_len(), 0);
            self.emit(&mut out);
        }
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

    fn block_len(&self) -> usize {
        FRAME_SAMPLES as usize * usize::from(self.channels)
    }

    fn room(&self) -> usize {
        self.block_len() - self.pending.len()
    }

    fn emit(&mut self, out: &mut impl FnMut(Block<'_>)) {
        out(Block { pcm: &self.pending, first_sample: self.first_sample });
        self.first_sample += u64::from(FRAME_SAMPLES);
        self.pending.clear();
    }
}

/// Samples of −1.0..=1.0 → 16 bit, saturating; NaN becomes silence. As many as the shorter of
/// both holds; returns how many.
pub fn i16_from_f32(source: &[f32], target: &mut [i16]) -> usize {
    for (&sample, out) in source.iter().zip(target.iter_mut()) {
        // `as` saturates and turns NaN into 0.
        *out = (sample * 32_767.0).round() as i16;
    }
    source.len().min(target.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ramp(len: usize) -> Vec<i16> {
        (0..len).map(|i| i as i16).collect()
    }

    proptest! {
        #[test]
        fn lf80_pushes_of_any_size_are_cut_at_exactly_1024_samples_a_channel(
            channels in 1u8..=2,
            pushes in prop::collection::vec(0usize..5_000, 1..20),
        ) {
            let mut framer = Framer::new(channels).unwrap();
            let sent = ramp(pushes.iter().sum::<usize>() * usize::from(channels));
            let (mut rest, mut got, mut next) = (&sent[..], Vec::new(), 0);
            for push in pushes {
                let (head, tail) = rest.split_at(push * usize::from(channels));
                rest = tail;
                framer
                    .push(head, |block| {
                        assert_eq!(block.pcm.len(), 1_024 * usize::from(channels));
                        assert_eq!(block.first_sample, next);
                        next += 1_024;
                        got.extend_from_slice(block.pcm);
                    })
                    .unwrap();
                prop_assert!(framer.pending_samples() < 1_024);
            }
            prop_assert_eq!(framer.next_sample() as usize * usize::from(channels), sent.len());
            let pending = framer.pending_samples() * usize::from(channels);
            framer.flush(|block| got.extend_from_slice(block.pcm));
            prop_assert_eq!(&got[..sent.len()], &sent[..]);
            prop_assert!(got[sent.len()..].iter().all(|&sample| sample == 0));
            let filled_up = if pending == 0 { 0 } else { 1_024 * usize::from(channels) - pending };
            prop_assert_eq!(got.len() - sent.len(), filled_up);
        }
    }

    #[test]
    fn lf79_muted_samples_are_zero_and_the_cadence_stays() {
        let mut framer = Framer::new(2).unwrap();
        let mut blocks = Vec::new();
        let mut push = |framer: &mut Framer, samples: usize| {
            framer.push(&vec![7; samples * 2], |b| blocks.push((b.first_sample, b.pcm.to_vec())))
        };
        push(&mut framer, 500).unwrap();
        framer.set_muted(true);
        push(&mut framer, 1_000).unwrap();
        framer.set_muted(false);
        push(&mut framer, 1_572).unwrap();
        assert_eq!(blocks.iter().map(|(first, _)| *first).collect::<Vec<_>>(), [0, 1_024, 2_048]);
        let samples: Vec<i16> = blocks.into_iter().flat_map(|(_, pcm)| pcm).collect();
        let muted: Vec<usize> = (0..samples.len()).filter(|&i| samples[i] == 0).collect();
        assert_eq!(muted, (1_000..3_000).collect::<Vec<_>>());
    }

    #[test]
    fn half_a_sample_and_odd_channel_counts_are_refused_whole() {
        let mut framer = Framer::new(2).unwrap();
        let refused = framer.push(&[1; 2_049], |_| panic!("nothing was accepted"));
        assert_eq!(refused, Err(PcmError::Ragged { samples: 2_049, channels: 2 }));
        assert_eq!(framer.next_sample(), 0);
        for channels in [0, 3, 255] {
            assert_eq!(Framer::new(channels).unwrap_err(), PcmError::Channels { channels });
        }
    }

    #[test]
    fn floats_saturate_and_nan_is_silence() {
        let source = [0.0, 1.0, -1.0, 0.5, 2.0, -2.0, f32::NAN, f32::INFINITY, 0.25];
        let mut target = [9; 8];
        assert_eq!(i16_from_f32(&source, &mut target), 8);
        assert_eq!(target, [0, 32_767, -32_767, 16_384, 32_767, -32_768, 0, 32_767]);
    }
}
