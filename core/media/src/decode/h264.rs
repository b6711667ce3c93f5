//! H.264 access units → pictures by openh264: Baseline to High, B-frames too.

use std::sync::Arc;

use onair_types::h264::{AvcConfig, length_prefixed_nal_units};
use onair_types::{MediaTime, VideoUnit};

use super::{DecodeError, VideoDecoder};
use crate::frame::I420;
use crate::openh264::{self, Picture, Refusal};

const NAME: &str = "openh264";

pub(super) struct Decoder {
    library: openh264::Decoder,
    /// The parameter sets that the library has.
    config: Option<Arc<AvcConfig>>,
    annex_b: Vec<u8>,
}

impl Decoder {
    pub(super) fn open() -> Result<Self, DecodeError> {
        let library = openh264::Decoder::open().map_err(|refusal| DecodeError::Open {
            decoder: NAME,
            reason: format!("the library answered {}", refusal.0),
        })?;
        Ok(Self { library, config: None, annex_b: Vec::new() })
    }

    /// The unit as the library takes it, behind the parameter sets if it lacks them.
    fn rewrite(&mut self, unit: &VideoUnit) -> Result<(), DecodeError> {
        let codec = unit.config.codec().name();
        let config = unit.config.h264().ok_or_else(|| broken(format!("{codec} is not H.264")))?;
        self.annex_b.clear();
        if self.config.as_ref() != Some(config) {
            for set in [config.sps(), config.pps()].into_iter().filter(|s| !s.is_empty()) {
                append(&mut self.annex_b, set);
            }
            self.config = Some(Arc::clone(config));
        }
        for nal_unit in length_prefixed_nal_units(&unit.payload, config.nal_length_size()) {
            append(&mut self.annex_b, nal_unit.map_err(|error| broken(error.to_string()))?);
        }
        Ok(())
    }
}

impl VideoDecoder for Decoder {
    fn decode(
        &mut self,
        unit: &VideoUnit,
        out: &mut dyn FnMut(&I420<'_>, MediaTime),
    ) -> Result<(), DecodeError> {
        self.rewrite(unit)?;
        let mut shown = Ok(());
        let stamp = unit.pts.as_micros().cast_unsigned();
        self.library
            .decode(&self.annex_b, stamp, &mut |picture| shown = show(&picture, out))
            .map_err(refused)?;
        shown
    }

    fn flush(&mut self, out: &mut dyn FnMut(&I420<'_>, MediaTime)) -> Result<(), DecodeError> {
        let mut shown = Ok(());
        self.library.flush(&mut |picture| shown = show(&picture, out)).map_err(refused)?;
        shown
    }
}

fn append(annex_b: &mut Vec<u8>, nal_unit: &[u8]) {
    annex_b.extend_from_slice(&[0, 0, 0, 1]);
    annex_b.extend_from_slice(nal_unit);
}

fn show(
    picture: &Picture<'_>,
    out: &mut dyn FnMut(&I420<'_>, MediaTime),
) -> Result<(), DecodeError> {
    let view = I420::new(picture.width, picture.height, picture.planes)
        .map_err(|error| broken(error.to_string()))?;
    out(&view, MediaTime::from_micros(picture.stamp.cast_signed()));
    Ok(())
}

fn broken(reason: String) -> DecodeError {
    DecodeError::Unit { decoder: NAME, reason }
}

/// The bits of DECODING_STATE in `codec_app_def.h`.
fn refused(refusal: Refusal) -> DecodeError {
    let names = [
        (0x02, "reference lost"),
        (0x04, "bitstream error"),
        (0x10, "no parameter sets"),
        (0x40, "reference list incomplete"),
        (0x4000, "out of memory"),
    ];
    let mut reason = format!("state {:#x}", refusal.0);
    for (bit, name) in names {
        if refusal.0 & bit != 0 {
            reason.push_str(", ");
            reason.push_str(name);
        }
    }
    broken(reason)
}
