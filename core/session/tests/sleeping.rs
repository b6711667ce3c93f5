//! A device that goes away and comes back. D14: it sleeps. The monotonic clock stands still meanwhile; capture clocks may run on.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use onair::clock::SystemClock;
use onair::{
    CaptureTime, Clock, Error, Event, FrameView, Interruption, Now, Pcm, PixelFormat, Session,
    State,
};
use support::encoders::{Luma, Peak, no_trouble};
use support::sink::{Media, Seen, Sink};
use support::units::{audio_config, video_config};
use support::{events_until, pause, wait_live};

/// A clock whose device sleeps when told to.
struct Sleeper {
    awake: SystemClock,
    slept_ms: AtomicU64,
}

impl Clock for Sleeper {
    fn now(&self) -> Now {
        self.awake.now()
    }

    fn slept(&self) -> Duration {
        Duration::from_millis(self.slept_ms.load(Ordering::Acquire))
    }
}

struct Show {
    session: Session,
    clock: Arc<Sleeper>,
    sink: Sink,
    number: u8,
    /// Added to every stamp.
    captured_ms: i64,
}

impl Show {
    /// Live, with a key frame at the start and none by itself after that.
    fn start() -> Self {
        let clock = Arc::new(Sleeper { awake: SystemClock::new(), slept_ms: AtomicU64::new(0) });
        let session = Session::builder(Some(audio_config()), Some(video_config()))
            .video_encoder(Box::new(|_| Ok(Box::new(Luma::new(10_000, no_trouble())))))
            .audio_encoder(Box::new(|_| Ok(Box::new(Peak::new(no_trouble())))))
            .clock(clock.clone())
            .build()
            .expect("a session");
        let sink = Sink::good();
        session.start(sink.url()).expect("it starts");
        wait_live(&session);
        Self { session, clock, sink, number: 0, captured_ms: 5_000 }
    }

    /// Pictures and sound in real time.
    fn push(&mut self, pictures: u8) {
        for _ in 0..pictures {
            let at = CaptureTime::from_millis(self.captured_ms);
            let mut data = vec![128; 64 * 48 * 3 / 2];
            data[0] = self.number;
            let frame = FrameView::packed(PixelFormat::I420, 64, 48, &data).expect("a picture");
            self.session.push_video(frame, at).expect("a push");
            let samples = [1; 1_470 * 2];
            let pcm = Pcm { samples: &samples, sample_rate_hz: 44_100, channels: 2 };
            self.session.push_audio(pcm, at).expect("a push");
            self.number += 1;
            self.captured_ms += 33;
            pause(Duration::from_millis(33));
        }
    }

    fn sleep(&mut self, millis: u64, capture_clock_runs_on: bool) {
        self.clock.slept_ms.fetch_add(millis, Ordering::AcqRel);
        if capture_clock_runs_on {
            self.captured_ms += millis as i64;
        }
    }

    fn seen(&self, connection: usize) -> Seen {
        let last = self.number - 1;
        let arrived = |seen: &Seen| pictures(seen).last().is_some_and(|(_, _, n)| *n == last);
        self.sink.wait_for("the last picture", connection, arrived)
    }
}

/// Time, whether it is an IDR, and number of each picture.
fn pictures(seen: &Seen) -> Vec<(u32, bool, u8)> {
    let picture = |media: &Media| match media {
        Media::Video { idr, at_ms, data, .. } => Some((*at_ms, *idr, data[5])),
        _ => None,
    };
    seen.media.iter().filter_map(picture).collect()
}

fn largest_gap(times: impl Iterator<Item = u32>) -> u32 {
    let times: Vec<_> = times.collect();
    times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
}

#[test]
fn d14_after_three_seconds_of_sleep_an_idr_follows_and_the_gap_is_right() {
    for runs_on in [false, true] {
        let mut show = Show::start();
        show.push(30);
        show.sleep(3_000, runs_on);
        show.push(30);
        let seen = show.seen(0);
        let pictures = pictures(&seen);
        let gap = pictures.windows(2).position(|pair| pair[1].0 - pair[0].0 > 500);
        let gap = gap.unwrap_or_else(|| panic!("no gap in {pictures:?}"));
        let ((before, ..), (after, is_idr, _)) = (pictures[gap], pictures[gap + 1]);
        assert!(is_idr, "{pictures:?}");
        assert!((3_000..3_120).contains(&(after - before)), "{} ms", after - before);
        assert!(pictures[gap + 2..].iter().all(|picture| !picture.1), "one is enough");
        let sound = seen.media.iter().filter(|m| m.is_audio()).filter_map(Media::at_ms);
        let sound = largest_gap(sound);
        assert!((2_950..3_120).contains(&sound), "{sound} ms of sound");
        assert_eq!(show.sink.connections().len(), 1, "the connection is still good");
        show.session.stop();
    }
}

#[test]
fn d14_after_thirty_seconds_of_sleep_a_new_connection_begins_with_an_idr() {
    let mut show = Show::start();
    let mut events = show.session.events().expect("the first consumer");
    // A server that took media for a second is one that wants it.
    show.push(40);
    show.sleep(30_000, false);
    show.push(45);
    let seen = show.seen(1);
    let first = seen.media.iter().find(|media| media.is_video());
    assert!(matches!(first, Some(Media::Video { idr: true, at_ms: 0, .. })), "{first:?}");
    assert!(pictures(&seen).iter().all(|(_, _, number)| *number >= 40), "nothing old is sent");
    show.session.stop();
    let seen = events_until(&mut events, |event| *event == Event::State(State::Stopped));
    let slept = |event: &Event| {
        let Event::Lost { error: Error::Connection(text), attempt: 0, .. } = event else {
            return false;
        };
        text.contains("slept for 30 s")
    };
    assert_eq!(seen.iter().filter(|event| slept(event)).count(), 1, "{seen:?}");
}

/// Times and peaks of the sound.
fn sounds(seen: &Seen) -> Vec<(u32, i16)> {
    let sound = |media: &Media| match media {
        Media::Audio { at_ms, data, .. } => Some((*at_ms, i16::from_be_bytes([data[0], data[1]]))),
        _ => None,
    };
    seen.media.iter().filter_map(sound).collect()
}

fn assert_no_gap(seen: &Seen) {
    let pictures = largest_gap(pictures(seen).iter().map(|picture| picture.0));
    assert!(pictures <= 80, "{pictures} ms without a picture");
    let times: Vec<_> = sounds(seen).iter().map(|sound| sound.0).collect();
    let steps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|step| (23..=24).contains(step)), "{steps:?}");
}

#[test]
fn lf91_a_call_leaves_the_last_picture_and_silence_and_no_gap_whatever_the_next_clock() {
    for next_clock_ms in [None, Some(90_000_000)] {
        let mut show = Show::start();
        show.push(30);
        show.session.interrupt(Interruption::Both).expect("it runs");
        pause(Duration::from_millis(700));
        show.session.resume(Interruption::Both).expect("it runs");
        // Devices need a while to start.
        pause(Duration::from_millis(200));
        show.captured_ms = next_clock_ms.unwrap_or(show.captured_ms + 900);
        show.push(30);
        let seen = show.seen(0);
        show.session.stop();
        assert_no_gap(&seen);
        let pictures = pictures(&seen);
        let held = pictures.iter().filter(|picture| picture.2 == 29).count();
        assert!((22..=32).contains(&held), "{held} times the last picture");
        let sounds = sounds(&seen);
        let (begin, end) = (sounds[2..].iter(), sounds.iter().rev());
        let first_silent = begin.clone().find(|sound| sound.1 == 0).expect("silence").0;
        let back = end.take_while(|sound| sound.1 != 0).last().expect("sound again").0;
        assert!((800..1_100).contains(&(back - first_silent)), "{first_silent} to {back}");
        let camera = pictures.iter().find(|picture| picture.2 >= 30).expect("a picture").0;
        let skew = camera.abs_diff(back);
        assert!(skew <= 40 + 24, "picture at {camera}, sound at {back}, in steps of 33 and 23 ms");
    }
}

#[test]
fn lf90_in_the_background_a_slate_stands_in_and_sound_goes_on() {
    let mut show = Show::start();
    let mut slate = vec![128; 64 * 48 * 3 / 2];
    slate[..64 * 48].fill(200);
    let picture = FrameView::packed(PixelFormat::I420, 64, 48, &slate).expect("a picture");
    show.session.set_slate(Some(picture)).expect("memory for a picture");
    assert!(show.session.interrupt(Interruption::Picture).is_ok());
    show.session.resume(Interruption::Picture).expect("it runs");
    show.push(20);
    show.session.interrupt(Interruption::Picture).expect("it runs");
    show.push(30);
    show.session.resume(Interruption::Picture).expect("it runs");
    show.push(20);
    let seen = show.seen(0);
    show.session.stop();
    assert_no_gap(&seen);
    let numbers: Vec<_> = pictures(&seen).iter().map(|picture| picture.2).collect();
    let slates = numbers.iter().filter(|number| **number == 200).count();
    assert!((26..=34).contains(&slates), "{numbers:?}");
    assert!(!numbers.iter().any(|number| (21..50).contains(number)), "{numbers:?}");
    assert!(sounds(&seen)[2..].iter().all(|sound| sound.1 != 0), "sound throughout");
    let refused = show.session.interrupt(Interruption::Both).map_err(|error| error.code());
    assert_eq!(refused, Err(208), "nothing runs");
}
