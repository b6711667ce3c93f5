//! Picture and sound of recorded files beside each other: pictures out of order, a pause, another size, a clock that
//! runs differently, files that follow each other.

use std::path::{Path, PathBuf};

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{ffmpeg, onair};

/// F07.
const BOUND_MS: f64 = 20.0;
/// Both clocks of the source beside that of its samples: after 20 s, sound that is counted is 40 ms off.
const STRETCH: f64 = 1.002;

/// A white tenth of a second and a beep each second, with B-frames.
fn make(file: &Path, size: &str, seconds: &str) {
    let flash = "drawbox=color=white:t=fill:enable='lt(mod(t,1),0.1)'";
    let picture = format!("color=c=black:size={size}:rate=30,{flash}");
    let beep = "aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.1)':s=44100";
    let input = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", beep, "-t", seconds];
    let video = ["-c:v", "libx264", "-bf", "2", "-b_strategy", "0", "-g", "60", "-b:v", "500k"];
    let rest = ["-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", text(file)];
    ffmpeg::run(&[&input[..], &video, &rest].concat()).expect_code(0);
}

/// The tags of FLV files one after the other, each moved to begin so many milliseconds after the start.
fn join(parts: &[(&Path, u32)]) -> Vec<u8> {
    let mut joined = Vec::new();
    for (file, begin_ms) in parts {
        let bytes = std::fs::read(file).expect("an FLV file");
        let mut rest = &bytes[13..];
        if joined.is_empty() {
            joined.extend_from_slice(&bytes[..13]);
        }
        while let [kind, s2, s1, s0, t2, t1, t0, t3, ..] = *rest {
            let size = 15 + u32::from_be_bytes([0, s2, s1, s0]) as usize;
            let mut tag = rest[..size].to_vec();
            let at = f64::from(u32::from_be_bytes([t3, t2, t1, t0]) + begin_ms) * STRETCH;
            let [t3, t2, t1, t0] = (at.round() as u32).to_be_bytes();
            tag[4..8].copy_from_slice(&[t2, t1, t0, t3]);
            // The first file's words about the whole stay.
            if kind != 18 || joined.len() == 13 {
                joined.extend(tag);
            }
            rest = &rest[size..];
        }
    }
    joined
}

/// When pictures become white, and the times of all of them, as a player shows them.
fn flashes_ms(file: &Path) -> (Vec<f64>, Vec<f64>) {
    let entries = ["-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time"];
    let report = ffmpeg::ffprobe(text(file), &entries);
    let frames = report["frames"].as_array().expect("frames");
    let time = |frame: &serde_json::Value| {
        let seconds = frame["best_effort_timestamp_time"].as_str()?;
        seconds.parse::<f64>().ok().map(|seconds| seconds * 1e3)
    };
    let times: Vec<f64> = frames.iter().filter_map(time).collect();
    let filter = ["-fps_mode", "passthrough", "-vf", "scale=1:1:flags=area,format=gray"];
    let brightness = raw(file, &[&["-map", "0:v"][..], &filter, &["-f", "rawvideo"]].concat());
    assert_eq!(times.len(), brightness.len(), "{}", file.display());
    let is_white: Vec<bool> = brightness.iter().map(|brightness| *brightness > 128).collect();
    let onset = |at: usize| (is_white[at] && (at == 0 || !is_white[at - 1])).then_some(times[at]);
    ((0..times.len()).filter_map(onset).collect(), times)
}

/// When it begins to be loud, by the times of a player: what is missing is filled, what is too early is cut off.
fn beeps_ms(file: &Path) -> Vec<f64> {
    let filter = "aresample=44100:async=1:min_hard_comp=0.001:first_pts=0";
    let pcm = raw(file, &["-map", "0:a", "-af", filter, "-ac", "1", "-f", "s16le"]);
    let samples = pcm.chunks_exact(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]));
    let mut beeps = Vec::new();
    let mut last_loud = None;
    for (number, _) in samples.enumerate().filter(|(_, sample)| sample.unsigned_abs() > 6_000) {
        if last_loud.is_none_or(|last| number - last > 8_000) {
            beeps.push(number as f64 / 44.1);
        }
        last_loud = Some(number);
    }
    beeps
}

fn raw(file: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = ffmpeg::command(&[&["-i", text(file)], arguments, &["-"]].concat()).output();
    let output = output.expect("ffmpeg starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{}: {stderr}", file.display());
    output.stdout
}

#[test]
fn f07_sizes_b_frames_pauses_and_drift_are_recorded_without_an_error_and_in_time() {
    if are_missing(&[Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (small, large, source) = (path("small.flv"), path("large.flv"), path("source.flv"));
    make(&small, "320x180", "5");
    make(&large, "640x360", "12");
    // A pause of a second and a half inside one size; the other size once the last frame of sound has ended.
    let joined = join(&[(&small, 0), (&small, 6_500), (&large, 11_550)]);
    std::fs::write(&source, joined).expect("a file");
    let nginx = Nginx::start();
    let (url, show) = (nginx.url("live", "apart"), path("show.mp4"));
    let push = ["push", &url, "--flv", text(&source), "--fast", "--json"];
    let record = ["--record", text(&show), "--record-split", "8s"];
    onair::run(&[&push[..], &record].concat()).expect_code(0);

    let files: Vec<PathBuf> =
        ["show.mp4", "show-2.mp4", "show-3.mp4", "show-4.mp4"].map(path).into();
    assert!(!path("show-5.mp4").exists());
    let mut pictures = 0;
    let mut marks = 0;
    for (file, size) in files.iter().zip([(320, 180), (320, 180), (640, 360), (640, 360)]) {
        ffmpeg::decode(text(file));
        let video = ffmpeg::stream(text(file), "video");
        assert_eq!((&video["width"], &video["height"]), (&size.0.into(), &size.1.into()));
        let (flashes, times) = flashes_ms(file);
        assert!(times[0].abs() < 1.0, "the delay of reordering is hidden: {}", times[0]);
        assert!(times.is_sorted(), "{times:?}");
        pictures += times.len();
        let beeps = beeps_ms(file);
        for flash in &flashes {
            let beep = beeps.iter().find(|beep| (*beep - flash).abs() < 300.0);
            let beep = beep.unwrap_or_else(|| panic!("{flash} has none of {beeps:?}"));
            let skew = beep - flash;
            assert!(skew.abs() <= BOUND_MS, "{}: {skew} ms at {flash}", file.display());
            marks += 1;
        }
    }
    assert_eq!(pictures, 2 * 150 + 360, "every picture of the source");
    assert_eq!(marks, 22, "a flash each second");
    // The pause is as long in the file as it was.
    let (_, times) = flashes_ms(&files[0]);
    let pause = times.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    assert!((1_530.0..1_545.0).contains(&pause), "{pause} ms");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}
