//! ffmpeg and ffprobe: the independent eyes and hands of the tests.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::process::{self, Ended, Running};

const PATIENCE: Duration = Duration::from_secs(60);

/// ffmpeg, quiet but for errors, never asking anything.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]).args(arguments);
    command
}

/// Runs ffmpeg to its end.
#[track_caller]
pub fn run(arguments: &[&str]) -> Ended {
    process::run(&mut command(arguments), PATIENCE)
}

/// Starts ffmpeg.
pub fn start(arguments: &[&str]) -> Running {
    Running::start(&mut command(arguments))
}

/// Decodes all of a file or an address; fails on the first word of complaint.
///
/// # Panics
/// With what ffmpeg complained of.
#[track_caller]
pub fn decode(input: &str) {
    let ended = run(&["-xerror", "-err_detect", "explode", "-i", input, "-f", "null", "-"]);
    assert!(
        ended.code == Some(0) && ended.stderr.is_empty(),
        "ffmpeg on {input}:\n{}",
        ended.stderr
    );
}

/// What ffprobe says with these arguments, as JSON.
///
/// # Panics
/// When it cannot read the input.
#[track_caller]
pub fn ffprobe(input: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "json"]).args(arguments).arg(input);
    let ended = process::run(&mut command, PATIENCE);
    ended.expect_code(0);
    serde_json::from_str(&ended.stdout).expect("ffprobe writes JSON")
}

/// A packet: one access unit or one AAC frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Presentation time, milliseconds of an FLV file.
    pub pts_ms: i64,
    /// Decoding time.
    pub dts_ms: i64,
    /// Starts a GOP.
    pub is_key: bool,
    /// Hash of its bytes.
    pub hash: String,
}

/// The packets of the first video ("v") or audio ("a") stream of an FLV file, in file order.
///
/// # Panics
/// When the file cannot be read.
#[track_caller]
pub fn packets(file: &Path, stream: &str) -> Vec<Packet> {
    let arguments =
        ["-select_streams", &format!("{stream}:0"), "-show_packets", "-show_data_hash", "md5"];
    let report = ffprobe(&file.to_string_lossy(), &arguments);
    let packets = report["packets"].as_array().map_or(&[][..], Vec::as_slice);
    packets
        .iter()
        .map(|packet| {
            let number =
                |name: &str| packet[name].as_i64().unwrap_or_else(|| panic!("no {name}: {packet}"));
            Packet {
                pts_ms: number("pts"),
                dts_ms: number("dts"),
                is_key: packet["flags"].as_str().is_some_and(|flags| flags.starts_with('K')),
                hash: packet["data_hash"].as_str().unwrap_or_default().to_owned(),
            }
        })
        .collect()
}

/// The first stream of a kind ("video", "audio") in a file or at an address.
///
/// # Panics
/// When there is none.
#[track_caller]
pub fn stream(input: &str, kind: &str) -> Value {
    let report = ffprobe(input, &["-show_streams"]);
    let streams = report["streams"].as_array().map_or(&[][..], Vec::as_slice);
    let found = streams.iter().find(|stream| stream["codec_type"] == kind);
    found.unwrap_or_else(|| panic!("{input} has no {kind}: {report}")).clone()
}

/// Makes an FLV file: moving test picture with B-frames in H.264, and a tone in AAC.
///
/// # Panics
/// When this ffmpeg lacks libx264.
#[track_caller]
pub fn make_flv(file: &Path, size: &str, fps: u32, seconds: u32, b_frames: u32) {
    make(file, size, fps, seconds, &["-b:v", "800k", "-bf", &b_frames.to_string()]);
}

/// The same without B-frames at a constant bitrate of `megabits` a second.
///
/// # Panics
/// When this ffmpeg lacks libx264.
#[track_caller]
pub fn make_cbr_flv(file: &Path, size: &str, fps: u32, seconds: u32, megabits: u32) {
    let rate = &format!("{megabits}M");
    let rates = ["-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate];
    let others = ["-x264-params", "nal-hrd=cbr", "-bf", "0"];
    make(file, size, fps, seconds, &[&rates[..], &others].concat());
}

#[track_caller]
fn make(file: &Path, size: &str, fps: u32, seconds: u32, video: &[&str]) {
    let picture = format!("testsrc2=size={size}:rate={fps}");
    let sound = "sine=frequency=440:sample_rate=44100";
    let (seconds, interval) = (seconds.to_string(), (2 * fps).to_string());
    let file = file.to_string_lossy();
    let source = ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", sound, "-t", &seconds];
    let h264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", &interval];
    let aac = ["-c:a", "aac", "-b:a", "96k", "-ac", "2", "-f", "flv", &file];
    run(&[&source[..], &h264, video, &aac].concat()).expect_code(0);
}
