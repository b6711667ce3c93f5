//! Each effect against a formula for one pixel in floating point, written apart from it.

use super::*;

/// BT.709 limited → R'G'B', clamped as a screen does.
fn decode([y, u, v]: [f64; 3]) -> [f64; 3] {
    let (y, cb, cr) = ((y - 16.0) / 219.0, (u - 128.0) / 224.0, (v - 128.0) / 224.0);
    let r = y + 1.5748 * cr;
    let b = y + 1.8556 * cb;
    let g = (y - 0.2126 * r - 0.0722 * b) / 0.7152;
    [r, g, b].map(|c| c.clamp(0.0, 1.0))
}

fn encode([r, g, b]: [f64; 3]) -> [f64; 3] {
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [16.0 + 219.0 * y, 128.0 + 224.0 * (b - y) / 1.8556, 128.0 + 224.0 * (r - y) / 1.5748]
}

/// Any bytes, colours outside the screen's among them.
fn noise(width: u32, height: u32, mut state: u32) -> I420Frame {
    let mut frame = I420Frame::new(width, height).unwrap();
    for byte in frame.as_bytes_mut() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *byte = (state >> 24) as u8;
    }
    frame
}

/// Something that a lens or an edge filter can be judged by: soft waves of colour.
fn waves(width: u32, height: u32) -> I420Frame {
    let mut frame = I420Frame::new(width, height).unwrap();
    let wave = |x: usize, y: usize, size: f64, by: f64| {
        let (x, y) = (x as f64 / f64::from(width) * size, y as f64 / f64::from(height) * size);
        128.0 + by * (x * 31.0 + (y * 17.0).sin() * 2.0).sin()
    };
    let across = width as usize;
    let [luma, u, v] = frame.planes_mut();
    for (at, y) in luma.iter_mut().enumerate() {
        *y = wave(at % across, at / across, 1.0, 90.0) as u8;
    }
    for (at, (u, v)) in u.iter_mut().zip(v).enumerate() {
        let (x, y) = (at % (across / 2), at / (across / 2));
        (*u, *v) = (wave(x, y, 2.0, 40.0) as u8, wave(y, x, 2.0, 40.0) as u8);
    }
    frame
}

/// One pixel as a screen shows it, each chroma sample standing for its four.
fn pixel(frame: &I420Frame, x: usize, y: usize) -> [f64; 3] {
    let width = frame.width() as usize;
    let [luma, u, v] = frame.view().planes().map(|plane| plane.data);
    let chroma = y / 2 * (width / 2) + x / 2;
    decode([luma[y * width + x], u[chroma], v[chroma]].map(f64::from))
}

/// The farthest that `got` is from the colours `want` in 255ths of the whole range: luma by the
/// pixel, chroma by the mean of four.
fn farthest(got: &I420Frame, want: impl Fn(usize, usize) -> [f64; 3]) -> f64 {
    let (width, height) = (got.width() as usize, got.height() as usize);
    let [luma, u, v] = got.view().planes().map(|plane| plane.data);
    let mut farthest = 0.0_f64;
    for y in (0..height).step_by(2) {
        for x in (0..width).step_by(2) {
            let mut mean = [0.0; 3];
            for (x, y) in [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)] {
                let colour = want(x, y);
                let off = f64::from(luma[y * width + x]) - encode(colour)[0];
                farthest = farthest.max(off.abs() / 219.0);
                for (mean, c) in mean.iter_mut().zip(colour) {
                    *mean += c / 4.0;
                }
            }
            let [_, want_u, want_v] = encode(mean);
            let chroma = y / 2 * (width / 2) + x / 2;
            for (got, want) in [(u[chroma], want_u), (v[chroma], want_v)] {
                farthest = farthest.max((f64::from(got) - want).abs() / 224.0);
            }
        }
    }
    farthest * 255.0
}

fn applied(effects: &[Effect], source: &I420Frame) -> I420Frame {
    let mut picture = source.clone();
    Stack::default().apply(effects, &mut picture, MediaTime::ZERO).unwrap();
    picture
}

fn gray([r, g, b]: [f64; 3]) -> f64 {
    0.3 * r + 0.59 * g + 0.11 * b
}

#[test]
fn lf92_gray_and_sepia_are_videocores_formulas_within_one_of_255() {
    for source in [noise(48, 34, 7), waves(64, 48)] {
        let at = |x, y| gray(pixel(&source, x, y));
        let off = farthest(&applied(&[Effect::Gray], &source), |x, y| [at(x, y); 3]);
        assert!(off < 1.0, "gray is {off} off");
        let off = farthest(&applied(&[Effect::Sepia], &source), |x, y| {
            [1.2, 1.0, 0.8].map(|by| (at(x, y) * by).min(1.0))
        });
        assert!(off < 1.0, "sepia is {off} off");
    }
}

#[test]
fn lf92_inverted_colours_are_one_minus_each_within_one_of_255() {
    let source = noise(48, 34, 9);
    let inverted = applied(&[Effect::Invert], &source);
    let mut farthest = 0.0_f64;
    for (x, y) in (0..34).flat_map(|y| (0..48).map(move |x| (x, y))) {
        let luma = source.as_bytes()[y * 48 + x];
        let chroma = 48 * 34 + y / 2 * 24 + x / 2;
        let (u, v) = (source.as_bytes()[chroma], source.as_bytes()[chroma + 24 * 17]);
        // Codes that BT.709 keeps for synchronisation have no opposite.
        if luma > 251 || u == 0 || v == 0 {
            continue;
        }
        let (was, is) = (pixel(&source, x, y), pixel(&inverted, x, y));
        for (was, is) in was.into_iter().zip(is) {
            farthest = farthest.max((1.0 - was - is).abs() * 255.0);
        }
    }
    assert!(farthest < 1.0, "{farthest} off");
    assert_eq!(applied(&[Effect::Invert], &inverted).as_bytes()[0], source.as_bytes()[0]);
}

#[test]
fn fisheye_looks_where_videocores_lens_does() {
    let source = waves(160, 120);
    let bent = applied(&[Effect::Fisheye], &source);
    let plane = |at: usize| {
        let (width, height) = if at == 0 { (160, 120) } else { (80, 60) };
        (source.view().planes()[at].data, bent.view().planes()[at].data, width, height)
    };
    for (from, to, width, height) in [0, 1, 2].map(plane) {
        let (w, h) = (width as f64, height as f64);
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let (u, v) = ((x as f64 + 0.5) / w - 0.5, (y as f64 + 0.5) / h - 0.5);
            let by = 1.0 / ((1.0 - u * u - v * v).sqrt() * (-5.2_f64).tan());
            let (sx, sy) = ((u * by + 0.5) * w - 0.5, (v * by + 0.5) * h - 0.5);
            let tap = |dx: f64, dy: f64| {
                let weight =
                    (1.0 - (sx - sx.floor() - dx).abs()) * (1.0 - (sy - sy.floor() - dy).abs());
                weight
                    * f64::from(
                        from[(sy.floor() + dy) as usize * width + (sx.floor() + dx) as usize],
                    )
            };
            let want = tap(0.0, 0.0) + tap(1.0, 0.0) + tap(0.0, 1.0) + tap(1.0, 1.0);
            let off = f64::from(to[y * width + x]) - want;
            assert!(off.abs() < 0.6, "{x},{y} of {width}x{height}: {off} off");
        }
    }
}

#[test]
fn glow_is_videocores_sobel_at_any_size() {
    // Steps below a pixel, of whole pixels, and above one in both ways.
    for (width, height) in [(160, 120), (640, 360), (90, 960), (1_600, 16)] {
        let source = waves(width, height);
        let off = farthest(&applied(&[Effect::Glow], &source), |x, y| {
            let (w, h) = (f64::from(width), f64::from(height));
            let texture = |dx: f64, dy: f64| {
                let (sx, sy) = (x as f64 + dx * w / 640.0, y as f64 + dy * h / 360.0);
                let mut sum = [0.0; 3];
                for (ix, iy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
                    let (px, py) = (sx.floor() + ix, sy.floor() + iy);
                    let weight = (1.0 - (sx - px).abs()) * (1.0 - (sy - py).abs());
                    let (px, py) = (px.clamp(0.0, w - 1.0), py.clamp(0.0, h - 1.0));
                    let colour = pixel(&source, px as usize, py as usize);
                    for (sum, c) in sum.iter_mut().zip(colour) {
                        *sum += c * weight;
                    }
                }
                sum
            };
            let kernel = [
                (-1.0, -1.0, 1.0, 1.0),
                (0.0, -1.0, 2.0, 0.0),
                (1.0, -1.0, 1.0, -1.0),
                (-1.0, 0.0, 0.0, 2.0),
                (1.0, 0.0, 0.0, -2.0),
                (-1.0, 1.0, -1.0, 1.0),
                (0.0, 1.0, -2.0, 0.0),
                (1.0, 1.0, -1.0, -1.0),
            ];
            let taps = kernel.map(|(dx, dy, vertical, across)| (texture(dx, dy), vertical, across));
            let here = texture(0.0, 0.0);
            [0, 1, 2].map(|c| {
                let vertical: f64 = taps.iter().map(|(tap, by, _)| tap[c] * by).sum();
                let across: f64 = taps.iter().map(|(tap, _, by)| tap[c] * by).sum();
                (2.0 * vertical.hypot(across) * here[c]).min(1.0)
            })
        });
        assert!(off < 1.0, "{width}x{height} is {off} off");
    }
}

#[test]
fn effects_are_applied_in_their_order() {
    let source = noise(32, 32, 5);
    let both = applied(&[Effect::Sepia, Effect::Invert], &source);
    assert_eq!(both, applied(&[Effect::Invert], &applied(&[Effect::Sepia], &source)));
    assert_ne!(both, applied(&[Effect::Invert, Effect::Sepia], &source));
    assert_eq!(applied(&[], &source), source);
}

#[test]
fn every_name_is_an_effect() {
    let names: Vec<_> = Effect::names().collect();
    assert_eq!(names, ["gray", "invert", "sepia", "fisheye", "glow"]);
    assert!(names.iter().all(|name| Effect::from_name(name).is_some()));
    assert_eq!(Effect::from_name("grey"), None);
}

// --- tables of colours ---

/// A table whose points are `colour` of what they stand for.
fn cube(size: usize, head: &str, domain: [f64; 2], colour: impl Fn([f64; 3]) -> [f64; 3]) -> Lut {
    let mut text = format!("# made for a test\nTITLE \"t\"\nLUT_3D_SIZE {size}\n{head}\n");
    let at = |index: usize| {
        let part = index as f64 / (size - 1) as f64;
        domain[0] + part * (domain[1] - domain[0])
    };
    for (b, g) in (0..size).flat_map(|b| (0..size).map(move |g| (b, g))) {
        for r in 0..size {
            let [r, g, b] = colour([at(r), at(g), at(b)]);
            text += &format!("{r:.7} {g:.7} {b:.7}\r\n");
        }
    }
    Lut::from_cube(text.as_bytes()).unwrap()
}

/// A colour in a tetrahedron, by the volumes of the four smaller ones that it makes: nothing is
/// sorted here.
fn tetrahedral(size: usize, colour: [f64; 3], entry: impl Fn([f64; 3]) -> [f64; 3]) -> [f64; 3] {
    let last = (size - 1) as f64;
    let at = colour.map(|c| c.clamp(0.0, 1.0) * last);
    let whole = at.map(|c| c.floor().min(last - 1.0));
    let part = [0, 1, 2].map(|c| at[c] - whole[c]);
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let order = orders.into_iter().find(|o| part[o[0]] >= part[o[1]] && part[o[1]] >= part[o[2]]);
    let order = order.unwrap();
    let mut corner = whole;
    let mut weight = 1.0 - part[order[0]];
    let mut sum = entry(corner.map(|c| c / last)).map(|c| c * weight);
    for (index, axis) in order.into_iter().enumerate() {
        corner[axis] += 1.0;
        weight = part[axis] - order.get(index + 1).map_or(0.0, |next| part[*next]);
        let colour = entry(corner.map(|c| c / last));
        sum = [0, 1, 2].map(|c| sum[c] + colour[c] * weight);
    }
    sum
}

fn graded([r, g, b]: [f64; 3]) -> [f64; 3] {
    [(0.2 + 0.7 * r * g).clamp(0.0, 1.0), b.powf(0.6), (1.0 - r) * 0.5 + g * b * 0.5]
}

#[test]
fn a_table_gives_its_colours_and_what_lies_between() {
    for (size, seed) in [(2, 3), (17, 5), (33, 7), (65, 11)] {
        let lut = cube(size, "", [0.0, 1.0], graded);
        assert_eq!(lut.size(), size);
        let source = noise(32, 32, seed);
        let off = farthest(&applied(&[Effect::Lut(lut)], &source), |x, y| {
            tetrahedral(size, pixel(&source, x, y), graded)
        });
        assert!(off < 1.0, "size {size} is {off} off");
    }
}

#[test]
fn a_table_that_changes_nothing_changes_nothing() {
    let source = waves(64, 48);
    let same = applied(&[Effect::Lut(cube(33, "", [0.0, 1.0], |c| c))], &source);
    let off = farthest(&same, |x, y| pixel(&source, x, y));
    assert!(off < 1.0, "{off} off");
}

#[test]
fn a_table_says_what_its_points_stand_for() {
    let source = waves(64, 48);
    let half = |c: [f64; 3]| c.map(|c| (c * 0.5).clamp(0.0, 1.0));
    for head in ["DOMAIN_MIN -1 -1 -1\nDOMAIN_MAX 2 2 2", "LUT_3D_INPUT_RANGE -1 2"] {
        let lut = cube(31, head, [-1.0, 2.0], half);
        let off =
            farthest(&applied(&[Effect::Lut(lut)], &source), |x, y| half(pixel(&source, x, y)));
        assert!(off < 1.0, "{head}: {off} off");
    }
}

#[test]
fn a_bad_cube_file_is_named_by_its_line() {
    let refused = |text: &str| Lut::from_cube(text.as_bytes()).unwrap_err();
    let eight = "0 0 0\n".repeat(8);
    assert_eq!(refused("LUT_1D_SIZE 4\n"), CubeError::OneDimensional { line: 1 });
    for size in ["", "1", "66", "-2", "two", "99999999999999999999", "2 2"] {
        assert_eq!(refused(&format!("\nLUT_3D_SIZE {size}\n")), CubeError::Size { line: 2 });
    }
    assert_eq!(refused("1 0 0\n"), CubeError::SizeMissing { line: 1 });
    assert_eq!(refused("LUT_3D_SIZE 2\nLUT_3D_SIZE 2\n"), CubeError::Misplaced { line: 2 });
    assert_eq!(
        refused("LUT_3D_SIZE 2\n0 0 0\nDOMAIN_MIN 0 0 0\n"),
        CubeError::Misplaced { line: 3 }
    );
    for bad in ["0 0", "0 0 0 0", "0 0 x", "0 nan 0", "0 0 inf", "-", "0 0 1e99"] {
        assert_eq!(refused(&format!("LUT_3D_SIZE 2\n{bad}\n")), CubeError::Numbers { line: 2 });
    }
    for bad in ["HELLO", "LUT_IN_VIDEO_RANGE", "\u{e9}"] {
        let error = refused(&format!("LUT_3D_SIZE 2\n{bad}\n"));
        assert!(matches!(error, CubeError::Unknown { line: 2 } | CubeError::Numbers { line: 2 }));
    }
    assert_eq!(refused(&format!("LUT_3D_SIZE 2\nDOMAIN_MIN 1 1 1\n{eight}")), CubeError::Domain);
    assert_eq!(refused(""), CubeError::Entries { expected: 0, given: 0 });
    assert_eq!(refused("LUT_3D_SIZE 2\n0 0 0\n"), CubeError::Entries { expected: 8, given: 1 });
    let nine = format!("LUT_3D_SIZE 2\n{eight}0 0 0\n");
    assert_eq!(refused(&nine), CubeError::Entries { expected: 8, given: 9 });
    assert!(Lut::from_cube(format!("\u{feff}LUT_3D_SIZE\t2\r{eight}").as_bytes()).is_ok());
    assert!(
        Lut::from_cube(&[b"TITLE \xE9\n# \xFF\nLUT_3D_SIZE 2\n", eight.as_bytes()].concat())
            .is_ok()
    );
}

/// Lines of a cube file, most of them nearly right.
fn cube_line() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    prop_oneof![
        Just(b"0.5 0.25 1".to_vec()),
        Just(b"LUT_3D_SIZE 2".to_vec()),
        "(LUT_3D_SIZE|DOMAIN_M(IN|AX)|LUT_3D_INPUT_RANGE|TITLE|LUT_1D_SIZE)[ -9]{0,12}"
            .prop_map(String::into_bytes),
        "[-+0-9.eE ]{0,20}".prop_map(String::into_bytes),
        any::<Vec<u8>>(),
    ]
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_a_table_or_a_typed_error(
        lines in proptest::collection::vec(cube_line(), 0..24),
        head in proptest::bool::ANY,
    ) {
        let head: &[u8] = if head { b"LUT_3D_SIZE 2\n" } else { b"" };
        if let Ok(lut) = Lut::from_cube(&[head, &lines.join(&b"\n"[..])].concat()) {
            // What is taken can be used.
            applied(&[Effect::Lut(lut)], &noise(16, 16, 3));
        }
    }
}

// --- an app's own ---

struct Marker;

impl Filter for Marker {
    fn apply(&mut self, picture: &mut I420Mut<'_>, at: MediaTime) -> Result<(), String> {
        picture.planes_mut()[0][0] = at.as_millis_rounded() as u8;
        if at.as_millis_rounded() == 13 { Err("not at 13".to_owned()) } else { Ok(()) }
    }
}

#[test]
fn an_apps_filter_gets_the_picture_and_its_time() {
    let effects = [Effect::custom(Marker), Effect::Invert];
    let mut stack = Stack::default();
    let mut picture = I420Frame::new(16, 16).unwrap();
    stack.apply(&effects, &mut picture, MediaTime::from_micros(40_000)).unwrap();
    assert_eq!(picture.as_bytes()[..2], [251 - 40, 251 - 16]);
    // What says no does not keep the others from their work.
    let refused = stack.apply(&effects, &mut picture, MediaTime::from_micros(13_000));
    assert_eq!(refused, Err(EffectError::Refused("not at 13".to_owned())));
    assert_eq!(picture.as_bytes()[..2], [251 - 13, 16]);
}

struct Broken;

impl Filter for Broken {
    fn apply(&mut self, _: &mut I420Mut<'_>, _: MediaTime) -> Result<(), String> {
        panic!("broken for a test")
    }
}

#[test]
fn an_apps_filter_that_panics_is_reported_once_and_left_out() {
    let effects = [Effect::custom(Broken), Effect::Invert];
    let mut stack = Stack::default();
    let mut picture = I420Frame::new(16, 16).unwrap();
    let panicked = stack.apply(&effects, &mut picture, MediaTime::ZERO);
    assert_eq!(panicked, Err(EffectError::Panicked("broken for a test".to_owned())));
    assert_eq!(stack.apply(&effects, &mut picture, MediaTime::ZERO), Ok(()));
    assert_eq!(picture.as_bytes()[0], 16);
}
