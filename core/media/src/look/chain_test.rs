//! Frames in, the encoder's pictures out.

use proptest::prelude::*;

use super::*;
use crate::frame::Plane;
use crate::look::framing::tests::any_framing;
use crate::look::{Beauty, Fit, Rotation};

fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

fn with(change: impl FnOnce(&mut Look)) -> Arc<Look> {
    let mut look = Look::default();
    change(&mut look);
    look.check().unwrap();
    Arc::new(look)
}

fn bytes(picture: &I420<'_>) -> Vec<u8> {
    (0..3).flat_map(|plane| picture.rows(plane).flatten().copied()).collect()
}

fn drawn(look: &Arc<Look>, source: &FrameView<'_>, [width, height]: [u32; 2]) -> Vec<u8> {
    let mut chain = Chain::new(width, height).unwrap();
    chain.set(look);
    bytes(&chain.draw(source, MediaTime::ZERO).unwrap())
}

#[test]
fn i420_of_the_right_size_goes_through_untouched() {
    let data = noise(64 * 48 * 3 / 2);
    let view = FrameView::packed(PixelFormat::I420, 64, 48, &data).unwrap();
    let mut chain = Chain::new(64, 48).unwrap();
    let picture = chain.draw(&view, MediaTime::ZERO).unwrap();
    assert!(std::ptr::eq(picture.planes()[0].data, view.planes()[0].data), "not even copied");
}

#[test]
fn lf84_beauty_that_is_off_or_at_a_level_of_zero_that_says_so_changes_nothing() {
    let data = noise(64 * 48 * 3 / 2);
    let view = FrameView::packed(PixelFormat::I420, 64, 48, &data).unwrap();
    let off = with(|look| look.beauty.level = 0.9);
    assert_eq!(drawn(&off, &view, [64, 48]), data);
    let zero = Beauty { is_on: true, level: 0.0, zero_is_off: true, ..Beauty::default() };
    assert_eq!(drawn(&with(|look| look.beauty = zero), &view, [64, 48]), data);
    let lflivekit = Beauty { zero_is_off: false, ..zero };
    assert_ne!(drawn(&with(|look| look.beauty = lflivekit), &view, [64, 48]), data);
}

#[test]
fn the_same_picture_in_every_layout_gives_the_same() {
    let rgba = noise(64 * 48 * 4);
    let bgra: Vec<u8> =
        rgba.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, a]| [b, g, r, a]).collect();
    let i420 = {
        let view = FrameView::packed(PixelFormat::Rgba, 64, 48, &rgba).unwrap();
        drawn(&Arc::default(), &view, [64, 48])
    };
    let (luma, chroma) = i420.split_at(64 * 48);
    let (u, v) = chroma.split_at(chroma.len() / 2);
    let pairs = |a: &[u8], b: &[u8]| -> Vec<u8> {
        let pairs = a.iter().zip(b).flat_map(|(&a, &b)| [a, b]);
        luma.iter().copied().chain(pairs).collect()
    };
    let (nv12, nv21) = (pairs(u, v), pairs(v, u));
    let look = with(|look| look.framing.zoom = 1.5);
    let in_format = |format, data| {
        let view = FrameView::packed(format, 64, 48, data).unwrap();
        drawn(&look, &view, [32, 48])
    };
    let expected = in_format(PixelFormat::I420, &i420);
    assert_eq!(in_format(PixelFormat::Nv12, &nv12), expected);
    assert_eq!(in_format(PixelFormat::Nv21, &nv21), expected);
    assert_eq!(in_format(PixelFormat::Rgba, &rgba), expected);
    assert_eq!(in_format(PixelFormat::Bgra, &bgra), expected);
}

#[test]
fn odd_strides_are_taken() {
    let (luma, chroma) = (noise(71 * 48), noise(37 * 24));
    let planes = [
        Plane { data: &luma, stride_bytes: 71 },
        Plane { data: &chroma, stride_bytes: 37 },
        Plane { data: &chroma, stride_bytes: 37 },
    ];
    let padded = FrameView::new(PixelFormat::I420, 64, 48, &planes).unwrap();
    let mut packed = Vec::new();
    padded.pack_into(&mut packed).unwrap();
    let packed = FrameView::packed(PixelFormat::I420, 64, 48, &packed).unwrap();
    let look = with(|look| look.framing.rotation = Rotation::Quarter);
    for size in [[48, 64], [40, 20], [128, 90]] {
        assert_eq!(drawn(&look, &padded, size), drawn(&look, &packed, size));
    }
    let pixels = noise(64 * 48 * 5);
    let padded = Plane { data: &pixels, stride_bytes: 64 * 4 + 3 };
    let padded = FrameView::new(PixelFormat::Bgra, 64, 48, &[padded]).unwrap();
    let exact = with(|look| {
        look.beauty = Beauty { is_on: true, ..Beauty::default() };
        look.framing.rotation = Rotation::ThreeQuarters;
    });
    let mut packed = Vec::new();
    padded.pack_into(&mut packed).unwrap();
    let packed = FrameView::packed(PixelFormat::Bgra, 64, 48, &packed).unwrap();
    assert_eq!(drawn(&exact, &padded, [48, 64]), drawn(&exact, &packed, [48, 64]));
}

#[test]
fn lf07_what_is_cut_is_copied_as_it_is() {
    let data = noise(480 * 640 * 3 / 2);
    let view = FrameView::packed(PixelFormat::I420, 480, 640, &data).unwrap();
    let out = drawn(&Arc::default(), &view, [360, 640]);
    for (row, source) in out[..360 * 640].chunks(360).zip(data.chunks(480)) {
        assert_eq!(row, &source[60..420]);
    }
    let chroma = data[480 * 640..].chunks(240);
    for (row, source) in out[360 * 640..].chunks(180).zip(chroma) {
        assert_eq!(row, &source[30..210]);
    }
}

#[test]
fn what_does_not_fill_has_black_bars() {
    let data = vec![200; 64 * 64 * 3 / 2];
    let view = FrameView::packed(PixelFormat::I420, 64, 64, &data).unwrap();
    let look = with(|look| look.framing.fit = Fit::Fit);
    let out = drawn(&look, &view, [32, 64]);
    let rows: Vec<&[u8]> = out[..32 * 64].chunks(32).collect();
    assert!(rows[..16].iter().chain(&rows[48..]).all(|row| row.iter().all(|&y| y == 16)));
    assert!(rows[16..48].iter().all(|row| row.iter().all(|&y| y == 200)));
    assert_eq!((out[32 * 64], out[32 * 64 + 16 * 8]), (128, 200));
}

#[test]
fn lf87_a_mirror_applies_with_the_next_picture() {
    let data = noise(64 * 48 * 3 / 2);
    let view = FrameView::packed(PixelFormat::I420, 64, 48, &data).unwrap();
    let mut chain = Chain::new(64, 48).unwrap();
    let plain = bytes(&chain.draw(&view, MediaTime::ZERO).unwrap());
    chain.set(&with(|look| look.framing.mirror = true));
    let mirrored = bytes(&chain.draw(&view, MediaTime::from_millis(33)).unwrap());
    for (row, back) in plain[..64 * 48].chunks(64).zip(mirrored.chunks(64)) {
        assert!(row.iter().eq(back.iter().rev()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_size_becomes_the_encoders(
        framing in any_framing(),
        [width, height] in [8..60u32, 8..60], target in [8..60u32, 8..60],
        format in 0..5usize,
    ) {
        let (width, height, target) = (width * 2, height * 2, target.map(|side| side * 2));
        let formats = [
            PixelFormat::I420, PixelFormat::Nv12, PixelFormat::Nv21, PixelFormat::Rgba, PixelFormat::Bgra,
        ];
        let data = vec![90; (width * height * 4) as usize];
        let view = FrameView::packed(formats[format], width, height, &data).unwrap();
        let look = with(|look| look.framing = framing);
        let out = drawn(&look, &view, target);
        prop_assert_eq!(out.len() as u32, target[0] * target[1] * 3 / 2);
        // Flat in, flat out: nothing but the colour and the bars' black.
        let middle = out[(target[1] / 2 * target[0] + target[0] / 2) as usize];
        let luma = &out[..(target[0] * target[1]) as usize];
        prop_assert!(luma.iter().all(|&y| y == middle || (framing.fit == Fit::Fit && y == 16)));
    }
}
