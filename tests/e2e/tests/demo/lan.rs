//! What the command prints for others on the network, read as their cameras would, in a network of its own.

use std::ffi::OsStr;
use std::process::Command;
use std::time::Duration;

use onair_e2e::process::Running;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{onair, process, web};
use serde_json::Value;

/// One interface with this address and nothing behind it.
const NETWORK: &str = "ip link set lo up && ip addr add 192.0.2.7/24 dev lo && \
                       ip route add default dev lo src 192.0.2.7 && exec \"$0\" \"$@\"";

/// What runs there instead of the shell.
fn within(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-rn", "sh", "-c", NETWORK]).arg(program);
    command
}

fn is_possible() -> bool {
    let can = within("true").output().is_ok_and(|ended| ended.status.success());
    if !can {
        onair_e2e::tools::say_skipped("unshare and iproute2 make no network here");
    }
    can
}

fn in_a_network(words: &[&str]) -> Option<Value> {
    if !is_possible() {
        return None;
    }
    let mut command = within("node");
    command.arg(web::folder().join("page/lan.mjs")).arg(onair::binary()).args(words);
    let ended = process::run(&mut command, Duration::from_secs(60));
    ended.expect_code(0);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    Some(serde_json::from_str(ended.stdout.trim()).expect("the script writes JSON"))
}

#[test]
fn rw30_the_code_leads_to_a_page_that_answers_and_an_interrupt_ends_it_within_a_second() {
    if are_missing(&[Tool::SocketIo]) {
        return;
    }
    let demo = ["demo", "--lan", "--port", "8080", "--quality", "low1", "--no-audience"];
    let Some(seen) = in_a_network(&demo) else { return };
    assert_eq!(seen["read"], "http://192.0.2.7:8080/watch/live/demo", "{seen}");
    assert_eq!(seen["status"], 200, "{seen}");
    // Interrupted before or after the stream was live.
    assert!(seen["code"] == 130 || seen["code"] == 0, "{seen}");
    assert!(seen["ms"].as_u64().is_some_and(|ms| ms < 1_000), "{seen}");

    let Some(seen) = in_a_network(&["serve", "--lan"]) else { return };
    let (read, printed) = (seen["read"].as_str(), seen["printed"].as_str().unwrap_or_default());
    let token =
        read.and_then(|read| read.strip_prefix("http://192.0.2.7:8080/watch/live/show#token="));
    let token = token.unwrap_or_else(|| panic!("{seen}"));
    assert!(token.len() >= 32, "{seen}");
    assert!(
        printed.contains(&format!("rtmp://192.0.2.7:1935/live/show?token={token}\n")),
        "{seen}"
    );
    assert_eq!(seen["status"], 200, "{seen}");
}

#[test]
fn rw30_for_programs_it_listens_to_the_network_with_a_token_of_theirs_alone() {
    if !is_possible() {
        return;
    }
    let serve = ["serve", "--lan", "--json"];
    // Drawn ones are printed for people; a program that is told none could not publish.
    let ended = process::run(within(onair::binary()).args(serve), onair::PATIENCE);
    ended.expect_code(2);
    assert!(ended.stdout.is_empty() && ended.stderr.contains("ONAIR_PUBLISH_TOKEN"), "{ended:?}");

    const TOKEN: &str = "canary-of-a-token-1";
    let mut command = within(onair::binary());
    let mut serve = Running::start(command.args(serve).env("ONAIR_PUBLISH_TOKEN", TOKEN));
    serve.wait_for_output("\n", onair::PATIENCE);
    serve.signal("INT");
    let ended = serve.wait(onair::PATIENCE);
    ended.expect_code(0);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let event: Value = serde_json::from_str(lines[0]).expect("a JSON object");
    assert_eq!((lines.len(), &event["event"]), (1, &Value::from("listening")), "{ended:?}");
    assert_eq!((&event["rtmp"], &event["http"]), (&"0.0.0.0:1935".into(), &"0.0.0.0:8080".into()));
    assert!(!ended.output().contains(TOKEN), "{ended:?}");
}

#[test]
fn rw30_each_line_is_json_and_who_reads_only_the_first_makes_no_panic() {
    let words = "demo --json --port 0 --quality low1 --duration 2s";
    let shell = |tail: &str| {
        let line = format!("\"$0\" {words} {tail}");
        process::run(Command::new("sh").args(["-c", &line]).arg(onair::binary()), onair::PATIENCE)
    };
    let whole = shell("");
    whole.expect_code(0);
    assert!(whole.stdout.lines().count() > 2, "{}", whole.stdout);
    for line in whole.stdout.lines() {
        let event: Value = serde_json::from_str(line).expect("a JSON object");
        assert!(event["event"].is_string(), "{line}");
    }
    let first = shell("| head -n 1");
    assert_eq!(first.stdout.lines().count(), 1, "{}", first.stdout);
    assert!(!first.stderr.contains("panicked"), "{}", first.stderr);
}
