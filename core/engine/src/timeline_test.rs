use proptest::prelude::*;

use super::*;

fn at(micros: i64) -> CaptureTime {
    CaptureTime::from_micros(micros)
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
}
