use proptest::prelude::*;

use super::*;

/// BT.709 limited in floating point, rounded to nearest.
fn reference(r: f64, g: f64, b: f64) -> [f64; 3] {
    let (r, g, b) = (r / 255.0, g / 255.0, b / 255.0);
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [16.0 + 219.0 * y, 128.0 + 224.0 * (b - y) / 1.8556, 128.0 + 224.0 * (r - y) / 1.5748]
}

fn bytes(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn rgb_is_within_half_a_step_and_rounding_of_bt709() {
    let (width, height, stride) = (34u32, 18u32, 34 * 4 + 7);
    let data = bytes(stride * 18, 3);
    for (format, red, blue) in [(PixelFormat::Rgba, 0, 2), (PixelFormat::Bgra, 2, 0)] {
        let plane = Plane { data: &data, stride_bytes: stride };
        let view = FrameView::new(format, width, height, &[plane]).unwrap();
        let mut out = I420Frame::new(width, height).unwrap();
        to_i420(&view, &mut out).unwrap();
        let pixel = |x: usize, y: usize, c: usize| f64::from(data[y * stride + x * 4 + c]);
        let [y_plane, u_plane, v_plane] = out.view().planes().map(|p| p.data);
        for y in 0..18 {
            for x in 0..34 {
                let [want, ..] = reference(pixel(x, y, red), pixel(x, y, 1), pixel(x, y, blue));
                let got = f64::from(y_plane[y * 34 + x]);
                assert!((got - want).abs() <= 0.52, "y at {x},{y}: {got} for {want}");
            }
        }
        for y in 0..9 {
            for x in 0..17 {
                let mean = |c| {
                    [(0, 0), (1, 0), (0, 1), (1, 1)]
                        .map(|(dx, dy)| pixel(2 * x + dx, 2 * y + dy, c))
                        .iter()
                        .sum::<f64>()
                        / 4.0
                };
                let [_, u, v] = reference(mean(red), mean(1), mean(blue));
                let got = [u_plane[y * 17 + x], v_plane[y * 17 + x]].map(f64::from);
                assert!((got[0] - u).abs() <= 0.52, "u at {x},{y}: {} for {u}", got[0]);
                assert!((got[1] - v).abs() <= 0.52, "v at {x},{y}: {} for {v}", got[1]);
            }
        }
    }
}

#[test]
fn black_white_and_primaries_land_where_bt709_says() {
    let yuv = |rgb: [u8; 3]| {
        let data = [rgb[0], rgb[1], rgb[2], 255].repeat(16 * 16);
        let view = FrameView::packed(PixelFormat::Rgba, 16, 16, &data).unwrap();
        let mut out = I420Frame::new(16, 16).unwrap();
        to_i420(&view, &mut out).unwrap();
        out.view().planes().map(|p| p.data[0])
    };
    assert_eq!(yuv([0, 0, 0]), [16, 128, 128]);
    assert_eq!(yuv([255, 255, 255]), [235, 128, 128]);
    assert_eq!(yuv([255, 0, 0]), [63, 102, 240]);
    assert_eq!(yuv([0, 255, 0]), [173, 42, 26]);
    assert_eq!(yuv([0, 0, 255]), [32, 240, 118]);
}

#[test]
fn yuv_formats_keep_every_byte_whatever_the_strides() {
    let (width, height) = (18usize, 16usize);
    let luma = bytes(21 * 16, 5);
    let (u, v) = (bytes(11 * 8, 6), bytes(13 * 8, 7));
    let mut interleaved = [vec![0u8; 23 * 8], vec![0u8; 23 * 8]];
    for y in 0..8 {
        for x in 0..9 {
            for (order, plane) in interleaved.iter_mut().enumerate() {
                plane[y * 23 + 2 * x + order] = u[y * 11 + x];
                plane[y * 23 + 2 * x + 1 - order] = v[y * 13 + x];
            }
        }
    }
    let plane = |data, stride_bytes| Plane { data, stride_bytes };
    let (nv12, nv21) = (plane(&interleaved[0], 23), plane(&interleaved[1], 23));
    let luma_plane = plane(&luma, 21);
    for (format, planes) in [
        (PixelFormat::I420, vec![luma_plane, plane(&u, 11), plane(&v, 13)]),
        (PixelFormat::Nv12, vec![luma_plane, nv12]),
        (PixelFormat::Nv21, vec![luma_plane, nv21]),
    ] {
        let view = FrameView::new(format, width as u32, height as u32, &planes).unwrap();
        let mut out = I420Frame::new(width as u32, height as u32).unwrap();
        to_i420(&view, &mut out).unwrap();
        let rows = |from: &[u8], stride: usize, width: usize| -> Vec<u8> {
            from.chunks(stride).flat_map(|row| row[..width].to_vec()).collect()
        };
        let wanted = [rows(&luma, 21, 18), rows(&u, 11, 9), rows(&v, 13, 9)].concat();
        assert_eq!(out.as_bytes(), wanted, "{format:?}");
    }
}

#[test]
fn another_size_is_an_error_and_leaves_the_target_alone() {
    let data = vec![200; 32 * 16 * 4];
    let view = FrameView::packed(PixelFormat::Rgba, 32, 16, &data).unwrap();
    let mut out = I420Frame::new(16, 32).unwrap();
    let before = out.clone();
    assert!(matches!(
        to_i420(&view, &mut out),
        Err(FrameError::SizeChanged { width: 32, height: 16, expected_width: 16, .. })
    ));
    assert_eq!(out, before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_planes_convert_or_are_refused(
        format in prop_oneof![
            Just(PixelFormat::I420), Just(PixelFormat::Nv12), Just(PixelFormat::Nv21),
            Just(PixelFormat::Rgba), Just(PixelFormat::Bgra),
        ],
        width in 0u32..70,
        height in 0u32..70,
        planes in prop::collection::vec((0usize..12_000, prop_oneof![0usize..300, Just(usize::MAX)]), 0..5),
    ) {
        let data = vec![7u8; 12_000];
        let planes: Vec<_> = planes
            .iter()
            .map(|&(len, stride_bytes)| Plane { data: &data[..len], stride_bytes })
            .collect();
        if let Ok(view) = FrameView::new(format, width, height, &planes) {
            let mut out = I420Frame::new(width, height).unwrap();
            to_i420(&view, &mut out).unwrap();
        }
    }
}
