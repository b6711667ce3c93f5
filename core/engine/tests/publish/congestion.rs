//! When the network is slower than the encoder.

use std::time::Duration;

use onair_engine::publish::{EncoderCommand, Event};
use onair_types::{AccessUnit, FrameKind, MediaTime};

use crate::rig::{Rig, config, idr, picture, sound, video_only, video_unit};
use crate::server::Heard;

/// Streams over a link of `bytes_per_second` that saves nothing up.
fn throttle(rig: &mut Rig, from_ms: i64, millis: i64, bytes_per_second: usize) {
    for slice in 0..millis / 100 {
        rig.credit = Some(bytes_per_second / 10);
        rig.settle();
        rig.stream(from_ms + slice * 100, 100, 60);
    }
}

#[test]
fn m03_a_link_that_takes_nothing_keeps_the_queue_bounded() {
    let mut config = config();
    config.reconnect.budget = None;
    let mut rig = Rig::live(config);
    rig.credit = Some(0);
    for second in 0..120i64 {
        rig.stream(second * 1_000, 1_000, 60);
        let counts = rig.publish.snapshot(rig.now);
        // Sound's bound; that of pictures is the send buffer's own test.
        assert!(counts.queue_age <= Duration::from_secs(5), "{:?}", counts.queue_age);
        assert!(counts.queue_bytes <= 8 << 20);
        assert!(rig.events.len() < 2_000);
    }
}

#[test]
fn r05_a_server_that_pauses_for_4_s_costs_no_sound() {
    let mut rig = Rig::live(config());
    rig.stream(0, 2_000, 60);
    rig.credit = Some(0);
    rig.stream(2_000, 4_300, 60);
    assert!(rig.publish.snapshot(rig.now).video_units_dropped > 60);
    rig.credit = None;
    rig.stream(6_300, 1_000, 60);
    assert_eq!(rig.publish.snapshot(rig.now).audio_units_dropped, 0);
    assert_eq!(rig.connects.len(), 1);
}

#[test]
fn r05_a_server_that_stops_for_four_seconds_misses_no_sound() {
    let mut rig = Rig::live(config());
    rig.stream(0, 2_000, 60);
    rig.credit = Some(0);
    rig.stream(2_000, 4_000, i64::MAX);
    rig.credit = None;
    rig.stream(6_000, 2_000, i64::MAX);
    assert_eq!(rig.publish.snapshot(rig.now).audio_units_dropped, 0);
    let at_ms = |heard: &Heard| match heard {
        Heard::Audio { timestamp_ms, .. } => Some(*timestamp_ms),
        _ => None,
    };
    let sounds: Vec<u32> = rig.server().heard.iter().filter_map(at_ms).collect();
    let gap = sounds.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(sounds.len() > 300 && gap <= Some(25), "{gap:?} ms between {} sounds", sounds.len());
}

#[test]
fn lf25_d05_an_idr_is_asked_for_once_the_jam_is_over_and_not_before() {
    let mut rig = Rig::live(config());
    rig.stream(0, 2_000, 60);
    rig.credit = Some(0);
    rig.stream(2_000, 3_000, i64::MAX);
    assert!(rig.encoder.is_empty(), "an IDR in a jam is too big for it");
    rig.credit = None;
    rig.stream(5_000, 40, i64::MAX);
    assert_eq!(rig.encoder.len(), 1);
    assert_eq!(rig.encoder[0].1, EncoderCommand::RequestIdr);
    rig.stream(5_040, 1_200, i64::MAX);
    assert_eq!(rig.encoder.len(), 1, "the IDR came");
    let idrs = rig.server().words().iter().filter(|word| **word == "idr").count();
    assert_eq!(idrs, 2);
}

#[test]
fn d05_an_encoder_that_does_not_listen_is_asked_twice_a_second() {
    let mut rig = Rig::live(video_only());
    rig.push(idr(0));
    rig.credit = Some(0);
    for dts_ms in [33, 66, 100] {
        rig.push(picture(dts_ms)); // the third one is not serialised and can be dropped
    }
    rig.pass(1_300);
    rig.credit = None;
    for index in 0..60i64 {
        rig.push(picture(1_300 + index * 33));
        rig.pass(33);
    }
    assert_eq!(rig.encoder.len(), 4, "two seconds: {:?}", rig.encoder);
    let spacing = rig.encoder.windows(2).map(|pair| pair[1].0.since(pair[0].0)).min();
    assert!(spacing >= Some(Duration::from_millis(500)));
}

#[test]
fn d06_sound_survives_where_pictures_do_not() {
    let mut rig = Rig::live(config());
    // 3,000-byte pictures are 720 kbit/s and sound is 103; the link takes 300.
    let zero = rig.now;
    throttle(&mut rig, 0, 10_000, 37_500);
    let counts = rig.publish.snapshot(rig.now);
    assert!(counts.video_units_dropped > 100, "{counts:?}");
    assert_eq!(counts.audio_units_dropped, 0);
    let arrivals = rig.heard_at.clone();
    let heard = rig.server().heard.iter().zip(arrivals);
    let mut lags: Vec<i64> = heard
        .filter_map(|(heard, at)| match heard {
            Heard::Audio { data, .. } => {
                let pts_micros = i64::from_be_bytes(data[..8].try_into().expect("eight bytes"));
                Some(at.micros_since(zero) / 1_000 - pts_micros / 1_000)
            }
            _ => None,
        })
        .collect();
    lags.sort_unstable();
    let p95 = lags[lags.len() * 95 / 100];
    assert!(lags.len() > 350 && p95 <= 1_200, "p95 of {} sounds is {p95} ms", lags.len());
}

#[test]
fn rule_1_a_picture_that_began_is_finished() {
    let mut rig = Rig::live(video_only());
    rig.credit = Some(1_500);
    rig.push(idr(0));
    rig.pass(1_500);
    rig.push(picture(1_500));
    rig.credit = None;
    rig.settle();
    let media = rig.server().media();
    assert!(matches!(media[2], Heard::Video { keyframe: true, data, .. } if data.len() == 3_000));
}

#[test]
fn little_is_serialised_before_the_socket_wants_it() {
    let mut rig = Rig::live(video_only());
    rig.credit = Some(0);
    rig.push(idr(0));
    for index in 1..20 {
        rig.push(picture(index * 33));
    }
    let mut slices = [std::io::IoSlice::new(&[]); 64];
    let filled = rig.publish.outgoing(&mut slices);
    let waiting: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
    assert!(waiting < (16 << 10) + 4_000, "{waiting} bytes can no longer be dropped");
    assert_eq!(rig.publish.snapshot(rig.now).queue_units, 20);
}

#[test]
fn d04_new_parameter_sets_survive_the_drop_of_their_idr() {
    let mut rig = Rig::live(video_only());
    rig.push(idr(0));
    rig.credit = Some(0);
    let with_level = |kind, dts_ms, level| {
        let dts = MediaTime::from_millis(dts_ms);
        let mut unit = video_unit(kind, dts, dts, 20_000);
        unit.config = crate::rig::avc_config(level).into();
        AccessUnit::Video(unit)
    };
    rig.push(with_level(FrameKind::Reference, 33, 0x15));
    rig.push(with_level(FrameKind::Idr, 66, 0x1F));
    rig.pass(1_300);
    rig.push(with_level(FrameKind::Reference, 1_366, 0x1F));
    rig.credit = None;
    rig.settle();
    rig.push(with_level(FrameKind::Idr, 1_400, 0x1F));
    let media = rig.server().media();
    let times: Vec<_> = media.iter().map(|heard| (heard.word(), heard.timestamp_ms())).collect();
    assert_eq!(
        times[times.len() - 3..],
        [("metadata", Some(1_400)), ("avc header", Some(1_400)), ("idr", Some(1_400))]
    );
    let Heard::AvcHeader { record, .. } = media[media.len() - 2] else { panic!("a header") };
    assert_eq!(record, crate::rig::avc_config(0x1F).record());
}

#[test]
fn drops_are_reported_together_and_in_full() {
    let mut rig = Rig::live(config());
    rig.stream(0, 1_000, 60);
    rig.credit = Some(0);
    rig.stream(1_000, 5_000, 60);
    rig.credit = None;
    rig.stream(6_000, 3_000, 60);
    let mut told = (0u64, 0u64);
    let mut reports = 0;
    for (_, event) in &rig.events {
        if let Event::Dropped { video, audio } = event {
            told = (told.0 + u64::from(*video), told.1 + u64::from(*audio));
            reports += 1;
        }
    }
    let counts = rig.publish.snapshot(rig.now);
    assert_eq!(told, (counts.video_units_dropped, counts.audio_units_dropped));
    assert!(told.0 > 0 && reports <= 9, "{reports} reports");
}

#[test]
fn the_start_reports_no_drops() {
    let mut rig = Rig::live(config());
    rig.push(picture(0));
    rig.push(sound(0));
    rig.push(idr(33));
    rig.push(sound(23));
    rig.stream(40, 2_000, 60);
    assert!(!rig.events.iter().any(|(_, event)| matches!(event, Event::Dropped { .. })));
}
