//! `onair demo`, seen by a real Chromium.

mod lan;
mod latency;
mod page;
mod people;
mod studio;

use std::time::Duration;

use onair_e2e::clock::Stopwatch;
use onair_e2e::process::Running;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{free_port, onair, room, tools, web};
use serde_json::{Value, json};

/// A demo without an audience, and the port of its page.
fn demo() -> (Running, String) {
    let port = free_port().to_string();
    let mut demo = onair::start(&["demo", "--port", &port, "--plain", "--no-audience"]);
    demo.wait_for_output("live", Duration::from_secs(15));
    (demo, port)
}

fn end(demo: Running) {
    demo.signal("INT");
    demo.wait(Duration::from_secs(30)).expect_code(0);
}

/// The address that the demo prints.
fn watch_url(demo: &Running) -> String {
    let stdout = demo.stdout();
    let at = stdout.find("http://").unwrap_or_else(|| panic!("no address in {stdout}"));
    stdout[at..].split_whitespace().next().unwrap_or_default().to_owned()
}

/// The address of the panel that the demo prints, with the token behind its `#`.
fn studio_url(demo: &mut Running) -> String {
    demo.wait_for_output("#token=", Duration::from_secs(15));
    let stdout = demo.stdout();
    let (_, after) = stdout.split_once("studio  ").expect("the panel's address");
    after.split_whitespace().next().unwrap_or_default().to_owned()
}

#[test]
fn a_browser_plays_the_demo() {
    if are_missing(&[Tool::Chromium]) {
        return;
    }
    let _turn = web::alone();
    let port = free_port().to_string();
    // Until the browser has seen enough, however long it takes to start.
    let mut demo = onair::start(&["demo", "--port", &port]);
    demo.wait_for_output("http://", Duration::from_secs(15));
    let seen = web::watch(&watch_url(&demo), 10, None);

    let samples = seen["samples"].as_array().unwrap();
    let number = |at: usize, name: &str| samples[at][name].as_f64().unwrap();
    let last = samples.len() - 1;
    // The page may join late; from its middle on it has to play without a pause.
    let middle = last / 2;
    let wall = (last - middle) as f64 * 0.5;
    let played = number(last, "time") - number(middle, "time");
    assert!((played - wall).abs() < 1.0, "played {played} s in {wall} s: {seen}");
    let frames = number(last, "frames") - number(middle, "frames");
    assert!(frames > 20.0 * wall, "decoded {frames} frames in {wall} s of 30 fps: {seen}");
    let video = &seen["video"];
    assert_eq!(video["error"], serde_json::Value::Null, "{seen}");
    assert_eq!((&video["width"], &video["height"]), (&540.into(), &960.into()));
    assert!(video["audioBytes"].as_f64().unwrap() > 10_000.0, "sound is decoded: {seen}");
    for list in ["foreignRequests", "failedRequests", "consoleErrors"] {
        assert_eq!(seen[list].as_array().map(Vec::len), Some(0), "{list}: {seen}");
    }

    demo.signal("INT");
    let ended = demo.wait(Duration::from_secs(30));
    ended.expect_code(0);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[test]
fn rw28_comments_and_hearts_on_the_watch_page_by_keyboard_and_touch() {
    if are_missing(&[Tool::Chromium]) {
        return;
    }
    let _turn = web::alone();
    let (demo, _) = demo();
    let chromium = tools::chromium().expect("it is there").to_string_lossy().into_owned();
    let (since, withheld) = (Stopwatch::start(), demo.withheld());
    let seen = room::run("page.mjs", &[&chromium, &watch_url(&demo)]);
    let withheld = demo.withheld() - withheld;

    let policy = seen["policy"].as_str().expect("a policy");
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(seen["unmuted"], json!(true), "{seen}");
    // Without an audience nobody else says anything.
    assert_eq!(seen["said"].as_array().map(Vec::len), Some(2), "{seen}");
    let mut delays: Vec<u64> =
        seen["delays"].as_array().expect("a list").iter().filter_map(Value::as_u64).collect();
    delays.sort_unstable();
    assert_eq!(delays.len(), 20, "{seen}");
    let p95_ms = delays[18];
    println!(
        "{{\"id\":\"RW28\",\"what\":\"a like to its heart on another page, p95\",\"value\":{p95_ms},\"limit\":200,\"withheld_ms\":{}}}",
        withheld.as_millis()
    );
    // Of programs that are not let run nothing can be told.
    let is_let_run = withheld < since.elapsed() / 20;
    assert!(!is_let_run || p95_ms < 200, "{delays:?}");
    for page in ["desk", "phone"] {
        let it = &seen[page];
        assert_eq!(
            (&it["caught"], &it["markup"]),
            (&json!(0), &json!(0)),
            "markup is text: {seen}"
        );
        assert_eq!((&it["sideways"], &it["nameless"]), (&json!(false), &json!(0)), "{seen}");
        assert!(it["viewers"].as_u64() >= Some(2), "{seen}");
    }
    for list in ["foreign", "complaints"] {
        assert_eq!(seen[list], json!([]), "{seen}");
    }
    end(demo);
}

#[test]
fn ctrl_c_ends_the_demo_cleanly() {
    let port = free_port().to_string();
    let mut demo = onair::start(&["demo", "--port", &port, "--json"]);
    demo.wait_for_output("\"live\"", Duration::from_secs(15));
    demo.signal("INT");
    let ended = demo.wait(Duration::from_secs(3));
    ended.expect_code(0);
    assert_eq!(onair::summary(&ended)["frames_dropped"], 0);
}

#[test]
fn a_taken_port_is_a_clear_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = onair::run(&["demo", "--duration", "5s", "--port", &port]);
    ended.expect_code(3);
    assert!(ended.stderr.contains(&port) && ended.stderr.contains("in use"), "{}", ended.stderr);
}
