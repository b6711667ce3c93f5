//! `onair push` into `onair serve`, looked at by `onair probe`: the whole way, with real encoders.

use crate::common::{Port, Running, Serve, onair};
use onair_media::frame::I420Frame;
use onair_media::pattern::{Kind, Tone, VideoPattern};
use std::io::{Read, Write};
use std::net::TcpListener;

/// Little work for a machine that has other things to do.
const SMALL: [&str; 6] = ["--size", "320x240", "--fps", "15", "--video-bitrate", "400k"];

fn push(url: &str, options: &[&str]) -> Vec<String> {
    let fixed = ["push", url, "--json"];
    fixed.iter().chain(&SMALL).chain(options).map(|&part| part.to_owned()).collect()
}

fn run(arguments: &[String]) -> crate::common::Ended {
    onair(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn start(arguments: &[String]) -> Running {
    Running::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Waits until the stream has been live for a while: what ends sooner was never accepted.
fn settle(pushing: &mut Running) {
    pushing.until(|line| line["event"] == "stats" && line["frames_sent"].as_u64() >= Some(20));
}

#[test]
fn a_pattern_arrives_whole_in_order_and_in_sync() {
    let serve = Serve::start();
    let pushed = run(&push(&serve.rtmp_url("canary"), &["--duration", "4s"]))
        .assert_code(0)
        .assert_without("canary");

    let summary = pushed.last();
    assert_eq!(summary["event"], "summary");
    assert_eq!((&summary["frames_encoded"], &summary["frames_sent"]), (&60.into(), &60.into()));
    assert_eq!((&summary["frames_dropped"], &summary["reconnects"]), (&0.into(), &0.into()));
    assert_eq!(summary["state"], "stopped");
    assert!(summary["audio_frames_sent"].as_u64() >= Some(172), "{summary}");
    assert!(summary["bytes_sent"].as_u64() > Some(20_000), "{summary}");
    assert!(summary["seconds"].as_f64() >= Some(3.9), "{summary}");

    let lines = pushed.json();
    let states: Vec<_> =
        lines.iter().filter(|l| l["event"] == "state").map(|l| l["state"].clone()).collect();
    assert_eq!(states, ["connecting", "live", "stopped"]);
    let stats = lines.iter().find(|line| line["event"] == "stats").expect("statistics");
    for key in ["bitrate", "fps", "queue", "dropped", "seconds", "target_bitrate"] {
        assert!(stats[key].is_number(), "{key} in {stats}");
    }

    let recording = serve.recording("canary");
    let report = onair(&["probe", recording.path(), "--json"]).assert_code(0).last();
    assert_eq!((&report["ok"], &report["problems"]), (&true.into(), &serde_json::json!([])));
    let video = &report["video"];
    assert_eq!((&video["width"], &video["height"]), (&320.into(), &240.into()));
    assert_eq!((&video["frames"], &video["keyframe_interval_max"]), (&60.into(), &30.into()));
    assert_eq!(
        (&report["audio"]["sample_rate"], &report["audio"]["channels"]),
        (&44_100.into(), &2.into())
    );
    let pattern = &report["pattern"];
    assert_eq!((&pattern["first_frame"], &pattern["last_frame"]), (&0.into(), &59.into()));
    assert_eq!((&pattern["lost"], &pattern["repeated"]), (&0.into(), &0.into()));
    assert!(pattern["skew_pairs"].as_u64() >= Some(3), "{pattern}");
    let skew = pattern["skew_worst_ms"].as_f64().expect("skew");
    assert!(skew.abs() <= 40.0, "{pattern}");
}

#[test]
fn a_live_stream_is_probed_over_rtmp_and_http() {
    let serve = Serve::start();
    let mut pushing = start(&push(&serve.rtmp_url("name"), &[]));
    settle(&mut pushing);
    for (url, source) in [(serve.rtmp_url("name"), "rtmp"), (serve.flv_url("name"), "http")] {
        let report = onair(&["probe", &url, "--duration", "2s", "--json"]).assert_code(0).last();
        assert_eq!((&report["source"], &report["ok"]), (&source.into(), &true.into()), "{report}");
        assert_eq!(report["pattern"]["lost"], 0, "{report}");
        assert!(report["seconds"].as_f64() >= Some(1.5), "{report}");
    }
    pushing.signal("-INT");
    let ended = pushing.end().assert_code(0);
    assert_eq!(ended.last()["state"], "stopped");
}

#[test]
fn sound_alone_and_pictures_alone_are_streams() {
    let serve = Serve::start();
    let sound = run(&push(&serve.rtmp_url("sound"), &["--audio-only", "--duration", "2s"]));
    let summary = sound.assert_code(0).last();
    assert_eq!(summary["frames_sent"], 0);
    assert!(summary["audio_frames_sent"].as_u64() >= Some(86), "{summary}");
    let pictures = run(&push(&serve.rtmp_url("pictures"), &["--video-only", "--duration", "2s"]));
    let summary = pictures.assert_code(0).last();
    assert_eq!((&summary["frames_sent"], &summary["audio_frames_sent"]), (&30.into(), &0.into()));
    let report = onair(&["probe", serve.recording("pictures").path(), "--json"]).last();
    assert_eq!((&report["ok"], &report["audio"]), (&true.into(), &serde_json::Value::Null));
}

#[test]
fn raw_files_are_encoded_to_their_end() {
    let folder = tempfile::tempdir().expect("folder");
    let (y4m, wav) = (folder.path().join("a.y4m"), folder.path().join("a.wav"));
    std::fs::write(&y4m, y4m_file(320, 240, 10, 25)).expect("write");
    std::fs::write(&wav, wav_file(48_000, 1, 2_500)).expect("write");
    let (y4m, wav) = (y4m.to_str().expect("path"), wav.to_str().expect("path"));

    let serve = Serve::start();
    let url = serve.rtmp_url("files");
    let arguments = ["push", &url, "--json", "--y4m", y4m, "--wav", wav, "--audio-bitrate", "64k"];
    let summary = onair(&arguments).assert_code(0).last();
    assert_eq!((&summary["frames_sent"], &summary["frames_dropped"]), (&25.into(), &0.into()));
    let report = onair(&["probe", serve.recording("files").path(), "--json"]).assert_code(0).last();
    assert_eq!(report["audio"]["sample_rate"], 48_000);
    assert_eq!(report["audio"]["channels"], 1);
    assert_eq!(
        (&report["pattern"]["last_frame"], &report["pattern"]["lost"]),
        (&24.into(), &0.into())
    );
    assert!(report["pattern"]["skew_worst_ms"].as_f64().is_some_and(|skew| skew.abs() <= 40.0));
}

fn y4m_file(width: u32, height: u32, fps: u32, frames: u64) -> Vec<u8> {
    let mut pattern = VideoPattern::new(Kind::Clock, width, height, fps).expect("pattern");
    let mut frame = I420Frame::new(width, height).expect("frame");
    let mut file = format!("YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n").into_bytes();
    for index in 0..frames {
        pattern.draw(index, &mut frame).expect("draw");
        file.extend_from_slice(b"FRAME\n");
        file.extend_from_slice(frame.as_bytes());
    }
    file
}

fn wav_file(rate: u32, channels: u16, millis: u32) -> Vec<u8> {
    let tone = Tone::new(rate, channels as u8);
    let mut samples = vec![0; (rate * millis / 1_000) as usize * usize::from(channels)];
    tone.fill(0, &mut samples);
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let block = channels * 2;
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&(36 + data.len() as u32).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0");
    file.extend_from_slice(&channels.to_le_bytes());
    file.extend_from_slice(&rate.to_le_bytes());
    file.extend_from_slice(&(rate * u32::from(block)).to_le_bytes());
    file.extend_from_slice(&block.to_le_bytes());
    file.extend_from_slice(&16u16.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&(data.len() as u32).to_le_bytes());
    file.extend_from_slice(&data);
    file
}

#[test]
fn a_name_in_use_is_refused_with_3() {
    let serve = Serve::start();
    let mut first = start(&push(&serve.rtmp_url("canary"), &[]));
    first.until_state("live");
    let second = run(&push(&serve.rtmp_url("canary"), &["--duration", "2s"])).assert_code(3);
    assert!(second.stderr.contains("in use"), "{second:?}");
    second.assert_without("canary");
    first.signal("-TERM");
    first.end().assert_code(0);
}

#[test]
fn s01_a_port_that_nobody_listens_on_is_3_and_the_key_stays_secret() {
    let Port { address: free, .. } = &Port::reserve();
    for (address, key) in [("live/canary", None), ("live", Some("canary"))] {
        let url = format!("rtmp://{free}/{address}");
        let mut arguments = push(&url, &["-vv"]);
        arguments.extend(key.into_iter().flat_map(|key| ["--key".into(), key.to_owned()]));
        let ended = run(&arguments).assert_code(3).assert_without("canary");
        assert!(ended.stderr.contains("refused"), "{ended:?}");
        assert_eq!(ended.last()["state"], "failed");
    }
}

#[test]
fn s01_the_environment_s_key_is_used_and_stays_secret() {
    let serve = Serve::start();
    let url = serve.rtmp_url("canary");
    let app = url.strip_suffix("/canary").expect("app");
    let arguments = push(app, &["--duration", "1s", "-vv"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let pushing = Running::start_with_env(&arguments, ("ONAIR_STREAM_KEY", "canary"));
    pushing.end().assert_code(0).assert_without("canary");
    assert!(serve.recording("canary").path.is_file());
}

#[test]
fn r17_a_server_that_says_something_else_or_nothing_is_3_within_its_time() {
    // One answers like a web server, one not at all.
    for answer in [Some("HTTP/1.1 400 Bad Request\r\n\r\n"), None] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let url = format!("rtmp://{}/live/canary", listener.local_addr().expect("address"));
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("accept");
            if let Some(answer) = answer {
                socket.write_all(answer.as_bytes()).expect("answer");
            }
            // To the other side's end.
            let _ = socket.read_to_end(&mut Vec::new());
        });
        let ended = run(&push(&url, &[])).assert_code(3).assert_without("canary");
        server.join().expect("server");
        assert!(ended.stderr.contains("handshake"), "{ended:?}");
        let seconds = ended.last()["seconds"].as_f64().expect("seconds");
        assert!(seconds < 15.0, "{ended:?}");
    }
}

#[test]
fn ctrl_c_before_the_stream_is_live_is_130() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("rtmp://{}/live/canary", listener.local_addr().expect("address"));
    let mut pushing = start(&push(&url, &[]));
    pushing.until_state("connecting");
    pushing.signal("-INT");
    let ended = pushing.end().assert_code(130);
    assert_eq!(ended.last()["event"], "summary");
}

#[test]
fn with_retry_it_waits_for_a_server() {
    let Port { address, .. } = &Port::reserve();
    let url = format!("rtmp://{address}/live/name");
    let mut pushing = start(&push(&url, &["--retry", "--duration", "1s"]));
    pushing.until(|line| line["event"] == "error" && line["retry_in_seconds"].is_number());
    let rtmp = address.to_string();
    let mut serve = Running::start(&["serve", "--json", "--rtmp", &rtmp, "--http", "127.0.0.1:0"]);
    serve.until(|line| line["event"] == "listening");
    pushing.until_state("live");
    assert_eq!(pushing.end().assert_code(0).last()["frames_sent"], 15);
}

#[test]
fn a_live_stream_comes_back_after_its_server_did() {
    let Port { address, .. } = &Port::reserve();
    let rtmp = address.to_string();
    let serve = || {
        let mut serve =
            Running::start(&["serve", "--json", "--rtmp", &rtmp, "--http", "127.0.0.1:0"]);
        serve.until(|line| line["event"] == "listening");
        serve
    };
    let first = serve();
    let mut pushing = start(&push(&format!("rtmp://{address}/live/canary"), &[]));
    settle(&mut pushing);
    drop(first);
    pushing.until_state("reconnecting");
    let _second = serve();
    pushing.until_state("live");
    pushing.signal("-INT");
    let ended = pushing.end().assert_code(0).assert_without("canary");
    assert_eq!(ended.last()["reconnects"], 1);
}

#[test]
fn media_that_ends_while_the_connection_is_away_is_4() {
    let mut serve =
        Running::start(&["serve", "--json", "--rtmp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    let listening = serve.until(|line| line["event"] == "listening");
    let url = format!("rtmp://{}/live/canary", listening["rtmp"].as_str().expect("address"));
    let mut pushing = start(&push(&url, &["--duration", "4s"]));
    settle(&mut pushing);
    drop(serve);
    let ended = pushing.end().assert_code(4).assert_without("canary");
    assert_eq!(ended.last()["event"], "summary");
    assert!(!ended.stderr.is_empty());
}

#[test]
fn a_reader_that_goes_away_stops_it_without_a_panic() {
    let serve = Serve::start();
    let mut pushing = start(&push(&serve.rtmp_url("name"), &[]));
    pushing.until_state("live");
    pushing.hang_up();
    pushing.end().assert_code(0);
}

#[test]
fn the_first_frame_s_time_can_be_chosen() {
    // 4 h 39 m 37.215 s is where RTMP's times need more than 24 bits.
    let serve = Serve::start();
    let options = ["--start-time", "4h39m36s", "--duration", "3s"];
    run(&push(&serve.rtmp_url("late"), &options)).assert_code(0);
    let report = onair(&["probe", serve.recording("late").path(), "--json"]).assert_code(0).last();
    let times = &report["timestamps"]["video"];
    assert_eq!(times["first_ms"], 16_776_000, "{report}");
    assert_eq!(report["pattern"]["lost"], 0, "{report}");
}

#[test]
fn a_recording_beside_the_stream_is_what_the_server_got() {
    let serve = Serve::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("show.flv").display().to_string();
    let options = ["--record", &file, "--duration", "2s"];
    let ended = run(&push(&serve.rtmp_url("name"), &options)).assert_code(0);
    let lines = ended.json();
    let recorded = lines.iter().find(|line| line["event"] == "recorded").expect("a line");
    assert_eq!(recorded["frames"], ended.last()["frames_sent"], "{recorded}");
    let report = onair(&["probe", &file, "--json"]).assert_code(0).last();
    assert_eq!(report["pattern"]["lost"], 0, "{report}");
    assert_eq!(report["video"]["frames"], recorded["frames"], "{report}");
    let again = run(&push(&serve.rtmp_url("name"), &options)).assert_code(2);
    assert!(again.stderr.contains("show.flv"), "{}", again.stderr);
}

#[test]
fn a_flight_record_is_written_at_the_end_and_decides_again() {
    let serve = Serve::start();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stream.oafr");
    let path = path.to_str().expect("a path");
    let options = ["--duration", "4s", "--flight-record", path];
    run(&push(&serve.rtmp_url("canary"), &options)).assert_code(0);
    let report = onair(&["lab", "replay", path, "--json"]).assert_code(0).last();
    assert_eq!(report["same_decisions"], true, "{report}");
    assert_eq!(report["video_units"], 60, "{report}");
    assert!(report["audio_units"].as_u64() >= Some(172), "{report}");
    let words = onair(&["lab", "replay", path]).assert_code(0).stdout;
    assert!(words.contains("Live") && words.contains("same decisions"), "{words}");
    let bytes = std::fs::read(path).expect("a file");
    assert!(!bytes.windows(6).any(|window| window == b"canary"), "the key is in the record");

    // Nobody listens there: the record is written all the same.
    let refused = run(&push("rtmp://127.0.0.1:1/live/canary", &["--flight-record", path]));
    refused.assert_code(3);
    onair(&["lab", "replay", path]).assert_code(0);
    run(&push(&serve.rtmp_url("b"), &["--duration", "1s", "--flight-record", "/nowhere/a"]))
        .assert_code(1);
}

#[test]
fn custom_metadata_reaches_the_server_and_its_readers() {
    let serve = Serve::start();
    let url = serve.rtmp_url("titled");
    onair(&[
        "push",
        &url,
        "--duration",
        "1s",
        "--metadata",
        "title=Evening show",
        "--metadata",
        "episode=7",
        "--metadata",
        "live=true",
    ])
    .assert_code(0);
    let recording = serve.recording("titled");
    let report = onair(&["probe", recording.path(), "--json"]).assert_code(0).last();
    let expected = serde_json::json!({ "title": "Evening show", "episode": 7.0, "live": true });
    assert_eq!(report["metadata"]["extra"], expected);
    let words = onair(&["probe", recording.path()]).assert_code(0).stdout;
    assert!(words.contains("title=\"Evening show\""), "{words}");

    for field in ["width=7", "no-value", "=x"] {
        onair(&["push", &url, "--metadata", field]).assert_code(2);
    }
}

#[test]
fn b8_from_the_start_it_begins_before_the_server_says_yes_and_arrives_clean() {
    let serve = Serve::start();
    let pushed = run(&push(&serve.rtmp_url("early"), &["--duration", "2s", "--from-start"]));
    let summary = pushed.assert_code(0).last();
    assert_eq!(summary["frames_encoded"], 30, "{summary}");
    let report = onair(&["probe", serve.recording("early").path(), "--json"]).assert_code(0).last();
    assert_eq!((&report["ok"], &report["problems"]), (&true.into(), &serde_json::json!([])));
}
