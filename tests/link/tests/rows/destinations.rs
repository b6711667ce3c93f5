//! Three destinations of one push, each at a server of its own: one behind 200 kbit/s, one killed in the middle. The
//! third loses nothing and is no later than alone.

use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::process::Running;
use onair_e2e::{clock, ffmpeg, onair};
use onair_link::stage::{KEY, Stage, at_least, at_most, judge};
use onair_link::{Line, Schedule, Setup};
use serde_json::Value;

/// On the near side's loopback: a server that is killed, one that is well, and the meter in front of it.
const KILLED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const WELL: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const METER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);
const FPS: f64 = 30.0;
const SECONDS: f64 = 10.0;

fn near(stage: &Stage, address: Ipv4Addr) -> Nginx {
    let side = stage.link.near().clone();
    Nginx::start_at(address, "", move |command| side.host(command))
}

/// What the third server got of a show to it, alone or beside the two others.
struct Seen {
    /// Of each picture, milliseconds: arrival less its place in the show, less the quickest picture's.
    late_ms: Vec<f64>,
    lines: Vec<Value>,
}

fn show(stage: &Stage, beside_others: bool) -> Seen {
    let well = near(stage, WELL);
    let mut killed = near(stage, KILLED);
    let mut meter = Command::new(env!("CARGO_BIN_EXE_onair-link"));
    let ends = [format!("{METER}:1935"), format!("{WELL}:1935")];
    meter.args(["meter", "--listen", &ends[0], "--to", &ends[1]]);
    stage.link.near().host(&mut meter);
    let meter = Running::start(&mut meter);
    clock::pause(Duration::from_millis(300));

    let mut urls = vec![format!("rtmp://{METER}/live/{KEY}")];
    if beside_others {
        urls.push(killed.url("live", KEY));
        urls.push(stage.nginx.url("live", KEY));
    }
    let mut command = onair::command(&["push"]);
    command.args(&urls).args(["--json", "--size", "320x240", "--fps", "30", "--duration", "10s"]);
    command.args(["--video-bitrate", "800k", "--min-bitrate", "800k", "--max-bitrate", "800k"]);
    stage.link.near().host(&mut command);
    let push = Running::start(&mut command);
    clock::pause(Duration::from_secs(4));
    killed.kill();
    let ended = push.wait(Duration::from_secs(60));
    // A destination that is away at the end is one that was not served.
    ended.expect_code(if beside_others { 4 } else { 0 });

    let recording = well.recording(KEY);
    ffmpeg::decode(&recording.to_string_lossy());
    let (report, _) = onair::probe(&recording.to_string_lossy(), &[]);
    let pattern = &report["pattern"];
    let counts = ["frames", "first_frame", "lost", "repeated", "out_of_order", "unreadable"];
    let found = counts.map(|count| pattern[count].as_f64());
    assert_eq!(found, [SECONDS * FPS, 0.0, 0.0, 0.0, 0.0, 0.0].map(Some), "{report}");

    let lines = |text: String| -> Vec<Value> {
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    let arrivals = lines(meter.stdout()).into_iter().filter_map(|line| {
        let is_picture = line["kind"] == "video" && line["is_header"] == false;
        line["at"].as_f64().filter(|_| is_picture)
    });
    let late = arrivals.enumerate().map(|(number, at)| (at - number as f64 / FPS) * 1e3);
    let mut late_ms: Vec<f64> = late.collect();
    let quickest = late_ms.iter().copied().fold(f64::INFINITY, f64::min);
    late_ms.iter_mut().for_each(|late| *late -= quickest);
    late_ms.sort_by(f64::total_cmp);
    Seen { late_ms, lines: lines(ended.stdout) }
}

#[test]
fn three_destinations_one_throttled_and_one_killed_leave_the_third_alone() {
    let setup = Setup {
        up: Line {
            rate: Schedule::constant(200e3),
            delay: Duration::from_millis(20),
            ..Line::default()
        },
        ..Setup::default()
    };
    let Some(stage) = Stage::set(&setup) else { return };
    let alone = show(&stage, false);
    let beside = show(&stage, true);
    for (what, part) in [("median", 2), ("95th percentile", 20)] {
        let of = |seen: &Seen| seen.late_ms[seen.late_ms.len() - 1 - seen.late_ms.len() / part];
        let (before, after) = (of(&alone), of(&beside));
        println!("the third: {what} {before:.1} ms alone, {after:.1} ms beside the others");
        let what = format!("three destinations, two in trouble: later at the third, {what}, ms");
        judge("DEST", &what, after - before, at_most(20.0));
    }
    let summary = |number: u32| {
        let is_it = |line: &&Value| line["event"] == "summary" && line["destination"] == number;
        beside.lines.iter().find(is_it).expect("a summary of each")
    };
    let count = |number, key: &str| summary(number)[key].as_f64().unwrap_or_default();
    judge("DEST", "pictures sent to the third", count(1, "frames_sent"), at_least(SECONDS * FPS));
    judge("DEST", "pictures dropped for the third", count(1, "frames_dropped"), at_most(0.0));
    judge("DEST", "pictures dropped at 200 kbit/s", count(3, "frames_dropped"), at_least(1.0));
    let lost = |line: &Value| line["destination"] == 2 && line["state"] == "reconnecting";
    assert!(beside.lines.iter().any(lost), "the second was killed: {:?}", beside.lines);
}
