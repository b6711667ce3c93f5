use proptest::prelude::*;

use super::*;
use crate::fixture::{audio, idr, p, video};

fn live() -> SendBuffer {
    SendBuffer::new(Delivery::Live, true)
}

fn at(millis: i64) -> Now {
    Now::from_millis(millis)
}

/// Pushes `unit` at the moment of its decoding time.
fn push(buffer: &mut SendBuffer, unit: AccessUnit) {
    let now = Now::from_micros(unit.dts().as_micros());
    buffer.push(unit, now);
}

fn drain(buffer: &mut SendBuffer) -> Vec<(Track, i64)> {
    std::iter::from_fn(|| buffer.pop(false))
        .map(|queued| (queued.unit.track(), queued.unit.dts().as_micros() / 1_000))
        .collect()
}

fn video_times(buffer: &mut SendBuffer) -> Vec<i64> {
    let units = drain(buffer).into_iter();
    units.filter(|(track, _)| *track == Track::Video).map(|(_, dts_ms)| dts_ms).collect()
}

#[test]
fn lf15_tracks_merge_in_decoding_order() {
    let mut buffer = live();
    for unit in [idr(30), p(63), audio(10), audio(33), p(96), audio(64)] {
        buffer.push(unit, at(100));
    }
    let times: Vec<i64> = drain(&mut buffer).into_iter().map(|(_, dts_ms)| dts_ms).collect();
    assert_eq!(times, [10, 30, 33, 63, 64, 96]);
    assert_eq!(buffer.size_bytes(), 0);
}

#[test]
fn lf16_equal_times_keep_the_order_of_pushes() {
    let (a, v) = (Track::Audio, Track::Video);
    let mut buffer = live();
    for unit in [idr(0), audio(0), audio(33), p(33)] {
        buffer.push(unit, at(50));
    }
    assert_eq!(drain(&mut buffer), [(v, 0), (a, 0), (a, 33), (v, 33)]);
}

#[test]
fn sound_overtakes_pictures_by_a_fifth_of_a_second_where_it_is_asked_to() {
    let mut buffer = live();
    push(&mut buffer, idr(0));
    for pts_ms in [0, 100, 190, 210, 300] {
        push(&mut buffer, audio(pts_ms));
    }
    let tracks: Vec<Track> =
        std::iter::from_fn(|| buffer.pop(true)).map(|queued| queued.unit.track()).collect();
    let (sound, picture) = (Track::Audio, Track::Video);
    assert_eq!(tracks, [sound, sound, sound, picture, sound, sound]);
}

#[test]
fn lf24_dropping_begins_by_age_and_spares_a_young_idr() {
    let mut buffer = live();
    push(&mut buffer, idr(0));
    for dts_ms in (33..600).step_by(33) {
        push(&mut buffer, p(dts_ms));
    }
    push(&mut buffer, idr(600));
    push(&mut buffer, p(633));
    buffer.shed(|_| Duration::ZERO, Duration::ZERO, at(1_250));
    assert_eq!(buffer.dropped().video, 0, "nothing is too old");
    buffer.shed(|_| Duration::ZERO, Duration::ZERO, at(1_251));
    assert_eq!(buffer.dropped().video, 19);
    assert!(!buffer.awaits_idr());
    assert_eq!(video_times(&mut buffer), [600, 633]);
}

#[test]
fn dead_time_of_the_link_makes_no_picture_old_up_to_550_ms() {
    for (dead_ms, limit_ms) in [(300, 1_550), (550, 1_800), (5_000, 1_800)] {
        let dead_time = Duration::from_millis(dead_ms);
        let mut buffer = live();
        push(&mut buffer, idr(0));
        push(&mut buffer, p(100));
        let due = buffer.next_shed(dead_time).expect("a time");
        assert_eq!(due, at(limit_ms).offset_micros(1));
        buffer.shed(|_| Duration::ZERO, dead_time, at(limit_ms));
        assert_eq!(buffer.dropped().video, 0, "dead for {dead_ms} ms");
        buffer.shed(|_| Duration::ZERO, dead_time, due);
        assert_eq!(buffer.dropped().video, 2, "dead for {dead_ms} ms");
    }
    let mut buffer = live();
    for dts_ms in [0, 500, 1_000] {
        push(&mut buffer, idr(dts_ms));
    }
    buffer.shed(|_| Duration::ZERO, Duration::from_millis(550), at(1_801));
    assert_eq!(video_times(&mut buffer), [1_000], "an IDR of 801 ms is young after dead time");
}

#[test]
fn lf23_without_a_young_idr_no_picture_passes_until_one_comes() {
    let mut buffer = live();
    push(&mut buffer, idr(0));
    push(&mut buffer, audio(10));
    for dts_ms in (33..1_000).step_by(33) {
        push(&mut buffer, p(dts_ms));
    }
    buffer.shed(|_| Duration::ZERO, Duration::ZERO, at(1_255));
    assert!(buffer.awaits_idr());
    push(&mut buffer, p(1_033));
    push(&mut buffer, idr(1_066));
    push(&mut buffer, p(1_100));
    assert_eq!(
        drain(&mut buffer),
        [(Track::Audio, 10), (Track::Video, 1_066), (Track::Video, 1_100)]
    );
    assert_eq!(buffer.dropped(), Dropped { video: 32, audio: 0 });
}

#[test]
fn an_idr_that_is_old_itself_is_no_way_out() {
    let mut buffer = live();
    push(&mut buffer, idr(0));
    push(&mut buffer, idr(200));
    push(&mut buffer, p(900));
    buffer.shed(|_| Duration::ZERO, Duration::ZERO, at(1_251));
    assert!(buffer.awaits_idr(), "the IDR of 200 ms is 1,051 ms old");
    assert!(buffer.is_empty());
}

#[test]
fn lf22_sound_alone_is_trimmed_at_its_old_end_and_counted() {
    let mut buffer = live();
    for pts_ms in (0..6_000).step_by(20) {
        push(&mut buffer, audio(pts_ms));
        buffer.shed(|_| Duration::ZERO, Duration::ZERO, at(pts_ms));
    }
    assert_eq!(buffer.dropped().audio, 49, "what came before 980 ms");
    assert_eq!(buffer.first_audio().map(|queued| queued.unit.dts()), Some(crate::fixture::ms(980)));
}

#[test]
fn m03_a_buffer_nobody_drains_stays_within_its_bounds_for_ten_minutes() {
    let mut buffer = live();
    for tick in 0..(600 * 100i64) {
        let now_ms = tick * 10;
        if tick % 3 == 0 {
            let is_idr = tick % 180 == 0;
            let kind = if is_idr { FrameKind::Idr } else { FrameKind::Reference };
            // 24 Mbit/s, so that bytes matter as well as age.
            push(&mut buffer, video(kind, now_ms, if is_idr { 900_000 } else { 90_000 }));
        }
        if tick % 2 == 0 {
            push(&mut buffer, audio(now_ms));
        }
        buffer.shed(|_| Duration::ZERO, Duration::ZERO, at(now_ms));
        let age =
            |since: Option<Now>| since.map_or(Duration::ZERO, |since| at(now_ms).since(since));
        let (picture, sound) = (age(buffer.video_since()), age(buffer.oldest()));
        assert!(picture <= Duration::from_secs(3), "a picture {picture:?} old at {now_ms} ms");
        assert!(sound <= Duration::from_secs(5), "sound {sound:?} old at {now_ms} ms");
        assert!(buffer.size_bytes() <= 8 << 20, "{} bytes at {now_ms} ms", buffer.size_bytes());
    }
    assert!(buffer.dropped().video > 15_000 && buffer.dropped().audio > 25_000);
}

#[test]
fn too_many_bytes_go_even_when_young_and_video_goes_first() {
    let mut buffer = live();
    buffer.push(audio(0), at(0));
    buffer.push(video(FrameKind::Idr, 0, 5 << 20), at(0));
    buffer.push(video(FrameKind::Reference, 33, 5 << 20), at(1));
    buffer.shed(|_| Duration::ZERO, Duration::ZERO, at(1));
    assert_eq!((buffer.len(), buffer.dropped()), (1, Dropped { video: 2, audio: 0 }));
    buffer.push(video(FrameKind::Idr, 66, 9 << 20), at(2));
    assert_eq!(buffer.len(), 1, "a unit above the bound is refused");
    assert!(buffer.awaits_idr());
}

#[test]
fn complete_delivery_drops_nothing_and_says_when_it_is_full() {
    let mut buffer = SendBuffer::new(Delivery::Complete, false);
    let mut pushed = 0;
    while !buffer.is_full() {
        push(&mut buffer, p(pushed * 33));
        buffer.shed(|_| Duration::ZERO, Duration::ZERO, at(1_000_000));
        buffer.hold(at(1_000_000));
        pushed += 1;
    }
    assert_eq!(buffer.dropped(), Dropped::default());
    assert_eq!(drain(&mut buffer).len() as i64, pushed);
    assert_eq!(buffer.next_shed(Duration::ZERO), None);
}

#[test]
fn complete_delivery_is_bounded_for_a_producer_that_does_not_listen() {
    let mut buffer = SendBuffer::new(Delivery::Complete, false);
    for dts_ms in 0..10_000 {
        push(&mut buffer, p(dts_ms));
    }
    assert!(buffer.len() <= 2_049);
    assert!(buffer.awaits_idr(), "what follows the first refused picture refers to it");
}

#[test]
fn while_nobody_takes_units_the_newest_young_gop_stays() {
    let mut buffer = live();
    for unit in [idr(0), p(33), audio(40), idr(66), p(100), audio(110)] {
        push(&mut buffer, unit);
        buffer.hold(at(120));
    }
    assert_eq!(buffer.dropped(), Dropped { video: 2, audio: 0 });
    buffer.hold(at(1_066));
    assert_eq!(buffer.len(), 1, "the IDR is a second old, and the first sound too");
    assert!(buffer.awaits_idr());
}

#[test]
fn what_is_held_stays_below_two_megabytes() {
    let mut buffer = live();
    buffer.push(video(FrameKind::Idr, 0, 1 << 20), at(0));
    buffer.push(audio(0), at(0));
    buffer.push(video(FrameKind::Reference, 33, 1 << 20), at(1));
    buffer.hold(at(1));
    assert_eq!(drain(&mut buffer), [(Track::Audio, 0)]);
}

#[test]
fn a_new_connection_begins_at_an_idr() {
    let mut buffer = live();
    for unit in [idr(0), p(33), p(66), audio(70), idr(100), p(133)] {
        push(&mut buffer, unit);
    }
    buffer.pop(false);
    buffer.restart_at_idr();
    assert_eq!(video_times(&mut buffer), [100, 133]);
    buffer.restart_at_idr();
    push(&mut buffer, p(166));
    assert!(buffer.is_empty() && buffer.awaits_idr());
}

#[test]
fn skipping_a_gop_leaves_the_next_one() {
    let mut buffer = live();
    for unit in [idr(0), p(33), idr(66), p(100)] {
        push(&mut buffer, unit);
    }
    buffer.skip_gop();
    assert_eq!(buffer.first_idr().map(|unit| unit.dts), Some(crate::fixture::ms(66)));
    buffer.skip_gop();
    assert!(buffer.awaits_idr() && !buffer.has_video());
}

/// One step of a random life.
#[derive(Clone, Copy, Debug)]
enum Step {
    Push(FrameKind),
    PushAudio,
    Pop,
    Wait(i64),
    Shed,
    Hold,
    Restart,
    SkipGop,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => Just(Step::Push(FrameKind::Idr)),
        8 => Just(Step::Push(FrameKind::Reference)),
        4 => Just(Step::Push(FrameKind::Disposable)),
        8 => Just(Step::PushAudio),
        8 => Just(Step::Pop),
        4 => (1i64..600).prop_map(Step::Wait),
        8 => Just(Step::Shed),
        1 => Just(Step::Hold),
        1 => Just(Step::Restart),
        1 => Just(Step::SkipGop),
    ];
    prop::collection::vec(step, 1..400)
}

proptest! {
    /// Every picture that leaves has all it refers to: the reference before it left as well.
    #[test]
    fn d01_whatever_is_dropped_no_reference_is_missing(
        steps in steps(),
        is_complete in any::<bool>(),
    ) {
        let delivery = if is_complete { Delivery::Complete } else { Delivery::Live };
        let mut buffer = SendBuffer::new(delivery, true);
        let mut now = Now::ZERO;
        let mut pushed: Vec<FrameKind> = Vec::new();
        let mut left: Vec<usize> = Vec::new();
        let (mut units, mut audio_units, mut taken, mut popped) = (0u64, 0i64, 0u64, 0u64);
        for step in steps {
            now += Duration::from_millis(1);
            match step {
                Step::Push(kind) => {
                    // The decoding time names the picture.
                    buffer.push(video(kind, pushed.len() as i64, 10), now);
                    pushed.push(kind);
                    units += 1;
                }
                Step::PushAudio => {
                    buffer.push(audio(audio_units), now);
                    audio_units += 1;
                    units += 1;
                }
                Step::Pop => {
                    if let Some(queued) = buffer.pop(false) {
                        popped += 1;
                        if queued.unit.track() == Track::Video {
                            left.push((queued.unit.dts().as_micros() / 1_000) as usize);
                        }
                    }
                }
                Step::Wait(ms) => now += Duration::from_millis(ms as u64),
                Step::Shed => buffer.shed(|_| Duration::ZERO, Duration::ZERO, now),
                Step::Hold => buffer.hold(now),
                Step::Restart => buffer.restart_at_idr(),
                Step::SkipGop => buffer.skip_gop(),
            }
            let dropped = buffer.dropped();
            taken = popped + dropped.video + dropped.audio + buffer.len() as u64;
            prop_assert_eq!(taken, units, "every unit is in exactly one place");
        }
        prop_assert!(left.is_sorted_by(|a, b| a < b));
        for &index in &left {
            if pushed[index] == FrameKind::Idr {
                continue;
            }
            let reference = (0..index).rev().find(|&i| pushed[i] != FrameKind::Disposable);
            prop_assert!(
                reference.is_some_and(|reference| left.contains(&reference)),
                "picture {index} left without {reference:?} of {pushed:?}"
            );
        }
        let _ = taken;
    }
}
