//! AAC access units → samples by fdk-aac.

use onair_types::aac::Asc;
use onair_types::{AudioHeader, AudioUnit};

use super::{AudioDecoder, DecodeError, Pcm};
use crate::fdk_aac::{self, Refusal};

const NAME: &str = "fdk-aac";

/// 2,048 samples (HE-AAC) in the two channels that the library mixes down to, twice over.
const MAX_SAMPLES: usize = 8_192;

pub(super) struct Decoder {
    /// Made anew when the configuration changes.
    library: Option<(Asc, fdk_aac::Decoder)>,
    pcm: Vec<i16>,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { library: None, pcm: vec![0; MAX_SAMPLES] }
    }
}

impl AudioDecoder for Decoder {
    fn decode(&mut self, unit: &AudioUnit) -> Result<Pcm<'_>, DecodeError> {
        let broken = |refusal: Refusal| DecodeError::Unit {
            decoder: NAME,
            reason: format!("the library answered {:#x}", refusal.0),
        };
        let AudioHeader::Aac(unit_asc) = unit.config else {
            let reason = format!("{} is not AAC", unit.config.codec().name());
            return Err(DecodeError::Unit { decoder: NAME, reason });
        };
        let library = match self.library.take() {
            Some((asc, library)) if asc == unit_asc => library,
            _ => fdk_aac::Decoder::open(unit_asc.as_bytes()).map_err(broken)?,
        };
        let (_, library) = self.library.insert((unit_asc, library));
        let format = library.decode(&unit.payload, &mut self.pcm).map_err(broken)?;
        let len = format.samples.saturating_mul(usize::from(format.channels));
        let Some(samples) = self.pcm.get(..len) else {
            return Err(DecodeError::Unit {
                decoder: NAME,
                reason: format!("{len} samples in one frame"),
            });
        };
        Ok(Pcm { samples, sample_rate_hz: format.sample_rate_hz, channels: format.channels })
    }
}
