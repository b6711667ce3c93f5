use proptest::prelude::*;

use super::*;

/// What libx265 made for 322×182, as ffmpeg writes it into FLV.
const RECORD: &str = "0101600000009000000000003cf000fcfdf8f800000f03200001001840010c01ffff01600000\
    030090000003000003003c959009210001002a42010101600000030090000003000003003ca00a480b9c95965649\
    24caf0168080000003008000000f0422000100074401c172b46240";

fn record() -> Vec<u8> {
    let digits: Vec<u8> = RECORD.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn config() -> HevcConfig {
    HevcConfig::from_record(&record()).expect("a record of x265")
}

/// The record's parameter sets: VPS, SPS, PPS.
fn sets() -> [Vec<u8>; 3] {
    let mut rest = &record()[HEAD_BYTES..];
    [(); 3].map(|()| {
        let size = usize::from(u16::from_be_bytes([rest[3], rest[4]]));
        let set = rest[5..5 + size].to_vec();
        rest = &rest[5 + size..];
        set
    })
}

#[test]
fn a_record_of_x265_is_kept_and_read() {
    let config = config();
    assert_eq!(config.record(), record());
    assert_eq!(config.size(), Ok((322, 182)));
    assert_eq!((config.profile_idc(), config.level_idc(), config.nal_length_size()), (1, 60, 4));
    assert_eq!(config.sps(), sets()[1]);
}

#[test]
fn a_record_from_parameter_sets_says_the_same() {
    let [vps, sps, pps] = sets();
    let made = HevcConfig::from_parameter_sets(&vps, &sps, &pps).expect("good sets");
    assert_eq!(made.size(), Ok((322, 182)));
    assert_eq!(made.record()[..13], record()[..13], "profile, tier, level");
    assert_eq!(made.record()[16..19], record()[16..19], "chroma format and depths");
    assert_eq!(made.record()[21..23], record()[21..23], "layers, length size, arrays");
    assert!(HevcConfig::from_parameter_sets(&sps, &sps, &pps).is_err());
    assert!(HevcConfig::from_parameter_sets(&vps, &pps, &pps).is_err());
    assert!(HevcConfig::from_parameter_sets(&vps, &sps[..20], &pps).is_err());
}

#[test]
fn a_record_that_breaks_off_or_lacks_a_set_is_refused() {
    let whole = record();
    for len in 0..whole.len() {
        assert!(HevcConfig::from_record(&whole[..len]).is_err(), "{len} bytes");
    }
    for (at, value) in [(0, 0), (21, 0x0E), (22, 2), (HEAD_BYTES, 0x21)] {
        let mut bad = whole.clone();
        bad[at] = value;
        assert!(HevcConfig::from_record(&bad).is_err(), "{value} at {at}");
    }
}

#[test]
fn an_irap_picture_is_a_key_and_its_first_slice_tells() {
    let config = config();
    let unit = |types: &[u8]| -> Vec<u8> {
        types.iter().flat_map(|nal_type| [0, 0, 0, 3, nal_type << 1, 1, 0x80]).collect()
    };
    for (types, is_key) in [
        (&[19][..], true),
        (&[20], true),
        (&[21], true),
        (&[16], true),
        (&[39, 19, 19], true), // behind SEI
        (&[1], false),
        (&[0, 19], false),
        (&[39, 8], false),
    ] {
        assert_eq!(config.is_key(&unit(types)), Ok(is_key), "{types:?}");
    }
    assert_eq!(config.is_key(&unit(&[39])), Err(HevcError::Missing("slice")));
    assert!(config.is_key(&[0, 0, 0, 9, 38]).is_err());
    assert!(config.is_key(&[]).is_err());
}

proptest! {
    #[test]
    fn no_bytes_panic(
        at in 0usize..111,
        value in any::<u8>(),
        tail in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut bytes = record();
        bytes[at] = value;
        for bytes in [bytes, tail.clone(), [&record()[..40], &tail].concat()] {
            if let Ok(config) = HevcConfig::from_record(&bytes) {
                prop_assert_eq!(config.record(), bytes);
                let _ = (config.size(), config.is_key(&tail), config.level_idc());
            }
        }
    }
}
