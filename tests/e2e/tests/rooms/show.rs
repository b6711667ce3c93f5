//! A whole show: npm's socket.io client against the embedded server; `onair room` against it, against npm's and against
//! the first server's table of messages.

use std::time::Duration;

use onair_e2e::process::Ended;
use onair_e2e::serve::Serve;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, free_port, onair, room};
use serde_json::{Value, json};

#[test]
fn rw01_npm_s_client_by_polling_upgrade_and_websocket() {
    if are_missing(&[Tool::SocketIo]) {
        return;
    }
    let serve = Serve::start(&[]);
    let seen = room::run("transports.mjs", &[&serve.http_url("")]);
    for (way, transport) in
        [("polling", "polling"), ("upgrade", "websocket"), ("websocket", "websocket")]
    {
        let it = &seen[way];
        let is = |path: &str, value: Value| {
            assert_eq!(it.pointer(path), Some(&value), "{way} {path}: {it}");
        };
        is("/transport", json!(transport));
        is("/created/ok", json!(true));
        is("/created/resumed", json!(false));
        // rw03, rw04: by another socket.
        is("/again/error", json!("taken"));
        is("/stranger/error", json!("not_owner"));
        is("/joined/title", json!("A show"));
        is("/joined/viewers", json!(2));
        is("/joined/comments", json!([]));
        is("/liked/total", json!(1));
        is("/upvote/n", json!(1));
        is("/comment/text", json!("Hello <b>there</b>"));
        is("/comment/name", json!("Ada"));
        is("/own/id", it["said"]["id"].clone());
        is("/gift/giftCount", json!(3));
        is("/listed/title", json!("A show"));
        is("/closed/ok", json!(true));
        is("/end/reason", json!("closed"));
        is("/gone", json!(true));
        // rw12
        is("/secrets", json!(false));
    }
}

/// `onair room COMMAND URL demo --json …`
fn words<'a>(command: &'a str, url: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [&["room", command, url, "demo", "--json"], rest].concat()
}

/// From create to close, with a viewer, a comment and likes; what the viewer saw.
fn a_show(url: &str) -> Ended {
    let mut host = onair::start(&words("create", url, &["--title", "A show"]));
    host.wait_for_output("\"joined\"", PATIENCE);
    let mut viewer = onair::start(&words("watch", url, &[]));
    viewer.wait_for_output("\"joined\"", PATIENCE);
    onair::run(&words("comment", url, &["Good evening", "--name", "Ada"])).expect_code(0);
    onair::run(&words("like", url, &["3"])).expect_code(0);
    for seen in [&mut host, &mut viewer] {
        seen.wait_for_output("Good evening", PATIENCE);
        seen.wait_for_output("\"likes\"", PATIENCE);
    }
    host.signal("INT");
    let host = host.wait(PATIENCE);
    host.expect_code(0);
    // What the host's command prints is no key, unless it is asked for.
    assert!(!host.output().contains("pk-"), "{}", host.output());
    let viewer = viewer.wait(PATIENCE);
    viewer.expect_code(0);
    viewer
}

const PATIENCE: Duration = Duration::from_secs(15);

fn check_show(viewer: &Ended) {
    let joined = &room::events(&viewer.stdout, "joined")[0];
    assert_eq!((&joined["title"], &joined["host"]), (&json!("A show"), &json!(false)));
    let comments = room::events(&viewer.stdout, "comment");
    assert_eq!(comments.len(), 1, "{}", viewer.stdout);
    assert_eq!((&comments[0]["name"], &comments[0]["own"]), (&json!("Ada"), &json!(false)));
    assert_eq!(room::events(&viewer.stdout, "likes")[0]["total"], 3);
    assert_eq!(room::events(&viewer.stdout, "closed")[0]["reason"], "closed");
}

#[test]
fn rw02_the_same_show_on_the_embedded_server_and_on_npm_s() {
    let serve = Serve::start(&[]);
    let url = serve.http_url("");
    onair::run(&words("watch", &url, &[])).expect_code(3);
    check_show(&a_show(&url));
    if are_missing(&[Tool::SocketIo]) {
        return;
    }
    let port = free_port();
    let mut server = room::start("server.mjs", &[&port.to_string()]);
    server.wait_for_output("listening", PATIENCE);
    check_show(&a_show(&format!("ws://127.0.0.1:{port}")));
}

#[test]
fn rw16_a_killed_server_comes_back_and_the_room_with_it() {
    if are_missing(&[Tool::SocketIo]) {
        return;
    }
    let port = free_port().to_string();
    let url = format!("ws://127.0.0.1:{port}");
    let mut server = room::start("server.mjs", &[&port]);
    server.wait_for_output("listening", PATIENCE);
    let mut host = onair::start(&words("create", &url, &["--title", "A show"]));
    host.wait_for_output("\"joined\"", PATIENCE);
    drop(server);
    host.wait_for_output("\"lost\"", PATIENCE);
    let mut server = room::start("server.mjs", &[&port]);
    server.wait_for_output("listening", PATIENCE);
    host.wait_for_output("\"resumed\":true", PATIENCE);
    onair::run(&words("comment", &url, &["After the storm"])).expect_code(0);
    host.wait_for_output("After the storm", PATIENCE);
}

#[test]
fn rw22_a_refusal_ends_the_command_at_once() {
    if are_missing(&[Tool::SocketIo]) {
        return;
    }
    let port = free_port().to_string();
    let mut server = room::start("server.mjs", &[&port, "pass"]);
    server.wait_for_output("listening", PATIENCE);
    let ended = onair::run(&words("watch", &format!("ws://127.0.0.1:{port}"), &[]));
    ended.expect_code(3);
    assert!(ended.stderr.contains("not authorized"), "{}", ended.stderr);
    assert_eq!(room::events(&ended.stdout, "lost").len(), 1, "{}", ended.stdout);
}

#[test]
fn rw24_lf100_lf101_lf102_the_server_of_2016_works_without_answers() {
    if are_missing(&[Tool::SocketIo]) {
        return;
    }
    let port = free_port().to_string();
    let mut server = room::start("first.mjs", &[&port]);
    server.wait_for_output("listening", PATIENCE);
    let url = format!("ws://127.0.0.1:{port}");
    let list = || room::run("list.mjs", &[&format!("http://127.0.0.1:{port}/rooms")]);
    for version in [&[][..], &["--engine-io-3"]] {
        let mut host =
            onair::start(&words("create", &url, &[&["--title", "A show"], version].concat()));
        host.wait_for_output("\"joined\"", PATIENCE);
        assert_eq!((&list()[0]["key"], &list()[0]["title"]), (&json!("demo"), &json!("A show")));
        onair::run(&words("comment", &url, &[&["Hello"], version].concat())).expect_code(0);
        host.wait_for_output("\"Hello\"", PATIENCE);
        assert_eq!(room::events(&host.stdout(), "warning").len(), 1, "{}", host.stdout());
        host.signal("KILL");
        drop(host);
        let gone = clock::until(PATIENCE, || (list() == json!([])).then_some(()));
        assert!(gone.is_some(), "the room outlives its creator");
    }
}

#[test]
fn s07_a_push_with_a_room_is_published_by_a_key_that_nobody_sees() {
    if are_missing(&[Tool::SocketIo]) {
        return;
    }
    let serve = Serve::start(&[]);
    let (url, base) = (serve.http_url(""), serve.rtmp_url("live", ""));
    let show = ["--room", &url, "--room-key", "demo", "--title", "A show", "--quality", "low1"];
    let push = ["push", base.trim_end_matches('/'), "--duration", "60s", "--json"];
    let mut push = onair::start(&[&push[..], &show].concat());
    push.wait_for_output("\"live\"", PATIENCE);
    let ask = |path: &str| room::run("list.mjs", &[&serve.http_url(path)]);
    let is_live = clock::until(PATIENCE, || (ask("/rooms")[0]["live"] == true).then_some(()));
    assert!(is_live.is_some(), "{}", ask("/rooms"));
    let streams = ask("/api/streams");
    assert_eq!(streams["streams"][0]["name"], "demo", "{streams}");
    assert!(!format!("{streams}{}", ask("/rooms")).contains("pk-"));
    // Who knows only the room's name cannot publish there, nor open it.
    let thief = onair::run(&["push", &serve.rtmp_url("live", "demo"), "--duration", "1s"]);
    thief.expect_code(3);
    onair::run(&words("create", &url, &[])).expect_code(3);
    push.signal("INT");
    let push = push.wait(PATIENCE);
    push.expect_code(0);
    assert!(!push.output().contains("pk-"), "{}", push.output());
    assert_eq!(ask("/rooms"), json!([]));
}

#[test]
fn the_demo_has_a_room_with_an_audience_that_can_be_switched_off() {
    let port = free_port().to_string();
    let url = format!("http://127.0.0.1:{port}");
    let mut demo = onair::start(&["demo", "--port", &port, "--json", "--quality", "low1"]);
    demo.wait_for_output("\"live\"", PATIENCE);
    let mut viewer = onair::start(&words("watch", &url, &[]));
    viewer.wait_for_output("\"comment\"", PATIENCE);
    viewer.wait_for_output("\"likes\"", PATIENCE);
    // On the demo's server others open no rooms.
    onair::run(&["room", "create", &url, "mine", "--json"]).expect_code(3);
    demo.signal("INT");
    demo.wait(PATIENCE).expect_code(0);
    let viewer = viewer.wait(PATIENCE);
    assert_eq!(room::events(&viewer.stdout, "closed")[0]["reason"], "closed");
}
