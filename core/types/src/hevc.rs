//! HEVC byte formats: the decoder configuration record, the picture size in its SPS, and whether
//! decoding can start at an access unit. ISO/IEC 14496-15 8.3.3.1, ITU-T H.265 7.3 and 7.4.2.2.

use std::ops::Range;

use thiserror::Error;

use crate::bits::BitReader;
use crate::h264::{H264Error, length_prefixed_nal_units};
use crate::sps::without_emulation_prevention;

/// Why HEVC bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HevcError {
    /// A field runs past the end.
    #[error("read {what}: {needed} bytes needed, {available} left")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Bytes needed.
        needed: usize,
        /// Bytes left.
        available: usize,
    },
    /// A field holds what the standard forbids or this parser does not take.
    #[error("read {what}: value {value} is not allowed")]
    Invalid {
        /// The field.
        what: &'static str,
        /// What it held.
        value: u64,
    },
    /// A parameter set that decoders need is not there.
    #[error("read {WHAT}: no {0} in it")]
    Missing(&'static str),
}

/// An HEVCDecoderConfigurationRecord (`hvcC`), kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HevcConfig {
    record: Vec<u8>,
    /// The first SPS.
    sps: Range<usize>,
}

impl HevcConfig {
    /// The record for one VPS, SPS and PPS, each a NAL unit with its two header bytes and without
    /// start code, with 4-byte lengths.
    ///
    /// # Errors
    /// When a set is empty, too long, of the wrong type, or the SPS cannot be parsed.
    pub fn from_parameter_sets(vps: &[u8], sps: &[u8], pps: &[u8]) -> Result<Self, HevcError> {
        let info = Sps::parse(sps)?;
        let mut record = vec![VERSION];
        record.extend_from_slice(&info.profile_tier_level);
        record.extend_from_slice(&[
            0xF0,
            0,    // no minimum of spatial segmentation
            0xFC, // parallelism unknown
            0xFC | info.chroma_format_idc,
            0xF8 | info.bit_depth_luma_minus8,
            0xF8 | info.bit_depth_chroma_minus8,
            0,
            0, // average frame rate unknown
            info.temporal_layers << 3 | u8::from(info.is_temporally_nested) << 2 | 3,
            3,
        ]);
        for (what, set, nal_type) in [("VPS", vps, VPS), ("SPS", sps, SPS), ("PPS", pps, PPS)] {
            if set.first().map(|header| nal_unit_type(*header)) != Some(nal_type) {
                return Err(HevcError::Missing(what));
            }
            let size = u16::try_from(set.len());
            let size = size.map_err(|_| HevcError::Invalid { what, value: set.len() as u64 })?;
            record.extend_from_slice(&[COMPLETE | nal_type, 0, 1]);
            record.extend_from_slice(&size.to_be_bytes());
            record.extend_from_slice(set);
        }
        Self::from_record(&record)
    }

    /// Takes a record as it stands in a file or on the wire.
    ///
    /// # Errors
    /// When it is truncated, of another version, has lengths of 3 bytes, or lacks a VPS, SPS or PPS.
    pub fn from_record(record: &[u8]) -> Result<Self, HevcError> {
        let truncated = |needed, available| HevcError::Truncated { what: WHAT, needed, available };
        let Some((head, mut rest)) = record.split_first_chunk::<HEAD_BYTES>() else {
            return Err(truncated(HEAD_BYTES, record.len()));
        };
        if head[0] != VERSION {
            let what = "version of an HEVC configuration record";
            return Err(HevcError::Invalid { what, value: head[0].into() });
        }
        if head[21] & 3 == 2 {
            let what = "NAL unit length size less one";
            return Err(HevcError::Invalid { what, value: 2 });
        }
        let mut found = [false; 3];
        let mut sps = 0..0;
        for _ in 0..head[22] {
            let Some((&[kind, n1, n0], behind)) = rest.split_first_chunk() else {
                return Err(truncated(3, rest.len()));
            };
            rest = behind;
            for _ in 0..u16::from_be_bytes([n1, n0]) {
                let Some((&[l1, l0], behind)) = rest.split_first_chunk() else {
                    return Err(truncated(2, rest.len()));
                };
                let size = usize::from(u16::from_be_bytes([l1, l0]));
                let set = behind.get(..size).ok_or(truncated(size, behind.len()))?;
                let is_first = match kind & 0x3F {
                    nal_type @ VPS..=PPS if !set.is_empty() => {
                        !std::mem::replace(&mut found[usize::from(nal_type - VPS)], true)
                    }
                    _ => false,
                };
                if is_first && kind & 0x3F == SPS {
                    let start = record.len() - behind.len();
                    sps = start..start + size;
                }
                rest = &behind[size..];
            }
        }
        for (is_found, what) in found.into_iter().zip(["VPS", "SPS", "PPS"]) {
            if !is_found {
                return Err(HevcError::Missing(what));
            }
        }
        Ok(Self { record: record.to_vec(), sps })
    }

    /// The record's bytes.
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// The first SPS, a NAL unit with its header.
    pub fn sps(&self) -> &[u8] {
        &self.record[self.sps.clone()]
    }

    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    pub fn nal_length_size(&self) -> usize {
        usize::from(self.record[21] & 3) + 1
    }

    /// Width and height of the pictures as they are shown, pixels.
    ///
    /// # Errors
    /// When the SPS cannot be parsed.
    pub fn size(&self) -> Result<(u32, u32), HevcError> {
        Sps::parse(self.sps()).map(|sps| (sps.width, sps.height))
    }

    /// `general_profile_idc`: 1 Main, 2 Main 10.
    pub fn profile_idc(&self) -> u8 {
        self.record[1] & 0x1F
    }

    /// `general_level_idc`: 30 times the level.
    pub fn level_idc(&self) -> u8 {
        self.record[12]
    }

    /// Whether decoding can start at the access unit in `payload`: its first slice is of an IRAP
    /// picture (H.265 3.74).
    ///
    /// # Errors
    /// When the lengths of its NAL units do not add up, or no slice is among them.
    pub fn is_key(&self, payload: &[u8]) -> Result<bool, HevcError> {
        for nal_unit in length_prefixed_nal_units(payload, self.nal_length_size()) {
            let nal_unit = nal_unit.map_err(HevcError::from_lengths)?;
            match nal_unit.first().map(|header| nal_unit_type(*header)) {
                Some(slice) if slice < FIRST_NON_VCL => return Ok(IRAP.contains(&slice)),
                _ => {}
            }
        }
        Err(HevcError::Missing("slice"))
    }
}

impl HevcError {
    fn from_lengths(error: H264Error) -> Self {
        match error {
            H264Error::Truncated { what, needed, available } => {
                Self::Truncated { what, needed, available }
            }
            H264Error::Invalid { what, value } => Self::Invalid { what, value },
        }
    }
}

/// Table 7-1.
fn nal_unit_type(header: u8) -> u8 {
    header >> 1 & 0x3F
}

/// What is read of a sequence parameter set (7.3.2.2.1).
struct Sps {
    /// The 12 bytes that a configuration record repeats.
    profile_tier_level: [u8; 12],
    temporal_layers: u8,
    is_temporally_nested: bool,
    chroma_format_idc: u8,
    width: u32,
    height: u32,
    bit_depth_luma_minus8: u8,
    bit_depth_chroma_minus8: u8,
}

impl Sps {
    fn parse(nal_unit: &[u8]) -> Result<Self, HevcError> {
        if nal_unit.first().map(|header| nal_unit_type(*header)) != Some(SPS) {
            return Err(HevcError::Missing("SPS"));
        }
        let rbsp = without_emulation_prevention(nal_unit);
        let (needed, available) = (rbsp.len() + 1, rbsp.len());
        let truncated = || HevcError::Truncated { what: "SPS of HEVC", needed, available };
        let profile_tier_level =
            *rbsp.get(3..15).and_then(|b| b.first_chunk()).ok_or_else(truncated)?;
        let mut bits = BitReader::new(&rbsp[2..]);
        Self::read(&mut bits, profile_tier_level).ok_or_else(truncated)?
    }

    /// `None` past the end.
    fn read(
        bits: &mut BitReader<'_>,
        profile_tier_level: [u8; 12],
    ) -> Option<Result<Self, HevcError>> {
        bits.bits(4)?; // VPS id
        let sub_layers = bits.bits(3)?;
        let is_temporally_nested = bits.bit()?;
        bits.skip(96)?;
        // Each sub-layer says whether it has a profile and a level of its own; 7.3.3.
        let mut present = Vec::new();
        for _ in 0..if sub_layers > 0 { 8 } else { 0 } {
            present.push((bits.bit()?, bits.bit()?));
        }
        for (profile, level) in present.into_iter().take(sub_layers as usize) {
            bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
        }
        bits.unsigned()?; // SPS id
        let invalid =
            |what, value: u32| Some(Err(HevcError::Invalid { what, value: value.into() }));
        let chroma_format_idc = bits.unsigned()?;
        if chroma_format_idc > 3 {
            return invalid("chroma format", chroma_format_idc);
        }
        if chroma_format_idc == 3 {
            bits.bit()?; // separate planes
        }
        let (coded_width, coded_height) = (bits.unsigned()?, bits.unsigned()?);
        let mut window = [0; 4];
        if bits.bit()? {
            for side in &mut window {
                *side = bits.unsigned()?;
            }
        }
        let (luma, chroma) = (bits.unsigned()?, bits.unsigned()?);
        if luma > 7 || chroma > 7 {
            return invalid("bit depth less eight", luma.max(chroma));
        }
        // Table 6-1: offsets count chroma samples.
        let (unit_x, unit_y) = match chroma_format_idc {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        let cut = |size: u32, a: u32, b: u32, unit: u32| {
            let sides = a.checked_add(b)?.checked_mul(unit)?;
            size.checked_sub(sides).filter(|size| *size > 0)
        };
        let width = cut(coded_width, window[0], window[1], unit_x);
        let height = cut(coded_height, window[2], window[3], unit_y);
        let (Some(width), Some(height)) = (width, height) else {
            return invalid("picture size", coded_width);
        };
        Some(Ok(Self {
            profile_tier_level,
            temporal_layers: sub_layers as u8 + 1,
            is_temporally_nested,
            chroma_format_idc: chroma_format_idc as u8,
            width,
            height,
            bit_depth_luma_minus8: luma as u8,
            bit_depth_chroma_minus8: chroma as u8,
        }))
    }
}

const WHAT: &str = "HEVC configuration record";
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 23;
const COMPLETE: u8 = 0x80;
const VPS: u8 = 32;
const SPS: u8 = 33;
const PPS: u8 = 34;
const FIRST_NON_VCL: u8 = 32;
/// BLA, IDR and CRA pictures, and two types that are reserved for more of them.
const IRAP: std::ops::RangeInclusive<u8> = 16..=23;

#[cfg(test)]
#[path = "hevc_test.rs"]
mod tests;
