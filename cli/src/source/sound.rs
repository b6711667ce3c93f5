//! Samples block by block: the patterns' beep or a WAV file.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use onair_media::file::wav;
use onair_media::pattern::Tone;

use crate::exit::Failure;

/// A block of samples at a time.
#[derive(Debug)]
pub(crate) struct Sound {
    maker: Maker,
    sample_rate_hz: u32,
    channels: u8,
    block: Vec<i16>,
}

#[derive(Debug)]
enum Maker {
    Tone(Tone),
    File(wav::Reader<BufReader<File>>),
}

impl Sound {
    /// The beep that goes with the patterns.
    pub(crate) fn tone(sample_rate_hz: u32, channels: u8) -> Self {
        let maker = Maker::Tone(Tone::new(sample_rate_hz, channels));
        Self { maker, sample_rate_hz, channels, block: Vec::new() }
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
        let wav::Header { sample_rate_hz, channels } = reader.header();
        Ok(Self { maker: Maker::File(reader), sample_rate_hz, channels, block: Vec::new() })
    }

    pub(crate) fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// When sample `number` is, from the first on.
    pub(crate) fn time_of(&self, number: u64) -> Duration {
        let micros = u128::from(number) * 1_000_000 / u128::from(self.sample_rate_hz.max(1));
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    pub(crate) fn channels(&self) -> u8 {
        self.channels
    }

    /// Makes the next `samples` a channel, of which the first has number `first`; false when the
    /// file has no more. The last block of a file may be shorter.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn make(&mut self, first: u64, samples: u32) -> Result<bool, Failure> {
        self.block.resize(samples as usize * usize::from(self.channels), 0);
        match &mut self.maker {
            Maker::Tone(tone) => tone.fill(first, &mut self.block),
            Maker::File(reader) => {
                let read = reader.read(&mut self.block).map_err(Failure::usage)?;
                self.block.truncate(read);
            }
        }
        Ok(!self.block.is_empty())
    }

    /// The block made last, interleaved.
    pub(crate) fn block(&self) -> &[i16] {
        &self.block
    }
}
