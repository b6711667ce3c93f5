//! Servers that stop, and clients of other makes.

use std::time::Duration;

use onair_e2e::clock::Stopwatch;
use onair_e2e::serve::Serve;
use onair_e2e::stunnel::Stunnel;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{free_port, onair, room};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn rw17_a_stopped_server_is_left_within_ten_seconds_for_another() {
    if are_missing(&[Tool::SocketIo]) {
        return;
    }
    // The embedded server's own heartbeat would tell after twenty seconds at the earliest.
    let stops = Serve::start(&[]);
    let [port, locator] = [free_port(), free_port()].map(|port| port.to_string());
    let mut other = room::start("server.mjs", &[&port]);
    other.wait_for_output("listening", PATIENCE);
    let servers = [format!("ws://{}", stops.address()), format!("ws://127.0.0.1:{port}")];
    let mut locating = room::start("locator.mjs", &[&locator, &servers[0], &servers[1]]);
    locating.wait_for_output("listening", PATIENCE);
    let url = format!("http://127.0.0.1:{locator}");
    let mut host = onair::start(&["room", "create", &url, "demo", "--locator", "--json"]);
    host.wait_for_output("\"joined\"", PATIENCE);
    stops.process.signal("STOP");
    let since = Stopwatch::start();
    host.wait_for_output("\"lost\"", PATIENCE);
    let noticed = since.elapsed();
    assert!(noticed < Duration::from_millis(10_500), "noticed after {noticed:?}");
    let viewer = format!("ws://127.0.0.1:{port}");
    let back = onair_e2e::clock::until(PATIENCE, || {
        (room::events(&host.stdout(), "joined").len() == 2).then_some(())
    });
    assert!(back.is_some(), "{}", host.stdout());
    // It was told which one failed, and came to the other.
    onair::run(&["room", "comment", &viewer, "demo", "Moved", "--json"]).expect_code(0);
    host.wait_for_output("\"Moved\"", PATIENCE);
    stops.process.signal("CONT");
}

#[test]
fn rw21_a_room_behind_tls_is_joined_by_its_root_alone_and_no_other_is_tried_twice() {
    if are_missing(&[Tool::Stunnel]) {
        return;
    }
    let serve = Serve::start(&[]);
    let stunnel = Stunnel::start(serve.address().port());
    let (port, ca) = (stunnel.port(), stunnel.ca());
    let url = format!("wss://localhost:{port}");
    let root = ["--tls-ca", ca.to_str().expect("a path")];
    let words = |what: &str, url: &str, more: &[&str]| -> Vec<String> {
        let first = ["room", what, url, "demo"];
        first.iter().chain(more).map(|word| (*word).to_owned()).collect()
    };
    let run = |words: &[String]| onair::run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let create = words("create", &url, &[&root[..], &["--json"]].concat());
    let mut host = onair::start(&create.iter().map(String::as_str).collect::<Vec<_>>());
    host.wait_for_output("\"joined\"", PATIENCE);
    run(&words("comment", &url, &[&["Through TLS"][..], &root].concat())).expect_code(0);
    host.wait_for_output("Through TLS", PATIENCE);

    let another = Stunnel::start(serve.address().port());
    let other_ca = another.ca();
    let other_root = ["--tls-ca", other_ca.to_str().expect("a path")];
    let by_number = format!("wss://127.0.0.1:{port}");
    for (url, root, why) in [
        (&url, &[][..], "authority"),
        (&url, &other_root[..], "certificate"),
        (&by_number, &root[..], "for localhost, not for 127.0.0.1"),
    ] {
        let ended = run(&words("watch", url, &[root, &["--json"]].concat()));
        ended.expect_code(3);
        assert!(ended.stderr.contains(why), "not {why:?}: {}", ended.stderr);
        assert_eq!(room::events(&ended.stdout, "lost").len(), 1, "{}", ended.stdout);
        assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    }
    host.signal("INT");
    host.wait(PATIENCE).expect_code(0);
}

#[test]
fn python_s_client_shares_a_room_with_npm_s_rules() {
    if are_missing(&[Tool::PythonSocketIo]) {
        return;
    }
    let serve = Serve::start(&[]);
    for transports in ["websocket", "polling", "polling,websocket"] {
        let seen = room::python("member.py", &[&serve.http_url(""), transports]);
        assert_eq!(seen["created"]["ok"], true, "{transports}: {seen}");
        assert_eq!(seen["stranger"]["error"], "not_owner", "{transports}: {seen}");
        assert_eq!(seen["said"]["ok"], true, "{transports}: {seen}");
        for heard in ["host_heard", "viewer_heard"] {
            assert_eq!(seen[heard]["text"], "Καλησπέρα", "{transports} {heard}: {seen}");
        }
        assert_eq!(seen["upvote"]["total"], json!(3), "{transports}: {seen}");
        assert_eq!(seen["closed"]["ok"], true, "{transports}: {seen}");
        assert_eq!(seen["end"]["reason"], "closed", "{transports}: {seen}");
    }
}
