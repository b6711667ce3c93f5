//! Rooms: npm's socket.io client against the embedded server, `onair room` against it.

use std::time::Duration;

use onair_e2e::serve::Serve;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{onair, room};
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

#[test]
fn rw02_a_room_on_the_desk_from_create_to_close() {
    let serve = Serve::start(&[]);
    let url = serve.http_url("");
    let room = |rest: &[&str]| {
        let (command, rest) = rest.split_first().expect("a command");
        let place = ["room", command, &url, "demo", "--json"];
        place.iter().chain(rest).map(|word| (*word).to_owned()).collect::<Vec<String>>()
    };
    let start = |rest: &[&str]| {
        let words = room(rest);
        onair::start(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let run = |rest: &[&str]| {
        let words = room(rest);
        onair::run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    run(&["watch"]).expect_code(3);
    let mut host = start(&["create", "--title", "A show"]);
    host.wait_for_output("\"joined\"", Duration::from_secs(10));
    let mut viewer = start(&["watch"]);
    viewer.wait_for_output("\"joined\"", Duration::from_secs(10));
    run(&["comment", "Good evening", "--name", "Ada"]).expect_code(0);
    run(&["like", "3"]).expect_code(0);
    for seen in [&mut host, &mut viewer] {
        seen.wait_for_output("Good evening", Duration::from_secs(10));
        seen.wait_for_output("\"likes\"", Duration::from_secs(10));
    }
    host.signal("INT");
    let host = host.wait(Duration::from_secs(5));
    host.expect_code(0);
    let viewer = viewer.wait(Duration::from_secs(5));
    viewer.expect_code(0);
    let joined = &room::events(&viewer.stdout, "joined")[0];
    assert_eq!((&joined["title"], &joined["host"]), (&json!("A show"), &json!(false)));
    let comment = &room::events(&viewer.stdout, "comment")[0];
    assert_eq!((&comment["name"], &comment["own"]), (&json!("Ada"), &json!(false)));
    assert_eq!(room::events(&viewer.stdout, "likes")[0]["total"], 3);
    assert_eq!(room::events(&viewer.stdout, "closed")[0]["reason"], "closed");
    // What the host's command prints is no key, unless it is asked for.
    assert!(!host.output().contains("pk-"), "{}", host.output());
}
