//! M04: without memory for a picture the app is told, the picture is left out and counted, the sound
//! goes on, and pictures come back with an IDR when there is memory again. Alone in its process:
//! the allocator is the process's.
//!
//! What no program in Rust can promise: small allocations that fail end the process.

mod support;

use onair::{CaptureTime, FrameView, Pcm, PixelFormat, PushError, Session, VideoConfig};
use onair_media::frame::FrameError;
use support::counting::{self, Counting, leave_out_this_thread};
use support::encoders::{Luma, Peak, no_trouble};
use support::sink::{Behaviour, Media, Sink};
use support::units::audio_config;
use support::{pause, wait_live, wait_until};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SIZE: (u32, u32) = (640, 360);
/// An NV12 or I420 picture of that size.
const PICTURE_BYTES: usize = 640 * 360 * 3 / 2;

#[test]
fn m04_without_memory_for_pictures_the_show_goes_on_and_they_come_back() {
    let sink = Sink::start_with(&[Behaviour::Accept], leave_out_this_thread);
    let video = VideoConfig::builder().size(SIZE.0, SIZE.1).fps(30).build().unwrap();
    let session = Session::builder(Some(audio_config()), Some(video))
        .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(10_000, no_trouble())))))
        .audio_encoder(Box::new(|_| Ok(Box::new(Peak::new(no_trouble())))))
        .build()
        .unwrap();
    session.start(sink.url().as_str()).unwrap();
    wait_live(&session);
    let data = vec![100; PICTURE_BYTES];
    let frame = FrameView::packed(PixelFormat::Nv12, SIZE.0, SIZE.1, &data).unwrap();
    let (mut time_ms, mut outcomes) = (0, Vec::new());
    let mut push = |outcomes: &mut Vec<Result<(), PushError>>| {
        let at = CaptureTime::from_millis(time_ms);
        time_ms += 33;
        outcomes.push(session.push_video(frame, at));
        let pcm = Pcm { samples: &[1_000; 2 * 1_455], sample_rate_hz: 44_100, channels: 2 };
        session.push_audio(pcm, at).unwrap();
        pause(std::time::Duration::from_millis(5));
    };

    counting::refuse_from(PICTURE_BYTES);
    for _ in 0..20 {
        push(&mut outcomes);
    }
    let no_memory = Err(PushError::Frame(FrameError::Memory { bytes: PICTURE_BYTES }));
    assert!(outcomes.iter().all(|outcome| *outcome == no_memory), "{outcomes:?}");
    assert_eq!(session.statistics().frames_skipped, 20);

    // The copy has memory now, the converter behind it none.
    counting::refuse_from(usize::MAX);
    outcomes.clear();
    push(&mut outcomes);
    counting::refuse_from(PICTURE_BYTES);
    for _ in 0..5 {
        push(&mut outcomes);
    }
    counting::refuse_from(usize::MAX);
    for _ in 0..20 {
        push(&mut outcomes);
    }
    wait_until("pictures are back", || {
        sink.connections()[0].media.iter().filter(|media| media.is_video()).count() > 5
    });
    let seen = sink.connections().remove(0);
    let first = seen.media.iter().find(|media| media.is_video());
    assert!(matches!(first, Some(Media::Video { idr: true, .. })), "{first:?}");
    assert!(seen.media.iter().filter(|media| media.is_audio()).count() > 20);
    session.stop();
    assert_eq!(sink.connections().len(), 1);
}
