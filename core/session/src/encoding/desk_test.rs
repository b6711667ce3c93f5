//! The desk on virtual time: what comes out, when it sounds, and that nothing is lost or late.

use super::*;

const RATE: u32 = 48_000;

/// A desk, its switches, and all that came out.
struct Rig {
    desk: Desk,
    controls: Controls,
    muted: bool,
    pcm: Vec<i16>,
    times: Vec<MediaTime>,
}

impl Rig {
    fn new() -> Self {
        let desk = Desk::new(1, RATE).expect("a desk");
        Self { desk, controls: Controls::default(), muted: false, pcm: vec![], times: vec![] }
    }

    fn take(&mut self, chunk: &Chunk) {
        let Self { desk, controls, muted, pcm, times } = self;
        desk.take(chunk, CaptureTime::ZERO, controls, *muted, &mut |block, at| {
            assert_eq!(block.len(), 1_024);
            pcm.extend_from_slice(block);
            times.push(at);
        });
    }

    fn finish(&mut self) {
        let Self { desk, controls, muted, pcm, times } = self;
        desk.finish(controls, *muted, &mut |block, at| {
            pcm.extend_from_slice(block);
            times.push(at);
        });
    }

    /// Every block touches the one before it, to the microsecond.
    fn assert_even(&self) {
        let first = self.times.first().expect("blocks").as_micros();
        for (number, time) in self.times.iter().enumerate() {
            let exact = first as i128 + number as i128 * 1_024_000_000 / i128::from(RATE);
            assert!((i128::from(time.as_micros()) - exact).abs() <= 1, "block {number}: {time:?}");
        }
    }
}

/// Makes the chunks of one source, each of the same value throughout.
struct Mic {
    source: usize,
    rate_hz: u32,
    next: u64,
    micros: i64,
}

impl Mic {
    fn new(source: usize, rate_hz: u32) -> Self {
        Self { source, rate_hz, next: 0, micros: 0 }
    }

    fn chunk(&mut self, value: f32, samples: u64) -> Chunk {
        let chunk = Chunk {
            source: self.source,
            captured: CaptureTime::from_micros(self.micros),
            rate_hz: self.rate_hz,
            first_sample: self.next,
            is_back: false,
            pcm: vec![value; samples as usize],
        };
        self.skip(samples);
        chunk
    }

    fn skip(&mut self, samples: u64) {
        self.next += samples;
        self.micros += micros(samples, self.rate_hz);
    }
}

#[test]
fn one_source_at_the_sessions_rate_comes_out_as_it_came_in_and_at_once() {
    let (mut rig, mut mic) = (Rig::new(), Mic::new(0, RATE));
    for number in 0..64_u16 {
        rig.take(&mic.chunk(f32::from(number) / 32_768.0, 480));
        assert_eq!(rig.pcm.len(), usize::from(number + 1) * 480 / 1_024 * 1_024);
    }
    rig.finish();
    for (at, &sample) in rig.pcm[..64 * 480].iter().enumerate() {
        assert_eq!(sample, (at / 480) as i16);
    }
    rig.assert_even();
}

#[test]
fn lf79_mute_is_true_zeros_and_the_cadence_stays_at_any_rate() {
    let (mut rig, mut mic) = (Rig::new(), Mic::new(0, 44_100));
    for number in 0..300 {
        rig.muted = (100..200).contains(&number);
        rig.take(&mic.chunk(0.5, 441));
    }
    rig.finish();
    rig.assert_even();
    assert!((rig.pcm.len() as i64 - 144_000).abs() < 1_024);
    let quiet = rig.pcm.iter().filter(|&&sample| sample == 0).count();
    assert!((48_000..48_000 + 1_024).contains(&quiet), "{quiet}");
    let is_loud = |sample: &i16| (16_380..16_390).contains(sample);
    assert!(rig.pcm[2_000..47_000].iter().all(is_loud), "untouched before");
    assert!(rig.pcm[49_000..95_000].iter().all(|&sample| sample == 0), "zero throughout");
}

#[test]
fn two_sources_add_up_with_their_gains_and_quiet_sums_are_exact() {
    let mut rig = Rig::new();
    let music = rig.controls.add().expect("a source");
    assert_eq!(rig.controls.levels().sources.len(), 2);
    let gain = &rig.controls.of(music).expect("it is there").gain;
    gain.set(0.5).expect("a gain");
    assert!(gain.set(-0.1).is_err() && gain.set(f32::NAN).is_err() && gain.set(8.1).is_err());
    let (mut voice, mut loud) = (Mic::new(0, RATE), Mic::new(music.slot(), 16_000));
    for _ in 0..100 {
        rig.take(&voice.chunk(0.25, 480));
        rig.take(&loud.chunk(0.5, 160));
    }
    let levels = rig.controls.levels();
    rig.finish();
    rig.assert_even();
    let settled = &rig.pcm[2_000..46_000];
    assert!(settled.iter().all(|&s| (s - 16_384).abs() <= 2), "{:?}", &settled[..9]);
    assert!((levels.output.peak_dbfs + 6.02).abs() < 0.1, "{levels:?}");
    assert!((levels.sources[0].1.rms_dbfs + 12.04).abs() < 0.1, "{levels:?}");
    assert!((levels.sources[1].1.peak_dbfs + 6.02).abs() < 0.3, "{levels:?}");
}

#[test]
fn a_sum_beyond_full_scale_is_bent_and_a_muted_source_is_gone() {
    let mut rig = Rig::new();
    let other = rig.controls.add().expect("a source");
    let (mut a, mut b) = (Mic::new(0, RATE), Mic::new(other.slot(), RATE));
    for number in 0..200 {
        let muted = &rig.controls.of(other).expect("it is there").muted;
        muted.store(number >= 100, std::sync::atomic::Ordering::Release);
        rig.take(&a.chunk(0.6, 480));
        rig.take(&b.chunk(0.6, 480));
    }
    rig.finish();
    let (both, one) = (rig.pcm[20_000], rig.pcm[80_000]);
    assert!((29_000..32_767).contains(&both), "{both}");
    assert_eq!(one, 19_661, "0.6 alone");
}

#[test]
fn a_source_that_is_late_is_waited_for_100_ms_and_one_that_stops_is_silence() {
    let mut rig = Rig::new();
    let other = rig.controls.add().expect("a source");
    let (mut main, mut music) = (Mic::new(0, RATE), Mic::new(other.slot(), RATE));
    let mut out_at = Vec::new();
    for number in 0..300 {
        rig.take(&main.chunk(0.25, 480));
        // The music comes 50 ms late, and stops after two seconds.
        if (5..200).contains(&number) {
            rig.take(&music.chunk(0.25, 480));
        }
        out_at.push((number + 1) * 480 - rig.pcm.len() as i64);
    }
    let most = out_at[10..].iter().max().expect("pushes");
    assert!(*most <= 4_800 + 1_024 + 480, "the mix is {most} samples behind");
    assert!(*out_at.last().expect("pushes") < 1_024 + 480, "a source that is gone holds up nobody");
    rig.finish();
    rig.assert_even();
    assert_eq!((rig.pcm[48_000], rig.pcm[120_000]), (16_384, 8_192));
    // Nobody knew of the music before it came; then everything waits for it.
    assert!(rig.desk.take_left_out() <= 2_400 + 480, "what came too late at the begin");
}

#[test]
fn what_was_dropped_at_the_edge_is_silence_of_the_same_length_at_any_rate() {
    for rate_hz in [RATE, 16_000] {
        let (mut rig, mut mic) = (Rig::new(), Mic::new(0, rate_hz));
        let tenth = u64::from(rate_hz) / 100;
        for number in 0..300 {
            if (100..150).contains(&number) {
                mic.skip(tenth);
            } else {
                rig.take(&mic.chunk(0.5, tenth));
            }
        }
        rig.finish();
        rig.assert_even();
        let quiet = rig.pcm[..140_000].iter().filter(|sample| sample.abs() < 200).count();
        assert!((23_900..=24_200).contains(&quiet), "{quiet} at {rate_hz}");
    }
}

#[test]
fn a_long_gap_of_the_clock_jumps_and_a_short_one_is_silence() {
    for (gap_ms, jumps) in [(900, false), (3_600_000, true)] {
        let (mut rig, mut mic) = (Rig::new(), Mic::new(0, RATE));
        for number in 0..200 {
            if number == 100 {
                mic.micros += gap_ms * 1_000;
            }
            rig.take(&mic.chunk(0.5, 480));
        }
        rig.finish();
        let steps = rig.times.windows(2).map(|pair| pair[1].micros_since(pair[0]));
        let longest = steps.max().expect("blocks");
        assert_eq!(longest > 22_000, jumps, "{longest}");
        let last = rig.times.last().expect("blocks").as_micros();
        let end = 2_000_000 + gap_ms * 1_000;
        assert!((end - 40_000..end).contains(&last), "{last} of {end}");
    }
}

#[test]
fn a_removed_source_makes_room_for_another_one() {
    let mut rig = Rig::new();
    let ids: Vec<_> = std::iter::from_fn(|| rig.controls.add()).collect();
    assert_eq!(ids.len(), SOURCES - 1);
    let mut mic = Mic::new(ids[0].slot(), RATE);
    rig.take(&mic.chunk(0.5, 480));
    assert!(rig.controls.remove(ids[0]) && !rig.controls.remove(ids[0]));
    assert_eq!(rig.controls.slot_of(ids[0]), None);
    rig.take(&mic.chunk(0.5, 4_800));
    assert!(rig.pcm.is_empty(), "a source that is gone says nothing");
    let new = rig.controls.add().expect("room");
    assert_eq!(new.slot(), ids[0].slot());
    assert_ne!(new, ids[0]);
}

/// Twenty minutes of two microphones whose crystals are 100 ppm off in both directions, which alone
/// would be 240 ms, with marks that are looked for in what comes out.
#[test]
fn d12_two_clocks_100_ppm_off_stay_with_the_capture_clock() {
    let mut rig = Rig::new();
    let other = rig.controls.add().expect("a source");
    let mut mics = [(Mic::new(0, 16_000), 100e-6), (Mic::new(other.slot(), 8_000), -100e-6)];
    let (mut expected, mut worst) = (std::collections::VecDeque::new(), 0_i64);
    let (mut heard, mut quiet_for) = (0_i64, i64::MAX);
    let mut blocks = [0_i64; 2];
    while blocks[0] < 20 * 60 * 50 {
        // Whose block begins first by the capture clock comes first.
        let begins = |which: usize| blocks[which] as f64 * 20_000.0 * (1.0 + mics[which].1);
        let which = usize::from(begins(1) < begins(0));
        let (begin, block) = (begins(which) as i64, blocks[which]);
        let mic = &mut mics[which].0;
        mic.micros = begin;
        // Each ten seconds a loud block, in turn.
        let is_mark = block % 500 == 250 * which as i64;
        expected.extend(is_mark.then_some(mic.micros));
        let samples = u64::from(mic.rate_hz) / 50;
        rig.take(&mic.chunk(if is_mark { 0.9 } else { 0.0 }, samples));
        blocks[which] += 1;
        for sample in rig.pcm.drain(..) {
            let is_loud = sample.abs() > 14_000;
            if is_loud && quiet_for > 4_800 {
                let time = rig.times[0].as_micros() + heard * 1_000_000 / i64::from(RATE);
                let exact = expected.pop_front().expect("a mark that was made");
                worst = worst.max((time - exact).abs());
            }
            quiet_for = if is_loud { 0 } else { quiet_for.saturating_add(1) };
            heard += 1;
        }
    }
    assert!(worst <= 20_000, "{worst} µs off");
    assert!(expected.len() <= 1, "{} marks were not heard", expected.len());
    rig.assert_even();
}

/// What stood in seldom ends where a microphone begins again: its first sample is heard where its
/// stamp says all the same, and not as much later or earlier until half a second was judged.
#[test]
fn lf91_the_first_block_of_a_microphone_that_is_back_lies_where_its_stamp_says() {
    for (off_micros, rate_hz) in
        [(-15_000, RATE), (-60_000, RATE), (15_000, RATE), (90_000, 16_000)]
    {
        let (mut rig, mut mic) = (Rig::new(), Mic::new(0, rate_hz));
        for _ in 0..100 {
            rig.take(&mic.chunk(0.0, u64::from(rate_hz) / 50));
        }
        mic.micros += off_micros;
        let back_at = mic.micros + 200_000;
        for block in 0..20 {
            let value = if block < 10 { 0.0 } else { 0.9 };
            let chunk = mic.chunk(value, u64::from(rate_hz) / 50);
            rig.take(&Chunk { is_back: block == 0, ..chunk });
        }
        rig.finish();
        rig.assert_even();
        let heard = rig.pcm.iter().position(|sample| *sample > 14_000).expect("it is heard");
        let heard = heard as i64 * 1_000_000 / i64::from(RATE);
        assert!((heard - back_at).abs() <= 1_000, "{off_micros} µs: {heard}, made at {back_at}");
    }
}
