//! Units of a file, handed over many at once: what is taken and refused, and each at its time.

mod support;

use std::time::Duration;

use onair::{AccessUnit, Alignment, Delivery, Error, PushError, Session, Source, Timing};
use onair_types::FrameKind;
use support::sink::{Behaviour, Sink};
use support::units::{audio, audio_config, avc_config, video, video_config};
use support::{LIMIT, timed, wait_live, wait_until};

fn session(timing: Timing) -> Session {
    Session::builder(Some(audio_config()), Some(video_config()))
        .audio_source(Source::Encoded)
        .video_source(Source::Encoded)
        .delivery(Delivery::Complete)
        .alignment(Alignment::AsIs)
        .timing(timing)
        .build()
        .expect("a session")
}

/// Pictures each 33 ms with two frames of sound before each.
fn show(pictures: i64) -> Vec<AccessUnit> {
    let config = avc_config();
    let picture = |n| AccessUnit::Video(video(&config, 0, 33 * n + 20, FrameKind::Idr));
    let sound = |ms| AccessUnit::Audio(audio(0, ms));
    (0..pictures).flat_map(|n| [sound(33 * n), sound(33 * n + 15), picture(n)]).collect()
}

#[test]
fn what_is_pushed_at_once_is_sent_and_counted_like_one_by_one() {
    let sink = Sink::good();
    let session = session(Timing::AsPushed);
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    let mut units = show(500);
    session.push_encoded(&mut units).expect("good units");
    assert!(units.is_empty());
    assert!(session.finish(LIMIT), "all was sent");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(seen.media.iter().filter(|media| media.is_video()).count(), 500);
    assert_eq!(seen.media.iter().filter(|media| media.is_audio()).count(), 1_000);
    let statistics = session.statistics();
    assert_eq!((statistics.frames_in, statistics.frames_encoded), (500, 500));
    assert_eq!((statistics.audio_frames_encoded, statistics.frames_sent), (1_000, 500));
}

#[test]
fn the_refused_unit_and_those_behind_it_stay() {
    let sink = Sink::good();
    let session = session(Timing::AsPushed);
    let mut units = show(3);
    assert_eq!(session.push_encoded(&mut units), Err(PushError::NotRunning));
    assert_eq!(units.len(), 9);
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    units[4] = AccessUnit::Audio(audio(0, 1));
    assert_eq!(session.push_encoded(&mut units), Err(PushError::TimeOrder));
    assert_eq!(units, [vec![AccessUnit::Audio(audio(0, 1))], show(3)[5..].to_vec()].concat());
    units.remove(0);
    session.push_encoded(&mut units).expect("the others are good");
    assert!(session.finish(LIMIT), "all was sent");
    assert_eq!(session.statistics().frames_sent, 3);
}

#[test]
fn b1_on_time_each_goes_at_its_time_and_the_end_waits_for_the_last() {
    let sink = Sink::good();
    let session = session(Timing::OnTime);
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    // 2.6 s of media: more than is taken ahead.
    let (pushed, taken) = timed(|| session.push_encoded(&mut show(80)));
    taken.expect("good units");
    // The deadline is shorter than what is still ahead, and begins behind it.
    let (sent, is_all_sent) = timed(|| session.finish(Duration::from_millis(500)));
    assert!(is_all_sent);
    let (pushed, sent) = (pushed.as_millis(), (pushed + sent).as_millis());
    assert!((400..1_700).contains(&pushed), "{pushed} ms");
    assert!((2_600..3_600).contains(&sent), "{sent} ms");
    let seen = sink.wait_for("the end", 0, |seen| seen.is_closed);
    assert_eq!(seen.media.iter().filter(|media| media.is_video()).count(), 80);
}

#[test]
fn r19_a_push_that_is_ahead_of_its_time_ends_with_the_session() {
    let sink = Sink::start(&[Behaviour::Accept]);
    let session = session(Timing::OnTime);
    session.start(sink.url()).expect("it starts");
    wait_live(&session);
    std::thread::scope(|scope| {
        let file = scope.spawn(|| session.push_encoded(&mut show(3_000)));
        let finisher = scope.spawn(|| {
            wait_until("pushes wait", || session.statistics().frames_sent > 10);
            session.finish(LIMIT)
        });
        wait_until("some went", || session.statistics().frames_sent > 20);
        session.stop();
        assert_eq!(file.join().expect("the push ends"), Err(PushError::NotRunning));
        assert!(!finisher.join().expect("the end comes"), "not all was sent");
    });
}

#[test]
fn what_is_encoded_here_does_not_go_on_time() {
    let raw = Session::builder(None, Some(video_config())).timing(Timing::OnTime).build();
    assert!(matches!(raw, Err(Error::Config(text)) if text.contains("on time")));
}
