//! `onair check --upload` across a link of known rate: what it says the network carries is what the network carries.

use std::time::Duration;

use onair_e2e::{onair, process};
use onair_link::stage::{Stage, judge};
use onair_link::{Line, Schedule, Setup};
use serde_json::Value;

#[test]
fn the_upload_rate_is_right_to_15_percent_within_five_seconds() {
    let delay = Duration::from_millis(25);
    for mbps in [0.8, 3.0, 8.0] {
        let setup = Setup {
            up: Line { rate: Schedule::constant(mbps * 1e6), delay, ..Line::default() },
            down: Line { delay, ..Line::default() },
            congestion: Some("cubic".to_owned()),
            ..Setup::default()
        };
        let Some(stage) = Stage::set(&setup) else { return };
        let mut command =
            onair::command(&["check", &stage.nginx.url("live", "checked"), "--upload", "--json"]);
        stage.link.near().host(&mut command);
        let ended = process::run(&mut command, Duration::from_secs(10));
        ended.expect_code(0);
        let report: Value = serde_json::from_str(ended.stdout.trim()).expect("one JSON object");
        let seconds = report["seconds"].as_f64().expect("a number");
        judge("check", &format!("{mbps} Mbit/s: seconds"), seconds, 0.0..=5.0);
        let carried = report["upload_bps"].as_f64().expect("a number") / 1e6 / mbps;
        judge("check", &format!("{mbps} Mbit/s: share of it found"), carried, 0.85..=1.15);
    }
}
