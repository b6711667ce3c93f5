//! The seven generators of the committed set (`spec network` 1.6), each with one property of bad
//! networks on its own, and a family of random cellular-like links to check that tuning on the
//! seven holds elsewhere.

use std::time::Duration;

use super::Trace;
use crate::rng::Rng;

/// Names of the seven, in the order of tables.
pub const NAMES: [&str; 7] = ["const3", "step", "deep", "outage5", "saw", "flap", "walk"];

/// All last this long, then repeat.
const PERIOD: Duration = Duration::from_secs(240);

/// The generator called `name`; `seed` matters to the random ones.
///
/// | name | Mbit/s |
/// |---|---|
/// | `const3` | 3 |
/// | `step` | 4.5 for 80 s, 1 for 80 s, 4.5 for 80 s |
/// | `deep` | 4.5, but 0.4 from 100 s to 120 s |
/// | `outage5` | 4, and nothing in the last 5 s of each 45 s |
/// | `saw` | 0.5 rising to 5 over 30 s, then at once 0.5 again |
/// | `flap` | 4 and 1 in turns of 2 s |
/// | `walk` | a random walk between 0.8 and 10 |
/// | `const:M`, `cell` | M; a random link with fades and outages (not in the set) |
/// | `sound` | 3, but from 30 s to 90 s 0.064: no more than sound (not in the set) |
pub fn by_name(name: &str, seed: u64) -> Option<Trace> {
    let at = |rate: fn(f64) -> f64| {
        Some(Trace::from_rate(name, PERIOD, |time| 1e6 * rate(time.as_secs_f64())))
    };
    match name {
        "const3" => at(|_| 3.0),
        "step" => at(|s| if (80.0..160.0).contains(&s) { 1.0 } else { 4.5 }),
        "deep" => at(|s| if (100.0..120.0).contains(&s) { 0.4 } else { 4.5 }),
        "outage5" => at(|s| if s % 45.0 >= 40.0 { 0.0 } else { 4.0 }),
        "saw" => at(|s| 0.5 + 4.5 * (s % 30.0) / 30.0),
        "flap" => at(|s| if s % 4.0 < 2.0 { 4.0 } else { 1.0 }),
        "sound" => at(|s| if (30.0..90.0).contains(&s) { 0.064 } else { 3.0 }),
        "walk" => Some(walk(name, seed)),
        "cell" => Some(cell(name, seed)),
        _ => {
            let mbps: f64 = name.strip_prefix("const:")?.parse().ok()?;
            (0.01..=1_000.0).contains(&mbps).then(|| Trace::from_rate(name, PERIOD, |_| 1e6 * mbps))
        }
    }
}

/// Multiplies by up to ±20 % each half second and turns round at 0.8 and 10 Mbit/s.
fn walk(name: &str, seed: u64) -> Trace {
    let mut rng = Rng::new(seed, 0x3A1C);
    let mut mbps: f64 = 3.0;
    Trace::from_rate(name, PERIOD, |time| {
        if time.as_millis() % 500 == 0 {
            let next = mbps * (1.0 + rng.between(-0.2, 0.2));
            mbps = if (0.8..=10.0).contains(&next) { next } else { mbps * mbps / next };
        }
        1e6 * mbps
    })
}

/// A slow level, fast fading round it and now and then nothing at all: what a phone in a moving
/// car sees, with a different place and speed for each seed.
fn cell(name: &str, seed: u64) -> Trace {
    let mut rng = Rng::new(seed, 0xCE11);
    let centre = rng.between(0.8, 6.0);
    let (slow, fast) = (rng.between(0.05, 0.25), rng.between(0.1, 0.5));
    let outages_per_minute = rng.between(0.0, 1.5);
    let (mut level, mut fade, mut out_until) = (centre, 0.0, Duration::ZERO);
    Trace::from_rate(name, PERIOD, |time| {
        if time.as_millis() % 1_000 == 0 {
            level = (level * (1.0 + slow * rng.normal()) * 0.98 + centre * 0.02)
                .clamp(centre * 0.1, centre * 3.0);
            if rng.unit() < outages_per_minute / 60.0 {
                out_until = time + Duration::from_secs_f64(rng.between(0.3, 6.0));
            }
        }
        if time.as_millis() % 50 == 0 {
            fade = 0.8 * fade + 0.6 * fast * rng.normal();
        }
        if time < out_until { 0.0 } else { 1e6 * (level * (1.0 + fade)).max(0.02) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(name: &str, seed: u64) -> Vec<f64> {
        by_name(name, seed).expect("known").capacity_per_second(PERIOD)
    }

    #[test]
    fn every_name_of_the_set_is_known_and_carries_its_shape() {
        for name in NAMES {
            assert_eq!(seconds(name, 1).len(), 240, "{name}");
        }
        assert!((seconds("step", 1)[100] - 1e6).abs() < 20_000.0);
        assert!((seconds("deep", 1)[110] - 0.4e6).abs() < 20_000.0);
        assert_eq!(seconds("outage5", 1)[42], 0.0);
        assert!((seconds("saw", 1)[29] - 4.9e6).abs() < 0.1e6);
        assert!((seconds("flap", 1)[2] - 1e6).abs() < 20_000.0);
        assert!((seconds("const:2.5", 1)[9] - 2.5e6).abs() < 20_000.0);
        assert!(by_name("nonsense", 1).is_none());
    }

    #[test]
    fn random_walks_stay_in_bounds_and_follow_the_seed() {
        for seed in 0..20 {
            let walk = seconds("walk", seed);
            assert!(walk.iter().all(|bits| (0.75e6..=10.1e6).contains(bits)), "seed {seed}");
        }
        assert_eq!(seconds("walk", 3), seconds("walk", 3));
        assert_ne!(seconds("walk", 3), seconds("walk", 4));
        assert_ne!(seconds("cell", 3), seconds("cell", 4));
    }
}
