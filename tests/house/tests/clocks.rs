//! Rule 8: clocks and randomness are arguments. Clippy bans the calls; this checks that the ban stands and
//! that only the files that own a clock lift it.

use onair_house::{assert_none, source, tree, workspace};

/// The files that may read a clock or sleep, and why.
const OWNERS: [(&str, &str); 5] = [
    ("core/session/src/clock.rs", "the session's clock, for which apps and tests have fakes"),
    ("server/src/clock.rs", "the server's clock"),
    ("cli/src/clock.rs", "paces files and patterns in real time"),
    ("tests/e2e/src/clock.rs", "bounds every wait for a foreign program"),
    ("tests/link/src/clock.rs", "packets of real kernels take real time"),
];

#[test]
fn clippy_bans_the_clocks() {
    let config = std::fs::read_to_string(tree::root().join("clippy.toml")).expect("clippy.toml");
    for call in [
        "std::time::Instant::now",
        "std::time::SystemTime::now",
        "std::thread::sleep",
        "tokio::time::Instant::now",
    ] {
        assert!(config.contains(&format!("\"{call}\"")), "clippy.toml must ban {call}: rule 8");
    }
    let manifest = std::fs::read_to_string(tree::root().join("Cargo.toml")).expect("Cargo.toml");
    assert!(
        manifest.contains("disallowed_methods = \"warn\""),
        "Cargo.toml must switch clippy::disallowed_methods on for the workspace"
    );
}

#[test]
fn only_the_owners_of_a_clock_lift_the_ban() {
    let mut breaches = Vec::new();
    for source in source::all() {
        let may = OWNERS.iter().any(|(path, _)| *path == source.path) || source.is_test_file();
        for token in source.code_that_reads("clippy :: disallowed_methods").filter(|_| !may) {
            breaches.push(source.at(token.line));
        }
    }
    assert_none(
        "Take the time as an argument, or wait on a channel or a timer that stop() can end. A file that owns a clock \
         is listed in this test:",
        &breaches,
    );
}

#[test]
fn no_random_numbers_but_from_a_seed_that_is_an_argument() {
    let mut breaches = Vec::new();
    for package in workspace::packages().iter().filter(|p| p.is_member) {
        for dependency in package.needs() {
            let is_random = dependency.name.starts_with("rand") || dependency.name == "getrandom";
            let is_pure = ["onair-engine", "onair-types", "onair-media", "onair-rooms"]
                .contains(&package.name.as_str());
            if is_random && is_pure {
                breaches.push(format!("{} depends on {}", package.name, dependency.name));
            }
        }
    }
    assert_none("Pass a seed: the same inputs and seed give the same outputs:", &breaches);
}
