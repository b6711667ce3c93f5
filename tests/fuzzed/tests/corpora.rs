//! P17: every input that a fuzz target ever stumbled over, and one of each kind it found worth
//! keeping, in every test run.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use onair_fuzzed::TARGETS;

/// The files of a folder, in order.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            (path.display().to_string(), fs::read(&path).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the row bounds the time of the replay")]
fn p17_corpora_replay_in_two_seconds_without_a_finding() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora");
    let began = Instant::now();
    let mut replayed = 0;
    for target in TARGETS {
        let files = files(&corpora.join(target.name));
        assert!(files.len() >= 3, "the corpus of {} holds {} files", target.name, files.len());
        for (name, bytes) in files {
            // The name is shown when the check panics.
            println!("{name}");
            (target.check)(&bytes);
            replayed += 1;
        }
    }
    let took = began.elapsed();
    println!(
        "{{\"id\":\"P17\",\"value\":{},\"limit\":2000,\"inputs\":{replayed}}}",
        took.as_millis()
    );
    assert!(took < Duration::from_secs(2), "{replayed} inputs took {took:?}");
}

#[test]
fn p16_every_target_has_its_file_and_every_file_its_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let sources = files(&fuzz.join("fuzz_targets"));
    assert_eq!(sources.len(), TARGETS.len());
    for target in TARGETS {
        let name = target.name;
        let path = format!("fuzz_targets/{name}.rs");
        let source = fs::read_to_string(fuzz.join(&path)).unwrap();
        assert!(source.contains(&format!("onair_fuzzed::run(\"{name}\", ")), "{path}");
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"{path}\"")), "{path}");
    }
}

#[test]
fn no_input_of_any_length_up_to_six_of_one_byte_is_a_finding() {
    for target in TARGETS {
        for byte in 0..=255_u8 {
            for length in 0..=6 {
                (target.check)(&[byte; 6][..length]);
            }
        }
    }
}
