//! H.264 byte formats: Annex B and length-prefixed NAL units, the AVC decoder configuration
//! record, and what depends on a coded picture. The SPS is read in `sps`.

use std::ops::Range;

use thiserror::Error;

pub use crate::sps::SpsInfo;
use crate::unit::FrameKind;

/// NAL unit types that matter here (ITU-T H.264 table 7-1).
pub mod nal_type {
    /// Coded slice of a non-IDR picture.
    pub const SLICE: u8 = 1;
    /// Coded slice of an IDR picture.
    pub const IDR: u8 = 5;
    /// Supplemental enhancement information.
    pub const SEI: u8 = 6;
    /// Sequence parameter set.
    pub const SPS: u8 = 7;
    /// Picture parameter set.
    pub const PPS: u8 = 8;
    /// Access unit delimiter.
    pub const AUD: u8 = 9;
}

/// Why H.264 bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum H264Error {
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
}

/// The type of a NAL unit; 0 (unspecified) for an empty one.
pub fn nal_unit_type(nal_unit: &[u8]) -> u8 {
    nal_unit.first().map_or(0, |header| header & 0x1F)
}

/// What depends on the picture that these NAL units code; `None` when no slice is among them.
///
/// Only `nal_ref_idc` 0 in every slice makes a picture disposable. An I picture that is not IDR
/// is a reference: later pictures may refer past it.
pub fn frame_kind<'a>(nal_units: impl IntoIterator<Item = &'a [u8]>) -> Option<FrameKind> {
    let mut kind = None;
    for nal_unit in nal_units {
        match nal_unit_type(nal_unit) {
            nal_type::IDR => return Some(FrameKind::Idr),
            nal_type::SLICE..nal_type::IDR if nal_unit[0] & 0x60 != 0 => {
                kind = Some(FrameKind::Reference);
            }
            nal_type::SLICE..nal_type::IDR => {
                kind = kind.or(Some(FrameKind::Disposable));
            }
            _ => {}
        }
    }
    kind
}

/// An AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1), kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvcConfig {
    record: Vec<u8>,
    sps: Range<usize>,
    pps: Range<usize>,
}

impl AvcConfig {
    /// The record for one SPS and one PPS, each a NAL unit with its header byte and without start
    /// code, with 4-byte lengths.
    ///
    /// # Errors
    /// When a set is empty, longer than 65,535 bytes, or of the wrong NAL unit type; for the High
    /// profiles also when the SPS cannot be parsed, since the record repeats some of its fields.
    pub fn from_parameter_sets(sps: &[u8], pps: &[u8]) -> Result<Self, H264Error> {
        let sps_len = checked_len("SPS", sps, nal_type::SPS)?;
        let pps_len = checked_len("PPS", pps, nal_type::PPS)?;
        let Some(&[_, profile, compatibility, level]) = sps.first_chunk() else {
            return Err(H264Error::Truncated { what: "SPS", needed: 4, available: sps.len() });
        };
        // Lengths of 4 bytes, one SPS; the bits before both are reserved and set.
        let mut record = vec![VERSION, profile, compatibility, level, 0xFF, 0xE1];
        record.extend_from_slice(&sps_len.to_be_bytes());
        record.extend_from_slice(sps);
        record.push(1);
        record.extend_from_slice(&pps_len.to_be_bytes());
        record.extend_from_slice(pps);
        if matches!(profile, 100 | 110 | 122 | 144) {
            let info = SpsInfo::parse(sps)?;
            record.push(0xFC | info.chroma_format_idc);
            record.push(0xF8 | (info.bit_depth_luma - 8));
            record.push(0xF8 | (info.bit_depth_chroma - 8));
            record.push(0); // no SPS extension
        }
        Self::from_record(&record)
    }

    /// Takes a record as it stands in a file or on the wire. Bytes behind the parameter sets are
    /// kept and not read.
    ///
    /// # Errors
    /// When it is truncated, of another version, has lengths of 3 bytes, or holds no SPS.
    pub fn from_record(record: &[u8]) -> Result<Self, H264Error> {
        let mut reader = RecordReader { record, at: 0 };
        let version = reader.byte()?;
        if version != VERSION {
            let what = "version of an AVC configuration record";
            return Err(H264Error::Invalid { what, value: version.into() });
        }
        reader.take(3)?; // profile, compatibility, level: the SPS says them too
        let length_size = reader.byte()? & 3;
        if length_size == 2 {
            let what = "NAL unit length size less one";
            return Err(H264Error::Invalid { what, value: length_size.into() });
        }
        let sps_count = reader.byte()? & 0x1F;
        let sps = reader.first_of(sps_count)?;
        if sps.is_empty() {
            return Err(H264Error::Invalid { what: "number of SPS in a record", value: 0 });
        }
        let pps_count = reader.byte()?;
        let pps = reader.first_of(pps_count)?;
        Ok(Self { record: record.to_vec(), sps, pps })
    }

    /// The record's bytes: the body of an AVC sequence header.
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    #[inline]
    pub fn nal_length_size(&self) -> usize {
        usize::from(self.record[4] & 3) + 1
    }

    /// The first sequence parameter set, a NAL unit.
    pub fn sps(&self) -> &[u8] {
        &self.record[self.sps.clone()]
    }

    /// The first picture parameter set, a NAL unit; empty when there is none.
    pub fn pps(&self) -> &[u8] {
        &self.record[self.pps.clone()]
    }

    /// What the first SPS says.
    ///
    /// # Errors
    /// When the SPS cannot be parsed.
    pub fn sps_info(&self) -> Result<SpsInfo, H264Error> {
        SpsInfo::parse(self.sps())
    }
}

struct RecordReader<'a> {
    record: &'a [u8],
    at: usize,
}

impl RecordReader<'_> {
    fn take(&mut self, count: usize) -> Result<Range<usize>, H264Error> {
        let available = self.record.len() - self.at;
        if count > available {
            let what = "AVC configuration record";
            return Err(H264Error::Truncated { what, needed: count, available });
        }
        let range = self.at..self.at + count;
        self.at = range.end;
        Ok(range)
    }

    fn byte(&mut self) -> Result<u8, H264Error> {
        self.take(1).map(|range| self.record[range.start])
    }

    /// Passes over `count` parameter sets; where the first one is, or nowhere.
    fn first_of(&mut self, count: u8) -> Result<Range<usize>, H264Error> {
        let mut first = 0..0;
        for index in 0..count {
            let len = u16::from_be_bytes([self.byte()?, self.byte()?]);
            let set = self.take(usize::from(len))?;
            if index == 0 {
                first = set;
            }
        }
        Ok(first)
    }
}

fn checked_len(what: &'static str, set: &[u8], nal_unit_type: u8) -> Result<u16, H264Error> {
    let header = *set.first().ok_or(H264Error::Truncated { what, needed: 1, available: 0 })?;
    if header & 0x1F != nal_unit_type {
        return Err(H264Error::Invalid { what, value: header.into() });
    }
    u16::try_from(set.len()).map_err(|_| H264Error::Invalid { what, value: set.len() as u64 })
}

/// The NAL units of an Annex B byte stream, without start codes and trailing zeros (B.1.1). Bytes
/// before the first start code and empty units are left out.
pub fn annex_b_nal_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = match start_code(stream) {
        Some(at) => &stream[at + 3..],
        None => &[],
    };
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let (unit, behind) = match start_code(rest) {
                Some(at) => (&rest[..at], &rest[at + 3..]),
                None => (rest, &[][..]),
            };
            rest = behind;
            // The first byte of a four-byte start code, and trailing_zero_8bits.
            let end = unit.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            if end > 0 {
                return Some(&unit[..end]);
            }
        }
    })
}

/// Where the next 00 00 01 is.
fn start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        // Most third bytes are above 1, and then none of the three places can begin one.
        match *bytes.get(at..at + 3)? {
            [0, 0, 1] => return Some(at),
            [_, _, third] if third > 1 => at += 3,
            _ => at += 1,
        }
    }
}

/// The NAL units of a length-prefixed access unit; ends with an error when a length overruns.
/// Empty units are left out.
#[inline]
pub fn length_prefixed_nal_units(
    unit: &[u8],
    nal_length_size: usize,
) -> impl Iterator<Item = Result<&[u8], H264Error>> {
    let mut rest = unit;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            match split_length_prefixed(rest, nal_length_size) {
                Ok((nal_unit, behind)) => {
                    rest = behind;
                    if !nal_unit.is_empty() {
                        return Some(Ok(nal_unit));
                    }
                }
                Err(error) => {
                    rest = &[];
                    return Some(Err(error));
                }
            }
        }
    })
}

#[inline]
fn split_length_prefixed(rest: &[u8], nal_length_size: usize) -> Result<(&[u8], &[u8]), H264Error> {
    // Nearly all files have lengths of four bytes.
    if nal_length_size == 4
        && let Some((length, rest)) = rest.split_first_chunk::<4>()
        && let Some(both) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)
    {
        return Ok(both);
    }
    if !(1..=4).contains(&nal_length_size) {
        let what = "NAL unit length size";
        return Err(H264Error::Invalid { what, value: nal_length_size as u64 });
    }
    let truncated = |what, needed, available| H264Error::Truncated { what, needed, available };
    let (length, rest) = rest.split_at_checked(nal_length_size).ok_or(truncated(
        "NAL unit length",
        nal_length_size,
        rest.len(),
    ))?;
    let length = length.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
    rest.split_at_checked(length).ok_or(truncated("NAL unit", length, rest.len()))
}

const VERSION: u8 = 1;

#[cfg(test)]
#[path = "h264_test.rs"]
mod tests;
