//! Opus: the identification header (RFC 7845 5.1) both ways. Packets are not looked into.

use thiserror::Error;

/// Why an identification header was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpusError {
    /// Too short for what it claims.
    #[error("read OpusHead: {needed} bytes needed, {available} there")]
    Truncated {
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        available: usize,
    },
    /// It does not begin with "OpusHead".
    #[error("read OpusHead: another magic signature")]
    Magic,
    /// A field holds what is forbidden or not taken.
    #[error("read OpusHead: {what} {value} is not supported")]
    Unsupported {
        /// The field.
        what: &'static str,
        /// What it held.
        value: u32,
    },
}

/// An Opus identification header, kept byte for byte; of 1 to 8 channels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OpusHead {
    bytes: [u8; MAX_BYTES],
    len: u8,
}

impl OpusHead {
    /// For a mono or stereo stream. `pre_skip` counts samples at 48,000 Hz that a decoder throws
    /// away; `input_rate_hz` is what the sound was recorded with, for information.
    ///
    /// # Errors
    /// When channels is not 1 or 2.
    pub fn new(channels: u8, pre_skip: u16, input_rate_hz: u32) -> Result<Self, OpusError> {
        if !(1..=2).contains(&channels) {
            let what = "without a mapping, channel count";
            return Err(OpusError::Unsupported { what, value: channels.into() });
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[1, channels]);
        bytes.extend_from_slice(&pre_skip.to_le_bytes());
        bytes.extend_from_slice(&input_rate_hz.to_le_bytes());
        bytes.extend_from_slice(&[0; 3]); // no gain, mapping family 0
        Self::from_bytes(&bytes)
    }

    /// Takes a header as it stands in a file or on the wire. Bytes behind it are left out.
    ///
    /// # Errors
    /// When it is truncated, of another major version, or its channels are none or above 8.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OpusError> {
        let truncated = |needed| OpusError::Truncated { needed, available: bytes.len() };
        let head: &[u8; HEAD_BYTES] = bytes.first_chunk().ok_or(truncated(HEAD_BYTES))?;
        if head[..8] != *MAGIC {
            return Err(OpusError::Magic);
        }
        let (version, channels, family) = (head[8], head[9], head[18]);
        let unsupported = |what, value: u8| OpusError::Unsupported { what, value: value.into() };
        if version > 0x0F {
            return Err(unsupported("version", version));
        }
        if !(1..=8).contains(&channels) || (family == 0 && channels > 2) {
            return Err(unsupported("channel count", channels));
        }
        let len = if family == 0 { HEAD_BYTES } else { HEAD_BYTES + 2 + usize::from(channels) };
        let kept = bytes.get(..len).ok_or(truncated(len))?;
        let mut bytes = [0; MAX_BYTES];
        bytes[..len].copy_from_slice(kept);
        Ok(Self { bytes, len: len as u8 })
    }

    /// The header's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Channels.
    pub fn channels(&self) -> u8 {
        self.bytes[9]
    }

    /// Samples at 48,000 Hz that a decoder throws away at the start.
    pub fn pre_skip(&self) -> u16 {
        u16::from_le_bytes([self.bytes[10], self.bytes[11]])
    }
}

/// Opus decodes to this rate whatever it was made from (RFC 7845 4).
pub const SAMPLE_RATE_HZ: u32 = 48_000;

/// How many samples a packet lasts at [`SAMPLE_RATE_HZ`], by its first two bytes (RFC 6716 3.1 and
/// 3.2); `None` when there is no packet.
pub fn packet_samples(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let frame = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    Some(frame * frames)
}

impl std::fmt::Debug for OpusHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpusHead({:02x?})", self.as_bytes())
    }
}

const MAGIC: &[u8; 8] = b"OpusHead";
const HEAD_BYTES: usize = 19;
const MAX_BYTES: usize = HEAD_BYTES + 2 + 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_packet_tells_how_long_it_lasts() {
        let samples = |packet: &[u8]| packet_samples(packet);
        assert_eq!(samples(&[0xfc]), Some(960), "one CELT frame of 20 ms");
        assert_eq!(samples(&[0x18 | 1]), Some(5_760), "two SILK frames of 60 ms");
        assert_eq!(samples(&[0x83, 6]), Some(720), "six CELT frames of 2.5 ms");
        assert_eq!((samples(&[]), samples(&[3])), (None, None));
    }

    #[test]
    fn a_header_made_here_says_what_it_was_made_from() {
        let head = OpusHead::new(2, 312, 48_000).expect("stereo");
        assert_eq!(head.as_bytes(), b"OpusHead\x01\x02\x38\x01\x80\xBB\0\0\0\0\0");
        assert_eq!((head.channels(), head.pre_skip()), (2, 312));
        assert!(OpusHead::new(3, 0, 48_000).is_err() && OpusHead::new(0, 0, 48_000).is_err());
    }

    #[test]
    fn a_mapping_is_kept_and_what_is_not_whole_is_refused() {
        let mut bytes = OpusHead::new(2, 0, 0).expect("stereo").as_bytes().to_vec();
        (bytes[9], bytes[18]) = (6, 1);
        bytes.extend_from_slice(&[4, 2, 0, 4, 1, 2, 3, 5]);
        assert_eq!(OpusHead::from_bytes(&bytes).expect("5.1").as_bytes(), bytes);
        for len in 0..bytes.len() {
            assert!(OpusHead::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
        }
        for (at, value) in [(0, b'o'), (8, 0x10), (9, 0), (9, 9)] {
            let mut bad = bytes.clone();
            bad[at] = value;
            assert!(OpusHead::from_bytes(&bad).is_err(), "{value} at {at}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = OpusHead::from_bytes(&tail);
            let bytes = [&MAGIC[..], &tail].concat();
            if let Ok(head) = OpusHead::from_bytes(&bytes) {
                prop_assert!(bytes.starts_with(head.as_bytes()));
            }
        }
    }
}
