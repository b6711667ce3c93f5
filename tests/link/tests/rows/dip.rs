//! A link that dips from 3 Mbit/s to 600 kbit/s and back, with the real encoder at 720p30: nothing breaks for the
//! decoder and the dip is used. Row B9 of `scripts/bench` has the lateness and the way back, beside peers.

use std::process::Command;
use std::time::Duration;

use onair_e2e::process::Running;
use onair_e2e::{clock, ffmpeg};
use onair_link::stage::{KEY, Stage, at_least, judge};
use onair_link::{FAR, Line, Schedule, Setup};
use serde_json::Value;

const DIP: f64 = 10.0;
const END_OF_DIP: f64 = 30.0;
const DIP_BPS: f64 = 600_000.0;

#[test]
fn b9_a_dip_breaks_nothing_and_is_used() {
    let delay = Duration::from_millis(20);
    let steps = Schedule::parse("0:3000,10:600,30:3000").expect("steps of a test");
    let setup = Setup {
        up: Line { rate: steps, delay, ..Line::default() },
        down: Line { delay, ..Line::default() },
        congestion: Some("cubic".to_owned()),
        ..Setup::default()
    };
    let Some(stage) = Stage::set(&setup) else { return };
    let mut meter = Command::new(env!("CARGO_BIN_EXE_onair-link"));
    let (listen, server) = (format!("{FAR}:1936"), format!("{FAR}:1935"));
    stage.link.far().host(meter.args(["meter", "--listen", &listen, "--to", &server]));
    let meter = Running::start(&mut meter);
    clock::pause(Duration::from_millis(500));
    let url = format!("rtmp://{listen}/live/{KEY}");
    let show = ["--size", "1280x720", "--fps", "30", "--duration", "40s", "--video-bitrate", "2M"];
    let push = stage.push_to(&url, &[&show[..], &["--max-bitrate", "2M"]].concat(), |command| {
        stage.link.near().host(command);
    });
    push.wait().expect_code(0);
    assert_eq!(stage.link.attempts().len(), 1, "the connection held");
    ffmpeg::decode(&stage.recording().to_string_lossy());

    let notes = meter.stdout();
    let media: Vec<(f64, f64)> = notes.lines().filter_map(arrival).collect();
    let began = media.first().expect("media arrived").0;
    let rate = |from: f64, to: f64| {
        let within = media.iter().filter(|(at, _)| (from..to).contains(&(at - began)));
        within.map(|(_, bits)| bits).sum::<f64>() / (to - from)
    };
    // The first second still carries what waited before.
    let used = rate(DIP + 1.0, END_OF_DIP) / DIP_BPS;
    judge("B9", "part of the link used in the dip", used, at_least(0.85));
}

/// When a message of sound or pictures was whole, in seconds, and its bits.
fn arrival(line: &str) -> Option<(f64, f64)> {
    let note: Value = serde_json::from_str(line).ok()?;
    let is_media = note["kind"] == "video" || note["kind"] == "audio";
    is_media.then(|| Some((note["at"].as_f64()?, note["bytes"].as_f64()? * 8.0)))?
}
