//! The pages for everybody: people who use keys or a screen reader, want less motion or larger letters; and a publisher
//! that goes and comes back.

use std::time::Duration;

use onair_e2e::process::Running;
use onair_e2e::serve::Serve;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, free_port, onair, web};
use serde_json::{Value, json};

use crate::studio_url;

#[test]
fn rw29_axe_finds_nothing_and_keys_alone_do_everything() {
    if are_missing(&[Tool::Chromium]) {
        return;
    }
    let _turn = web::alone();
    let port = free_port().to_string();
    let mut demo = onair::start(&["demo", "--port", &port]);
    demo.wait_for_output("live", Duration::from_secs(15));
    let studio = studio_url(&mut demo);
    let seen = web::run("access.mjs", &[&format!("http://127.0.0.1:{port}"), &studio]);
    for list in ["violations", "sideways", "foreign", "complaints"] {
        assert_eq!(seen[list], json!([]), "{seen}");
    }
    assert!(seen["checked"].as_u64() > Some(100), "axe looked at hardly anything: {seen}");
    let done = json!({
        "mute": true, "lowLatency": true, "comment": true, "like": true, "share": true, "escape": true, "zoomed": [],
    });
    assert_eq!((&seen["keyboard"], &seen["moving"]), (&done, &json!(0)), "{seen}");
    let link = format!("http://127.0.0.1:{port}/watch/live/demo");
    assert_eq!(seen["qr"], json!({ "url": link, "read": link }), "{seen}");
    demo.signal("INT");
    demo.wait(Duration::from_secs(30)).expect_code(0);
}

#[test]
fn who_has_paused_goes_live_again_and_a_phone_held_across_shows_everything() {
    if are_missing(&[Tool::Chromium]) {
        return;
    }
    let _turn = web::alone();
    let (demo, port) = crate::demo();
    let page = format!("http://127.0.0.1:{port}/watch/live/demo");
    let seen = web::run("controls.mjs", &[&page]);
    for (player, most) in [("flv", 1.0), ("hls", 1.5)] {
        let it = &seen[player];
        // Not at the live edge, while paused, and no longer.
        assert_eq!(it["offered"], json!([false, true, false]), "{player}: {seen}");
        assert_eq!(it["paused"], json!(true), "{player}: {seen}");
        for behind in it["behind"].as_array().expect("a list") {
            assert!(behind.as_f64().is_some_and(|behind| behind < most), "{player}: {seen}");
        }
        let readout = it["readout"].as_str().unwrap_or_default();
        for part in [" s · ", "b/s · 540×960"] {
            assert!(readout.contains(part), "{player}: {readout}");
        }
        let rows = ["Player", "Latency", "Video", "Picture", "Audio", "Frames", "Live for"];
        assert_eq!((&it["details"], &it["closed"]), (&json!(rows), &json!([])), "{player}: {seen}");
    }
    let across = &seen["across"];
    for list in ["beside", "alone"] {
        assert_eq!(across[list], json!([]), "cut off on a phone in landscape: {seen}");
    }
    assert_eq!((&across["sideways"], &across["widths"][1]), (&json!(false), &json!(844)), "{seen}");
    for list in ["foreign", "complaints"] {
        assert_eq!(seen[list], json!([]), "{seen}");
    }
    crate::end(demo);
}

#[test]
fn the_page_plays_flv_by_a_websocket() {
    if are_missing(&[Tool::Chromium]) {
        return;
    }
    let _turn = web::alone();
    let serve = Serve::start(&[]);
    let mut publisher = push(&serve);
    publisher.wait_for_output("live", Duration::from_secs(15));
    let seen = web::watch(&serve.http_url("/watch/live/show?player=ws"), 4, None);
    assert_eq!(seen["webSockets"], json!(["/live/show.flv"]), "{seen}");
    let last = seen["samples"].as_array().and_then(|all| all.last()).expect("samples");
    assert!(last["frames"].as_u64() > Some(30) && last["time"].as_f64() > Some(1.0), "{seen}");
    assert!(seen["video"]["audioBytes"].as_u64() > Some(10_000), "{seen}");
    for list in ["foreignRequests", "failedRequests", "consoleErrors"] {
        assert_eq!(seen[list], json!([]), "{list}: {seen}");
    }
}

#[test]
fn s08_markup_in_comments_names_and_titles_is_text() {
    if are_missing(&[Tool::Chromium, Tool::SocketIo]) {
        return;
    }
    let _turn = web::alone();
    let serve = Serve::start(&[]);
    let lines = web::folder().join("page/markup.txt");
    let seen = web::run("markup.mjs", &[&serve.http_url(""), lines.to_str().expect("a path")]);
    let count = seen["lines"].as_u64();
    assert!(count >= Some(60), "{seen}");
    for place in ["comments", "names", "titles"] {
        assert_eq!(seen[place].as_u64(), count, "{place}: {seen}");
    }
    for list in ["elements", "ran", "foreign", "complaints"] {
        assert_eq!(seen[list], json!([]), "{list}: {seen}");
    }
    let policy = seen["policy"].as_str().unwrap_or_default();
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
}

fn push(serve: &Serve) -> Running {
    let url = serve.rtmp_url("live", "show");
    onair::start(&["push", &url, "--duration", "60s", "--keyint", "1s"])
}

/// The moment of the `nth` event of that name, ms.
fn moment(seen: &[Value], name: &str, nth: usize) -> f64 {
    let mut events = seen.iter().filter(|event| event["event"] == name);
    events
        .nth(nth)
        .and_then(|event| event["at"].as_f64())
        .unwrap_or_else(|| panic!("no {name}: {seen:?}"))
}

fn come_back(player: &str) {
    if are_missing(&[Tool::Chromium]) {
        return;
    }
    let _turn = web::alone();
    let serve = Serve::start(&[]);
    let first = push(&serve);
    let page = serve.http_url("/watch/live/show");
    let mut browser = Running::start(&mut web::script("comeback.mjs", &[&page, player]));
    browser.wait_for_output("playing", Duration::from_secs(30));
    let killed_at = clock::wall_ms();
    first.signal("KILL");
    browser.wait_for_output("waiting", Duration::from_secs(20));
    let back_at = clock::wall_ms();
    let _second = push(&serve);
    let ended = browser.wait(Duration::from_secs(60));
    ended.expect_code(0);
    let seen: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect();
    let (waits, plays) =
        (moment(&seen, "waiting", 0) - killed_at, moment(&seen, "playing", 1) - back_at);
    assert!(waits <= 3_000.0, "{player}: said so only after {waits} ms: {seen:?}");
    assert!(plays <= 4_000.0, "{player}: played only after {plays} ms: {seen:?}");
    let (waiting, end) = (&seen[1], seen.last().expect("an end"));
    assert_eq!(
        (&waiting["address"], &waiting["shown"]),
        (&json!(serve.rtmp_url("live", "show")), &json!(true))
    );
    assert_eq!((&end["loads"], &end["foreign"]), (&json!(1), &json!([])), "no reload: {end}");
}

#[test]
fn rw27_a_publisher_that_comes_back_is_picked_up_by_http_flv() {
    come_back("flv");
}

#[test]
fn rw27_a_publisher_that_comes_back_is_picked_up_by_hls() {
    come_back("hls");
}

#[test]
fn rw25_one_command_and_the_page_plays_with_sound() {
    if are_missing(&[Tool::Chromium]) {
        return;
    }
    let _turn = web::alone();
    let port = free_port().to_string();
    // Built before the clock runs.
    onair::run(&["--version"]).expect_code(0);
    let page = format!("http://127.0.0.1:{port}/watch/live/demo");
    let mut browser = Running::start(&mut web::script("first.mjs", &[&page]));
    browser.wait_for_output("ready", Duration::from_secs(30));
    let mut demo = onair::start(&["demo", "--port", &port]);
    browser.wait_for_output("first", Duration::from_secs(30));
    let took = demo.age();
    let ended = browser.wait(Duration::from_secs(20));
    ended.expect_code(0);
    let seen: Value =
        ended.stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).expect("JSON");
    assert!(took <= Duration::from_secs(5), "playing {took:?} after the start: {seen}");
    assert!(seen["first"].as_f64().is_some_and(|first| first <= 1_000.0), "{seen}");
    assert_eq!(
        (&seen["state"], &seen["foreign"], &seen["complaints"]),
        (&json!("live"), &json!([]), &json!([]))
    );
    assert!(demo.is_alive());
    demo.signal("INT");
    demo.wait(Duration::from_secs(30)).expect_code(0);
}
