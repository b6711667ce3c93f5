//! Samples of any rate, layout and number of sources → one stream of the session's format.
//!
//! ```text
//!  samples::Samples → layout: channels → resample::Converter: rate ─┐
//!  samples::Samples → layout: channels → resample::Converter: rate ─┴▶ mix → limit → level → i16
//! ```
//!
//! Everything in here counts samples and knows no clock; where a block lies is the caller's to say
//! (`onair_engine::timeline`). Inside, a sample is an `f32` of −1.0..=1.0 and channels are
//! interleaved; 16-bit sound that nothing was done to comes out as it came in.

mod layout;
mod level;
mod limit;
mod mix;
mod predict;
mod resample;
mod samples;

use thiserror::Error;

pub use layout::map_into;
pub use level::{FLOOR_DBFS, Level, Meter};
pub use limit::{limit, to_i16};
pub use mix::Mixer;
pub use resample::{Converted, Converter};
pub use samples::{Samples, Sound};

/// Rates that are taken, Hz.
pub const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=192_000;
/// Channels that are taken.
pub const CHANNELS: std::ops::RangeInclusive<u8> = 1..=8;

/// Why samples were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SoundError {
    /// A rate that is not taken.
    #[error("{rate_hz} Hz; give 8,000 to 192,000 Hz")]
    Rate {
        /// As given.
        rate_hz: u32,
    },
    /// A number of channels that is not taken.
    #[error("{channels} channels; give 1 to 8")]
    Channels {
        /// As given.
        channels: u8,
    },
    /// Not the same number of samples in every channel.
    #[error("{samples} samples do not divide into {channels} channels")]
    Ragged {
        /// All channels together.
        samples: usize,
        /// Channels, or planes given.
        channels: u8,
    },
}
