//! Each way an attempt can fail is a distinct error, in time, and never holds the key.

use std::time::Duration;

use onair_engine::publish::{Closed, ConnectError, Event, GoLive, PublishError, State};
use onair_engine::rtmp::handshake::HandshakeError;

use crate::rig::{Fate, KEY, Rig, config};
use crate::server::{Answer, Script};

/// Starts against `script`, waits, and returns the cause of the end.
fn failure(script: Script) -> (Rig, PublishError) {
    let mut rig = Rig::new(config());
    rig.otherwise = Fate::Server(script);
    rig.start();
    rig.pass(15_000);
    assert_eq!(rig.publish.state(), State::Failed);
    let losses = rig.losses();
    let [(error, 1, None)] = &losses[..] else { panic!("one loss that is the end: {losses:?}") };
    let error = error.clone();
    (rig, error)
}

fn closed_early(during: &'static str) -> PublishError {
    PublishError::ClosedEarly { during, closed: Closed::ByPeer }
}

#[test]
fn a_refused_port_says_so() {
    let mut rig = Rig::new(config());
    rig.fates.push_back(Fate::Refused);
    rig.start();
    assert_eq!(rig.states(), [State::Connecting, State::Failed]);
    assert_eq!(rig.losses(), [(ConnectError::Refused.into(), 1, None)]);
    assert!(rig.closes.is_empty(), "there is no connection to close");
}

#[test]
fn the_cause_is_told_before_the_end() {
    let (rig, _) = failure(Script { connect: Answer::Close, ..Script::default() });
    let is_end = |event: &Event| *event == Event::State(State::Failed);
    let end = rig.events.iter().position(|(_, event)| is_end(event));
    let lost = rig.events.iter().position(|(_, event)| matches!(event, Event::Lost { .. }));
    assert!(lost.is_some() && lost < end);
}

#[test]
fn a_wrong_app_that_nginx_answers_by_closing() {
    let (_, error) = failure(Script { connect: Answer::Close, ..Script::default() });
    assert_eq!(error, closed_early("connect command"));
}

#[test]
fn a_wrong_app_with_words() {
    let answer = Answer::Error("NetConnection.Connect.InvalidApp", "no such app");
    let (rig, error) = failure(Script { connect: answer, ..Script::default() });
    assert_eq!(
        error,
        PublishError::AppRejected {
            code: "NetConnection.Connect.InvalidApp".to_owned(),
            description: "no such app".to_owned()
        }
    );
    assert_eq!((rig.closes.len(), rig.connects.len()), (1, 1), "we close, and ask once");
}

#[test]
fn lf71_r07_a_name_in_use_as_nginx_and_others_say_it() {
    for (code, description) in [
        ("NetStream.Publish.BadName", "Already publishing"),
        ("NetStream.Publish.Failed", "StreamBusy: live/x"),
        ("NetStream.Publish.Rejected", "Stream is already publishing"),
    ] {
        let (rig, error) =
            failure(Script { publish: Answer::Status(code, description), ..Script::default() });
        let said = (code.to_owned(), description.to_owned());
        assert_eq!(error, PublishError::NameInUse { code: said.0, description: said.1 });
        assert!(error.to_string().contains(&format!("{code}: {description}")), "{error}");
        assert_eq!(rig.closes.len(), 1, "nginx leaves the connection open; we close it");
    }
}

#[test]
fn a_publish_that_is_denied_with_words() {
    for answer in [
        Answer::Status("NetStream.Publish.Denied", "bad token"),
        Answer::Error("NetStream.Publish.Denied", "bad token"),
    ] {
        let (_, error) = failure(Script { publish: answer, ..Script::default() });
        assert_eq!(
            error,
            PublishError::PublishRejected {
                code: "NetStream.Publish.Denied".to_owned(),
                description: "bad token".to_owned()
            }
        );
    }
}

#[test]
fn lf72_a_server_that_closes_instead_of_accepting_the_publish() {
    let (rig, error) = failure(Script { publish: Answer::Close, ..Script::default() });
    assert_eq!(error, closed_early("publish command"));
    assert_eq!(rig.connects.len(), 1, "no blind retries");
}

#[test]
fn a_close_right_after_publish_start_is_a_refusal() {
    let mut rig = Rig::live(config());
    rig.pass(300);
    rig.close();
    assert_eq!(rig.states(), [State::Connecting, State::Live, State::Failed]);
    assert_eq!(rig.losses(), [(closed_early("publish"), 1, None)]);
}

#[test]
fn a_close_after_a_second_or_an_acknowledgement_is_a_loss() {
    let mut late = Rig::live(config());
    late.pass(1_000);
    let mut acknowledged = Rig::live(config());
    acknowledged.server().acknowledge(5_000);
    acknowledged.settle();
    acknowledged.pass(10);
    for mut rig in [late, acknowledged] {
        rig.close();
        assert_eq!(rig.publish.state(), State::Reconnecting);
        let losses = rig.losses();
        assert!(
            matches!(losses[..], [(PublishError::ClosedLive(Closed::ByPeer), 0, Some(_))]),
            "{losses:?}"
        );
    }
}

#[test]
fn a_close_counts_by_its_own_time_even_if_nobody_looked_before() {
    let mut rig = Rig::live(config());
    rig.now = rig.now.offset_micros(1_000_000);
    rig.close();
    assert_eq!(rig.publish.state(), State::Reconnecting);
}

#[test]
fn a_server_that_never_answers_is_given_up_after_five_seconds() {
    let (rig, error) = failure(Script { is_mute: true, ..Script::default() });
    assert_eq!(error, PublishError::Timeout { step: "handshake", limit: Duration::from_secs(5) });
    assert_eq!(rig.closes[0].0.since(rig.connects[0]), Duration::from_secs(5));
}

#[test]
fn r17_a_handshake_that_drips_is_given_up_after_five_seconds() {
    let mut rig = Rig::started(config(), Script { is_mute: true, ..Script::default() });
    rig.publish.handle_received(&[3], rig.now);
    for _ in 0..5 {
        rig.pass(1_000);
        rig.publish.handle_received(&[0], rig.now);
        rig.settle();
    }
    assert_eq!(rig.publish.state(), State::Failed);
    assert_eq!(rig.closes[0].0.since(rig.connects[0]), Duration::from_secs(5));
}

#[test]
fn a_connection_that_is_never_made_is_given_up() {
    let mut rig = Rig::new(config());
    rig.fates.push_back(Fate::Hang);
    rig.start();
    rig.pass(15_000);
    assert_eq!(rig.publish.state(), State::Failed);
    assert_eq!(rig.closes.len(), 1, "the attempt is called off");
    assert!(matches!(
        rig.losses()[..],
        [(PublishError::Connect(ConnectError::Timeout(_)), 1, None)]
    ));
}

#[test]
fn r16_each_command_has_its_time() {
    let silent = || Answer::Silence;
    for (script, step, secs) in [
        (Script { connect: silent(), ..Script::default() }, "connect command", 8),
        (Script { create_stream: silent(), ..Script::default() }, "createStream command", 8),
        (Script { publish: silent(), ..Script::default() }, "publish command", 8),
    ] {
        let (_, error) = failure(script);
        assert_eq!(error, PublishError::Timeout { step, limit: Duration::from_secs(secs) });
    }
}

#[test]
fn an_attempt_takes_fifteen_seconds_at_most() {
    let script = Script {
        connect: Answer::Late(7_000),
        create_stream: Answer::Late(7_000),
        publish: Answer::Silence,
        ..Script::default()
    };
    let (rig, error) = failure(script);
    assert_eq!(rig.closes[0].0.since(rig.connects[0]), Duration::from_secs(15));
    let limit = Duration::from_secs(1);
    assert_eq!(error, PublishError::Timeout { step: "publish command", limit });
}

#[test]
fn lf97_a_server_that_asks_others_first_has_the_time() {
    let slow = |millis| Script { publish: Answer::Late(millis), ..Script::default() };
    for go_live in [GoLive::InTurn, GoLive::OneFlight] {
        let mut config = config();
        config.go_live = go_live;
        let mut rig = Rig::started(config, slow(7_900));
        rig.pass(7_900);
        assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 1));
    }
    // One that takes longer has it from the second time on, and so has whoever is told of it.
    let mut rig = Rig::new(config());
    rig.otherwise = Fate::Server(slow(11_900));
    rig.start();
    rig.pass(8_000);
    assert_eq!(rig.publish.state(), State::Failed);
    for go_live in [GoLive::InTurn, GoLive::OneFlight] {
        let mut config = config();
        config.known_hosts = rig.publish.known_hosts().clone();
        config.go_live = go_live;
        let mut rig = Rig::started(config, slow(11_900));
        rig.pass(11_900);
        assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 1));
    }
}

#[test]
fn r12_another_protocol_is_named() {
    let garbage =
        |bytes: &[u8]| Script { instead_of_handshake: Some(bytes.to_vec()), ..Script::default() };
    let (_, error) = failure(garbage(b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n"));
    let PublishError::Handshake(HandshakeError::Version { byte, looks_like }) = error else {
        panic!("not a handshake error: {error:?}")
    };
    assert_eq!((byte, looks_like), (b'H', Some("HTTP")));
    let (_, error) = failure(garbage(&[0xA5; 4_000]));
    assert!(matches!(error, PublishError::Handshake(_)), "{error:?}");
}

#[test]
fn a_server_that_closes_before_its_handshake_ends() {
    let mut rig = Rig::started(config(), Script { is_mute: true, ..Script::default() });
    rig.close();
    assert_eq!(rig.losses(), [(closed_early("handshake"), 1, None)]);
}

#[test]
fn bytes_that_are_no_chunks_are_a_protocol_error() {
    let mut rig = Rig::live(config());
    // Type 3 on a chunk stream that never had a header.
    rig.publish.handle_received(&[0xC0 | 20, 0, 0, 0, 0], rig.now);
    rig.settle();
    assert!(matches!(rig.losses()[..], [(PublishError::Protocol(_), 1, None)]));
}

#[test]
fn s01_the_key_is_in_no_error_event_or_debug_text() {
    let echo: &'static str =
        Box::leak(format!("stream {KEY} of canary-key-4711 refused").into_boxed_str());
    let mut texts = Vec::new();
    for answer in [
        Answer::Status(echo, echo),
        Answer::Error(echo, echo),
        Answer::Status("NetStream.Publish.BadName", echo),
        Answer::Close,
        Answer::Silence,
    ] {
        for script in [
            Script { connect: answer.clone(), ..Script::default() },
            Script { create_stream: answer.clone(), ..Script::default() },
            Script { publish: answer.clone(), ..Script::default() },
        ] {
            let (rig, error) = failure(script);
            texts.push(format!("{error} {error:?} {:?} {:?}", rig.events, rig.publish));
        }
    }
    let mut rig = Rig::live(config());
    rig.stream(0, 500, 30);
    texts.push(format!("{:?} {:?}", rig.publish, rig.publish.snapshot(rig.now)));
    for text in texts {
        assert!(!text.contains("canary") && !text.contains("s3cret"), "the key is in: {text}");
    }
}

#[test]
fn s01_a_key_with_control_characters_in_it_is_struck_too() {
    let (start, end) = KEY.split_at(5);
    let echo: &'static str = Box::leak(format!("no {start}\u{1}{end} here").into_boxed_str());
    let (rig, error) =
        failure(Script { publish: Answer::Status("Some.Code", echo), ..Script::default() });
    let text = format!("{error} {error:?} {:?}", rig.events);
    assert!(text.contains("•••") && !text.contains("canary"), "{text}");
}

#[test]
fn what_a_server_says_is_bounded_and_printable() {
    let long: &'static str =
        Box::leak(format!("\u{1b}[31m\r\n{}", "x".repeat(10_000)).into_boxed_str());
    let (_, error) =
        failure(Script { publish: Answer::Status("Some.Code", long), ..Script::default() });
    let text = error.to_string();
    assert!(text.len() < 300 && !text.contains(|character: char| character.is_control()));
}
