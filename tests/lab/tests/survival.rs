//! What remains of a show where even the lowest bitrate does not fit (`spec network` 1.3.7, 2.5):
//! sound, and pictures again as soon as they fit.

use std::time::Duration;

use onair_lab::controller::Controller;
use onair_lab::suite;
use onair_lab::world::{Outcome, Scenario, run};
use onair_types::Now;

/// OnAir with 48 kbit/s of AAC.
fn onair(trace: &str, seed: u64) -> Outcome {
    let mut scenario = Scenario::new(suite::trace(trace, seed).expect("a generator"), seed);
    scenario.microphone.bitrate_bps = 48_000;
    run(&scenario, &mut *Controller::OnAir.broadcaster(&scenario))
}

/// Of the AAC frames captured from `from` to `to` in seconds hardly one is missing.
fn assert_sound_goes_on(outcome: &Outcome, from: f64, to: f64, what: &str) {
    let arrived = outcome.ledger.sound().filter(|(captured, _)| between(*captured, from, to));
    let continuity = arrived.count() as f64 / ((to - from) * 44_100.0 / 1_024.0);
    assert!(continuity >= 0.999, "{what}: {continuity} of the sound arrived");
}

fn between(at: Now, from: f64, to: f64) -> bool {
    (from..to).contains(&(at.as_micros() as f64 / 1e6))
}

/// Capture times of the pictures that arrived, from `from` to `to` in seconds.
fn pictures(outcome: &Outcome, from: f64, to: f64) -> Vec<Now> {
    let of = outcome.ledger.latencies().map(|(captured, _)| captured);
    of.filter(|captured| between(*captured, from, to)).collect()
}

#[test]
fn sound_survives_on_64_kbit_s() {
    for seed in 1..=3 {
        // The handshake alone takes a second and a half here.
        let outcome = onair("const:0.064", seed);
        assert_sound_goes_on(&outcome, 3.0, 240.0, &format!("seed {seed}"));
        let slowest = outcome.ledger.sound().map(|(_, latency)| latency).max();
        assert!(slowest < Some(Duration::from_secs(6)), "seed {seed}: {slowest:?}");
    }
}

#[test]
fn pictures_come_back_with_the_link() {
    for seed in 1..=3 {
        let outcome = onair("sound", seed);
        // What was in flight when the link fell must go first.
        assert_sound_goes_on(&outcome, 40.0, 240.0, &format!("seed {seed}"));
        let meanwhile = pictures(&outcome, 40.0, 90.0).len();
        assert!(meanwhile < 150, "seed {seed}: {meanwhile} pictures on a link for sound");
        let back = pictures(&outcome, 90.0, 240.0).first().map(|at| at.as_micros());
        let back_s = back.map_or(f64::MAX, |us| us as f64 / 1e6 - 90.0);
        assert!(back_s <= 4.0, "seed {seed}: pictures are back after {back_s} s");
        let whole = pictures(&outcome, 100.0, 110.0).len();
        assert!(whole >= 295, "seed {seed}: {whole} of 300 pictures ten seconds later");
    }
}

#[test]
fn a_link_just_above_the_floor_keeps_its_pictures() {
    for seed in 1..=3 {
        let outcome = onair("const:0.35", seed);
        assert_sound_goes_on(&outcome, 3.0, 240.0, &format!("seed {seed}"));
        let arrived = pictures(&outcome, 60.0, 240.0).len();
        assert!(arrived >= 5_300, "seed {seed}: {arrived} of 5,400 pictures");
    }
    assert!(onair("const:0.2", 1).ledger.latencies().count() > 3_000, "every second one fits");
}

#[test]
fn a_short_fade_is_no_reason_to_leave_pictures_out() {
    let mut scenario = Scenario::new(suite::trace("const:3", 1).expect("a generator"), 1);
    let at = |s: u64| Now::ZERO + Duration::from_secs(s);
    scenario.outages = vec![(at(60), at(63)), (at(120), at(121))];
    let outcome = run(&scenario, &mut *Controller::OnAir.broadcaster(&scenario));
    assert!(pictures(&outcome, 64.5, 119.5).len() >= 1_640, "all of them");
}
