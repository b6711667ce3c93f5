//! `onair push --flv`: what an encoder made arrives as it was made.

use std::path::Path;
use std::time::Duration;

use onair_e2e::clock::{self, Stopwatch};
use onair_e2e::ffmpeg::{self, Packet};
use onair_e2e::nginx::Nginx;
use onair_e2e::onair;
use onair_e2e::tools::{Tool, are_missing};

/// Every access unit of both tracks, with its times from the first one on.
fn access_units(file: &Path) -> [Vec<Packet>; 2] {
    ["v", "a"].map(|stream| ffmpeg::packets(file, stream))
}

/// The access units of one track, its first at time zero.
fn from_zero(file: &Path, stream: &str) -> Vec<Packet> {
    let mut packets = ffmpeg::packets(file, stream);
    let start_ms = packets.first().map_or(0, |packet| packet.dts_ms);
    for packet in &mut packets {
        packet.dts_ms -= start_ms;
        packet.pts_ms -= start_ms;
    }
    packets
}

#[track_caller]
fn assert_same(copy: &Path, source: &Path) {
    let (copy, source) = (access_units(copy), access_units(source));
    for (track, (copy, source)) in ["video", "audio"].iter().zip(copy.iter().zip(&source)) {
        assert_eq!(copy.len(), source.len(), "{track}: number of access units");
        for (number, (copy, source)) in copy.iter().zip(source).enumerate() {
            assert_eq!(copy, source, "{track}: access unit {number}");
        }
    }
}

#[test]
fn lf43_b_frames_arrive_with_their_times_in_real_time() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("b-frames.flv");
    ffmpeg::make_flv(&source, "640x360", 30, 6, 3);
    let video = ffmpeg::packets(&source, "v");
    assert!(video.iter().any(|packet| packet.pts_ms > packet.dts_ms), "the source has B-frames");

    let nginx = Nginx::start();
    let url = nginx.url("live", "copy");
    let ended = onair::run(&["push", &url, "--flv", source.to_str().unwrap(), "--json"]);
    ended.expect_code(0);
    assert!(ended.took >= Duration::from_secs(5), "six seconds in real time, not {:?}", ended.took);
    assert_eq!(onair::summary(&ended)["frames_sent"], video.len());
    assert_same(&nginx.recording("copy"), &source);
}

/// What shipping takes of a battery: how often it wakes a processor. The share of a processor that it needs is a row of
/// `scripts/bench`.
#[test]
fn m08_encoded_media_of_6_mbits_wake_the_sender_at_most_120_times_a_second() {
    const SECONDS: u32 = 6;
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("six.flv");
    ffmpeg::make_cbr_flv(&source, "640x360", 30, SECONDS, 6);
    let bits = source.metadata().unwrap().len() * 8;
    assert!(bits > u64::from(SECONDS) * 5_700_000, "{bits} bits are less than 6 Mbit/s");

    let nginx = Nginx::start();
    let url = nginx.url("live", "six");
    let sender = onair::start(&["push", &url, "--flv", source.to_str().unwrap(), "--json"]);
    assert!(clock::until(Duration::from_secs(20), || nginx.stat("six")).is_some(), "it publishes");
    let (before, watch) = (sender.sleeps(), Stopwatch::start());
    clock::pause(Duration::from_secs(4));
    let (sleeps, took) = (sender.sleeps() - before, watch.elapsed());
    let a_second = sleeps as f64 / took.as_secs_f64();
    assert!((10.0..=120.0).contains(&a_second), "{a_second:.0} wake-ups a second");

    let ended = sender.wait(Duration::from_secs(60));
    ended.expect_code(0);
    assert_eq!(onair::summary(&ended)["frames_sent"], SECONDS * 30, "all of it was sent");
}

#[test]
fn fast_arrives_the_same_and_sooner() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("long.flv");
    ffmpeg::make_flv(&source, "320x180", 30, 30, 2);
    let nginx = Nginx::start();
    let url = nginx.url("live", "copy");
    let ended = onair::run(&["push", &url, "--flv", source.to_str().unwrap(), "--fast", "--json"]);
    ended.expect_code(0);
    assert!(ended.took < Duration::from_secs(10), "30 s of media took {:?}", ended.took);
    assert_same(&nginx.recording("copy"), &source);
}

#[test]
fn one_track_of_a_file_can_be_left_out() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.flv");
    ffmpeg::make_flv(&source, "320x180", 15, 3, 0);
    let nginx = Nginx::start();
    for (option, stays, goes) in [("--audio-only", "a", "v"), ("--video-only", "v", "a")] {
        let url = nginx.url("live", stays);
        let file = source.to_str().unwrap();
        onair::run(&["push", &url, "--flv", file, "--fast", option, "--json"]).expect_code(0);
        let copy = nginx.recording(stays);
        assert_eq!(from_zero(&copy, stays), from_zero(&source, stays));
        assert!(ffmpeg::packets(&copy, goes).is_empty());
    }
}

#[test]
fn raw_files_are_encoded() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (y4m, wav) = (folder.path().join("picture.y4m"), folder.path().join("sound.wav"));
    let (y4m, wav) = (y4m.to_str().unwrap(), wav.to_str().unwrap());
    ffmpeg::run(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=25",
        "-t",
        "3",
        "-pix_fmt",
        "yuv420p",
        y4m,
    ])
    .expect_code(0);
    ffmpeg::run(&["-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "3", "-ac", "1", wav])
        .expect_code(0);
    let nginx = Nginx::start();
    let url = nginx.url("live", "raw");
    let ended = onair::run(&[
        "push",
        &url,
        "--y4m",
        y4m,
        "--wav",
        wav,
        "--video-bitrate",
        "600k",
        "--json",
    ]);
    ended.expect_code(0);
    let copy = nginx.recording("raw");
    let name = copy.to_str().unwrap();
    ffmpeg::decode(name);
    let (video, sound) = (ffmpeg::stream(name, "video"), ffmpeg::stream(name, "audio"));
    assert_eq!((&video["width"], &video["height"]), (&320.into(), &180.into()));
    assert_eq!((&sound["sample_rate"], &sound["channels"]), (&"48000".into(), &1.into()));
    assert_eq!(ffmpeg::packets(&copy, "v").len(), 75, "3 s at 25 fps");
}

/// Every frame of a file as R G B bytes.
fn rgb_frames(file: &Path, [width, height]: [usize; 2]) -> Vec<Vec<u8>> {
    let name = file.to_str().expect("a plain path");
    let raw = ["-i", name, "-map", "0:v", "-fps_mode", "passthrough"];
    let rest = ["-pix_fmt", "rgb24", "-f", "rawvideo", "-"];
    let output = ffmpeg::command(&[&raw[..], &rest].concat()).output().expect("ffmpeg starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.chunks_exact(width * height * 3).map(<[u8]>::to_vec).collect()
}

#[test]
fn an_overlay_and_a_text_arrive_in_the_decoded_stream_and_in_its_snapshot() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (red, shot) = (file("red.png"), file("shot.png"));
    let color = ["-f", "lavfi", "-i", "color=red:size=64x48", "-frames:v", "1", "-y", &red];
    ffmpeg::run(&color).expect_code(0);

    let nginx = Nginx::start();
    let url = nginx.url("live", "looks");
    let size = ["--pattern", "bars", "--size", "320x240", "--fps", "15", "--duration", "2s"];
    let over = format!("{red}@c161,121");
    let text = "HHHH@20,-16,40,#00ff00";
    let snapshot = format!("{shot}@1s");
    let look = ["--overlay", &over, "--text", text, "--snapshot", &snapshot];
    let ended = onair::run(&[&["push", &url][..], &size, &look].concat());
    ended.expect_code(0);

    let mut frames = rgb_frames(&nginx.recording("looks"), [320, 240]);
    assert_eq!(frames.len(), 30);
    frames.extend(rgb_frames(Path::new(&shot), [320, 240]));
    assert_eq!(frames.len(), 31, "the snapshot is one picture more");
    for (number, frame) in frames.iter().enumerate() {
        let is = |x: usize, y: usize, want: [u8; 3]| {
            let at = (y * 320 + x) * 3;
            frame[at..at + 3].iter().zip(want).all(|(got, want)| got.abs_diff(want) < 60)
        };
        // All of the mark but its rim, and nothing of it beside that.
        let red = [253, 0, 0];
        let inside = [(134, 102), (188, 102), (134, 140), (188, 140), (161, 121)];
        let outside = [(124, 121), (198, 121), (161, 92), (161, 150)];
        assert!(inside.iter().all(|&(x, y)| is(x, y, red)), "frame {number}");
        assert!(!outside.iter().any(|&(x, y)| is(x, y, red)), "frame {number}");
        // The lowest quarter of the bars has no green.
        let rows = 182..240;
        let green = rows.flat_map(|y| (0..320).map(move |x| (x, y))).filter(|&(x, y)| {
            let at = (y * 320 + x) * 3;
            let [r, g, b] = [frame[at], frame[at + 1], frame[at + 2]];
            g > 170 && r < 100 && b < 100
        });
        let green: Vec<_> = green.collect();
        assert!(green.len() > 250, "frame {number}: {} green pixels", green.len());
        assert!(green.iter().all(|&(x, _)| (18..150).contains(&x)), "frame {number}");
    }
}
