//! A destination's backup address: when it takes over, what its viewers get, and the way back.

mod support;

use std::time::Duration;

use onair::{Destination, Destinations, Event, Events, Session, Source, State};
use onair_types::FrameKind;
use support::sink::{Behaviour, Media, Sink};
use support::units::{avc_config, video, video_config};
use support::{events_until, pause, states};

const DENIED: Behaviour = Behaviour::RejectPublish("NetStream.Publish.Denied");
const PATIENCE: Duration = Duration::from_millis(600);

fn start(primary: &str, backup: &str) -> (Session, Events) {
    let session = Session::builder(None, Some(video_config()))
        .video_source(Source::Encoded)
        .build()
        .expect("a session");
    let events = session.events().expect("the first consumer");
    let one = Destination::from(primary).backup(backup).named("show");
    session.start(Destinations::from(one).backup_after(PATIENCE)).expect("it starts");
    (session, events)
}

/// Pushes a picture each 10 ms, each tenth an IDR, until `is_done` holds.
fn push_until(session: &Session, next: &mut u32, is_done: impl Fn() -> bool) {
    let config = avc_config();
    for _ in 0..1_500 {
        if is_done() {
            return;
        }
        let kind = if next.is_multiple_of(10) { FrameKind::Idr } else { FrameKind::Reference };
        let unit = video(&config, *next, i64::from(*next) * 10, kind);
        *next += 1;
        session.push_encoded_video(unit).expect("a push");
        pause(Duration::from_millis(10));
    }
    panic!("not within 1500 pictures");
}

/// Which address was taken, each time it was said.
fn taken(events: &[Event]) -> Vec<bool> {
    let is_backup = |event: &Event| match event {
        Event::AddressChanged { destination, is_backup } => {
            assert_eq!(destination.name(), "show");
            Some(*is_backup)
        }
        _ => None,
    };
    events.iter().filter_map(is_backup).collect()
}

fn pictures(sink: &Sink, index: usize) -> usize {
    let connections = sink.connections();
    connections.get(index).map_or(0, |seen| seen.media.iter().filter(|m| m.is_video()).count())
}

fn begins_whole(sink: &Sink, index: usize) {
    let seen = &sink.connections()[index];
    assert_eq!(seen.media[..2], [Media::Metadata, Media::AvcHeader]);
    assert!(
        matches!(seen.media[2], Media::Video { idr: true, at_ms: 0, .. }),
        "{:?}",
        seen.media[2]
    );
}

#[test]
fn a_refused_key_brings_the_backup_at_once() {
    let (primary, backup) = (Sink::start(&[DENIED]), Sink::good());
    let (session, mut events) = start(&primary.url(), &backup.url());
    push_until(&session, &mut 0, || pictures(&backup, 0) > 20);
    begins_whole(&backup, 0);
    assert_eq!((primary.connections().len(), session.state()), (1, State::Live));
    assert!(session.destinations()[0].is_backup);
    session.stop();
    let seen = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    assert_eq!(taken(&seen), [true]);
    let lost = seen.iter().find_map(|event| match event {
        Event::Lost { error, retry_in, .. } => Some((error.code(), *retry_in)),
        _ => None,
    });
    assert_eq!(lost, Some((204, Some(Duration::ZERO))), "the end of the address, not of the show");
    let all = [State::Pending, State::Reconnecting, State::Live, State::Stopped];
    assert_eq!(states(&seen), all);
    assert_eq!(session.last_error(), None);
}

#[test]
fn a_dead_primary_is_waited_for_as_long_as_was_said_and_no_longer() {
    let primary = Sink::start(&[Behaviour::UntilCut, Behaviour::NeverAnswer]);
    let backup = Sink::good();
    let (session, mut events) = start(&primary.url(), &backup.url());
    let mut next = 0;
    push_until(&session, &mut next, || pictures(&primary, 0) > 230);
    primary.cut_all();
    push_until(&session, &mut next, || pictures(&backup, 0) > 20);
    begins_whole(&backup, 0);
    let ended = primary.connections()[0].ended_at.expect("an end");
    let waited = backup.connections()[0].began_at.expect("a beginning") - ended;
    assert!(waited >= PATIENCE && waited < PATIENCE * 2, "{waited:?}");
    let tried = primary.connections().len();
    pause(PATIENCE);
    assert_eq!(primary.connections().len(), tried, "never both at once");
    assert_eq!(session.destinations()[0].reconnects, 1);
    session.stop();
    let seen = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    assert_eq!(taken(&seen), [true]);
}

#[test]
fn the_primary_comes_back_when_the_backup_fails() {
    let primary = Sink::start(&[Behaviour::UntilCut, DENIED, DENIED, Behaviour::Accept]);
    let backup = Sink::start(&[Behaviour::UntilCut, DENIED]);
    let (session, mut events) = start(&primary.url(), &backup.url());
    let mut next = 0;
    push_until(&session, &mut next, || pictures(&primary, 0) > 230);
    primary.cut_all();
    push_until(&session, &mut next, || pictures(&backup, 0) > 230);
    backup.cut_all();
    push_until(&session, &mut next, || pictures(&primary, 3) > 20);
    begins_whole(&primary, 3);
    assert_eq!(session.destinations()[0].reconnects, 2);
    session.stop();
    let seen = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    assert_eq!(taken(&seen), [true, false]);
}

#[test]
fn when_both_refuse_the_destination_ends() {
    let (primary, backup) = (Sink::start(&[DENIED]), Sink::start(&[DENIED]));
    let (session, mut events) = start(&primary.url(), &backup.url());
    let seen = events_until(&mut events, |event| *event == Event::State(State::Failed));
    assert_eq!(taken(&seen), [true]);
    let ends = seen.iter().filter(|e| matches!(e, Event::Lost { retry_in: None, .. })).count();
    assert_eq!((ends, primary.connections().len(), backup.connections().len()), (1, 1, 1));
    assert_eq!(session.last_error().map(|error| error.code()), Some(204));
}

#[test]
fn a_stop_while_the_address_changes_ends_everything() {
    let (primary, backup) = (Sink::start(&[Behaviour::NeverAnswer]), Sink::good());
    let (session, mut events) = start(&primary.url(), &backup.url());
    events_until(&mut events, |event| matches!(event, Event::AddressChanged { .. }));
    let (took, ()) = support::timed(|| session.stop());
    assert!(took < Duration::from_millis(300), "{took:?}");
    assert_eq!(session.state(), State::Stopped);
}
