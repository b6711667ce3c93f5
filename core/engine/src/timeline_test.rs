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

#[test]
fn pictures_keep_their_stamps_relative_to_the_origin() {
    let mut timeline = VideoTimeline::new(at(1_000_000));
    assert_eq!(timeline.place(at(1_000_500)), Some(MediaTime::from_micros(500)));
    assert_eq!(timeline.place(at(1_034_000)), Some(MediaTime::from_micros(34_000)));
    assert_eq!((timeline.repaired(), timeline.dropped()), (0, 0));
}

#[test]
fn a_picture_from_before_the_origin_has_a_negative_time() {
    let mut timeline = VideoTimeline::new(at(50_000));
    assert_eq!(timeline.place(at(17_000)), Some(MediaTime::from_micros(-33_000)));
    assert_eq!(timeline.place(at(-17_000)), None, "34 ms back");
    assert_eq!(timeline.place(at(50_000)), Some(MediaTime::ZERO));
}

#[test]
fn d17_a_repeated_stamp_moves_on_by_a_millisecond_and_is_counted() {
    let mut timeline = VideoTimeline::new(at(0));
    let places: Vec<_> = [33_000, 33_000, 33_000, 34_000, 66_000]
        .into_iter()
        .map(|micros| timeline.place(at(micros)).map(MediaTime::as_micros))
        .collect();
    assert_eq!(places, [Some(33_000), Some(34_000), Some(35_000), Some(36_000), Some(66_000)]);
    assert_eq!((timeline.repaired(), timeline.dropped()), (3, 0));
}

#[test]
fn d17_a_step_back_is_dropped_and_counted() {
    let mut timeline = VideoTimeline::new(at(0));
    timeline.place(at(100_000));
    assert_eq!(timeline.place(at(90_000)), None);
    assert_eq!(timeline.place(at(133_000)), Some(MediaTime::from_micros(133_000)));
    assert_eq!((timeline.repaired(), timeline.dropped()), (0, 1));
}

#[test]
fn a_camera_with_another_clock_continues_without_a_gap() {
    let mut timeline = VideoTimeline::new(at(0));
    timeline.place(at(10_000_000));
    timeline.place(at(10_040_000));
    for (captured, place) in [
        (5_000_000, 10_080_000),             // five seconds back
        (5_040_000, 10_120_000),             // and goes on from there
        (1_700_000_000_000_000, 10_160_000), // microseconds since 1970
        (1_700_000_000_040_000, 10_200_000),
    ] {
        assert_eq!(timeline.place(at(captured)), Some(MediaTime::from_micros(place)));
    }
    assert_eq!(timeline.dropped(), 0);
}

/// Cuts blocks into AAC frames as a framer does and returns the frames' times.
struct Framer {
    pending: u32,
    next: MediaTime,
    rate_hz: u32,
}

impl Framer {
    fn push(&mut self, span: AudioSpan, samples: u32, mut frame: impl FnMut(MediaTime)) {
        if self.pending == 0 || !span.gap.is_zero() {
            self.pending = 0;
            self.next = span.start;
        }
        // Time of the first pending sample, seen from the newest block.
        self.next = span
            .start
            .offset_micros(-(i64::from(self.pending) * 1_000_000 / i64::from(self.rate_hz)));
        self.pending += samples;
        while self.pending >= 1_024 {
            frame(self.next);
            self.pending -= 1_024;
            self.next = self.next.offset_micros(1_024_000_000 / i64::from(self.rate_hz));
        }
    }
}

#[test]
fn lf41_callbacks_of_940_samples_give_even_aac_times_for_an_hour() {
    let mut timeline = AudioTimeline::new(at(7_000_000), 44_100);
    let mut framer = Framer { pending: 0, next: MediaTime::ZERO, rate_hz: 44_100 };
    let (mut frames, mut last) = (0i64, None);
    for block in 0..(3_600 * 44_100 / 940i64) {
        let captured = 7_000_000 + block * 940 * 1_000_000 / 44_100;
        let captured = captured + (jitter(block as u64) * 4_000.0) as i64 * i64::from(block > 0);
        let span = timeline.place(at(captured), 940).expect("a block in order");
        assert_eq!(span.gap, Duration::ZERO);
        framer.push(span, 940, |time| {
            let exact = frames * 1_024 * 1_000_000 / 44_100;
            assert!((time.as_micros() - exact).abs() <= 1_000, "frame {frames} at {time:?}");
            let wire = wire_ms(time);
            if let Some(last) = last {
                assert!((23..=24).contains(&(wire - last)), "step of {} ms", wire - last);
            }
            last = Some(wire);
            frames += 1;
        });
    }
    assert!(frames > 154_000);
}

#[test]
fn d15_aac_times_stay_within_half_a_millisecond_for_a_day() {
    let mut timeline = AudioTimeline::new(at(0), 44_100);
    for frame in 0..(86_400 * 44_100 / 1_024i64) {
        let exact_micros = frame as f64 * 1_024e6 / 44_100.0;
        let span = timeline.place(at(exact_micros as i64), 1_024).expect("in order");
        let wire_error = f64::from(wire_ms(span.start)) - exact_micros / 1_000.0;
        assert!(wire_error.abs() <= 0.502, "frame {frame} is off by {wire_error} ms");
    }
}

#[test]
fn d12_a_crystal_100_ppm_off_stays_within_20_ms_and_slews_gently() {
    for ppm in [-100.0, 100.0] {
        let mut timeline = AudioTimeline::new(at(0), 48_000);
        let mut last = None;
        for frame in 0..(8 * 3_600 * 48_000 / 1_024i64) {
            let captured = frame as f64 * 1_024e6 / 48_000.0 * (1.0 + ppm / 1e6);
            let span = timeline.place(at(captured as i64), 1_024).expect("in order");
            let skew = span.start.as_micros() as f64 - captured;
            assert!(skew.abs() <= 20_000.0, "{skew} µs off in frame {frame}");
            if let Some(last) = last {
                let step = span.start.micros_since(last) as f64 - 1_024e6 / 48_000.0;
                assert!(step.abs() <= 1_001.0, "a slew of {step} µs");
            }
            last = Some(span.start);
        }
    }
}

#[test]
fn a_jump_beyond_200_ms_rebases_and_marks_the_gap() {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    timeline.place(at(0), 480);
    timeline.place(at(10_000), 480);
    let span = timeline.place(at(520_000), 480).expect("a gap is not a loss");
    assert_eq!(span.start, MediaTime::from_millis(520));
    assert_eq!(span.gap, Duration::from_millis(500));
    let next = timeline.place(at(530_000), 480).expect("in order");
    assert_eq!((next.start, next.gap), (MediaTime::from_millis(530), Duration::ZERO));
    assert_eq!(timeline.gaps(), 1);
}

#[test]
fn a_lost_block_below_the_jump_is_slewed_away_within_seconds() {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    timeline.place(at(0), 480);
    let mut skew = 0;
    for block in 1..1_000 {
        let captured = block * 10_000 + 100_000;
        let span = timeline.place(at(captured), 480).expect("in order");
        assert_eq!(span.gap, Duration::ZERO);
        skew = captured - span.start.as_micros();
    }
    assert!(skew.abs() <= 15_000, "{skew} µs left after ten seconds");
}

#[test]
fn samples_that_repeat_placed_time_are_discarded() {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    for block in 0..50 {
        timeline.place(at(block * 10_000), 480);
    }
    assert_eq!(timeline.place(at(100_000), 480), None);
    assert_eq!(timeline.discarded_samples(), 480);
    assert_eq!(
        timeline.place(at(500_000), 480).map(|span| span.start),
        Some(MediaTime::from_millis(500))
    );
}

#[test]
fn a_microphone_with_another_clock_continues_without_a_gap() {
    let mut timeline = AudioTimeline::new(at(0), 48_000);
    timeline.place(at(90_000_000), 480);
    for (block, captured) in [(1, 3_000_000), (2, 3_010_000), (3, 1_700_000_000_000_000)] {
        let span = timeline.place(at(captured), 480).expect("another clock is no step back");
        assert_eq!(span.start, MediaTime::from_micros(90_000_000 + block * 10_000));
        assert_eq!(span.gap, Duration::ZERO);
    }
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
    fn d17_any_stamps_give_strictly_increasing_pictures(
        origin in any_stamp(),
        stamps in prop::collection::vec(any_stamp(), 1..200),
    ) {
        let mut timeline = VideoTimeline::new(at(origin));
        let places: Vec<_> = stamps.iter().filter_map(|&s| timeline.place(at(s))).collect();
        prop_assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
        prop_assert_eq!(places.len() as u64 + timeline.dropped(), stamps.len() as u64);
    }

    #[test]
    fn any_stamps_give_blocks_that_never_overlap(
        origin in any_stamp(),
        rate in prop::sample::select(vec![8_000u32, 44_100, 48_000]),
        blocks in prop::collection::vec((any_stamp(), 0u32..5_000), 1..200),
    ) {
        let mut timeline = AudioTimeline::new(at(origin), rate);
        let mut end: Option<MediaTime> = None;
        for (stamp, samples) in blocks {
            let Some(span) = timeline.place(at(stamp), samples) else { continue };
            if let Some(end) = end {
                // A block may be slewed by up to 1 ms per 1,024 samples, and rounds to a µs.
                prop_assert!(span.start.micros_since(end) >= -5_001, "{:?} after {:?}", span, end);
            }
            end = Some(span.start.offset_micros(i64::from(samples) * 1_000_000 / i64::from(rate)));
        }
    }
}
