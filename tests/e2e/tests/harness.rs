//! The judges judged: foreign tools against each other, so that a test of OnAir that fails means OnAir.

use std::fs;
use std::time::Duration;

use onair_e2e::fake::Fake;
use onair_e2e::nginx::{self, Nginx};
use onair_e2e::process::{Running, run};
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg};

#[test]
fn nginx_records_what_ffmpeg_pushes() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("source.flv");
    ffmpeg::make_flv(&file, "320x180", 15, 3, 2);
    let nginx = Nginx::start();
    let url = nginx.url("live", "self");
    let push =
        ffmpeg::start(&["-re", "-i", file.to_str().unwrap(), "-c", "copy", "-f", "flv", &url]);
    let stat = clock::until(Duration::from_secs(5), || {
        nginx.stat("self").filter(|stat| stat.contains("<video>"))
    });
    let stat = stat.expect("nginx counts the stream");
    assert_eq!(nginx::element(&stat, "width"), Some("320"));
    push.wait(Duration::from_secs(20)).expect_code(0);

    let copy = nginx.recording("self");
    ffmpeg::decode(copy.to_str().unwrap());
    for stream in ["v", "a"] {
        let hashes =
            |file| ffmpeg::packets(file, stream).into_iter().map(|p| p.hash).collect::<Vec<_>>();
        assert_eq!(hashes(&copy), hashes(&file));
    }
    let video = ffmpeg::packets(&file, "v");
    assert!(video.iter().any(|p| p.pts_ms > p.dts_ms), "the source has B-frames");
}

#[test]
fn a_damaged_stream_is_seen() {
    if are_missing(&[Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("source.flv");
    ffmpeg::make_flv(&file, "320x180", 15, 2, 0);
    let mut bytes = fs::read(&file).unwrap();
    // An inter frame in H.264 with composition time 0; the length of its NAL unit follows.
    let front = [0x27, 0x01, 0, 0, 0];
    let at = bytes.windows(front.len()).position(|window| window == front).unwrap();
    bytes[at + front.len()..][..4].fill(0xFF);
    fs::write(&file, bytes).unwrap();
    let verdict = std::panic::catch_unwind(|| ffmpeg::decode(file.to_str().unwrap()));
    assert!(verdict.is_err(), "ffmpeg found nothing wrong");
}

#[test]
fn a_program_that_hangs_is_seen_and_ended() {
    let mut sleeper = std::process::Command::new("sleep");
    let running = Running::start(sleeper.arg("60"));
    let hang = std::panic::catch_unwind(move || running.wait(Duration::from_millis(200)));
    assert!(hang.is_err());
}

#[test]
fn ffmpeg_takes_the_scripted_server_for_a_real_one() {
    if are_missing(&[Tool::Ffmpeg]) {
        return;
    }
    let fake = Fake::start(|peer| {
        peer.accept_until_publish()?;
        peer.status("status", "NetStream.Publish.Start")?;
        peer.keep_silent()
    });
    let mut push =
        ffmpeg::command(&["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10", "-t", "1"]);
    push.args(["-c:v", "libx264", "-f", "flv", &fake.url("live", "key")]);
    run(&mut push, Duration::from_secs(20)).expect_code(0);
    assert_eq!(fake.accepted(), 1);
}
