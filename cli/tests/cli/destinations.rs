//! `onair push` to several addresses, and to one with a backup: what its lines and its exit code say.

use crate::common::{Ended, Port, Running, Serve, onair};
use serde_json::Value;

/// Little work for a machine that has other things to do.
const SHOW: [&str; 10] = [
    "--json",
    "-vv",
    "--size",
    "320x240",
    "--fps",
    "15",
    "--video-bitrate",
    "400k",
    "--duration",
    "3s",
];

fn push(urls: &[&str], options: &[&str]) -> Vec<String> {
    let all = ["push"].iter().chain(urls).chain(&SHOW).chain(options);
    all.map(|&part| part.to_owned()).collect()
}

fn run(urls: &[&str], options: &[&str]) -> Ended {
    let arguments = push(urls, options);
    onair(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What the lines of this kind say of a destination; none for the whole.
fn of(ended: &Ended, event: &str, destination: Option<u32>) -> Vec<Value> {
    let mut lines = ended.json();
    lines.retain(|line| {
        let whose = line.get("destination").map(|number| number.as_u64());
        line["event"] == event && whose == destination.map(|number| Some(number.into()))
    });
    lines
}

fn states(ended: &Ended, destination: Option<u32>) -> Vec<String> {
    let lines = of(ended, "state", destination).into_iter();
    lines.map(|line| line["state"].as_str().unwrap_or_default().to_owned()).collect()
}

fn whole(recording: &str) {
    let report = onair(&["probe", recording, "--json"]).assert_code(0).last();
    assert_eq!(report["ok"], true, "{report}");
    let pattern = &report["pattern"];
    assert_eq!((&pattern["frames"], &pattern["first_frame"]), (&45.into(), &0.into()), "{report}");
}

#[test]
fn two_servers_get_the_same_show_and_each_line_says_whose_it_is() {
    let (one, two) = (Serve::start(), Serve::start());
    let url = two.rtmp_url("canary");
    let app = url.strip_suffix("/canary").expect("app");
    let arguments = push(&[&one.rtmp_url("canary"), app], &["--policy", "weakest"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = Running::start_with_env(&arguments, ("ONAIR_STREAM_KEY_2", "canary")).end();
    let ended = ended.assert_code(0).assert_without("canary");
    assert_eq!(states(&ended, None), ["connecting", "live", "stopped"]);
    for destination in [1, 2] {
        assert_eq!(states(&ended, Some(destination)), ["live"]);
        assert!(!of(&ended, "stats", Some(destination)).is_empty());
        let summary = of(&ended, "summary", Some(destination)).pop().expect("a summary");
        assert_eq!((&summary["frames_sent"], &summary["frames_dropped"]), (&45.into(), &0.into()));
    }
    let all = ended.last();
    assert_eq!((&all["frames_encoded"], &all["frames_sent"]), (&45.into(), &90.into()));
    assert_eq!(all.get("destination"), None);
    for serve in [one, two] {
        whole(serve.recording("canary").path());
    }
}

#[test]
fn one_that_refuses_is_4_and_the_other_has_the_whole_show() {
    let (serve, nobody) = (Serve::start(), Port::reserve());
    let gone = format!("rtmp://{}/live/canary", nobody.address);
    let ended = run(&[&gone, &serve.rtmp_url("canary")], &[]).assert_code(4);
    let ended = ended.assert_without("canary");
    assert!(ended.stderr.contains("destination 1 (127.0.0.1): connect:"), "{ended:?}");
    assert_eq!(states(&ended, None), ["connecting", "live", "stopped"]);
    assert_eq!(states(&ended, Some(1)), ["failed"]);
    let error = of(&ended, "error", Some(1)).pop().expect("an error");
    assert_eq!(error["retry_in_seconds"], Value::Null);
    whole(serve.recording("canary").path());
}

#[test]
fn when_all_refuse_it_is_3() {
    let ports = [Port::reserve(), Port::reserve()];
    let urls = ports.each_ref().map(|port| format!("rtmp://{}/live/canary", port.address));
    let ended = run(&[&urls[0], &urls[1]], &[]).assert_code(3).assert_without("canary");
    assert_eq!(ended.last()["state"], "failed");
}

#[test]
fn a_backup_takes_over_and_one_url_needs_no_number() {
    let (serve, nobody) = (Serve::start(), Port::reserve());
    let gone = format!("rtmp://{}/live/canary", nobody.address);
    let backup = serve.rtmp_url("canary");
    let ended = run(&[&gone], &["--backup", &backup]).assert_code(0).assert_without("canary");
    let taken = of(&ended, "backup", None);
    assert_eq!(taken.len(), 1, "{ended:?}");
    assert_eq!(taken[0]["backup"], true);
    assert!(ended.json().iter().all(|line| line.get("destination").is_none()));
    assert_eq!(states(&ended, None), ["connecting", "reconnecting", "live", "stopped"]);
    whole(serve.recording("canary").path());
}

#[test]
fn a_file_goes_to_several_whole_and_no_faster_than_it_plays() {
    let (one, two) = (Serve::start(), Serve::start());
    let source = Serve::start();
    run(&[&source.rtmp_url("canary")], &[]).assert_code(0);
    let file = source.recording("canary");
    let urls = [one.rtmp_url("canary"), two.rtmp_url("canary")];
    let flv = ["push", &urls[0], &urls[1], "--json", "--flv", file.path()];
    onair(&[&flv[..], &["--fast"]].concat()).assert_code(2);
    let ended = onair(&flv).assert_code(0);
    assert!(ended.last()["seconds"].as_f64() >= Some(2.8), "{ended:?}");
    for serve in [one, two] {
        whole(serve.recording("canary").path());
    }
}
