//! Several destinations from one encode: everybody gets everything, and nobody loses anything to
//! another one that is slow, stalled, refused or dead. How late they are is in `isolation.rs`.

mod support;

use std::time::Duration;

use onair::{
    Alignment, BitratePolicy, Destination, Destinations, DestinationsError, Error, Event, Events,
    ReconnectPolicy, Session, SessionBuilder, Source, State,
};
use support::camera::{Camera, numbers};
use support::sink::{Behaviour, KEY, Media, Sink};
use support::units::{audio, audio_config, video_config};
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
        // Refused in one flight, in turn, and a second later taken.
        let refused = Behaviour::CloseOnPublish;
        let late = Sink::start(&[refused, refused, Behaviour::Accept]);
        let mut policy = ReconnectPolicy::default();
        (policy.retry_first_connection, policy.fixed_delay) = (true, Some(Duration::from_secs(1)));
        let session = builder().alignment(alignment).reconnect(policy).build().expect("a session");
        session.start(Destinations::new([early.url(), late.url()])).expect("it starts");
        wait_live(&session);
        let pushed = Camera::new(100).run(&session, Duration::from_secs(2)).len();
        let all = early.wait_for("all", 0, |seen| numbers(seen).len() == pushed);
        assert!(numbers(&all).into_iter().eq(0..pushed as u32), "{alignment:?}");
        let seen = late
            .wait_for("the newest", 2, |seen| numbers(seen).last() == Some(&(pushed as u32 - 1)));
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
