//! What we may ship: licences, duplicates and the notices that the codecs ask for. `deny.toml` is the list;
//! this reads it without network, `cargo deny` reads it too where it is installed.

use onair_house::{assert_none, spdx, tree, workspace};
use std::collections::BTreeMap;

/// The strings of a list in `deny.toml`, comments aside; for a list of tables, the value of `key` in each.
fn deny_list(list: &str, key: Option<&str>) -> Vec<String> {
    let config = std::fs::read_to_string(tree::root().join("deny.toml")).expect("deny.toml");
    let open = format!("\n{list} = [");
    let start = config.find(&open).unwrap_or_else(|| panic!("deny.toml has no list {list}"));
    let body = &config[start + open.len()..];
    let lines = body.lines().take_while(|line| !line.starts_with(']'));
    lines
        .filter_map(|line| {
            let line = line.split('#').next().unwrap_or_default();
            let line = match key {
                Some(key) => line.split_once(&format!("{key} = "))?.1,
                None => line,
            };
            line.split('"').nth(1).map(str::to_owned)
        })
        .collect()
}

#[test]
fn every_licence_is_one_we_accept() {
    let allowed = deny_list("allow", None);
    assert!(allowed.len() > 3, "deny.toml lists the licences we accept: {allowed:?}");
    let refused: Vec<String> = workspace::packages()
        .iter()
        .filter(|package| !spdx::is_satisfied(&package.licence, &allowed))
        .map(|package| format!("{} {}: \"{}\"", package.name, package.version, package.licence))
        .collect();
    assert_none("Choose another crate, or read the licence and list it in deny.toml:", &refused);
}

#[test]
fn a_crate_in_two_versions_is_tolerated_by_name_and_reason() {
    let tolerated = deny_list("skip", Some("crate"));
    let packages = workspace::packages();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let mut breaches = Vec::new();
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        // One version may stay without a word: the one that everybody should move to.
        let named = |v: &&&str| tolerated.contains(&format!("{name}@{v}"));
        let unnamed: Vec<_> = versions.iter().filter(|v| !named(v)).collect();
        if unnamed.len() > 1 {
            breaches.push(format!("{name}: {versions:?}"));
        }
    }
    assert_none(
        "Bring the crate to one version, or name the older one with its reason in deny.toml:",
        &breaches,
    );
    let is_present =
        |skip: &&String| packages.iter().any(|p| format!("{}@{}", p.name, p.version) == **skip);
    let stale: Vec<String> = tolerated.iter().filter(|s| !is_present(s)).cloned().collect();
    assert_none("No longer in the tree, take it out of deny.toml:", &stale);
}

#[test]
fn the_licence_texts_are_here() {
    for file in ["LICENSE-MIT", "LICENSE-APACHE", "NOTICE"] {
        assert!(tree::root().join(file).is_file(), "{file} is missing");
    }
    let notice = std::fs::read_to_string(tree::root().join("NOTICE")).expect("NOTICE");
    for word in ["openh264", "fdk-aac", "patent"] {
        let is_named = notice.to_lowercase().contains(word);
        assert!(is_named, "NOTICE says what the licences of the software codecs ask for: {word}");
    }
}
