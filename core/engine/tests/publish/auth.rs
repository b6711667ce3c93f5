//! R21: servers that ask who publishes, and check the answer by their own arithmetic.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use onair_engine::amf0::Value;
use onair_engine::publish::{AuthError, Config, Event, Move, PublishError, State};
use onair_engine::url::StreamUrl;

use crate::rig::{Fate, KEY, Rig, idr, metadata, sound};
use crate::server::{Answer, Heard, Script};

const REJECTED: &str = "NetConnection.Connect.Rejected";

/// Adobe's server with the user `jon` and the password `s3cret/pass`.
fn adobe(connect: &Value) -> Answer {
    const NEED: &str = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ";
    const CHALLENGE: &str = "[ AccessManager.Reject ] : [ authmod=adobe ] : \
        ?reason=needauth&user=jon&salt=pepper==&challenge=gauntlet=&opaque=glass=";
    const FAILED: &str = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed";
    judge(connect, ["adobe", NEED, CHALLENGE, FAILED], |query| {
        let salted = STANDARD.encode(Md5::digest(b"jonpepper==s3cret/pass"));
        let theirs = format!("{salted}glass={}", value(query, "challenge")?);
        let expected = STANDARD.encode(Md5::digest(theirs.as_bytes()));
        (value(query, "opaque")? == "glass=" && value(query, "response")? == expected).then_some(())
    })
}

/// Limelight's server with the same user.
fn limelight(connect: &Value) -> Answer {
    const NEED: &str = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=llnw ] : ";
    const CHALLENGE: &str =
        "[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=needauth&user=jon&nonce=once=";
    const FAILED: &str = "[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=authfailed";
    judge(connect, ["llnw", NEED, CHALLENGE, FAILED], |query| {
        let hex = |text: String| format!("{:x}", Md5::digest(text.as_bytes()));
        let (nc, cnonce) = (value(query, "nc")?, value(query, "cnonce")?);
        let user = hex("jon:live:s3cret/pass".to_owned());
        let request = hex("publish:/app/_definst_".to_owned());
        let expected = hex(format!("{user}:once=:{nc}:{cnonce}:auth:{request}"));
        (value(query, "nonce")? == "once=" && value(query, "response")? == expected).then_some(())
    })
}

/// The steps both have in common; `words` are the method's name and what is said at each.
fn judge(connect: &Value, words: [&'static str; 4], verify: impl Fn(&str) -> Option<()>) -> Answer {
    let [method, need, challenge, failed] = words;
    let text = |key| connect.get(key).and_then(Value::as_str).expect("a text");
    let (app, tc_url) = (text("app"), text("tcUrl"));
    assert!(tc_url.ends_with(&format!("/{app}")), "both carry the answer: {app}, {tc_url}");
    let Some((_, query)) = app.split_once('?') else { return Answer::Error(REJECTED, need) };
    assert_eq!((value(query, "authmod"), value(query, "user")), (Some(method), Some("jon")));
    match (value(query, "response"), verify(query)) {
        (None, _) => Answer::Error(REJECTED, challenge),
        (Some(_), Some(())) => Answer::Yes,
        (Some(_), None) => Answer::Error(REJECTED, failed),
    }
}

fn value<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
}

fn config(user_info: &str) -> Config {
    let address = format!("rtmp://{user_info}live.example/app/{KEY}");
    Config::new(StreamUrl::parse(&address).expect("a good address"), metadata(true, true))
}

/// A rig whose every connection is taken by a server that decides by `judge`.
fn rig(config: Config, judge: fn(&Value) -> Answer) -> Rig {
    let mut rig = Rig::new(config);
    let script = || Script { judge: Some(judge), ..Script::default() };
    rig.fates.extend((0..20).map(|_| Fate::Server(script())));
    rig.start();
    rig
}

#[test]
fn r21_both_methods_end_live() {
    for judge in [adobe as fn(&Value) -> Answer, limelight] {
        let mut rig = rig(config("jon:s3cret%2Fpass@"), judge);
        assert_eq!(rig.states(), [State::Connecting, State::Live]);
        assert_eq!(rig.connects.len(), 3, "named, challenged, answered");
        assert_eq!(rig.losses(), []);
        rig.push(sound(0));
        rig.push(idr(0));
        assert!(rig.server().words().contains(&"idr"));
        let is_publish = |heard: &Heard| heard.word() == "publish";
        let published: Vec<bool> =
            rig.servers.iter().map(|server| server.heard.iter().any(is_publish)).collect();
        assert_eq!(published, [false, false, true], "the key is for the last one only");
    }
}

#[test]
fn r21_after_a_loss_the_method_is_known() {
    let mut rig = rig(config("jon:s3cret%2Fpass@"), adobe);
    rig.stream(0, 2_000, 60);
    rig.close();
    rig.pass(2_000);
    assert_eq!(rig.publish.state(), State::Live);
    assert_eq!(rig.connects.len(), 3 + 2);
}

#[test]
fn r21_a_wrong_password_is_tried_once() {
    for judge in [adobe as fn(&Value) -> Answer, limelight] {
        let mut rig = rig(config("jon:wrong@"), judge);
        rig.pass(60_000);
        let error = PublishError::Auth(AuthError::Refused);
        assert_eq!(rig.losses(), [(error, 1, None)]);
        assert_eq!((rig.publish.state(), rig.connects.len()), (State::Failed, 3));
        assert!(!rig.servers.iter().any(|server| server.words().contains(&"publish")));
    }
}

#[test]
fn r21_a_wrong_password_is_tried_once_more_where_the_app_wants_it() {
    let mut config = config("jon:wrong@");
    config.reconnect.retry_first_connection = true;
    let mut rig = rig(config, adobe);
    rig.pass(60_000);
    let losses = rig.losses();
    let again: Vec<bool> = losses.iter().map(|(_, _, retry_in)| retry_in.is_some()).collect();
    assert_eq!(again, [true, false], "{losses:?}");
    assert_eq!(rig.publish.state(), State::Failed);
}

#[test]
fn r21_no_password_and_unknown_methods_are_errors_at_once() {
    let kerberos: fn(&Value) -> Answer =
        |_| Answer::Error(REJECTED, "[ code=403 need auth; authmod=kerberos ]");
    let nobody: fn(&Value) -> Answer =
        |_| Answer::Error(REJECTED, "authmod=adobe : ?reason=nosuchuser");
    for (user_info, judge, error) in [
        ("", adobe as fn(&Value) -> Answer, AuthError::NoCredentials),
        ("jon:s3cret%2Fpass@", kerberos, AuthError::Method("kerberos".to_owned())),
        ("jon:s3cret%2Fpass@", nobody, AuthError::UnknownUser),
    ] {
        let mut config = config(user_info);
        config.reconnect.retry_first_connection = true;
        let rig = rig(config, judge);
        assert_eq!(rig.losses(), [(PublishError::Auth(error), 1, None)]);
        assert_eq!(rig.connects.len(), 1);
    }
}

#[test]
fn s01_the_password_is_in_no_error_event_or_debug_text() {
    for user_info in ["jon:s3cret%2Fpass@", "jon:s3cret-wrong@"] {
        let mut rig = rig(config(user_info), adobe);
        rig.pass(1_000);
        let text = format!("{:?} {:?} {:?}", rig.events, rig.publish, rig.losses());
        assert!(!text.contains("s3cret") && !text.contains("response="), "{text}");
    }
}

#[test]
fn the_whole_dance_belongs_to_one_attempt() {
    let endless: fn(&Value) -> Answer = |_| Answer::Silence;
    let mut rig = Rig::new(config("jon:s3cret%2Fpass@"));
    let script = |judge| Fate::Server(Script { judge: Some(judge), ..Script::default() });
    rig.fates.extend([script(adobe), script(adobe), script(endless)]);
    rig.start();
    rig.pass(15_000);
    assert_eq!(rig.publish.state(), State::Failed);
    assert!(matches!(rig.losses()[..], [(PublishError::Timeout { .. }, 1, None)]));
}

#[test]
fn r15_a_stream_that_moves_answers_again() {
    let mut rig = rig(config("jon:s3cret%2Fpass@"), adobe);
    let script = || Script { judge: Some(adobe), ..Script::default() };
    rig.next_fates.extend((0..3).map(|_| Fate::Server(script())));
    rig.stream(0, 1_000, 60);
    rig.server().request_reconnect(None);
    rig.stream(1_000, 2_000, 60);
    let moved = |event: &Event| matches!(event, Event::Move(Move::Done));
    assert!(rig.events.iter().any(|(_, event)| moved(event)), "{:?}", rig.events);
    assert_eq!(rig.losses(), []);
}
