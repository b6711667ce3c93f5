//! The AAC encoder and decoder together.
#![cfg(feature = "fdk-aac")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::f32::consts::TAU;

use onair_media::decode::{self, DecodeError};
use onair_media::encode::{self, AudioEncoder, EncodeError};
use onair_media::pattern::Tone;
use onair_media::pattern::read::{BeepDetector, SkewMeter};
use onair_types::aac::Asc;
use onair_types::{AudioConfig, AudioUnit, MediaTime, Payload};

/// Encodes `pcm`, cut into blocks whose times count from `start`.
fn encode_all(
    encoder: &mut dyn AudioEncoder,
    config: &AudioConfig,
    pcm: &[i16],
    start: MediaTime,
) -> Vec<AudioUnit> {
    let mut units = Vec::new();
    let block_len = 1_024 * usize::from(config.channels());
    for (index, block) in pcm.chunks_exact(block_len).enumerate() {
        let samples = index as i64 * 1_024;
        let pts = start.offset_micros(samples * 1_000_000 / i64::from(config.sample_rate_hz()));
        encoder.encode(block, pts, &mut |unit| units.push(unit)).unwrap();
    }
    units
}

/// Decodes to one channel, sample 0 being at time 0; what lies before it is dropped.
fn decode_all(units: &[AudioUnit], rate: u32, channels: u8) -> Vec<i16> {
    let mut decoder = decode::aac().unwrap();
    let mut samples = Vec::new();
    for unit in units {
        let pcm = decoder.decode(unit).unwrap();
        assert_eq!((pcm.sample_rate_hz, pcm.channels), (rate, channels));
        assert_eq!(pcm.samples.len(), 1_024 * usize::from(channels));
        let first = (unit.pts.as_micros() as f64 * f64::from(rate) / 1e6).round() as i64;
        for (index, frame) in pcm.samples.chunks(usize::from(channels)).enumerate() {
            if let Ok(at) = usize::try_from(first + index as i64) {
                samples.resize(samples.len().max(at + 1), 0);
                samples[at] = frame[0];
            }
        }
    }
    samples
}

const FORMATS: [(u32, u8, u32); 7] = [
    (44_100, 2, 96_000),
    (44_100, 2, 128_000),
    (48_000, 2, 128_000),
    (44_100, 1, 64_000),
    (16_000, 2, 64_000),
    (8_000, 1, 24_000),
    (32_000, 1, 48_000),
];

#[test]
fn an_impulse_lands_within_a_millisecond_of_its_place() {
    for (rate, channels, bitrate) in FORMATS {
        let config = AudioConfig::new(rate, channels, bitrate).unwrap();
        let mut encoder = encode::aac(&config).unwrap();
        let mut pcm = vec![0i16; 1_024 * 12 * usize::from(channels)];
        let place = 5_000;
        // A click of a quarter of a millisecond, so that a low-pass leaves something of it.
        for frame in pcm.chunks_mut(usize::from(channels)).skip(place).take(rate as usize / 4_000) {
            frame.fill(20_000);
        }
        let mut units = encode_all(&mut *encoder, &config, &pcm, MediaTime::ZERO);
        encoder.flush(&mut |unit| units.push(unit)).unwrap();
        let decoded = decode_all(&units, rate, channels);
        let peak = (0..decoded.len()).max_by_key(|&i| decoded[i].unsigned_abs()).unwrap();
        let middle = place + rate as usize / 8_000;
        let off_micros = (peak as i64 - middle as i64) * 1_000_000 / i64::from(rate);
        assert!(off_micros.abs() <= 300, "{rate} Hz, {channels} ch: {off_micros} µs off");
        assert!(decoded[peak] > 5_000, "{rate} Hz: {}", decoded[peak]);
    }
}

#[test]
fn sound_comes_back_in_its_likeness() {
    for (rate, channels, bitrate) in FORMATS {
        let config = AudioConfig::new(rate, channels, bitrate).unwrap();
        let mut encoder = encode::aac(&config).unwrap();
        let sample = |i: usize| {
            let turns = TAU * i as f32 / rate as f32;
            (6_000.0 * (turns * 440.0).sin() + 3_000.0 * (turns * 1_330.0).sin()) as i16
        };
        let pcm: Vec<i16> = (0..1_024 * 40)
            .flat_map(|i| std::iter::repeat_n(sample(i), usize::from(channels)))
            .collect();
        let units = encode_all(&mut *encoder, &config, &pcm, MediaTime::ZERO);
        let decoded = decode_all(&units, rate, channels);
        let (mut signal, mut noise) = (0.0, 0.0);
        for (i, &got) in decoded.iter().enumerate().take(1_024 * 36).skip(4_096) {
            signal += f64::from(sample(i)).powi(2);
            noise += f64::from(i32::from(sample(i)) - i32::from(got)).powi(2);
        }
        let snr = 10.0 * (signal / noise).log10();
        assert!(snr > 15.0, "{rate} Hz, {channels} ch: {snr:.1} dB");
    }
}

#[test]
fn every_block_gives_one_raw_unit_that_starts_the_delay_before_it() {
    let config = AudioConfig::new(44_100, 2, 96_000).unwrap();
    let mut encoder = encode::aac(&config).unwrap();
    assert_eq!(encoder.asc(), Asc::aac_lc(44_100, 2).unwrap());
    assert_eq!(encoder.asc().as_bytes(), [0x12, 0x10]);
    let pcm = vec![0; 2_048 * 10];
    let start = MediaTime::from_millis(5_000);
    let mut units = encode_all(&mut *encoder, &config, &pcm, start);
    assert_eq!(units.len(), 10);
    encoder.flush(&mut |unit| units.push(unit)).unwrap();
    assert_eq!(units.len(), 12, "flush gives the last two");
    for (index, unit) in units.iter().enumerate() {
        let exact = (index as i64 * 1_024 - 1_600) * 1_000_000 / 44_100;
        let off = unit.pts.micros_since(start) - exact;
        assert!(off.abs() <= 1, "unit {index} is {off} µs off");
        assert_ne!(unit.payload[..2], [0xff, 0xf1], "no ADTS header");
        assert_eq!(unit.config, encoder.asc().into());
    }
    assert!(encoder.flush(&mut |_| panic!("nothing is left")).is_ok());
    let after = encoder.encode(&[0; 2_048], start, &mut |_| panic!("flushed"));
    assert!(matches!(after, Err(EncodeError::Encode { .. })));
}

#[test]
fn a_gap_between_blocks_stays_where_it_was() {
    let config = AudioConfig::new(48_000, 1, 64_000).unwrap();
    let mut encoder = encode::aac(&config).unwrap();
    let mut times = Vec::new();
    // 64 ms are three blocks.
    for millis in [0, 64, 128, 1_000, 1_064, 1_128] {
        let pts = MediaTime::from_millis(millis);
        encoder.encode(&[0; 1_024], pts, &mut |unit| times.push(unit.pts.as_micros())).unwrap();
    }
    encoder.flush(&mut |unit| times.push(unit.pts.as_micros())).unwrap();
    // The delay of 1,600 samples ends 448 samples, 9,333 µs, after the start of a block.
    let blocks = [-42_666, -21_333, 0, 64_000, 128_000, 1_000_000, 1_064_000, 1_128_000];
    assert_eq!(times, blocks.map(|micros| micros + 9_333));
}

#[test]
fn the_bitrate_is_met_and_follows_live() {
    let config = AudioConfig::new(44_100, 2, 128_000).unwrap();
    let mut encoder = encode::aac(&config).unwrap();
    let mut noise = 1u32;
    let mut second = || -> Vec<i16> {
        let next = |_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 18) as i16 - 8_192
        };
        (0..2_048 * 43).map(next).collect()
    };
    for target in [128_000, 48_000, 96_000, 128_000] {
        encoder.set_bitrate(target).unwrap();
        encode_all(&mut *encoder, &config, &second()[..2_048 * 12], MediaTime::ZERO);
        let units = encode_all(&mut *encoder, &config, &second(), MediaTime::ZERO);
        let bytes: usize = units.iter().map(|unit| unit.payload.len()).sum();
        let bps = bytes as f64 * 8.0 * 44_100.0 / (1_024.0 * units.len() as f64);
        let got = bps / f64::from(target);
        assert!((0.93..1.07).contains(&got), "{target}: {got:.2} of it");
    }
}

#[test]
fn every_rate_and_the_corners_of_the_bitrate_encode() {
    for rate in [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] {
        for channels in [1, 2] {
            let highest = (6 * rate * u32::from(channels)).min(320_000);
            for bitrate in [8_000, highest] {
                let config = AudioConfig::new(rate, channels, bitrate).unwrap();
                let mut encoder = encode::aac(&config).unwrap();
                assert_eq!(encoder.asc(), Asc::aac_lc(rate, channels).unwrap());
                let pcm = vec![5; 1_024 * usize::from(channels) * 4];
                let units = encode_all(&mut *encoder, &config, &pcm, MediaTime::ZERO);
                assert_eq!(units.len(), 4, "{rate} Hz, {channels} ch, {bitrate} bit/s");
                assert!(units.iter().all(|unit| !unit.payload.is_empty()));
            }
        }
    }
}

#[test]
fn blocks_of_the_wrong_length_are_refused() {
    let config = AudioConfig::new(44_100, 2, 96_000).unwrap();
    let mut encoder = encode::aac(&config).unwrap();
    for len in [0, 1_024, 2_047, 4_096] {
        let refused = encoder.encode(&vec![0; len], MediaTime::ZERO, &mut |_| panic!("no unit"));
        assert!(matches!(refused, Err(EncodeError::Encode { .. })));
    }
    assert_eq!(encode_all(&mut *encoder, &config, &[0; 2_048], MediaTime::ZERO).len(), 1);
}

#[test]
fn beeps_keep_their_place_through_the_codec() {
    for (rate, channels, bitrate) in FORMATS {
        let config = AudioConfig::new(rate, channels, bitrate).unwrap();
        let mut encoder = encode::aac(&config).unwrap();
        let mut pcm = vec![0; rate as usize * 5 * usize::from(channels)];
        Tone::new(rate, channels).fill(0, &mut pcm);
        let units = encode_all(&mut *encoder, &config, &pcm, MediaTime::ZERO);
        let mut decoder = decode::aac().unwrap();
        let (mut detector, mut meter) = (BeepDetector::new(rate, channels), SkewMeter::default());
        for second in 0..5 {
            meter.picture(MediaTime::from_millis(second * 1_000), true);
            meter.picture(MediaTime::from_millis(second * 1_000 + 500), false);
        }
        for unit in &units {
            let pcm = decoder.decode(unit).unwrap().samples.to_vec();
            detector.push(&pcm, unit.pts, |time| meter.beep(time));
        }
        assert!(meter.pairs() >= 4, "{rate} Hz, {channels} ch: {} beeps", meter.pairs());
        let worst = meter.worst_micros().unwrap();
        assert!(worst.abs() <= 1_000, "{rate} Hz, {channels} ch: {worst} µs");
    }
}

#[test]
fn broken_units_and_configurations_are_errors_and_decoding_goes_on() {
    let config = AudioConfig::new(44_100, 2, 96_000).unwrap();
    let mut encoder = encode::aac(&config).unwrap();
    let mut pcm = vec![0; 2_048 * 8];
    Tone::new(44_100, 2).fill(0, &mut pcm);
    let units = encode_all(&mut *encoder, &config, &pcm, MediaTime::ZERO);
    let mut decoder = decode::aac().unwrap();
    for len in [0, 1, 5] {
        let mut broken = units[4].clone();
        broken.payload = Payload::from_vec(units[4].payload[..len].to_vec());
        assert!(matches!(decoder.decode(&broken), Err(DecodeError::Unit { .. })), "{len} bytes");
    }
    let mut other = units[4].clone();
    other.config = Asc::from_bytes(&[0x12, 0x08]).unwrap().into();
    let _ = decoder.decode(&other);
    for unit in &units {
        assert_eq!(decoder.decode(unit).unwrap().samples.len(), 2_048);
    }
}
