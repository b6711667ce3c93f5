//! Several destinations from one encode: everybody gets everything, and nobody pays for another one
//! that is slow, stalled, refused or dead.

mod support;

use std::time::{Duration, Instant};

use onair::{
    Alignment, BitratePolicy, Destination, Destinations, DestinationsError, Error, Event, Events,
    PushError, ReconnectPolicy, Session, SessionBuilder, Source, State,
};
use onair_types::FrameKind;
use onair_types::h264::AvcConfig;
use support::sink::{Behaviour, KEY, Media, Seen, Sink};
use support::units::{audio, audio_config, avc_config, nal, video, video_config};
use support::{LIMIT, events_until, pause, states, wait_live, wait_until};

fn builder() -> SessionBuilder {
    Session::builder(None, Some(video_config())).video_source(Source::Encoded)
}

fn started(destinations: impl Into<Destinations>) -> (Session, Events) {
    let session = builder().build().expect("a session");
    let events = session.events().expect("the first consumer");
    session.start(destinations).expect("it starts");
    (session, events)
}

/// Pushes pictures of so many bytes, at 30 a second and each tenth an IDR.
struct Camera {
    config: std::sync::Arc<AvcConfig>,
    bytes: usize,
    next: u32,
}

impl Camera {
    fn new(bytes: usize) -> Self {
        Self { config: avc_config(), bytes, next: 0 }
    }

    fn push(&mut self, session: &Session) -> Result<Instant, PushError> {
        let number = self.next;
        self.next += 1;
        let kind = if number.is_multiple_of(10) { FrameKind::Idr } else { FrameKind::Reference };
        let mut unit = video(&self.config, number, i64::from(number) * 33, kind);
        let nal_type = if kind == FrameKind::Idr { 5 } else { 1 };
        let mut bytes = vec![0x11; self.bytes];
        bytes.extend(number.to_be_bytes());
        unit.payload = nal(nal_type, &bytes);
        let at = now();
        session.push_encoded_video(unit).map(|()| at)
    }

    /// In real time; when each was pushed.
    fn run(&mut self, session: &Session, time: Duration) -> Vec<Instant> {
        let began = now();
        let mut pushed = Vec::new();
        while began.elapsed() < time {
            pushed.push(self.push(session).expect("a push"));
            let next = Duration::from_micros(33_333) * pushed.len() as u32;
            pause(next.saturating_sub(began.elapsed()));
        }
        pushed
    }
}

#[expect(clippy::disallowed_methods, reason = "tests measure real time")]
fn now() -> Instant {
    Instant::now()
}

/// Numbers of the pictures that arrived, and when.
fn pictures(seen: &Seen) -> Vec<(u32, Instant)> {
    let both = seen.media.iter().zip(&seen.arrivals);
    both.filter_map(|(media, at)| match media {
        Media::Video { data, .. } => {
            data.last_chunk().map(|number| (u32::from_be_bytes(*number), *at))
        }
        _ => None,
    })
    .collect()
}

fn numbers(seen: &Seen) -> Vec<u32> {
    pictures(seen).into_iter().map(|(number, _)| number).collect()
}

/// The state of each destination.
fn standing(session: &Session) -> Vec<State> {
    session.destinations().iter().map(|one| one.state).collect()
}

fn wait_all_live(session: &Session) {
    wait_until("all are live", || standing(session).iter().all(|state| *state == State::Live));
}

#[test]
fn everybody_gets_everything_from_one_encode() {
    let sinks = [Sink::good(), Sink::good(), Sink::good()];
    let session = Session::builder(Some(audio_config()), Some(video_config()))
        .audio_source(Source::Encoded)
        .video_source(Source::Encoded)
        .build()
        .expect("a session");
    session.start(Destinations::new(sinks.each_ref().map(Sink::url))).expect("it starts");
    wait_all_live(&session);
    let mut camera = Camera::new(100);
    for number in 0..60 {
        session.push_encoded_audio(audio(number, i64::from(number) * 33)).expect("a push");
        camera.push(&session).expect("a push");
        pause(Duration::from_millis(3));
    }
    assert!(session.finish(LIMIT), "all was sent");
    for sink in &sinks {
        let seen = sink.wait_for("all of it", 0, |seen| numbers(seen).len() == 60);
        assert!(numbers(&seen).into_iter().eq(0..60));
        assert_eq!(seen.media.iter().filter(|media| media.is_audio()).count(), 60);
        assert!(seen.commands.ends_with(&["FCUnpublish".to_owned(), "deleteStream".to_owned()]));
    }
    let all = session.statistics();
    let each = session.destinations();
    assert_eq!((all.frames_encoded, all.frames_sent), (60, 180));
    assert_eq!(each.iter().map(|one| one.bytes_sent).sum::<u64>(), all.bytes_sent);
    for one in each {
        assert_eq!((one.frames_sent, one.audio_frames_sent, one.state), (60, 60, State::Stopped));
        assert!(!one.is_backup);
    }
}

#[test]
fn a_hard_failure_ends_one_destination_and_the_last_one_the_session() {
    let refusing = Sink::start(&[Behaviour::RejectPublish("NetStream.Publish.Denied")]);
    let dying = Sink::start(&[Behaviour::CloseAfter(40), Behaviour::CloseOnPublish]);
    let mut policy = ReconnectPolicy::default();
    policy.budget = Some(Duration::from_secs(1));
    let session = builder().reconnect(policy).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    let named = [Destination::from(refusing.url()).named("shut"), (&dying.url()).into()];
    session.start(Destinations::new(named)).expect("it starts");
    let seen = events_until(&mut events, |event| match event {
        Event::Destination { destination, state: State::Failed } => destination.name() == "shut",
        _ => false,
    });
    let told = seen.iter().find_map(|event| match event {
        Event::Lost { destination, error, retry_in: None, .. } => Some((destination, error)),
        _ => None,
    });
    let (destination, error) = told.expect("it is told why");
    assert_eq!((destination.index(), destination.name(), error.code()), (0, "shut", 204));
    wait_live(&session);
    assert_eq!((session.last_error(), session.state()), (None, State::Live));
    let mut camera = Camera::new(100);
    while session.state().is_running() && camera.push(&session).is_ok() {
        pause(Duration::from_millis(10));
    }
    let rest = events_until(&mut events, |event| *event == Event::State(State::Failed));
    assert_eq!(states(&rest).last(), Some(&State::Failed));
    assert_eq!(standing(&session), [State::Failed, State::Failed]);
    assert!(session.last_error().is_some());
    assert!(!format!("{seen:?}{rest:?}{:?}", session.destinations()).contains(KEY));
}

#[test]
fn what_is_stalled_silent_or_refused_costs_the_others_nothing() {
    let (stalled, silent) = (Behaviour::StopReading, Behaviour::NeverAnswer);
    let bad = [stalled, silent, Behaviour::Garbage].map(|how| Sink::start(&[how]));
    let gone = Sink::good().url();
    let good = Sink::good();
    let urls = bad.iter().map(Sink::url).chain([gone, good.url()]);
    let (session, _events) = started(Destinations::new(urls));
    wait_until("the good one is live", || standing(&session)[4] == State::Live);
    wait_until("the stalled one is live", || standing(&session)[0] == State::Live);
    let mut camera = Camera::new(30_000);
    let pushed = camera.run(&session, Duration::from_secs(3));
    let seen = good.wait_for("all", 0, |seen| numbers(seen).len() == pushed.len());
    assert!(numbers(&seen).into_iter().eq(0..pushed.len() as u32), "in order and once");
    let late = pictures(&seen).iter().zip(&pushed).map(|((_, at), pushed)| *at - *pushed).max();
    assert!(late < Some(Duration::from_millis(250)), "{late:?}");
    let each = session.destinations();
    assert!(each[0].frames_dropped > 0, "the stalled one drops by itself: {each:?}");
    assert_eq!((each[4].frames_dropped, each[4].reconnects), (0, 0));
    session.stop();
}

#[test]
fn the_encoder_follows_the_weakest_or_the_first_as_the_app_says() {
    let range = (video_config().min_bitrate_bps(), video_config().bitrate_bps());
    let run = |policy| {
        let (good, slow) = (Sink::good(), Sink::start(&[Behaviour::Slow(8_000)]));
        let urls = [good.url(), slow.url()];
        let (session, _events) = started(Destinations::new(urls).bitrate_policy(policy));
        wait_all_live(&session);
        Camera::new(9_000).run(&session, Duration::from_secs(4));
        let (all, each) = (session.statistics(), session.destinations());
        session.stop();
        (all.target_bitrate_bps, each[0].wanted_bitrate_bps, each[1].wanted_bitrate_bps)
    };
    let (told, first, slow) = run(BitratePolicy::Weakest);
    assert_eq!((told, slow), (range.0, range.0));
    assert!(first > slow, "the good one would have more: {first}");
    let (told, first, slow) = run(BitratePolicy::First);
    assert_eq!((told, slow), (first, range.0));
    let (told, _, slow) = run(BitratePolicy::Fixed);
    assert_eq!((told, slow), (range.1, range.0));
}

#[test]
fn who_comes_later_begins_with_headers_and_an_idr() {
    for alignment in [Alignment::FirstKeyframe, Alignment::AsIs] {
        let early = Sink::good();
        let late = Sink::start(&[Behaviour::CloseOnPublish, Behaviour::Accept]);
        let mut policy = ReconnectPolicy::default();
        (policy.retry_first_connection, policy.fixed_delay) = (true, Some(Duration::from_secs(1)));
        let session = builder().alignment(alignment).reconnect(policy).build().expect("a session");
        session.start(Destinations::new([early.url(), late.url()])).expect("it starts");
        wait_live(&session);
        let pushed = Camera::new(100).run(&session, Duration::from_secs(2)).len();
        let all = early.wait_for("all", 0, |seen| numbers(seen).len() == pushed);
        assert!(numbers(&all).into_iter().eq(0..pushed as u32), "{alignment:?}");
        let seen = late
            .wait_for("the newest", 1, |seen| numbers(seen).last() == Some(&(pushed as u32 - 1)));
        assert_eq!(seen.media[..2], [Media::Metadata, Media::AvcHeader], "{alignment:?}");
        assert!(matches!(seen.media[2], Media::Video { idr: true, .. }), "{alignment:?}");
        let got = numbers(&seen);
        assert!(got[0] > 0 && got.windows(2).all(|pair| pair[1] == pair[0] + 1), "{got:?}");
        session.stop();
    }
}

#[test]
fn what_does_not_fit_together_does_not_start() {
    let session = builder().build().expect("a session");
    let url = |host: &str| format!("rtmp://{host}/live/{KEY}");
    let twice = session.start(Destinations::new([url("a"), url("b"), url("A")]));
    let same = DestinationsError::SameAddress { first: 1, second: 3 };
    assert_eq!(twice, Err(Error::Destinations(same)));
    let many = session.start(Destinations::new((0..9).map(|number| url(&number.to_string()))));
    let too_many = DestinationsError::TooMany { count: 9, most: 8 };
    assert_eq!(many, Err(Error::Destinations(too_many)));
    let none = session.start(Destinations::new([""; 0]));
    assert_eq!(none, Err(Error::Destinations(DestinationsError::None)));
    assert_eq!(session.state(), State::Ready);
    assert!(session.destinations().is_empty());
}

#[test]
fn a_finish_does_not_wait_for_who_has_failed_and_ends_each_that_is_done() {
    let refusing = Sink::start(&[Behaviour::RejectPublish("NetStream.Publish.Denied")]);
    let (good, stalled) = (Sink::good(), Sink::start(&[Behaviour::StopReading]));
    let urls = [refusing.url(), good.url(), stalled.url()];
    let (session, _events) = started(Destinations::new(urls));
    wait_until("they stand", || standing(&session) == [State::Failed, State::Live, State::Live]);
    let mut camera = Camera::new(60_000);
    camera.run(&session, Duration::from_secs(2));
    std::thread::scope(|scope| {
        let finisher = scope.spawn(|| session.finish(Duration::from_secs(3)));
        good.wait_for("the goodbye", 0, |seen| seen.is_closed);
        assert!(!finisher.is_finished(), "the stalled one has the time that was given");
        assert!(!finisher.join().expect("finish returns"), "it did not get all");
    });
    let refusing = Sink::start(&[Behaviour::RejectPublish("NetStream.Publish.Denied")]);
    let good = Sink::good();
    let (session, _events) = started(Destinations::new([refusing.url(), good.url()]));
    wait_until("they stand", || standing(&session) == [State::Failed, State::Live]);
    Camera::new(100).run(&session, Duration::from_millis(300));
    assert!(session.finish(LIMIT), "who has failed is not waited for");
}

/// How late pictures are at a sink that is measured, while other sinks have trouble or not.
fn lateness(neighbours: bool) -> Vec<f64> {
    let third = Sink::good();
    let throttled = Sink::start(&[Behaviour::Slow(25_000)]);
    let killed = Sink::start(&[Behaviour::UntilCut, Behaviour::CloseOnPublish]);
    let mut urls = Vec::new();
    if neighbours {
        urls.extend([throttled.url(), killed.url()]);
    }
    urls.push(third.url());
    let (session, _events) = started(Destinations::new(urls));
    wait_all_live(&session);
    let mut camera = Camera::new(6_000); // 1.4 Mbit/s
    let mut pushed = camera.run(&session, Duration::from_secs(2));
    killed.cut_all();
    pushed.extend(camera.run(&session, Duration::from_secs(3)));
    let seen = third.wait_for("all", 0, |seen| numbers(seen).len() == pushed.len());
    assert!(numbers(&seen).into_iter().eq(0..pushed.len() as u32), "every picture, in order");
    let each = session.destinations();
    if neighbours {
        assert!(each[0].frames_dropped > 0, "200 kbit/s carry less: {:?}", each[0]);
        assert_ne!(each[1].state, State::Live, "{:?}", each[1]);
    }
    session.stop();
    assert_eq!(third.connections().len(), 1);
    let late = pictures(&seen).into_iter().zip(pushed);
    late.map(|((_, at), pushed)| at.saturating_duration_since(pushed).as_secs_f64() * 1e3).collect()
}

#[test]
fn of_three_one_throttled_and_one_killed_the_third_loses_nothing_and_is_no_later() {
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        alone.extend(lateness(false));
        together.extend(lateness(true));
    }
    for (what, part) in [("median", 2), ("95th percentile", 20)] {
        let [before, after] = [&mut alone, &mut together].map(|late| {
            late.sort_by(f64::total_cmp);
            late[late.len() - 1 - late.len() / part]
        });
        let gained = after - before;
        let pass = gained <= 20.0;
        println!(
            "{{\"id\":\"DEST\",\"what\":\"three destinations, one at 200 kbit/s, one killed: later \
             at the third, {what}, ms\",\"value\":{gained:.2},\"alone_ms\":{before:.2},\
             \"limit\":[null,20.0],\"pass\":{pass}}}"
        );
        assert!(pass, "{what}: {before} ms alone, {after} ms beside the others");
    }
}
