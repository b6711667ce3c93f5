//! Going live without waiting for answers, and what becomes of it with servers that want to be
//! asked in turn.

use std::time::Duration;

use onair_engine::publish::{Config, Delivery, EncoderCommand, GoLive, PublishError, State};

use crate::rig::{Fate, Rig, config, idr, video_only};
use crate::server::{Answer, Enhanced, Heard, Script};

fn in_one_flight(mut config: Config) -> Config {
    config.go_live = GoLive::OneFlight;
    config
}

/// Every answer comes so late.
fn slow(millis: i64) -> Script {
    let late = || Answer::Late(millis);
    Script { connect: late(), create_stream: late(), publish: late(), ..Script::default() }
}

fn wants_turns() -> Script {
    Script { wants_turns: true, ..Script::default() }
}

fn started(config: Config, fates: Vec<Script>) -> Rig {
    let mut rig = Rig::new(in_one_flight(config));
    rig.fates.extend(fates.into_iter().map(Fate::Server));
    rig.push(idr(0));
    rig.start();
    rig
}

#[test]
fn everything_up_to_an_idr_is_said_before_the_first_answer() {
    let mut rig = started(video_only(), vec![slow(40)]);
    assert_eq!(rig.publish.state(), State::Connecting);
    let flight = [
        "connect",
        "window",
        "chunk size",
        "releaseStream",
        "FCPublish",
        "createStream",
        "publish",
        "metadata",
        "avc header",
        "idr",
    ];
    assert_eq!(rig.server().words(), flight);
    assert!(rig.server().heard.iter().all(|heard| match heard {
        Heard::Command { name, stream_id, .. } => *stream_id == u32::from(name == "publish"),
        _ => true,
    }));
    rig.pass(40);
    assert_eq!(rig.publish.state(), State::Live);
    rig.stream(33, 1_000, 60);
    let headers = rig.server().words().into_iter().filter(|word| word.contains("header"));
    assert_eq!(
        headers.collect::<Vec<_>>(),
        ["avc header"],
        "an answer in time needs nothing twice"
    );
    assert_eq!(rig.server().commands().len(), 5);
    assert!(rig.encoder.is_empty());
}

#[test]
fn a_server_that_wants_to_be_asked_in_turn_is_and_that_is_remembered() {
    let mut rig = started(video_only(), vec![wants_turns(), wants_turns(), wants_turns()]);
    rig.stream(33, 1_500, 60);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 2));
    assert!(rig.losses().is_empty(), "it is one attempt: {:?}", rig.losses());
    let first = rig.server().media().into_iter().find(|heard| heard.word() == "idr");
    assert!(first.is_some(), "{:?}", rig.server().words());
    rig.close();
    rig.stream(1_533, 1_000, 60);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 3), "in turn at once");
    let known = rig.publish.known_hosts().clone();
    let mut config = in_one_flight(video_only());
    config.known_hosts = known;
    let mut other = Rig::started(config, wants_turns());
    other.pass(10);
    assert_eq!((other.publish.state(), other.connects.len()), (State::Live, 1));
}

#[test]
fn a_server_that_chokes_on_the_offer_costs_one_connection_here_too() {
    let rude = || Script {
        enhanced: Enhanced::Rude("videoFourCcInfoMap", Box::new(Answer::Close)),
        ..Script::default()
    };
    let mut rig = started(video_only(), vec![rude(), rude()]);
    rig.stream(33, 500, 60);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 2));
}

#[test]
fn another_stream_id_than_the_guess_is_found_out() {
    let mut rig = started(video_only(), vec![Script { stream_id: 7, ..Script::default() }; 2]);
    rig.stream(33, 500, 60);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 2));
    let publish = rig.server().heard.iter().find(|heard| heard.word() == "publish");
    assert!(matches!(publish, Some(Heard::Command { stream_id: 7, .. })), "{publish:?}");
}

#[test]
fn a_server_that_lets_the_flight_pass_is_asked_in_turn_after_three_seconds() {
    let silent = || Answer::Silence;
    for deaf in [
        Script { connect: silent(), ..Script::default() },
        Script { create_stream: silent(), ..Script::default() },
    ] {
        let mut rig = started(video_only(), vec![deaf]);
        rig.pass(2_990);
        assert_eq!((rig.publish.state(), rig.connects.len()), (State::Connecting, 1));
        rig.pass(20);
        assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 2));
    }
}

#[test]
fn r16_a_publish_in_the_flight_has_eight_seconds_and_is_asked_in_turn_the_next_time() {
    let mut rig = started(video_only(), vec![Script { publish: Answer::Silence, ..slow(0) }]);
    rig.pass(8_000);
    let limit = Duration::from_secs(8);
    let silence = PublishError::Timeout { step: "publish command", limit };
    assert_eq!(rig.losses(), [(silence, 1, None)]);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Failed, 1));
    let mut config = in_one_flight(video_only());
    config.known_hosts = rig.publish.known_hosts().clone();
    let mut rig = Rig::started(config, wants_turns());
    rig.pass(10);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Live, 1));
}

#[test]
fn a_refusal_of_the_app_or_the_name_has_nothing_to_do_with_the_flight() {
    let no_app = Answer::Error("NetConnection.Connect.InvalidApp", "no such application");
    let mut rig = started(video_only(), vec![Script { connect: no_app, ..Script::default() }]);
    rig.pass(100);
    assert_eq!((rig.publish.state(), rig.connects.len()), (State::Failed, 1));
    let taken = Answer::Status("NetStream.Publish.BadName", "Already publishing");
    let mut rig = started(video_only(), vec![Script { publish: taken, ..Script::default() }]);
    rig.pass(100);
    assert_eq!(rig.connects.len(), 1);
    assert!(matches!(rig.losses()[..], [(PublishError::NameInUse { .. }, ..)]));
}

#[test]
fn after_late_consent_pictures_begin_anew_with_their_headers() {
    let mut rig = started(config(), vec![slow(400)]);
    rig.stream(33, 399, 300);
    assert_eq!(rig.publish.state(), State::Connecting);
    rig.pass(1);
    assert_eq!(rig.publish.state(), State::Live);
    let before = rig.server().heard.len();
    assert_eq!(rig.encoder.last(), Some(&(rig.now, EncoderCommand::RequestIdr)));
    rig.stream(433, 300, 300);
    let words = rig.server().words().split_off(before);
    let pictures: Vec<&&str> =
        words.iter().filter(|word| ["idr", "picture"].contains(word)).collect();
    assert_eq!((*pictures[0], *pictures[1]), ("idr", "picture"), "{words:?}");
    let avc = words.iter().position(|word| *word == "avc header");
    let aac = words.iter().position(|word| *word == "aac header");
    let idr = words.iter().position(|word| *word == "idr");
    assert!(avc.is_some() && avc < idr && aac.is_some(), "{words:?}");
    assert_eq!(rig.connects.len(), 1);
}

#[test]
fn of_a_file_nothing_goes_before_the_server_wants_it() {
    let mut config = video_only();
    config.delivery = Delivery::Complete;
    let mut rig = started(config, vec![slow(400)]);
    assert_eq!(rig.server().words().last(), Some(&"publish"));
    rig.pass(400);
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(rig.server().words().last(), Some(&"idr"));
}
