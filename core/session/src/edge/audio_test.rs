//! The microphone's edge: half a second, no more; what is missing shows in the numbers.

use std::sync::atomic::Ordering;

use proptest::prelude::*;

use onair_media::sound::Samples;

use super::*;
use crate::edge::fixture::Around;

const RATE_HZ: u32 = 44_100;

fn sound(samples: &[i16], channels: u8, sample_rate_hz: u32) -> Sound<'_> {
    Sound { samples: Samples::I16(samples), sample_rate_hz, channels }
}

fn at(millis: i64) -> Pushed {
    let captured = CaptureTime::from_millis(millis);
    Pushed { source: 0, captured, is_back: false, frames: 0, muted: false }
}

/// Pushes as the session does.
fn newest(edge: &AudioEdge, sound: &Sound<'_>, pushed: Pushed, around: &Around) {
    let frames = sound.frames().expect("whole");
    edge.push_newest(sound, Pushed { frames, ..pushed }, &around.waiting());
}

fn push(edge: &AudioEdge, samples: usize, around: &Around) {
    let pcm: Vec<i16> = vec![5; samples * 2];
    newest(edge, &sound(&pcm, 2, RATE_HZ), at(0), around);
}

/// 16-bit samples as they are inside.
fn inside(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect()
}

fn drain(edge: &AudioEdge, around: &Around) -> Vec<Chunk> {
    around.gate.close();
    around.ending.finish();
    std::iter::from_fn(|| match edge.next(&around.waiting()) {
        Next::Item(chunk) => Some(chunk),
        Next::Drained | Next::Stop => None,
    })
    .collect()
}

#[test]
fn at_most_half_a_second_waits_and_the_oldest_go() {
    let (edge, around) = (AudioEdge::new(2, RATE_HZ, false), Around::new());
    for _ in 0..100 {
        push(&edge, 441, &around);
    }
    let skipped = around.counters.samples_skipped.load(Ordering::Relaxed);
    let chunks = drain(&edge, &around);
    let kept: usize = chunks.iter().map(|chunk| chunk.pcm.len() / 2).sum();
    assert_eq!(kept, 22_050);
    assert_eq!(skipped, 44_100 - 22_050);
    assert_eq!(chunks[0].first_sample, skipped, "the gap shows");
    let numbers = chunks
        .windows(2)
        .all(|pair| pair[1].first_sample == pair[0].first_sample + pair[0].pcm.len() as u64 / 2);
    assert!(numbers, "behind the gap nothing is missing");
}

#[test]
fn pushes_of_a_millisecond_are_bounded_too() {
    let (edge, around) = (AudioEdge::new(2, 48_000, false), Around::new());
    for _ in 0..2_000 {
        newest(&edge, &sound(&[5; 16], 2, 48_000), at(0), &around);
    }
    let chunks = drain(&edge, &around);
    assert_eq!(chunks.len(), CHUNKS);
    assert_eq!(chunks.last().map(|chunk| chunk.first_sample), Some(1_999 * 8));
}

#[test]
fn long_pushes_are_cut_and_each_part_has_its_own_time() {
    let (edge, around) = (AudioEdge::new(1, 8_000, false), Around::new());
    let pcm: Vec<i16> = (0..2_500).collect();
    newest(&edge, &sound(&pcm, 1, 8_000), at(1_000), &around);
    let chunks = drain(&edge, &around);
    let parts: Vec<_> = chunks.iter().map(|c| (c.first_sample, c.captured.as_micros())).collect();
    assert_eq!(parts, [(0, 1_000_000), (1_024, 1_128_000), (2_048, 1_256_000)]);
    let samples: Vec<f32> = chunks.iter().flat_map(|chunk| chunk.pcm.clone()).collect();
    assert_eq!(samples, inside(&pcm));
}

#[test]
fn lf79_what_was_pushed_while_muted_never_sounds() {
    let (edge, around) = (AudioEdge::new(2, RATE_HZ, false), Around::new());
    push(&edge, 100, &around);
    let muted = Pushed { muted: true, ..at(0) };
    newest(&edge, &sound(&[9; 200], 2, RATE_HZ), muted, &around);
    let chunks = drain(&edge, &around);
    assert_eq!(chunks[0].pcm, inside(&[5; 200]));
    assert_eq!(chunks[1].pcm, [0.0; 200], "as many samples, all zero");
}

#[test]
fn a_file_loses_nothing_and_stop_sets_it_free() {
    let (edge, around) = (AudioEdge::new(1, 8_000, true), Around::new());
    let pcm = vec![1; 1_024 * 100];
    let accepted = std::thread::scope(|scope| {
        let file = scope.spawn(|| {
            let pushed = Pushed { frames: pcm.len(), ..at(0) };
            edge.push_when_free(&sound(&pcm, 1, 8_000), pushed, &around.waiting())
        });
        for number in 0..50 {
            let Next::Item(chunk) = edge.next(&around.waiting()) else { panic!("a chunk waits") };
            assert_eq!(chunk.first_sample, number * 1_024);
            edge.release(chunk);
        }
        around.ending.stop();
        file.join().expect("the push ends")
    });
    assert_eq!(accepted, Err(PushError::NotRunning));
    assert_eq!(around.counters.samples_skipped.load(Ordering::Relaxed), 0);
}

#[test]
fn each_source_has_half_a_second_and_a_count_of_its_own() {
    let (edge, around) = (AudioEdge::new(1, 48_000, false), Around::new());
    for number in 0..60 {
        newest(&edge, &sound(&[1; 480], 1, 48_000), at(number * 10), &around);
        let music = Pushed { source: 3, ..at(number * 10) };
        newest(&edge, &sound(&[2; 160 * 6], 6, 16_000), music, &around);
    }
    let chunks = drain(&edge, &around);
    let of = |source| chunks.iter().filter(move |chunk| chunk.source == source);
    for (source, rate_hz, samples) in [(0, 48_000, 480), (3, 16_000, 160)] {
        assert!((49..=50).contains(&of(source).count()), "{}", of(source).count());
        let last = of(source).next_back().expect("the newest stays");
        assert_eq!((last.first_sample, last.rate_hz), (59 * samples, rate_hz));
        assert_eq!(last.pcm.len() as u64, samples, "in the session's channels");
    }
}

proptest! {
    /// Pushes of any size and a consumer of any pace: half a second waits at most, and every
    /// sample is either delivered once, in its place, or counted as skipped.
    #[test]
    fn every_sample_is_delivered_or_counted(
        pushes in prop::collection::vec((1_usize..4_000, 0_usize..4), 1..60),
    ) {
        let (edge, around) = (AudioEdge::new(2, RATE_HZ, false), Around::new());
        let (mut pushed, mut delivered) = (0, 0);
        let mut next_sample = 0;
        let mut take = |chunk: Chunk, edge: &AudioEdge| {
            assert!(chunk.first_sample >= next_sample, "in order");
            let samples = chunk.pcm.len() as u64 / 2;
            next_sample = chunk.first_sample + samples;
            delivered += samples;
            edge.release(chunk);
        };
        for (samples, taken) in pushes {
            push(&edge, samples, &around);
            pushed += samples as u64;
            prop_assert!(edge.queued[0].load(Ordering::Relaxed) <= LIMIT_MICROS);
            for _ in 0..taken.min(edge.waiting.len()) {
                let Next::Item(chunk) = edge.next(&around.waiting()) else { panic!("it waits") };
                take(chunk, &edge);
            }
        }
        for chunk in drain(&edge, &around) {
            take(chunk, &edge);
        }
        let skipped = around.counters.samples_skipped.load(Ordering::Relaxed);
        prop_assert_eq!(delivered + skipped, pushed);
        prop_assert_eq!(next_sample, pushed, "the newest are never skipped");
    }
}
