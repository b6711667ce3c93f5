//! A file beside the stream: what is pushed is in it, whatever becomes of the connection.

mod support;

use std::path::PathBuf;
use std::time::Duration;

use onair::{Destinations, Error, Event, ReconnectPolicy, Session, Source, State};
use onair_types::FrameKind;
use support::sink::{Behaviour, Sink};
use support::units::{audio, audio_config, avc_config, video, video_config};
use support::{events_until, pause, wait_live};

/// A folder that goes with its guard.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("onair-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("show.flv")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays is no reason to fail.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn session() -> Session {
    let mut policy = ReconnectPolicy::default();
    policy.max_delay = Duration::from_millis(50);
    Session::builder(Some(audio_config()), Some(video_config()))
        .audio_source(Source::Encoded)
        .video_source(Source::Encoded)
        .reconnect(policy)
        .build()
        .expect("a session")
}

/// Pushes `count` pictures and sounds from number `first` on, an IDR each tenth, in their rhythm.
fn push(session: &Session, first: u32, count: u32) {
    let config = avc_config();
    for number in first..first + count {
        let kind = if number % 10 == 0 { FrameKind::Idr } else { FrameKind::Reference };
        let at_ms = i64::from(number) * 5;
        session.push_encoded_audio(audio(number, at_ms)).expect("it runs");
        session.push_encoded_video(video(&config, number, at_ms, kind)).expect("it runs");
        pause(Duration::from_millis(5));
    }
}

#[test]
fn r20_a_recording_goes_on_while_the_connection_is_lost_and_made_again() {
    let folder = Folder::new("r20");
    // More than a second of media: a close before that is a refusal.
    let sink = Sink::start(&[Behaviour::CloseAfter(500), Behaviour::Accept]);
    let session = session();
    session.start_recording(folder.file()).expect("a file, before the start too");
    session.start(sink.url().as_str()).expect("it starts");
    wait_live(&session);
    push(&session, 0, 450);
    let recording = session.stop_recording().expect("a file").expect("a recording");
    assert!(session.statistics().reconnects >= 1, "{:?}", session.statistics());
    assert_eq!((recording.frames, recording.audio_frames), (450, 450));
    assert_eq!((recording.frames_missing, recording.audio_frames_missing), (0, 0));
    assert_eq!(recording.duration, Duration::from_millis(449 * 5));
    let size = std::fs::metadata(folder.file()).expect("it is there").len();
    assert_eq!(recording.size_bytes, size);
    session.stop();
}

#[test]
fn a_recording_may_begin_late_and_ends_with_the_broadcast() {
    let folder = Folder::new("late");
    let sink = Sink::good();
    let session = session();
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url().as_str()).expect("it starts");
    wait_live(&session);
    push(&session, 0, 25);
    session.start_recording(folder.file()).expect("a file");
    assert!(matches!(session.start_recording(folder.0.join("b.flv")), Err(Error::Misuse(_))));
    let wanted = events_until(&mut events, |event| *event == Event::KeyframeWanted);
    assert!(!wanted.is_empty(), "an encoder of the app is asked for a beginning");
    push(&session, 25, 25);
    session.stop();
    assert_eq!(session.state(), State::Stopped);
    let recording = session.stop_recording().expect("a file").expect("a recording");
    assert_eq!(recording.frames, 20, "from the IDR on");
    assert_eq!(session.stop_recording(), Ok(None), "told once");
}

#[test]
fn a_recording_that_cannot_be_leaves_the_stream_alone() {
    let folder = Folder::new("refused");
    std::fs::write(folder.file(), b"a show of yesterday").expect("a file");
    let sink = Sink::good();
    let session = session();
    session.start(sink.url().as_str()).expect("it starts");
    wait_live(&session);
    let error = session.start_recording(folder.file()).expect_err("it exists");
    assert_eq!(error.code(), 210);
    assert!(error.to_string().contains("show.flv"), "{error}");
    push(&session, 0, 10);
    sink.wait_for("the stream goes on", 0, |seen| {
        seen.media.iter().filter(|media| media.is_video()).count() == 10
    });
    assert_eq!(std::fs::read(folder.file()).expect("it is there"), b"a show of yesterday");
}

#[test]
fn a_recording_has_everything_whatever_becomes_of_several_destinations() {
    let sinks = [Behaviour::Accept, Behaviour::StopReading, Behaviour::CloseOnPublish];
    let sinks = sinks.map(|behaviour| Sink::start(&[behaviour]));
    let folder = Folder::new("several");
    let session = session();
    session.start_recording(folder.file()).expect("a file");
    session.start(Destinations::new(sinks.each_ref().map(Sink::url))).expect("it starts");
    wait_live(&session);
    push(&session, 0, 100);
    session.stop();
    let recording = session.stop_recording().expect("it is whole").expect("there was one");
    assert_eq!((recording.frames, recording.audio_frames), (100, 100), "each once");
}
