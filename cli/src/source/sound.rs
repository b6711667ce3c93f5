//! Samples block by block: of the patterns' beep, a WAV file or a microphone, whatever is behind the
//! trait.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use onair_media::capture::{Beep, CaptureError, CapturedSound, SoundShape, SoundSource, WavSound};
use onair_media::file::wav;

use crate::exit::Failure;

/// A block of samples at a time.
pub(crate) struct Sound {
    source: Box<dyn SoundSource>,
    shape: SoundShape,
    block: Vec<i16>,
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sound").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl Sound {
    /// The beep that goes with the patterns.
    pub(crate) fn tone(sample_rate_hz: u32, channels: u8) -> Self {
        Self::of(Box::new(Beep::new(sample_rate_hz, channels)))
    }

    fn of(source: Box<dyn SoundSource>) -> Self {
        Self { shape: source.shape(), source, block: Vec::new() }
    }

    /// What a microphone hears, as near as it can to what is wanted.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn microphone(device: &str, wanted: SoundShape) -> Result<Self, Failure> {
        onair_capture::open_microphone(device, wanted).map(Self::of).map_err(Failure::usage)
    }

    /// Samples of a WAV file.
    ///
    /// # Errors
    /// When the file cannot be opened or is not 16-bit PCM.
    pub(crate) fn wav(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let file = File::open(path).map_err(|e| Failure::usage(format!("open {name}: {e}")))?;
        let reader = wav::Reader::new(BufReader::new(file))
            .map_err(|e| Failure::usage(format!("{name}: {e}")))?;
        Ok(Self::of(Box::new(WavSound::new(reader))))
    }

    pub(crate) fn sample_rate_hz(&self) -> u32 {
        self.shape.sample_rate_hz
    }

    /// When sample `number` is, from the first on.
    pub(crate) fn time_of(&self, number: u64) -> Duration {
        let micros = u128::from(number) * 1_000_000 / u128::from(self.shape.sample_rate_hz.max(1));
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    pub(crate) fn channels(&self) -> u8 {
        self.shape.channels
    }

    /// Makes the next `samples` a channel; false when the file has no more. The last block of a file
    /// may be shorter.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn make(&mut self, samples: u32) -> Result<bool, Failure> {
        Ok(self.read(samples).map_err(Failure::usage)?.is_some())
    }

    /// The next samples, and when they were captured; waits for a microphone's.
    ///
    /// # Errors
    /// As the source says.
    pub(crate) fn read(&mut self, samples: u32) -> Result<Option<CapturedSound>, CaptureError> {
        self.source.read(samples, &mut self.block)
    }

    /// The block made last, interleaved.
    pub(crate) fn block(&self) -> &[i16] {
        &self.block
    }
}
