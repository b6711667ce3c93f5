//! ffmpeg as publisher and as player: the independent check of everything that is sent.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use onair_server::{Config, RunningServer, Server};

use crate::support::{config, http_get, server, wait_until};

/// Whether ffmpeg and ffprobe are there; says so past the test harness when they are not.
fn ffmpeg_is_here() -> bool {
    let runs = |program| Command::new(program).arg("-version").output().is_ok();
    let here = runs("ffmpeg") && runs("ffprobe");
    if !here {
        let _ = std::io::stderr().write_all(
            b"\n*** SKIPPED: ffmpeg and ffprobe are not installed; this test checked NOTHING ***\n",
        );
    }
    here
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const VIDEO: [&str; 4] = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30"];
const AUDIO: [&str; 4] = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100"];
/// With B-frames and a key frame each second.
const H264: [&str; 13] = [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-bf",
    "2",
    "-g",
    "30",
    "-sc_threshold",
    "0",
    "-pix_fmt",
    "yuv420p",
    "-shortest",
];

/// Pushes in real time until it is dropped.
fn push(server: &RunningServer, name: &str, arguments: &[&[&str]]) -> Running {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-re"]).args(arguments.concat());
    command.args(["-f", "flv", &server.rtmp_url("live", name)]);
    Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// Decodes three seconds of `url` and expects silence on stderr.
#[track_caller]
fn decodes_clean(url: &str) {
    // Frames keep their own times: the null muxer would complain about a wrongly guessed rate.
    let out =
        ["-t", "3", "-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-f", "null", "-"];
    let arguments = [&["-nostdin", "-v", "error", "-xerror", "-i", url], &out[..]].concat();
    let output = run("ffmpeg", &arguments);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && words.is_empty(), "{url}: {words}");
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new("timeout").args(["40", program]).args(arguments).output().unwrap()
}

fn probe(arguments: &[&str]) -> String {
    let output = run("ffprobe", &[&["-v", "error", "-of", "csv=p=0"], arguments].concat());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The three ways out.
fn urls(server: &RunningServer, name: &str) -> [String; 3] {
    let http = server.http_addr();
    [
        server.rtmp_url("live", name),
        format!("http://{http}/live/{name}.flv"),
        format!("http://{http}/live/{name}/index.m3u8"),
    ]
}

#[test]
fn every_output_of_a_push_with_b_frames_decodes() {
    if !ffmpeg_is_here() {
        return;
    }
    let server = server();
    let _push = push(&server, "a", &[&VIDEO, &AUDIO, &H264, &["-c:a", "aac"]]);
    wait_until("a stream", || server.streams().iter().any(|stream| stream.video.is_some()));
    std::thread::scope(|scope| {
        for url in urls(&server, "a") {
            scope.spawn(move || decodes_clean(&url));
        }
    });
    let streams = server.streams();
    let video = streams[0].video.as_ref().unwrap();
    assert_eq!((video.width, video.height), (320, 180));
    assert!((video.fps - 30.0).abs() < 6.0, "{}", video.fps);
    let audio = streams[0].audio.as_ref().unwrap();
    assert_eq!((audio.codec.as_str(), audio.sample_rate_hz), ("mp4a.40.2", 44_100));

    segments_are_sound(&server);
}

/// Two whole segments behind their initialisation segment are an MP4 file of 60 frames each in
/// decoding order, with B-frames shown where the encoder wanted them.
fn segments_are_sound(server: &RunningServer) {
    let get = |part: &str| http_get(server.http_addr(), &format!("/live/a/{part}"));
    let mut parts = Vec::new();
    wait_until("two segments", || {
        let playlist = get("index.m3u8");
        parts = playlist
            .text()
            .lines()
            .filter(|line| line.ends_with(".m4s"))
            .map(str::to_owned)
            .collect();
        parts.len() >= 2
    });
    let mut file = tempfile::NamedTempFile::with_suffix(".mp4").unwrap();
    file.write_all(&get("s1-i1.mp4").body).unwrap();
    for part in &parts[..2] {
        file.write_all(&get(part).body).unwrap();
    }
    let path = file.path().to_str().unwrap();
    decodes_clean(path);
    let frames = probe(&[
        "-count_frames",
        "-select_streams",
        "v",
        "-show_entries",
        "stream=has_b_frames,nb_read_frames",
        path,
    ]);
    assert_eq!(frames.trim(), "2,120");
    let packets = probe(&["-select_streams", "v", "-show_entries", "packet=pts,dts", path]);
    let times: Vec<(i64, i64)> = packets
        .lines()
        .map(|line| {
            let mut fields = line.split(',').map(|field| field.parse().unwrap());
            (fields.next().unwrap(), fields.next().unwrap())
        })
        .collect();
    assert!(times.windows(2).all(|pair| pair[0].1 < pair[1].1), "decoding times grow");
    let mut shown: Vec<i64> = times.iter().map(|(pts, _)| *pts).collect();
    assert!(!shown.is_sorted(), "there are B-frames");
    shown.sort_unstable();
    // 30 fps in milliseconds at 90 kHz: 33 or 34 ms.
    assert!(shown.windows(2).all(|pair| (33 * 90..=34 * 90).contains(&(pair[1] - pair[0]))));
    let sound = probe(&["-select_streams", "a", "-show_entries", "packet=pts", path]);
    let sound: Vec<i64> = sound.lines().map(|line| line.parse().unwrap()).collect();
    assert!(sound.windows(2).all(|pair| pair[1] - pair[0] == 1_024), "{sound:?}");
}

#[test]
fn sound_alone_and_pictures_alone_decode() {
    if !ffmpeg_is_here() {
        return;
    }
    let server = server();
    let _sound = push(&server, "sound", &[&AUDIO, &["-c:a", "aac"]]);
    let _pictures = push(&server, "pictures", &[&VIDEO, &H264]);
    wait_until("two streams", || {
        server.streams().iter().filter(|stream| stream.bytes > 0).count() == 2
    });
    std::thread::scope(|scope| {
        for url in urls(&server, "sound").into_iter().chain(urls(&server, "pictures")) {
            scope.spawn(move || decodes_clean(&url));
        }
    });
    let streams = server.streams();
    assert!(streams[0].audio.is_none() && streams[0].video.is_some(), "{streams:?}");
    assert!(streams[1].audio.is_some() && streams[1].video.is_none(), "{streams:?}");
}

#[test]
fn a_copied_file_is_recorded_unit_by_unit() {
    if !ffmpeg_is_here() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(Config { record_dir: Some(dir.path().into()), ..config() }).unwrap();
    let original = dir.path().join("original.flv");
    let original = original.to_str().unwrap();
    let make = [
        &["-nostdin", "-v", "error"],
        &VIDEO[..],
        &AUDIO,
        &H264,
        &["-c:a", "aac", "-t", "3", original],
    ]
    .concat();
    assert!(run("ffmpeg", &make).status.success());
    let url = server.rtmp_url("live", "copy");
    let copy = ["-nostdin", "-v", "error", "-i", original, "-c", "copy", "-f", "flv", &url];
    assert!(run("ffmpeg", &copy).status.success());
    wait_until("the end of the session", || server.streams().is_empty());
    server.stop();

    let recorded = |path: &Path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("live-copy-"))
    };
    let recording = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| recorded(path))
        .unwrap();
    let units = |path: &str| {
        let packets = probe(&["-show_entries", "packet=codec_type,pts,dts,size,flags", path]);
        let mut lines: Vec<String> = packets.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let (sent, got) = (units(original), units(recording.to_str().unwrap()));
    assert!(sent.len() > 200);
    assert_eq!(sent, got);
}
