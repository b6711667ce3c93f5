//! Row A17: the whole broadcaster across a recorded link is as late as the laboratory says; row P11: damage.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use onair_e2e::process::{Ended, Running};
use onair_e2e::{clock, onair};
use onair_link::stage::{KEY, Stage, at_most, judge};
use onair_link::{FAR, Line, Schedule, Setup};
use serde_json::Value;

const SECONDS: u64 = 120;

/// `ONAIR_TRACE` names a recorded uplink, mahimahi's or Mbit/s a line; without one it is a walk of our own.
fn trace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nightly/walk.mbps");
    env::var_os("ONAIR_TRACE").map_or(own, PathBuf::from)
}

#[test]
fn a17_a_recorded_link_is_as_the_laboratory_says() {
    let trace = trace();
    let rate = Schedule::trace(&fs::read_to_string(&trace).expect("the trace")).expect("a trace");
    let delay = Duration::from_millis(30);
    let setup = Setup {
        up: Line { rate, delay, ..Line::default() },
        down: Line { delay, ..Line::default() },
        congestion: Some("cubic".to_owned()),
        ..Setup::default()
    };
    let Some(stage) = Stage::set(&setup) else { return };
    let mut meter = Command::new(env!("CARGO_BIN_EXE_onair-link"));
    let far = format!("{FAR}:1936");
    meter.args(["meter", "--listen", &far, "--to", &format!("{FAR}:1935")]);
    stage.link.far().host(&mut meter);
    let meter = Running::start(&mut meter);
    clock::pause(Duration::from_millis(500));
    let url = format!("rtmp://{far}/live/{KEY}");
    let length = format!("{SECONDS}s");
    let show = [
        "--pattern",
        "motion",
        "--size",
        "1280x720",
        "--fps",
        "30",
        "--duration",
        &length,
        "--video-bitrate",
        "1200k",
        "--max-bitrate",
        "2M",
    ];
    let push = stage.push_to(&url, &show, |command| stage.link.near().host(command));
    clock::pause(Duration::from_secs(SECONDS));
    push.wait().expect_code(0);

    let mut late_ms = lateness_ms(&meter.stdout(), delay);
    assert!(late_ms.len() > 1_000, "{} pictures", late_ms.len());
    late_ms.sort_by(f64::total_cmp);
    let real = late_ms[late_ms.len() * 95 / 100];
    let file = trace.to_string_lossy();
    let seconds = SECONDS.to_string();
    let simulated = [
        "lab",
        "run",
        "--trace",
        &file,
        "--max",
        "2M",
        "--rtt",
        "60ms",
        "--queue",
        "200",
        "--seconds",
        &seconds,
        "--json",
    ];
    let simulated = onair::run(&simulated);
    let simulated: Value = serde_json::from_str(simulated.stdout.trim()).expect("JSON");
    let simulated = simulated["p95_ms"].as_f64().expect("a p95");
    println!("{{\"id\":\"A17\",\"what\":\"p95 of the laboratory, ms\",\"value\":{simulated}}}");
    judge("A17", "p95, ms, beside the laboratory", real, 0.85 * simulated..=1.15 * simulated);
}

/// How late each picture was whole, counted so that the quickest took no longer than the link's delay.
fn lateness_ms(notes: &str, delay: Duration) -> Vec<f64> {
    let notes = notes.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let pictures = notes.filter(|note| note["kind"] == "video" && note["is_header"] == false);
    let behind: Vec<f64> = pictures
        .filter_map(|note| Some(note["at"].as_f64()? * 1_000.0 - note["stamp_ms"].as_f64()?))
        .collect();
    let least = behind.iter().copied().fold(f64::INFINITY, f64::min);
    behind.iter().map(|at| at - least + delay.as_secs_f64() * 1_000.0).collect()
}

#[test]
fn p11_damaged_bytes_end_in_an_error_or_a_new_connection() {
    const SESSIONS: usize = 1_000;
    const AT_ONCE: usize = 8;
    // One bit in about ten thousand bytes.
    let down = Line { damage: 0.05, ..Line::default() };
    let up = Line { damage: 0.1, ..Line::default() };
    let Some(stage) = Stage::set(&Setup { up, down, ..Setup::default() }) else { return };
    let (mut longest, mut silence_s) = (Duration::ZERO, 0.0_f64);
    let mut running: Vec<Running> = Vec::new();
    let mut panics = 0;
    for number in 0..SESSIONS + AT_ONCE {
        if running.len() == AT_ONCE || number >= SESSIONS {
            if running.is_empty() {
                break;
            }
            // A session of one second of media; a first connection that fails ends it, a later one is tried again.
            let ended = running.remove(0).wait(Duration::from_secs(60));
            longest = longest.max(ended.took);
            let silent_s = longest_silence_s(&ended);
            if silent_s > silence_s.max(9.0) {
                println!("silent for {silent_s:.3} s:\n{}", ended.stdout);
            }
            silence_s = silence_s.max(silent_s);
            panics += usize::from(ended.output().contains("panicked"));
            assert!(matches!(ended.code, Some(0 | 3 | 4)), "{ended:?}");
        }
        if number < SESSIONS {
            let url = stage.nginx.url("live", &format!("damaged-{number}"));
            let mut command =
                onair::command(&["push", &url, "--size", "320x180", "--duration", "1s", "--json"]);
            stage.link.near().host(&mut command);
            running.push(Running::start(&mut command));
        }
    }
    judge("P11", "panics in 1,000 sessions", panics as f64, at_most(0.0));
    judge("P11", "the longest time without a sign of life, s", silence_s, at_most(10.0));
    let longest = longest.as_secs_f64();
    println!("{{\"id\":\"P11\",\"what\":\"the longest session, s\",\"value\":{longest}}}");
}

/// The longest time of a push in which nothing moved: no state, no error, no decision, and no byte that the socket took.
/// That it still counts its seconds is no sign of life.
fn longest_silence_s(ended: &Ended) -> f64 {
    let lines = ended.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let (mut last_s, mut sent, mut longest_s) = (0.0, 0, 0.0_f64);
    let signs = lines.filter_map(|line| {
        let bytes = line["bytes_sent"].as_u64();
        let is_sign = line["event"] != "stats" || bytes > Some(sent);
        sent = sent.max(bytes.unwrap_or(0));
        // The summary says how long the stream was, not when it came: the program's end is near.
        line["seconds"].as_f64().filter(|_| is_sign && line["event"] != "summary")
    });
    for at_s in signs.chain([ended.took.as_secs_f64()]) {
        longest_s = longest_s.max(at_s - last_s);
        last_s = at_s;
    }
    longest_s
}
