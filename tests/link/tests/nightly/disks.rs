//! Row F05 on a real disk's calls: one that is slow or breaks costs its recording and not the stream. The same on virtual
//! time is beside the recording's code.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use onair_e2e::process::{self, Running};
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg, onair};
use onair_link::stage::{Stage, at_most, judge};
use onair_link::{FAR, Line, Schedule, Setup};
use serde_json::Value;

/// Long enough that a few milliseconds of a busy machine are no twentieth of it.
const DELAY: Duration = Duration::from_millis(150);
/// The connections have found their pace.
const SETTLED_MS: f64 = 2_500.0;
const PICTURES: u64 = 300;

/// Noise of 14 Mbit/s, which fills the queue of 8 MiB in five seconds, and a tone.
fn make_heavy(file: &Path) {
    let picture = "nullsrc=size=320x180:rate=30,geq=random(1)*255:128:128";
    let input = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=sample_rate=44100"];
    let rates = ["-b:v", "14M", "-minrate", "14M", "-maxrate", "14M", "-bufsize", "1M"];
    let video = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30"];
    let rest = ["-c:a", "aac", "-t", "10", "-f", "flv", text(file)];
    ffmpeg::run(&[&input[..], &video, &rates, &rest].concat()).expect_code(0);
}

/// A show on its way, with a meter before the server.
struct Show<'a> {
    push: Running,
    meter: Running,
    file: &'a Path,
}

#[test]
fn f05_a_disk_that_takes_two_seconds_a_write_or_breaks_makes_the_stream_no_later() {
    if are_missing(&[Tool::Compiler]) {
        return;
    }
    let line = || Line { rate: Schedule::constant(80e6), delay: DELAY, ..Line::default() };
    let setup = Setup { up: line(), down: line(), ..Setup::default() };
    let Some(stage) = Stage::set(&setup) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (source, shim, is_slow) = (path("source.flv"), path("disk.so"), path("slow"));
    make_heavy(&source);
    std::fs::write(&is_slow, b"").expect("a file");
    let code = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nightly/slow_disk.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o", text(&shim), text(&code), "-ldl"]);
    process::run(&mut compiler, Duration::from_secs(60)).expect_code(0);

    let files = ["good.mp4", "slow.mp4", "broken.mp4"].map(path);
    let [good, slow, broken] = [0_u16, 1, 2].map(|number| {
        let (file, at) = (&files[usize::from(number)], format!("{FAR}:{}", 1_936 + number));
        let mut meter = Command::new(env!("CARGO_BIN_EXE_onair-link"));
        meter.args(["meter", "--listen", &at, "--to", &format!("{FAR}:1935")]);
        stage.link.far().host(&mut meter);
        let meter = Running::start(&mut meter);
        clock::pause(Duration::from_millis(300));
        let url = format!("rtmp://{at}/live/show-{number}");
        let record = ["--flv", text(&source), "--record", text(file), "--json"];
        let mut push = onair::command(&[&["push", &url][..], &record].concat());
        push.env("LD_PRELOAD", &shim).env("DISK_FILE", file);
        match number {
            1 => push.env("DISK_SLOW", &is_slow),
            2 => push.env("DISK_BREAKS", "4"),
            _ => &mut push,
        };
        stage.link.near().host(&mut push);
        Show { push: Running::start(&mut push), meter, file }
    });
    // Until the show is over the disk stays as it is; then what waits may be written.
    clock::pause(Duration::from_millis(11_500));
    std::fs::remove_file(&is_slow).expect("it is there");

    let usual = good.p95_ms();
    for show in [&slow, &broken] {
        let late = show.p95_ms();
        judge(
            "F05",
            "p95 beside a bad disk, of that beside a good one",
            late / usual,
            at_most(1.05),
        );
    }
    let whole = good.end(0);
    assert_eq!(
        (whole["frames"].as_u64(), whole["frames_missing"].as_u64()),
        (Some(PICTURES), Some(0))
    );
    let holed = slow.end(0);
    let counts =
        [&holed["frames"], &holed["frames_missing"]].map(|count| count.as_u64().expect("a count"));
    assert!(counts[1] >= 30, "a GOP at least: {holed}");
    assert_eq!(counts[0] + counts[1], PICTURES, "what is not there is told: {holed}");
    broken.end(1);
}

impl Show<'_> {
    /// What pictures took to be whole at the server, but for one in twenty; the quickest took the link's delay.
    fn p95_ms(&self) -> f64 {
        let notes = self.meter.stdout();
        let notes = notes.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let pictures = notes.filter(|note| note["kind"] == "video" && note["is_header"] == false);
        let times = pictures.filter_map(|note| {
            let (at, stamp_ms) = (note["at"].as_f64()?, note["stamp_ms"].as_f64()?);
            Some((stamp_ms, at * 1_000.0 - stamp_ms))
        });
        let settled = times.filter(|(stamp_ms, _)| *stamp_ms > SETTLED_MS).map(|(_, late)| late);
        let mut late: Vec<f64> = settled.collect();
        assert!(late.len() > 100, "{} pictures arrived", late.len());
        late.sort_by(f64::total_cmp);
        late[late.len() * 95 / 100] - late[0] + DELAY.as_secs_f64() * 1_000.0
    }

    /// Ends so; nothing that was sent was dropped, what is in the file can be decoded, and what is not was told while
    /// the show went on. What was recorded.
    fn end(self, code: i32) -> Value {
        let ended = self.push.wait(Duration::from_secs(30));
        ended.expect_code(code);
        assert_eq!(onair::summary(&ended)["frames_dropped"], 0, "{}", ended.stdout);
        let name = self.file.file_name().and_then(|name| name.to_str()).expect("a name");
        ffmpeg::decode(text(self.file));
        let lines: Vec<Value> =
            ended.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let recorded = lines.iter().find(|line| line["event"] == "recorded").cloned();
        let warned = lines.iter().any(|line| line["event"] == "warning");
        let is_whole = recorded.as_ref().is_some_and(|of| of["frames_missing"] == 0);
        assert_eq!(warned, !is_whole, "{name}: {}", ended.output());
        recorded.unwrap_or_default()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}
