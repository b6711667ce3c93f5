//! One line on virtual time.

use super::*;

const PICTURES: Step = Step { units: 1, per_second: 30, is_heard_at_its_end: false };
const SAMPLES: Step = Step { units: 1_024, per_second: 44_100, is_heard_at_its_end: true };

fn ms(millis: i64) -> Now {
    Now::from_millis(millis)
}

/// Where a push lies.
fn push(line: &mut Line, stamp: i64, duration: i64, now: Now) -> Option<CaptureTime> {
    line.handle_push(stamp, duration, now).map(|placed| placed.captured)
}

/// All that stands in up to `now`, and when the next does.
fn fill(line: &mut Line, step: Step, now: Now) -> (Vec<i64>, Next) {
    let mut times = Vec::new();
    loop {
        match line.poll(step, now) {
            Next::Due(at) => times.push(at.as_micros()),
            next => return (times, next),
        }
    }
}

#[test]
fn lf90_pictures_stand_in_at_the_pace_on_the_same_clock_until_the_camera_is_back() {
    let mut line = Line::default();
    assert_eq!(push(&mut line, 7_000_000, 0, ms(100)), Some(CaptureTime::from_millis(7_000)));
    assert_eq!(line.poll(PICTURES, ms(5_000)), Next::Flowing, "a slow camera is not replaced");
    line.set_held(true);
    assert_eq!(line.handle_push(7_033_333, 0, ms(133)), None, "left out");
    let (times, next) = fill(&mut line, PICTURES, ms(1_100));
    let exact: Vec<i64> = (1..=30).map(|n| 7_000_000 + n * 1_000_000 / 30).collect();
    assert_eq!(times, exact);
    assert_eq!(next, Next::In(Duration::from_micros(33_333)));
    line.set_held(false);
    let (times, _) = fill(&mut line, PICTURES, ms(1_150));
    assert_eq!(times, [8_033_333], "until the first push");
    let back = line.handle_push(8_060_000, 0, ms(1_165)).expect("it is back");
    assert_eq!((back.captured, back.is_back), (CaptureTime::from_millis(8_060), true));
    let next = line.handle_push(8_093_000, 0, ms(1_198)).expect("it speaks");
    assert!(!next.is_back, "only the first");
    assert_eq!(line.poll(PICTURES, ms(9_000)), Next::Flowing);
}

#[test]
fn lf91_silence_stands_in_without_a_gap_or_an_overlap() {
    let mut line = Line::default();
    line.handle_push(5_000_000, 20_000, ms(40));
    line.set_held(true);
    let (times, _) = fill(&mut line, SAMPLES, ms(10_040));
    assert_eq!(times.len(), 10 * 44_100 / 1_024, "what has sounded to its end");
    for (number, time) in (0..).zip(times) {
        assert_eq!(time, 5_020_000 + number * 1_024 * 1_000_000 / 44_100);
    }
}

#[test]
fn a_device_with_another_clock_goes_on_where_the_stream_is() {
    for other in [40_000_000, 1_700_000_000_000_000, 0] {
        let mut line = Line::default();
        line.handle_push(7_000_000, 0, ms(100));
        line.set_held(true);
        fill(&mut line, PICTURES, ms(2_100));
        line.set_held(false);
        let first = push(&mut line, other, 0, ms(2_600));
        assert_eq!(first, Some(CaptureTime::from_millis(9_500)), "2.5 s later by our clock");
        let second = push(&mut line, other + 33_000, 0, ms(2_640));
        assert_eq!(
            second,
            Some(CaptureTime::from_micros(9_533_000)),
            "and by its own from then on"
        );
    }
}

#[test]
fn nothing_stands_in_before_there_was_anything_and_twice_is_once() {
    let mut line = Line::default();
    line.set_held(false);
    assert_eq!(line.standing, Standing::Flowing, "nothing was interrupted");
    line.set_held(true);
    line.set_held(true);
    assert_eq!(line.poll(PICTURES, ms(5_000)), Next::Flowing);
    line.set_held(false);
    line.set_held(false);
    assert_eq!(line.standing, Standing::Awaited);
    assert!(line.handle_push(i64::MAX, i64::MAX, ms(6_000)).is_some());
    line.set_held(true);
    assert!(matches!(line.poll(SAMPLES, ms(7_000)), Next::In(_) | Next::Due(_)));
}

/// The first push of a camera that was just opened comes later than its others. That is never so
/// much worse than what the next one brings, however often cameras are changed.
#[test]
fn how_late_first_pushes_are_does_not_add_up_over_many_switches() {
    let (mut line, mut world, mut worst) = (Line::default(), 0, 0);
    for camera in 0..200 {
        let clock = 7_000_000 + camera * 1_000_000_000;
        for number in 0..40 {
            world += 33_333;
            let late = if number == 0 { 45_000 } else { 30_000 + number % 5 * 1_000 };
            let now = Now::from_millis(0).offset_micros(world + late);
            let at = push(&mut line, world + clock, 0, now).expect("it speaks");
            worst = worst.max((at.as_micros() - world - 7_000_000).abs());
        }
        line.set_held(true);
        line.set_held(false);
    }
    assert!(worst <= 20_000, "{worst} µs");
}

/// Between its decision and its push no block of the device that is back slips in.
#[test]
fn a_device_that_is_back_is_placed_after_the_silence_that_was_due() {
    let hold = Hold::default();
    hold.handle_push(Track::Audio, CaptureTime::ZERO, 20_000, ms(20));
    hold.line(Track::Audio).set_held(true);
    hold.line(Track::Audio).set_held(false);
    let mut pushed = false;
    let next = hold.stand_in(Track::Audio, SAMPLES, ms(60), |_| {
        pushed = true;
        assert!(hold.lines[1].try_lock().is_err(), "a push could be placed now");
        assert!(hold.lines[0].try_lock().is_ok(), "pictures go on");
    });
    assert!(pushed && matches!(next, Next::Due(_)));
    let back = hold.handle_push(Track::Audio, CaptureTime::from_millis(44), 20_000, ms(64));
    assert!(back.is_some_and(|placed| placed.is_back));
    let next = hold.stand_in(Track::Audio, SAMPLES, ms(100), |_| panic!("the device speaks"));
    assert_eq!(next, Next::Flowing);
}
