//! LFLiveKit's filter: statement 82, beside pictures and beside the formulas written out.

use std::path::Path;

use onair_types::MediaTime;
use proptest::prelude::*;

use super::*;
use crate::frame::{FrameView, I420Frame, PixelFormat};
use crate::look::{Chain, Look, RgbaFrame};
use crate::simd::Kernel;

fn settings(level: f32, bright: f32, tone: f32) -> Beauty {
    Beauty { is_on: true, level, bright, tone, ..Beauty::default() }
}

fn filtered(rgba: &[u8], [width, height]: [u32; 2], beauty: Beauty) -> Vec<u8> {
    let view = FrameView::packed(PixelFormat::Rgba, width, height, rgba).unwrap();
    let mut chain = Chain::new(width, height).unwrap();
    chain.set(&std::sync::Arc::new(Look { beauty, ..Look::default() }));
    chain.draw_rgba(&view, MediaTime::ZERO).unwrap().as_bytes().to_vec()
}

/// Decibels and the largest difference, over red, green and blue.
fn compare(a: &[u8], b: &[u8]) -> (f64, u8) {
    let colours = |data: &[u8]| -> Vec<u8> {
        data.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect()
    };
    let differences: Vec<u8> =
        colours(a).iter().zip(colours(b)).map(|(a, b)| a.abs_diff(b)).collect();
    let sum: f64 = differences.iter().map(|&d| f64::from(d).powi(2)).sum();
    let mean = (sum / differences.len() as f64).max(1e-9);
    (10.0 * (255.0 * 255.0 / mean).log10(), differences.into_iter().max().unwrap())
}

/// The formulas, word for word, in double precision.
fn reference(rgba: &[u8], [width, height]: [u32; 2], beauty: Beauty) -> Vec<u8> {
    let [level, bright, tone] = [beauty.level, beauty.bright, beauty.tone].map(f64::from);
    let (p1, p2, p3) = (1.0 - 0.6 * level, 1.0 - 0.3 * level, 0.1 + 0.3 * tone);
    let mix = |a: f64, b: f64, t: f64| a * (1.0 - t) + b * t;
    let green = |x: i64, y: i64| {
        let (x, y) = (x.clamp(0, i64::from(width) - 1), y.clamp(0, i64::from(height) - 1));
        f64::from(rgba[(y * i64::from(width) + x) as usize * 4 + 1]) / 255.0
    };
    let mut taps = vec![(0, 0, 22.0)];
    for (x, y, weight) in [(10, 0, 1.0), (0, 10, 1.0), (6, 0, 2.0), (0, 6, 2.0)] {
        taps.extend([(x, y, weight), (-x, -y, weight)]);
    }
    for (x, y, weight) in [(5, 8, 1.0), (8, 5, 1.0), (4, 4, 2.0), (2, 2, 3.0)] {
        taps.extend([(x, y, weight), (-x, y, weight), (x, -y, weight), (-x, -y, weight)]);
    }
    assert_eq!((taps.len(), taps.iter().map(|tap| tap.2).sum::<f64>()), (25, 62.0));
    let mut out = rgba.to_vec();
    for y in 0..i64::from(height) {
        for x in 0..i64::from(width) {
            let at = (y * i64::from(width) + x) as usize * 4;
            let c: [f64; 3] = std::array::from_fn(|channel| f64::from(rgba[at + channel]) / 255.0);
            let blurred =
                taps.iter().map(|t| green(x + t.0 * 2, y + t.1 * 2) * t.2).sum::<f64>() / 62.0;
            let mut high = c[1] - blurred + 0.5;
            for _ in 0..5 {
                high =
                    if high <= 0.5 { 2.0 * high * high } else { 1.0 - 2.0 * (1.0 - high).powi(2) };
            }
            let alpha = (0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]).powf(p1);
            let o = c.map(|c| {
                let s = (c + (c - high) * alpha * 0.1).max(0.0).powf(p2).clamp(0.0, 1.0);
                let o = mix(c, 1.0 - (1.0 - s) * (1.0 - c), alpha);
                let o = mix(o, s.max(c), alpha);
                mix(o, 2.0 * c * s + c * c - 2.0 * c * c * s, p3)
            });
            let saturated = [
                1.1102 * o[0] - 0.0598 * o[1] - 0.061 * o[2],
                -0.0774 * o[0] + 1.0826 * o[1] - 0.1186 * o[2],
                -0.0228 * o[0] - 0.0228 * o[1] + 1.1772 * o[2],
            ];
            for channel in 0..3 {
                let value = mix(o[channel], saturated[channel], p3) + 0.6 * (bright - 0.5);
                out[at + channel] = (value * 255.0).round().clamp(0.0, 255.0) as u8;
            }
        }
    }
    out
}

fn png(name: &str) -> (Vec<u8>, [u32; 2]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/beauty");
    let picture = image::open(folder.join(name)).unwrap().to_rgba8();
    let size = [picture.width(), picture.height()];
    (picture.into_raw(), size)
}

#[test]
fn lf82_the_portrait_at_every_level_is_that_of_lflivekit() {
    let (source, size) = png("astronaut.png");
    for (name, level, bright) in [
        ("astronaut_beauty00_bright05.png", 0.0, 0.5),
        ("astronaut_beauty05_bright05.png", 0.5, 0.5),
        ("astronaut_beauty08_bright06.png", 0.8, 0.6),
        ("astronaut_beauty10_bright05.png", 1.0, 0.5),
    ] {
        let out = filtered(&source, size, settings(level, bright, 0.5));
        let (decibels, largest) = compare(&out, &png(name).0);
        println!("{name}: {decibels:.1} dB, {largest}");
        assert!(decibels >= 60.0 && largest <= 1, "{name}: {decibels:.1} dB, {largest}");
    }
}

#[test]
fn lf82_golden_colours_are_within_two_steps() {
    let colours: [([f64; 3], [f64; 3]); 5] = [
        ([0.5, 0.5, 0.5], [0.5798, 0.5649, 0.6005]),
        ([0.8, 0.6, 0.5], [0.8832, 0.6668, 0.5940]),
        ([0.2, 0.2, 0.2], [0.2217, 0.2160, 0.2296]),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        ([1.0, 1.0, 1.0], [0.9973, 0.9717, 1.0]),
    ];
    for (colour, expected) in colours {
        let [r, g, b] = colour.map(|c| (c * 255.0).round() as u8);
        let out = filtered(&[r, g, b, 255].repeat(16 * 16), [16, 16], settings(0.5, 0.5, 0.5));
        for channel in 0..3 {
            let difference = f64::from(out[channel]) - expected[channel] * 255.0;
            assert!(difference.abs() <= 2.0, "{colour:?} {channel}: {difference}");
        }
        assert_eq!(out[3], 255, "alpha stays");
    }
}

/// Waves, edges and noise in every colour; nothing like a face.
fn another_picture([width, height]: [u32; 2]) -> Vec<u8> {
    let mut state = 7u32;
    let pixel = |index: u32| {
        let (x, y) = (index % width, index / width);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 27) as u8;
        let wave = ((f64::from(x) / 9.0).sin() * 90.0 + 120.0) as u8;
        let edge = if (x / 17 + y / 13) % 2 == 0 { 0 } else { 223 };
        [wave.saturating_add(noise), edge + noise, (y * 255 / height) as u8, noise]
    };
    (0..width * height).flat_map(pixel).collect()
}

#[test]
fn lf82_another_picture_at_levels_between_is_that_of_the_formulas() {
    let size = [150, 94];
    let source = another_picture(size);
    for (level, bright, tone) in
        [(0.3, 0.4, 0.0), (0.5, 0.5, 0.5), (0.9, 1.0, 1.0), (0.65, 0.0, 0.2)]
    {
        let beauty = settings(level, bright, tone);
        let out = filtered(&source, size, beauty);
        let (decibels, largest) = compare(&out, &reference(&source, size, beauty));
        println!("{level} {bright} {tone}: {decibels:.1} dB, {largest}");
        assert!(
            decibels >= 55.0 && largest <= 2,
            "{level} {bright} {tone}: {decibels:.1} dB, {largest}"
        );
        assert!(out.iter().skip(3).step_by(4).eq(source.iter().skip(3).step_by(4)), "alpha stays");
    }
}

/// Decibels of luma and of chroma between two pictures.
fn compare_planes(a: &I420Frame, b: &I420Frame) -> [f64; 3] {
    let planes = |frame: &I420Frame| {
        let luma = (frame.width() * frame.height()) as usize;
        let (y, chroma) = frame.as_bytes().split_at(luma);
        let (u, v) = chroma.split_at(luma / 4);
        [y.to_vec(), u.to_vec(), v.to_vec()]
    };
    let (a, b) = (planes(a), planes(b));
    std::array::from_fn(|plane| {
        let squares =
            a[plane].iter().zip(&b[plane]).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
        let mean = squares.sum::<f64>() / a[plane].len() as f64;
        10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
    })
}

fn drawn(source: &I420Frame, beauty: Beauty) -> I420Frame {
    let mut chain = Chain::new(source.width(), source.height()).unwrap();
    chain.set(&std::sync::Arc::new(Look { beauty, ..Look::default() }));
    let picture = source.view();
    let view = FrameView::new(PixelFormat::I420, source.width(), source.height(), picture.planes());
    let view = view.unwrap();
    I420Frame::copy_of(&chain.draw(&view, MediaTime::ZERO).unwrap()).unwrap()
}

#[test]
fn straight_on_i420_the_portrait_is_that_of_the_exact_filter_within_45_db() {
    let (rgba, [width, height]) = png("astronaut.png");
    let mut source = I420Frame::new(width, height).unwrap();
    let view = FrameView::packed(PixelFormat::Rgba, width, height, &rgba).unwrap();
    crate::convert::to_i420(&view, &mut source).unwrap();
    for (level, bright, tone) in [
        (0.0, 0.5, 0.5),
        (0.5, 0.5, 0.5),
        (1.0, 0.5, 0.5),
        (0.8, 0.6, 0.5),
        (0.5, 0.5, 0.0),
        (0.5, 0.5, 1.0),
    ] {
        let beauty = settings(level, bright, tone);
        let exact = drawn(&source, beauty);
        let fast = drawn(&source, Beauty { quality: Quality::Fast, ..beauty });
        let [y, u, v] = compare_planes(&fast, &exact);
        println!("{level} {bright} {tone}: {y:.1} {u:.1} {v:.1} dB");
        let error = |decibels: f64| 10f64.powf(-decibels / 10.0);
        let all = -10.0 * ((4.0 * error(y) + error(u) + error(v)) / 6.0).log10();
        assert!(all >= 46.5 && y >= 48.5, "{level} {bright} {tone}: {y:.1} {u:.1} {v:.1}");
        assert!(compare_planes(&source, &exact)[0] < 35.0, "it does something");
    }
}

#[test]
fn straight_on_i420_from_rgb_is_the_same_as_converted_first() {
    let (rgba, [width, height]) = png("astronaut.png");
    let view = FrameView::packed(PixelFormat::Rgba, width, height, &rgba).unwrap();
    let mut converted = I420Frame::new(width, height).unwrap();
    crate::convert::to_i420(&view, &mut converted).unwrap();
    let beauty = Beauty { quality: Quality::Fast, ..settings(0.5, 0.5, 0.5) };
    let mut chain = Chain::new(width, height).unwrap();
    chain.set(&std::sync::Arc::new(Look { beauty, ..Look::default() }));
    let direct = I420Frame::copy_of(&chain.draw(&view, MediaTime::ZERO).unwrap()).unwrap();
    assert_eq!(direct, drawn(&converted, beauty));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn straight_on_i420_too_plain_rust_gives_the_same_bytes(
        [width, height] in [8..90u32, 8..20], seed in any::<u64>(),
        level in 0.0f32..=1.0, bright in 0.0f32..=1.0, tone in 0.0f32..=1.0,
    ) {
        let mut state = seed;
        let mut picture = I420Frame::new(width * 2, height * 2).unwrap();
        for byte in picture.planes_mut().into_iter().flatten() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        let fast = Fast::new(&settings(level, bright, tone));
        let mut drawn = [picture.clone(), picture.clone(), picture];
        let (means, between) = (&mut Surroundings::default(), &mut Between::default());
        let [best, narrower, plain] = &mut drawn;
        let source = None;
        simd::run(OnI420 { fast: &fast, means, between, source, picture: best });
        simd::run_narrower(OnI420 { fast: &fast, means, between, source, picture: narrower });
        OnI420 { fast: &fast, means, between, source, picture: plain }.run(simd::Plain);
        prop_assert_eq!(&drawn[0], &drawn[2]);
        prop_assert_eq!(&drawn[1], &drawn[2]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn plain_rust_and_the_processors_instructions_give_the_same_bytes(
        [width, height] in [8..90u32, 8..20], seed in any::<u64>(),
        level in 0.0f32..=1.0, bright in 0.0f32..=1.0, tone in 0.0f32..=1.0,
    ) {
        let size = [width * 2, height * 2];
        let mut state = seed;
        let mut picture = RgbaFrame::new(size[0], size[1]).unwrap();
        for byte in picture.as_bytes_mut() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        let exact = Exact::new(&settings(level, bright, tone));
        let mut drawn = [picture.clone(), picture.clone(), picture];
        let (exact, around) = (&exact, &mut Surroundings::default());
        let room = &mut Vec::new();
        let [best, narrower, plain] = &mut drawn;
        simd::run(OnRgba { exact, around, room, source: None, picture: best });
        simd::run_narrower(OnRgba { exact, around, room, source: None, picture: narrower });
        OnRgba { exact, around, room, source: None, picture: plain }.run(simd::Plain);
        prop_assert_eq!(&drawn[0], &drawn[2]);
        prop_assert_eq!(&drawn[1], &drawn[2]);
    }
}
