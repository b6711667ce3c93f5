//! `onair serve`: what it says of its addresses, and the public one of whatever stands in front of it.

use crate::common::{Running, get_as, onair};

const LOCAL: [&str; 5] = ["serve", "--rtmp", "127.0.0.1:0", "--http", "127.0.0.1:0"];

fn serve(more: &[&str]) -> Running {
    Running::start(&[&LOCAL[..], more].concat())
}

#[test]
fn its_public_address_is_in_links_and_a_name_it_answers_to() {
    let mut serve = serve(&["--json", "--public-url", "https://live.example"]);
    let listening = serve.until(|line| line["event"] == "listening");
    let http = listening["http"].as_str().expect("an address");
    assert!(http.starts_with("127.0.0.1:"), "{listening}");
    for host in [http, "live.example"] {
        let link = get_as(http, host, "/api/share/live/show");
        assert!(link.contains("\"https://live.example/watch/live/show\""), "{link}");
        let rooms = get_as(http, host, "/servers/least-loaded");
        assert!(rooms.contains("\"wss://live.example\""), "{rooms}");
    }
    assert!(get_as(http, "other.example", "/").starts_with("HTTP/1.1 421"));
    serve.signal("-INT");
    serve.end().assert_code(0);
}

#[test]
fn in_words_it_names_the_public_address_to_watch_at() {
    let mut serve = serve(&["--public-url", "https://live.example:8443/"]);
    let named = "watch at https://live.example:8443/watch/live/NAME";
    let mut lines = std::iter::from_fn(|| serve.line());
    assert!(lines.any(|line| line.contains(named)), "no line with {named:?}");
    serve.signal("-INT");
    serve.end().assert_code(0);
}

#[cfg(all(feature = "openh264", feature = "fdk-aac"))]
#[test]
fn the_demo_s_page_is_named_by_its_public_address() {
    let public = ["--public-url", "http://192.0.2.7:8080"];
    let demo = ["demo", "--port", "0", "--json", "--quality", "low1", "--duration", "1s"];
    let ended = onair(&[&demo[..], &public].concat()).assert_code(0);
    assert_eq!(ended.json()[0]["watch_url"], "http://192.0.2.7:8080/watch/live/demo");
}

#[test]
fn a_public_address_that_cannot_be_is_refused_by_what_is_wrong_with_it() {
    for (url, says) in [
        ("live.example", "begins with https:// or http://"),
        ("wss://live.example", "begins with https:// or http://"),
        ("https://:8080", "no usable host name; write https://host[:port]"),
        ("https://live.example/tv", "write https://host[:port]"),
        ("https://ann:canary@live.example", "leave user and password out"),
        ("https://live.example:0", "from 1 to 65535"),
    ] {
        let ended = onair(&[&LOCAL[..], &["--public-url", url]].concat());
        let ended = ended.assert_code(2).assert_without("canary");
        assert!(ended.stderr.contains("--public-url"), "{url}: {ended:?}");
        assert!(ended.stderr.contains(says), "{url}: {ended:?}");
        assert!(!ended.stderr.contains("write wss://"), "{url}: {ended:?}");
    }
}
