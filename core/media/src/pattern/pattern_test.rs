use onair_types::MediaTime;
use onair_types::config::{Orientation, VideoQuality};
use proptest::prelude::*;

use super::read::{BeepDetector, FRAME_NUMBERS, FrameLedger, SkewMeter, frame_number, is_flash};
use super::*;

fn drawn(kind: Kind, (width, height): (u32, u32), fps: u32, index: u64) -> I420Frame {
    let mut frame = I420Frame::new(width, height).unwrap();
    VideoPattern::new(kind, width, height, fps).unwrap().draw(index, &mut frame).unwrap();
    frame
}

const SIZES: [(u32, u32); 9] = [
    (160, 90),
    (240, 426),
    (360, 640),
    (640, 360),
    (540, 960),
    (960, 540),
    (720, 1280),
    (1280, 720),
    (1920, 1080),
];

#[test]
fn every_kind_carries_its_number_at_every_size() {
    for size in SIZES {
        for kind in Kind::ALL {
            let mut frame = I420Frame::new(size.0, size.1).unwrap();
            let mut pattern = VideoPattern::new(kind, size.0, size.1, 30).unwrap();
            for index in [0, 1, 255, 9_999_999, u64::from(FRAME_NUMBERS) - 1] {
                pattern.draw(index, &mut frame).unwrap();
                assert_eq!(frame_number(&frame.view()), Some(index as u32), "{kind:?} {size:?}");
            }
        }
    }
}

#[test]
fn the_number_wraps_and_a_picture_without_one_has_none() {
    let frame = drawn(Kind::Bars, (640, 360), 30, u64::from(FRAME_NUMBERS) + 5);
    assert_eq!(frame_number(&frame.view()), Some(5));
    let mut frame = I420Frame::new(640, 360).unwrap();
    for value in [16, 128, 235] {
        frame.as_bytes_mut().fill(value);
        assert_eq!(frame_number(&frame.view()), None);
    }
}

#[test]
fn bars_and_clock_flash_for_one_frame_at_each_full_second() {
    for size in SIZES {
        for (kind, flashes) in
            [(Kind::Bars, true), (Kind::Clock, true), (Kind::Noise, false), (Kind::Motion, false)]
        {
            let mut frame = I420Frame::new(size.0, size.1).unwrap();
            let mut pattern = VideoPattern::new(kind, size.0, size.1, 15).unwrap();
            let mut flash = |index: &u64| {
                pattern.draw(*index, &mut frame).unwrap();
                is_flash(&frame.view())
            };
            let seen: Vec<u64> = (0..36).filter(&mut flash).collect();
            let wanted: &[u64] = if flashes { &[0, 15, 30] } else { &[] };
            assert_eq!(seen, wanted, "{kind:?} {size:?}");
        }
    }
}

#[test]
fn a_frame_depends_on_its_number_alone() {
    for kind in Kind::ALL {
        let mut pattern = VideoPattern::new(kind, 320, 180, 24).unwrap();
        let mut frame = I420Frame::new(320, 180).unwrap();
        for index in [7, 3, 24, 7] {
            pattern.draw(index, &mut frame).unwrap();
            assert_eq!(frame, drawn(kind, (320, 180), 24, index), "{kind:?}");
        }
    }
}

#[test]
fn clock_motion_and_noise_move_in_most_of_the_picture() {
    for (kind, least) in [(Kind::Clock, 0.6), (Kind::Motion, 0.6), (Kind::Noise, 0.9)] {
        let (a, b) = (drawn(kind, (640, 360), 30, 40), drawn(kind, (640, 360), 30, 41));
        let luma = 640 * 360;
        let changed =
            a.as_bytes()[..luma].iter().zip(&b.as_bytes()[..luma]).filter(|(a, b)| a != b).count();
        assert!(changed as f64 > least * luma as f64, "{kind:?}: {changed} of {luma}");
    }
}

#[test]
fn digits_differ_where_the_time_does() {
    // 10:17:36.633 at 30 fps; the clock's digits are the only text.
    let mut text = *b"00:00:00.000";
    digits(36, &mut text[6..8]);
    digits(1_633, &mut text[9..]);
    assert_eq!(&text, b"00:00:36.633");
    let rows = |index| {
        let frame = drawn(Kind::Clock, (640, 360), 30, index);
        frame.view().rows(0).skip(250).take(100).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    assert_ne!(rows(31), rows(32));
}

#[test]
fn frame_times_are_exact_multiples() {
    let pattern = VideoPattern::new(Kind::Noise, 16, 16, 24).unwrap();
    assert_eq!(pattern.time_of(1), MediaTime::from_micros(41_666));
    assert_eq!(pattern.time_of(24 * 3_600), MediaTime::from_millis(3_600_000));
    assert_eq!(pattern.time_of(u64::MAX).as_micros(), i64::MAX);
}

#[test]
fn a_target_of_another_size_is_refused() {
    let mut frame = I420Frame::new(32, 32).unwrap();
    let result = VideoPattern::new(Kind::Bars, 64, 32, 30).unwrap().draw(0, &mut frame);
    assert!(matches!(result, Err(FrameError::SizeChanged { expected_width: 64, .. })));
}

#[test]
fn presets_are_drawn_in_both_orientations() {
    for quality in VideoQuality::LFLIVEKIT {
        for orientation in [Orientation::Portrait, Orientation::Landscape] {
            let config = onair_types::VideoConfig::preset(quality, orientation);
            let size = (config.width(), config.height());
            assert_eq!(frame_number(&drawn(Kind::Clock, size, config.fps(), 77).view()), Some(77));
        }
    }
}

#[test]
fn the_tone_beeps_at_each_full_second_and_is_silent_between() {
    for (rate, channels) in [(8_000, 1), (16_000, 2), (44_100, 2), (48_000, 1)] {
        let tone = Tone::new(rate, channels);
        let mut pcm = vec![0; rate as usize * usize::from(channels) * 5 / 2];
        tone.fill(u64::from(rate) * 3 / 4, &mut pcm);
        let loud: Vec<usize> = (0..pcm.len() / usize::from(channels))
            .filter(|&i| pcm[i * usize::from(channels)] != 0)
            .collect();
        let second = rate as usize;
        let beep = second * 80 / 1_000;
        for start in [second / 4, second * 5 / 4, second * 9 / 4] {
            // A sine begins at zero.
            assert!(loud.contains(&(start + 1)), "{rate}");
            assert!(!loud.contains(&start));
            assert!(!loud.contains(&(start + beep)));
        }
        // At 8 kHz every fourth sample of the sine is a crossing of zero.
        assert!((beep * 9 / 4 - 8..3 * beep).contains(&loud.len()));
        assert_eq!(pcm.iter().max().map(|&peak| peak / 100), Some(163));
        for frame in pcm.chunks(usize::from(channels)) {
            assert!(frame.iter().all(|&sample| sample == frame[0]));
        }
    }
}

#[test]
fn the_tone_is_the_same_in_pieces() {
    let tone = Tone::new(44_100, 2);
    let mut whole = vec![0; 44_100 * 2];
    tone.fill(500, &mut whole);
    let mut pieces = whole.clone();
    for (index, piece) in pieces.chunks_mut(2_048).enumerate() {
        tone.fill(500 + index as u64 * 1_024, piece);
    }
    assert_eq!(whole, pieces);
}

#[test]
fn beeps_are_found_within_a_tenth_of_a_millisecond() {
    for (rate, channels) in [(8_000, 1), (44_100, 2), (48_000, 2)] {
        let tone = Tone::new(rate, channels);
        let mut detector = BeepDetector::new(rate, channels);
        let (mut found, start) = (Vec::new(), MediaTime::from_millis(5_000));
        for block in 0..200u64 {
            let mut pcm = vec![0; 1_000 * usize::from(channels)];
            tone.fill(block * 1_000 + 100, &mut pcm);
            let micros = (block * 1_000_000_000 / u64::from(rate)) as i64;
            detector.push(&pcm, start.offset_micros(micros), |time| found.push(time));
        }
        let seconds = 200_100 / rate as usize;
        assert_eq!(found.len(), seconds, "the beep that was joined in its middle does not count");
        for (index, time) in found.into_iter().enumerate() {
            let exact = start
                .offset_micros((index as i64 + 1) * 1_000_000 - 100 * 1_000_000 / i64::from(rate));
            let late = time.micros_since(exact);
            assert!((-50..=170).contains(&late), "{rate} Hz: {late} µs late");
        }
    }
}

#[test]
fn the_ledger_tells_lost_repeated_and_late_frames_apart() {
    let mut ledger = FrameLedger::default();
    for number in [10, 11, 12, 12, 15, 13, 13, 16, 17] {
        ledger.push(Some(number));
    }
    ledger.push(None);
    assert_eq!((ledger.first, ledger.highest), (Some(10), Some(17)));
    assert_eq!(ledger.seen, 10);
    assert_eq!(ledger.unreadable, 1);
    assert_eq!(ledger.lost, 1, "14 never came");
    assert_eq!(ledger.repeated, 2, "12 and 13 came twice");
    assert_eq!(ledger.out_of_order, 1, "13 came after 15");
}

#[test]
fn the_ledger_follows_the_numbers_past_their_wrap() {
    let mut ledger = FrameLedger::default();
    for number in [FRAME_NUMBERS - 2, FRAME_NUMBERS - 1, 0, 2] {
        ledger.push(Some(number));
    }
    assert_eq!((ledger.lost, ledger.out_of_order, ledger.highest), (1, 0, Some(2)));
}

proptest! {
    #[test]
    fn the_ledger_adds_up(numbers in prop::collection::vec(prop::option::of(0u32..200), 0..300)) {
        let mut ledger = FrameLedger::default();
        for &number in &numbers {
            ledger.push(number);
        }
        let read: Vec<u32> = numbers.iter().flatten().copied().collect();
        prop_assert_eq!(ledger.seen, numbers.len() as u64);
        prop_assert_eq!(ledger.unreadable, (numbers.len() - read.len()) as u64);
        prop_assert_eq!(ledger.highest, read.iter().copied().max());
        let forwards = read.len() as u64 - ledger.repeated - ledger.out_of_order;
        prop_assert!(forwards >= u64::from(!read.is_empty()));
    }

    #[test]
    fn a_constant_skew_is_measured_whatever_the_order_of_arrival(
        skew_millis in -450i64..450,
        lead_seconds in 0usize..10,
        video_first: bool,
    ) {
        let mut meter = SkewMeter::default();
        let time = |second: usize| MediaTime::from_millis(second as i64 * 1_000);
        for step in 0..30 + lead_seconds {
            let (video, audio) = if video_first {
                (Some(step), step.checked_sub(lead_seconds))
            } else {
                (step.checked_sub(lead_seconds), Some(step))
            };
            if let Some(second) = video {
                meter.picture(time(second), true);
                meter.picture(time(second).offset_micros(33_333), false);
            }
            if let Some(second) = audio {
                meter.beep(time(second).offset_micros(skew_millis * 1_000));
            }
        }
        prop_assert!(meter.pairs() >= 30);
        prop_assert_eq!(meter.latest_micros(), Some(skew_millis * 1_000));
        prop_assert_eq!(meter.worst_micros(), Some(skew_millis * 1_000));
        prop_assert_eq!(meter.mean_micros(), Some(skew_millis * 1_000));
    }

    #[test]
    fn any_size_and_number_draws(
        width in 8u32..200, height in 8u32..200, fps in 0u32..130, index: u64,
    ) {
        for kind in Kind::ALL {
            let mut frame = I420Frame::new(width * 2, height * 2).unwrap();
            let mut pattern = VideoPattern::new(kind, width * 2, height * 2, fps).unwrap();
            pattern.draw(index, &mut frame).unwrap();
            let _ = (frame_number(&frame.view()), is_flash(&frame.view()));
        }
    }
}

#[test]
fn a_flash_that_lasts_and_a_lone_beep_count_once_or_not_at_all() {
    let mut meter = SkewMeter::default();
    assert_eq!(meter.mean_micros(), None);
    for millis in [1_000, 1_033, 1_066] {
        meter.picture(MediaTime::from_millis(millis), true);
    }
    meter.picture(MediaTime::from_millis(1_100), false);
    meter.beep(MediaTime::from_millis(1_020));
    meter.beep(MediaTime::from_millis(3_000));
    assert_eq!((meter.pairs(), meter.latest_micros()), (1, Some(20_000)));
}
