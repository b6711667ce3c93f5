//! AudioSpecificConfig: what is taken is kept byte for byte and says possible things; an ADTS header
//! made from it holds the frame's size.

use onair_types::aac::{Asc, adts_header};

pub(crate) fn check(bytes: &[u8]) {
    let Ok(asc) = Asc::from_bytes(bytes) else { return };
    assert_eq!(asc.as_bytes(), bytes);
    assert!((1..=8).contains(&asc.channels()) && (1..=192_000).contains(&asc.sample_rate_hz()));
    assert!((1..=95).contains(&asc.object_type()));
    if let Ok(plain) = Asc::aac_lc(asc.sample_rate_hz(), asc.channels()) {
        assert_eq!(
            (plain.sample_rate_hz(), plain.channels(), plain.object_type()),
            (asc.sample_rate_hz(), asc.channels(), 2)
        );
    }
    for payload_bytes in [0, 1, 500, 8_184, 8_185, usize::MAX] {
        let Ok(header) = adts_header(&asc, payload_bytes) else { continue };
        let [_, _, _, high, middle, low, _] = header.map(usize::from);
        assert_eq!((high & 3) << 11 | middle << 3 | low >> 5, payload_bytes + 7);
        assert_eq!(header[0], 0xFF);
    }
}
