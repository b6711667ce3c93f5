//! The sound beside the pictures.

use std::f32::consts::TAU;

/// How long a beep lasts.
pub(super) const BEEP_MILLIS: u32 = 80;
const FADE_MILLIS: u32 = 5;
const FREQUENCY_HZ: f32 = 1_000.0;

/// Half of full scale: an AAC decoder that overshoots does not clip.
pub(super) const AMPLITUDE: f32 = 16_384.0;

/// Silence, and 80 ms of 1 kHz from each full second on.
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
        let frames = out.chunks_mut(usize::from(self.channels));
        for (number, frame) in (first_sample..).zip(frames) {
            let in_second = (number % u64::from(self.sample_rate_hz)) as u32;
            frame.fill(self.sample(in_second));
        }
    }

    /// Begins at once, so that its place can be measured; ends softly.
    fn sample(&self, in_second: u32) -> i16 {
        let length = self.sample_rate_hz * BEEP_MILLIS / 1_000;
        if in_second >= length {
            return 0;
        }
        let fade = (self.sample_rate_hz * FADE_MILLIS / 1_000).max(1);
        let gain = ((length - in_second) as f32 / fade as f32).min(1.0);
        let phase = in_second as f32 * FREQUENCY_HZ / self.sample_rate_hz as f32;
        (AMPLITUDE * gain * (phase.fract() * TAU).sin()) as i16
    }
}
