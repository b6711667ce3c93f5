//! Rows R03 to R06 and R11: a link that swallows everything, a server that stops, dies and comes back, a name that is
//! still held, an address family that leads nowhere.

use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use onair_e2e::{clock, ffmpeg};
use onair_link::{FAR, FAR_V6, Line, Schedule, Setup};

use onair_link::stage::{KEY, Push, Stage, at_most, judge};
use tempfile::TempDir;

/// A clock of 640×360 with sound: nothing here needs more.
const CLOCK: [&str; 6] = ["--size", "640x360", "--fps", "30", "--duration", "50s"];
const LONG: Duration = Duration::from_secs(30);

/// 8 Mbit/s, 30 ms each way.
fn setup() -> Setup {
    let delay = Duration::from_millis(30);
    Setup {
        up: Line { rate: Schedule::constant(8e6), delay, ..Line::default() },
        down: Line { delay, ..Line::default() },
        ..Setup::default()
    }
}

fn since(from: Duration, to: Duration) -> f64 {
    to.as_secs_f64() - from.as_secs_f64()
}

/// In doubt 3 s after the last progress, on a new attempt after 8.
#[track_caller]
fn is_given_up_in_time(id: &str, push: &mut Push, progress: Duration) {
    let suspect = push.wait_for("in doubt", LONG, |line| line["event"] == "suspect");
    judge(id, "in doubt after, s", since(progress, suspect), 2.7..=3.3);
    let lost = push.wait_for_state("reconnecting", progress, LONG);
    judge(id, "reconnecting after, s", since(progress, lost), 7.5..=8.5);
}

/// To a name with these addresses, and the folder that holds them while it runs.
fn push_by_name(stage: &Stage, addresses: &[IpAddr]) -> (Push, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let hosts = folder.path().join("hosts");
    let lines: String = addresses.iter().map(|address| format!("{address} far.test\n")).collect();
    fs::write(&hosts, lines).expect("a file");
    let push = stage.push_to(&format!("rtmp://far.test/live/{KEY}"), &CLOCK, |command| {
        command.arg("--allow-plaintext");
        stage.link.near().host_with_names(command, &hosts).expect("a path without zero bytes");
    });
    (push, folder)
}

/// The most that waited, by the push's own account, as age in milliseconds.
fn oldest_queued_ms(push: &Push) -> f64 {
    let ages = push.lines().into_iter().filter_map(|line| line["queue_ms"].as_f64());
    ages.fold(0.0, f64::max)
}

#[test]
fn r03_a_black_hole_is_noticed() {
    // A server behind a black hole learns nothing either and holds the name: this one drops it after 5 s.
    let Some(stage) = Stage::set(&setup()) else { return };
    let mut push = stage.push("idle", &CLOCK);
    push.wait_until_live();
    let hole = stage.link.now();
    stage.link.set_black_hole(true);
    is_given_up_in_time("R03", &mut push, hole);
    stage.link.set_black_hole(false);
    let back = stage.link.now();
    let live = push.wait_for_state("live", back, LONG);
    judge("R03", "live after the link is back, s", since(back, live), at_most(10.0));
    push.stop().expect_code(0);
}

#[test]
fn r03_a_name_that_is_still_held_is_asked_for_again() {
    let held = "application held { live on; drop_idle_publisher 12s; }";
    let Some(stage) = Stage::set_with(&setup(), held) else { return };
    let mut push = stage.push("held", &CLOCK);
    push.wait_until_live();
    let hole = stage.link.now();
    stage.link.set_black_hole(true);
    let lost = push.wait_for_state("reconnecting", hole, LONG);
    stage.link.set_black_hole(false);
    push.wait_for("in use", LONG, |line| {
        let message = line["message"].as_str().unwrap_or_default();
        message.contains("in use") || message.contains("already")
    });
    let live = push.wait_for_state("live", lost, LONG);
    // The server lets go 12 s after the last byte; the slow schedule asks at least every 6 s.
    judge("R03", "live after the name is free, s", since(hole, live) - 12.0, at_most(8.0));
    push.stop().expect_code(0);
}

#[test]
fn r04_a_stopped_server_is_noticed() {
    let Some(stage) = Stage::set(&setup()) else { return };
    let mut push = stage.push("live", &CLOCK);
    push.wait_until_live();
    stage.nginx.signal("STOP");
    let progress = stage.wait_for_standstill();
    is_given_up_in_time("R04", &mut push, progress);
    // Sound may wait that long, pictures do not.
    judge("R04", "age of the oldest unit queued, ms", oldest_queued_ms(&push), at_most(5_000.0));
    stage.nginx.signal("CONT");
    let back = stage.link.now();
    let live = push.wait_for_state("live", back, LONG);
    judge("R04", "live after the server goes on, s", since(back, live), at_most(8.0));
    push.stop().expect_code(0);
}

#[test]
fn r05_a_short_stop_costs_no_connection_and_no_sound() {
    let Some(stage) = Stage::set(&setup()) else { return };
    let mut push = stage.push("live", &CLOCK);
    push.wait_until_live();
    stage.nginx.signal("STOP");
    clock::pause(Duration::from_secs(4));
    stage.nginx.signal("CONT");
    let went_on = stage.link.now();
    clock::pause(Duration::from_secs(2));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let early = folder.path().join("early.flv");
    fs::copy(stage.recording(), &early).expect("a recording that grows");
    clock::pause(Duration::from_secs(3));
    push.stop().expect_code(0);
    assert_eq!(stage.link.attempts().len(), 1, "the connection held");

    // Times on the wire count from the first picture, which was captured about when the connection began.
    let began = stage.link.attempts()[0].at;
    let newest = ffmpeg::packets(&early, "v").last().expect("pictures").dts_ms as f64 / 1_000.0;
    let age = since(began, went_on) + 2.0 - newest;
    judge("R05", "age of the newest picture 2 s after, s", age, at_most(2.0));
    let pictures = ffmpeg::packets(&stage.recording(), "v");
    let steps = pictures.windows(2).map(|pair| (pair[1].dts_ms - pair[0].dts_ms, pair[1].is_key));
    let (step_ms, is_key) = steps.max_by_key(|(step, _)| *step).expect("pictures");
    // What waited too long is gone; the show goes on with an IDR.
    assert!(step_ms < 100 || is_key, "a step of {step_ms} ms leads to no IDR");
    ffmpeg::decode(&stage.recording().to_string_lossy());
    let sound: Vec<f64> =
        ffmpeg::packets(&stage.recording(), "a").iter().map(|p| p.dts_ms as f64).collect();
    let gap = sound.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    // An AAC frame lasts 23.2 ms.
    judge("R05", "longest step in the sound, ms", gap, at_most(25.0));
}

#[test]
fn r06_a_server_that_dies_and_comes_back() {
    let Some(mut stage) = Stage::set(&setup()) else { return };
    // A name, as a public server has: one of the local network is asked faster.
    let (mut push, _hosts) = push_by_name(&stage, &[FAR.into()]);
    push.wait_until_live();
    stage.nginx.kill();
    let died = stage.link.now();
    clock::pause(Duration::from_secs(10));
    stage.nginx.restart();
    let listens = stage.link.now();
    let live = push.wait_for_state("live", listens, LONG);
    judge("R06", "live after the port is open, s", since(listens, live), at_most(8.0));

    let attempts = stage.link.attempts();
    let mut before = died;
    // Full jitter: the first at once or within 250 ms, the n-th within 0.5 s × 2ⁿ and 8 s.
    let bounds = [0.25].into_iter().chain((0..).map(|n| f64::min(8.0, 0.5 * f64::powi(2.0, n))));
    for (attempt, bound) in attempts[1..].iter().zip(bounds) {
        // Refused after a round trip; the rest is for a busy machine.
        let waited = since(before, attempt.at);
        judge("R06", "between attempts, s", waited, at_most(bound + 0.3));
        before = attempt.at;
    }
    assert!(attempts.len() >= 3, "{attempts:?}");
    push.stop().expect_code(0);
}

#[test]
fn r11_ipv6_that_leads_nowhere_costs_little() {
    let Some(stage) = Stage::set(&setup()) else { return };
    stage.link.set_v6_black_hole(true);
    let (mut push, _hosts) = push_by_name(&stage, &[FAR_V6.into(), FAR.into()]);
    push.wait_until_live();
    let attempts = stage.link.attempts();
    let first = attempts[0];
    assert!(first.is_v6, "IPv6 is asked first: {attempts:?}");
    let second = attempts.iter().find(|a| !a.is_v6).expect("it is live over IPv4");
    // The answer takes a round trip of 60 ms.
    judge("R11", "connected after, s", since(first.at, second.at) + 0.06, at_most(0.6));
    push.stop().expect_code(0);
}
