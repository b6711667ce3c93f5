//! The room on the pages: comments beside the pictures they belong to, and what hosts and stores ask for.

use std::time::Duration;

use onair_e2e::process::Running;
use onair_e2e::serve::Serve;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{onair, web};
use serde_json::{Value, json};

/// From its first picture on, so that number and time agree.
fn push(serve: &Serve) -> Running {
    let url = serve.rtmp_url("live", "show");
    let options = ["--quality", "low3", "--keyint", "1s", "--duration", "90s"];
    let mut push = onair::start(&[&["push", &url][..], &options].concat());
    push.wait_for_output("live", Duration::from_secs(15));
    push
}

fn pairs<'a>(seen: &'a Value, what: &str) -> Vec<(&'a str, i64)> {
    let list = seen[what].as_array().unwrap_or_else(|| panic!("no {what}: {seen}"));
    let pair = |pair: &'a Value| Some((pair[0].as_str()?, pair[1].as_i64()?));
    list.iter().map(|it| pair(it).unwrap_or_else(|| panic!("{what}: {seen}"))).collect()
}

#[test]
fn comments_appear_with_the_picture_they_belong_to_however_late_it_is_shown() {
    if are_missing(&[Tool::Chromium, Tool::SocketIo]) {
        return;
    }
    let _turn = web::alone();
    let serve = Serve::start(&[]);
    let _push = push(&serve);
    let seen = web::run("beside.mjs", &[&serve.http_url("")]);
    println!("{seen}");
    // The page knows where its picture lies, by either way to play.
    for (player, off_ms) in pairs(&seen, "off") {
        assert!(off_ms.abs() <= 200, "{player}: {off_ms} ms off: {seen}");
    }
    // Not before its picture, and not long after.
    for (player, after_ms) in pairs(&seen, "beside") {
        assert!((-100..=300).contains(&after_ms), "{player}: {after_ms} ms after: {seen}");
    }
    for (player, after_ms) in pairs(&seen, "own") {
        assert!(after_ms.abs() <= 100, "{player}: {after_ms} ms: {seen}");
    }
    assert_eq!((pairs(&seen, "beside").len(), pairs(&seen, "own").len()), (8, 2));
    for list in ["foreign", "complaints"] {
        assert_eq!(seen[list], json!([]), "{seen}");
    }
}

#[test]
fn a_host_keeps_order_on_the_page_and_home_names_the_show() {
    if are_missing(&[Tool::Chromium, Tool::SocketIo]) {
        return;
    }
    let _turn = web::alone();
    let serve = Serve::start(&[]);
    let _push = push(&serve);
    let seen = web::run("people.mjs", &[&serve.http_url("")]);
    let text = |path: &str| seen.pointer(path).and_then(Value::as_str).unwrap_or_default();
    assert_eq!((text("/before/0"), text("/before/1")), ("show", "Live"), "{seen}");
    assert_eq!((text("/after/0"), text("/after/1")), ("An evening", "Live"), "{seen}");
    assert!(text("/after/3").starts_with("Live for 0:"), "{seen}");
    assert_eq!(text("/after/4"), "/watch/live/show", "{seen}");
    assert_eq!(seen["heading"], json!(["An evening", "Live", "2"]), "{seen}");
    assert!((1..=24).contains(&seen["hearts"].as_u64().unwrap_or(0)), "{seen}");
    let reported = &seen["reported"];
    assert_eq!((&reported["same"], &reported["hidden"]), (&json!(true), &json!(true)), "{seen}");
    assert_eq!(text("/reported/status"), "Reported and hidden.", "{seen}");
    assert_eq!((&seen["removed"], &seen["mutedShown"]), (&json!(true), &json!(0)), "{seen}");
    for said in ["/muted", "/blocked"] {
        assert!(text(said).contains("has blocked you"), "{said}: {seen}");
    }
    assert_eq!(seen["isOut"], json!(true), "{seen}");
    assert_eq!(seen["unread"], json!([0, true, true, false]), "{seen}");
    let later = serve.rtmp_url("live", "later");
    assert_eq!(seen["copied"], json!([later, later]), "{seen}");
    for list in ["foreign", "complaints"] {
        assert_eq!(seen[list], json!([]), "{seen}");
    }
}
