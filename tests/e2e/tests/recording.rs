//! A recording beside the stream: while the server goes and comes back, killed, on disks that are full or cannot be
//! written, larger than 32 bits count, and of media that has gaps, other sizes and clocks.

#[path = "recording/apart.rs"]
mod apart;
#[path = "recording/disks.rs"]
mod disks;
#[path = "recording/kills.rs"]
mod kills;
#[path = "recording/large.rs"]
mod large;

use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg, onair, pattern};
use serde_json::Value;

#[test]
fn r20_one_file_without_a_missing_frame_while_nginx_is_killed_and_restarted() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let mut nginx = Nginx::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("show.flv");
    let name = file.to_str().expect("a plain path");
    let url = nginx.url("live", "show");
    let push = onair::start(&[
        "push",
        &url,
        "--quality",
        "low1",
        "--duration",
        "16s",
        "--record",
        name,
        "--json",
    ]);
    clock::until(Duration::from_secs(15), || nginx.stat("show")).expect("it is live");
    clock::pause(Duration::from_secs(4));
    nginx.kill();
    clock::pause(Duration::from_secs(2));
    nginx.restart();
    let ended = push.wait(onair::PATIENCE);
    ended.expect_code(0);
    let summary = onair::summary(&ended);
    assert_eq!(summary["reconnects"], 1, "{summary}");
    let lines = ended.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let recorded = lines.into_iter().find(|line| line["event"] == "recorded").expect("a line");
    assert_eq!(recorded["frames"], 240, "16 s at 15 fps: {recorded}");
    assert_eq!(recorded["frames_missing"], 0, "{recorded}");

    ffmpeg::decode(name);
    let numbers = pattern::frame_numbers(&file, 360, 640);
    assert_eq!(numbers, (0..240).map(Some).collect::<Vec<_>>(), "every frame, in order");
    let pictures = ffmpeg::packets(&file, "v");
    let gaps = pictures.windows(2).map(|pair| pair[1].pts_ms - pair[0].pts_ms);
    assert!(gaps.clone().all(|gap| (66..=68).contains(&gap)), "{:?}", gaps.max());
    let sounds = ffmpeg::packets(&file, "a");
    let gaps = sounds.windows(2).map(|pair| pair[1].pts_ms - pair[0].pts_ms);
    assert!(gaps.clone().all(|gap| (23..=24).contains(&gap)), "{:?}", gaps.max());
    let seconds = sounds.len() as f64 * 1_024.0 / 44_100.0;
    assert!((15.8..=16.2).contains(&seconds), "{seconds} s of sound");
    for skew in pattern::skews_ms(&file, 360, 640) {
        assert!(skew.abs() <= 40.0, "beep {skew} ms after the flash");
    }
    let duration = ffmpeg::ffprobe(name, &["-show_entries", "format_tags:format=duration"]);
    let duration = duration["format"]["duration"].as_str().and_then(|text| text.parse().ok());
    assert!(duration.is_some_and(|seconds: f64| (15.8..=16.2).contains(&seconds)), "{duration:?}");
}
