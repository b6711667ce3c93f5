//! `onair lab`: figures on any trace, repeatable by seed, and what it says to files that are none.

use serde_json::Value;

use crate::common::{Ended, onair};

/// The contract of the command, in its order.
const KEYS: [&str; 9] = [
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "freeze_pct",
    "utilisation_pct",
    "switches_per_min",
    "frames_dropped",
    "audio_dropped",
    "longest_gap_ms",
];

fn lab(arguments: &[&str]) -> Ended {
    let all: Vec<&str> = ["lab"].iter().chain(arguments).copied().collect();
    onair(&all)
}

fn figures(arguments: &[&str]) -> Value {
    let all: Vec<&str> = ["run", "--json"].iter().chain(arguments).copied().collect();
    lab(&all).assert_code(0).last()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_by_key(|key| KEYS.iter().position(|known| known == key));
    keys
}

/// A file with `text`, alive as long as the folder.
fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("a path").to_owned()
}

#[test]
fn a_run_has_exactly_the_figures_of_the_contract_for_every_controller() {
    let mut seen = Vec::new();
    for controller in [
        "onair",
        "lflivekit",
        "haishinkit",
        "rootencoder",
        "streampack",
        "moblin",
        "obs",
        "obs-dbr",
        "fixed:2500k",
    ] {
        let figures = figures(&["--trace", "step", "--controller", controller, "--seconds", "100"]);
        assert_eq!(keys(&figures), KEYS, "{controller}");
        assert!(figures.as_object().expect("an object").values().all(Value::is_number));
        assert!(!seen.contains(&figures), "{controller} does as another: {figures}");
        seen.push(figures);
    }
}

#[test]
fn a_seed_decides_a_run_and_the_conditions_change_it() {
    let base = ["--trace", "walk", "--seconds", "30"];
    let with = |more: &[&str]| figures(&[&base[..], more].concat());
    let first = with(&["--seed", "7"]);
    assert_eq!(first, with(&["--seed", "7", "--rtt", "60", "--queue", "200", "--max", "4M"]));
    assert_eq!(first, with(&["--seed", "7", "--rtt", "0.06s", "--max", "4000k"]));
    for other in
        [&["--seed", "8"][..], &["--seed", "7", "--max", "1M"], &["--seed", "7", "--rtt", "150ms"]]
    {
        assert_ne!(first, with(other), "{other:?}");
    }
}

#[test]
fn traces_from_disk_may_be_short_odd_and_of_either_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let rates = file(&folder, "rates.txt", "\u{feff}# Mbit/s\r\n3\r\n\r\n 2.5 # here\r\n3\r\n");
    let slots: String = (1..=1_500).map(|slot| format!("{}\n", slot * 4)).collect();
    let mahimahi = file(&folder, "mahimahi.up", &slots);
    for trace in [&rates, &mahimahi] {
        let figures = figures(&["--trace", trace, "--seconds", "60"]);
        assert!(figures["utilisation_pct"].as_f64().is_some_and(|part| part > 60.0), "{figures}");
        let words = lab(&["run", "--trace", trace]).assert_code(0).stdout;
        assert!(words.contains("repeats") && words.contains("freeze"), "{words}");
    }
}

#[test]
fn what_is_no_trace_is_named_with_its_line_and_ends_with_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let junk = file(&folder, "junk.up", "0\n700\nand so on\n");
    let empty = file(&folder, "empty.up", "# nothing\n");
    let back = file(&folder, "back.up", "1\n20000\n19000\n");
    let path = folder.path().to_str().expect("a path");
    for (trace, part) in [
        (junk.as_str(), "junk.up: line 3"),
        (&empty, "empty.up"),
        (&back, "back.up: line 3"),
        (path, path),
        ("/nowhere/a.up", "/nowhere/a.up"),
        ("stepp", "const3, step, deep"),
    ] {
        for command in ["run", "plot"] {
            let ended = lab(&[command, "--trace", trace]).assert_code(2);
            assert!(ended.stderr.contains(part) && ended.stdout.is_empty(), "{ended:?}");
        }
    }
    let ended = lab(&["table", "--seeds", "1", "--seconds", "1", "--traces", path]).assert_code(2);
    assert!(ended.stderr.contains("line"), "{ended:?}");
    for wrong in [
        &["run"][..],
        &["run", "--trace", "step", "--controller", "vlc"],
        &["run", "--trace", "step", "--controller", "fixed:fast"],
        &["run", "--trace", "step", "--rtt", "-1"],
        &["run", "--trace", "step", "--queue", "0"],
        &["run", "--trace", "step", "--max", "0"],
        &["run", "--trace", "step", "--seconds", "0"],
        &["table", "--seeds", "0"],
        &["replay"],
        &["replay", "/nowhere/a.oafr"],
        &["replay", path],
        &["replay", &junk],
        &["fly"],
    ] {
        let ended = lab(wrong).assert_code(2);
        assert!(ended.stderr.trim().len() > 20, "{wrong:?} says too little: {ended:?}");
    }
}

#[test]
fn the_table_compares_all_controllers_and_takes_recorded_traces() {
    let folder = tempfile::tempdir().expect("a folder");
    file(&folder, "recorded.txt", "2.5\n1.5\n");
    file(&folder, "README.md", "where they are from");
    let path = folder.path().to_str().expect("a path");
    let base = ["table", "--seeds", "1", "--seconds", "10", "--traces", path];
    let text = lab(&base).assert_code(0).stdout;
    // `--json` and `--each` together show all there is.
    let json = lab(&[&base[..], &["--json", "--each"]].concat()).assert_code(0).last();
    let rows = json["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 9);
    for row in rows {
        let name = row["controller"].as_str().expect("a name");
        assert!(text.contains(&format!("| {name} ")), "{name}: {text}");
        assert!(KEYS.iter().all(|key| row[key].is_number()), "{row}");
        let traces = row["traces"].as_array().expect("traces");
        let names: Vec<&str> = traces.iter().filter_map(|trace| trace["trace"].as_str()).collect();
        let set = ["const3", "step", "deep", "outage5", "saw", "flap", "walk", "recorded.txt"];
        assert_eq!(names, set);
    }
    assert_eq!(rows[0]["controller"], "onair");
}

#[test]
fn a_plot_is_svg_with_both_broadcasters() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(&folder, "plot.svg", "");
    let base = ["plot", "--trace", "deep", "--against", "lflivekit", "--seconds", "130"];
    let printed = lab(&base).assert_code(0).stdout;
    lab(&[&base[..], &["-o", &path]].concat()).assert_code(0);
    let svg = std::fs::read_to_string(&path).expect("written");
    assert_eq!(svg, printed);
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    for part in ["deep: onair against lflivekit", "Mbit/s", "latency", "frozen", "120 s"] {
        assert!(svg.contains(part), "{part} is not in {svg}");
    }
    let ended = lab(&[&base[..], &["-o", "/nowhere/plot.svg"]].concat());
    ended.assert_code(1);
}
