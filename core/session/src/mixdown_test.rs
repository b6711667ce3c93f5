use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use onair_media::sound::Level;
use onair_types::{AudioConfig, Now};

use super::*;
use crate::{Clock, Destinations, Error, Interruption, Pcm, StandIn};

/// A clock that stands until it is set, ms.
#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Now {
        Now::from_millis(self.0.load(Ordering::Acquire))
    }
}

/// The app encodes its sound: 48 kHz, one channel.
fn session(hand: &Arc<Hand>) -> Session {
    let audio = AudioConfig::new(48_000, 1, 64_000).unwrap();
    let session = Session::builder(Some(audio), None)
        .audio_source(Source::Encoded)
        .clock(hand.clone())
        .build()
        .unwrap();
    session.start(Destinations::none()).unwrap();
    session
}

/// 20 ms of one value.
fn sound(value: i16) -> [i16; 960] {
    [value; 960]
}

fn pcm(samples: &[i16]) -> Pcm<'_> {
    Pcm { samples, sample_rate_hz: 48_000, channels: 1 }
}

fn place(session: &Session, millis: i64) -> Option<CaptureTime> {
    let at = CaptureTime::from_millis(millis);
    session.place_audio(at, Duration::from_millis(20)).unwrap()
}

/// What the mix has now: times in µs and samples, block by block.
fn taken(session: &Session) -> Vec<(i64, Vec<i16>)> {
    let (mut all, mut block) = (Vec::new(), Vec::new());
    while let Some(at) = session.take_mixed(&mut block).unwrap() {
        all.push((at.as_micros(), block.clone()));
    }
    all
}

#[test]
fn two_sources_come_out_as_one_with_even_times() {
    let session = session(&Arc::default());
    let app = session.add_audio_source().unwrap();
    for number in 0..50 {
        let millis = 5_000 + 20 * number;
        // The app's sound comes in larger pieces, and first.
        if number % 2 == 0 {
            let (at, both) = (CaptureTime::from_millis(millis), [2_000; 1_920]);
            session.mix_audio(app, pcm(&both), at).unwrap();
        }
        let at = place(&session, millis).unwrap();
        session.mix_audio(AudioSourceId::MAIN, pcm(&sound(1_000)), at).unwrap();
    }
    let blocks = taken(&session);
    assert_eq!(blocks.len(), 46, "48,000 samples are 46 blocks and a part");
    for (number, (at, samples)) in blocks.iter().enumerate() {
        assert_eq!(*at, 5_000_000 + number as i64 * 1_024_000 / 48);
        // What came before the other source spoke at all went on alone.
        let is_both = samples.iter().all(|sample| *sample == 3_000);
        assert!(samples.len() == 1_024 && (is_both || number < 2), "block {number}");
    }
    let levels = session.levels();
    assert_eq!(levels.sources.len(), 2);
    assert_ne!(levels.output, Level::default());
    session.stop();
    assert_eq!(session.levels().output, Level::default());
}

#[test]
fn a_broadcast_that_failed_takes_no_more_and_is_silent() {
    let audio = AudioConfig::new(48_000, 1, 64_000).unwrap();
    let builder = Session::builder(Some(audio), None).audio_source(Source::Encoded);
    let session = builder.build().unwrap();
    // Nobody listens there.
    session.start("rtmp://127.0.0.1:1/live/key").unwrap();
    let at = CaptureTime::from_millis(5);
    let mix = || session.mix_audio(AudioSourceId::MAIN, pcm(&[9_000; 4_096]), at);
    while mix().is_ok() {
        std::thread::yield_now();
    }
    assert!(matches!(mix(), Err(PushError::NotRunning)));
    while session.state() != crate::State::Failed {
        std::thread::yield_now();
    }
    assert_eq!(session.levels().output, Level::default(), "nobody stopped it");
}

#[test]
fn gains_and_mute_are_those_of_raw_sound() {
    let session = session(&Arc::default());
    let app = session.add_audio_source().unwrap();
    session.set_audio_source_gain(app, 0.5).unwrap();
    for number in 0..60 {
        let at = CaptureTime::from_millis(20 * number);
        session.set_muted(number >= 30);
        session.mix_audio(app, pcm(&sound(2_000)), at).unwrap();
        session.mix_audio(AudioSourceId::MAIN, pcm(&sound(500)), at).unwrap();
    }
    let blocks = taken(&session);
    assert_eq!(blocks[20].1[0], 1_500);
    assert_eq!(blocks.last().unwrap().1, [0; 1_024]);
    session.stop();
}

#[test]
fn what_stands_in_for_the_microphone_is_mixed_with_what_sounds_on() {
    let hand = Arc::new(Hand::default());
    let session = session(&hand);
    let app = session.add_audio_source().unwrap();
    let (mut is_away, mut blocks) = (false, Vec::new());
    for number in 0..100 {
        let millis = 20 * number;
        hand.0.store(millis, Ordering::Release);
        let app_at = CaptureTime::from_millis(millis);
        session.mix_audio(app, pcm(&sound(700)), app_at).unwrap();
        if number == 25 {
            session.interrupt(Interruption::Sound).unwrap();
            is_away = true;
        }
        if number == 75 {
            session.resume(Interruption::Sound).unwrap();
            is_away = false;
        }
        let placed = place(&session, millis);
        assert_eq!(placed.is_none(), is_away);
        if let Some(at) = placed {
            session.mix_audio(AudioSourceId::MAIN, pcm(&sound(300)), at).unwrap();
        }
        let due = |track| session.wait_stand_in(track, Duration::ZERO).unwrap();
        while let StandIn::Due(at) = due(Track::Audio) {
            session.mix_audio(AudioSourceId::MAIN, pcm(&[0; 1_024]), at).unwrap();
        }
        blocks.extend(taken(&session));
    }
    for (number, (at, _)) in blocks.iter().enumerate() {
        assert_eq!(*at, blocks[0].0 + number as i64 * 1_024_000 / 48, "no gap, no step back");
    }
    assert!(blocks.len() >= 90, "{} of 93 blocks", blocks.len());
    assert!(blocks.iter().all(|(_, block)| block.iter().all(|s| [700, 1_000].contains(s))));
    assert_eq!(blocks[47].1, [700; 1_024], "the app's sound alone");
    assert_eq!(blocks.last().unwrap().1[1_000], 1_000, "and the microphone is back");
    session.stop();
}

#[test]
fn each_broadcast_has_a_desk_of_its_own_and_misuse_is_an_error() {
    let session = session(&Arc::default());
    let at = CaptureTime::from_millis(1);
    session.mix_audio(AudioSourceId::MAIN, pcm(&[1; 4_096]), at).unwrap();
    session.stop();
    let refused = session.mix_audio(AudioSourceId::MAIN, pcm(&[1; 4]), at);
    assert!(matches!(refused, Err(PushError::NotRunning)));
    assert!(matches!(session.take_mixed(&mut Vec::new()), Err(PushError::NotRunning)));
    session.start(Destinations::none()).unwrap();
    assert!(taken(&session).is_empty(), "what was before is gone");
    let nobody = AudioSourceId::from_number(9);
    let refused = session.mix_audio(nobody, pcm(&[1; 4]), at);
    assert!(matches!(refused, Err(PushError::NoSuchSource { id: 9 })));
    let ragged = Pcm { samples: &[1; 3], sample_rate_hz: 48_000, channels: 2 };
    assert!(matches!(session.mix_audio(AudioSourceId::MAIN, ragged, at), Err(PushError::Sound(_))));
    session.stop();
    let raw = Session::builder(Some(AudioConfig::new(48_000, 1, 64_000).unwrap()), None);
    let raw = raw.build().unwrap();
    let refused = raw.mix_audio(AudioSourceId::MAIN, pcm(&[1; 4]), at);
    assert!(matches!(refused, Err(PushError::WrongKind { .. })));
    let silent = Session::builder(None, Some(onair_types::VideoConfig::builder().build().unwrap()));
    let silent = silent.video_source(Source::Encoded).build().unwrap();
    assert!(matches!(silent.add_audio_source(), Err(Error::Config(_))));
}
