//! hvcC, av1C and OpusHead, and units of HEVC and AV1: what is taken is kept byte for byte, and no
//! record makes a unit's bytes a danger.

use onair_types::{AudioCodec, AudioHeader, VideoCodec, VideoHeader};

/// First byte: how much of what follows is the configuration; the rest is a unit.
pub(crate) fn check(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let (record, unit) = rest.split_at(usize::from(first).min(rest.len()));
    for codec in VideoCodec::ALL {
        let Ok(header) = VideoHeader::from_record(codec, record) else { continue };
        assert_eq!((header.codec(), header.record()), (codec, record));
        if let Some((width, height)) = header.size() {
            assert!(width > 0 && height > 0);
        }
        let _ = header.is_key(unit);
        assert_eq!(VideoHeader::from_record(codec, header.record()), Ok(header));
    }
    for codec in AudioCodec::ALL {
        let Ok(header) = AudioHeader::from_bytes(codec, record) else { continue };
        assert!(record.starts_with(header.as_bytes()));
        assert!((1..=8).contains(&header.channels()) && header.sample_rate_hz() > 0);
        assert_eq!(AudioHeader::from_bytes(codec, header.as_bytes()), Ok(header));
    }
}
