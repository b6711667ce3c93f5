//! Samples as apps have them: 16-bit or floating, interleaved or a plane for each channel.

use super::{CHANNELS, RATES_HZ, SoundError};

/// Borrowed samples, native byte order. Floating ones are −1.0..=1.0; what lies beyond is kept
/// until the limiter, NaN and infinities are silence.
#[derive(Clone, Copy, Debug)]
pub enum Samples<'a> {
    /// 16-bit, the channels in turn.
    I16(&'a [i16]),
    /// Floating, the channels in turn.
    F32(&'a [f32]),
    /// 16-bit, a slice for each channel.
    PlanarI16(&'a [&'a [i16]]),
    /// Floating, a slice for each channel.
    PlanarF32(&'a [&'a [f32]]),
}

/// Samples with what they mean.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    /// The samples; any number of whole sample frames.
    pub samples: Samples<'a>,
    /// Hz, 8,000..=192,000.
    pub sample_rate_hz: u32,
    /// 1 to 8, in the order of WAVE files: left, right, centre, low frequencies, then the back
    /// and the sides. Four are left, right, back left, back right.
    pub channels: u8,
}

impl Sound<'_> {
    /// Checks the whole; returns the samples a channel.
    ///
    /// # Errors
    /// [`SoundError`].
    pub fn frames(&self) -> Result<usize, SoundError> {
        if !CHANNELS.contains(&self.channels) {
            return Err(SoundError::Channels { channels: self.channels });
        }
        if !RATES_HZ.contains(&self.sample_rate_hz) {
            return Err(SoundError::Rate { rate_hz: self.sample_rate_hz });
        }
        let channels = usize::from(self.channels);
        let interleaved = |samples: usize| {
            let ragged = SoundError::Ragged { samples, channels: self.channels };
            if samples.is_multiple_of(channels) { Ok(samples / channels) } else { Err(ragged) }
        };
        match self.samples {
            Samples::I16(samples) => interleaved(samples.len()),
            Samples::F32(samples) => interleaved(samples.len()),
            Samples::PlanarI16(planes) => even(planes.iter().map(|plane| plane.len()), channels),
            Samples::PlanarF32(planes) => even(planes.iter().map(|plane| plane.len()), channels),
        }
    }

    /// One sample; zero where there is none.
    pub(super) fn at(&self, frame: usize, channel: usize) -> f32 {
        let index = frame * usize::from(self.channels) + channel;
        match self.samples {
            Samples::I16(samples) => samples.get(index).copied().map_or(0.0, from_i16),
            Samples::F32(samples) => samples.get(index).copied().map_or(0.0, finite),
            Samples::PlanarI16(planes) => {
                planes.get(channel).and_then(|p| p.get(frame)).copied().map_or(0.0, from_i16)
            }
            Samples::PlanarF32(planes) => {
                planes.get(channel).and_then(|p| p.get(frame)).copied().map_or(0.0, finite)
            }
        }
    }
}

/// As many planes as channels, all of one length.
fn even(
    lengths: impl ExactSizeIterator<Item = usize> + Clone,
    channels: usize,
) -> Result<usize, SoundError> {
    let planes = lengths.len();
    let first = lengths.clone().next().unwrap_or(0);
    if planes == channels && lengths.clone().all(|length| length == first) {
        return Ok(first);
    }
    let channels = u8::try_from(channels).unwrap_or(u8::MAX);
    Err(SoundError::Ragged { samples: lengths.sum(), channels })
}

pub(super) fn from_i16(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}

pub(super) fn finite(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(samples: Samples<'_>, channels: u8) -> Sound<'_> {
        Sound { samples, sample_rate_hz: 48_000, channels }
    }

    #[test]
    fn every_form_of_the_same_samples_reads_the_same() {
        let (left, right) = ([8_192, -16_384, 1], [0, 32_767, -32_768]);
        let woven: Vec<i16> = left.iter().zip(&right).flat_map(|(l, r)| [*l, *r]).collect();
        let floats = |samples: &[i16]| samples.iter().copied().map(from_i16).collect::<Vec<_>>();
        let (woven_f, left_f, right_f) = (floats(&woven), floats(&left), floats(&right));
        let (planes, planes_f) = ([&left[..], &right[..]], [&left_f[..], &right_f[..]]);
        for samples in [
            Samples::I16(&woven),
            Samples::F32(&woven_f),
            Samples::PlanarI16(&planes),
            Samples::PlanarF32(&planes_f),
        ] {
            let sound = sound(samples, 2);
            assert_eq!(sound.frames(), Ok(3));
            for frame in 0..3 {
                assert_eq!(sound.at(frame, 0), from_i16(left[frame]), "{samples:?}");
                assert_eq!(sound.at(frame, 1), from_i16(right[frame]), "{samples:?}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let samples = [0_i16; 6];
        fn frames(samples: Samples<'_>, channels: u8) -> Result<usize, SoundError> {
            sound(samples, channels).frames()
        }
        let ragged = |samples, channels| Err(SoundError::Ragged { samples, channels });
        assert_eq!(frames(Samples::I16(&samples), 4), ragged(6, 4));
        assert_eq!(frames(Samples::PlanarI16(&[&samples, &samples[1..]]), 2), ragged(11, 2));
        assert_eq!(frames(Samples::PlanarI16(&[&samples]), 2), ragged(6, 2));
        for channels in [0, 9] {
            let refused = Err(SoundError::Channels { channels });
            assert_eq!(frames(Samples::I16(&samples), channels), refused);
        }
        for rate_hz in [0, 7_999, 192_001] {
            let bad = Sound { sample_rate_hz: rate_hz, ..sound(Samples::I16(&samples), 2) };
            assert_eq!(bad.frames(), Err(SoundError::Rate { rate_hz }));
        }
    }

    #[test]
    fn what_is_no_number_is_silence() {
        let sound = sound(Samples::F32(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.5]), 1);
        assert_eq!([0, 1, 2, 3].map(|frame| sound.at(frame, 0)), [0.0, 0.0, 0.0, 1.5]);
    }
}
