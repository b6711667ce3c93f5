//! Enhanced RTMP against an ffmpeg that speaks it: what it made arrives as it was made, it decodes
//! what we send, and it publishes to our server.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use onair_e2e::process::{self, Ended};
use onair_e2e::serve::Serve;
use onair_e2e::tools::{Tool, are_missing, modern_ffmpeg};
use onair_e2e::{clock, onair};

const PATIENCE: Duration = Duration::from_secs(60);

const HEVC: &[&str] =
    &["-c:v", "libx265", "-x265-params", "log-level=none:keyint=30:bframes=2", "-c:a", "libopus"];
const AV1: &[&str] = &["-c:v", "libsvtav1", "-preset", "12", "-g", "30", "-c:a", "aac"];

fn ffmpeg(arguments: &[&str]) -> Command {
    let mut command = Command::new(modern_ffmpeg().expect("looked for before"));
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]).args(arguments);
    // The AV1 encoder has a voice of its own: errors only.
    command.env("SVT_LOG", "1");
    command
}

#[track_caller]
fn run(arguments: &[&str]) -> Ended {
    let ended = process::run(&mut ffmpeg(arguments), PATIENCE);
    ended.expect_code(0);
    assert_eq!(ended.stderr, "", "ffmpeg {arguments:?}");
    ended
}

/// Three seconds of moving picture and a tone.
fn make(folder: &Path, codecs: &[&str]) -> PathBuf {
    let file = folder.join("source.flv");
    let (picture, tone) = ("testsrc2=size=320x180:rate=30", "sine=frequency=440:sample_rate=48000");
    let input = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone];
    let output = ["-t", "3", "-pix_fmt", "yuv420p", "-ac", "2", "-f", "flv", text(&file)];
    run(&[&input[..], codecs, &output].concat());
    file
}

/// Every access unit of the pictures or the sound: times, size and hash.
#[track_caller]
fn access_units(file: &Path, track: &str) -> Vec<String> {
    let map = format!("0:{track}");
    let copy = ["-copyts", "-i", text(file), "-map", &map, "-c", "copy", "-f", "framemd5", "-"];
    let listed = run(&copy).stdout;
    listed.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[track_caller]
fn assert_same(copy: &Path, source: &Path) {
    for track in ["v", "a"] {
        let (copy, source) = (access_units(copy, track), access_units(source, track));
        assert!(!source.is_empty());
        let differs = copy.iter().zip(&source).find(|(copy, source)| copy != source);
        assert_eq!((copy.len(), differs), (source.len(), None), "{track}");
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of letters")
}

/// The only recording in a folder.
#[track_caller]
fn recording(folder: &Path) -> PathBuf {
    let found = clock::until(Duration::from_secs(10), || {
        let mut files = std::fs::read_dir(folder).ok()?.filter_map(|file| Some(file.ok()?.path()));
        files.find(|file| file.extension().is_some_and(|extension| extension == "flv"))
    });
    found.expect("the server records")
}

/// The recording once nothing is added to it any more.
#[track_caller]
fn finished_recording(folder: &Path) -> PathBuf {
    let file = recording(folder);
    let mut size = 0;
    let same = clock::until(Duration::from_secs(10), || {
        clock::pause(Duration::from_millis(300));
        let now = std::fs::metadata(&file).ok()?.len();
        (std::mem::replace(&mut size, now) == now).then_some(())
    });
    same.expect("the publisher has gone");
    file
}

#[test]
fn files_of_hevc_av1_and_opus_arrive_as_they_were_made_and_decode() {
    if are_missing(&[Tool::ModernFfmpeg]) {
        return;
    }
    for (codecs, video, audio) in [(HEVC, "hevc", "opus"), (AV1, "av1", "aac")] {
        let folder = tempfile::tempdir().unwrap();
        let source = make(folder.path(), codecs);
        let recordings = folder.path().join("recordings");
        std::fs::create_dir(&recordings).unwrap();
        let serve = Serve::start(&["--record", text(&recordings)]);
        let url = serve.rtmp_url("live", "modern");

        let played = folder.path().join("played.flv");
        let play = ["-i", &url, "-t", "1", "-c", "copy", "-f", "flv", text(&played)];
        let player = process::Running::start(&mut ffmpeg(&play));
        let pushed = onair::run(&["push", &url, "--flv", text(&source), "--json"]);
        pushed.expect_code(0);
        assert_eq!(onair::summary(&pushed)["frames_sent"], 90);
        drop(player);

        let recorded = finished_recording(&recordings);
        assert_same(&recorded, &source);
        run(&["-xerror", "-i", text(&recorded), "-f", "null", "-"]);
        run(&["-xerror", "-i", text(&played), "-f", "null", "-"]);

        let probed = onair::run(&["probe", text(&recorded), "--json"]);
        probed.expect_code(0);
        let report: serde_json::Value = serde_json::from_str(&probed.stdout).expect("JSON");
        assert_eq!(
            (&report["video"]["codec"], &report["audio"]["codec"]),
            (&video.into(), &audio.into())
        );
        assert_eq!(
            (&report["video"]["width"], &report["video"]["height"]),
            (&320.into(), &180.into())
        );
    }
}

#[test]
fn ffmpeg_publishes_hevc_and_opus_to_our_server() {
    if are_missing(&[Tool::ModernFfmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = make(folder.path(), HEVC);
    let recordings = folder.path().join("recordings");
    std::fs::create_dir(&recordings).unwrap();
    let serve = Serve::start(&["--record", text(&recordings)]);
    let url = serve.rtmp_url("live", "foreign");
    run(&["-re", "-i", text(&source), "-c", "copy", "-f", "flv", &url]);
    let recorded = finished_recording(&recordings);
    assert_same(&recorded, &source);
    run(&["-xerror", "-i", text(&recorded), "-f", "null", "-"]);
}
