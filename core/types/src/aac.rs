//! AAC byte formats: the AudioSpecificConfig both ways and ADTS headers.
//!
//! Frames themselves are not looked into.

use thiserror::Error;

use crate::bits::BitReader;

/// Samples a channel in one AAC-LC frame.
pub const FRAME_SAMPLES: u32 = 1_024;

/// Why AAC bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AacError {
    /// Too short for what they claim.
    #[error("read {what}: {needed} bytes needed, {available} left")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Bytes needed.
        needed: usize,
        /// Bytes left.
        available: usize,
    },
    /// A sample rate, channel count or object type that is not taken.
    #[error("read {what}: value {value} is not supported")]
    Unsupported {
        /// The field.
        what: &'static str,
        /// What it held.
        value: u32,
    },
}

/// An AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1), kept byte for byte; at most 16 bytes.
#[derive(Clone, Copy)]
pub struct Asc {
    bytes: [u8; MAX_BYTES],
    len: u8,
    object_type: u8,
    sample_rate_hz: u32,
    channel_config: u8,
}

impl PartialEq for Asc {
    /// The bytes say it all; behind them are zeros.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        u128::from_ne_bytes(self.bytes) == u128::from_ne_bytes(other.bytes) && self.len == other.len
    }
}

impl Eq for Asc {}

impl Asc {
    /// The two bytes for AAC-LC: `12 10` for 44,100 Hz stereo.
    ///
    /// # Errors
    /// When the rate has no index in the standard's table or channels is not 1..=6 or 8.
    pub fn aac_lc(sample_rate_hz: u32, channels: u8) -> Result<Self, AacError> {
        let rate_index = rate_index(sample_rate_hz).ok_or(AacError::Unsupported {
            what: "sample rate for an AudioSpecificConfig",
            value: sample_rate_hz,
        })?;
        let channel_config = match channels {
            1..=6 => channels,
            8 => 7,
            _ => {
                let what = "channel count for an AudioSpecificConfig";
                return Err(AacError::Unsupported { what, value: channels.into() });
            }
        };
        let word = u16::from(AAC_LC) << 11 | u16::from(rate_index) << 7;
        Self::from_bytes(&(word | u16::from(channel_config) << 3).to_be_bytes())
    }

    /// Takes a configuration as it stands in a file or on the wire. Signalling of SBR or PS is
    /// passed over: rate and object type are the core codec's.
    ///
    /// # Errors
    /// When it is shorter than 2 or longer than 16 bytes, or cannot be parsed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AacError> {
        const WHAT: &str = "AudioSpecificConfig";
        let truncated = |needed| AacError::Truncated { what: WHAT, needed, available: bytes.len() };
        let unsupported = |what, value: u32| Err(AacError::Unsupported { what, value });
        if bytes.len() < 2 {
            return Err(truncated(2));
        }
        if bytes.len() > MAX_BYTES {
            return unsupported("length of an AudioSpecificConfig", bytes.len() as u32);
        }
        let mut bits = BitReader::new(bytes);
        let needed = bytes.len() + 1;
        let mut object_type = read_object_type(&mut bits).ok_or(truncated(needed))?;
        let rate = read_rate(&mut bits).ok_or(truncated(needed))?;
        let channel_config = bits.bits(4).ok_or(truncated(needed))?;
        if matches!(object_type, SBR | PS) {
            read_rate(&mut bits).ok_or(truncated(needed))?;
            object_type = read_object_type(&mut bits).ok_or(truncated(needed))?;
        }
        let Some(sample_rate_hz) = rate.filter(|rate| (1..=MAX_RATE_HZ).contains(rate)) else {
            return unsupported("sample rate of an AudioSpecificConfig", rate.unwrap_or_default());
        };
        if object_type == 0 {
            return unsupported("object type of an AudioSpecificConfig", 0);
        }
        if channel_count(channel_config).is_none() {
            return unsupported("channel configuration of an AudioSpecificConfig", channel_config);
        }
        let mut kept = [0; MAX_BYTES];
        kept[..bytes.len()].copy_from_slice(bytes);
        Ok(Self {
            bytes: kept,
            len: bytes.len() as u8,
            object_type,
            sample_rate_hz,
            channel_config: channel_config as u8,
        })
    }

    /// The configuration's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Audio object type: 2 for AAC-LC.
    pub fn object_type(&self) -> u8 {
        self.object_type
    }

    /// Sampling rate of the core codec, Hz.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// Channels.
    pub fn channels(&self) -> u8 {
        channel_count(self.channel_config.into()).expect("checked when it was made")
    }
}

impl std::fmt::Debug for Asc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asc({:02x?})", self.as_bytes())
    }
}

/// The ADTS header for a frame of `payload_bytes` (ISO/IEC 13818-7 6.2), for decoders that want it.
///
/// # Errors
/// When ADTS cannot say the configuration (object type above 4, a rate outside the table, more
/// than 8 channels) or the frame is above 8,184 bytes.
pub fn adts_header(asc: &Asc, payload_bytes: usize) -> Result<[u8; 7], AacError> {
    const HEADER_BYTES: usize = 7;
    let unsupported = |what, value| AacError::Unsupported { what, value };
    let profile = match asc.object_type {
        object_type @ 1..=4 => object_type - 1,
        other => return Err(unsupported("object type for ADTS", other.into())),
    };
    let rate = rate_index(asc.sample_rate_hz)
        .ok_or(unsupported("sample rate for ADTS", asc.sample_rate_hz))?;
    let channels = asc.channel_config;
    if channels > 7 {
        return Err(unsupported("channel configuration for ADTS", channels.into()));
    }
    let size = payload_bytes.saturating_add(HEADER_BYTES);
    if size > 0x1FFF {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        return Err(unsupported("frame size for ADTS", size));
    }
    Ok([
        0xFF,
        0xF1, // MPEG-4, no CRC
        profile << 6 | rate << 2 | channels >> 2,
        channels << 6 | (size >> 11) as u8,
        (size >> 3) as u8,
        (size << 5) as u8 | 0x1F, // buffer fullness 0x7FF: variable rate
        0xFC,
    ])
}

fn rate_index(sample_rate_hz: u32) -> Option<u8> {
    RATES_HZ.iter().position(|&rate| rate == sample_rate_hz).map(|index| index as u8)
}

/// Channels of a channel configuration (table 1.19); `None` for those that say it elsewhere.
fn channel_count(channel_config: u32) -> Option<u8> {
    match channel_config {
        1..=6 => Some(channel_config as u8),
        7 | 12 | 14 => Some(8),
        11 => Some(7),
        _ => None,
    }
}

/// GetAudioObjectType, 1.6.2.1; never above 95.
fn read_object_type(bits: &mut BitReader<'_>) -> Option<u8> {
    const ESCAPE: u32 = 31;
    match bits.bits(5)? {
        ESCAPE => Some(32 + bits.bits(6)? as u8),
        object_type => Some(object_type as u8),
    }
}

/// The rate, `Some(None)` for a reserved index.
fn read_rate(bits: &mut BitReader<'_>) -> Option<Option<u32>> {
    const EXPLICIT: u32 = 15;
    match bits.bits(4)? {
        EXPLICIT => Some(Some(bits.bits(24)?)),
        index => Some(RATES_HZ.get(index as usize).copied()),
    }
}

const AAC_LC: u8 = 2;
const SBR: u8 = 5;
const PS: u8 = 29;
const MAX_BYTES: usize = 16;
/// Above every rate in use; keeps arithmetic with it small.
const MAX_RATE_HZ: u32 = 192_000;
/// Table 1.18.
const RATES_HZ: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lf10_the_golden_configurations() {
        let goldens = [
            (44_100, 2, [0x12, 0x10]),
            (44_100, 1, [0x12, 0x08]),
            (48_000, 2, [0x11, 0x90]),
            (48_000, 1, [0x11, 0x88]),
            (16_000, 2, [0x14, 0x10]),
            (32_000, 2, [0x12, 0x90]),
            (8_000, 1, [0x15, 0x88]),
        ];
        for (rate, channels, bytes) in goldens {
            let asc = Asc::aac_lc(rate, channels).unwrap();
            assert_eq!(asc.as_bytes(), bytes);
            assert_eq!(
                (asc.sample_rate_hz(), asc.channels(), asc.object_type()),
                (rate, channels, 2)
            );
        }
    }

    #[test]
    fn every_rate_and_channel_count_is_read_back() {
        for rate in RATES_HZ {
            for channels in [1, 2, 3, 4, 5, 6, 8] {
                let asc = Asc::aac_lc(rate, channels).unwrap();
                assert_eq!(Asc::from_bytes(asc.as_bytes()).unwrap(), asc);
                assert_eq!((asc.sample_rate_hz(), asc.channels()), (rate, channels));
            }
        }
    }

    #[test]
    fn what_the_table_lacks_is_refused() {
        assert!(Asc::aac_lc(44_101, 2).is_err());
        assert!(Asc::aac_lc(44_100, 0).is_err());
        assert!(Asc::aac_lc(44_100, 7).is_err());
        let refused: [&[u8]; 8] = [
            &[],
            &[0x12],
            &[0x12; 17],
            &[0x16, 0x90],                   // rate index 13: reserved
            &[0x12, 0x00],                   // channels in a program config element
            &[0x02, 0x10],                   // object type 0
            &[0x17, 0x80, 0x00],             // explicit rate cut off
            &[0x17, 0x80, 0x00, 0x00, 0x08], // explicit rate 0
        ];
        for bytes in refused {
            assert!(Asc::from_bytes(bytes).is_err(), "{bytes:02x?}");
        }
    }

    #[test]
    fn an_explicit_rate_is_read() {
        // 00010 1111 0000 0000 1100 0011 0101 0000 0010 000: 50,000 Hz, 2 channels
        let asc = Asc::from_bytes(&[0x17, 0x80, 0x61, 0xA8, 0x10]).unwrap();
        assert_eq!((asc.sample_rate_hz(), asc.channels(), asc.object_type()), (50_000, 2, 2));
    }

    #[test]
    fn sbr_signalling_is_passed_over() {
        // HE-AAC, explicit: object type 5, core 22,050 Hz, 2 channels, 44,100 Hz, core LC.
        let explicit = Asc::from_bytes(&[0x2B, 0x92, 0x08, 0x00]).unwrap();
        // The same, backward compatible: LC first, sync extension 0x2B7 behind it.
        let compatible = Asc::from_bytes(&[0x13, 0x90, 0x56, 0xE5, 0xA0]).unwrap();
        for asc in [explicit, compatible] {
            assert_eq!((asc.sample_rate_hz(), asc.channels(), asc.object_type()), (22_050, 2, 2));
        }
    }

    #[test]
    fn the_adts_header_of_a_stereo_frame() {
        let asc = Asc::aac_lc(44_100, 2).unwrap();
        let header = adts_header(&asc, 200).unwrap();
        assert_eq!(header, [0xFF, 0xF1, 0x50, 0x80, 0x19, 0xFF, 0xFC]);
        assert_eq!(adts_header(&asc, 8_184).unwrap()[3..6], [0x83, 0xFF, 0xFF]);
        assert!(adts_header(&asc, 8_185).is_err());
        assert!(adts_header(&asc, usize::MAX).is_err());
        let odd_rate = Asc::from_bytes(&[0x17, 0x80, 0x61, 0xA8, 0x10]).unwrap();
        assert!(adts_header(&odd_rate, 1).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_what_is_taken_is_kept(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            if let Ok(asc) = Asc::from_bytes(&bytes) {
                prop_assert_eq!(asc.as_bytes(), &bytes[..]);
                prop_assert!(asc.channels() > 0 && asc.sample_rate_hz() > 0);
                let _ = adts_header(&asc, 100);
            }
        }
    }
}
