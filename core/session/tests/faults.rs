//! Servers that refuse, hang up, stay silent or talk nonsense: each failure has its name, its code
//! and its advice, none holds the key, and a stream that was live comes back.

mod support;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use onair::{
    CaptureTime, Error, Event, Events, FrameView, PixelFormat, ReconnectPolicy, Session,
    SessionBuilder, Source, State,
};
use onair_types::FrameKind;
use socket2::{Domain, Socket, Type};
use support::encoders::{Luma, no_trouble};
use support::sink::{Behaviour, KEY, Media, Sink, asking};
use support::units::{avc_config, video, video_config};
use support::{LIMIT, events_until, pause, states, timed, wait_live};

fn builder() -> SessionBuilder {
    Session::builder(None, Some(video_config())).video_source(Source::Encoded)
}

/// Tries again soon, for `budget`.
fn retrying(budget: Duration) -> ReconnectPolicy {
    let mut policy = ReconnectPolicy::default();
    policy.retry_first_connection = true;
    policy.max_delay = Duration::from_millis(100);
    policy.budget = Some(budget);
    policy
}

fn is_end(event: &Event) -> bool {
    matches!(event, Event::State(State::Failed | State::Stopped))
}

/// Starts towards `url` and returns everything up to the end.
fn fail(session: &Session, url: &str) -> (Vec<Event>, Error) {
    let mut events = session.events().expect("the first consumer");
    session.start(url).expect("it starts");
    let seen = events_until(&mut events, is_end);
    assert_eq!(states(&seen).last(), Some(&State::Failed));
    assert_eq!(session.state(), State::Failed);
    (seen, session.last_error().expect("an error"))
}

/// An address on which nobody listens, for as long as the socket lives: its port is taken.
fn refused_url() -> (Socket, String) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    let address = socket.local_addr().ok().and_then(|address| address.as_socket());
    let url = format!("rtmp://{}/live/{KEY}", address.expect("an address"));
    (socket, url)
}

#[test]
fn each_failure_has_its_own_name() {
    use Behaviour::{CloseOnPublish, Garbage, RejectConnect, RejectPublish};
    let servers = [
        (Garbage, 212, "HTTP"), // r12
        (RejectConnect("NetConnection.Connect.InvalidApp"), 204, "InvalidApp"),
        (RejectPublish("NetStream.Publish.Denied"), 204, "Denied"),
        (RejectPublish("NetStream.Publish.BadName"), 206, "in use"), // lf71
        (CloseOnPublish, 204, "the app or the key may be wrong"),    // lf72
    ];
    let mut texts = Vec::new();
    for (behaviour, code, hint) in servers {
        let sink = Sink::start(&[behaviour]);
        let session = builder().build().expect("a session");
        let (seen, error) = fail(&session, &sink.url());
        assert_eq!(error.code(), code, "{behaviour:?}: {error}");
        assert!(error.to_string().contains(hint), "{behaviour:?}: {error}");
        assert!(!error.advice().is_empty());
        assert_eq!(states(&seen), [State::Pending, State::Failed], "{behaviour:?}");
        let lost = |e: &Event| matches!(e, Event::Lost { retry_in: None, attempt: 1, .. });
        assert_eq!(seen.iter().filter(|e| lost(e)).count(), 1, "{behaviour:?}: {seen:?}");
        // A close may mean that the server wants to be asked in turn, and the same attempt does so.
        let connections = if behaviour == CloseOnPublish { 2 } else { 1 };
        assert_eq!(sink.connections().len(), connections, "no second attempt: {behaviour:?}");
        assert!(!format!("{seen:?} {error} {session:?}").contains(KEY), "{behaviour:?}");
        texts.push(error.to_string());
    }
    let session = builder().build().expect("a session");
    let (_port, url) = refused_url();
    let (_, error) = fail(&session, &url);
    assert_eq!(error.code(), 203);
    assert!(error.to_string().contains("refused"), "{error}");
    texts.push(error.to_string());
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 6, "all different: {texts:?}");
}

/// What a server says begins with its code here.
#[test]
fn r21_a_server_that_wants_an_answer_gets_it_on_a_connection_of_its_own() {
    let sink = Sink::asking(Behaviour::Accept);
    let session = builder().build().expect("a session");
    session.start(sink.url_with_user().as_str()).expect("it starts");
    wait_live(&session);
    assert_eq!(session.last_error(), None);
    session.stop();
    assert_eq!(sink.connections().len(), 3);

    let sink = Sink::asking(Behaviour::RejectConnect(asking::FAILED));
    let session = builder().build().expect("a session");
    let (_, error) = fail(&session, &sink.url_with_user());
    assert_eq!(error.code(), 214, "{error}");
    assert!(error.to_string().contains("refused the user or the password"), "{error}");
    assert_eq!(sink.connections().len(), 3, "a wrong password is not tried again");

    let sink = Sink::start(&[Behaviour::RejectConnect(asking::NEED)]);
    let session = builder().build().expect("a session");
    let (_, error) = fail(&session, &sink.url());
    assert!(error.to_string().contains("wants a user and a password"), "{error}");
}

#[test]
fn r17_a_server_that_never_answers_costs_five_seconds() {
    let sink = Sink::start(&[Behaviour::NeverAnswer]);
    let session = builder().build().expect("a session");
    let (took, (_, error)) = timed(|| fail(&session, &sink.url()));
    assert!((Duration::from_secs(4)..Duration::from_secs(6)).contains(&took), "{took:?}");
    assert_eq!(error.code(), 203);
    assert!(error.to_string().contains("handshake"), "{error}");
}

#[test]
fn lf62_a_refused_server_is_tried_again_until_the_budget_is_spent() {
    let policy = retrying(Duration::from_millis(1_500));
    let session = builder().reconnect(policy).build().expect("a session");
    let (_port, url) = refused_url();
    let (seen, error) = fail(&session, &url);
    assert_eq!(states(&seen), [State::Pending, State::Reconnecting, State::Failed]);
    assert!(matches!(error, Error::GaveUp(_)), "{error:?}");
    assert_eq!(error.code(), 205);
    assert!(error.to_string().contains("refused"), "the last cause is told: {error}");
    let attempts: Vec<u32> = seen
        .iter()
        .filter_map(|event| match event {
            Event::Lost { attempt, .. } => Some(*attempt),
            _ => None,
        })
        .collect();
    assert!(attempts.len() >= 3, "{attempts:?}");
    assert!(attempts.windows(2).all(|pair| pair[1] == pair[0] + 1), "{attempts:?}");
}

#[test]
fn lf73_after_a_failure_a_new_address_has_a_full_budget() {
    let sink = Sink::good();
    let session = builder().build().expect("a session");
    let (_port, url) = refused_url();
    let (_, error) = fail(&session, &url);
    session.start(sink.url()).expect("it starts again");
    wait_live(&session);
    assert_eq!((session.last_error(), error.code()), (None, 203));
    session.stop();
}

#[test]
fn lf74_a_second_start_is_an_error_that_changes_nothing() {
    let sink = Sink::good();
    let session = builder().build().expect("a session");
    session.start(sink.url()).expect("it starts");
    let again = session.start(sink.url()).expect_err("it runs already");
    assert_eq!(again.code(), 208);
    wait_live(&session);
    assert_eq!(sink.connections().len(), 1);
    session.stop();
}

#[test]
fn bad_addresses_are_refused_at_once_and_never_repeated() {
    let session = builder().build().expect("a session");
    for url in [
        format!("http://127.0.0.1/live/{KEY}"),
        format!("rtmp:///live/{KEY}"),
        format!("rtmp://127.0.0.1:99999/live/{KEY}"),
        format!("rtmp://127.0.0.1/{KEY}"),
        format!("rtmp://127.0.0.1/live/{KEY}\r\n"),
    ] {
        let error = session.start(&url).expect_err("a bad address");
        assert_eq!(error.code(), 202, "{error}");
        assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
        assert_eq!(session.state(), State::Ready);
    }
}

/// Pushes a picture every 10 ms, an IDR every `gop`, until `is_done` holds.
fn push_until(session: &Session, gop: u32, is_done: impl Fn() -> bool) {
    let config = avc_config();
    for number in 0..1_000_u32 {
        if is_done() {
            return;
        }
        let is_idr = number % gop == 0;
        let kind = if is_idr { FrameKind::Idr } else { FrameKind::Reference };
        let at_ms = i64::from(number) * 10;
        session.push_encoded_video(video(&config, number, at_ms, kind)).expect("a push");
        pause(Duration::from_millis(10));
    }
    panic!("not within 1000 pictures");
}

fn lost_live(events: &mut Events) -> Event {
    let is_lost = |event: &Event| matches!(event, Event::Lost { .. });
    events_until(events, is_lost).pop().expect("the last one")
}

#[test]
fn lf69_a_closed_stream_comes_back_with_headers_and_an_idr() {
    let sink = Sink::start(&[Behaviour::CloseAfter(150), Behaviour::Accept]);
    let session = builder().reconnect(retrying(LIMIT)).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let resumed = |seen: &[support::sink::Seen]| seen.get(1).is_some_and(|s| s.media.len() > 20);
    push_until(&session, 20, || resumed(&sink.connections()));

    // lf65, lf70: told within a second, with a code, before the wait.
    let lost = lost_live(&mut events);
    let Event::Lost { error, attempt: 0, retry_in: Some(_), .. } = lost else { panic!("{lost:?}") };
    assert_eq!(error.code(), 203);
    let until_live = events_until(&mut events, |event| *event == Event::State(State::Live));
    assert_eq!(states(&until_live), [State::Reconnecting, State::Live]);

    let second = &sink.connections()[1];
    assert_eq!(second.media[..2], [Media::Metadata, Media::AvcHeader], "lf52: headers again");
    assert!(
        matches!(second.media[2], Media::Video { idr: true, at_ms: 0, .. }),
        "lf42: an IDR first, at the connection's zero: {:?}",
        second.media[2]
    );
    let statistics = session.statistics();
    assert_eq!(statistics.reconnects, 1);
    session.stop();
}

#[test]
fn r18_an_encoder_of_ours_makes_an_idr_when_the_stream_comes_back() {
    let sink = Sink::start(&[Behaviour::CloseAfter(110), Behaviour::Accept]);
    let session = Session::builder(None, Some(video_config()))
        // One GOP for ever: only a request brings another IDR.
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(u32::MAX, no_trouble())))))
        .reconnect(retrying(LIMIT))
        .build()
        .expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let data = vec![128; 64 * 48 * 3 / 2];
    let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    for number in 0.. {
        session.push_video(frame, CaptureTime::from_millis(number * 10)).expect("a push");
        pause(Duration::from_millis(10));
        let connections = sink.connections();
        let Some(second) = connections.get(1) else { continue };
        if let Some(first) = second.media.iter().find(|media| media.is_video()) {
            assert!(matches!(first, Media::Video { idr: true, .. }), "{first:?}");
            break;
        }
        assert!(number < 1_000, "the stream did not come back");
    }
    session.stop();
}

#[test]
fn an_app_that_encodes_hears_when_an_idr_is_wanted() {
    let sink = Sink::start(&[Behaviour::CloseAfter(130), Behaviour::Accept]);
    let session = builder().reconnect(retrying(LIMIT)).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push_until(&session, u32::MAX, || sink.connections().len() == 2);
    push_until_event(&session, &mut events, |event| *event == Event::KeyframeWanted);
    session.stop();
}

/// Goes on pushing pictures that are no IDR until `is_it` comes.
fn push_until_event(session: &Session, events: &mut Events, is_it: impl Fn(&Event) -> bool) {
    let config = avc_config();
    for number in 0..1_000_u32 {
        let at_ms = 100_000 + i64::from(number) * 10;
        let unit = video(&config, number, at_ms, FrameKind::Reference);
        session.push_encoded_video(unit).expect("a push");
        if events.next_timeout(Duration::from_millis(10)).is_some_and(|event| is_it(&event)) {
            return;
        }
    }
    panic!("the event did not come");
}

/// Everything logged in this process.
struct Log(Mutex<Vec<String>>);

static LOG: Log = Log(Mutex::new(Vec::new()));

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().expect("the log").push(record.args().to_string());
    }

    fn flush(&self) {}
}

#[test]
fn s01_the_key_is_nowhere() {
    // Other tests of this file log into it too, which only makes it stricter.
    let _ = log::set_logger(&LOG);
    log::set_max_level(log::LevelFilter::Trace);
    let sink = Sink::start(&[
        Behaviour::RejectPublish("NetStream.Publish.BadName"),
        Behaviour::RejectPublish("NetStream.Publish.Denied"),
        Behaviour::Accept,
    ]);
    let session = Arc::new(builder().build().expect("a session"));
    let mut events = session.events().expect("the first consumer");
    let mut shown = Vec::new();
    for _ in 0..2 {
        session.start(sink.url()).expect("it starts");
        for event in events_until(&mut events, is_end) {
            shown.push(format!("{event:?}"));
        }
        let error = session.last_error().expect("an error");
        shown.push(format!("{error} {error:?} {}", error.advice()));
    }
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    shown.push(format!("{session:?} {:?}", session.statistics()));
    assert!(session.finish(LIMIT));
    while let Some(event) = events.try_next() {
        shown.push(format!("{event:?}"));
    }
    shown.extend(LOG.0.lock().expect("the log").clone());
    let leaks: Vec<_> = shown.iter().filter(|text| text.contains(KEY)).collect();
    assert!(leaks.is_empty(), "{leaks:?}");
}
