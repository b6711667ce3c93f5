//! Enhanced RTMP: what is offered, and servers that make nothing, much, or too much of it.

use onair_engine::amf0::Value;
use onair_engine::publish::{Closed, Config, Move, Offer, PublishError, State};
use onair_types::{
    AccessUnit, AudioCodec, AudioHeader, AudioUnit, FrameKind, MediaTime, Payload, VideoCodec,
    VideoHeader, VideoUnit,
};

use crate::rig::{Fate, Rig, config, idr, sound};
use crate::server::{Answer, Enhanced, Heard, Script, Server};

const PROPERTIES: [&str; 4] = ["fourCcList", "videoFourCcInfoMap", "audioFourCcInfoMap", "capsEx"];

fn rude(key: &'static str, answer: Answer) -> Script {
    Script { enhanced: Enhanced::Rude(key, Box::new(answer)), ..Script::default() }
}

/// Started; every connection meets `script`.
fn started(script: Script) -> Rig {
    let mut rig = Rig::new(config());
    rig.otherwise = Fate::Server(script);
    rig.start();
    rig
}

/// Which of the properties each connection offered.
fn offers(rig: &Rig) -> Vec<Vec<&'static str>> {
    let offered = |server: &Server| {
        let Heard::Command { arguments, .. } = &server.heard[0] else { panic!("no connect") };
        let object = arguments[0].clone();
        PROPERTIES.into_iter().filter(|key| object.get(key).is_some()).collect()
    };
    rig.servers.iter().map(offered).collect()
}

#[test]
fn connect_offers_what_we_send_and_do() {
    let rig = started(Script::default());
    let Heard::Command { arguments, .. } = &rig.servers[0].heard[0] else { panic!("no connect") };
    let texts = |codecs: &[&str]| codecs.iter().map(|codec| (*codec).into()).collect();
    assert_eq!(
        arguments[0].get("fourCcList"),
        Some(&Value::StrictArray(texts(&["avc1", "hvc1", "av01", "mp4a", "Opus"])))
    );
    let forward = |codec: &str| (codec.to_owned(), Value::Number(4.0));
    let video = Value::Object(vec![forward("avc1"), forward("hvc1"), forward("av01")]);
    assert_eq!(arguments[0].get("videoFourCcInfoMap"), Some(&video));
    let audio = Value::Object(vec![forward("mp4a"), forward("Opus")]);
    assert_eq!(arguments[0].get("audioFourCcInfoMap"), Some(&audio));
    assert_eq!(arguments[0].get("capsEx"), Some(&Value::Number(3.0)));
}

#[test]
fn servers_that_take_the_offer_or_do_not_hear_it_cost_no_attempt() {
    for enhanced in [Enhanced::Deaf, Enhanced::V1(&["hvc1"]), Enhanced::V2(&["*"])] {
        let rig = started(Script { enhanced, ..Script::default() });
        assert_eq!(offers(&rig), [PROPERTIES]);
        assert_eq!(rig.states(), [State::Connecting, State::Live]);
    }
}

#[test]
fn a_rude_server_costs_one_connection_once() {
    for answer in [
        Answer::Close,
        Answer::Error("NetConnection.Call.Failed", "bad argument"),
        Answer::Error("NetConnection.Connect.Rejected", ""),
        Answer::Error("", ""),
        Answer::Status("NetConnection.Connect.Failed", "unknown object"),
    ] {
        let mut rig = started(rude("videoFourCcInfoMap", answer));
        assert_eq!(rig.states(), [State::Connecting, State::Live], "the app sees nothing of it");
        assert_eq!(offers(&rig), [&PROPERTIES[..], &[]]);
        assert_eq!(rig.connects, [rig.now; 2], "at once");
        assert!(rig.losses().is_empty());

        rig.stream(0, 2_000, 60);
        rig.close();
        rig.pass(1_000);
        assert_eq!(rig.publish.state(), State::Live);
        assert_eq!(offers(&rig)[2..], [&[] as &[&str]], "a reconnect begins where it worked");

        let mut next = config();
        next.known_hosts = rig.publish.known_hosts().clone();
        let mut rig = Rig::new(next);
        rig.start();
        assert_eq!(offers(&rig), [&[] as &[&str]], "another publish too");
    }
}

#[test]
fn a_no_that_has_another_reason_is_not_asked_again() {
    for (code, description) in [
        ("NetConnection.Connect.InvalidApp", ""),
        ("NetConnection.Connect.Rejected", "Application (x) is not defined."),
        ("NetConnection.Connect.Rejected", "[ code=403 need auth; authmod=adobe ]"),
        ("NetConnection.Connect.Rejected", "Not allowed from here"),
        ("NetConnection.Connect.AppShutdown", ""),
    ] {
        let mut rig =
            started(Script { connect: Answer::Error(code, description), ..Script::default() });
        rig.pass(1_000);
        let losses = rig.losses();
        let [(error, 1, None)] = &losses[..] else {
            panic!("one loss that is the end: {losses:?}")
        };
        let is_auth = matches!(error, PublishError::Auth(_));
        assert_eq!(is_auth, description.contains("authmod"), "{error}");
        assert!(is_auth || matches!(error, PublishError::AppRejected { .. }), "{error}");
        assert_eq!(rig.connects.len(), 1, "{code} {description}");
    }
}

#[test]
fn a_server_that_closes_whatever_is_offered_is_asked_twice_and_not_remembered() {
    let rig = started(Script { connect: Answer::Close, ..Script::default() });
    let closed = PublishError::ClosedEarly { during: "connect command", closed: Closed::ByPeer };
    assert_eq!(rig.losses(), [(closed, 1, None)]);
    assert_eq!(offers(&rig), [&PROPERTIES[..], &[]]);
    assert_eq!(rig.publish.known_hosts().took(&crate::rig::url()), None);
}

#[test]
fn a_server_that_took_the_offer_and_restarts_is_not_taken_for_a_rude_one() {
    let closes = Fate::Server(Script { connect: Answer::Close, ..Script::default() });
    let mut rig = Rig::lost([closes.clone(), closes]);
    rig.pass(3_000);
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(offers(&rig), vec![PROPERTIES; rig.connects.len()]);
    assert_eq!(rig.publish.known_hosts().took(&crate::rig::url()), Some(Offer::Full));
}

#[test]
fn a_rude_server_that_the_stream_is_sent_to_is_asked_again_too() {
    let mut rig = Rig::live(config());
    rig.stream(0, 1_000, 60);
    for _ in 0..2 {
        rig.next_fates.push_back(Fate::Server(rude("capsEx", Answer::Close)));
    }
    rig.server().request_reconnect(Some("rtmp://live.example:1936/app"));
    rig.stream(1_000, 3_000, 60);
    let moves: Vec<Move> = rig.moves();
    assert_eq!(moves, [Move::Begun, Move::Done]);
    assert_eq!((rig.next_connects.len(), offers(&rig)[1].len()), (2, 0));
}

/// A live stream of HEVC or AV1 with Opus.
fn modern(video: VideoCodec) -> Config {
    let mut config = config();
    if let (Some(v), Some(a)) = (&mut config.metadata.video, &mut config.metadata.audio) {
        (v.codec, a.codec) = (video, AudioCodec::Opus);
    }
    config
}

fn header(codec: VideoCodec) -> VideoHeader {
    let hevc = [
        &[
            1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 60, 0xF0, 0, 0xFC, 0xFD, 0xF8, 0xF8, 0, 0,
            0x0F,
        ][..],
        &[3, 0xA0, 0, 1, 0, 2, 0x40, 1, 0xA1, 0, 1, 0, 2, 0x42, 1, 0xA2, 0, 1, 0, 2, 0x44, 1],
    ];
    let record = match codec {
        VideoCodec::Av1 => vec![0x81, 0, 0x0C, 0],
        _ => hevc.concat(),
    };
    VideoHeader::from_record(codec, &record).expect("a record")
}

fn opus() -> AudioHeader {
    AudioHeader::from_bytes(AudioCodec::Opus, b"OpusHead\x01\x02\0\0\x80\xBB\0\0\0\0\0")
        .expect("a head")
}

fn modern_picture(codec: VideoCodec, kind: FrameKind, dts_ms: i64, pts_ms: i64) -> AccessUnit {
    let (pts, dts) = (MediaTime::from_millis(pts_ms), MediaTime::from_millis(dts_ms));
    let payload = Payload::from_vec(vec![7; 2_000]);
    AccessUnit::Video(VideoUnit { pts, dts, kind, config: header(codec), payload })
}

fn modern_sound(pts_ms: i64) -> AccessUnit {
    let (pts, payload) = (MediaTime::from_millis(pts_ms), Payload::from_vec(vec![9; 100]));
    AccessUnit::Audio(AudioUnit { pts, config: opus(), payload })
}

/// The beginnings of the extended tags that a server heard.
fn extended(server: &Server) -> Vec<&[u8]> {
    let bodies = server.heard.iter().filter_map(|heard| match heard {
        Heard::Extended { body, .. } => Some(&body[..body.len().min(8)]),
        _ => None,
    });
    bodies.collect()
}

#[test]
fn hevc_av1_and_opus_go_out_in_extended_tags_from_start_to_end() {
    for (codec, name) in [(VideoCodec::Hevc, b"hvc1"), (VideoCodec::Av1, b"av01")] {
        let mut rig = Rig::new(modern(codec));
        rig.otherwise =
            Fate::Server(Script { enhanced: Enhanced::V2(&["*"]), ..Script::default() });
        rig.start();
        rig.push(modern_sound(0));
        rig.push(modern_picture(codec, FrameKind::Idr, 0, 0));
        rig.push(modern_sound(20));
        rig.push(modern_picture(codec, FrameKind::Reference, 33, 100));
        rig.pass(100);
        rig.stop(200);
        rig.pass(200);
        let server = &rig.servers[0];
        let metadata = server.heard.iter().find_map(|heard| match heard {
            Heard::Data { values, .. } => values.last().cloned(),
            _ => None,
        });
        let id = |key| metadata.as_ref().and_then(|object| object.get(key)?.as_number());
        assert_eq!(id("videocodecid"), Some(f64::from(u32::from_be_bytes(*name))));
        assert_eq!(id("audiocodecid"), Some(f64::from(u32::from_be_bytes(*b"Opus"))));

        let begins = |first: u8, name: &[u8], rest: &[u8]| [&[first][..], name, rest].concat();
        let picture = header(codec).record()[..3].to_vec();
        let (first, second) = match codec {
            VideoCodec::Hevc => (begins(0x93, name, &[7; 3]), begins(0xA1, name, &[0, 0, 67])),
            _ => (begins(0x91, name, &[7; 3]), begins(0xA1, name, &[7; 3])),
        };
        assert_eq!(
            extended(server),
            [
                begins(0x90, name, &picture),
                begins(0x90, b"Opus", b"Opu"),
                begins(0x91, b"Opus", &[9; 3]),
                first,
                begins(0x91, b"Opus", &[9; 3]),
                second,
                begins(0x92, name, &[]),
                begins(0x92, b"Opus", &[]),
            ]
        );
        assert_eq!(server.words()[server.words().len() - 2..], ["FCUnpublish", "deleteStream"]);
    }
}

#[test]
fn h264_and_aac_stay_in_legacy_tags_whatever_the_server_takes() {
    let mut rig = started(Script { enhanced: Enhanced::V2(&["*"]), ..Script::default() });
    rig.stream(0, 500, 60);
    rig.stop(200);
    rig.pass(200);
    assert!(extended(&rig.servers[0]).is_empty());
    assert!(rig.servers[0].words().contains(&"avc header"));
}

#[test]
fn a_codec_the_server_does_not_take_is_named_and_nothing_is_published() {
    let deaf_after = |key| Enhanced::Rude(key, Box::new(Answer::Close));
    for (enhanced, codec, offered) in [
        (Enhanced::V1(&["hvc1"]), "Opus", 1),
        (Enhanced::V2(&["av01", "Opus"]), "HEVC", 1),
        (deaf_after("fourCcList"), "HEVC", 3),
    ] {
        let mut rig = Rig::new(modern(VideoCodec::Hevc));
        rig.otherwise = Fate::Server(Script { enhanced, ..Script::default() });
        rig.start();
        rig.pass(20_000);
        let server = "live.example".to_owned();
        assert_eq!(rig.losses(), [(PublishError::CodecNotTaken { codec, server }, 1, None)]);
        assert_eq!((rig.publish.state(), rig.connects.len()), (State::Failed, offered));
        let words = rig.servers.iter().flat_map(Server::words);
        assert!(!words.into_iter().any(|word| word == "publish"));
    }
}

#[test]
fn a_server_that_chokes_on_maps_alone_gets_hevc_with_the_list() {
    let mut rig = Rig::new(modern(VideoCodec::Hevc));
    rig.otherwise = Fate::Server(rude("videoFourCcInfoMap", Answer::Close));
    rig.start();
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(offers(&rig), [&PROPERTIES[..], &["fourCcList"]]);
    assert_eq!(rig.publish.known_hosts().took(&crate::rig::url()), Some(Offer::FourCc));
}

#[test]
fn units_of_another_codec_than_was_told_are_not_sent() {
    let mut rig = Rig::live(config());
    rig.push(modern_sound(0));
    rig.push(modern_picture(VideoCodec::Hevc, FrameKind::Idr, 0, 0));
    rig.push(sound(10));
    rig.push(idr(10));
    rig.pass(100);
    assert!(extended(&rig.servers[0]).is_empty());
    let counts = rig.publish.snapshot(rig.now);
    assert_eq!((counts.video_units_dropped, counts.audio_units_dropped), (1, 1));
    assert_eq!((counts.video_units_sent, counts.audio_units_sent), (1, 1));
}
