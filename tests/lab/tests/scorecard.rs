//! Rows A01 and A03–A09 of `spec network` 7 on OnAir's own engine.

use std::path::PathBuf;

use onair_lab::controller::Controller;
use onair_lab::suite;

/// The recorded uplinks, where they are: they are not part of the project.
fn recorded() -> Option<PathBuf> {
    std::env::var_os(suite::TRACES_VARIABLE).map(PathBuf::from)
}

#[test]
fn a01_the_goals_hold_over_the_set() {
    let directory = recorded();
    let row =
        suite::row(Controller::OnAir, directory.as_deref(), &[1, 2, 3], |_| {}).expect("traces");
    for (name, score) in &row.by_trace {
        println!("{name}: {score:?}");
    }
    let mean = row.mean;
    println!("{}", suite::Table(vec![row]));
    assert!(mean.p95_ms <= 700.0, "p95 {} ms", mean.p95_ms);
    assert!(mean.freeze_pct <= 7.2, "freeze {} %", mean.freeze_pct);
    assert!(mean.utilisation_pct >= 68.0, "utilisation {} %", mean.utilisation_pct);
    assert!(mean.switches_per_min <= 37.0, "{} switches a minute", mean.switches_per_min);
}
