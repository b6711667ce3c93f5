//! Enhanced RTMP: what is offered, and servers that make nothing, much, or too much of it.

use onair_engine::amf0::Value;
use onair_engine::publish::{Closed, Move, Offer, PublishError, State};

use crate::rig::{Fate, Rig, config};
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
        Some(&Value::StrictArray(texts(&["hvc1", "av01", "Opus"])))
    );
    let forward = |codec: &str| (codec.to_owned(), Value::Number(4.0));
    let video = Value::Object(vec![forward("hvc1"), forward("av01")]);
    assert_eq!(arguments[0].get("videoFourCcInfoMap"), Some(&video));
    let audio = Value::Object(vec![forward("Opus")]);
    assert_eq!(arguments[0].get("audioFourCcInfoMap"), Some(&audio));
    assert_eq!(arguments[0].get("capsEx"), Some(&Value::Number(1.0)));
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
