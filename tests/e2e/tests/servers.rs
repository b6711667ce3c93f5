//! Other servers than nginx-rtmp, ours among them, and foreign players on ours.

use std::process::Command;
use std::time::Duration;

use onair_e2e::serve::Serve;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg, free_port, is_listening, onair, pattern, process, web};

#[test]
fn ffmpeg_listens() {
    if are_missing(&[Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("received.flv");
    let port = free_port();
    let url = format!("rtmp://127.0.0.1:{port}/live/key");
    let server = ffmpeg::start(&[
        "-listen",
        "1",
        "-i",
        &url,
        "-c",
        "copy",
        "-f",
        "flv",
        file.to_str().unwrap(),
    ]);
    assert!(is_listening(port), "{}", server.stderr());
    let ended = onair::run(&["push", &url, "--quality", "low3", "--duration", "6s", "--json"]);
    ended.expect_code(0);
    assert_eq!(onair::summary(&ended)["frames_sent"], 180);
    server.wait(Duration::from_secs(20));
    ffmpeg::decode(file.to_str().unwrap());
    assert_eq!(pattern::frame_numbers(&file, 360, 640), (0..180).map(Some).collect::<Vec<_>>());
}

#[test]
fn our_server_records_what_came() {
    if are_missing(&[Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let serve = Serve::start(&["--record", folder.path().to_str().unwrap()]);
    let url = serve.rtmp_url("live", "show");
    let ended = onair::run(&["push", &url, "--quality", "low1", "--duration", "5s", "--json"]);
    ended.expect_code(0);
    serve.process.signal("INT");
    serve.process.wait(Duration::from_secs(5)).expect_code(0);
    let recordings: Vec<_> =
        std::fs::read_dir(&folder).unwrap().flatten().map(|e| e.path()).collect();
    assert_eq!(recordings.len(), 1, "{recordings:?}");
    ffmpeg::decode(recordings[0].to_str().unwrap());
    let numbers = pattern::frame_numbers(&recordings[0], 360, 640);
    assert_eq!(numbers, (0..75).map(Some).collect::<Vec<_>>());
}

/// OBS publishes with this library; with the chunk size that OBS announces, and with the one it starts from.
#[test]
fn librtmp_publishes_to_our_server_and_nothing_of_it_changes() {
    if are_missing(&[Tool::Librtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = onair::root().join("scripts/benchmarks/librtmp_push.c");
    let (program, show) = (folder.path().join("push"), folder.path().join("show.flv"));
    let mut build = Command::new("cc");
    build.args(["-O1", "-Wall", "-Werror", "-o"]).args([&program, &source]).arg("-lrtmp");
    process::run(&mut build, onair::PATIENCE).expect_code(0);
    ffmpeg::make_flv(&show, "320x240", 30, 2, 2);
    for chunk_size in ["4096", "128"] {
        let records = folder.path().join(chunk_size);
        std::fs::create_dir(&records).unwrap();
        let serve = Serve::start(&["--record", records.to_str().unwrap()]);
        let mut push = Command::new(&program);
        push.arg(&show).args([&serve.rtmp_url("live", "obs"), chunk_size, "1"]);
        process::run(&mut push, onair::PATIENCE).expect_code(0);
        serve.process.signal("INT");
        serve.process.wait(Duration::from_secs(5)).expect_code(0);
        let kept = std::fs::read_dir(&records).unwrap().flatten().next().expect("a recording");
        ffmpeg::decode(kept.path().to_str().unwrap());
        for track in ["v", "a"] {
            let [sent, came] = [&show, &kept.path()].map(|file| ffmpeg::packets(file, track));
            assert!(sent.len() > 50 && sent == came, "{chunk_size} {track}: {came:?} of {sent:?}");
        }
    }
}

#[test]
fn foreign_players_pull_by_rtmp_http_flv_and_hls() {
    if are_missing(&[Tool::Ffmpeg]) {
        return;
    }
    let serve = Serve::start(&[]);
    let push = onair::start(&[
        "push",
        &serve.rtmp_url("live", "show"),
        "--quality",
        "low3",
        "--duration",
        "40s",
        "--json",
    ]);
    let live =
        clock::until(Duration::from_secs(15), || push.stdout().contains("\"live\"").then_some(()));
    live.expect("the push is live");

    let folder = tempfile::tempdir().unwrap();
    let sources = [
        ("rtmp", serve.rtmp_url("live", "show")),
        ("http-flv", serve.http_url("/live/show.flv")),
        ("hls", serve.http_url("/live/show/index.m3u8")),
    ];
    for (name, url) in &sources {
        let copy = folder.path().join(format!("{name}.flv"));
        let pull =
            ffmpeg::run(&["-i", url, "-t", "4", "-c", "copy", "-f", "flv", copy.to_str().unwrap()]);
        assert!(pull.code == Some(0) && pull.stderr.is_empty(), "{name}: {pull:?}");
        ffmpeg::decode(copy.to_str().unwrap());
        let numbers: Option<Vec<u32>> =
            pattern::frame_numbers(&copy, 360, 640).into_iter().collect();
        let numbers = numbers.unwrap_or_else(|| panic!("{name}: a picture without its number"));
        assert!(numbers.len() >= 100, "{name}: {} frames of 4 s at 30 fps", numbers.len());
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{name}: {numbers:?}");
        for skew in pattern::skews_ms(&copy, 360, 640) {
            assert!(skew.abs() <= 40.0, "{name}: beep {skew} ms after the flash");
        }
    }
    push.signal("INT");
    let ended = push.wait(Duration::from_secs(5));
    ended.expect_code(0);
    assert_eq!(onair::summary(&ended)["frames_dropped"], 0);
}

#[test]
fn our_probe_pulls_from_our_server() {
    let serve = Serve::start(&[]);
    let push = onair::start(&[
        "push",
        &serve.rtmp_url("live", "show"),
        "--quality",
        "low1",
        "--duration",
        "30s",
        "--json",
    ]);
    let live =
        clock::until(Duration::from_secs(15), || push.stdout().contains("\"live\"").then_some(()));
    live.expect("the push is live");
    for url in [serve.rtmp_url("live", "show"), serve.http_url("/live/show.flv")] {
        let (report, code) = onair::probe(&url, &["--duration", "4s"]);
        assert_eq!(code, Some(0), "{url}: {report}");
    }
}

#[test]
fn a_browser_watches_what_ffmpeg_pushes_to_our_server() {
    if are_missing(&[Tool::Ffmpeg, Tool::Chromium]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("source.flv");
    ffmpeg::make_flv(&file, "640x360", 30, 4, 2);
    let serve = Serve::start(&[]);
    let url = serve.rtmp_url("live", "guest");
    let _push = ffmpeg::start(&[
        "-stream_loop",
        "-1",
        "-re",
        "-i",
        file.to_str().unwrap(),
        "-c",
        "copy",
        "-f",
        "flv",
        &url,
    ]);
    clock::pause(Duration::from_secs(3));
    let seen = web::watch(&serve.http_url("/watch/live/guest"), 6, None);
    let samples = seen["samples"].as_array().unwrap();
    let frames = |at: usize| samples[at]["frames"].as_f64().unwrap();
    assert!(frames(samples.len() - 1) > frames(4) + 60.0, "{seen}");
    assert_eq!(seen["video"]["error"], serde_json::Value::Null, "{seen}");
    assert_eq!(seen["foreignRequests"].as_array().map(Vec::len), Some(0), "{seen}");
}
