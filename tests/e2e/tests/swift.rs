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
    // What is in the repository is in Swift's root too.
    std::fs::create_dir_all(root().join("target")).expect("a folder of ours");
    let files = tempfile::tempdir_in(root().join("target")).expect("a folder of ours");
    let Some(ended) = phone::script("swift", &["test"], server, &rooms, files.path()) else {
        return;
    };
    ended.expect_code(0);
    looked(files.path(), &nginx.recording("swift-looked"));
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
/// lf86: what lay over the picture is in the stream, the snapshot and the file.
fn looked(folder: &Path, stream: &Path) {
    let files = ["show.mp4", "decorated.png", "gray.png", "gray.jpg"].map(|name| folder.join(name));
    for decorated in [stream, &files[0], &files[1]] {
        let [red, green, blue] = pixel(decorated, 10, folder);
        let is_red = red > 190 && green < 70 && blue < 70;
        assert!(is_red, "the image lies there: {red} {green} {blue} in {}", decorated.display());
    }
    for gray in &files[2..] {
        for at in [10, 100, 300] {
            let [red, green, blue] = pixel(gray, at, folder);
            let is_gray = (red - green).abs() < 8 && (green - blue).abs() < 8;
            assert!(is_gray, "{red} {green} {blue} at {at} in {}", gray.display());
        }
    }
    ffmpeg::decode(&stream.to_string_lossy());
    for name in ["show", "show-2", "show-3", "clip", "crashed", "recovered", "alone"] {
        let file = folder.join(name).with_extension("mp4").to_string_lossy().into_owned();
        ffmpeg::decode(&file);
        assert_eq!(ffmpeg::stream(&file, "video")["width"], 360, "{name}");
        assert_eq!(ffmpeg::stream(&file, "audio")["codec_name"], "aac", "{name}");
    }
}

/// R, G and B of the first picture, so far from the left and from the top.
fn pixel(file: &Path, at: u32, folder: &Path) -> [i32; 3] {
    let (crop, raw) = (format!("format=rgb24,crop=1:1:{at}:{at}"), folder.join("pixel"));
    let (from, to) = (file.to_string_lossy(), raw.to_string_lossy());
    let only = ["-vf", &crop, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", &to];
    ffmpeg::run(&[&["-i", &from][..], &only].concat()).expect_code(0);
    let bytes = std::fs::read(&raw).expect("what ffmpeg wrote");
    <[u8; 3]>::try_from(bytes).expect("R, G and B").map(i32::from)
}
