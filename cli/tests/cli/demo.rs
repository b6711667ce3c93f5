//! `onair demo`: the page is there, the stream is live, the end comes when it should.

use crate::common::{Running, get_as, onair};
use std::net::TcpListener;

fn get(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").and_then(|u| u.split_once('/')).expect("url");
    get_as(host, host, &format!("/{path}"))
}

#[test]
fn it_serves_a_page_streams_to_it_and_ends_with_0() {
    let mut demo = Running::start(&["demo", "--quality", "low1", "--port", "0", "--json"]);
    let listening = demo.until(|line| line["event"] == "listening");
    let watch_url = listening["watch_url"].as_str().expect("watch_url").to_owned();
    assert!(listening["http"].as_str().is_some_and(|http| http.starts_with("127.0.0.1:")));
    demo.until_state("live");
    let page = get(&watch_url);
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<video"), "{page}");
    let stats =
        demo.until(|line| line["event"] == "stats" && line["frames_sent"].as_u64() > Some(10));
    assert_eq!(stats["state"], "live");
    demo.signal("-INT");
    let ended = demo.end().assert_code(0);
    assert_eq!(ended.last()["event"], "summary");
}

#[test]
fn it_ends_by_itself_after_its_duration() {
    let ended = onair(&["demo", "--duration", "2s", "--quality", "low1", "--port", "0"]);
    let ended = ended.assert_code(0);
    assert!(ended.stdout.contains("http://127.0.0.1:") && ended.stdout.contains("stopped after"));
}

#[test]
fn a_port_that_was_asked_for_and_is_taken_is_an_error_and_the_usual_one_is_not() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("listen");
    let port = taken.local_addr().expect("address").port().to_string();
    let ended = onair(&["demo", "--duration", "1s", "--port", &port]).assert_code(3);
    assert!(ended.stderr.contains("in use"), "{ended:?}");
    // Whether or not somebody has it here.
    let _usual = TcpListener::bind("127.0.0.1:8080");
    onair(&["demo", "--duration", "1s", "--quality", "low1"]).assert_code(0);
}
