use super::*;
use crate::fixture::{idr, ms};
use onair_types::AccessUnit;

fn idr_at(dts_ms: i64) -> VideoUnit {
    match idr(dts_ms) {
        AccessUnit::Video(unit) => unit,
        AccessUnit::Audio(_) => unreachable!("an IDR is video"),
    }
}

fn live(has_video: bool, has_audio: bool) -> Aligner {
    Aligner::new(Alignment::FirstKeyframe, has_video, has_audio, MediaTime::ZERO)
}

#[test]
fn lf38_waits_for_sound_and_then_an_idr() {
    let mut aligner = live(true, true);
    assert_eq!(aligner.align(Some(&idr_at(0)), None), Verdict::NeedsAudio);
    assert_eq!(aligner.align(Some(&idr_at(0)), Some(ms(10))), Verdict::NeedsIdr);
    assert_eq!(aligner.align(None, Some(ms(10))), Verdict::NeedsIdr);
    assert!(!aligner.is_aligned());
    assert_eq!(aligner.align(Some(&idr_at(33)), Some(ms(10))), Verdict::Aligned);
    assert!(aligner.is_aligned());
}

#[test]
fn lf39_the_idr_is_time_zero() {
    let mut aligner = live(true, true);
    aligner.align(Some(&idr_at(5_033)), Some(ms(5_010)));
    assert_eq!(aligner.wire_ms(ms(5_033)), 0);
    assert_eq!(aligner.wire_ms(ms(5_066)), 33);
}

#[test]
fn lf40_sound_from_before_the_idr_is_early() {
    let mut aligner = live(true, true);
    assert!(!aligner.is_before_epoch(ms(0)), "no epoch yet");
    aligner.align(Some(&idr_at(33)), Some(ms(10)));
    assert!(aligner.is_before_epoch(ms(32)));
    assert!(!aligner.is_before_epoch(ms(33)));
}

#[test]
fn lf44_a_single_track_does_not_wait_for_the_other() {
    assert_eq!(live(true, false).align(Some(&idr_at(0)), None), Verdict::Aligned);
    assert_eq!(live(true, false).align(None, None), Verdict::NeedsIdr);
    let mut sound = live(false, true);
    assert_eq!(sound.align(None, Some(ms(700))), Verdict::Aligned);
    assert_eq!(sound.wire_ms(ms(723)), 23);
}

#[test]
fn lf52_each_connection_has_its_own_epoch() {
    let mut aligner = live(true, false);
    aligner.align(Some(&idr_at(0)), None);
    aligner.reset();
    assert!(!aligner.is_aligned());
    aligner.align(Some(&idr_at(65_000)), None);
    assert_eq!(aligner.wire_ms(ms(65_000)), 0);
}

#[test]
fn lf43_composition_time_leads_to_the_rounded_presentation_time() {
    let mut aligner = live(true, false);
    aligner.align(Some(&idr_at(0)), None);
    for (pts_micros, dts_micros) in [(66_667, 0), (133_333, 33_333), (100_000, 66_667)] {
        let mut unit = idr_at(0);
        unit.pts = MediaTime::from_micros(pts_micros);
        unit.dts = MediaTime::from_micros(dts_micros);
        let composed_ms =
            i64::from(aligner.wire_ms(unit.dts)) + i64::from(aligner.composition_ms(&unit));
        assert_eq!(composed_ms, unit.pts.as_millis_rounded());
        assert!(aligner.composition_ms(&unit) >= 0);
    }
}

#[test]
fn the_first_timestamp_moves_the_epoch_on_the_wire() {
    let start = MediaTime::from_millis((1 << 32) - 5);
    let mut aligner = Aligner::new(Alignment::FirstKeyframe, true, false, start);
    aligner.align(Some(&idr_at(100)), None);
    assert_eq!(aligner.wire_ms(ms(100)), u32::MAX - 4);
    assert_eq!(aligner.wire_ms(ms(105)), 0, "d10: wraps at 2^32");
}

#[test]
fn a_file_keeps_its_own_times_and_waits_for_nothing() {
    let mut aligner = Aligner::new(Alignment::AsIs, true, true, MediaTime::ZERO);
    assert_eq!(aligner.align(None, None), Verdict::Aligned);
    assert_eq!(aligner.wire_ms(ms(1_234)), 1_234);
    assert!(!aligner.is_before_epoch(ms(-5)));
    aligner.reset();
    assert_eq!(aligner.align(None, None), Verdict::Aligned);
}
