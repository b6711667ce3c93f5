//! What goes out, in which order, until the first frame.

use onair_engine::amf0::Value;
use onair_engine::publish::{Event, Output, Publish, State};
use onair_types::{AccessUnit, FrameKind, MediaTime, Now, Payload};

use crate::rig::{KEY, Rig, avc_config, config, idr, picture, sound, video_only, video_unit};
use crate::server::{Answer, Greeting, Heard, Script};

#[test]
fn lf45_the_commands_come_in_order_with_their_transactions() {
    let mut rig = Rig::live(config());
    assert_eq!(
        rig.server().commands(),
        [
            ("connect", 1.0),
            ("releaseStream", 2.0),
            ("FCPublish", 3.0),
            ("createStream", 4.0),
            ("publish", 5.0)
        ]
    );
    assert_eq!(rig.states(), [State::Connecting, State::Live]);
}

#[test]
fn lf46_publish_carries_the_stream_id_the_whole_key_and_live() {
    let mut rig = Rig::live(config());
    let publish = rig.server().heard.iter().find(|heard| heard.word() == "publish").cloned();
    let Some(Heard::Command { stream_id, arguments, .. }) = publish else {
        panic!("no publish command")
    };
    assert_eq!(stream_id, 1);
    let text = |text: &str| Value::String(text.to_owned());
    assert_eq!(arguments, [Value::Null, text(KEY), text("live")]);
}

#[test]
fn connect_names_the_app_and_its_address_without_the_key() {
    let mut rig = Rig::live(config());
    let Some(Heard::Command { arguments, .. }) = rig.server().heard.first() else {
        panic!("no connect command")
    };
    let object = &arguments[0];
    assert_eq!(object.get("app").and_then(Value::as_str), Some("app"));
    assert_eq!(object.get("type").and_then(Value::as_str), Some("nonprivate"));
    assert_eq!(object.get("tcUrl").and_then(Value::as_str), Some("rtmp://live.example/app"));
}

#[test]
fn commands_that_need_no_answer_share_a_write() {
    let rig = Rig::live(config());
    // C0C1 · C2 connect · window to createStream · publish.
    assert_eq!(rig.writes.len(), 4, "{:?}", rig.writes);
}

#[test]
fn lf47_the_chunk_size_is_raised_before_media_and_a_picture_is_one_chunk() {
    let mut rig = Rig::live(video_only());
    let sent_before = rig.sent.len();
    rig.push(idr(0));
    let first = rig.sent.len() - sent_before;
    rig.push(picture(33));
    let second = rig.sent.len() - sent_before - first;
    assert!(rig.server().words().contains(&"chunk size"));
    assert_eq!(second, 8 + 5 + 3_000, "one header of 8 bytes, the prefix and the payload");
}

#[test]
fn lf48_one_picture_is_one_write() {
    let mut rig = Rig::live(video_only());
    rig.push(idr(0));
    let writes = rig.writes.len();
    rig.push(picture(33));
    rig.push(picture(66));
    assert_eq!(rig.writes.len() - writes, 2);
}

#[test]
fn lf51_several_nal_units_of_a_picture_are_one_tag() {
    let mut rig = Rig::live(video_only());
    let slices: [&[u8]; 3] = [&[0x06, 5, 1, 0x80], &[0x65, 0x88, 0x84], &[0x65, 0x08, 0x21, 0x42]];
    let mut payload = Vec::new();
    for slice in slices {
        payload.extend_from_slice(&(slice.len() as u32).to_be_bytes());
        payload.extend_from_slice(slice);
    }
    let mut unit = video_unit(FrameKind::Idr, MediaTime::ZERO, MediaTime::ZERO, 8);
    unit.payload = Payload::from_vec(payload.clone());
    rig.push(AccessUnit::Video(unit));
    rig.push(picture(33));
    let media = rig.server().media();
    let words: Vec<&str> = media.iter().map(|heard| heard.word()).collect();
    assert_eq!(words, ["metadata", "avc header", "idr", "picture"]);
    let Heard::Video { data, .. } = media[2] else { panic!("{:?}", media[2]) };
    assert_eq!(*data, payload, "each NAL unit behind its length");
}

#[test]
fn lf50_headers_go_first_and_no_frame_is_lost_to_them() {
    let mut rig = Rig::live(config());
    rig.push(sound(0));
    rig.push(idr(0));
    rig.push(sound(23));
    rig.push(picture(33));
    let words: Vec<&str> = rig.server().media().iter().map(|heard| heard.word()).collect();
    let expected = ["metadata", "avc header", "aac header", "sound", "idr", "sound", "picture"];
    assert_eq!(words, expected);
}

#[test]
fn lf49_the_headers_are_the_configurations_bytes() {
    let mut rig = Rig::live(config());
    rig.push(sound(0));
    rig.push(idr(0));
    let media = rig.server().media();
    assert_eq!(
        *media[1],
        Heard::AvcHeader { timestamp_ms: 0, record: avc_config(0x15).record().to_vec() }
    );
    assert_eq!(*media[2], Heard::AacHeader { timestamp_ms: 0, asc: vec![0x12, 0x10] });
}

#[test]
fn lf54_metadata_has_numeric_codecs_and_kilobits() {
    let mut rig = Rig::live(config());
    rig.push(sound(0));
    rig.push(idr(0));
    let Some(Heard::Data { values, .. }) = rig.server().media().first().copied().cloned() else {
        panic!("metadata is first")
    };
    assert_eq!(values[0].as_str(), Some("@setDataFrame"));
    assert_eq!(values[1].as_str(), Some("onMetaData"));
    let number = |key| values[2].get(key).and_then(Value::as_number);
    assert_eq!(number("videocodecid"), Some(7.0));
    assert_eq!(number("audiocodecid"), Some(10.0));
    assert_eq!(number("videodatarate"), Some(800.0));
    assert_eq!(number("audiodatarate"), Some(128.0));
    assert_eq!(number("framerate"), Some(30.0));
    assert_eq!((number("width"), number("height")), (Some(640.0), Some(360.0)));
}

#[test]
fn b13_an_idr_made_while_connecting_goes_out_with_the_publish() {
    let script = Script { publish: Answer::Late(80), ..Script::default() };
    let mut rig = Rig::started(config(), script);
    rig.push(sound(0));
    rig.push(idr(0));
    rig.push(picture(33));
    assert_eq!(rig.publish.state(), State::Connecting);
    let writes = rig.writes.len();
    rig.pass(80);
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(rig.writes.len() - writes, 1, "headers and first frames in one flight");
    let words: Vec<&str> = rig.server().media().iter().map(|heard| heard.word()).collect();
    assert_eq!(words, ["metadata", "avc header", "aac header", "sound", "idr", "picture"]);
    assert!(rig.encoder.is_empty(), "no second IDR is asked for");
    assert_eq!(rig.publish.snapshot(rig.now).video_units_dropped, 0);
}

#[test]
fn an_idr_older_than_a_second_is_not_replayed_but_asked_for_again() {
    let script = Script { publish: Answer::Late(1_200), ..Script::default() };
    let mut rig = Rig::started(video_only(), script);
    rig.push(idr(0));
    rig.pass(1_200);
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(rig.encoder.len(), 1);
    rig.push(picture(1_200));
    assert!(rig.server().media().is_empty());
    rig.push(idr(1_233));
    assert_eq!(rig.server().media().len(), 3, "metadata, header, IDR");
}

#[test]
fn p14_answers_nobody_asked_for_are_harmless() {
    let script = Script { greeting: Greeting::Odd, ..Script::default() };
    let mut rig = Rig::started(config(), script);
    assert_eq!(rig.publish.state(), State::Live);
    let commands = rig.server().commands().len();
    for transaction in [1.0, 4.0, 5.0, f64::NAN, f64::NEG_INFINITY] {
        rig.server().command("_result", transaction, &[Value::Null, Value::Number(9.0)]);
        rig.server().command("_error", transaction, &[Value::Null]);
    }
    rig.settle();
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(rig.server().commands().len(), commands, "nothing is asked twice");
}

#[test]
fn p14_a_stream_id_that_is_no_id_is_no_answer() {
    for id in [f64::NAN, 0.0, -1.0, f64::INFINITY, 1e12] {
        let script = Script { create_stream: Answer::Silence, ..Script::default() };
        let mut rig = Rig::started(config(), script);
        rig.server().command("_result", 4.0, &[Value::Null, Value::Number(id)]);
        rig.settle();
        assert!(!rig.server().words().contains(&"publish"), "published on stream {id}");
        rig.server().command("_result", 4.0, &[Value::Null, Value::Number(3.0)]);
        rig.settle();
        assert!(rig.server().words().contains(&"publish"));
    }
}

#[test]
fn p12_the_servers_bytes_may_come_one_by_one() {
    let mut whole = Rig::live(config());
    whole.push(sound(0));
    whole.push(idr(0));
    let mut pieces = Rig::new(config());
    pieces.read_piecewise = true;
    pieces.start();
    pieces.push(sound(0));
    pieces.push(idr(0));
    assert_eq!(pieces.sent, whole.sent);
    assert_eq!(pieces.events, whole.events);
}

/// What a publish tells of a server whose bytes come in these pieces, all at the same time.
fn told(pieces: [&[u8]; 2]) -> Vec<Event> {
    let now = Now::from_millis(1_000);
    let mut publish = Publish::new(config());
    publish.start(now);
    let mut events = Vec::new();
    let mut drain = |publish: &mut Publish| {
        for _ in 0..100 {
            match publish.poll_output(now) {
                Output::Wait(_) => return,
                Output::Event(event) => events.push(event),
                _ => {}
            }
        }
        panic!("outputs without end: {events:?}");
    };
    drain(&mut publish);
    publish.handle_connected(now);
    drain(&mut publish);
    for piece in pieces {
        publish.handle_received(piece, now);
        drain(&mut publish);
    }
    events
}

#[test]
fn p12_every_split_point_of_what_a_server_says_gives_the_same_events() {
    let mut rig = Rig::started(config(), Script { greeting: Greeting::Odd, ..Script::default() });
    rig.server().ping([0, 0, 0, 1]);
    rig.server().set_window(100);
    rig.server().status("error", "NetStream.Publish.Denied", "no more");
    rig.settle();
    let bytes = std::mem::take(&mut rig.received);
    let whole = told([&bytes, &[]]);
    let states: Vec<_> = whole.iter().filter(|event| matches!(event, Event::State(_))).collect();
    assert!(states.contains(&&Event::State(State::Live)), "{whole:?}");
    assert!(matches!(whole[..], [.., Event::Lost { .. }, Event::State(_)]), "{whole:?}");
    for at in 0..bytes.len() {
        let (front, back) = bytes.split_at(at);
        assert_eq!(told([front, back]), whole, "split at byte {at} of {}", bytes.len());
    }
}

#[test]
fn lf43_b_frames_keep_increasing_decoding_times_and_positive_composition() {
    let mut rig = Rig::live(video_only());
    // I B B P B B P at 25 fps, decoded as I P B B P B B, a reorder delay of one picture.
    let order = [0, 3, 1, 2, 6, 4, 5];
    for (decoded, shown) in order.into_iter().enumerate() {
        let kind = match shown {
            0 => FrameKind::Idr,
            3 | 6 => FrameKind::Reference,
            _ => FrameKind::Disposable,
        };
        let dts = MediaTime::from_micros(decoded as i64 * 40_000);
        let pts = MediaTime::from_micros((shown + 1) * 40_000);
        rig.push(onair_types::AccessUnit::Video(video_unit(kind, pts, dts, 500)));
    }
    let times: Vec<(u32, i32)> = rig
        .server()
        .media()
        .iter()
        .filter_map(|heard| match heard {
            Heard::Video { timestamp_ms, composition_ms, .. } => {
                Some((*timestamp_ms, *composition_ms))
            }
            _ => None,
        })
        .collect();
    let expected = [(0, 40), (40, 120), (80, 0), (120, 0), (160, 120), (200, 0), (240, 0)];
    assert_eq!(times, expected);
}
