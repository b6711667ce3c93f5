//! avcC, SPS, Annex B and length-prefixed NAL units: what is taken is kept byte for byte and inside
//! its bounds; both forms of the same NAL units give the same units.

use onair_types::h264::{
    AvcConfig, SpsInfo, annex_b_nal_units, frame_kind, length_prefixed_nal_units,
};

pub(crate) fn check(bytes: &[u8]) {
    if let Ok(config) = AvcConfig::from_record(bytes) {
        assert_eq!(config.record(), bytes);
        assert!(matches!(config.nal_length_size(), 1 | 2 | 4));
        assert!(!config.sps().is_empty());
        if let Ok(info) = config.sps_info() {
            check_sps(&info);
        }
        if let Ok(again) = AvcConfig::from_parameter_sets(config.sps(), config.pps()) {
            assert_eq!((again.sps(), again.pps()), (config.sps(), config.pps()));
            assert_eq!(AvcConfig::from_record(again.record()).as_ref(), Ok(&again));
        }
    }
    if let Ok(info) = SpsInfo::parse(bytes) {
        check_sps(&info);
    }
    check_nal_units(bytes);
}

fn check_sps(info: &SpsInfo) {
    assert!((1..=16_384).contains(&info.width) && (1..=16_384).contains(&info.height), "{info:?}");
    assert!((8..=14).contains(&info.bit_depth_luma) && (8..=14).contains(&info.bit_depth_chroma));
    assert!(info.chroma_format_idc <= 3);
    assert!(info.fps.is_none_or(|fps| fps.is_finite() && fps > 0.0));
}

fn check_nal_units(bytes: &[u8]) {
    let units: Vec<&[u8]> = annex_b_nal_units(bytes).collect();
    let held: usize = units.iter().map(|unit| unit.len() + 3).sum();
    assert!(held <= bytes.len(), "more than there is");
    let mut prefixed = Vec::new();
    for unit in &units {
        assert!(!unit.is_empty() && unit.last() != Some(&0));
        prefixed.extend_from_slice(&(unit.len() as u32).to_be_bytes());
        prefixed.extend_from_slice(unit);
    }
    let again: Result<Vec<&[u8]>, _> = length_prefixed_nal_units(&prefixed, 4).collect();
    assert_eq!(again.as_ref(), Ok(&units));
    assert_eq!(frame_kind(again.unwrap_or_default()), frame_kind(units));

    for length_size in [0, 1, 2, 3, 4, 5] {
        let units: Vec<_> = length_prefixed_nal_units(bytes, length_size).collect();
        let errors = units.iter().filter(|unit| unit.is_err()).count();
        assert!(errors <= 1 && units[..units.len() - errors].iter().all(Result::is_ok));
        assert!(units.iter().flatten().map(|unit| unit.len()).sum::<usize>() <= bytes.len());
    }
}
