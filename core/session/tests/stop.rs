//! R19: `stop` returns within 300 ms in every state and leaves no thread and no socket. The tests
//! look at the whole process and therefore run one after the other.

#![cfg(target_os = "linux")]

#[cfg(feature = "rooms")]
#[path = "stop/rooms.rs"]
mod rooms;
mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onair::{
    CaptureTime, ConnectError, Connector, Delivery, Destination, Destinations, Event, FrameView,
    Pcm, PixelFormat, PushError, ReconnectPolicy, Session, SessionBuilder, Source, State, Target,
};
use onair_types::FrameKind;
use support::encoders::{Luma, Peak, no_trouble};
use support::sink::{Behaviour, Sink};
use support::units::{audio_config, avc_config, nal, video, video_config};
use support::{LIMIT, events_until, open_files, pause, threads, timed, wait_live, wait_until};

static ALONE: Mutex<()> = Mutex::new(());

/// Nothing else of a session exists while this is held.
fn alone() -> MutexGuard<'static, ()> {
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    assert_no_thread();
    guard
}

fn encoded() -> SessionBuilder {
    Session::builder(None, Some(video_config())).video_source(Source::Encoded)
}

fn raw() -> Session {
    Session::builder(Some(audio_config()), Some(video_config()))
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(30, no_trouble())))))
        .audio_encoder(Box::new(|_| Ok(Box::new(Peak::new(no_trouble())))))
        .build()
        .expect("a session")
}

/// Stops and checks what R19 promises.
fn stop(session: &Session) {
    let (took, ()) = timed(|| session.stop());
    assert!(took < Duration::from_millis(300), "stop took {took:?}");
    assert_no_thread();
}

/// The system lists a thread for some microseconds after it was joined.
fn assert_no_thread() {
    for _ in 0..20 {
        if threads().is_empty() {
            return;
        }
        pause(Duration::from_millis(1));
    }
    assert_eq!(threads(), Vec::<String>::new(), "no thread stays");
}

#[test]
fn r19_before_the_start_and_twice() {
    let _alone = alone();
    let session = raw();
    stop(&session);
    assert_eq!(session.state(), State::Ready);
    let sink = Sink::good();
    session.start(sink.url()).expect("it starts");
    stop(&session);
    stop(&session);
    assert_eq!(session.state(), State::Stopped);
}

#[test]
fn r19_at_once_after_the_start_a_hundred_times() {
    let _alone = alone();
    let sink = Sink::good();
    let session = raw();
    session.start(sink.url()).expect("it starts");
    stop(&session);
    wait_until("the first connection is closed", || sink.connections().iter().all(|c| c.is_closed));
    let files = open_files();
    for _ in 0..100 {
        session.start(sink.url()).expect("it starts again");
        stop(&session);
    }
    wait_until("all connections are closed", || sink.connections().iter().all(|c| c.is_closed));
    wait_until("no socket stays", || open_files() <= files);
}

#[test]
fn r19_while_a_server_never_answers() {
    let _alone = alone();
    let sink = Sink::start(&[Behaviour::NeverAnswer]);
    let session = raw();
    session.start(sink.url()).expect("it starts");
    wait_until("the connection stands", || sink.connections().len() == 1);
    pause(Duration::from_millis(20));
    stop(&session);
}

/// Never connects, as a name server that hangs or an address that swallows everything.
struct Hanging;

impl Connector for Hanging {
    fn connect(&self, _: Target) -> onair::transport::Connecting {
        Box::pin(std::future::pending())
    }
}

#[test]
fn r19_while_connecting() {
    let _alone = alone();
    let session = encoded()
        .allow_plaintext(true)
        .connector(std::sync::Arc::new(Hanging))
        .build()
        .expect("a session");
    session.start("rtmp://hangs.invalid/live/key").expect("it starts");
    pause(Duration::from_millis(20));
    stop(&session);
}

#[test]
fn r19_while_live_with_frames_under_way() {
    let _alone = alone();
    let sink = Sink::good();
    let session = raw();
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    std::thread::scope(|scope| {
        let pusher = scope.spawn(|| {
            let data = vec![128; 64 * 48 * 3 / 2];
            let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
            let samples = vec![1; 2_940];
            let pcm = Pcm { samples: &samples, sample_rate_hz: 44_100, channels: 2 };
            for number in 0.. {
                let at = CaptureTime::from_millis(number * 33);
                let pushed = session.push_video(frame, at).and(session.push_audio(pcm, at));
                if let Err(error) = pushed {
                    return error;
                }
                pause(Duration::from_millis(1));
            }
            unreachable!("the loop does not end")
        });
        pause(Duration::from_millis(200));
        stop(&session);
        assert_eq!(pusher.join().expect("the pusher ends"), PushError::NotRunning);
    });
}

#[test]
fn r19_with_a_server_that_reads_no_more() {
    let _alone = alone();
    let sink = Sink::start(&[Behaviour::StopReading]);
    let session = encoded().build().expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let config = avc_config();
    for number in 0..200 {
        let kind = if number % 30 == 0 { FrameKind::Idr } else { FrameKind::Reference };
        let mut unit = video(&config, number, i64::from(number) * 33, kind);
        unit.payload = nal(if kind == FrameKind::Idr { 5 } else { 1 }, &[7; 60_000]);
        session.push_encoded_video(unit).expect("a push");
        pause(Duration::from_millis(2));
    }
    assert!(session.statistics().queue_bytes > 0, "the socket is full");
    stop(&session);
}

#[test]
fn r19_while_a_file_is_blocked() {
    let _alone = alone();
    let sink = Sink::start(&[Behaviour::StopReading]);
    let session = encoded().delivery(Delivery::Complete).build().expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    std::thread::scope(|scope| {
        let file = scope.spawn(|| {
            let config = avc_config();
            (0..).find_map(|number| {
                let mut unit = video(&config, number, i64::from(number) * 33, FrameKind::Idr);
                unit.payload = nal(5, &[7; 60_000]);
                session.push_encoded_video(unit).err()
            })
        });
        wait_until("the file waits", || session.statistics().queue_bytes > 1 << 20);
        pause(Duration::from_millis(50));
        stop(&session);
        assert_eq!(file.join().expect("the file ends"), Some(PushError::NotRunning));
    });
}

#[test]
fn lf66_during_the_wait_for_the_next_attempt() {
    let _alone = alone();
    let sink = Sink::start(&[Behaviour::CloseOnPublish]);
    let mut policy = ReconnectPolicy::default();
    policy.retry_first_connection = true;
    policy.max_delay = Duration::from_secs(8);
    let session = encoded().reconnect(policy).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    events_until(&mut events, |event| *event == Event::State(State::Reconnecting));
    stop(&session);
    let connections = sink.connections().len();
    pause(Duration::from_millis(600));
    assert_eq!(sink.connections().len(), connections, "no later connection");
    let rest: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
    let stops = rest.iter().filter(|event| **event == Event::State(State::Stopped)).count();
    assert_eq!(stops, 1, "exactly one Stopped: {rest:?}");
}

#[test]
fn r19_while_an_encoder_is_busy() {
    let _alone = alone();
    let sink = Sink::good();
    let slow = std::sync::Arc::new(|_| {
        pause(Duration::from_millis(30));
        Ok(())
    });
    let session = Session::builder(None, Some(video_config()))
        .video_encoder(Box::new(move |_| Ok(Box::new(Luma::new(30, slow.clone())))))
        .build()
        .expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push_pictures(&session, 5);
    stop(&session);
}

#[test]
fn r19_an_encoder_that_does_not_return_is_left_behind() {
    let _alone = alone();
    let sink = Sink::good();
    let stuck = std::sync::Arc::new(|_| {
        pause(Duration::from_millis(700));
        Ok(())
    });
    let session = Session::builder(None, Some(video_config()))
        .video_encoder(Box::new(move |_| Ok(Box::new(Luma::new(30, stuck.clone())))))
        .build()
        .expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push_pictures(&session, 2);
    let (took, ()) = timed(|| session.stop());
    assert!(took < Duration::from_millis(300), "stop took {took:?}");
    wait_until("nothing else stays", || threads() == ["onair-video"]);
    wait_until("it ends when the encoder returns", || threads().is_empty());
    assert_eq!(session.state(), State::Stopped);
}

#[test]
fn r19_while_it_finishes() {
    let _alone = alone();
    let sink = Sink::start(&[Behaviour::StopReading]);
    let session = encoded().delivery(Delivery::Complete).build().expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let mut unit = video(&avc_config(), 0, 0, FrameKind::Idr);
    unit.payload = nal(5, &vec![7; 8_000_000]);
    session.push_encoded_video(unit).expect("a push");
    std::thread::scope(|scope| {
        let finisher = scope.spawn(|| session.finish(LIMIT));
        pause(Duration::from_millis(100));
        stop(&session);
        assert!(!finisher.join().expect("finish returns"), "not all was sent");
    });
}

#[test]
fn a_finish_ends_with_its_deadline() {
    let _alone = alone();
    let sink = Sink::start(&[Behaviour::NeverAnswer]);
    let session = encoded().build().expect("a session");
    session.start(sink.url()).expect("it starts");
    session.push_encoded_video(video(&avc_config(), 0, 0, FrameKind::Idr)).expect("a push");
    let (took, all_sent) = timed(|| session.finish(Duration::from_millis(300)));
    assert!(!all_sent);
    assert!((300..700).contains(&took.as_millis()), "{took:?}");
    assert_no_thread();
}

#[test]
fn r19_with_destinations_in_every_state() {
    let _alone = alone();
    let behaviours =
        [Behaviour::Accept, Behaviour::StopReading, Behaviour::NeverAnswer, Behaviour::Garbage];
    let sinks = behaviours.map(|behaviour| Sink::start(&[behaviour]));
    let mut policy = ReconnectPolicy::default();
    policy.retry_first_connection = true;
    let session = Session::builder(None, Some(video_config()))
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(30, no_trouble())))))
        .reconnect(policy)
        .build()
        .expect("a session");
    let gone = Sink::good().url();
    let backed = Destination::from("rtmp://127.0.0.1:1/live/key").backup(sinks[2].url() + "2");
    let urls = sinks.iter().map(|sink| Destination::from(sink.url()));
    let files = open_files();
    for round in 0..3 {
        let all = urls.clone().chain([Destination::from(&gone), backed.clone()]);
        let all = Destinations::new(all).backup_after(Duration::from_millis(50 * round));
        session.start(all).expect("it starts");
        wait_until("two are live", || {
            session.destinations().iter().filter(|one| one.state == State::Live).count() == 2
        });
        let mut names = threads();
        names.retain(|name| name != "onair-dns");
        names.sort();
        assert_eq!(names, ["onair-net", "onair-video"], "one thread for all destinations");
        push_pictures(&session, 30);
        pause(Duration::from_millis(40 * round));
        stop(&session);
        assert_eq!(session.state(), State::Stopped);
        assert!(session.destinations().iter().all(|one| !one.state.is_running()));
    }
    drop(sinks);
    wait_until("no socket stays", || open_files() <= files);
}

#[test]
fn r19_a_dropped_session_stops() {
    let _alone = alone();
    let sink = Sink::good();
    let session = raw();
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    drop(session);
    assert_no_thread();
    sink.wait_for("the goodbye", 0, |seen| seen.commands.iter().any(|c| c == "deleteStream"));
    let last = std::iter::from_fn(|| events.next_blocking()).last();
    assert_eq!(last, Some(Event::State(State::Stopped)), "the events end by themselves");
}

#[test]
fn exactly_three_threads_work() {
    let _alone = alone();
    let sink = Sink::good();
    let session = raw();
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let mut names = threads();
    names.sort();
    assert_eq!(names, ["onair-audio", "onair-net", "onair-video"]);
    stop(&session);
}

/// A refusal of its own, for a connector that fails.
struct Refusing;

impl Connector for Refusing {
    fn connect(&self, _: Target) -> onair::transport::Connecting {
        Box::pin(std::future::ready(Err(ConnectError::Refused)))
    }
}

#[test]
fn a_failed_session_leaves_nothing_either() {
    let _alone = alone();
    let session = encoded()
        .allow_plaintext(true)
        .connector(std::sync::Arc::new(Refusing))
        .build()
        .expect("a session");
    session.start("rtmp://nowhere.invalid/live/key").expect("it starts");
    wait_until("it failed", || session.state() == State::Failed);
    wait_until("its threads are gone", || threads().is_empty());
    let unit = video(&avc_config(), 0, 0, FrameKind::Idr);
    assert_eq!(session.push_encoded_video(unit), Err(PushError::NotRunning));
    stop(&session);
    assert_eq!(session.state(), State::Failed, "why it ended stays to be read");
}

fn push_pictures(session: &Session, count: i64) {
    let data = vec![128; 64 * 48 * 3 / 2];
    let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    for number in 0..count {
        session.push_video(frame, CaptureTime::from_millis(number * 33)).expect("a push");
        pause(Duration::from_millis(5));
    }
}
