//! Row A02 of `spec network` 7, with links of kinds that no constant was chosen on: they are made
//! here and nowhere else. Nightly; small enough to run at any time.

use onair_lab::controller::Controller;
use onair_lab::ledger::Score;
use onair_lab::suite::{Row, Table};
use onair_lab::trace::{Trace, file};
use onair_lab::world::{Scenario, run};

const SEEDS: [u64; 3] = [11, 12, 13];
const SECONDS: u64 = 240;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Of this mean.
    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }
}

/// A mahimahi trace of a rate in Mbit/s that is asked for each millisecond.
fn link(name: &str, mut mbps: impl FnMut(u64) -> f64) -> Trace {
    let (mut bits, mut text) = (0.0, String::new());
    for ms in 0..SECONDS * 1_000 {
        bits += mbps(ms).max(0.0) * 1e3;
        while bits >= 12_000.0 {
            bits -= 12_000.0;
            text.push_str(&format!("{ms}\n"));
        }
    }
    text.push_str(&format!("{}\n", SECONDS * 1_000));
    file::parse(name, &text).expect("a trace")
}

/// A level from `next` that is kept for a time from `stay`, seconds.
fn levels(
    name: &str,
    dice: &mut Dice,
    next: impl Fn(&mut Dice) -> f64,
    stay: impl Fn(&mut Dice) -> f64,
) -> Trace {
    let (mut level, mut until) = (0.0, 0);
    link(name, |ms| {
        if ms >= until {
            level = next(dice);
            until = ms + (stay(dice) * 1e3) as u64 + 1;
        }
        level
    })
}

fn links(seed: u64) -> Vec<Trace> {
    let dice = &mut Dice(seed);
    let fair = |dice: &mut Dice| [6.0, 2.5, 0.7][(dice.unit() * 3.0) as usize % 3];
    let markov = levels("markov", dice, fair, |dice| dice.exponential(8.0));
    let wide = |dice: &mut Dice| 0.4 * 20f64.powf(dice.unit());
    let steps = levels("steps", dice, wide, |dice| dice.between(5.0, 20.0));
    let (mut is_on, mut until) = (false, 0.0);
    let gilbert = link("gilbert", |ms| {
        if ms as f64 >= until {
            is_on = !is_on;
            until = ms as f64 + 1e3 * dice.exponential(if is_on { 4.0 } else { 0.35 });
        }
        if is_on { 3.0 } else { 0.0 }
    });
    let (mut level, mut out, mut handover) = (5.0, 0.0, 0.0);
    let handovers = link("handovers", |ms| {
        if ms as f64 >= handover {
            handover = ms as f64 + 1e3 * dice.between(15.0, 35.0);
            out = ms as f64 + 1e3 * dice.between(0.4, 1.5);
            level = dice.between(1.0, 8.0);
        }
        if (ms as f64) < out { 0.0 } else { level }
    });
    let tide =
        link("tide", |ms| 2.6 + 2.0 * (ms as f64 / 1e3 * std::f64::consts::TAU / 47.0).sin());
    // What a scheduler grants every 80 ms, all at once.
    let bursts = link("bursts", |ms| if ms % 80 < 10 { 8.0 * 3.5 } else { 0.0 });
    let mut power = 1.0;
    let fading = link("fading", |ms| {
        if ms % 200 == 0 {
            power = 0.5 * power + 0.5 * dice.exponential(1.0);
        }
        2.8 * power
    });
    let (mut others, mut change) = (0.0, 0.0);
    let shared = link("shared", |ms| {
        if ms as f64 >= change {
            others = if others > 0.0 { 0.0 } else { dice.between(0.5, 3.5) };
            change = ms as f64 + 1e3 * dice.exponential(3.0);
        }
        4.2 - others
    });
    vec![markov, steps, gilbert, handovers, tide, bursts, fading, shared]
}

fn row(controller: Controller) -> Row {
    let mut by_trace: Vec<(String, Score)> = Vec::new();
    let links: Vec<Vec<Trace>> = SEEDS.map(links).into();
    for index in 0..links[0].len() {
        let scores: Vec<Score> = SEEDS
            .iter()
            .zip(&links)
            .map(|(seed, links)| {
                let scenario = Scenario::new(links[index].clone(), *seed);
                run(&scenario, &mut *controller.broadcaster(&scenario)).score
            })
            .collect();
        by_trace.push((links[0][index].name().to_owned(), Score::mean(&scores)));
    }
    let scores: Vec<Score> = by_trace.iter().map(|(_, score)| *score).collect();
    Row { controller, mean: Score::mean(&scores), by_trace }
}

/// One line for `scripts/nightly`; whether it passed.
fn figure(what: &str, value: f64, limit: &str, pass: bool) -> bool {
    println!(
        "{{\"id\":\"A02\",\"what\":\"{what}\",\"value\":{value:.1},\"limit\":{limit},\"pass\":{pass}}}"
    );
    pass
}

#[test]
fn a02_links_that_nothing_was_tuned_on_are_served_as_well() {
    let onair = row(Controller::OnAir);
    let peers = Controller::PEERS.map(row);
    let table = Table([vec![onair.clone()], peers.to_vec()].concat());
    println!("{table}\n\n{}", table.by_trace());
    let onair = onair.mean;
    let good = [
        figure("p95, ms", onair.p95_ms, "[null,1300]", onair.p95_ms <= 1_300.0),
        figure("utilisation, %", onair.utilisation_pct, "[55,null]", onair.utilisation_pct >= 55.0),
    ];
    assert_eq!(good, [true; 2]);
    for Row { controller, mean: peer, .. } in &peers {
        assert!(onair.p95_ms < peer.p95_ms, "{controller}: p95 {} ms", peer.p95_ms);
        // Who sends far less than the link carries rarely has to drop.
        let is_careful = peer.utilisation_pct < onair.utilisation_pct - 20.0;
        assert!(
            onair.freeze_pct < peer.freeze_pct || is_careful,
            "{controller}: freeze {} %",
            peer.freeze_pct
        );
    }
}
