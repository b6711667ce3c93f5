//! An app's encoder that refuses, panics or cannot be made is an event, never a crash.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use onair::{
    CaptureTime, Delivery, EncodeError, Event, FrameView, Pcm, PixelFormat, Session,
    SessionBuilder, State,
};
use onair_types::Track;
use support::encoders::{Luma, Peak, Trouble, no_trouble, refusal};
use support::sink::Sink;
use support::units::{audio_config, video_config};
use support::{events_until, pause, states, wait_live, wait_until};

fn with_video(trouble: Trouble) -> SessionBuilder {
    waiting(Session::builder(None, Some(video_config())))
        .video_encoder(Box::new(move |_| Ok(Box::new(Luma::new(30, trouble.clone())))))
}

/// Every picture reaches the encoder, however long a panic takes to be printed.
fn waiting(builder: SessionBuilder) -> SessionBuilder {
    builder.delivery(Delivery::Complete)
}

fn push_pictures(session: &Session, numbers: std::ops::Range<i64>) {
    let data = vec![128; 64 * 48 * 3 / 2];
    let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
    for number in numbers {
        // After the end there is nobody to push to.
        let _ = session.push_video(frame, CaptureTime::from_millis(number * 33));
        pause(Duration::from_millis(5));
    }
}

fn failures(events: &[Event]) -> Vec<(Track, String)> {
    let failure = |event: &Event| match event {
        Event::EncoderFailed { track, error } => {
            assert_eq!(error.code(), 207);
            Some((*track, error.to_string()))
        }
        _ => None,
    };
    events.iter().filter_map(failure).collect()
}

#[test]
fn a_refusal_costs_one_picture_and_is_told_once_a_row() {
    let sink = Sink::good();
    let refuse_some: Trouble =
        Arc::new(|call| if (5..8).contains(&call) { Err(refusal()) } else { Ok(()) });
    let session = with_video(refuse_some).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push_pictures(&session, 0..20);
    wait_until("the others arrive", || session.statistics().frames_sent == 17);
    session.stop();
    let seen = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    let failures = failures(&seen);
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].1.contains("does not like it"));
    assert_eq!(session.statistics().frames_failed, 3);
}

#[test]
fn a_panic_brings_a_new_encoder() {
    let sink = Sink::good();
    let made = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&made);
    let session = waiting(Session::builder(None, Some(video_config())))
        .video_encoder(Box::new(move |_| {
            let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
            let trouble: Trouble = Arc::new(move |call| {
                assert!(!is_first || call < 5, "a bug of the app's encoder");
                Ok(())
            });
            Ok(Box::new(Luma::new(u32::MAX, trouble)))
        }))
        .build()
        .expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push_pictures(&session, 0..20);
    wait_until("pictures of both arrive", || session.statistics().frames_sent == 19);
    session.stop();
    let seen = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    let failures = failures(&seen);
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].1.contains("a bug of the app's encoder"), "{failures:?}");
    assert_eq!(made.load(Ordering::Relaxed), 2);
    assert_eq!(session.statistics().frames_failed, 1);
}

#[test]
fn an_encoder_beyond_help_ends_the_broadcast_with_its_error() {
    let sink = Sink::good();
    let session = with_video(Arc::new(|_| Err(refusal()))).build().expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push_pictures(&session, 0..15);
    let seen = events_until(&mut events, |event| *event == Event::State(State::Failed));
    assert_eq!(failures(&seen).len(), 1);
    assert_eq!(states(&seen), [State::Pending, State::Live, State::Failed]);
    assert_eq!(session.last_error().map(|error| error.code()), Some(207));
    sink.wait_for("the goodbye", 0, |seen| seen.is_closed);
}

#[test]
fn an_encoder_that_cannot_be_made_ends_the_broadcast() {
    for panics in [false, true] {
        let sink = Sink::good();
        let session = Session::builder(Some(audio_config()), None)
            .audio_encoder(Box::new(move |_| {
                assert!(!panics, "a bug of the app's factory");
                let (encoder, reason) = ("a test's encoder", "no such hardware".to_owned());
                Err(EncodeError::Open { encoder, reason })
            }))
            .build()
            .expect("a session");
        let mut events = session.events().expect("the first consumer");
        session.start(sink.url()).expect("it starts");
        let seen = events_until(&mut events, |event| *event == Event::State(State::Failed));
        let text = &failures(&seen)[0].1;
        let expected = if panics { "a bug of the app's factory" } else { "no such hardware" };
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn trouble_with_sound_leaves_the_picture_alone() {
    let sink = Sink::good();
    let refuse_first: Trouble = Arc::new(|call| if call == 0 { Err(refusal()) } else { Ok(()) });
    let session = waiting(Session::builder(Some(audio_config()), Some(video_config())))
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(30, no_trouble())))))
        .audio_encoder(Box::new(move |_| Ok(Box::new(Peak::new(refuse_first.clone())))))
        .build()
        .expect("a session");
    let mut events = session.events().expect("the first consumer");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let samples = [9; 1_470 * 2];
    for number in 0..30 {
        let at = CaptureTime::from_micros(number * 1_000_000 / 30);
        let pcm = Pcm { samples: &samples, sample_rate_hz: 44_100, channels: 2 };
        session.push_audio(pcm, at).expect("a push");
        push_pictures(&session, number..number + 1);
    }
    wait_until("both arrive", || {
        let statistics = session.statistics();
        statistics.frames_sent > 20 && statistics.audio_frames_sent > 30
    });
    session.stop();
    let seen = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    assert_eq!(failures(&seen).len(), 1);
    assert_eq!(failures(&seen)[0].0, Track::Audio);
}

#[test]
fn a_requested_keyframe_is_the_next_picture() {
    let sink = Sink::good();
    let session = waiting(Session::builder(None, Some(video_config())))
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(u32::MAX, no_trouble())))))
        .build()
        .expect("a session");
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    push_pictures(&session, 0..5);
    wait_until("they are encoded", || session.statistics().frames_encoded == 5);
    session.request_keyframe();
    push_pictures(&session, 5..10);
    let seen = sink.wait_for("ten pictures", 0, |seen| {
        seen.media.iter().filter(|m| m.is_video()).count() == 10
    });
    session.stop();
    let is_idr =
        |m: &support::sink::Media| matches!(m, support::sink::Media::Video { idr: true, .. });
    let idrs: Vec<bool> = seen.media.iter().filter(|m| m.is_video()).map(is_idr).collect();
    let expected = [true, false, false, false, false, true, false, false, false, false];
    assert_eq!(idrs, expected);
}
