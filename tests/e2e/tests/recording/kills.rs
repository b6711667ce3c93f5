//! `kill -9` of `onair push --record` at random moments: what is there plays, as it is and recovered.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::time::Duration;

use onair_e2e::clock::Stopwatch;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg, onair, web};

/// F02 and the promise of docs/recording.md.
const LOSS: f64 = 2.1;
/// Pushes at once: fewer than would make this machine late.
const AT_ONCE: usize = 4;

/// A file whose writer was killed.
struct Killed {
    file: PathBuf,
    /// For how long it had been written.
    seconds: f64,
}

/// Kills a recording one to four seconds after its first byte. Before that there may be nothing whole in it.
fn kill(file: PathBuf) -> Killed {
    let push = onair::start(&["push", "--record", text(&file), "--quality", "low1"]);
    let has_begun = || std::fs::metadata(&file).is_ok_and(|file| file.len() > 0).then_some(());
    clock::until(Duration::from_secs(30), has_begun).expect("it records");
    let since = Stopwatch::start();
    clock::pause(Duration::from_millis(1_000 + RandomState::new().hash_one(()) % 3_000));
    push.signal("KILL");
    let seconds = since.elapsed().as_secs_f64();
    assert_eq!(push.wait(onair::PATIENCE).code, None, "it was killed");
    Killed { file, seconds }
}

/// The end of the last packet that ffprobe finds, pictures and sound apart.
fn ends(file: &Path) -> [f64; 2] {
    ["v:0", "a:0"].map(|stream| {
        let entries = ["-select_streams", stream, "-show_entries", "packet=pts_time,duration_time"];
        let report = ffmpeg::ffprobe(text(file), &entries);
        let packets = report["packets"].as_array().map_or(&[][..], Vec::as_slice);
        let seconds = |value: &serde_json::Value| value.as_str()?.parse::<f64>().ok();
        // The last packet of a fragment that was cut off has no length.
        let end = |packet: &serde_json::Value| {
            Some(seconds(&packet["pts_time"])? + seconds(&packet["duration_time"]).unwrap_or(0.0))
        };
        packets.iter().filter_map(end).fold(0.0, f64::max)
    })
}

#[test]
fn f02_killed_at_random_moments_every_file_plays_to_within_two_seconds_of_the_end() {
    if are_missing(&[Tool::Ffmpeg, Tool::Chromium]) {
        return;
    }
    let is_nightly = std::env::var_os("ONAIR_NIGHTLY").is_some();
    let (kills, in_chromium) = if is_nightly { (100, 100) } else { (10, 3) };
    let folder = tempfile::tempdir().expect("a folder");
    let name = |number: usize| folder.path().join(format!("{number}.mp4"));
    let numbers: Vec<usize> = (0..kills).collect();
    let mut killed = Vec::new();
    for some in numbers.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                some.iter().map(|&number| scope.spawn(move || kill(name(number)))).collect();
            killed.extend(threads.into_iter().map(|thread| thread.join().expect("a file")));
        });
    }

    let mut worst: f64 = 0.0;
    for Killed { file, seconds } in &killed {
        let ends = ends(file);
        let loss = seconds - ends[0].min(ends[1]);
        assert!(loss <= LOSS, "{}: {ends:?} of {seconds} s", file.display());
        worst = worst.max(loss);
        // The last fragment may be cut off in the middle, which a player forgives.
        ffmpeg::run(&["-i", text(file), "-f", "null", "-"]).expect_code(0);
    }
    let sample: Vec<&Path> = killed.iter().map(|it| it.file.as_path()).take(in_chromium).collect();
    let played: Vec<_> = sample.chunks(20).flat_map(web::play).collect();
    assert_eq!(played.len(), in_chromium);
    for (seen, Killed { file, seconds }) in played.iter().zip(&killed) {
        let time = seen["time"].as_f64().unwrap_or_default();
        assert!(seen["error"].is_null() && seen["ended"] == true, "{}: {seen}", file.display());
        assert!(seconds - time <= LOSS, "{seconds} s: {seen}");
        assert_eq!((&seen["wide"], &seen["high"]), (&360.into(), &640.into()), "{seen}");
        assert!(seen["frames"].as_u64() > Some(3), "{seen}");
    }
    for Killed { file, seconds } in &killed {
        let before = ends(file);
        onair::run(&["recover", text(file)]).expect_code(0);
        ffmpeg::decode(text(file));
        let after = ends(file);
        for (before, after) in before.iter().zip(after) {
            assert!((before - after).abs() < 0.6 && seconds - after <= LOSS, "{before} {after}");
        }
    }
    println!(
        "{{\"id\":\"F02\",\"what\":\"{kills} kills of a recording: most that one lost, s\",\
         \"value\":{worst:.2},\"limit\":[null,{LOSS}],\"pass\":true}}"
    );
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}
