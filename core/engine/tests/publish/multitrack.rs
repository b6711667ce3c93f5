//! More than one track of a kind in one publish.

use std::num::NonZeroU8;

use onair_engine::amf0::Value;
use onair_engine::flv::{AudioMeta, Body, TagType, VideoMeta};
use onair_engine::publish::{Config, EncoderCommand, PublishError, State};
use onair_types::FrameKind;

use crate::rig::{Fate, Rig, config, idr, picture, sound};
use crate::server::{Answer, Enhanced, Heard, Script, Server};

fn id(number: u8) -> NonZeroU8 {
    NonZeroU8::new(number).expect("not the first")
}

/// A smaller picture as track 1, another language as track 2.
fn several() -> Config {
    let mut config = config();
    let small = VideoMeta { width: 320, height: 180, fps: 30.0, ..VideoMeta::default() };
    config.metadata.further_video = vec![(id(1), small)];
    config.metadata.further_audio = vec![(id(2), AudioMeta::default())];
    config
}

fn live() -> Rig {
    let rig = Rig::live(several());
    assert_eq!(rig.publish.state(), State::Live);
    rig
}

/// What a server heard of further tracks: id, and a word for what it was.
fn further(server: &Server) -> Vec<(u8, &'static str)> {
    let mut heard = Vec::new();
    for body in server.heard.iter().filter_map(|heard| match heard {
        Heard::Extended { body, .. } => Some(body),
        _ => None,
    }) {
        let tag_type = if body[0] & 0x0F == 6 { TagType::Video } else { TagType::Audio };
        let Ok(Body::Multitrack(tracks)) = Body::parse(tag_type, body) else { panic!("{body:?}") };
        for track in tracks.tracks() {
            let (id, body) = track.expect("whole");
            heard.push((
                id,
                match body {
                    Body::AvcHeader(_) => "avc header",
                    Body::AvcUnit { keyframe: true, .. } => "idr",
                    Body::AvcUnit { .. } => "picture",
                    Body::AacHeader(_) => "aac header",
                    Body::AacFrame(_) => "sound",
                    other => panic!("{other:?}"),
                },
            ));
        }
    }
    heard
}

#[test]
fn each_track_goes_out_with_its_id_and_header_from_the_first_picture_on() {
    let mut rig = live();
    // Before the first tracks agree on a beginning: not sent.
    rig.push_further(1, idr(0));
    rig.push_further(2, sound(0));
    rig.push(sound(10));
    rig.push(idr(20));
    rig.push_further(1, picture(33)); // refers to what was not sent
    rig.push_further(1, idr(40));
    rig.push_further(2, sound(40));
    rig.push(picture(53));
    rig.push_further(1, picture(73));
    rig.push(picture(86));
    rig.pass(200);
    let server = &rig.servers[0];
    assert_eq!(
        further(server),
        [(1, "avc header"), (1, "idr"), (2, "aac header"), (2, "sound"), (1, "picture")]
    );
    let first: Vec<&str> = server.media().iter().map(|heard| heard.word()).collect();
    assert_eq!(first[..5], ["metadata", "avc header", "aac header", "idr", "extended"]);
    assert_eq!(first.iter().filter(|word| **word == "picture").count(), 2, "legacy, as always");
    let times: Vec<Option<u32>> = server.media().iter().map(|heard| heard.timestamp_ms()).collect();
    assert!(times.is_sorted(), "merged by decoding time: {times:?}");
}

#[test]
fn metadata_tells_of_the_tracks_by_their_ids() {
    let mut rig = live();
    rig.push(sound(0));
    rig.push(idr(0));
    let metadata = rig.servers[0].heard.iter().find_map(|heard| match heard {
        Heard::Data { values, .. } => values.last().cloned(),
        _ => None,
    });
    let metadata = metadata.expect("metadata");
    let of = |map: &str, id: &str, key: &str| metadata.get(map)?.get(id)?.get(key)?.as_number();
    assert_eq!(of("videoTrackIdInfoMap", "1", "width"), Some(320.0));
    assert_eq!(of("videoTrackIdInfoMap", "1", "videocodecid"), Some(7.0));
    assert_eq!(of("audioTrackIdInfoMap", "2", "audiocodecid"), Some(10.0));
    assert_eq!(metadata.get("width").and_then(Value::as_number), Some(640.0));
}

#[test]
fn a_track_nobody_was_told_of_is_dropped_and_counted() {
    let mut rig = live();
    rig.push(sound(0));
    rig.push(idr(0));
    rig.push_further(7, idr(10));
    rig.push_further(1, sound(10));
    rig.pass(100);
    assert!(further(&rig.servers[0]).is_empty());
    let counts = rig.publish.snapshot(rig.now);
    assert_eq!((counts.video_units_dropped, counts.audio_units_dropped), (1, 1));
}

/// Every picture of the track decodes: after a key frame nothing is missing until the next.
fn assert_decodable(server: &Server) {
    let mut last = None;
    for heard in &server.heard {
        let Heard::Extended { body, .. } = heard else { continue };
        let Ok(Body::Multitrack(tracks)) = Body::parse(TagType::Video, body) else { continue };
        for track in tracks.tracks() {
            let (_, Body::AvcUnit { keyframe, data, .. }) = track.expect("whole") else { continue };
            let number = i64::from_be_bytes(*data.first_chunk().expect("its time")) * 30;
            let number = (number + 500_000) / 1_000_000;
            assert!(keyframe || last == Some(number - 1), "{number} after {last:?}");
            last = Some(number);
        }
    }
    assert!(last.is_some(), "something came");
}

/// Both tracks at 30 pictures a second for `seconds`, a key frame each second.
fn stream(rig: &mut Rig, from: i64, seconds: i64) {
    stream_with(rig, from, seconds, 30);
}

/// The same, with the further track's key frames so many pictures apart.
fn stream_with(rig: &mut Rig, from: i64, seconds: i64, gop: i64) {
    for number in from * 30..(from + seconds) * 30 {
        let micros = onair_types::MediaTime::from_micros(number * 1_000_000 / 30);
        let kind = |gop| if number % gop == 0 { FrameKind::Idr } else { FrameKind::Reference };
        rig.push(crate::rig::audio_at_time(micros));
        rig.push(crate::rig::video_at_time(kind(30), micros));
        rig.push_further(1, crate::rig::video_at_time(kind(gop), micros));
        rig.pass(33);
    }
}

#[test]
fn on_a_link_that_stops_a_track_goes_on_at_its_next_key_frame() {
    let mut rig = live();
    stream(&mut rig, 0, 2);
    rig.credit = Some(0);
    stream(&mut rig, 2, 3);
    rig.credit = None;
    stream(&mut rig, 5, 3);
    assert_eq!(rig.servers.len(), 1, "the connection stands");
    assert_decodable(&rig.servers[0]);
    assert!(rig.publish.snapshot(rig.now).video_units_dropped > 60, "both tracks dropped");
}

#[test]
fn a_key_frame_is_asked_for_where_a_track_alone_lacks_one() {
    let mut rig = live();
    stream_with(&mut rig, 0, 2, 9_000);
    rig.credit = Some(0);
    stream_with(&mut rig, 2, 3, 9_000);
    rig.credit = None;
    stream_with(&mut rig, 5, 2, 9_000);
    let asked = rig.encoder.iter().filter(|(_, command)| *command == EncoderCommand::RequestIdr);
    assert!((2..=5).contains(&asked.count()), "each half second: {:?}", rig.encoder);
    assert_decodable(&rig.servers[0]);
}

#[test]
fn after_a_loss_a_track_begins_anew_with_its_header_and_a_key_frame() {
    let mut rig = live();
    stream(&mut rig, 0, 2);
    rig.close();
    rig.pass(1_000);
    stream(&mut rig, 3, 2);
    assert_eq!(rig.servers.len(), 2);
    assert_eq!(further(&rig.servers[1])[..2], [(1, "avc header"), (1, "idr")]);
    assert_decodable(&rig.servers[1]);
}

#[test]
fn further_tracks_wait_60_ms_for_a_picture_to_ride_along_with() {
    let mut rig = live();
    rig.push(sound(0));
    rig.push(idr(0));
    rig.pass(10);
    rig.push_further(1, idr(10));
    rig.push_further(2, sound(10));
    rig.pass(59);
    assert_eq!(further(&rig.servers[0]), []);
    rig.pass(1);
    let all = [(1, "avc header"), (1, "idr"), (2, "aac header"), (2, "sound")];
    assert_eq!(further(&rig.servers[0]), all);
}

#[test]
fn stop_sends_what_further_tracks_hold() {
    let mut rig = live();
    rig.push(sound(0));
    rig.push(idr(0));
    rig.push_further(1, idr(10));
    rig.push_further(2, sound(10));
    rig.stop(200);
    rig.pass(200);
    assert_eq!(
        further(&rig.servers[0]),
        [(1, "avc header"), (1, "idr"), (2, "aac header"), (2, "sound")]
    );
}

#[test]
fn a_server_without_multitrack_ends_the_start_by_name() {
    let mut rig = Rig::new(several());
    let enhanced = Enhanced::Rude("fourCcList", Box::new(Answer::Close));
    rig.otherwise = Fate::Server(Script { enhanced, ..Script::default() });
    rig.start();
    rig.pass(1_000);
    let server = "live.example".to_owned();
    assert_eq!(rig.losses(), [(PublishError::TracksNotTaken { server }, 1, None)]);
    assert_eq!(rig.connects.len(), 3, "all, the list, nothing");
}
