//! `onair check` against nginx-rtmp: what may be published, what may not, and what is left behind.

use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, onair};
use serde_json::Value;

fn check(options: &[&str], code: i32) -> Value {
    let arguments = [&["check"], options, &["--json"]].concat();
    let ended = onair::start(&arguments).wait(onair::PATIENCE);
    ended.expect_code(code);
    serde_json::from_str(ended.stdout.trim()).expect("one JSON object")
}

fn steps(report: &Value) -> Vec<&str> {
    let steps = report["steps"].as_array().expect("steps");
    steps.iter().map(|step| step["step"].as_str().expect("a name")).collect()
}

#[test]
fn nginx_is_ready_and_nothing_stays_published() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    let url = nginx.url("live", "checked");
    let report = check(&[&url], 0);
    assert_eq!(steps(&report), ["connect", "handshake", "app", "stream"]);
    assert!(nginx.stat("checked").is_none(), "nothing was published");

    let report = check(&[&url, "--upload"], 0);
    assert_eq!(report["ok"], true, "{report}");
    assert!(report["upload_bps"].as_u64() > Some(5_000_000), "{report}");
    assert!(report["quality"].is_string(), "{report}");
    assert!(report["seconds"].as_f64() < Some(5.0), "{report}");
    let is_gone = || nginx.stat("checked").is_none().then_some(());
    assert!(clock::until(Duration::from_secs(2), is_gone).is_some(), "the name is free again");
}

#[test]
fn a_wrong_app_is_named() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    let report = check(&[&nginx.url("nowhere", "canary")], 3);
    assert_eq!(report["failed"]["step"], "app", "{report}");
    assert!(!report.to_string().contains("canary"));
}

#[test]
fn a_stream_that_may_not_be_published_is_named_with_permission_only() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    let url = nginx.url("closed", "canary");
    check(&[&url], 0);
    let report = check(&[&url, "--upload"], 3);
    assert_eq!(report["failed"]["step"], "publish", "{report}");
    assert!(!report.to_string().contains("canary"));
}
