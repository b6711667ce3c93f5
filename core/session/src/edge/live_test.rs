//! The engine's edge: order of decoding time, no picture without what it refers to.

use std::sync::atomic::Ordering;

use onair_types::Track;
use proptest::prelude::*;

use super::*;
use crate::edge::fixture::Units;

fn push(units: &Units, edge: &Live, millis: i64, kind: FrameKind) -> Handed {
    edge.push_video(units.video(millis, kind), &units.waiting()).expect("it runs")
}

fn edge() -> Live {
    Live::new(true, Wake::default())
}

fn times(merge: &mut Merge) -> Vec<(Track, i64)> {
    let next = || merge.next().map(|unit| (unit.track(), unit.dts().as_millis_rounded()));
    std::iter::from_fn(next).collect()
}

#[test]
fn both_tracks_come_in_order_of_decoding_time() {
    let (edge, units) = (edge(), Units::new());
    for millis in [0, 33, 66] {
        push(&units, &edge, millis, FrameKind::Idr);
    }
    for millis in [0, 23, 46, 70] {
        edge.push_audio(units.audio(millis), &units.waiting());
    }
    use Track::{Audio, Video};
    let expected =
        [(Video, 0), (Audio, 0), (Audio, 23), (Video, 33), (Audio, 46), (Video, 66), (Audio, 70)];
    assert_eq!(times(&mut edge.merge()), expected);
}

#[test]
fn a_full_edge_drops_to_the_next_idr() {
    use FrameKind::{Idr, Reference};
    let (edge, units) = (edge(), Units::new());
    let mut merge = edge.merge();
    for millis in 0..8 {
        assert_eq!(push(&units, &edge, millis, Reference), Handed::Over);
    }
    assert!(!edge.has_video_room());
    assert_eq!(push(&units, &edge, 8, Reference), Handed::Dropped);
    assert_eq!(times(&mut merge).len(), 8);
    assert_eq!(push(&units, &edge, 9, Reference), Handed::Dropped, "it refers to a lost picture");
    assert_eq!(push(&units, &edge, 10, Idr), Handed::Over);
    assert_eq!(push(&units, &edge, 11, Reference), Handed::Over);
    assert_eq!(times(&mut merge), [(Track::Video, 10), (Track::Video, 11)]);
    assert_eq!(units.around.counters.units_dropped_video.load(Ordering::Relaxed), 2);
}

#[test]
fn a_disposable_picture_is_dropped_alone() {
    use FrameKind::{Disposable, Reference};
    let (edge, units) = (edge(), Units::new());
    let mut merge = edge.merge();
    for millis in 0..8 {
        push(&units, &edge, millis, Reference);
    }
    assert_eq!(push(&units, &edge, 8, Disposable), Handed::Dropped);
    assert_eq!(times(&mut merge).len(), 8);
    assert_eq!(push(&units, &edge, 9, Reference), Handed::Over);
}

#[test]
fn of_sound_the_oldest_goes() {
    let (edge, units) = (edge(), Units::new());
    for millis in 0..70 {
        edge.push_audio(units.audio(millis), &units.waiting());
    }
    let times = times(&mut edge.merge());
    assert_eq!((times.len(), times[0]), (64, (Track::Audio, 6)));
    assert_eq!(units.around.counters.units_dropped_audio.load(Ordering::Relaxed), 6);
}

proptest! {
    /// Whatever is pushed and however slowly it is taken: a picture is handed over only when
    /// everything it may refer to was.
    #[test]
    fn no_picture_is_handed_over_without_its_references(
        steps in prop::collection::vec((0_u8..10, 0_usize..3), 1..200),
    ) {
        use FrameKind::{Disposable, Idr, Reference};
        let (edge, units) = (edge(), Units::new());
        let mut merge = edge.merge();
        let mut kinds = Vec::new();
        let mut handed = Vec::new();
        for (dice, taken) in steps {
            let kind = if dice == 0 { Idr } else if dice < 4 { Disposable } else { Reference };
            push(&units, &edge, kinds.len() as i64, kind);
            kinds.push(kind);
            handed.extend(std::iter::from_fn(|| merge.next()).take(taken));
        }
        handed.extend(std::iter::from_fn(|| merge.next()));
        let numbers: Vec<usize> =
            handed.iter().map(|unit| unit.dts().as_millis_rounded() as usize).collect();
        for pair in numbers.windows(2) {
            let missing = &kinds[pair[0] + 1..pair[1]];
            let is_harmless = missing.iter().all(|&kind| kind == Disposable);
            prop_assert!(is_harmless || kinds[pair[1]] == Idr, "{:?} in {:?}", pair, kinds);
        }
        let dropped = units.around.counters.units_dropped_video.load(Ordering::Relaxed);
        prop_assert_eq!(numbers.len() as u64 + dropped, kinds.len() as u64);
    }
}
