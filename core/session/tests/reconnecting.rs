//! A stream that is lost comes back, over real sockets: how soon, after which ends, and with what
//! the system says of the network.

mod support;

use std::time::Duration;

use onair::{
    CaptureTime, Event, FrameView, NetworkPath, PixelFormat, ReconnectPolicy, Session, Source,
    State,
};
use onair_types::FrameKind;
use support::encoders::{Luma, no_trouble};
use support::sink::{Behaviour, Media, Sink};
use support::units::{avc_config, video, video_config};
use support::{LIMIT, events_until, pause, states, timed, wait_live};

/// A session whose encoder makes one GOP for ever: only a request brings another IDR.
fn session() -> Session {
    Session::builder(None, Some(video_config()))
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(u32::MAX, no_trouble())))))
        .reconnect(ReconnectPolicy::default())
        .build()
        .expect("a session")
}

/// Pushes a picture every 10 ms until `is_done` holds.
fn push_until(session: &Session, is_done: impl Fn() -> bool) {
    let data = vec![128; 64 * 48 * 3 / 2];
    let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    for number in 0..1_000 {
        if is_done() {
            return;
        }
        session.push_video(frame, CaptureTime::from_millis(number * 10)).expect("a push");
        pause(Duration::from_millis(10));
    }
    panic!("not within 1000 pictures");
}

/// From the end of a live connection in mid-GOP to the first IDR on the next one.
fn gap(end: Behaviour) -> Duration {
    let sink = Sink::start(&[end, Behaviour::Accept]);
    let session = session();
    session.start(sink.url()).expect("it starts");
    let back = || sink.connections().get(1).is_some_and(|second| second.first_idr_at.is_some());
    push_until(&session, back);
    session.stop();
    let seen = sink.connections();
    let (ended, back) = (seen[0].ended_at.expect("an end"), seen[1].first_idr_at.expect("an IDR"));
    back.duration_since(ended)
}

#[test]
fn r01_after_a_reset_in_mid_gop_the_first_idr_comes_within_1500_ms() {
    let mut gaps = Vec::new();
    for _ in 0..3 {
        let runs = [(); 7].map(|()| std::thread::spawn(|| gap(Behaviour::ResetAfter(120))));
        gaps.extend(runs.map(|run| run.join().expect("a gap")));
    }
    gaps.sort();
    let (median, p95) = (gaps[gaps.len() / 2], gaps[gaps.len() * 95 / 100]);
    println!("first IDR after a reset: p50 {median:?}, p95 {p95:?} of {}", gaps.len());
    assert!(p95 <= Duration::from_millis(1_500), "{gaps:?}");
}

#[test]
fn r02_a_fin_and_a_reset_are_losses_that_are_retried() {
    for (end, word) in
        [(Behaviour::CloseAfter(120), "closed"), (Behaviour::ResetAfter(120), "reset")]
    {
        let sink = Sink::start(&[end, Behaviour::Accept]);
        let session = session();
        let mut events = session.events().expect("the first consumer");
        session.start(sink.url()).expect("it starts");
        push_until(&session, || sink.connections().len() == 2);
        let lost = events_until(&mut events, |event| matches!(event, Event::Lost { .. })).pop();
        let Some(Event::Lost { error, attempt: 0, retry_in: Some(wait), .. }) = lost else {
            panic!("{end:?}: {lost:?}")
        };
        assert!(error.code() == 203 && error.to_string().contains(word), "{end:?}: {error}");
        assert!(wait <= Duration::from_millis(250), "{end:?}: {wait:?}");
        let back = events_until(&mut events, |event| *event == Event::State(State::Live));
        assert_eq!(states(&back), [State::Reconnecting, State::Live], "{end:?}");
        session.stop();
    }
}

#[test]
fn r13_without_a_network_nothing_is_tried_and_with_one_soon() {
    let sink = Sink::start(&[Behaviour::CloseAfter(120), Behaviour::Accept]);
    let session = session();
    session.report_path(NetworkPath::Down); // nothing runs: nothing happens
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    session.report_path(NetworkPath::Down);
    push_until(&session, || session.state() == State::Reconnecting);
    pause(Duration::from_millis(700));
    assert_eq!((sink.connections().len(), session.state()), (1, State::Reconnecting));
    session.report_path(NetworkPath::Up);
    let (took, ()) = timed(|| wait_live(&session));
    assert!((300..1_000).contains(&took.as_millis()), "{took:?}");
    session.stop();
}

#[test]
fn r19_stop_while_there_is_no_network() {
    let sink = Sink::start(&[Behaviour::CloseAfter(120), Behaviour::Accept]);
    let session = session();
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    session.report_path(NetworkPath::Down);
    push_until(&session, || session.state() == State::Reconnecting);
    pause(Duration::from_millis(300));
    let (took, ()) = timed(|| session.stop());
    assert!(took <= Duration::from_millis(300), "{took:?}");
    session.report_path(NetworkPath::Up);
    pause(Duration::from_millis(700));
    assert_eq!(sink.connections().len(), 1);
    assert_eq!(session.state(), State::Stopped);
}

#[test]
fn r15_a_server_that_asks_for_another_connection_gets_it_without_a_gap() {
    let sink = Sink::start(&[Behaviour::AskToMove(40), Behaviour::Accept]);
    let session = Session::builder(None, Some(video_config()))
        .video_source(Source::Encoded)
        .build()
        .expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let config = avc_config();
    for number in 0..150u32 {
        let kind = if number % 30 == 0 { FrameKind::Idr } else { FrameKind::Reference };
        let unit = video(&config, number, i64::from(number) * 10, kind);
        session.push_encoded_video(unit).expect("a push");
        pause(Duration::from_millis(10));
    }
    assert!(session.finish(LIMIT));
    let seen = sink.connections();
    assert_eq!(seen.len(), 2);
    let numbers = seen.iter().flat_map(|one| &one.media).filter_map(|media| match media {
        Media::Video { data, .. } => data.last_chunk().map(|bytes| u32::from_be_bytes(*bytes)),
        _ => None,
    });
    assert!(numbers.eq(0..150), "every picture once and in order");
    let second = seen[1].media.iter().find(|media| media.is_video());
    assert!(matches!(second, Some(Media::Video { idr: true, at_ms: 0, .. })), "{second:?}");
    assert!(seen[0].commands.ends_with(&["FCUnpublish".to_owned(), "deleteStream".to_owned()]));
    let all = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    assert_eq!(states(&all), [State::Pending, State::Live, State::Stopped], "no gap for the app");
}
