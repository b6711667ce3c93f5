//! Audio qualities and what else AAC-LC can do (`spec lflivekit-and-friends` 1.3).

use super::ConfigError;
use super::video::check_range;
use crate::aac::{Asc, FRAME_SAMPLES};

/// LFLiveKit's audio qualities. Parses from its name in any case ("veryhigh").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table in AudioConfig::preset says what each is")]
pub enum AudioQuality {
    Low,
    Medium,
    #[default]
    High,
    VeryHigh,
}

impl AudioQuality {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::VeryHigh];
}

/// A valid audio configuration: AAC-LC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioConfig {
    sample_rate_hz: u32,
    channels: u8,
    bitrate_bps: u32,
}

impl AudioConfig {
    /// One of the qualities, in stereo:
    ///
    /// | quality | Hz | kbit/s |
    /// |---|---|---|
    /// | Low | 16,000 | 64 |
    /// | Medium | 44,100 | 96 |
    /// | High | 44,100 | 128 |
    /// | VeryHigh | 48,000 | 128 |
    pub fn preset(quality: AudioQuality) -> Self {
        let (sample_rate_hz, bitrate_bps) = match quality {
            AudioQuality::Low => (16_000, 64_000),
            AudioQuality::Medium => (44_100, 96_000),
            AudioQuality::High => (44_100, 128_000),
            AudioQuality::VeryHigh => (48_000, 128_000),
        };
        Self { sample_rate_hz, channels: 2, bitrate_bps }
    }

    /// Any rate AAC-LC knows (8,000..=48,000 Hz here), 1 or 2 channels, 8,000..=320,000 bit/s and
    /// at most 6 bits a sample (ISO/IEC 14496-3 4.5.1.1: 6,144 bits a frame and channel).
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub fn new(sample_rate_hz: u32, channels: u8, bitrate_bps: u32) -> Result<Self, ConfigError> {
        if !RATES_HZ.contains(&sample_rate_hz) {
            return Err(ConfigError::OutOfRange {
                field: "sample rate",
                value: sample_rate_hz.into(),
                allowed: "8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100 or 48000 Hz",
            });
        }
        check_range("channels", channels.into(), 1..=2, "1 or 2")?;
        let allowed = "8,000 to 320,000 bit/s";
        check_range("audio bitrate", bitrate_bps, 8_000..=320_000, allowed)?;
        let ceiling = 6 * sample_rate_hz * u32::from(channels);
        let allowed = "at most 6 bits for each sample of each channel";
        check_range("audio bitrate", bitrate_bps, 0..=ceiling, allowed)?;
        Ok(Self { sample_rate_hz, channels, bitrate_bps })
    }

    /// Sampling rate, Hz.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// Channels: 1 or 2.
    pub fn channels(&self) -> u8 {
        self.channels
    }

    /// Bitrate, bit/s.
    pub fn bitrate_bps(&self) -> u32 {
        self.bitrate_bps
    }

    /// Bytes of one block of 1,024 16-bit samples in all channels (LFLiveKit's `bufferLength`).
    pub fn block_bytes(&self) -> usize {
        FRAME_SAMPLES as usize * 2 * usize::from(self.channels)
    }

    /// How a decoder is told (LFLiveKit's `asc`).
    pub fn asc(&self) -> Asc {
        Asc::aac_lc(self.sample_rate_hz, self.channels)
            .expect("every rate and channel count of a config has an index")
    }
}

impl Default for AudioConfig {
    fn default() -> Self {
        Self::preset(AudioQuality::default())
    }
}

const RATES_HZ: [u32; 9] = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
