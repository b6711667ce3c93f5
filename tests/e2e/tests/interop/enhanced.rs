//! Enhanced RTMP against servers by script, one for each way to answer an offer: takes v2's, knows v1's list alone, hears
//! nothing of it, hangs up on whoever makes one. And an ffmpeg that speaks it, which judges what arrives.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use onair_e2e::fake::{Fake, Peer, number, object, strings};
use onair_e2e::process::{self, Ended, Running};
use onair_e2e::tools::{Tool, are_missing, modern_ffmpeg};
use onair_e2e::{free_port, is_listening, onair};
use serde_json::json;

/// What gives an offer away.
const OFFER: [&str; 4] = ["fourCcList", "videoFourCcInfoMap", "audioFourCcInfoMap", "capsEx"];
const PICTURES: u64 = 60;

fn ffmpeg(arguments: &[&str]) -> Command {
    let mut command = Command::new(modern_ffmpeg().expect("looked for before"));
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]).args(arguments);
    command
}

/// Two seconds of HEVC with B-pictures and Opus.
fn hevc(folder: &Path) -> PathBuf {
    let file = folder.join("hevc.flv");
    let input = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=30",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:sample_rate=48000",
    ];
    let codecs = ["-c:v", "libx265", "-x265-params", "log-level=none:keyint=30", "-c:a", "libopus"];
    let output =
        ["-t", "2", "-pix_fmt", "yuv420p", "-ac", "2", "-f", "flv", &file.to_string_lossy()];
    let command = [&input[..], &codecs, &output].concat();
    process::run(&mut ffmpeg(&command), onair::PATIENCE).expect_code(0);
    file
}

/// Two seconds of two pictures and two sounds, H.264 and AAC.
fn two_tracks_of_each(folder: &Path) -> PathBuf {
    let file = folder.join("tracks.flv");
    let inputs = [
        "testsrc2=size=320x180:rate=30",
        "testsrc2=size=160x90:rate=30",
        "sine=frequency=440:sample_rate=48000",
        "sine=frequency=880:sample_rate=48000",
    ];
    let mut command: Vec<&str> = inputs.iter().flat_map(|&it| ["-f", "lavfi", "-i", it]).collect();
    command.extend(["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-t", "2"]);
    command.extend(["-pix_fmt", "yuv420p", "-ac", "2", "-c:v", "libx264", "-g", "30", "-bf", "2"]);
    let path = file.to_string_lossy();
    command.extend(["-c:a", "aac", "-f", "flv", &path]);
    process::run(&mut ffmpeg(&command), onair::PATIENCE).expect_code(0);
    file
}

/// Times, sizes and hashes of all access units of all tracks.
fn access_units(file: &Path) -> Vec<String> {
    let path = file.to_string_lossy();
    let copy = ["-copyts", "-i", &path, "-map", "0", "-c", "copy", "-f", "framemd5", "-"];
    let listed = process::run(&mut ffmpeg(&copy), onair::PATIENCE);
    listed.expect_code(0);
    let units = listed.stdout.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
    // Writers put units of the same time in the order they like.
    let mut units: Vec<String> = units.collect();
    units.sort();
    units
}

fn cell(server: &str, cell: &str, note: &str) {
    println!("{}", json!({"server": server, "cell": cell, "result": "yes", "note": note}));
}

/// Everything from `Publish.Start` to the client's end.
fn take(peer: &mut Peer) -> io::Result<()> {
    peer.status("status", "NetStream.Publish.Start")?;
    peer.keep_silent()
}

/// A server that says `about` itself in its answer to `connect`.
fn answering(about: Vec<u8>) -> Fake {
    Fake::start(move |peer| {
        let (id, _) = peer.hear_connect(&[])?;
        peer.agree_until_publish(id, &about)?;
        take(peer)
    })
}

/// A server that hangs up on whoever offers anything.
fn rude() -> Fake {
    Fake::start(|peer| {
        let (id, has_offer) = peer.hear_connect(&OFFER)?;
        if has_offer {
            return Ok(());
        }
        peer.agree_until_publish(id, &object(&[]))?;
        take(peer)
    })
}

fn push(fake: &Fake, more: &[&str]) -> Ended {
    let url = fake.url("live", "key");
    onair::run(&[&["push", &url, "--json"][..], more].concat())
}

#[track_caller]
fn is_whole(ended: &Ended, pictures: u64) {
    ended.expect_code(0);
    let summary = onair::summary(ended);
    assert_eq!((&summary["frames_sent"], &summary["reconnects"]), (&pictures.into(), &0.into()));
}

#[test]
fn interop_enhanced_rtmp_by_script() {
    if are_missing(&[Tool::ModernFfmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = [hevc(folder.path()), two_tracks_of_each(folder.path())];
    let [hevc, tracks] = files.each_ref().map(|file| file.to_string_lossy());
    let list = ("fourCcList", strings(&["avc1", "hvc1", "av01", "mp4a", "Opus"]));
    let can = |codec| object(&[(codec, number(7.0))]);
    let v2 = object(&[
        list.clone(),
        ("videoFourCcInfoMap", can("*")),
        ("audioFourCcInfoMap", can("*")),
        ("capsEx", number(3.0)),
    ]);
    let v1 = object(&[list]);
    // Connections for H.264, and for HEVC: what chokes is asked again with less.
    for (name, fake, connections) in [
        ("script: E-RTMP v2", answering(v2), (1, 1)),
        ("script: E-RTMP v1, the list alone", answering(v1), (1, 1)),
        ("script: deaf, answers without a list", answering(object(&[])), (1, 1)),
        ("script: rude, hangs up on an offer", rude(), (2, 3)),
    ] {
        is_whole(&push(&fake, &["--quality", "low3", "--duration", "2s"]), PICTURES);
        assert_eq!(fake.accepted(), connections.0, "{name}");
        cell(name, "legacy", &format!("{PICTURES} pictures, connections: {}", fake.accepted()));
        for (column, file, pictures, words, refused) in [
            ("extended", &hevc, PICTURES, "does not take HEVC", "the codec is named"),
            (
                "tracks",
                &tracks,
                2 * PICTURES,
                "does not take further tracks",
                "the reason is named",
            ),
        ] {
            let before = fake.accepted();
            let ended = push(&fake, &["--flv", file]);
            let came = fake.accepted() - before;
            assert_eq!(came, connections.1, "{name}");
            if connections.1 == 1 {
                is_whole(&ended, pictures);
                cell(name, column, &format!("{pictures} pictures, connections: {came}"));
            } else {
                ended.expect_code(3);
                assert!(ended.stderr.contains(words), "it is named: {}", ended.stderr);
                cell(name, column, &format!("refused, {refused}, connections: {came}"));
            }
        }
    }
}

#[test]
fn interop_a_modern_ffmpeg_that_listens() {
    if are_missing(&[Tool::ModernFfmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let hevc = hevc(folder.path());
    let tracks = two_tracks_of_each(folder.path());
    let shipped = |file: &Path| vec!["--flv".to_owned(), file.to_string_lossy().into_owned()];
    let program = modern_ffmpeg().expect("looked for before");
    let version =
        process::run(Command::new(program).arg("-version"), Duration::from_secs(20)).stdout;
    let version = version.split_whitespace().nth(2).unwrap_or_default();
    let name = format!("ffmpeg {version} -listen 1");
    for (column, more, pictures) in [
        ("legacy", ["--quality", "low3", "--duration", "2s"].map(str::to_owned).into(), PICTURES),
        ("extended", shipped(&hevc), PICTURES),
        ("tracks", shipped(&tracks), 2 * PICTURES),
    ] {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let kept = folder.path().join(format!("kept-{column}.flv"));
        let url = format!("rtmp://127.0.0.1:{}/live/key", free_port());
        let port = url.split([':', '/']).nth(4).and_then(|port| port.parse().ok());
        let path = kept.to_string_lossy();
        let listen = ["-listen", "1", "-i", &url, "-map", "0", "-c", "copy", "-f", "flv", &path];
        let server = Running::start(&mut ffmpeg(&listen));
        assert!(port.is_some_and(is_listening), "{}", server.stderr());
        is_whole(&onair::run(&[&["push", &url, "--json"][..], &more].concat()), pictures);
        server.wait(Duration::from_secs(20)).expect_code(0);
        let decode = ["-xerror", "-i", &path, "-map", "0", "-f", "framemd5", "-"];
        let decoded = process::run(&mut ffmpeg(&decode), onair::PATIENCE);
        decoded.expect_code(0);
        assert_eq!(decoded.stderr, "", "{column}");
        let is_of_pictures = |line: &&str| match column {
            "tracks" => line.starts_with("0,") || line.starts_with("1,"),
            _ => line.starts_with("0,"),
        };
        assert_eq!(decoded.stdout.lines().filter(is_of_pictures).count() as u64, pictures);
        if column == "tracks" {
            assert_eq!(access_units(&kept), access_units(&tracks), "each track as it was made");
        }
        cell(&name, column, &format!("{pictures} pictures, decodes clean"));
    }
}
