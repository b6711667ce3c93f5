//! RTMPS against real TLS servers, good and bad: who cannot show who it is gets nothing of the
//! stream, each refusal has its name, and what ends a secure connection never passes for success.
#![cfg(feature = "tls")]

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use onair::{
    Error, Event, Pin, ReconnectPolicy, Session, SessionBuilder, Source, State, TlsError, Trust,
};
use onair_types::FrameKind;
use rcgen::date_time_ymd;
use ring::digest::{SHA256, digest};
use support::sink::{Behaviour, KEY, Media, Sink};
use support::tls::{Authority, Fate, Front, Identity};
use support::units::{avc_config, video, video_config};
use support::{LIMIT, events_until, pause, states, timed, wait_live, wait_until};

fn trusting(authority: &Authority) -> Trust {
    Trust::new().with_roots(authority.pem().as_bytes()).expect("a root")
}

fn builder(trust: Trust) -> SessionBuilder {
    Session::builder(None, Some(video_config())).video_source(Source::Encoded).trust(trust)
}

/// Tries again soon.
fn retrying() -> ReconnectPolicy {
    let mut policy = ReconnectPolicy::default();
    policy.retry_first_connection = true;
    policy.max_delay = Duration::from_millis(100);
    policy.budget = Some(LIMIT);
    policy
}

/// Starts towards a server that must be refused, with every wish to try again; why it ended.
fn refused(trust: Trust, front: &Front, host: &str) -> TlsError {
    let session = builder(trust).reconnect(retrying()).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(front.url(host)).expect("it starts");
    let seen = events_until(&mut events, |e| *e == Event::State(State::Failed));
    let error = session.last_error().expect("an error");
    assert_eq!(error.code(), 211, "{error:?}");
    assert!(!error.advice().is_empty());
    assert!(!format!("{error} {error:?} {seen:?} {session:?}").contains(KEY), "{error:?}");
    let came = front.connections();
    assert_eq!(came.len(), 1, "what does not pass is not tried again");
    assert!(came.iter().all(|came| came.is_secret() && came.plain == 0), "{came:?}");
    let Error::Tls(error) = error else { panic!("{error:?}") };
    error
}

fn pin(identity: &Identity) -> Pin {
    let hash = digest(&SHA256, &identity.spki());
    Pin::from_sha256(hash.as_ref().try_into().expect("32 bytes"))
}

/// Pushes a picture every 10 ms, an IDR every tenth, until `is_done` holds.
fn push_until(session: &Session, is_done: impl Fn() -> bool) {
    let config = avc_config();
    for number in 0..2_000_u32 {
        if is_done() {
            return;
        }
        let kind = if number % 10 == 0 { FrameKind::Idr } else { FrameKind::Reference };
        let unit = video(&config, number, i64::from(number) * 10, kind);
        session.push_encoded_video(unit).expect("a push");
        pause(Duration::from_millis(10));
    }
    panic!("not within 2,000 pictures");
}

#[test]
fn lf60_a_stream_arrives_through_tls() {
    let (sink, authority) = (Sink::good(), Authority::new("ours"));
    for (host, trust, sni) in [
        ("localhost", trusting(&authority), Some("localhost")),
        ("127.0.0.1", Trust::new().with_roots(&authority.der()).expect("a root"), None),
    ] {
        let before = sink.connections().len();
        let front = Front::start(authority.identity(), sink.port(), Fate::Lives, 0);
        let session = builder(trust).build().expect("a session");
        session.start(front.url(host)).expect("it starts");
        wait_live(&session);
        let pictures = || sink.connections()[before].media.iter().filter(|m| m.is_video()).count();
        push_until(&session, || pictures() >= 50);
        // The system counts records and the handshake; what arrived has arrived all the same.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        wait_until("nothing is out", || session.statistics().inflight_bytes == 0);
        let (took, ()) = timed(|| session.stop());
        assert!(took < Duration::from_millis(300), "{took:?}");
        assert_eq!((session.state(), session.last_error()), (State::Stopped, None));

        let seen = sink.wait_for("the goodbyes", before, |seen| seen.is_closed);
        assert_eq!(seen.media[..2], [Media::Metadata, Media::AvcHeader]);
        assert!(seen.commands.contains(&"deleteStream".to_owned()), "{:?}", seen.commands);
        wait_until("close_notify", || front.connections()[0].said_goodbye);
        let came = &front.connections()[0];
        assert_eq!(came.sni.as_deref(), sni);
        assert!(came.is_secret() && came.plain > 4_500, "{} bytes", came.plain);
    }
}

#[test]
fn s03_a_server_that_cannot_show_who_it_is_gets_nothing() {
    let authority = Authority::new("ours");
    let expired = authority
        .identity_with(&["localhost"], |params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = authority
        .identity_with(&["localhost"], |params| params.not_before = date_time_ymd(3000, 1, 1));
    let own_ca = authority.identity_with(&["localhost"], |params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    let sink = Sink::good();
    let refusal = |identity, host| {
        let front = Front::start(identity, sink.port(), Fate::Lives, 0);
        refused(trusting(&authority), &front, host)
    };
    assert_eq!(refusal(Identity::self_signed(), "localhost"), TlsError::UnknownIssuer);
    assert_eq!(refusal(Authority::new("theirs").identity(), "localhost"), TlsError::UnknownIssuer);
    let error = refusal(expired, "localhost");
    assert!(matches!(error, TlsError::Expired { days } if days > 2_000), "{error:?}");
    let error = refusal(early, "localhost");
    assert!(matches!(error, TlsError::NotYetValid { days } if days > 300_000), "{error:?}");
    for host in ["localhost", "127.0.0.1"] {
        let other = authority.identity_with(&["elsewhere.example"], |_| {});
        let error = refusal(other, host);
        let TlsError::WrongHost { host: expected, presented } = error else { panic!("{error:?}") };
        assert_eq!((expected.as_str(), presented.as_str()), (host, "elsewhere.example"));
    }
    let impostor = Authority::new("ours").identity();
    for (identity, words) in [(own_ca, "CA:FALSE"), (impostor, "signed")] {
        let error = refusal(identity, "localhost");
        assert!(matches!(&error, TlsError::Certificate(why) if why.contains(words)), "{error:?}");
    }
    let came: usize = sink.connections().iter().map(|seen| seen.commands.len()).sum();
    assert_eq!(came, 0, "no command reached the server behind");
}

#[test]
fn s03_without_a_root_of_its_own_the_device_judges() {
    let sink = Sink::good();
    let front = Front::start(Authority::new("theirs").identity(), sink.port(), Fate::Lives, 0);
    assert_eq!(refused(Trust::new(), &front, "localhost"), TlsError::UnknownIssuer);
}

/// A ServerHello that chooses TLS 1.`minor - 1` and an old cipher suite.
fn old_server_hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![3, minor];
    hello.extend([0x42; 32]); // random
    hello.extend([0, 0x00, 0x2F, 0]); // no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression
    let mut handshake = vec![2, 0, 0, u8::try_from(hello.len()).expect("short")];
    handshake.extend(hello);
    let mut record = vec![22, 3, minor, 0, u8::try_from(handshake.len()).expect("short")];
    record.extend(handshake);
    record
}

#[test]
fn s03_what_speaks_no_tls_of_today_is_named() {
    let refusal = |answer: Vec<u8>| {
        let front = Front::scripted(move |stream| {
            let _ = stream.write_all(&answer);
        });
        refused(trusting(&Authority::new("ours")), &front, "localhost")
    };
    let protocol_version = vec![21, 3, 1, 0, 2, 2, 70];
    for answer in [old_server_hello(1), old_server_hello(2), protocol_version] {
        assert_eq!(refusal(answer.clone()), TlsError::Version, "{answer:02x?}");
    }
    let s0_s1 = [vec![3; 1], vec![0; 1_536]].concat();
    let portal = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n".to_vec();
    for answer in [s0_s1, portal, vec![0x55; 4_000], b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()] {
        assert_eq!(refusal(answer.clone()), TlsError::NotTls, "{answer:02x?}");
    }
}

#[test]
fn s03_a_handshake_that_turns_into_garbage_is_broken() {
    let front = Front::scripted(|stream| {
        let mut answer = old_server_hello(3);
        answer.extend([0x03; 2_000]);
        let _ = stream.write_all(&answer);
    });
    let session = builder(trusting(&Authority::new("ours"))).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(front.url("localhost")).expect("it starts");
    events_until(&mut events, |e| *e == Event::State(State::Failed));
    assert_ne!(session.last_error(), None);
    assert!(front.connections().iter().all(|came| came.is_secret()));
}

#[test]
fn s04_a_pinned_key_is_the_only_one_that_passes() {
    let (sink, authority) = (Sink::good(), Authority::new("ours"));
    let (today, tomorrow) = (authority.identity(), authority.identity());
    let pins = [pin(&today), pin(&tomorrow)];
    let both = pins.iter().fold(trusting(&authority), |trust, pin| trust.with_pin(*pin));
    // In use, and in reserve: the server may change to it at any time.
    for identity in [today, tomorrow] {
        let front = Front::start(identity, sink.port(), Fate::Lives, 0);
        let session = builder(both.clone()).build().expect("a session");
        session.start(front.url("localhost")).expect("it starts");
        wait_live(&session);
        session.stop();
    }

    let stranger = authority.identity();
    let found = pin(&stranger).to_string();
    let front = Front::start(stranger, sink.port(), Fate::Lives, 0);
    assert_eq!(refused(both, &front, "localhost"), TlsError::PinMismatch { found });

    // A pin is no certificate: an unknown authority stays one.
    let stranger = Identity::self_signed();
    let trust = Trust::new().with_pin(pin(&stranger));
    let front = Front::start(stranger, sink.port(), Fate::Lives, 0);
    assert_eq!(refused(trust, &front, "localhost"), TlsError::UnknownIssuer);
}

/// A stream that was live for more than a second meets `fate`, and comes back over TLS.
fn comes_back_after(fate: Fate) -> Error {
    let (sink, authority) = (Sink::good(), Authority::new("ours"));
    let front = Front::start(authority.identity(), sink.port(), fate, 7_500);
    let session = builder(trusting(&authority)).reconnect(retrying()).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(front.url("localhost")).expect("it starts");
    wait_live(&session);
    let resumed = || sink.connections().get(1).is_some_and(|seen| seen.media.len() > 20);
    push_until(&session, resumed);
    session.stop();

    let lost = events_until(&mut events, |event| matches!(event, Event::Lost { .. })).pop();
    let Some(Event::Lost { error, attempt: 0, retry_in: Some(_), .. }) = lost else {
        panic!("{lost:?}")
    };
    let until_live = events_until(&mut events, |event| *event == Event::State(State::Live));
    assert_eq!(states(&until_live), [State::Reconnecting, State::Live]);
    assert_eq!(error.code(), 203);
    assert!(front.connections().iter().all(|came| came.is_secret()), "never in the clear");
    assert!(!format!("{error} {error:?}").contains(KEY));
    error
}

#[test]
fn r02_close_notify_is_a_loss_and_no_success() {
    let error = comes_back_after(Fate::SaysGoodbye).to_string();
    assert!(error.contains("closed the connection"), "{error}");
}

#[test]
fn r02_a_tls_connection_that_is_cut_off_comes_back() {
    let error = comes_back_after(Fate::IsCutOff).to_string();
    assert!(error.contains("cut off") || error.contains("reset"), "{error}");
}

#[test]
fn s03_a_stream_that_turns_plain_is_left() {
    let error = comes_back_after(Fate::TurnsPlain).to_string();
    assert!(error.contains("secure connection broke"), "{error}");
}

#[test]
fn r12_another_host_s_certificate_on_a_live_stream_is_a_captive_portal() {
    let (sink, authority) = (Sink::good(), Authority::new("ours"));
    let portal = authority.identity_with(&["portal.example"], |_| {});
    let front = Front::then_another(authority.identity(), portal, sink.port());
    let session = builder(trusting(&authority)).reconnect(retrying()).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(front.url("localhost")).expect("it starts");
    wait_live(&session);
    push_until(&session, || front.connections().len() > 1);

    let is_told = |event: &Event| matches!(event, Event::Lost { attempt: 1, .. });
    let told = events_until(&mut events, is_told).pop();
    let Some(Event::Lost { error, retry_in, .. }) = told else { panic!("{told:?}") };
    assert_eq!(error.code(), 212, "{error}");
    assert!(error.to_string().contains("portal.example"), "{error}");
    assert_eq!(retry_in, None, "the budget of this test is shorter than a login takes");
    assert!(front.connections()[1].is_secret() && front.connections()[1].plain == 0);
}

#[test]
fn r02_a_server_that_hangs_up_in_the_handshake_is_tried_again() {
    let front = Front::scripted(|stream| {
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let session = builder(Trust::new()).reconnect(retrying()).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(front.url("localhost")).expect("it starts");
    wait_until("three attempts", || front.connections().len() >= 3);
    session.stop();
    let lost = events_until(&mut events, |event| matches!(event, Event::Lost { .. })).pop();
    let Some(Event::Lost { error, retry_in: Some(_), .. }) = lost else { panic!("{lost:?}") };
    assert!(error.to_string().contains("TLS handshake"), "{error}");
    assert!(front.connections().iter().all(|came| came.is_secret()), "no fall back to plain");
}

#[test]
fn a_server_that_never_answers_tls_costs_five_seconds() {
    let front = Front::scripted(hold);
    let session = builder(Trust::new()).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    let (took, _) = timed(|| {
        session.start(front.url("localhost")).expect("it starts");
        events_until(&mut events, |e| *e == Event::State(State::Failed))
    });
    assert!((Duration::from_secs(4)..Duration::from_secs(6)).contains(&took), "{took:?}");
    let error = session.last_error().expect("an error");
    assert_eq!(error.code(), 203);
    assert!(error.to_string().contains("no TLS handshake within 5s"), "{error}");
}

/// Says nothing until the client leaves.
fn hold(stream: &mut TcpStream) {
    let mut byte = [0];
    while stream.peek(&mut byte).is_ok_and(|bytes| bytes > 0) {
        pause(Duration::from_millis(5));
        let _ = std::io::Read::read(stream, &mut [0; 1_024]);
    }
}

#[test]
fn lf67_stop_ends_a_tls_connection_in_every_state() {
    let within = Duration::from_millis(300);
    let silent = Front::scripted(hold);
    let session = builder(Trust::new()).build().expect("a session");
    session.start(silent.url("localhost")).expect("it starts");
    wait_until("the handshake has begun", || !silent.connections().is_empty());
    let (took, ()) = timed(|| session.stop());
    assert!(took < within, "in the handshake: {took:?}");

    let (sink, authority) = (Sink::start(&[Behaviour::Accept]), Authority::new("ours"));
    let front = Front::start(authority.identity(), sink.port(), Fate::StopsReading, 5_000);
    let session = builder(trusting(&authority)).build().expect("a session");
    session.start(front.url("localhost")).expect("it starts");
    wait_live(&session);
    // More than every buffer on the way takes.
    let config = avc_config();
    for number in 0..300_u32 {
        let kind = if number % 10 == 0 { FrameKind::Idr } else { FrameKind::Reference };
        let mut unit = video(&config, number, i64::from(number) * 5, kind);
        unit.payload = support::units::nal(if number % 10 == 0 { 5 } else { 1 }, &[0x77; 60_000]);
        session.push_encoded_video(unit).expect("a push");
        pause(Duration::from_millis(2));
    }
    let (took, ()) = timed(|| session.stop());
    assert!(took < within, "while nobody reads: {took:?}");
    assert_eq!(session.state(), State::Stopped);
}
