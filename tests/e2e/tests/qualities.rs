//! Ten seconds of each quality into a real nginx-rtmp on its defaults, and what it recorded under foreign eyes.

use std::time::Duration;

use onair_e2e::nginx::{self, Nginx, element};
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg, onair, pattern};

const SECONDS: u32 = 10;

/// Pushes one quality, and looks at the statistics while it runs and at the recording afterwards.
fn check_quality(quality: &str, width: u32, height: u32, fps: u32) {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let nginx = Nginx::start();
    let push = onair::start(&[
        "push",
        &nginx.url("live", quality),
        "--quality",
        quality,
        "--duration",
        "10s",
        "--json",
    ]);
    lf95_stat_shows_the_stream(&nginx, quality, (width, height), fps);
    let ended = push.wait(onair::PATIENCE);
    ended.expect_code(0);
    let summary = onair::summary(&ended);
    let frames = u64::from(SECONDS * fps);
    assert_eq!(summary["frames_encoded"], frames, "{summary}");
    assert_eq!(summary["frames_sent"], frames, "{summary}");
    assert_eq!(summary["frames_dropped"], 0, "{summary}");
    assert_eq!(summary["reconnects"], 0, "{summary}");

    let file = nginx.recording(quality);
    let name = file.to_str().expect("a plain path");
    ffmpeg::decode(name);

    let video = ffmpeg::stream(name, "video");
    assert_eq!((&video["width"], &video["height"]), (&width.into(), &height.into()));
    let numbers = pattern::frame_numbers(&file, width, height);
    let expected: Vec<Option<u32>> = (0..SECONDS * fps).map(Some).collect();
    assert_eq!(numbers, expected, "every frame number, in order");

    let packets = ffmpeg::packets(&file, "v");
    let span_ms = packets[packets.len() - 1].pts_ms - packets[0].pts_ms;
    let measured_fps = (packets.len() - 1) as f64 * 1_000.0 / span_ms as f64;
    assert!((measured_fps - f64::from(fps)).abs() < 0.01 * f64::from(fps), "{measured_fps} fps");
    let keys: Vec<usize> = (0..packets.len()).filter(|&i| packets[i].is_key).collect();
    assert_eq!(keys.len(), 5, "a key frame each 2 s: {keys:?}");
    for pair in keys.windows(2) {
        let frames = pair[1] - pair[0];
        assert!(
            frames.abs_diff(2 * fps as usize) <= 1,
            "{frames} frames from key to key at {fps} fps"
        );
    }
    assert!(packets.windows(2).all(|pair| pair[0].dts_ms < pair[1].dts_ms), "DTS grow");

    check_sound(name);
    for skew in pattern::skews_ms(&file, width, height) {
        assert!(skew.abs() <= 40.0, "beep {skew} ms after the flash");
    }
    let (report, code) = onair::probe(name, &[]);
    assert_eq!(code, Some(0), "onair probe agrees: {report}");
}

fn lf95_stat_shows_the_stream(nginx: &Nginx, key: &str, size: (u32, u32), fps: u32) {
    let stat = clock::until(Duration::from_secs(15), || {
        nginx.stat(key).filter(|stat| stat.contains("<audio>") && stat.contains("<video>"))
    });
    let stat = stat.unwrap_or_else(|| panic!("nginx shows no stream: {}", nginx.error_log()));
    assert!(stat.contains("<active/>"), "{stat}");
    let (video, audio) = stat.split_once("<audio>").expect("stat has both tracks");
    let (width, height) = (size.0.to_string(), size.1.to_string());
    assert_eq!(element(video, "codec"), Some("H264"));
    assert_eq!(
        (element(video, "width"), element(video, "height")),
        (Some(&*width), Some(&*height))
    );
    let frame_rate = element(video, "frame_rate").and_then(|text| text.parse().ok());
    let frame_rate: f64 = frame_rate.expect("stat has a frame rate");
    assert!((frame_rate - f64::from(fps)).abs() < 0.01, "frame_rate {frame_rate}");
    assert_eq!(element(audio, "codec"), Some("AAC"));
    assert_eq!(element(audio, "sample_rate"), Some("44100"));
    assert_eq!(element(audio, "channels"), Some("2"));
}

/// AAC-LC, 44.1 kHz, stereo, gapless: statement 41.
fn check_sound(name: &str) {
    let sound = ffmpeg::stream(name, "audio");
    assert_eq!(sound["codec_name"], "aac");
    assert_eq!(sound["profile"], "LC");
    assert_eq!(sound["sample_rate"], "44100");
    assert_eq!(sound["channels"], 2);
    let packets = ffmpeg::packets(name.as_ref(), "a");
    let start_ms = packets[0].pts_ms as f64;
    for (number, packet) in packets.iter().enumerate() {
        let expected = start_ms + number as f64 * 1_024.0 / 44.1;
        let off = packet.pts_ms as f64 - expected;
        assert!(off.abs() <= 1.5, "AAC frame {number} is {off} ms off");
    }
    let seconds = packets.len() as f64 * 1_024.0 / 44_100.0;
    assert!((seconds - f64::from(SECONDS)).abs() < 0.15, "{seconds} s of sound");
}

#[test]
fn low1() {
    check_quality("low1", 360, 640, 15);
}

#[test]
fn low2() {
    check_quality("low2", 360, 640, 24);
}

#[test]
fn low3() {
    check_quality("low3", 360, 640, 30);
}

#[test]
fn medium1() {
    check_quality("medium1", 540, 960, 15);
}

#[test]
fn medium2() {
    check_quality("medium2", 540, 960, 24);
}

#[test]
fn medium3() {
    check_quality("medium3", 540, 960, 30);
}

#[test]
fn high1() {
    check_quality("high1", 720, 1280, 15);
}

#[test]
fn high2() {
    check_quality("high2", 720, 1280, 24);
}

#[test]
fn high3() {
    check_quality("high3", 720, 1280, 30);
}

#[test]
fn lf44_audio_only() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let nginx = Nginx::start();
    let push = onair::start(&[
        "push",
        &nginx.url("live", "sound"),
        "--audio-only",
        "--duration",
        "10s",
        "--json",
    ]);
    let stat = clock::until(Duration::from_secs(15), || {
        nginx.stat("sound").filter(|stat| stat.contains("<audio>"))
    });
    let stat = stat.expect("nginx shows the sound");
    assert_eq!(nginx::element(&stat, "codec"), Some("AAC"));
    let ended = push.wait(onair::PATIENCE);
    ended.expect_code(0);
    assert_eq!(onair::summary(&ended)["frames_sent"], 0);
    let file = nginx.recording("sound");
    ffmpeg::decode(file.to_str().unwrap());
    assert!(ffmpeg::packets(&file, "v").is_empty());
    check_sound(file.to_str().unwrap());
}

#[test]
fn lf44_video_only() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let nginx = Nginx::start();
    let ended = onair::run(&[
        "push",
        &nginx.url("live", "picture"),
        "--video-only",
        "--duration",
        "10s",
        "--json",
    ]);
    ended.expect_code(0);
    assert_eq!(onair::summary(&ended)["audio_frames_sent"], 0);
    let file = nginx.recording("picture");
    ffmpeg::decode(file.to_str().unwrap());
    assert!(ffmpeg::packets(&file, "a").is_empty());
    let expected: Vec<Option<u32>> = (0..SECONDS * 24).map(Some).collect();
    assert_eq!(pattern::frame_numbers(&file, 360, 640), expected);
}
