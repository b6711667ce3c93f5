//! Access units as Android's encoders give them: NAL units behind start codes (H.264 and HEVC
//! Annex B), or AV1's low-overhead format. Turned into what a [`crate::VideoUnit`] holds.

use std::sync::Arc;

use crate::codec::VideoCodec;
use crate::h264::{self, AvcConfig, annex_b_nal_units};
use crate::header::{HeaderError, VideoHeader};
use crate::hevc::HevcConfig;

/// How to decode, from the parameter sets of an access unit or of a codec configuration buffer.
/// `None` when it does not hold all of them; AV1's configuration is a record already.
///
/// # Errors
/// When a parameter set cannot be used.
pub fn header(codec: VideoCodec, stream: &[u8]) -> Result<Option<VideoHeader>, HeaderError> {
    let find = |kind: u8| annex_b_nal_units(stream).find(|unit| nal_type(codec, unit) == kind);
    Ok(match codec {
        VideoCodec::H264 => match (find(h264::nal_type::SPS), find(h264::nal_type::PPS)) {
            (Some(sps), Some(pps)) => {
                let config = AvcConfig::from_parameter_sets(sps, pps)?;
                Some(VideoHeader::H264(Arc::new(config)))
            }
            _ => None,
        },
        VideoCodec::Hevc => match (find(HEVC_VPS), find(HEVC_SPS), find(HEVC_PPS)) {
            (Some(vps), Some(sps), Some(pps)) => {
                let config = HevcConfig::from_parameter_sets(vps, sps, pps)?;
                Some(VideoHeader::Hevc(Arc::new(config)))
            }
            _ => None,
        },
        VideoCodec::Av1 => None,
    })
}

/// The payload: everything but parameter sets and delimiters, each NAL unit behind its length in
/// four bytes. `payload` is emptied first.
pub fn payload_into(codec: VideoCodec, stream: &[u8], payload: &mut Vec<u8>) {
    payload.clear();
    if codec == VideoCodec::Av1 {
        payload.extend_from_slice(stream.strip_prefix(&TEMPORAL_DELIMITER).unwrap_or(stream));
        return;
    }
    for unit in annex_b_nal_units(stream) {
        let is_left_out = match codec {
            VideoCodec::Hevc => (HEVC_VPS..=HEVC_AUD).contains(&nal_type(codec, unit)),
            _ => (h264::nal_type::SPS..=h264::nal_type::AUD).contains(&nal_type(codec, unit)),
        };
        let size = u32::try_from(unit.len());
        if let (false, Ok(size)) = (is_left_out, size) {
            payload.extend_from_slice(&size.to_be_bytes());
            payload.extend_from_slice(unit);
        }
    }
}

/// ITU-T H.264 7.3.1, H.265 7.3.1.2.
fn nal_type(codec: VideoCodec, unit: &[u8]) -> u8 {
    let first = unit.first().copied().unwrap_or(0);
    if codec == VideoCodec::Hevc { first >> 1 & 0x3F } else { first & 0x1F }
}

/// ITU-T H.265 table 7-1.
const HEVC_VPS: u8 = 32;
const HEVC_SPS: u8 = 33;
const HEVC_PPS: u8 = 34;
const HEVC_AUD: u8 = 35;
/// An OBU with a size field, of no bytes (AV1 5.3.2).
const TEMPORAL_DELIMITER: [u8; 2] = [0x12, 0];

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: [u8; 8] = [0x67, 0x42, 0xC0, 0x1E, 0xD9, 0x00, 0xA0, 0x47];

    fn stream() -> Vec<u8> {
        let mut stream = vec![0, 0, 0, 1, 0x09, 0xF0, 0, 0, 0, 1];
        stream.extend_from_slice(&SPS);
        stream.extend_from_slice(&[0, 0, 0, 1, 0x68, 0xCE, 0x38, 0x80, 0, 0, 1, 0x65, 0x88, 0x84]);
        stream
    }

    #[test]
    fn an_access_unit_with_its_parameter_sets_is_taken_apart() {
        let header = header(VideoCodec::H264, &stream()).expect("good sets").expect("all of them");
        let config = header.h264().expect("H.264");
        assert_eq!((config.sps(), config.nal_length_size()), (&SPS[..], 4));
        let mut payload = vec![1, 2, 3];
        payload_into(VideoCodec::H264, &stream(), &mut payload);
        assert_eq!(payload, [0, 0, 0, 3, 0x65, 0x88, 0x84]);
    }

    #[test]
    fn without_parameter_sets_there_is_no_header() {
        let slice = [0, 0, 0, 1, 0x41, 0x9A, 0x02];
        assert_eq!(header(VideoCodec::H264, &slice), Ok(None));
        assert_eq!(header(VideoCodec::Hevc, &slice), Ok(None));
        assert_eq!(header(VideoCodec::H264, &[]), Ok(None));
    }

    #[test]
    fn hevc_and_av1_lose_what_belongs_to_the_header() {
        let mut payload = Vec::new();
        // AUD, VPS, then an IDR slice.
        let hevc = [0, 0, 1, 0x46, 1, 0x10, 0, 0, 1, 0x40, 1, 0x0C, 0, 0, 1, 0x26, 1, 0xAF];
        payload_into(VideoCodec::Hevc, &hevc, &mut payload);
        assert_eq!(payload, [0, 0, 0, 3, 0x26, 1, 0xAF]);
        payload_into(VideoCodec::Av1, &[0x12, 0, 0x32, 1, 0x10], &mut payload);
        assert_eq!(payload, [0x32, 1, 0x10]);
    }
}
