//! Blocks of 1,024 samples → AAC-LC access units by fdk-aac.
//!
//! What a unit sounds like begins [`fdk_aac::Encoder::delay_samples`] before the block whose
//! encoding gave it: 1,600 samples, for AAC-LC without the library's SBR module (2,048 with it).
//! That is 448 samples into block *n* − 2, so unit *n* carries that block's time and a bit, which
//! stays true across a gap between blocks; the first two lie before the first block.

use std::collections::VecDeque;

use onair_types::aac::{Asc, FRAME_SAMPLES};
use onair_types::{AudioConfig, AudioUnit, MediaTime, Pool};

use super::{AudioEncoder, EncodeError, EncoderInfo};
use crate::fdk_aac::{self, Refusal, Settings};

const NAME: &str = "fdk-aac";

/// Buffers that the pool remembers: two seconds at 44.1 kHz.
const POOLED_UNITS: usize = 96;

/// The library's second pass doubles the work (to 0.8 % of a core) for 1 dB: worth it where bits are
/// scarce. A channel.
const AFTERBURNER_BELOW_BPS: u32 = 48_000;

pub(super) struct Encoder {
    library: fdk_aac::Encoder,
    asc: Asc,
    sample_rate_hz: u32,
    block_len: usize,
    pool: Pool,
    /// Times of the blocks that have not come out; never more than the delay holds.
    times: VecDeque<MediaTime>,
    started: bool,
    flushed: bool,
}

impl Encoder {
    pub(super) fn open(config: &AudioConfig) -> Result<Self, EncodeError> {
        let failed = |reason: String| EncodeError::Open { encoder: NAME, reason };
        let library = fdk_aac::Encoder::open(&Settings {
            sample_rate_hz: config.sample_rate_hz(),
            channels: config.channels(),
            bitrate_bps: config.bitrate_bps(),
            afterburner: config.bitrate_bps()
                < AFTERBURNER_BELOW_BPS * u32::from(config.channels()),
        })
        .map_err(|refusal| failed(answered(refusal)))?;
        let asc = Asc::from_bytes(library.asc()).map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            library,
            asc,
            sample_rate_hz: config.sample_rate_hz(),
            block_len: FRAME_SAMPLES as usize * usize::from(config.channels()),
            pool: Pool::new(POOLED_UNITS),
            times: VecDeque::with_capacity(8),
            started: false,
            flushed: false,
        })
    }

    /// Queues the times of the priming units, so that the queue's front is always the next unit's.
    fn start(&mut self, pts: MediaTime) {
        let delay = self.library.delay_samples();
        let units = delay.div_ceil(FRAME_SAMPLES);
        for unit in 0..units {
            let before = i64::from((units - unit) * FRAME_SAMPLES);
            let micros = before * 1_000_000 / i64::from(self.sample_rate_hz);
            self.times.push_back(pts.offset_micros(-micros));
        }
        self.started = true;
    }

    /// The time of the unit that comes out now.
    fn take_time(&mut self) -> Option<MediaTime> {
        let delay = self.library.delay_samples();
        let rest = i64::from(delay.next_multiple_of(FRAME_SAMPLES) - delay);
        let micros = rest * 1_000_000 / i64::from(self.sample_rate_hz);
        self.times.pop_front().map(|time| time.offset_micros(micros))
    }
}

impl AudioEncoder for Encoder {
    fn encode(
        &mut self,
        pcm: &[i16],
        pts: MediaTime,
        out: &mut dyn FnMut(AudioUnit),
    ) -> Result<(), EncodeError> {
        if pcm.len() != self.block_len {
            return Err(refused(format!("{} samples given, {} needed", pcm.len(), self.block_len)));
        }
        if self.flushed {
            return Err(refused("the encoder was flushed; make a new one".to_owned()));
        }
        let library = &mut self.library;
        let payload = self
            .pool
            .fill(|buffer| library.encode(pcm, buffer))
            .map_err(|refusal| refused(answered(refusal)))?;
        if !self.started {
            self.start(pts);
        }
        self.times.push_back(pts);
        if !payload.is_empty()
            && let Some(pts) = self.take_time()
        {
            out(AudioUnit { pts, config: self.asc.into(), payload });
        }
        Ok(())
    }

    fn set_bitrate(&mut self, bitrate_bps: u32) -> Result<(), EncodeError> {
        self.library.set_bitrate(bitrate_bps).map_err(|refusal| EncodeError::Setting {
            encoder: NAME,
            setting: "bitrate",
            reason: answered(refusal),
        })
    }

    fn flush(&mut self, out: &mut dyn FnMut(AudioUnit)) -> Result<(), EncodeError> {
        self.flushed = true;
        while !self.times.is_empty() {
            let (library, mut more) = (&mut self.library, false);
            let payload = self
                .pool
                .fill(|buffer| library.drain(buffer).map(|drained| more = drained))
                .map_err(|refusal| refused(answered(refusal)))?;
            let Some(pts) = self.take_time().filter(|_| more) else {
                break;
            };
            out(AudioUnit { pts, config: self.asc.into(), payload });
        }
        self.times.clear();
        Ok(())
    }

    fn asc(&self) -> Asc {
        self.asc
    }

    fn info(&self) -> EncoderInfo {
        EncoderInfo { name: NAME.to_owned(), warning: None }
    }
}

fn refused(reason: String) -> EncodeError {
    EncodeError::Encode { encoder: NAME, reason }
}

fn answered(refusal: Refusal) -> String {
    format!("the library answered {:#x}", refusal.0)
}
