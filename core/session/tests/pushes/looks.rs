//! What lies over pictures and what is done to them, as the encoder, a preview, a snapshot and a
//! recording get it.

use std::time::Duration;

use onair::overlay::{Content, Image, Place};
use onair::{
    CaptureTime, Effect, Event, Filter, FrameView, I420Mut, InputError, Look, MediaTime, Overlay,
    PixelFormat, Preview, Session, SnapshotError, State, StillError, StillFormat,
};

use crate::support::encoders::{Luma, no_trouble};
use crate::support::sink::Sink;
use crate::support::units::video_config;
use crate::support::{LIMIT, events_until, wait_live, wait_until};
use crate::{encoded, lumas};

fn pictures() -> Session {
    Session::builder(None, Some(video_config()))
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(30, no_trouble())))))
        .delivery(onair::Delivery::Complete)
        .build()
        .expect("a session")
}

/// Pushes gray pictures of luma 100 and waits until they are encoded.
fn push(session: &Session, numbers: std::ops::Range<i64>) {
    let mut data = vec![100; 64 * 48];
    data.resize(64 * 48 * 3 / 2, 128);
    let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    let before = session.statistics().frames_encoded;
    for number in numbers.clone() {
        session.push_video(frame, CaptureTime::from_millis(number * 33)).expect("it runs");
    }
    let pushed = u64::try_from(numbers.end - numbers.start).expect("a count");
    wait_until("they are encoded", || session.statistics().frames_encoded == before + pushed);
}

fn over(name: &str, content: Content) -> Overlay {
    Overlay { name: name.to_owned(), content, place: Place::default(), opacity: 0.5, z: 0 }
}

fn mark(gray: u8) -> Overlay {
    let pixels = [gray, gray, gray, 255].repeat(8 * 8);
    over("mark", Content::Image(Image::from_rgba(8, 8, pixels).expect("an image")))
}

fn with(overlays: Vec<Overlay>) -> Look {
    Look { overlays, ..Look::default() }
}

#[test]
fn lf86_a_watermark_is_in_stream_preview_snapshot_and_file_and_changes_with_the_next_picture() {
    let folder = std::env::temp_dir().join(format!("onair-looks-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("show.flv");
    let sink = Sink::good();
    let session = pictures();
    session.start_recording(&file).expect("a file");
    session.set_preview(Some(Preview { mirror: true }));
    session.set_look(with(vec![mark(255)])).expect("it can be used");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push(&session, 0..3);
    let mut preview = None;
    assert!(session.fetch_preview(&mut preview));
    // White is 235; half of it and half of 100, rounded.
    assert_eq!(
        preview.as_ref().expect("a preview").as_bytes()[..9],
        [168, 168, 168, 168, 168, 168, 168, 168, 100]
    );

    session.set_look(with(vec![mark(0)])).expect("it can be used");
    push(&session, 3..4);
    let snapshot = std::thread::scope(|scope| {
        let asked = scope.spawn(|| session.snapshot(StillFormat::Png, LIMIT));
        let mut number = 4;
        while !asked.is_finished() {
            push(&session, number..number + 1);
            number += 1;
        }
        asked.join().expect("no panic").expect("a snapshot")
    });
    let snapshot = Image::decode(&snapshot).expect("a PNG");
    assert_eq!((snapshot.width(), snapshot.height()), (64, 48));
    // Half of black and half of luma 100, and luma 100 itself, from 16..=235 to 0..=255.
    assert_eq!([0, 63].map(|x| snapshot.rgba()[4 * x]), [49, 98]);
    assert!(session.fetch_preview(&mut preview));

    assert!(session.finish(LIMIT), "all was sent");
    let recording = session.stop_recording().expect("a file").expect("a recording");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    let sent = lumas(&seen.media);
    assert_eq!(sent[..3], [168; 3]);
    assert!(sent.len() > 3 && sent[3..].iter().all(|luma| *luma == 58), "{sent:?}");
    assert_eq!(recording.frames, sent.len() as u64);
    let recorded = std::fs::read(&file).expect("it is there");
    let mut rest = recorded.as_slice();
    for media in seen.media.iter().filter(|media| media.is_video()) {
        let crate::support::sink::Media::Video { data, .. } = media else { continue };
        let at = rest.windows(data.len()).position(|bytes| bytes == data.as_slice());
        rest = &rest[at.expect("the same bytes are in the file, in the same order")..];
    }
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

#[test]
fn a_second_video_lies_over_the_first_until_its_overlay_goes() {
    let sink = Sink::good();
    let session = pictures();
    let guest = |luma: u8| {
        let mut data = vec![luma; 32 * 16];
        data.resize(32 * 16 * 3 / 2, 128);
        let frame = FrameView::packed(PixelFormat::I420, 32, 16, &data).expect("a picture");
        session.push_overlay("guest", frame)
    };
    assert_eq!(guest(10), Err(InputError::Unknown { name: "guest".to_owned() }));
    let opaque = Overlay { opacity: 1.0, ..over("guest", Content::Input) };
    session.set_look(with(vec![opaque])).expect("it can be used");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push(&session, 0..1);
    guest(10).expect("there is such an overlay");
    guest(20).expect("there is such an overlay");
    push(&session, 1..3);
    guest(30).expect("there is such an overlay");
    push(&session, 3..4);
    session.set_look(Look::default()).expect("it can be used");
    push(&session, 4..5);
    assert!(guest(40).is_err());
    assert!(session.finish(LIMIT), "all was sent");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(lumas(&seen.media), [100, 20, 20, 30, 100]);
}

/// Writes what it was given; does not like the third picture, and breaks at the sixth.
struct Fragile {
    pictures: u8,
}

impl Filter for Fragile {
    fn apply(&mut self, picture: &mut I420Mut<'_>, _: MediaTime) -> Result<(), String> {
        self.pictures += 1;
        assert!(self.pictures < 6, "a bug of the app's filter");
        picture.planes_mut()[0][0] = self.pictures;
        if self.pictures == 3 { Err("not this one".to_owned()) } else { Ok(()) }
    }
}

#[test]
fn an_apps_filter_that_fails_or_panics_is_told_and_costs_no_picture() {
    let sink = Sink::good();
    let session = pictures();
    let mut events = session.events().expect("the first consumer");
    let effects = vec![Effect::custom(Fragile { pictures: 0 })];
    session.set_look(Look { effects, ..Look::default() }).expect("it can be used");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push(&session, 0..8);
    assert!(session.finish(LIMIT), "all was sent");
    let told = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    let told: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Event::EncoderFailed { error, .. } => Some(error.to_string()),
            _ => None,
        })
        .collect();
    let panicked = "filter: it panicked and is left out from now on: a bug of the app's filter";
    assert_eq!(told, ["filter: not this one", panicked]);
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(lumas(&seen.media), [1, 2, 3, 4, 5, 100, 100, 100]);
    assert_eq!(session.statistics().frames_failed, 0);
}

#[test]
fn a_snapshot_that_cannot_be_says_why() {
    let within = Duration::from_millis(1);
    let session = pictures();
    let png = |within| session.snapshot(StillFormat::Png, within);
    assert_eq!(png(within), Err(SnapshotError::NotRunning));
    let zero = session.snapshot(StillFormat::Jpeg { quality: 0 }, within);
    assert_eq!(zero, Err(SnapshotError::Still(StillError::Quality { quality: 0 })));
    let none = encoded().snapshot(StillFormat::Png, within);
    assert_eq!(none, Err(SnapshotError::NoPictures));
    let sink = Sink::good();
    session.start(sink.url()).expect("it starts");
    assert_eq!(png(within), Err(SnapshotError::Timeout { within }));
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| png(LIMIT));
        session.stop();
        // Asked before the stop or after it.
        assert_eq!(asked.join().expect("no panic"), Err(SnapshotError::NotRunning));
    });
}
