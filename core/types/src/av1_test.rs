use proptest::prelude::*;

use super::*;

/// What libaom made for 322×182, as ffmpeg writes it into FLV.
const RECORD: [u8; 17] =
    [0x81, 0, 0x0C, 0, 0x0A, 0x0B, 0, 0, 0, 0x04, 0x3D, 0x06, 0xD4, 0xDA, 0xF9, 0, 0x40];
/// The beginnings of its first two temporal units: delimiter, sequence header, frame.
const FIRST: [u8; 20] = [
    0x12, 0, 0x0A, 0x0B, 0, 0, 0, 0x04, 0x3D, 0x06, 0xD4, 0xDA, 0xF9, 0, 0x40, 0x32, 2, 0x10, 0, 0,
];
const SECOND: [u8; 6] = [0x12, 0, 0x32, 2, 0x21, 0x07];

#[test]
fn a_record_of_libaom_is_kept_and_read() {
    let config = Av1Config::from_record(&RECORD).expect("a record of libaom");
    assert_eq!(config.record(), RECORD);
    assert_eq!(config.size(), Ok(Some((322, 182))));
    assert_eq!((config.profile(), config.level_index()), (0, 0));
    let bare = Av1Config::from_record(&RECORD[..4]).expect("OBUs are optional");
    assert_eq!(bare.size(), Ok(None));
}

#[test]
fn a_record_that_breaks_off_is_refused() {
    for len in (0..RECORD.len()).filter(|len| *len != 4) {
        assert!(Av1Config::from_record(&RECORD[..len]).is_err(), "{len} bytes");
    }
    let mut bad = RECORD;
    bad[0] = 0x01;
    assert!(Av1Config::from_record(&bad).is_err(), "no marker");
}

#[test]
fn a_shown_key_frame_is_a_key() {
    assert_eq!(is_key(&FIRST), Ok(true));
    assert_eq!(is_key(&SECOND), Ok(false));
    assert_eq!(is_key(&[0x1A, 1, 0xB8]), Ok(false), "a frame that is shown again");
    assert_eq!(is_key(&[0x30, 0x10]), Ok(true), "the last OBU needs no size");
    assert!(is_key(&[0x12, 0]).is_err(), "no frame");
    assert!(is_key(&[0x32, 9, 0x10]).is_err(), "it breaks off");
    assert!(is_key(&[0x32, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0]).is_err());
    assert!(is_key(&[0xB2, 0]).is_err(), "the forbidden bit");
}

proptest! {
    #[test]
    fn no_bytes_panic(at in 0usize..17, value in any::<u8>(), tail in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut bytes = RECORD.to_vec();
        bytes[at] = value;
        for bytes in [bytes, [&RECORD[..4], &tail].concat()] {
            if let Ok(config) = Av1Config::from_record(&bytes) {
                prop_assert_eq!(config.record(), bytes);
                let _ = config.size();
            }
        }
        let _ = is_key(&tail);
    }
}
