//! Recordings without a server, killed and recovered.

use std::path::Path;

use crate::common::{Running, onair};

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// No farewell: the process is gone between two instructions.
#[test]
fn killed_at_any_moment_what_was_recorded_can_be_had() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in [2, 3] {
        let file = folder.path().join(format!("{number}.mp4"));
        let push = ["push", "--record", text(&file), "--quality", "low1", "--json"];
        let mut push = Running::start(&push);
        for _ in 0..number {
            push.until(|line| line["event"] == "stats");
        }
        drop(push);
        let copy = folder.path().join(format!("{number}-whole.mp4"));
        let found = onair(&["recover", text(&file), text(&copy), "--json"]).assert_code(0).last();
        let there = std::fs::metadata(&file).expect("a file").len();
        let lost = found["bytes_lost"].as_u64().expect("a number");
        assert!(lost < 60_000, "less than a fragment: {found}");
        // 15 pictures a second, and half a second in memory.
        let least = (number - 1) * 15;
        assert!(found["frames"].as_u64() >= Some(least), "{found} of {there} bytes");
        let again = onair(&["recover", text(&copy), "--json"]).assert_code(0).last();
        assert_eq!((&again["was_complete"], &again["frames"]), (&true.into(), &found["frames"]));
        onair(&["recover", text(&file), text(&copy)]).assert_code(2);
        let in_place = onair(&["recover", text(&file), "--json"]).assert_code(0).last();
        assert_eq!(in_place["frames"], found["frames"], "{in_place}");
    }
}

#[test]
fn lf89_a_recording_needs_no_server_and_is_split_where_it_was_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("show.mp4");
    let recorded = ["push", "--record", text(&file), "--quality", "low1", "--json"];
    let split = ["--record-split", "2s", "--duration", "5s"];
    let lines = onair(&[&recorded[..], &split[..]].concat()).assert_code(0).json();
    let files: Vec<_> = lines.iter().filter(|line| line["event"] == "recorded").collect();
    let frames: u64 = files.iter().filter_map(|file| file["frames"].as_u64()).sum();
    assert_eq!((files.len(), frames), (2, 75), "an IDR each four seconds: {files:?}");
    for part in ["show.mp4", "show-2.mp4"] {
        let part = folder.path().join(part);
        let found = onair(&["recover", text(&part), "--json"]).assert_code(0).last();
        assert_eq!(found["was_complete"], true, "{found}");
    }
    // Never overwritten, and said before anything starts.
    onair(&recorded).assert_code(2);
}

#[test]
fn what_is_no_recording_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("letter.mp4");
    std::fs::write(&file, [b'x'; 200]).expect("a file");
    let refused = onair(&["recover", text(&file)]).assert_code(2);
    assert!(refused.stderr.contains("no recording of ours"), "{refused:?}");
    assert_eq!(std::fs::read(&file).expect("a file"), [b'x'; 200]);
    onair(&["recover", "no-such-file.mp4"]).assert_code(2);
}
