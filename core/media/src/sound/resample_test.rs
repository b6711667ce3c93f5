use proptest::prelude::*;

use super::*;

/// A sine of `hz` at half scale, as a microphone at `rate_hz` hears it from second `from` on.
fn sine(hz: f64, rate_hz: u32, from: f64, samples: usize) -> Vec<f32> {
    let at = |i: usize| from + i as f64 / f64::from(rate_hz);
    let turn = std::f64::consts::TAU * hz;
    (0..samples).map(|i| (0.5 * (turn * at(i)).sin()) as f32).collect()
}

fn dbfs(amplitude: f64) -> f64 {
    20.0 * amplitude.max(1e-12).log10()
}

/// The largest difference of `got` from `hz` at `out_hz`, without the first `skip` samples.
fn worst(got: &[f32], hz: f64, out_hz: u32, skip: usize) -> (usize, f64) {
    let ideal = sine(hz, out_hz, 0.0, got.len());
    let errors = got.iter().zip(&ideal).map(|(got, ideal)| f64::from((got - ideal).abs()));
    let errors = errors.enumerate().skip(skip);
    errors.fold((0, 0.0), |worst, next| if next.1 > worst.1 { next } else { worst })
}

/// What is left of `got` when a sine of `hz` is taken out, whatever its phase: clicks.
fn loudest_click(got: &[f32], hz: f64, out_hz: u32) -> (usize, f64) {
    let turn = 2.0 * (std::f64::consts::TAU * hz / f64::from(out_hz)).cos();
    let left =
        got.windows(3).map(|x| (f64::from(x[0]) - turn * f64::from(x[1]) + f64::from(x[2])).abs());
    left.enumerate().fold((0, 0.0), |worst, next| if next.1 > worst.1 { next } else { worst })
}

/// All of `parts` (rate, samples) of one sine, in pushes of `size`; ended.
fn routed(hz: f64, parts: &[(u32, usize)], out_hz: u32, size: usize) -> Vec<f32> {
    let mut converter = Converter::new(1, out_hz);
    let (mut out, mut from) = (Vec::new(), 0.0);
    for &(rate_hz, samples) in parts {
        for push in sine(hz, rate_hz, from, samples).chunks(size) {
            converter.push(push, rate_hz, &mut out);
        }
        from += samples as f64 / f64::from(rate_hz);
    }
    converter.finish(&mut out);
    out
}

#[test]
fn every_rate_becomes_the_sessions_with_errors_below_80_db() {
    for out_hz in [16_000, 44_100, 48_000] {
        for in_hz in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
            let got = routed(1_000.0, &[(in_hz, in_hz as usize / 5)], out_hz, 441);
            assert_eq!(got.len(), out_hz as usize / 5, "{in_hz} → {out_hz}");
            // The sound begins and ends hard, which rings at a lower rate.
            let (at, error) = worst(&got[..got.len() - 400], 1_000.0, out_hz, 400);
            assert!(dbfs(error) < -80.0, "{in_hz} → {out_hz}: {} dBFS at {at}", dbfs(error));
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_hold_is_gone() {
    let got = routed(13_000.0, &[(48_000, 24_000)], 16_000, 480);
    let loudest = got[600..7_400].iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    assert!(dbfs(loudest.into()) < -80.0, "{} dBFS", dbfs(loudest.into()));
}

#[test]
fn at_the_sessions_rate_samples_pass_untouched_and_at_once() {
    let sound = sine(1_234.0, 44_100, 0.0, 5_000);
    let mut converter = Converter::new(2, 44_100);
    let mut out = Vec::new();
    for push in sound.chunks(998) {
        let made = converter.push(push, 44_100, &mut out);
        assert_eq!(made, Converted { frames: push.len() / 2, lead_micros: 0 });
    }
    assert_eq!(out, sound);
}

#[test]
fn a_route_from_48_to_16_to_44_1_khz_does_not_click_and_keeps_the_count() {
    for out_hz in [44_100, 48_000] {
        for hz in [220.0, 1_000.0, 3_100.0] {
            let parts = [(48_000, 24_001), (16_000, 8_003), (44_100, 22_007), (out_hz, 10_000)];
            let got = routed(hz, &parts, out_hz, 480);
            let seconds: f64 = parts.iter().map(|(hz, n)| *n as f64 / f64::from(*hz)).sum();
            let exact = seconds * f64::from(out_hz);
            assert!((got.len() as f64 - exact).abs() <= 1.0, "{} of {exact}", got.len());
            let (at, click) = loudest_click(&got[100..got.len() - 100], hz, out_hz);
            assert!(dbfs(click) < -60.0, "{hz} Hz at {out_hz}: {} dBFS at {at}", dbfs(click));
        }
    }
}

#[test]
fn hundreds_of_route_changes_lose_no_sample() {
    let mut converter = Converter::new(1, 44_100);
    let (mut out, mut total, mut made) = (Vec::new(), 0_u64, 0_u64);
    for index in 0..300_u64 {
        let rate_hz = [48_000, 16_000, 44_100][(index % 3) as usize];
        let samples = rate_hz / 100;
        out.clear();
        made += converter.push(&vec![0.1; samples as usize], rate_hz, &mut out).frames as u64;
        total += 1;
    }
    out.clear();
    made += converter.finish(&mut out).frames as u64;
    assert!(made.abs_diff(total * 441) <= 1, "{made} of {}", total * 441);
}

#[test]
fn a_stretch_makes_so_many_more_and_then_finds_home() {
    let mut converter = Converter::new(1, 48_000);
    let sound = sine(440.0, 48_000, 0.0, 480_000);
    let mut out = Vec::new();
    converter.set_stretch(100);
    converter.push(&sound, 48_000, &mut out);
    assert!((out.len() as i64 - 480_048 + 32).abs() <= 1, "{}", out.len());
    converter.set_stretch(0);
    out.clear();
    converter.push(&sound[..48_000], 48_000, &mut out);
    out.clear();
    let made = converter.push(&sound[..4_800], 48_000, &mut out);
    assert_eq!((made.frames, made.lead_micros), (4_800, 0));
    assert_eq!(out, sound[..4_800], "untouched again");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_pushes_of_any_rates_give_as_many_samples_as_time_has_passed(
        parts in prop::collection::vec((8_000u32..=192_000, 1usize..3_000), 1..6),
        out_hz in prop::sample::select(vec![8_000u32, 44_100, 48_000]),
    ) {
        let mut converter = Converter::new(2, out_hz);
        let (mut out, mut seconds) = (Vec::new(), 0.0);
        for &(rate_hz, samples) in &parts {
            let lead = converter.lead_micros();
            let made = converter.push(&vec![0.5; samples * 2], rate_hz, &mut out);
            prop_assert_eq!(made.lead_micros, lead);
            prop_assert!(lead <= 1_000_000 / 8_000, "never ahead by more than a sample: {}", lead);
            seconds += samples as f64 / f64::from(rate_hz);
        }
        converter.finish(&mut out);
        let exact = seconds * f64::from(out_hz);
        prop_assert!((out.len() as f64 / 2.0 - exact).abs() <= 1.0 + exact * 1e-9);
        prop_assert!(out.iter().all(|sample| sample.abs() < 1.5));
    }
}
