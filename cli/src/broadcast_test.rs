use super::*;

fn seen(was_live: bool, last_state: State, last_error: Option<Error>) -> Seen {
    Seen { was_live, last_state, last_error, ..Seen::default() }
}

fn exit(end: SourceEnd, seen: &Seen, is_interrupted: bool) -> Exit {
    outcome(end, seen, is_interrupted).unwrap_or_else(|failure| failure.exit)
}

#[test]
fn media_that_was_sent_whole_is_a_success() {
    let live = seen(true, State::Live, None);
    assert_eq!(exit(SourceEnd::Media { sent_all: true }, &live, false), Exit::Ok);
    assert_eq!(exit(SourceEnd::Media { sent_all: false }, &live, false), Exit::Broke);
}

#[test]
fn a_connection_that_never_stood_is_a_refusal() {
    let error = || Some(Error::Connection("connect: refused".into()));
    let refused = seen(false, State::Pending, error());
    assert_eq!(exit(SourceEnd::Stopped, &refused, false), Exit::Connect);
    let late = SourceEnd::Late(Duration::from_secs(15));
    assert_eq!(exit(late, &seen(false, State::Pending, None), false), Exit::Connect);
    let name = seen(false, State::Pending, Some(Error::NameInUse("publish".into())));
    assert_eq!(exit(SourceEnd::Stopped, &name, false), Exit::Connect);
}

#[test]
fn a_live_stream_that_did_not_come_back_is_broken() {
    let gave_up = seen(true, State::Reconnecting, Some(Error::GaveUp("refused".into())));
    assert_eq!(exit(SourceEnd::Stopped, &gave_up, false), Exit::Broke);
    // The media ended while the connection was away.
    let away = seen(true, State::Reconnecting, None);
    assert_eq!(exit(SourceEnd::Media { sent_all: false }, &away, false), Exit::Broke);
}

#[test]
fn a_publish_that_is_refused_just_after_it_was_accepted_is_a_refusal() {
    let rejected = || Some(Error::Rejected("publish: closed".into()));
    let at_once = seen(true, State::Live, rejected());
    assert_eq!(exit(SourceEnd::Stopped, &at_once, false), Exit::Connect);
    let later = seen(true, State::Reconnecting, rejected());
    assert_eq!(exit(SourceEnd::Stopped, &later, false), Exit::Broke);
}

#[test]
fn an_interrupt_is_a_success_only_for_a_stream_that_was_live() {
    assert_eq!(exit(SourceEnd::Stopped, &seen(true, State::Live, None), true), Exit::Ok);
    assert_eq!(exit(SourceEnd::Stopped, &seen(true, State::Reconnecting, None), true), Exit::Ok);
    let early = seen(false, State::Pending, None);
    assert_eq!(exit(SourceEnd::Stopped, &early, true), Exit::Interrupted);
}

#[test]
fn an_encoder_that_fails_is_this_machine_s_fault() {
    let broken = seen(true, State::Live, Some(Error::Encoder("open".into())));
    assert_eq!(exit(SourceEnd::Stopped, &broken, false), Exit::Local);
}

#[test]
fn one_of_several_that_failed_is_not_a_success() {
    let mut seen = seen(true, State::Live, None);
    assert!(missed(&seen).is_ok());
    let second = Whose { number: 2, name: "b".to_owned() };
    seen.failed.push((second, Error::Rejected("publish: denied".into())));
    let failure = missed(&seen).expect_err("a failure");
    assert_eq!(failure.exit, Exit::Broke);
    assert_eq!(failure.message, "destination 2 (b): publish: denied");
}
