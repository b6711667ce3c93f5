//! The Swift package: its own tests in Swift, against the real library and real nginx-rtmp; what arrived, by ffmpeg.

use std::path::Path;

use onair_e2e::nginx::Nginx;
use onair_e2e::onair::root;
use onair_e2e::serve::Serve;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{ffmpeg, phone};

#[test]
fn f01_swift_streams_pattern_and_tone_that_decode_without_error() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let nginx = Nginx::start();
    let server = nginx.url("live", "");
    let serve = Serve::start(&[]);
    let rooms = serve.http_url("").replace("http://", "ws://");
    let server = server.trim_end_matches('/');
    let files =
        tempfile::tempdir_in(root().join("target")).expect("a folder that is in the root too");
    let Some(ended) = phone::script("swift", &["test"], server, &rooms, files.path()) else {
        return;
    };
    ended.expect_code(0);
    looked(files.path());
    ffmpeg::decode(&nginx.recording("swift-looked").to_string_lossy());
    for (key, seconds) in [("swift", 5), ("swift-first", 2), ("swift-second", 1)] {
        let file = nginx.recording(key);
        ffmpeg::decode(&file.to_string_lossy());
        let (pictures, sound) = (ffmpeg::packets(&file, "v"), ffmpeg::packets(&file, "a"));
        let span =
            |all: &[ffmpeg::Packet]| all.last().map_or(0, |last| last.pts_ms - all[0].pts_ms);
        // The last picture of 5 s at 30 fps begins 33 ms before their end; a busy machine skips some.
        for track in [&pictures, &sound] {
            let span = span(track);
            assert!((seconds * 1000 - 300..=seconds * 1000).contains(&span), "{key}: {span} ms");
        }
    }
}

/// What PictureTests left: snapshots of two looks, a recording in parts, a clip, and what a crash left, twice.
fn looked(folder: &Path) {
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let pixel = |name: &str, x: u32, y: u32| {
        let crop = format!("crop=1:1:{x}:{y}");
        let raw = folder.join("pixel");
        let to = raw.to_string_lossy();
        let only = ["-vf", &crop, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", &to];
        ffmpeg::run(&[&["-i", &file(name)][..], &only].concat()).expect_code(0);
        let bytes = std::fs::read(&raw).expect("what ffmpeg wrote");
        <[u8; 3]>::try_from(bytes).expect("R, G and B").map(i32::from)
    };
    let [red, green, blue] = pixel("decorated.png", 10, 10);
    assert!(
        red > 200 && green < 60 && blue < 60,
        "the image is in the snapshot: {red} {green} {blue}"
    );
    for name in ["gray.png", "gray.jpg"] {
        for at in [10, 100, 300] {
            let [red, green, blue] = pixel(name, at, at);
            assert!(
                (red - green).abs() < 8 && (green - blue).abs() < 8,
                "{name}: {red} {green} {blue}"
            );
        }
    }
    let films = [
        "show.mp4",
        "show-2.mp4",
        "show-3.mp4",
        "clip.mp4",
        "crashed.mp4",
        "recovered.mp4",
        "alone.mp4",
    ];
    for name in films {
        ffmpeg::decode(&file(name));
        let [pictures, sound] = ["video", "audio"].map(|kind| ffmpeg::stream(&file(name), kind));
        assert_eq!(
            (&pictures["width"], &sound["codec_name"]),
            (&360.into(), &"aac".into()),
            "{name}"
        );
    }
}
