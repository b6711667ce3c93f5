use proptest::prelude::*;

use super::*;
use crate::flv::wire_ms;

fn at(micros: i64) -> CaptureTime {
    CaptureTime::from_micros(micros)
}

/// A generator of jitter that needs no crate: −1..1 as a fraction.
fn jitter(seed: u64) -> f64 {
    let mixed = (seed ^ 0x9E37_79B9).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed >> 40) as f64 / (1u64 << 24) as f64).mul_add(2.0, -1.0)
}

/// The place of a block that is used whole and touches the one before it.
fn touching(place: Option<Place>) -> i64 {
    let place = place.expect("a block in order");
    assert_eq!((place.missing, place.repeated), (0, 0));
    place.first
}

#[test]
fn lf41_callbacks_of_940_samples_give_even_aac_times_for_an_hour() {
    let mut timeline = AudioTimeline::new(at(7_000_000), 44_100);
    let (mut pending, mut frames, mut last) = (0, 0_i64, None);
    for block in 0..(3_600 * 44_100 / 940i64) {
        let captured = 7_000_000 + block * 940 * 1_000_000 / 44_100;
        let captured = captured + (jitter(block as u64) * 4_000.0) as i64 * i64::from(block > 0);
        let first = touching(timeline.place(at(captured), 940));
        assert_eq!((first, timeline.stretch_ppm()), (block * 940, 0));
        pending += 940;
        while pending >= 1_024 {
            pending -= 1_024;
            let time = time_of_sample(frames * 1_024, 44_100);
            let exact = frames * 1_024 * 1_000_000 / 44_100;
            assert_eq!(time.as_micros(), exact, "frame {frames}");
            let wire = wire_ms(time);
            if let Some(last) = last {
                assert!((23..=24).contains(&(wire - last)), "step of {} ms", wire - last);
            }
            last = Some(wire);
            frames += 1;
        }
    }
    assert!(frames > 154_000);
}

#[test]
fn d15_aac_times_stay_within_half_a_millisecond_for_a_day() {
    let mut timeline = AudioTimeline::new(at(0), 44_100);
    for frame in 0..(86_400 * 44_100 / 1_024i64) {
        let exact_micros = frame as f64 * 1_024e6 / 44_100.0;
        let first = touching(timeline.place(at(exact_micros as i64), 1_024));
        let time = time_of_sample(first, 44_100);
        let wire_error = f64::from(wire_ms(time)) - exact_micros / 1_000.0;
        assert!(wire_error.abs() <= 0.502, "frame {frame} is off by {wire_error} ms");
    }
}

/// Eight hours of a microphone whose crystal is `ppm` slow, and of a converter that obeys.
/// Returns the largest skew in milliseconds and how often the stretch changed.
fn eight_hours(ppm: f64, jitter_micros: f64) -> (f64, u32) {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    let (mut worst, mut changes, mut whole, mut stretch) = (0.0_f64, 0, 0.0_f64, 0);
    for block in 0..(8 * 3_600 * 100_i64) {
        // 480 samples take 10 ms and `ppm` more.
        let exact = block as f64 * 10_000.0 * (1.0 + ppm / 1e6);
        let captured = exact + jitter(block as u64) * jitter_micros;
        let before = whole.floor();
        whole += 480.0 * (1.0 + f64::from(stretch) / 1e6);
        let samples = (whole.floor() - before) as u32;
        let first = touching(timeline.place(at(captured as i64), samples));
        let skew = time_of_sample(first, 48_000).as_micros() as f64 - exact;
        worst = worst.max((skew / 1_000.0).abs());
        changes += u32::from(timeline.stretch_ppm() != stretch);
        stretch = timeline.stretch_ppm();
        // A frame of 1,024 samples is slewed by this much at most.
        let slew_micros = f64::from(stretch.abs()) / 1e6 * 1_024e6 / 48_000.0;
        assert!(slew_micros <= 1_000.0);
    }
    (worst, changes)
}

#[test]
fn d12_a_crystal_100_ppm_off_stays_within_20_ms_and_slews_gently() {
    for ppm in [-100.0, 100.0] {
        let (worst, changes) = eight_hours(ppm, 0.0);
        assert!(worst <= 5.0, "{worst} ms off");
        assert!(changes > 0, "the drift is followed");
        let (worst, _) = eight_hours(ppm, 5_000.0);
        assert!(worst <= 8.0, "{worst} ms off with stamps that jitter");
    }
    assert_eq!(eight_hours(0.0, 2_000.0).1, 0, "jitter alone is no drift");
}

#[test]
fn a_jump_beyond_200_ms_is_silence_at_once() {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    timeline.place(at(0), 480);
    timeline.place(at(10_000), 480);
    let place = timeline.place(at(520_000), 480).expect("a gap is not a loss");
    assert_eq!(place, Place { first: 520 * 48, missing: 500 * 48, repeated: 0 });
    assert_eq!(touching(timeline.place(at(530_000), 480)), 530 * 48);
    assert_eq!(timeline.gaps(), 1);
}

#[test]
fn lost_blocks_below_the_jump_are_silence_within_a_second() {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    timeline.place(at(0), 480);
    for block in 1..200 {
        // 100 ms are missing, and stamps jitter by 4 ms.
        let captured = block * 10_000 + 100_000 + (jitter(block as u64) * 4_000.0) as i64;
        let place = timeline.place(at(captured), 480).expect("in order");
        let skew = (block * 10_000 + 100_000) - time_of_sample(place.first, 48_000).as_micros();
        assert!(block < 110 || skew.abs() <= 20_000, "{skew} µs left in block {block}");
    }
    assert_eq!(timeline.gaps(), 1, "one stretch of silence, not many");
}

#[test]
fn samples_that_repeat_placed_time_are_left_out() {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    for block in 0..50 {
        timeline.place(at(block * 10_000), 480);
    }
    assert_eq!(timeline.place(at(100_000), 480), None);
    assert_eq!(timeline.discarded_samples(), 480);
    assert_eq!(touching(timeline.place(at(500_000), 480)), 500 * 48);
    // 100 ms come twice: the stamps stay behind the count until that much was left out.
    for block in 1..200 {
        timeline.place(at(400_000 + block * 10_000), 480);
    }
    let expected = (400_000 + 200 * 10_000) * 48 / 1_000;
    let first = timeline.place(at(400_000 + 200 * 10_000), 480).expect("in order").first;
    assert!((first - expected).abs() <= 20 * 48, "{first} instead of {expected}");
}

#[test]
fn a_microphone_with_another_clock_continues_without_a_gap() {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    timeline.place(at(90_000_000), 480);
    for (block, captured) in [(1, 3_000_000), (2, 3_010_000), (3, 1_700_000_000_000_000)] {
        let first = touching(timeline.place(at(captured), 480));
        assert_eq!(first, 90_000 * 48 + block * 480);
    }
}

#[test]
fn lf91_a_stamp_that_is_to_be_believed_is_and_only_that_one() {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    timeline.place(at(0), 480);
    timeline.believe_next();
    let place = timeline.place(at(15_000), 480);
    assert_eq!(place, Some(Place { first: 720, missing: 240, repeated: 0 }));
    assert_eq!(touching(timeline.place(at(20_000), 480)), 1_200, "jitter");
    timeline.believe_next();
    let place = timeline.place(at(30_000), 480);
    assert_eq!(place, Some(Place { first: 1_680, missing: 0, repeated: 240 }));
}

fn any_stamp() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0i64..2_000_000,
        2 => -5_000_000i64..200_000_000,
        1 => any::<i64>(),
        1 => Just(i64::MAX),
        1 => Just(i64::MIN),
    ]
}

proptest! {
    #[test]
    fn any_stamps_give_blocks_that_never_overlap(
        origin in any_stamp(),
        rate in prop::sample::select(vec![8_000u32, 44_100, 48_000]),
        blocks in prop::collection::vec((any_stamp(), 0u32..5_000), 1..200),
    ) {
        let mut timeline = AudioTimeline::new(at(origin), rate);
        let mut end: Option<i64> = None;
        for (stamp, samples) in blocks {
            let Some(place) = timeline.place(at(stamp), samples) else { continue };
            prop_assert!(place.repeated <= samples);
            if let Some(end) = end {
                prop_assert_eq!(place.first - place.missing as i64, end);
            }
            end = Some(place.first + i64::from(samples - place.repeated));
            prop_assert!(timeline.stretch_ppm().abs() <= 500);
        }
    }
}
