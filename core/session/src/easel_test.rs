use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::thread;

use onair_media::frame::{I420Frame, PixelFormat};
use onair_media::look::{Beauty, Look};
use onair_media::target::PlaneMut;
use onair_types::{AudioConfig, Now, VideoConfig};

use super::*;
use crate::{Clock, Destinations, Effect, Framing, Interruption, Preview};

/// A clock that stands until it is set, ms.
#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Now {
        Now::from_millis(self.0.load(Ordering::Acquire))
    }
}

struct Show {
    session: Session,
    hand: Arc<Hand>,
}

/// The app encodes both tracks: 64 × 48 at 30 a second, 44.1 kHz.
fn show() -> Show {
    let video = VideoConfig::builder().size(64, 48).fps(30).build().unwrap();
    let audio = AudioConfig::new(44_100, 2, 64_000).unwrap();
    let hand = Arc::new(Hand::default());
    let session = Session::builder(Some(audio), Some(video))
        .video_source(Source::Encoded)
        .audio_source(Source::Encoded)
        .clock(hand.clone())
        .build()
        .unwrap();
    Show { session, hand }
}

impl Show {
    fn set(&self, millis: i64) {
        self.hand.0.store(millis, Ordering::Release);
    }

    fn place(&self, millis: i64) -> Option<i64> {
        let placed = self.session.place_video(CaptureTime::from_millis(millis)).unwrap();
        placed.map(|placed| placed.at.as_micros())
    }

    /// All that is due of a track, µs.
    fn due(&self, track: Track) -> Vec<i64> {
        let mut due = Vec::new();
        while let StandIn::Due(at) = self.session.wait_stand_in(track, Duration::ZERO).unwrap() {
            due.push(at.as_micros());
        }
        due
    }
}

fn source() -> Vec<u8> {
    (0..80 * 60 * 4).map(|index| (index * 13 % 251) as u8).collect()
}

/// An encoder's buffer in NV12 with rows of 72 bytes, and the picture in it.
fn drawn(draw: impl FnOnce(&mut FrameTarget<'_>)) -> I420Frame {
    let (mut y, mut uv) = (vec![0; 72 * 48], vec![0; 72 * 24]);
    let [luma, chroma] =
        [&mut y, &mut uv].map(|data| PlaneMut { data: &mut data[..], stride_bytes: 72 });
    let none = PlaneMut { data: &mut [], stride_bytes: 0 };
    draw(&mut FrameTarget::new(PixelFormat::Nv12, 64, 48, [luma, chroma, none]).unwrap());
    let planes = [&y, &uv].map(|data| crate::Plane { data, stride_bytes: 72 });
    let view = FrameView::new(PixelFormat::Nv12, 64, 48, &planes).unwrap();
    let mut frame = I420Frame::new(64, 48).unwrap();
    onair_media::convert::to_i420(&view, &mut frame).unwrap();
    frame
}

fn look() -> Look {
    Look {
        framing: Framing { mirror: true, ..Framing::default() },
        beauty: Beauty { is_on: true, ..Beauty::default() },
        effects: vec![Effect::Invert],
        ..Look::default()
    }
}

#[test]
fn an_apps_encoder_gets_what_ours_would_and_so_do_snapshot_and_preview() {
    let Show { session, .. } = show();
    let (pixels, at) = (source(), CaptureTime::from_millis(40));
    let frame = FrameView::packed(PixelFormat::Bgra, 80, 60, &pixels).unwrap();
    session.set_look(look()).unwrap();
    session.set_preview(Some(Preview { mirror: true }));
    let mut chain = Chain::new(64, 48).unwrap();
    chain.set(&Arc::new(look()));
    let expected =
        I420Frame::copy_of(&chain.draw(&frame, MediaTime::from_millis(40)).unwrap()).unwrap();
    session.place_video(at).unwrap();
    session.start(Destinations::none()).unwrap();
    let snapshot = thread::scope(|scope| {
        let asked = scope.spawn(|| session.snapshot_frame(Duration::from_secs(20)));
        while !asked.is_finished() {
            assert!(drawn(|target| session.draw(&frame, at, target).unwrap()) == expected);
        }
        asked.join().unwrap().unwrap()
    });
    assert!(*snapshot == expected);
    let mut preview = None;
    assert!(session.fetch_preview(&mut preview));
    assert!(preview.unwrap() == expected);
    session.set_slate(Some(frame)).unwrap();
    assert!(drawn(|target| assert!(session.draw_slate(at, target).unwrap())) == expected);
    session.set_slate(None).unwrap();
    drawn(|target| assert!(!session.draw_slate(at, target).unwrap()));
    session.stop();
}

#[test]
fn a_plain_look_wants_nothing_drawn_until_somebody_wants_to_see_it() {
    let Show { session, .. } = show();
    let is_drawn = || session.place_video(CaptureTime::from_millis(1)).unwrap().unwrap().is_drawn;
    assert!(!is_drawn());
    for look in [look(), Look { effects: vec![Effect::Gray], ..Look::default() }] {
        session.set_look(look).unwrap();
        assert!(is_drawn());
    }
    let levels_alone = Beauty { level: 1.0, ..Beauty::default() };
    session.set_look(Look { beauty: levels_alone, ..Look::default() }).unwrap();
    assert!(!is_drawn());
    session.set_preview(Some(Preview::default()));
    assert!(is_drawn());
    session.set_preview(None);
    session.start(Destinations::none()).unwrap();
    thread::scope(|scope| {
        let asked = scope.spawn(|| session.snapshot_frame(Duration::from_secs(20)));
        let mut number = 1;
        let mut placed = || {
            number += 1;
            session.place_video(CaptureTime::from_millis(number)).unwrap().unwrap()
        };
        while !placed().is_drawn {
            thread::yield_now();
        }
        session.stop();
        assert!(asked.join().unwrap().is_err(), "who waits is told of the end");
    });
}

#[test]
fn what_is_no_encoders_buffer_is_refused() {
    let Show { session, .. } = show();
    let pixels = source();
    let frame = FrameView::packed(PixelFormat::Rgba, 80, 60, &pixels).unwrap();
    let mut bytes = [vec![0; 32 * 32], vec![0; 16 * 16], vec![0; 16 * 16]];
    let planes = bytes.each_mut().map(|data| PlaneMut { data, stride_bytes: 32 });
    let mut small = FrameTarget::new(PixelFormat::I420, 32, 16, planes).unwrap();
    let refused = session.draw(&frame, CaptureTime::ZERO, &mut small);
    assert!(matches!(refused, Err(PushError::Frame(FrameError::SizeChanged { .. }))));
    let radio = AudioConfig::new(44_100, 2, 64_000).unwrap();
    let radio = Session::builder(Some(radio), None).audio_source(Source::Encoded).build().unwrap();
    let refused = radio.draw(&frame, CaptureTime::ZERO, &mut small);
    assert!(matches!(refused, Err(PushError::WrongKind { .. })));
    assert!(radio.place_video(CaptureTime::ZERO).is_err());
}

#[test]
fn lf91_an_interruption_is_filled_on_one_timeline_whatever_the_next_clock() {
    // By the same clock, a millisecond late, and by another one.
    for (stamp, expected) in [(6_077, 6_077_000), (90_000_000, 6_076_000)] {
        let show = show();
        let session = &show.session;
        assert_eq!(show.place(7), Some(7_000), "before the start all goes as it comes");
        session.start(Destinations::none()).unwrap();
        for number in 0..3 {
            show.set(number * 33);
            assert_eq!(show.place(5_000 + number * 33), Some(5_000_000 + number * 33_000));
        }
        assert_eq!(show.place(5_066), None, "not newer");
        assert_eq!(session.wait_stand_in(Track::Video, Duration::ZERO), Ok(StandIn::Over));
        session.interrupt(Interruption::Picture).unwrap();
        assert_eq!(session.wait_stand_in(Track::Video, Duration::ZERO), Ok(StandIn::Later));
        show.set(66 + 500);
        assert_eq!(show.place(5_300), None, "the camera is not there");
        let due = show.due(Track::Video);
        assert_eq!((due.len(), due[0]), (15, 5_066_000 + 33_333), "{due:?}");
        assert!(due.windows(2).all(|pair| (33_333..=33_334).contains(&(pair[1] - pair[0]))));
        session.resume(Interruption::Picture).unwrap();
        show.set(66 + 1_000);
        assert_eq!(show.due(Track::Video).len(), 15, "until the camera is there");
        show.set(66 + 1_010);
        assert_eq!(show.place(stamp), Some(expected));
        assert_eq!(show.place(stamp + 33), Some(expected + 33_000));
        assert_eq!(session.wait_stand_in(Track::Video, Duration::ZERO), Ok(StandIn::Over));
        session.stop();
        assert_eq!(session.wait_stand_in(Track::Video, Duration::ZERO), Err(PushError::NotRunning));
    }
}

#[test]
fn lf91_silence_follows_the_last_sample_in_blocks_of_an_aac_frame() {
    let show = show();
    let session = &show.session;
    let length = Duration::from_micros(23_220);
    let place = |micros| session.place_audio(CaptureTime::from_micros(micros), length).unwrap();
    session.start(Destinations::none()).unwrap();
    assert!(place(1_000_000).is_some());
    session.interrupt(Interruption::Sound).unwrap();
    show.set(100);
    assert_eq!(place(1_023_220), None);
    let due = show.due(Track::Audio);
    assert_eq!(due, [1_023_220, 1_046_439, 1_069_659, 1_092_879]);
    session.resume(Interruption::Sound).unwrap();
    assert!(place(1_116_000).is_some());
    assert_eq!(session.wait_stand_in(Track::Audio, Duration::ZERO), Ok(StandIn::Over));
}

#[test]
fn who_waits_hears_the_resume_and_the_end() {
    let show = show();
    let session = &show.session;
    let long = Duration::from_secs(20);
    show.place(0);
    let code = |refused: Result<(), Error>| refused.unwrap_err().code();
    assert_eq!(code(session.interrupt(Interruption::Picture)), 208, "nothing runs");
    assert_eq!(code(session.interrupt(Interruption::Sound)), 200, "sound was never placed");
    session.start(Destinations::none()).unwrap();
    session.interrupt(Interruption::Picture).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| session.wait_stand_in(Track::Video, long));
        session.resume(Interruption::Picture).unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(StandIn::Over), "nothing was ever seen");
        session.interrupt(Interruption::Picture).unwrap();
        let waiting = scope.spawn(|| session.wait_stand_in(Track::Video, long));
        session.stop();
        assert_eq!(waiting.join().unwrap(), Err(PushError::NotRunning));
    });
}
