//! H.264 byte formats: Annex B and length-prefixed NAL units, the AVC decoder configuration
//! record, and the fields of an SPS that servers and players show.

use thiserror::Error;

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

/// An AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1), kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvcConfig {
    record: Vec<u8>,
}

impl AvcConfig {
    /// The record for one SPS and one PPS, each a NAL unit with its header byte and without start
    /// code, with 4-byte lengths.
    ///
    /// # Errors
    /// When a set is empty, longer than 65,535 bytes, or of the wrong NAL unit type.
    pub fn from_parameter_sets(sps: &[u8], pps: &[u8]) -> Result<Self, H264Error> {
        let _ = (sps, pps);
        todo!("wire")
    }

    /// Takes a record as it stands in a file or on the wire.
    ///
    /// # Errors
    /// When it is truncated, of another version, or holds no SPS.
    pub fn from_record(record: &[u8]) -> Result<Self, H264Error> {
        let _ = record;
        todo!("wire")
    }

    /// The record's bytes: the body of an AVC sequence header.
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    pub fn nal_length_size(&self) -> usize {
        todo!("wire")
    }

    /// The first sequence parameter set, a NAL unit.
    pub fn sps(&self) -> &[u8] {
        todo!("wire")
    }

    /// The first picture parameter set, a NAL unit; empty when there is none.
    pub fn pps(&self) -> &[u8] {
        todo!("wire")
    }

    /// What the first SPS says.
    ///
    /// # Errors
    /// When the SPS cannot be parsed.
    pub fn sps_info(&self) -> Result<SpsInfo, H264Error> {
        SpsInfo::parse(self.sps())
    }
}

/// What an SPS says about the pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct SpsInfo {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High.
    pub profile_idc: u8,
    /// The constraint flags byte.
    pub constraint_flags: u8,
    /// `level_idc`: ten times the level.
    pub level_idc: u8,
    /// Picture width after cropping, pixels.
    pub width: u32,
    /// Picture height after cropping, pixels.
    pub height: u32,
    /// Frames a second from VUI timing, when given.
    pub fps: Option<f64>,
}

impl SpsInfo {
    /// Parses an SPS NAL unit (with header byte, with emulation prevention bytes).
    ///
    /// # Errors
    /// On anything the standard does not allow; sizes above 16,384 are refused.
    pub fn parse(sps: &[u8]) -> Result<Self, H264Error> {
        let _ = sps;
        todo!("wire")
    }
}

/// The NAL units of an Annex B byte stream, without start codes and trailing zeros.
pub fn annex_b_nal_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let _ = stream;
    std::iter::empty() // wire
}

/// The NAL units of a length-prefixed access unit; ends with an error when a length overruns.
pub fn length_prefixed_nal_units(
    unit: &[u8],
    nal_length_size: usize,
) -> impl Iterator<Item = Result<&[u8], H264Error>> {
    let _ = (unit, nal_length_size);
    std::iter::empty() // wire
}
