//! R15: a server that asks its publisher to connect anew.

use std::time::Duration;

use onair_engine::amf0::Value;
use onair_engine::publish::{Move, PublishError, State};
use onair_engine::url::MoveError;
use onair_types::{FrameKind, MediaTime};

use crate::rig::{Fate, KEY, Rig, config, sound, video_at_time, video_only};
use crate::server::{Answer, Heard, Script};

/// Live for a second, with an IDR each two.
fn live() -> Rig {
    let mut rig = Rig::live(config());
    rig.stream(0, 1_000, 60);
    rig
}

fn ask(rig: &mut Rig, tc_url: Option<&str>) {
    rig.server().request_reconnect(tc_url);
    rig.settle();
}

/// Session times of all units that arrived, over all connections: pictures and sounds.
fn arrived(rig: &Rig) -> [Vec<i64>; 2] {
    let time = |data: &[u8]| data.first_chunk().map(|bytes| i64::from_be_bytes(*bytes));
    let mut times = [Vec::new(), Vec::new()];
    for heard in rig.servers.iter().flat_map(|server| &server.heard) {
        match heard {
            Heard::Video { data, .. } => times[0].extend(time(data)),
            Heard::Audio { data, .. } => times[1].extend(time(data)),
            _ => {}
        }
    }
    times
}

/// Nothing is missing, nothing twice: 30 pictures a second and AAC frames of 44,100 Hz. The
/// stream's slices begin with both.
fn assert_gapless(rig: &Rig) {
    for (times, most) in arrived(rig).into_iter().zip([33_334, 23_220]) {
        assert!(times.len() > 10);
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
        let worst = gaps.clone().max();
        assert!(gaps.clone().all(|gap| (1..=most).contains(&gap)), "a gap of {worst:?} us");
    }
}

#[test]
fn r15_what_we_can_do_is_told_in_connect() {
    let mut rig = live();
    let Heard::Command { name, arguments, .. } = &rig.server().heard[0] else {
        panic!("a command")
    };
    assert_eq!(name, "connect");
    assert_eq!(arguments[0].get("capsEx").and_then(Value::as_number), Some(3.0));
}

#[test]
fn r15_the_stream_moves_at_an_idr_and_nothing_is_lost() {
    for (tc_url, port) in
        [(None, 1935), (Some("/app2"), 1935), (Some("rtmp://live.example:1936/app"), 1936)]
    {
        let mut rig = live();
        // Answers take their time, and media goes on meanwhile.
        rig.next_fates.push_back(Fate::Server(Script {
            create_stream: Answer::Late(200),
            publish: Answer::Late(150),
            ..Script::default()
        }));
        ask(&mut rig, tc_url);
        assert_eq!(rig.next_connects, [(rig.now, "live.example".to_owned(), port)]);
        rig.stream(1_000, 3_000, 60);
        assert_eq!(rig.servers.len(), 2, "{tc_url:?}");
        assert_eq!(rig.moves(), [Move::Begun, Move::Done]);
        assert_eq!(rig.states(), [State::Connecting, State::Live], "the app sees no gap");
        assert!(rig.losses().is_empty());
        assert_gapless(&rig);
        let counts = rig.publish.snapshot(rig.now);
        assert_eq!((counts.video_units_dropped, counts.reconnects), (0, 0));

        // The old one ended with its goodbye, before the new one said the key.
        let old = rig.servers[0].words();
        assert_eq!(old[old.len() - 2..], ["FCUnpublish", "deleteStream"]);
        let new = rig.servers[1].words();
        let first = new.iter().position(|word| *word == "idr").expect("an IDR");
        assert_eq!(new[..5], ["connect", "window", "chunk size", "createStream", "releaseStream"]);
        let begin = ["metadata", "avc header", "aac header", "idr"];
        assert_eq!(new[first - 3..=first], begin, "{new:?}");
        assert_eq!(rig.servers[1].heard[first].timestamp_ms(), Some(0), "a time of its own");
    }
}

#[test]
fn r15_sound_that_leaves_its_encoder_late_is_not_lost() {
    let mut rig = Rig::live(config());
    rig.push(sound(0));
    let mut pictures = 0;
    // Sound comes 100 ms after the pictures of its time.
    for tick in 0..3_000i64 {
        rig.run_until(rig.now.offset_micros(1_000));
        if tick % 33 == 0 {
            let kind = if pictures % 20 == 0 { FrameKind::Idr } else { FrameKind::Reference };
            rig.push(video_at_time(kind, MediaTime::from_millis(tick)));
            pictures += 1;
        }
        if tick % 23 == 0 && tick > 100 {
            rig.push(sound(tick - 100));
        }
        if tick == 1_500 {
            ask(&mut rig, None);
        }
    }
    assert_eq!((rig.servers.len(), rig.moves().last()), (2, Some(&Move::Done)));
    let [_, sounds] = arrived(&rig);
    let gaps = sounds.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.clone().all(|gap| (1..=46_000).contains(&gap)), "{:?}", gaps.max());
    assert_eq!(rig.publish.snapshot(rig.now).audio_units_dropped, 0);
}

#[test]
fn r15_the_idr_is_asked_for_and_the_key_is_not_said_before_it() {
    let mut rig = Rig::live(video_only());
    rig.stream(0, 1_000, 6_000);
    ask(&mut rig, None);
    assert_eq!(rig.encoder.len(), 1, "one request");
    rig.pass(300);
    let waiting = rig.next.as_ref().expect("a second connection");
    assert!(!format!("{:?}", waiting.heard).contains(KEY), "the key waits");
    assert_eq!(waiting.words().last(), Some(&"createStream"));
    rig.stream(1_300, 1_000, 6_000);
    assert_eq!((rig.servers.len(), rig.moves().last()), (2, Some(&Move::Done)));
}

#[test]
fn r15_what_would_give_the_key_away_is_refused_and_the_stream_stays() {
    for (tc_url, error) in [
        ("rtmp://evil.test/app", MoveError::OtherDomain),
        ("http://live.example/", MoveError::Address),
    ] {
        let mut rig = live();
        ask(&mut rig, Some(tc_url));
        rig.stream(1_000, 1_000, 60);
        assert_eq!(rig.moves(), [Move::Refused(error)]);
        assert!(rig.next_connects.is_empty());
        assert_eq!((rig.servers.len(), rig.publish.state()), (1, State::Live));
        assert_gapless(&rig);
    }
}

#[test]
fn r15_a_loop_is_followed_three_times_in_five_minutes() {
    let mut rig = live();
    for round in 0..5 {
        ask(&mut rig, None);
        rig.stream(1_000 + round * 1_000, 1_000, 60);
    }
    assert_eq!(rig.servers.len(), 4);
    let refused = Move::Refused(MoveError::TooOften);
    assert_eq!(rig.moves().iter().filter(|step| **step == refused).count(), 2);
    assert_gapless(&rig);
    rig.now = rig.now.offset_micros(300_000_000);
    ask(&mut rig, None);
    assert_eq!(rig.moves().last(), Some(&Move::Begun), "forgotten after five minutes");
}

#[test]
fn r15_a_second_connection_that_cannot_be_made_changes_nothing() {
    let server = |connect| Fate::Server(Script { connect, ..Script::default() });
    for fate in [
        Fate::Refused,
        Fate::Hang,
        Fate::Server(Script { is_mute: true, ..Script::default() }),
        server(Answer::Close),
        server(Answer::Error("NetConnection.Connect.Rejected", "full")),
    ] {
        let mut rig = live();
        rig.next_fates.push_back(fate.clone());
        ask(&mut rig, None);
        rig.stream(1_000, 17_000, 60);
        assert!(matches!(rig.moves()[..], [Move::Begun, Move::Failed(_)]), "{:?}", rig.moves());
        assert_eq!((rig.servers.len(), rig.next.is_none()), (1, true), "{fate:?}");
        assert_eq!(rig.publish.state(), State::Live);
        assert_gapless(&rig);
    }
}

#[test]
fn r15_a_publish_that_is_refused_there_is_a_loss_and_the_apps_address_is_tried() {
    let mut rig = live();
    let taken = Answer::Status("NetStream.Publish.BadName", "Already publishing");
    rig.next_fates.push_back(Fate::Server(Script { publish: taken, ..Script::default() }));
    ask(&mut rig, Some("rtmp://live.example:1936/app"));
    rig.stream(1_000, 4_000, 60);
    let losses = rig.losses();
    assert!(matches!(losses[..], [(PublishError::NameInUse { .. }, 0, Some(_))]), "{losses:?}");
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 2));
}

#[test]
fn r15_a_loss_meanwhile_is_a_loss_as_always() {
    let mut rig = live();
    rig.next_fates.push_back(Fate::Hang);
    ask(&mut rig, None);
    rig.close();
    rig.stream(1_000, 1_000, 60);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 2));
    assert_eq!(rig.publish.snapshot(rig.now).reconnects, 1);
}

#[test]
fn r19_stop_while_the_stream_moves() {
    // While the second connection is made, held, and asked to publish.
    let silent = Script { publish: Answer::Silence, ..Script::default() };
    for (fate, passes_ms) in
        [(Fate::Hang, 100), (Fate::Server(Script::default()), 0), (Fate::Server(silent), 500)]
    {
        let mut rig = Rig::live(video_only());
        rig.stream(0, 1_000, 60);
        rig.next_fates.push_back(fate);
        ask(&mut rig, None);
        rig.stream(1_000, passes_ms, 60);
        let began = rig.now;
        rig.stop(200);
        rig.pass(200);
        assert_eq!(rig.states().last(), Some(&State::Stopped));
        let ended = rig.events.last().map(|(at, _)| at.since(began));
        assert!(ended.is_some_and(|ended| ended <= Duration::from_millis(200)), "{ended:?}");
        assert!(rig.next.is_none());
        rig.is_connected = false;
        rig.pass(30_000);
        assert_eq!((rig.connects.len(), rig.wait), (1, None));
    }
}
