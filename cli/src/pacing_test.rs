use super::*;

fn fps(fps: u32) -> FrameRate {
    FrameRate::new(fps, 1).expect("rate")
}

fn pictures(schedule: Schedule) -> Vec<(Duration, u64, i64)> {
    schedule
        .filter_map(|(due, item)| match item {
            Item::Picture { index, stamp } => Some((due, index, stamp.as_micros())),
            Item::Sound { .. } => None,
        })
        .collect()
}

fn sound(schedule: Schedule) -> Vec<(Duration, u64, u32)> {
    schedule
        .filter_map(|(due, item)| match item {
            Item::Sound { first, samples, .. } => Some((due, first, samples)),
            Item::Picture { .. } => None,
        })
        .collect()
}

#[test]
fn ten_seconds_are_exactly_ten_seconds_of_both() {
    for rate in [15, 24, 30, 60] {
        let schedule = Schedule::new(Some(fps(rate)), Some(44_100), Some(Duration::from_secs(10)));
        assert_eq!(pictures(schedule.clone()).len(), 10 * rate as usize);
        let samples: u64 = sound(schedule).iter().map(|(_, _, n)| u64::from(*n)).sum();
        assert_eq!(samples, 441_000);
    }
}

#[test]
fn pictures_do_not_drift_in_a_day() {
    let schedule = Schedule::new(Some(FrameRate::new(30_000, 1_001).expect("rate")), None, None);
    let day = 30_000 * 86_400 / 1_001;
    let (due, index, stamp) = pictures_at(schedule, day);
    let exact = index as f64 * 1_001.0 / 30_000.0;
    assert!((due.as_secs_f64() - exact).abs() < 2e-6);
    assert_eq!(stamp, due.as_micros() as i64);
}

fn pictures_at(mut schedule: Schedule, index: u64) -> (Duration, u64, i64) {
    schedule.pictures.as_mut().expect("pictures").next = index;
    match schedule.next() {
        Some((due, Item::Picture { index, stamp })) => (due, index, stamp.as_micros()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_aac_frame_of_sound_goes_before_the_first_picture() {
    let mut schedule = Schedule::new(Some(fps(30)), Some(44_100), None);
    let first = Item::Sound { first: 0, samples: 1_024, stamp: CaptureTime::ZERO };
    assert_eq!(schedule.next(), Some((Duration::ZERO, first)));
    let second = Item::Picture { index: 0, stamp: CaptureTime::ZERO };
    assert_eq!(schedule.next(), Some((Duration::ZERO, second)));
    // Then a block of 20 ms, due when a microphone has captured as many samples.
    let third = Item::Sound { first: 1_024, samples: 882, stamp: CaptureTime::from_micros(23_219) };
    assert_eq!(schedule.next(), Some((Duration::from_millis(20), third)));
}

#[test]
fn sound_blocks_follow_each_other_without_gap_and_end_where_the_media_ends() {
    let length = Duration::from_millis(1_234);
    for rate in [8_000, 16_000, 44_100, 48_000] {
        let mut next = 0;
        for (due, first, samples) in sound(Schedule::new(Some(fps(30)), Some(rate), Some(length))) {
            assert_eq!(first, next);
            assert!(due <= length);
            next = first + u64::from(samples);
        }
        assert_eq!(next, 1_234 * u64::from(rate) / 1_000);
    }
}

#[test]
fn items_are_due_in_order() {
    let schedule = Schedule::new(Some(fps(24)), Some(48_000), Some(Duration::from_secs(5)));
    let due: Vec<Duration> = schedule.map(|(due, _)| due).collect();
    assert!(due.is_sorted());
}

#[test]
fn a_track_that_is_not_there_has_no_items() {
    let length = Some(Duration::from_secs(1));
    assert!(pictures(Schedule::new(None, Some(44_100), length)).is_empty());
    assert!(sound(Schedule::new(Some(fps(30)), None, length)).is_empty());
    assert_eq!(Schedule::new(None, None, length).next(), None);
}

/// Runs a schedule on virtual time; `delay` is what pushing picture `index` costs.
fn run(length: Duration, delay: impl Fn(u64) -> Duration) -> Vec<(u64, Now)> {
    let mut now = Now::from_millis(100);
    let mut pacer = Pacer::new(now, Some(fps(30)));
    let mut went = Vec::new();
    for (due, item) in Schedule::new(Some(fps(30)), Some(44_100), Some(length)) {
        now += pacer.wait(due, &item, now);
        pacer.went(&item, now);
        if let Item::Picture { index, .. } = item {
            went.push((index, now));
            now += delay(index);
        }
    }
    went
}

#[test]
fn work_between_the_pictures_does_not_add_up() {
    let went = run(Duration::from_secs(60), |_| Duration::from_millis(20));
    let (last, at) = *went.last().expect("pictures");
    assert_eq!(at, Now::from_millis(100) + fps(30).time_of(last));
}

#[test]
fn after_a_stall_pictures_catch_up_at_twice_the_pace_without_a_burst() {
    let went = run(Duration::from_secs(5), |index| {
        if index == 30 { Duration::from_secs(1) } else { Duration::ZERO }
    });
    assert_eq!(went.len(), 150, "no picture is skipped");
    let gaps: Vec<Duration> = went.windows(2).map(|pair| pair[1].1.since(pair[0].1)).collect();
    let least = gaps.iter().min().expect("gaps");
    assert!(*least >= Duration::from_micros(16_665), "{least:?}");
    // One second late at twice the pace is made up for one second later.
    let (index, at) = went[100];
    assert_eq!(at, Now::from_millis(100) + fps(30).time_of(index));
}

#[test]
fn a_rate_needs_both_parts() {
    assert_eq!(FrameRate::new(0, 1), None);
    assert_eq!(FrameRate::new(30, 0), None);
    assert_eq!(FrameRate::new(30_000, 1_001).expect("rate").rounded(), 30);
    assert_eq!(FrameRate::new(1, 10).expect("rate").rounded(), 1);
}

#[test]
fn a_track_that_ends_early_leaves_the_other_alone() {
    let mut schedule = Schedule::new(Some(fps(10)), Some(44_100), None);
    let mut pictures_seen = 0;
    let mut end = Duration::ZERO;
    for _ in 0..1_000 {
        let (_, item) = schedule.next().expect("sound goes on");
        match item {
            Item::Picture { index: 7, .. } => schedule.end_track_of(&item),
            Item::Picture { .. } => pictures_seen += 1,
            Item::Sound { first, .. } if first > 88_200 => {
                end = Duration::from_secs_f64(first as f64 / 44_100.0);
                schedule.end_track_of(&item);
                break;
            }
            Item::Sound { .. } => {}
        }
    }
    assert_eq!(pictures_seen, 7);
    assert_eq!(schedule.next(), None);
    assert!(schedule.end().abs_diff(end) < Duration::from_micros(2));
}

#[test]
fn the_media_ends_when_its_last_picture_was_shown_for_its_time() {
    let length = Duration::from_secs(2);
    let mut schedule = Schedule::new(Some(fps(30)), None, Some(length));
    schedule.by_ref().for_each(drop);
    assert_eq!(schedule.end(), length);
    let pacer = Pacer::new(Now::from_millis(5), Some(fps(30)));
    assert_eq!(pacer.until(length, Now::from_millis(1_005)), Duration::from_secs(1));
}
