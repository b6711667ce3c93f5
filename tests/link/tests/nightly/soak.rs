//! Row M02: hours of faults, one a minute, and nothing grows. `ONAIR_SOAK_MINUTES` says how long (default 20).

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use onair_e2e::ffmpeg::{self, Packet};
use onair_e2e::{clock, pattern};
use onair_link::stage::{Stage, at_most, judge};
use onair_link::{Line, Schedule, Setup};

/// What goes wrong, in turn.
#[derive(Clone, Copy, Debug)]
enum Fault {
    ShortHole,
    LongHole,
    SlowLink,
    Loss,
    Pause,
    Crash,
}

const FAULTS: [Fault; 6] =
    [Fault::ShortHole, Fault::SlowLink, Fault::Pause, Fault::Crash, Fault::Loss, Fault::LongHole];
const MINUTE: Duration = Duration::from_secs(60);
/// Without a picture for so long, something was lost.
const GAP_MS: i64 = 200;

fn healthy() -> Line {
    Line { rate: Schedule::constant(8e6), delay: Duration::from_millis(30), ..Line::default() }
}

fn happen(stage: &mut Stage, fault: Fault) {
    let seconds = Duration::from_secs;
    match fault {
        Fault::ShortHole | Fault::LongHole => {
            stage.link.set_black_hole(true);
            clock::pause(seconds(if matches!(fault, Fault::LongHole) { 12 } else { 2 }));
            stage.link.set_black_hole(false);
        }
        Fault::SlowLink => {
            stage.link.change_up(|line| line.rate = Schedule::constant(4e5));
            clock::pause(seconds(10));
            stage.link.change_up(|line| *line = healthy());
        }
        Fault::Loss => {
            stage.link.change_up(|line| line.loss = 0.05);
            clock::pause(seconds(10));
            stage.link.change_up(|line| *line = healthy());
        }
        Fault::Pause => {
            stage.nginx.signal("STOP");
            clock::pause(seconds(3));
            stage.nginx.signal("CONT");
        }
        Fault::Crash => {
            stage.nginx.kill();
            clock::pause(seconds(3));
            stage.nginx.restart();
        }
    }
}

#[test]
fn m02_faults_for_hours_leave_nothing_behind() {
    let minutes = env::var("ONAIR_SOAK_MINUTES").ok().and_then(|text| text.parse().ok());
    let minutes: usize = minutes.unwrap_or(20).max(8);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let app = format!(
        "application soak {{ live on; drop_idle_publisher 5s;
         record all; record_unique on; record_path {}; }}",
        folder.path().display()
    );
    let down = Line { delay: Duration::from_millis(30), ..Line::default() };
    let setup = Setup { up: healthy(), down, ..Setup::default() };
    let Some(mut stage) = Stage::set_with(&setup, &app) else { return };
    let mut push =
        stage.push("soak", &["--size", "640x360", "--fps", "30", "--video-bitrate", "2M"]);
    push.wait_until_live();
    let began = stage.link.now();
    let mut settled_kib = 0;
    for (minute, fault) in (1..minutes).zip(FAULTS.into_iter().cycle()) {
        let next = began + MINUTE * u32::try_from(minute).expect("some minutes");
        clock::pause(next.saturating_sub(stage.link.now()));
        happen(&mut stage, fault);
        // Each fault has come once.
        if minute == FAULTS.len() {
            clock::pause(Duration::from_secs(20));
            settled_kib = push.resident_kib();
        }
    }
    // The last stretch is long enough to be looked at, after whatever came last.
    clock::pause(MINUTE);
    let grown = push.resident_kib() as f64 - settled_kib as f64;
    let ended = push.stop();
    ended.expect_code(0);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);

    let mut recordings: Vec<PathBuf> = fs::read_dir(folder.path())
        .expect("recordings")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|file| fs::metadata(file).is_ok_and(|meta| meta.len() > 500_000))
        .collect();
    recordings.sort_by_key(|file| fs::metadata(file).and_then(|meta| meta.modified()).ok());
    let is_gap = |pair: &&[Packet]| pair[1].dts_ms - pair[0].dts_ms > GAP_MS;
    let gaps_in = |file: &PathBuf| ffmpeg::packets(file, "v").windows(2).filter(is_gap).count();
    let gaps: usize = recordings.iter().map(gaps_in).sum();
    // The last 40 s, which no fault disturbs: where sound and pictures would have drifted apart by now.
    let (last, tail) = (recordings.last().expect("a recording"), folder.path().join("tail.flv"));
    let (from, to) = (last.to_string_lossy(), tail.to_string_lossy());
    ffmpeg::run(&["-sseof", "-40", "-i", &from, "-c", "copy", &to]).expect_code(0);
    let skews = pattern::skews_ms(&tail, 640, 360);
    let skew = skews.iter().copied().map(f64::abs).fold(0.0, f64::max);
    println!(
        "{{\"id\":\"M02\",\"what\":\"minutes, recordings\",\"value\":[{minutes},{}]}}",
        recordings.len()
    );
    judge("M02", "memory grown after the first round of faults, KiB", grown, at_most(2_048.0));
    judge(
        "M02",
        "gaps in the pictures, beyond one a fault",
        gaps as f64 - (minutes - 1) as f64,
        at_most(0.0),
    );
    judge("M02", "sound beside its picture, ms", skew, at_most(20.0));
}
