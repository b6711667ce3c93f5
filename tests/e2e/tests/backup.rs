//! A backup address, with real servers: the first is killed, the second goes on with a whole stream, the file beside
//! both misses nothing.

use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg, onair, pattern};
use serde_json::Value;

#[test]
fn when_the_first_server_is_killed_the_backup_has_a_whole_stream_soon() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let (mut first, backup) = (Nginx::start(), Nginx::start());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("show.flv");
    let (url, other) = (first.url("live", "show"), backup.url("live", "show"));
    let show = ["push", &url, "--backup", &other, "--backup-after", "1s", "--quality", "low1"];
    let file_name = file.to_str().expect("a plain path");
    let rest = ["--duration", "12s", "--record", file_name, "--json"];
    let push = onair::start(&[&show[..], &rest].concat());
    clock::until(Duration::from_secs(15), || first.stat("show")).expect("it is live");
    clock::pause(Duration::from_secs(3));
    first.kill();
    let ended = push.wait(onair::PATIENCE);
    ended.expect_code(0);

    let lines: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let seconds = |event: &str, is_it: &dyn Fn(&Value) -> bool| {
        let found = lines.iter().find(|line| line["event"] == event && is_it(line));
        found.and_then(|line| line["seconds"].as_f64()).unwrap_or_else(|| panic!("{lines:?}"))
    };
    let lost = seconds("error", &|_| true);
    let taken = seconds("backup", &|line| line["backup"] == true);
    let live =
        seconds("state", &|line| line["state"] == "live" && line["seconds"].as_f64() > Some(lost));
    assert!((0.9..=1.6).contains(&(taken - lost)), "lost at {lost} s, taken at {taken} s");
    assert!(live - taken <= 1.0, "taken at {taken} s, live at {live} s");
    assert!(lines.iter().all(|line| line.get("destination").is_none()), "one has no number");

    let recording = backup.recording("show");
    ffmpeg::decode(&recording.to_string_lossy());
    let numbers = pattern::frame_numbers(&recording, 360, 640);
    let from = numbers.first().copied().flatten().expect("a number");
    let expected: Vec<_> = (from..180).map(Some).collect();
    assert_eq!(numbers, expected, "every frame from its first on");
    let pictures = ffmpeg::packets(&recording, "v");
    assert!(pictures[0].is_key && pictures[0].pts_ms == 0, "it begins with a key frame");
    let all = pattern::frame_numbers(&file, 360, 640);
    assert_eq!(all, (0..180).map(Some).collect::<Vec<_>>(), "the file has all");
}
