//! Rows A11 to A13: loss, a falling link and a rising one, under the congestion control that fills queues.

use std::time::Duration;

use onair_e2e::clock;
use onair_link::{Line, Queue, Schedule, Setup, has_congestion_control, skip};

use onair_link::stage::{Push, Stage, at_least, at_most, judge};

/// 25 ms each way.
fn setup(steps: &str, loss: f64, congestion: Option<&str>) -> Setup {
    let delay = Duration::from_millis(25);
    let rate = Schedule::parse(steps).expect("steps of a test");
    Setup {
        up: Line { rate, delay, queue: Queue::Packets(200), loss, ..Line::default() },
        down: Line { delay, ..Line::default() },
        congestion: congestion.map(str::to_owned),
        ..Setup::default()
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn push(stage: &Stage, bitrate: &str) -> Push {
    let noise = ["--pattern", "noise", "--size", "640x360", "--fps", "30", "--duration", "50s"];
    let mut push = stage.push("live", &[&noise[..], &["--video-bitrate", bitrate]].concat());
    push.wait_until_live();
    push
}

fn least(rates: &[f64]) -> f64 {
    rates.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(figures: impl Iterator<Item = f64>) -> f64 {
    figures.fold(0.0, f64::max)
}

#[test]
fn a11_random_loss_leaves_a_megabit_with_cubic() {
    let Some(stage) = Stage::set(&setup("0:6000", 0.02, Some("cubic"))) else { return };
    let push = push(&stage, "3M");
    let rates = stage.rates(seconds(10), seconds(30));
    judge("A11", "2 % loss, cubic: least bit/s in 10 s", least(&rates), at_least(1.0e6));
    push.stop().expect_code(0);
}

#[test]
fn a11_bbr_is_taken_where_it_is_allowed() {
    if !has_congestion_control("bbr") {
        skip("this kernel has no bbr");
        return;
    }
    let Some(stage) = Stage::set(&setup("0:6000", 0.02, None)) else { return };
    let push = push(&stage, "3M");
    let rates = stage.rates(seconds(2), seconds(10));
    judge("A11", "2 % loss, bbr: least bit/s in 2 s", least(&rates), at_least(2.5e6));
    push.stop().expect_code(0);
}

#[test]
fn a12_the_gate_keeps_the_modem_s_queue_short() {
    let Some(stage) = Stage::set(&setup("0:4000,8:1000", 0.0, Some("cubic"))) else { return };
    let push = push(&stage, "2M");
    let began = stage.link.attempts()[0].at;
    let seen = stage.watch((began + seconds(24)).saturating_sub(stage.link.now()));
    let steady: Vec<_> = seen.iter().filter(|kernel| kernel.at > began + seconds(14)).collect();
    assert!(steady.len() > 20, "{seen:?}");
    let rtt_ms = most(steady.iter().map(|kernel| kernel.rtt_ms));
    judge("A12", "4 → 1 Mbit/s, cubic: smoothed round trip, ms", rtt_ms, at_most(400.0));
    let unacked = most(steady.iter().map(|kernel| kernel.unacked_bytes as f64));
    judge("A12", "4 → 1 Mbit/s, cubic: unacknowledged bytes", unacked, at_most(64_000.0));
    push.stop().expect_code(0);
}

#[test]
fn a13_the_gate_does_not_starve_a_rising_link() {
    let Some(stage) = Stage::set(&setup("0:1000,8:8000", 0.0, Some("cubic"))) else { return };
    let push = push(&stage, "9M");
    let rises = stage.link.attempts()[0].at + seconds(8);
    clock::pause(rises.saturating_sub(stage.link.now()));
    let rates = stage.rates(Duration::from_millis(500), seconds(3));
    judge("A13", "1 → 8 Mbit/s: bit/s within 3 s", most(rates.iter().copied()), at_least(7.5e6));
    push.stop().expect_code(0);
}
