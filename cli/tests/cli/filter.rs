//! `onair filter`: pictures in, pictures out.

use crate::common::onair;
use onair::overlay::Image;

/// A 2 × 2 × 2 table that turns every colour into red.
const RED: &str = "LUT_3D_SIZE 2\n1 0 0\n1 0 0\n1 0 0\n1 0 0\n1 0 0\n1 0 0\n1 0 0\n1 0 0\n";

#[test]
fn a_picture_is_filtered_overlaid_and_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let read = |name: &str| Image::decode(&std::fs::read(file(name)).expect(name)).expect(name);
    std::fs::write(file("red.cube"), RED).expect("a file");

    onair(&["filter", "pattern:face", &file("face.png")]).assert_code(0);
    let face = read("face.png");
    assert_eq!((face.width(), face.height()), (360, 640));
    for name in onair::Effect::names() {
        let out = file(&format!("{name}.jpg"));
        onair(&["filter", &file("face.png"), &out, "--filter", name]).assert_code(0);
        assert_ne!(read(&format!("{name}.jpg")), face, "{name}");
    }
    let red = file("red.cube");
    onair(&["filter", &file("face.png"), &file("red.png"), "--filter", &red]).assert_code(0);
    assert!(read("red.png").rgba().as_chunks::<4>().0.iter().all(|p| p[0] > 250 && p[1] < 5));

    let over = format!("{}@-16,-20,90,160", file("red.png"));
    let with = ["--overlay", &over, "--text", "Hi@c180,60,40,#0000ff", "--filter", "gray"];
    let face_file = file("face.png");
    onair(&[&["filter", &face_file, &file("over.png")][..], &with].concat()).assert_code(0);
    let over = read("over.png");
    let pixel = |x: u32, y: u32| {
        let at = ((y * 360 + x) * 4) as usize;
        [over.rgba()[at], over.rgba()[at + 1], over.rgba()[at + 2]]
    };
    assert!(pixel(300, 540)[0] > 250 && pixel(300, 540)[1] < 5, "over the gray");
    let [r, g, b] = pixel(180, 400);
    assert!(r.abs_diff(g) < 3 && g.abs_diff(b) < 3, "the rest is gray");
    let blue = (0..360).filter(|&x| pixel(x, 60)[2] > 200 && pixel(x, 60)[0] < 60).count();
    assert!((4..60).contains(&blue), "{blue} blue pixels in a row of letters");
}

#[test]
fn what_cannot_be_filtered_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("bad.cube"), "LUT_3D_SIZE 2\n0 0\n").expect("a file");
    std::fs::write(file("bad.png"), "no picture").expect("a file");
    let (bad_cube, bad_png, out) = (file("bad.cube"), file("bad.png"), file("out.png"));
    let over = format!("{bad_png}@1,2");
    for (arguments, said) in [
        (&["pattern:face", &out, "--filter", "grey"][..], "gray, invert"),
        (&["pattern:face", &out, "--filter", &bad_cube], "line 2"),
        (&["pattern:face", &out, "--overlay", &over], "PNG"),
        (&["pattern:face", &out, "--overlay", "logo.png"], "x,y"),
        (&["pattern:face", &out, "--text", "a@1,2,9999"], "size_px"),
        (&["pattern:face", &out, "--beauty", "2"], "0 to 1"),
        (&["pattern:face", &out, "--rotate", "45"], "90"),
        (&["pattern:face", "out.gif"], ".png"),
        (&["pattern:nobody", &out], "nobody"),
        (&[&bad_png, &out], "PNG"),
        (&["/nowhere.png", &out], "/nowhere.png"),
    ] {
        let ended = onair(&[&["filter"][..], arguments].concat()).assert_code(2);
        assert!(ended.stderr.contains(said), "{arguments:?}: {}", ended.stderr);
    }
}
