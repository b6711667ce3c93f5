//! AV1 byte formats: the configuration record, the picture size in its sequence header, and whether
//! decoding can start at a temporal unit. AV1 codec ISO media file format binding 2.3, AV1
//! bitstream specification 5.3 to 5.9.

use thiserror::Error;

use crate::bits::BitReader;

/// Why AV1 bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Av1Error {
    /// A field runs past the end.
    #[error("read {what}: it breaks off after {available} bytes")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Bytes there.
        available: usize,
    },
    /// A field holds what the specification forbids.
    #[error("read {what}: value {value} is not allowed")]
    Invalid {
        /// The field.
        what: &'static str,
        /// What it held.
        value: u64,
    },
}

/// An AV1CodecConfigurationRecord (`av1C`), kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Av1Config {
    record: Vec<u8>,
}

impl Av1Config {
    /// Takes a record as it stands in a file or on the wire. What OBUs it holds must be whole.
    ///
    /// # Errors
    /// When it is truncated or of another version.
    pub fn from_record(record: &[u8]) -> Result<Self, Av1Error> {
        let Some((&[first, ..], obus)) = record.split_first_chunk::<HEAD_BYTES>() else {
            return Err(Av1Error::Truncated { what: WHAT, available: record.len() });
        };
        if first != MARKER_AND_VERSION {
            let what = "marker and version of an AV1 configuration record";
            return Err(Av1Error::Invalid { what, value: first.into() });
        }
        for obu in Obus(obus) {
            obu?;
        }
        Ok(Self { record: record.to_vec() })
    }

    /// The record's bytes.
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// 0 Main, 1 High, 2 Professional.
    pub fn profile(&self) -> u8 {
        self.record[1] >> 5
    }

    /// `seq_level_idx_0`: 0 is level 2.0, each four steps the next whole number.
    pub fn level_index(&self) -> u8 {
        self.record[1] & 0x1F
    }

    /// Width and height of the largest picture, pixels; `None` when the record holds no sequence
    /// header, which is optional there.
    ///
    /// # Errors
    /// When the sequence header cannot be parsed.
    pub fn size(&self) -> Result<Option<(u32, u32)>, Av1Error> {
        for obu in Obus(&self.record[HEAD_BYTES..]) {
            let (kind, body) = obu?;
            if kind == SEQUENCE_HEADER {
                let what = "AV1 sequence header";
                let size = sequence_size(&mut BitReader::new(body));
                return size.map(Some).ok_or(Av1Error::Truncated { what, available: body.len() });
            }
        }
        Ok(None)
    }
}

/// Whether decoding can start at the temporal unit in `payload`: the first frame in it is a key
/// frame that is shown, with the sequence header before it or in the configuration record.
///
/// # Errors
/// When its OBUs do not add up, or no frame is among them.
pub fn is_key(payload: &[u8]) -> Result<bool, Av1Error> {
    for obu in Obus(payload) {
        let (kind, body) = obu?;
        if matches!(kind, FRAME_HEADER | FRAME) {
            let what = "AV1 frame header";
            let first = body.first().ok_or(Av1Error::Truncated { what, available: 0 })?;
            // show_existing_frame, then frame_type 0 (5.9.2).
            return Ok(first & 0b1110_0000 == 0);
        }
    }
    Err(Av1Error::Truncated { what: "AV1 temporal unit without a frame", available: payload.len() })
}

/// Open bitstream units with a size field, their types and bodies (5.3); ends with an error. The
/// last one may go without size.
struct Obus<'a>(&'a [u8]);

impl<'a> Iterator for Obus<'a> {
    type Item = Result<(u8, &'a [u8]), Av1Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = std::mem::take(&mut self.0);
        let &header = bytes.first()?;
        let obu = if header & FORBIDDEN != 0 {
            Err(Av1Error::Invalid { what: "OBU header", value: header.into() })
        } else {
            split_obu(header, bytes)
                .ok_or(Av1Error::Truncated { what: "open bitstream unit", available: bytes.len() })
        };
        Some(obu.map(|(body, behind)| {
            self.0 = behind;
            (header >> 3 & 0xF, body)
        }))
    }
}

fn split_obu(header: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.get(if header & HAS_EXTENSION != 0 { 2 } else { 1 }..)?;
    if header & HAS_SIZE == 0 {
        return Some((rest, &[]));
    }
    // leb128 (4.10.5): at most eight bytes, and a size that 32 bits hold.
    let mut size = 0u64;
    for (index, byte) in rest.iter().enumerate().take(8) {
        size |= u64::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return rest[index + 1..].split_at_checked(usize::try_from(size).ok()?);
        }
    }
    None
}

/// 5.5.1, as far as the largest size. `None` past the end.
fn sequence_size(bits: &mut BitReader<'_>) -> Option<(u32, u32)> {
    bits.skip(4)?; // profile, still_picture
    if bits.bit()? {
        bits.skip(5)?; // reduced_still_picture_header: a level alone
    } else {
        operating_points(bits)?;
    }
    let (width_bits, height_bits) = (bits.bits(4)? + 1, bits.bits(4)? + 1);
    Some((bits.bits(width_bits)? + 1, bits.bits(height_bits)? + 1))
}

fn operating_points(bits: &mut BitReader<'_>) -> Option<()> {
    let mut delay_bits = None;
    if bits.bit()? {
        bits.skip(64)?; // timing_info
        if bits.bit()? {
            bits.unsigned()?; // uvlc (4.10.3) is read as ue(v) is
        }
        if bits.bit()? {
            delay_bits = Some(bits.bits(5)? as usize + 1);
            bits.skip(32 + 5 + 5)?;
        }
    }
    let has_display_delays = bits.bit()?;
    for _ in 0..=bits.bits(5)? {
        bits.skip(12)?;
        if bits.bits(5)? > 7 {
            bits.bit()?; // tier
        }
        if let Some(delay_bits) = delay_bits
            && bits.bit()?
        {
            bits.skip(2 * delay_bits + 1)?;
        }
        if has_display_delays && bits.bit()? {
            bits.skip(4)?;
        }
    }
    Some(())
}

const WHAT: &str = "AV1 configuration record";
const HEAD_BYTES: usize = 4;
const MARKER_AND_VERSION: u8 = 0x81;
const FORBIDDEN: u8 = 0x80;
const HAS_EXTENSION: u8 = 0x04;
const HAS_SIZE: u8 = 0x02;
const SEQUENCE_HEADER: u8 = 1;
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;

#[cfg(test)]
#[path = "av1_test.rs"]
mod tests;
