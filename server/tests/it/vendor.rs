//! The vendored JavaScript is what VENDOR.toml says it is.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

/// The tables of VENDOR.toml: strings only, one a line.
fn packages() -> Vec<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/vendor/VENDOR.toml");
    let text = fs::read_to_string(path).unwrap();
    let table = |table: &str| {
        let pairs = table.lines().filter_map(|line| line.split_once(" = "));
        pairs.map(|(key, value)| (key.to_owned(), value.trim_matches('"').to_owned())).collect()
    };
    text.split("[[package]]").skip(1).map(table).collect()
}

#[test]
fn vendored_files_hold_what_npm_published() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/vendor");
    let packages = packages();
    for package in &packages {
        let packed = fs::File::open(dir.join(&package["file"])).unwrap();
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(packed).read_to_end(&mut text).unwrap();
        let hash: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, package["sha256"], "{}", package["name"]);
        assert!(package["integrity"].starts_with("sha512-"));
        assert!(["Apache-2.0", "MIT"].contains(&package["license"].as_str()));
        assert!(dir.join(format!("{}.LICENSE", package["name"])).exists());
    }
    let there = fs::read_dir(&dir).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.ends_with(".gz").then_some(name)
    });
    let mut there: Vec<String> = there.collect();
    there.sort();
    let mut named: Vec<String> = packages.iter().map(|package| package["file"].clone()).collect();
    named.sort();
    assert_eq!(there, named, "files that VENDOR.toml does not name");
}

#[test]
fn notice_names_every_vendored_package() {
    let notice = Path::new(env!("CARGO_MANIFEST_DIR")).join("../NOTICE");
    let notice = fs::read_to_string(notice).unwrap();
    for package in packages() {
        assert!(notice.contains(&package["name"]), "{} is not in NOTICE", package["name"]);
    }
}
