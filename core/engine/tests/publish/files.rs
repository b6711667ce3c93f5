//! Encoded files: as they are, without loss, at the socket's pace.

use std::collections::VecDeque;

use onair_engine::publish::{Alignment, Config, Cue, Delivery, State, Supply};
use onair_types::{AccessUnit, FrameKind, MediaTime, Track};

use crate::rig::{Rig, config, idr, picture, sound, unit_times, video_only, video_unit};
use crate::server::Heard;

fn file(mut config: Config) -> Config {
    config.alignment = Alignment::AsIs;
    config.delivery = Delivery::Complete;
    config
}

#[test]
fn a_file_keeps_its_access_units_and_times() {
    let mut rig = Rig::live(file(config()));
    let mut sent = Vec::new();
    // B-frames: decoded 0 3 1 2, shown with a delay of two pictures.
    for (index, shown) in [0i64, 3, 1, 2, 6, 4, 5].into_iter().enumerate() {
        let dts = MediaTime::from_millis(700 + index as i64 * 40);
        let pts = MediaTime::from_millis(700 + (shown + 2) * 40);
        let kind = if index == 0 { FrameKind::Idr } else { FrameKind::Disposable };
        let unit = video_unit(kind, pts, dts, 200 + index);
        let composition_ms = (pts.micros_since(dts) / 1_000) as i32;
        let timestamp_ms = (700 + index * 40) as u32;
        sent.push((timestamp_ms, composition_ms, unit.payload.to_vec()));
        rig.push(AccessUnit::Video(unit));
    }
    let received: Vec<_> = rig
        .server()
        .media()
        .iter()
        .filter_map(|heard| match heard {
            Heard::Video { timestamp_ms, composition_ms, data, .. } => {
                Some((*timestamp_ms, *composition_ms, data.clone()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(received, sent);
}

#[test]
fn a_file_waits_for_no_other_track() {
    let mut rig = Rig::live(file(config()));
    rig.push(picture(80));
    rig.push(idr(120));
    assert_eq!(unit_times(&rig.server().media()), [80, 120]);
    assert!(rig.encoder.is_empty(), "a file has no encoder");
}

#[test]
fn a_file_is_acknowledged_soon_and_then_rarely() {
    let windows = |config: Config| {
        let mut rig = Rig::live(config);
        rig.push(idr(0));
        for acknowledged in [70_000, 140_000] {
            rig.server().acknowledge(acknowledged);
            rig.settle();
        }
        let heard = rig.server().heard.iter().filter_map(|heard| match heard {
            Heard::WindowAckSize(bytes) => Some(*bytes),
            _ => None,
        });
        heard.collect::<Vec<_>>()
    };
    assert_eq!(windows(file(video_only())), [65_536, 262_144]);
    assert_eq!(windows(video_only()), [65_536], "a live source's rate may hang on each");
}

#[test]
fn a_producer_is_held_back_while_the_socket_is_full_and_nothing_is_lost() {
    let mut rig = Rig::live(file(video_only()));
    rig.credit = Some(0);
    let mut pushed = 0i64;
    while rig.publish.wants_units() {
        rig.push(if pushed == 0 { idr(0) } else { picture(pushed * 33) });
        pushed += 1;
        assert!(pushed < 10_000, "no back-pressure");
    }
    assert!(rig.publish.snapshot(rig.now).queue_bytes < 2 << 20);
    rig.credit = None;
    rig.settle();
    assert!(rig.publish.wants_units());
    assert_eq!(unit_times(&rig.server().media()).len() as i64, pushed);
    assert_eq!(rig.publish.snapshot(rig.now).video_units_dropped, 0);
}

#[test]
fn units_pushed_while_connecting_are_all_sent() {
    let mut rig = Rig::new(file(config()));
    let mut times = Vec::new();
    for index in 0..10i64 {
        rig.push(sound(index * 23));
        rig.push(if index == 0 { idr(0) } else { picture(index * 33) });
        times.extend([index * 23, index * 33]);
    }
    rig.pass(3_000);
    rig.start();
    assert_eq!(rig.publish.state(), State::Live);
    rig.pass(60);
    times.sort_unstable();
    let received: Vec<i64> = unit_times(&rig.server().media()).into_iter().map(i64::from).collect();
    assert_eq!(received, times);
}

#[test]
fn a_stop_with_time_drains_everything() {
    let mut rig = Rig::live(file(video_only()));
    rig.credit = Some(0);
    for index in 0..300i64 {
        rig.push(if index == 0 { idr(0) } else { picture(index * 33) });
    }
    rig.stop(10_000);
    rig.pass(2_000);
    assert_eq!(rig.publish.state(), State::Closing);
    rig.credit = None;
    rig.settle();
    assert_eq!(rig.publish.state(), State::Stopped);
    let counts = rig.publish.snapshot(rig.now);
    assert_eq!((counts.video_units_sent, counts.video_units_dropped), (300, 0));
    assert_eq!(rig.server().words().last().copied(), Some("deleteStream"));
}

#[test]
fn lf52_a_file_goes_on_after_a_loss_at_its_own_times_from_an_idr() {
    let mut rig = Rig::live(file(video_only()));
    rig.push(idr(0));
    rig.push(picture(33));
    rig.pass(1_500);
    rig.close();
    for index in 2..40i64 {
        rig.push(if index == 20 { idr(660) } else { picture(index * 33) });
    }
    rig.pass(500);
    assert_eq!(rig.publish.state(), State::Live);
    let media = rig.server().media();
    assert_eq!(media[1].word(), "avc header");
    assert_eq!(media[1].timestamp_ms(), Some(660), "headers share the media's time base");
    assert_eq!(unit_times(&media).first(), Some(&660));
    assert_eq!(unit_times(&media).len(), 20);
}

/// Two seconds of a file, in decoding order, with a cue in the middle; what the server got.
fn shipped(push: impl Fn(&mut Rig, AccessUnit, bool)) -> String {
    let mut rig = Rig::live(file(config()));
    let mut units: Vec<AccessUnit> = (0..60).map(|n| picture(n * 33)).collect();
    units[0] = idr(0);
    units.extend((0..86).map(|n| sound(n * 23)));
    units.sort_by_key(AccessUnit::dts);
    let now = rig.now;
    let cue = Cue::text("in the middle").expect("a small cue");
    rig.publish.handle_cue(MediaTime::from_millis(1_000), cue, now);
    let is_picture = |unit: &AccessUnit| unit.track() == Track::Video;
    let last_picture = units.iter().rposition(is_picture).expect("a picture");
    for (index, unit) in units.into_iter().enumerate() {
        push(&mut rig, unit, index < last_picture);
    }
    rig.settle();
    rig.pass(1_000);
    let snapshot = rig.publish.snapshot(rig.now);
    assert_eq!((snapshot.video_units_sent, snapshot.audio_units_sent), (60, 86));
    format!("{:?}", rig.server().media())
}

#[test]
fn b2_many_units_without_a_queue_are_the_same_stream_as_one_by_one() {
    let one_by_one = shipped(|rig, unit, _| rig.push(unit));
    assert!(one_by_one.contains("in the middle"));
    let many = |rig: &mut Rig, unit, picture_follows| {
        let now = rig.now;
        rig.publish.handle_unit_of_many(unit, picture_follows, now);
    };
    assert_eq!(shipped(many), one_by_one);
    // Sound of which nobody says what follows waits for its picture in the buffer.
    let unsaid = |rig: &mut Rig, unit, _| many(rig, unit, false);
    assert_eq!(shipped(unsaid), one_by_one);
}

/// A file's units, in their order.
struct File(VecDeque<AccessUnit>);

impl Supply for File {
    fn next_if(&mut self, is_wanted: impl FnOnce(&AccessUnit, bool) -> bool) -> Option<AccessUnit> {
        let is_picture = |unit: &AccessUnit| unit.track() == Track::Video;
        let picture_follows = self.0.iter().skip(1).any(is_picture);
        self.0.pop_front_if(|unit| is_wanted(unit, picture_follows))
    }
}

#[test]
fn b2_units_taken_from_a_supply_are_the_same_stream_as_one_by_one() {
    let stream = |takes: bool| {
        let mut rig = Rig::live(file(config()));
        let mut units: Vec<AccessUnit> = (0..60).map(|n| picture(n * 33)).collect();
        units[0] = idr(0);
        units.extend((0..86).map(|n| sound(n * 23)));
        units.sort_by_key(AccessUnit::dts);
        let mut supply = File(units.into());
        let (now, mut taken) = (rig.now, 0);
        loop {
            if takes {
                taken += rig.publish.take_from(&mut supply, now);
            }
            let Some(unit) = supply.0.pop_front() else { break };
            let picture_follows = supply.0.iter().any(|unit| unit.track() == Track::Video);
            rig.publish.handle_unit_of_many(unit, picture_follows, now);
        }
        rig.settle();
        rig.pass(1_000);
        let snapshot = rig.publish.snapshot(rig.now);
        assert_eq!((snapshot.video_units_sent, snapshot.audio_units_sent), (60, 86));
        (format!("{:?}", rig.server().media()), taken)
    };
    let ((one_by_one, none), (many, taken)) = (stream(false), stream(true));
    assert_eq!(many, one_by_one);
    assert!(none == 0 && taken > 130, "all but headers and the sound at the end: {taken}");
}

#[test]
fn a_live_engine_takes_nothing_from_a_supply() {
    let mut rig = Rig::live(config());
    let mut supply = File([idr(0), sound(0)].into());
    let now = rig.now;
    assert_eq!(rig.publish.take_from(&mut supply, now), 0);
    assert_eq!(supply.0.len(), 2);
}

#[test]
fn b2_units_are_taken_until_a_quarter_megabyte_waits_for_the_socket() {
    let mut rig = Rig::live(file(video_only()));
    rig.credit = Some(0);
    let now = rig.now;
    let mut taken = 0;
    while rig.publish.takes_units() {
        let at = MediaTime::from_millis(taken);
        let unit = video_unit(FrameKind::Idr, at, at, 10_000);
        rig.publish.handle_unit_of_many(AccessUnit::Video(unit), false, now);
        taken += 1;
    }
    let waiting = rig.publish.snapshot(now).queue_bytes;
    assert!((256 << 10..(256 << 10) + 20_000).contains(&waiting), "{waiting}");
    assert!(rig.publish.wants_units(), "whoever has no queue of its own may go on");
    rig.credit = None;
    rig.settle();
    assert!(rig.publish.takes_units());
}
