//! Overlays against a mix of each pixel in R'G'B', written apart from them.

use std::io::Cursor;

use ::image::{ImageBuffer, ImageFormat, Rgba};

use super::*;
use crate::frame::{FrameView, I420Frame, PixelFormat};

/// Y, Cb, Cr of BT.709 limited.
fn encode([r, g, b]: [f64; 3]) -> [f64; 3] {
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [16.0 + 219.0 * y, 128.0 + 224.0 * (b - y) / 1.8556, 128.0 + 224.0 * (r - y) / 1.5748]
}

fn noise(len: usize, mut state: u32) -> Vec<u8> {
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn noisy_frame(width: u32, height: u32, seed: u32) -> I420Frame {
    let mut frame = I420Frame::new(width, height).unwrap();
    let bytes = noise(frame.as_bytes().len(), seed);
    frame.as_bytes_mut().copy_from_slice(&bytes);
    frame
}

fn overlay(name: &str, content: Content, place: Place) -> Overlay {
    Overlay { name: name.to_owned(), content, place, opacity: 1.0, z: 0 }
}

fn at(x: i32, y: i32) -> Place {
    Place { x, y, ..Place::default() }
}

fn drawn(overlays: &[Overlay], on: &I420Frame) -> I420Frame {
    let mut picture = on.clone();
    check(overlays).unwrap();
    let mut stage = Stage::default();
    stage.set(overlays);
    stage.draw(&mut picture).unwrap();
    picture
}

/// How far `got` is from `below` under a mark, which gives each pixel's colour and its alpha.
fn farthest(got: &I420Frame, below: &I420Frame, mark: impl Fn(i32, i32) -> ([f64; 3], f64)) -> f64 {
    let (width, height) = (got.width() as usize, got.height() as usize);
    let plane = |frame: &I420Frame, plane: usize, at: usize| {
        f64::from(frame.view().planes()[plane].data[at])
    };
    let mut farthest = 0.0_f64;
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let (colour, alpha) = mark(x as i32, y as i32);
        let was = plane(below, 0, y * width + x);
        let want = was + (encode(colour)[0] - was) * alpha;
        farthest = farthest.max((plane(got, 0, y * width + x) - want).abs());
    }
    for (y, x) in (0..height / 2).flat_map(|y| (0..width / 2).map(move |x| (y, x))) {
        let four = [(0, 0), (1, 0), (0, 1), (1, 1)];
        for chroma in [1, 2] {
            let was = plane(below, chroma, y * (width / 2) + x);
            let mixed = four.map(|(dx, dy)| {
                let (colour, alpha) = mark(2 * x as i32 + dx, 2 * y as i32 + dy);
                was + (encode(colour)[chroma] - was) * alpha
            });
            let want = mixed.iter().sum::<f64>() / 4.0;
            farthest = farthest.max((plane(got, chroma, y * (width / 2) + x) - want).abs());
        }
    }
    farthest
}

fn noisy_image(width: u32, height: u32, seed: u32) -> Image {
    Image::from_rgba(width, height, noise((width * height * 4) as usize, seed)).unwrap()
}

fn pixel(image: &Image, x: i32, y: i32) -> ([f64; 3], f64) {
    let inside = (0..image.width() as i32).contains(&x) && (0..image.height() as i32).contains(&y);
    if !inside {
        return ([0.0; 3], 0.0);
    }
    let start = (y * image.width() as i32 + x) as usize * 4;
    let [r, g, b, a] = [0, 1, 2, 3].map(|c| f64::from(image.rgba()[start + c]) / 255.0);
    ([r, g, b], a)
}

#[test]
fn lf85_a_mark_is_mixed_by_its_alpha_times_the_overlays_at_every_place() {
    let below = noisy_frame(64, 48, 3);
    let mark = noisy_image(21, 13, 5);
    // Even and odd places, and all that reach over an edge.
    let places =
        [(0, 0), (7, 9), (8, 9), (7, 10), (30, 22), (-5, -4), (-6, 44), (58, -7), (51, 41)];
    for (x, y) in places {
        for opacity in [1.0, 0.6, 0.05, 0.0] {
            let over =
                Overlay { opacity, ..overlay("mark", Content::Image(mark.clone()), at(x, y)) };
            let off = farthest(&drawn(&[over], &below), &below, |px, py| {
                let (colour, alpha) = pixel(&mark, px - x, py - y);
                (colour, alpha * f64::from(opacity))
            });
            assert!(off < 1.0, "{x},{y} at {opacity}: {off} off");
        }
    }
}

#[test]
fn lf94_a_rectangle_by_its_centre_lies_where_videocore_puts_it() {
    let below = I420Frame::new(360, 640).unwrap();
    let white = Image::from_rgba(40, 20, vec![255; 40 * 20 * 4]).unwrap();
    // Centre, and the size to fit into; the mark is twice as wide as tall.
    for (x, y, width, height, wide, tall) in [
        (180, 320, 100, 50, 100, 50),
        (180, 320, 101, 101, 101, 50),
        (77, 81, 90, 31, 62, 31),
        (10, 630, 80, 80, 80, 40),
    ] {
        let place = Place { anchor: Anchor::Centre, width, height, ..at(x, y) };
        let picture = drawn(&[overlay("mark", Content::Image(white.clone()), place)], &below);
        let luma = picture.view().planes()[0].data;
        let is_white = |x: i32, y: i32| luma[(y * 360 + x) as usize] == 235;
        let left = (0..360).find(|&x| is_white(x, y)).unwrap();
        let right = (0..360).rfind(|&x| is_white(x, y)).unwrap() + 1;
        let top = (0..640).find(|&y| is_white(x, y)).unwrap();
        let bottom = (0..640).rfind(|&y| is_white(x, y)).unwrap() + 1;
        let edges = [(x, wide, 360.0), (y, tall, 640.0)].map(|(centre, side, most)| {
            let half = f64::from(side) / 2.0;
            [f64::from(centre) - half, f64::from(centre) + half].map(|edge| edge.clamp(0.0, most))
        });
        for (got, want) in [left, right, top, bottom].into_iter().zip(edges.as_flattened()) {
            assert!((f64::from(got) - want).abs() <= 1.0, "{place:?}: {got} for {want}");
        }
    }
}

#[test]
fn a_corner_is_counted_from_the_pictures_corner() {
    let rect = |anchor, x, y| {
        let place = Place { anchor, ..at(x, y) };
        let Rect { x, y, .. } = place.rect([30, 20], [360, 640]);
        (x, y)
    };
    assert_eq!(rect(Anchor::TopLeft, 5, 7), (5, 7));
    assert_eq!(rect(Anchor::TopRight, 5, 7), (325, 7));
    assert_eq!(rect(Anchor::BottomLeft, 5, 7), (5, 613));
    assert_eq!(rect(Anchor::BottomRight, 5, 7), (325, 613));
    assert_eq!(rect(Anchor::Centre, 5, 7), (-10, -3));
}

#[test]
fn a_size_is_the_contents_or_fits_or_is_filled() {
    let size = |width, height, stretch| {
        let place = Place { width, height, stretch, ..Place::default() };
        let Rect { width, height, .. } = place.rect([40, 30], [360, 640]);
        (width, height)
    };
    assert_eq!(size(0, 0, false), (40, 30));
    assert_eq!(size(80, 0, false), (80, 60));
    assert_eq!(size(0, 15, false), (20, 15));
    assert_eq!(size(80, 30, false), (40, 30));
    assert_eq!(size(80, 30, true), (80, 30));
    assert_eq!(size(1, 3_840, false), (1, 1));
    assert_eq!(size(3_840, 3_840, true), (3_840, 3_840));
}

#[test]
fn the_higher_lies_over_the_lower_whatever_the_lists_order() {
    let below = noisy_frame(32, 32, 3);
    let plain = |name: &str, colour: [u8; 3], z| {
        let rgba = [colour[0], colour[1], colour[2], 255].repeat(32 * 32);
        let content = Content::Image(Image::from_rgba(32, 32, rgba).unwrap());
        Overlay { z, ..overlay(name, content, at(0, 0)) }
    };
    let (red, blue) = (plain("red", [255, 0, 0], 2), plain("blue", [0, 0, 255], -1));
    let want = drawn(std::slice::from_ref(&red), &below);
    assert_eq!(drawn(&[red.clone(), blue.clone()], &below), want);
    assert_eq!(drawn(&[blue.clone(), red.clone()], &below), want);
    // Of equals the later.
    let blue = Overlay { z: 2, ..blue };
    assert_eq!(drawn(&[blue, red], &below), want);
}

#[test]
fn what_changes_is_seen_with_the_next_picture() {
    let below = noisy_frame(64, 48, 3);
    let mut stage = Stage::default();
    let mut shown = |overlays: &[Overlay]| {
        stage.set(overlays);
        let mut picture = below.clone();
        stage.draw(&mut picture).unwrap();
        picture
    };
    let first = overlay("mark", Content::Image(noisy_image(10, 10, 5)), at(4, 4));
    let moved = Overlay { place: at(9, 9), opacity: 0.5, ..first.clone() };
    let other = Overlay { content: Content::Text(Text::new("on air", 16.0)), ..moved.clone() };
    let larger = Overlay { place: Place { width: 30, ..at(9, 9) }, ..first.clone() };
    for overlays in [&[first][..], &[moved], &[other], &[larger], &[]] {
        assert_eq!(shown(overlays), drawn(overlays, &below));
    }
    assert_eq!(shown(&[]), below);
}

#[test]
fn an_image_of_another_size_is_scaled_without_a_fringe() {
    // Clear pixels are green; none of it may show.
    let rgba: Vec<u8> = (0..40 * 40)
        .flat_map(|i| if i % 40 < 20 { [0, 255, 0, 0] } else { [200, 40, 90, 255] })
        .collect();
    let image = Image::from_rgba(40, 40, rgba).unwrap();
    let below = I420Frame::new(64, 64).unwrap();
    let place = Place { width: 60, height: 60, ..at(2, 2) };
    let picture = drawn(&[overlay("mark", Content::Image(image), place)], &below);
    let [luma, u, v] = picture.view().planes().map(|plane| plane.data);
    let [y, cb, cr] = encode([200.0 / 255.0, 40.0 / 255.0, 90.0 / 255.0]);
    // A mix of black and the mark's colour: chroma goes with luma.
    for (x, row) in (0..32).flat_map(|x| (1..31).map(move |row| (x, row))) {
        let four = [0, 1, 64, 65].map(|d| f64::from(luma[row * 128 + 2 * x + d]));
        let part = (four.iter().sum::<f64>() / 4.0 - 16.0) / (y - 16.0);
        for (plane, full) in [(u, cb), (v, cr)] {
            let want = 128.0 + part * (full - 128.0);
            assert!((f64::from(plane[row * 32 + x]) - want).abs() < 2.0, "{x},{row}");
        }
    }
    assert_eq!((luma[32 * 64 + 8], luma[32 * 64 + 55]), (16, y.round() as u8));
}

// --- pushed pictures ---

fn pushed(inputs: &Inputs, name: &str, frame: &I420Frame) {
    let (width, height) = (frame.width(), frame.height());
    let view = FrameView::packed(PixelFormat::I420, width, height, frame.as_bytes()).unwrap();
    inputs.push(name, &view).unwrap();
}

/// A frame of one colour.
fn plain_frame(width: u32, height: u32, [y, u, v]: [u8; 3]) -> I420Frame {
    let mut frame = I420Frame::new(width, height).unwrap();
    for (plane, value) in frame.planes_mut().into_iter().zip([y, u, v]) {
        plane.fill(value);
    }
    frame
}

#[test]
fn a_second_video_shows_its_newest_picture_scaled_into_its_place() {
    let below = noisy_frame(64, 48, 3);
    let place = Place { width: 31, height: 17, stretch: true, ..at(5, 7) };
    let overlays = [Overlay { opacity: 0.7, ..overlay("guest", Content::Input, place) }];
    let inputs = Inputs::default();
    inputs.set(&overlays);
    let mut stage = Stage::new(inputs.clone());
    stage.set(&overlays);
    let mut shown = || {
        let mut picture = below.clone();
        stage.draw(&mut picture).unwrap();
        picture
    };
    assert_eq!(shown(), below, "nothing before the first");
    for colour in [[90, 100, 170], [200, 140, 90]] {
        pushed(&inputs, "guest", &plain_frame(320, 180, [1; 3]));
        pushed(&inputs, "guest", &plain_frame(100, 200, colour));
        let first = shown();
        for (plane, colour) in colour.into_iter().enumerate() {
            let part = if plane == 0 { 1 } else { 2 };
            let (x, y, width) = (20 / part, 14 / part, 64 / part);
            let was = f64::from(below.view().planes()[plane].data[y * width + x]);
            let want = was + (f64::from(colour) - was) * 0.7;
            let got = f64::from(first.view().planes()[plane].data[y * width + x]);
            assert!((got - want).abs() < 1.0, "plane {plane}: {got} for {want}");
        }
        let around = |frame: &I420Frame| frame.as_bytes()[6 * 64..7 * 64 + 5].to_vec();
        assert_eq!(around(&first), around(&below));
        assert_eq!(shown(), first, "the last picture stays");
    }
}

#[test]
fn a_push_to_no_overlay_is_refused_by_name() {
    let inputs = Inputs::default();
    let text = Content::Text(Text::new("a", 10.0));
    inputs.set(&[overlay("guest", Content::Input, at(0, 0)), overlay("text", text, at(0, 0))]);
    let frame = I420Frame::new(16, 16).unwrap();
    pushed(&inputs, "guest", &frame);
    let view = FrameView::packed(PixelFormat::I420, 16, 16, frame.as_bytes()).unwrap();
    for name in ["", "Guest", "text"] {
        let refused = inputs.push(name, &view);
        assert_eq!(refused, Err(InputError::Unknown { name: name.to_owned() }));
    }
    inputs.set(&[]);
    assert!(inputs.push("guest", &view).is_err());
}

// --- text ---

fn text_image(text: Text) -> Image {
    text.draw()
}

#[test]
fn text_is_as_large_as_asked_and_has_its_colours() {
    let red = Colour { red: 250, green: 10, blue: 20, alpha: 255 };
    let one = text_image(Text { colour: red, ..Text::new("HHHH", 40.0) });
    let rows: Vec<_> = (0..one.height())
        .filter(|&y| (0..one.width()).any(|x| pixel(&one, x as i32, y as i32).1 > 0.5))
        .collect();
    // Capitals of this typeface are 0.71 of the em.
    assert!((27..=30).contains(&rows.len()), "{} rows", rows.len());
    let solid = one.rgba().as_chunks::<4>().0.iter().filter(|p| p[3] == 255);
    assert!(solid.clone().count() > 400 && solid.clone().all(|p| *p == [250, 10, 20, 255]));
    let two = text_image(Text::new("HHHH\nHH", 40.0));
    assert_eq!(two.width(), one.width());
    assert!((40..=52).contains(&(two.height() - one.height())));
    let half = text_image(Text::new("HHHH", 20.0));
    assert!(half.width().abs_diff(one.width() / 2) <= 1);
}

#[test]
fn a_box_lies_behind_the_letters() {
    let back = Colour { red: 0, green: 0, blue: 0, alpha: 128 };
    let plain = text_image(Text::new("l", 40.0));
    let boxed = text_image(Text { background: Some(back), ..Text::new("l", 40.0) });
    assert_eq!((boxed.width(), boxed.height()), (plain.width() + 20, plain.height() + 20));
    assert_eq!(boxed.rgba()[..4], [0, 0, 0, 128]);
    assert!(boxed.rgba().as_chunks::<4>().0.contains(&[255; 4]));
    assert!(boxed.rgba().as_chunks::<4>().0.iter().all(|p| p[3] >= 128));
}

#[test]
fn what_the_font_lacks_is_a_box_and_nothing_panics() {
    let missing = text_image(Text::new("\u{4F60}", 32.0));
    let cover: Vec<_> = missing.rgba().as_chunks::<4>().0.iter().map(|p| p[3]).collect();
    assert!(cover.iter().filter(|a| **a == 255).count() > 60);
    // Hollow.
    let (x, y) = (missing.width() / 2, missing.height() / 2);
    assert_eq!(cover[(y * missing.width() + x) as usize], 0);
    let odd = "\0\u{7}\t\r\u{200B}\u{FEFF}\u{301}e\u{301}\u{202E}שלום\u{1F600}\u{10FFFF}\n\n ";
    let most = "W".repeat(Text::MOST);
    for text in ["", "\n", " ", odd, &most] {
        for size in [4.0, 17.3, 512.0] {
            let image = text_image(Text::new(text, size));
            assert!(image.width() >= 1 && image.width() <= 3_840 && image.height() <= 3_840);
        }
    }
    let greek = text_image(Text::new("Ωλ Жя ąß €", 30.0));
    let whole = text_image(Text::new("\u{4F60}".repeat(10), 30.0));
    assert!(greek.width() < whole.width());
}

#[test]
fn bytes_that_are_no_font_are_refused_and_damaged_ones_do_not_panic() {
    let file = include_bytes!("../../font/roboto-regular-subset.ttf");
    assert!(Font::from_bytes(file.to_vec()).is_ok_and(|font| font == Font::default()));
    for bytes in [&b""[..], b"OTTO", &file[..100], &noise(5_000, 9)] {
        assert_eq!(Font::from_bytes(bytes.to_vec()), Err(FontError));
    }
    for seed in 1..60_u32 {
        let mut damaged = file.to_vec();
        for (index, byte) in noise(40, seed).into_iter().enumerate() {
            let place = (index * 907 + seed as usize * 7_919) % damaged.len();
            damaged[place] = byte;
        }
        if let Ok(font) = Font::from_bytes(damaged) {
            text_image(Text { font, ..Text::new("Damaged, but äöü Ωλ", 24.0) });
        }
    }
}

#[test]
fn colours_are_read_as_the_web_writes_them() {
    let red = Colour { red: 255, green: 16, blue: 0, alpha: 255 };
    assert_eq!("#ff1000".parse(), Ok(red));
    assert_eq!("FF100080".parse(), Ok(Colour { alpha: 128, ..red }));
    for bad in ["", "#", "#fff", "red", "#ff10000", "#+f1000", "#ff1000ü"] {
        assert!(bad.parse::<Colour>().is_err(), "{bad}");
    }
}

// --- files ---

fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let pixels = ImageBuffer::from_fn(width, height, |x, y| Rgba([x as u8, y as u8, 77, 200]));
    let mut bytes = Cursor::new(Vec::new());
    match format {
        ImageFormat::Png => pixels.write_to(&mut bytes, format).unwrap(),
        _ => ::image::DynamicImage::from(pixels).into_rgb8().write_to(&mut bytes, format).unwrap(),
    }
    bytes.into_inner()
}

#[test]
fn stills_are_read_from_png_and_jpeg() {
    let png = Image::decode(&file(20, 10, ImageFormat::Png)).unwrap();
    assert_eq!((png.width(), png.height()), (20, 10));
    assert_eq!(png.rgba()[4 * 3..][..4], [3, 0, 77, 200]);
    let jpeg = Image::decode(&file(20, 10, ImageFormat::Jpeg)).unwrap();
    assert_eq!((jpeg.width(), jpeg.height(), jpeg.rgba()[3]), (20, 10, 255));
}

#[test]
fn bad_stills_are_named() {
    assert_eq!(Image::decode(b"GIF89a"), Err(ImageError::Format));
    assert_eq!(Image::decode(b""), Err(ImageError::Format));
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let good = file(40, 40, format);
        for length in [9, 30, good.len() / 3, good.len() / 2] {
            // A JPEG may end early: some readers show what is there.
            if let Err(error) = Image::decode(&good[..length]) {
                assert!(matches!(error, ImageError::Damaged(_) | ImageError::Format), "{error}");
            } else {
                assert_eq!(format, ImageFormat::Jpeg);
            }
        }
    }
    let large = Image::decode(&file(4_097, 1, ImageFormat::Png));
    assert_eq!(large, Err(ImageError::Size { width: 4_097, height: 1 }));
    let short = Image::from_rgba(2, 2, vec![0; 15]);
    assert_eq!(short, Err(ImageError::Bytes { expected: 16, given: 15 }));
    assert!(Image::from_rgba(0, 2, Vec::new()).is_err());
}

#[test]
fn overlays_that_cannot_be_used_are_named() {
    let good = overlay("a", Content::Input, at(0, 0));
    assert_eq!(check(std::slice::from_ref(&good)), Ok(()));
    let name = |name: &str| Err(OverlayError::Name { name: name.to_owned() });
    assert_eq!(check(&[good.clone(), good.clone()]), name("a"));
    assert_eq!(check(&[Overlay { name: String::new(), ..good.clone() }]), name(""));
    for opacity in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
        let refused = check(&[Overlay { opacity, ..good.clone() }]);
        assert!(matches!(refused, Err(OverlayError::OutOfRange { field: "opacity", .. })));
    }
    let far = [at(16_385, 0), at(0, i32::MIN), Place { width: 3_841, ..at(0, 0) }];
    for place in far {
        assert!(check(&[Overlay { place, ..good.clone() }]).is_err(), "{place:?}");
    }
    for size in [0.0, 3.9, 513.0, f32::NAN] {
        let content = Content::Text(Text::new("a", size));
        assert!(check(&[Overlay { content, ..good.clone() }]).is_err());
    }
    let content = Content::Text(Text::new("a".repeat(2_001), 10.0));
    let refused = check(&[Overlay { content, ..good.clone() }]);
    assert!(matches!(refused, Err(OverlayError::LongText { given: 2_001, .. })));
    let many: Vec<_> = (0..65).map(|i| Overlay { name: i.to_string(), ..good.clone() }).collect();
    assert_eq!(check(&many), Err(OverlayError::TooMany { given: 65, most: 64 }));
}

proptest::proptest! {
    #[test]
    fn damaged_stills_are_read_or_refused(
        is_png in proptest::bool::ANY,
        damage in proptest::collection::vec((0..400_usize, 0..=255_u8), 1..6),
    ) {
        let mut bytes = file(20, 10, if is_png { ImageFormat::Png } else { ImageFormat::Jpeg });
        let length = bytes.len();
        for (at, byte) in damage {
            bytes[at % length] = byte;
        }
        if let Ok(image) = Image::decode(&bytes) {
            proptest::prop_assert_eq!(image.rgba().len() as u32, image.width() * image.height() * 4);
        }
    }
}
