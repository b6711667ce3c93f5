//! Statements 38–44 and 52 through the whole machine.

use onair_engine::publish::{Closed, EncoderCommand};
use onair_types::{MediaTime, Now};

use crate::rig::{Rig, config, idr, metadata, picture, sound, unit_times, url, video_only};
use crate::server::Heard;

#[test]
fn lf38_nothing_is_sent_before_sound_and_an_idr_after_it() {
    let mut rig = Rig::live(config());
    rig.push(idr(0));
    rig.push(picture(33));
    assert!(rig.server().media().is_empty(), "no sound yet");
    rig.pass(50);
    rig.push(sound(50));
    assert!(rig.server().media().is_empty(), "the IDR was before the sound");
    assert_eq!(rig.encoder, [(rig.now, EncoderCommand::RequestIdr)]);
    rig.push(picture(66));
    assert!(rig.server().media().is_empty());
    rig.push(idr(100));
    let words: Vec<&str> = rig.server().media().iter().map(|heard| heard.word()).collect();
    assert_eq!(words, ["metadata", "avc header", "aac header", "idr"]);
}

#[test]
fn an_encoder_that_delays_sound_costs_no_second_idr() {
    let mut rig = Rig::live(config());
    rig.push(idr(0));
    rig.push(picture(33));
    rig.pass(60);
    rig.push(sound(0));
    let words: Vec<&str> = rig.server().media().iter().map(|heard| heard.word()).collect();
    assert_eq!(words, ["metadata", "avc header", "aac header", "idr", "sound", "picture"]);
    assert!(rig.encoder.is_empty());
}

#[test]
fn lf39_lf40_time_begins_at_the_idr_and_sound_before_it_is_dropped() {
    let mut rig = Rig::live(config());
    for pts_ms in [5_000, 5_023, 5_046] {
        rig.push(sound(pts_ms));
    }
    rig.push(idr(5_040));
    rig.push(sound(5_030));
    rig.push(picture(5_073));
    assert_eq!(unit_times(&rig.server().media()), [0, 6, 33]);
    assert!(rig.server().media().iter().all(|heard| heard.timestamp_ms() < Some(1 << 31)));
    assert_eq!(rig.publish.snapshot(rig.now).audio_units_dropped, 3);
}

#[test]
fn lf42_an_idr_is_asked_for_when_pictures_come_without_one() {
    let mut rig = Rig::live(video_only());
    assert!(rig.encoder.is_empty(), "the encoder begins with an IDR unasked");
    rig.push(picture(0));
    assert_eq!(rig.encoder.len(), 1);
    rig.pass(400);
    rig.push(picture(400));
    assert_eq!(rig.encoder.len(), 1, "at most one request in 500 ms");
    rig.pass(100);
    rig.push(picture(500));
    assert_eq!(rig.encoder.len(), 2);
    assert!(rig.server().media().is_empty());
}

#[test]
fn lf44_sound_alone_and_pictures_alone_do_not_wait() {
    let mut sounds = Rig::live(onair_engine::publish::Config::new(url(), metadata(false, true)));
    sounds.push(sound(700));
    sounds.push(sound(723));
    let words: Vec<&str> = sounds.server().media().iter().map(|heard| heard.word()).collect();
    assert_eq!(words, ["metadata", "aac header", "sound", "sound"]);
    assert_eq!(unit_times(&sounds.server().media()), [0, 23]);

    let mut pictures = Rig::live(video_only());
    pictures.push(idr(0));
    let words: Vec<&str> = pictures.server().media().iter().map(|heard| heard.word()).collect();
    assert_eq!(words, ["metadata", "avc header", "idr"]);
}

#[test]
fn units_of_a_track_that_was_not_announced_are_dropped() {
    let mut rig = Rig::live(video_only());
    rig.push(sound(0));
    rig.push(idr(0));
    assert_eq!(unit_times(&rig.server().media()), [0]);
    assert_eq!(rig.publish.snapshot(rig.now).audio_units_dropped, 1);
}

#[test]
fn lf52_a_new_connection_starts_again_at_zero_with_headers_and_an_idr() {
    let mut rig = Rig::live(config());
    rig.stream(0, 65_000, 60);
    rig.publish.handle_closed(Closed::Reset, rig.now);
    rig.is_connected = false;
    rig.stream(65_000, 3_000, 60);
    assert_eq!(rig.servers.len(), 2);
    let media = rig.server().media();
    let words: Vec<&str> = media.iter().take(3).map(|heard| heard.word()).collect();
    assert_eq!(words, ["metadata", "avc header", "aac header"]);
    assert!(media.iter().take(3).all(|heard| heard.timestamp_ms() == Some(0)));
    let first_video =
        media.iter().find(|heard| matches!(heard, Heard::Video { .. })).expect("pictures");
    assert_eq!((first_video.word(), first_video.timestamp_ms()), ("idr", Some(0)));
    let times = unit_times(&media);
    assert!(times.iter().all(|&ms| ms < 3_500), "no time of the old epoch");
}

#[test]
fn lf53_d08_a_stream_crosses_the_extended_time_stamp() {
    let mut config = video_only();
    config.first_timestamp = MediaTime::from_millis(0xFF_FFFF - 100);
    let mut rig = Rig::live(config);
    rig.push(idr(0));
    for index in 1..12 {
        rig.push(picture(index * 33));
    }
    let times = unit_times(&rig.server().media());
    let expected: Vec<u32> = (0..12).map(|index| 0xFF_FFFF - 100 + index * 33).collect();
    assert_eq!(times, expected);
}

#[test]
fn d10_a_stream_crosses_2_31_and_2_32_milliseconds() {
    for wrap in [1i64 << 31, 1 << 32] {
        let mut config = video_only();
        config.first_timestamp = MediaTime::from_millis(wrap - 100);
        let mut rig = Rig::live(config);
        rig.push(idr(0));
        for index in 1..12 {
            rig.push(picture(index * 33));
        }
        let times = unit_times(&rig.server().media());
        let expected: Vec<u32> =
            (0..12).map(|index| ((wrap - 100 + index * 33) % (1 << 32)) as u32).collect();
        assert_eq!(times, expected);
    }
}

#[test]
fn d13_an_offset_of_the_clock_changes_nothing() {
    let run = |offset_ms: i64| {
        let mut rig = Rig::new(config());
        rig.now = Now::from_millis(offset_ms);
        rig.start();
        rig.stream(0, 2_000, 60);
        rig.sent
    };
    let here = run(1_000);
    for offset_ms in [-3_600_000, 3_600_000, -31_536_000_000, 31_536_000_000] {
        assert!(run(offset_ms) == here, "{offset_ms} ms away");
    }
}
