use proptest::prelude::*;

use super::*;

/// Made by x264 (ffmpeg 5.1): Main 540×960 and High 1920×1080.
const SPS: [u8; 23] = [
    0x67, 0x4D, 0x40, 0x1F, 0xEC, 0xA0, 0x44, 0x0F, 0x3D, 0xF8, 0x08, 0x80, 0x00, 0x01, 0xF4, 0x80,
    0x00, 0x75, 0x30, 0x07, 0x8C, 0x18, 0xCB,
];
const PPS: [u8; 5] = [0x68, 0xEB, 0xE3, 0xCB, 0x20];
const HIGH_SPS: [u8; 26] = [
    0x67, 0x64, 0x00, 0x28, 0xAC, 0xD9, 0x40, 0x78, 0x02, 0x27, 0xE5, 0xC0, 0x44, 0x00, 0x00, 0x03,
    0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xF0, 0x3C, 0x60, 0xC6,
];

#[test]
fn lf49_the_record_of_one_sps_and_one_pps() {
    let config = AvcConfig::from_parameter_sets(&SPS, &PPS).unwrap();
    let expected = [&[1, 0x4D, 0x40, 0x1F, 0xFF, 0xE1, 0, 23][..], &SPS, &[1, 0, 5], &PPS].concat();
    assert_eq!(config.record(), expected);
    assert_eq!((config.sps(), config.pps()), (&SPS[..], &PPS[..]));
    assert_eq!(config.nal_length_size(), 4);
    let info = config.sps_info().unwrap();
    assert_eq!((info.width, info.height), (540, 960));
}

#[test]
fn a_high_profile_record_repeats_chroma_and_depth() {
    let config = AvcConfig::from_parameter_sets(&HIGH_SPS, &PPS).unwrap();
    assert_eq!(config.record()[config.record().len() - 4..], [0xFD, 0xF8, 0xF8, 0]);
    assert_eq!(AvcConfig::from_record(config.record()).unwrap(), config);
}

#[test]
fn wrong_parameter_sets_are_refused() {
    let from = AvcConfig::from_parameter_sets;
    assert!(from(&[], &PPS).is_err());
    assert!(from(&SPS, &[]).is_err());
    assert!(from(&PPS, &SPS).is_err());
    assert!(from(&SPS[..3], &PPS).is_err());
    assert!(from(&HIGH_SPS[..4], &PPS).is_err(), "High needs what follows");
    let mut long = vec![0x68; 65_535];
    assert!(from(&SPS, &long).is_ok());
    long.push(0);
    assert!(from(&SPS, &long).is_err());
}

#[test]
fn records_of_others_are_read() {
    // Two SPS, no PPS, lengths of 2 bytes, something behind.
    let record = [1, 77, 0, 31, 0xFD, 0xE2, 0, 2, 0x67, 1, 0, 1, 0x67, 0, 9, 9];
    let config = AvcConfig::from_record(&record).unwrap();
    assert_eq!((config.sps(), config.pps()), (&[0x67, 1][..], &[][..]));
    assert_eq!(config.nal_length_size(), 2);
    assert_eq!(config.record(), record);
    // Reserved bits that are not set do not matter.
    assert!(AvcConfig::from_record(&[1, 77, 0, 31, 0x03, 0x01, 0, 1, 0x67, 0]).is_ok());
}

#[test]
fn broken_records_are_refused() {
    let refused: [&[u8]; 6] = [
        &[],
        &[2, 77, 0, 31, 0xFF, 0xE1, 0, 1, 0x67, 0], // version
        &[1, 77, 0, 31, 0xFE, 0xE1, 0, 1, 0x67, 0], // lengths of 3 bytes
        &[1, 77, 0, 31, 0xFF, 0xE0, 0],             // no SPS
        &[1, 77, 0, 31, 0xFF, 0xE1, 0, 0, 0],       // empty SPS
        &[1, 77, 0, 31, 0xFF, 0xE1, 0xFF, 0xFF, 0x67],
    ];
    for record in refused {
        assert!(AvcConfig::from_record(record).is_err(), "{record:02x?}");
    }
    let whole = AvcConfig::from_parameter_sets(&SPS, &PPS).unwrap();
    for len in 0..whole.record().len() {
        assert!(AvcConfig::from_record(&whole.record()[..len]).is_err());
    }
}

fn annex_b(stream: &[u8]) -> Vec<&[u8]> {
    annex_b_nal_units(stream).collect()
}

#[test]
fn both_start_codes_and_trailing_zeros_are_taken_off() {
    let stream = [
        0xAA, 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 0, 0, 0, 1, 0x65, 0, 0, 3, 1, 0, 0,
    ];
    assert_eq!(annex_b(&stream), [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 0, 0, 3, 1]]);
    assert!(annex_b(&[]).is_empty());
    assert!(annex_b(&[1, 2, 3, 0, 0]).is_empty(), "no start code");
    assert!(annex_b(&[0, 0, 1]).is_empty());
    assert!(annex_b(&[0, 0, 1, 0, 0, 1, 0, 0, 0, 1]).is_empty(), "empty units");
}

#[test]
fn length_prefixes_of_every_size_are_read() {
    let nal_units = |unit: &[u8], size| -> Vec<Result<Vec<u8>, H264Error>> {
        length_prefixed_nal_units(unit, size).map(|unit| unit.map(<[u8]>::to_vec)).collect()
    };
    assert_eq!(nal_units(&[2, 7, 8, 1, 9], 1), [Ok(vec![7, 8]), Ok(vec![9])]);
    assert_eq!(nal_units(&[0, 0, 0, 1, 9, 0, 0, 0, 0], 4), [Ok(vec![9])], "empty unit");
    let overrun = nal_units(&[0, 1, 9, 0, 3, 1], 2);
    assert_eq!(overrun[0], Ok(vec![9]));
    assert!(matches!(overrun[1], Err(H264Error::Truncated { needed: 3, available: 1, .. })));
    assert_eq!(overrun.len(), 2);
    assert!(nal_units(&[0, 0, 1], 4)[0].is_err(), "length cut off");
    assert!(nal_units(&[1, 2], 0)[0].is_err());
    assert!(nal_units(&[1, 2], 5)[0].is_err());
    assert!(nal_units(&[], 4).is_empty());
}

#[test]
fn the_kind_of_a_picture_follows_from_its_slices() {
    let kind = |nal_units: &[&'static [u8]]| frame_kind(nal_units.iter().copied());
    assert_eq!(kind(&[&[0x06], &[0x65], &[0x65]]), Some(FrameKind::Idr));
    assert_eq!(kind(&[&[0x41]]), Some(FrameKind::Reference));
    assert_eq!(kind(&[&[0x01], &[0x01]]), Some(FrameKind::Disposable));
    assert_eq!(kind(&[&[0x01], &[0x21]]), Some(FrameKind::Reference), "one slice is referred to");
    assert_eq!(kind(&[&[0x67], &[0x68], &[0x06], &[]]), None);
}

proptest! {
    #[test]
    fn what_is_joined_by_start_codes_is_taken_apart(
        nal_units in prop::collection::vec(prop::collection::vec(2..=255u8, 1..50), 0..8),
        long_codes in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut stream = Vec::new();
        for (unit, long) in nal_units.iter().zip(long_codes) {
            stream.extend_from_slice(if long { &[0, 0, 0, 1] } else { &[0, 0, 1] });
            stream.extend_from_slice(unit);
        }
        prop_assert_eq!(annex_b(&stream), nal_units);
    }

    #[test]
    fn annex_b_units_hold_no_start_code_and_no_trailing_zero(
        stream in prop::collection::vec(prop_oneof![3 => Just(0u8), 2 => Just(1u8), 1 => any::<u8>()], 0..200),
    ) {
        for unit in annex_b_nal_units(&stream) {
            prop_assert!(!unit.windows(3).any(|bytes| bytes == [0, 0, 1]));
            prop_assert!(unit.last() != Some(&0) && !unit.is_empty());
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), size in 0..6usize) {
        let _ = AvcConfig::from_record(&bytes);
        let _ = AvcConfig::from_parameter_sets(&bytes, &bytes);
        let taken: usize = length_prefixed_nal_units(&bytes, size).flatten().map(<[u8]>::len).sum();
        prop_assert!(taken <= bytes.len());
        let _ = frame_kind(annex_b_nal_units(&bytes));
    }
}
