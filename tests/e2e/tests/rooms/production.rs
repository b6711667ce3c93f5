//! Beyond one machine: rooms on several servers with Redis between them, keys that nginx-rtmp asks for, and an edge.

use std::process::Command;
use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::process::Running;
use onair_e2e::production::House;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, onair, room};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

/// `onair room COMMAND` at the locator, or at one server.
fn start(command: &str, url: &str, rest: &[&str]) -> Running {
    let is_locator = if url.starts_with("http") { &["--locator"][..] } else { &[] };
    let words = ["room", command, url, "demo", "--json"];
    onair::start(&[&words[..], is_locator, rest].concat())
}

/// The same, with numbered lines on its stdin, ten a second.
fn talk(url: &str, lines: u32) -> Running {
    let command = onair::command(&["room", "join", url, "demo", "--json", "--locator", "--queue"]);
    let lines = format!("for i in $(seq {lines}); do echo line $i; sleep 0.1; done");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{{ {lines}; sleep 60; }} | \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args()).env("NO_COLOR", "1");
    Running::start(&mut shell)
}

/// The numbers of the lines that somebody heard, as they came.
fn heard(process: &Running) -> Vec<u32> {
    let comments = room::events(&process.stdout(), "comment");
    let number = |comment: &Value| comment["text"].as_str()?.strip_prefix("line ")?.parse().ok();
    comments.iter().filter_map(number).collect()
}

fn joined(process: &Running) -> usize {
    room::events(&process.stdout(), "joined").len()
}

#[test]
fn a_talk_goes_on_from_server_to_server_without_a_comment_lost_or_doubled() {
    if are_missing(&[Tool::SocketIo, Tool::Redis]) {
        return;
    }
    let mut house = House::start();
    let locator = house.locator();
    let mut host = start("create", &locator, &["--title", "A show"]);
    host.wait_for_output("\"joined\"", PATIENCE);
    // One at each server, whatever the locator says.
    let mut watching = [start("watch", &locator, &[]), start("watch", &locator, &[])];
    for viewer in &mut watching {
        viewer.wait_for_output("\"joined\"", PATIENCE);
    }
    let talker = talk(&locator, 60);
    let wait_for = |who: &Running, count: usize| {
        let came = clock::until(PATIENCE, || (heard(who).len() >= count).then_some(()));
        assert!(came.is_some(), "{} of {count}: {}", heard(who).len(), who.stdout());
    };
    // Each of the two in turn, in the midst of it; whoever was there goes to the other.
    wait_for(&watching[0], 10);
    house.kill(0);
    wait_for(&watching[0], 25);
    house.restart(0);
    wait_for(&watching[0], 30);
    house.kill(1);
    let expected: Vec<u32> = (1..=60).collect();
    for who in [&host, &watching[0], &watching[1], &talker] {
        wait_for(who, 60);
        assert_eq!(heard(who), expected, "{}", who.stdout());
        assert!(room::events(&who.stdout(), "missed").is_empty(), "{}", who.stdout());
    }
    let moves: usize = watching.iter().chain([&host, &talker]).map(|who| joined(who) - 1).sum();
    assert!(moves >= 4, "only {moves} moves");
    // The room is its host's wherever the host is.
    assert_eq!(
        room::events(&host.stdout(), "joined").last().map(|it| it["resumed"] == true),
        Some(true)
    );
    host.signal("INT");
    host.wait(PATIENCE).expect_code(0);
    for viewer in watching {
        let viewer = viewer.wait(PATIENCE);
        assert_eq!(room::events(&viewer.stdout, "closed")[0]["reason"], "closed");
    }
}

#[test]
fn s05_s07_nginx_lets_a_key_s_owner_publish_and_two_edges_give_it_to_viewers() {
    if are_missing(&[Tool::SocketIo, Tool::Redis, Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let house = House::start();
    let edges = [Nginx::start(), Nginx::start()];
    let to_edge = edges
        .each_ref()
        .map(|edge| format!("push rtmp://127.0.0.1:{}/live;", edge.rtmp_port()))
        .join(" ");
    let ask = format!("on_publish {};", house.on_publish());
    let origin = Nginx::start_with(&format!("application show {{ live on; {ask} {to_edge} }}"));
    let mut host = start("create", &house.server(0), &["--show-publish-key", "--title", "A show"]);
    host.wait_for_output("publish_key", PATIENCE);
    let key = room::events(&host.stdout(), "joined")[0]["publish_key"].clone();
    let key = key.as_str().expect("a publish key");

    // The room's name is no key, and neither is another key.
    for wrong in ["demo", "pk-00000000000000000000000000000000"] {
        let refused = onair::run(&["push", &origin.url("show", wrong), "--duration", "1s"]);
        refused.expect_code(3);
    }
    let push =
        ["push", &origin.url("show", key), "--quality", "low1", "--duration", "60s", "--json"];
    let mut push = onair::start(&push);
    push.wait_for_output("\"live\"", PATIENCE);
    // Viewers know the room's name, and are at an edge.
    for edge in &edges {
        let at_edge = clock::until(PATIENCE, || edge.stat("demo"));
        assert!(at_edge.is_some(), "{}", origin.error_log());
        let (report, code) = onair::probe(&edge.url("live", "demo"), &["--duration", "2s"]);
        assert_eq!(code, Some(0), "{report}");
        let knows = edge.stat(key).is_some() || edge.error_log().contains(key);
        assert!(!knows, "the edge knows the key");
    }
    push.signal("INT");
    push.wait(PATIENCE).expect_code(0);
    host.signal("INT");
    host.wait(PATIENCE).expect_code(0);
    // A closed room's key opens nothing.
    onair::run(&["push", &origin.url("show", key), "--duration", "1s"]).expect_code(3);
}
