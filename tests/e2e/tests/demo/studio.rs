//! The broadcaster's panel of `onair demo`: in a browser, and for those who have no business there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{free_port, onair, web};
use serde_json::json;

use crate::studio_url;

/// The status of an answer, and its text.
fn ask(port: &str, request: &str) -> (u16, String) {
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}")).expect("the server is there");
    socket.write_all(request.as_bytes()).expect("write");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    (answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), answer)
}

#[test]
fn the_panel_switches_the_show_and_tells_the_reasons_of_the_adaptation() {
    if are_missing(&[Tool::Chromium]) {
        return;
    }
    let _turn = web::alone();
    let port = free_port().to_string();
    let mut demo = onair::start(&["demo", "--port", &port, "--no-audience"]);
    demo.wait_for_output("live", Duration::from_secs(15));
    let seen = web::run("studio.mjs", &[&studio_url(&mut demo)]);
    let policy = seen["policy"].as_str().unwrap_or_default();
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let state = &seen["state"];
    let on = (&state["beauty"], &state["overlay"], &state["text"], &state["muted"]);
    assert_eq!(on, (&json!(false), &json!(false), &json!(false), &json!(true)), "{seen}");
    assert_eq!(state["throttle_bps"], 200_000);
    assert_eq!(seen["address"], format!("http://127.0.0.1:{port}/studio"), "{seen}");
    assert!(seen["reasons"].to_string().contains("kbit/s"), "{seen}");
    for list in ["foreign", "complaints"] {
        assert_eq!(seen[list], json!([]), "{seen}");
    }
    demo.signal("INT");
    demo.wait(Duration::from_secs(30)).expect_code(0);
}

#[test]
fn the_panel_obeys_no_page_of_another_site() {
    let port = free_port().to_string();
    let mut demo = onair::start(&["demo", "--port", &port, "--no-audience"]);
    demo.wait_for_output("live", Duration::from_secs(15));
    let json = "Content-Type: application/json\r\n";
    let studio = studio_url(&mut demo);
    let (_, token) = studio.split_once("#token=").expect("a token");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let post = |host: &str, headers: &str, body: &str| {
        let length = body.len();
        ask(
            &port,
            &format!(
                "POST /api/studio HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{bearer}{headers}Content-Length: {length}\r\n\r\n{body}"
            ),
        )
    };
    let host = format!("127.0.0.1:{port}");
    let mute = r#"{"muted":true}"#;
    assert_eq!(post(&host, &format!("{json}Origin: http://evil.example\r\n"), mute).0, 403);
    assert_eq!(post(&host, &format!("{json}Origin: null\r\n"), mute).0, 403);
    assert_eq!(post("evil.example", json, mute).0, 421, "a name made to resolve here");
    assert_eq!(post(&host, "Content-Type: text/plain\r\n", mute).0, 415, "what a form can send");
    for odd in ["", "{", "[]", r#"{"muted":3}"#, r#"{"other":1}"#, r#"{"throttle_bps":7}"#] {
        assert_eq!(post(&host, json, odd).0, 400, "{odd}");
    }
    let long = format!("{{\"muted\":true{}}}", " ".repeat(5_000));
    assert_eq!(post(&host, json, &long).0, 413);
    let state = ask(
        &port,
        &format!("GET /api/studio HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{bearer}\r\n"),
    );
    assert!(
        state.0 == 200 && state.1.contains("\"muted\":false"),
        "nothing has changed: {}",
        state.1
    );
    let (code, answer) = post(&host, &format!("{json}Origin: http://{host}\r\n"), mute);
    assert!(code == 200 && answer.contains("\"muted\":true"), "{answer}");
    demo.signal("INT");
    demo.wait(Duration::from_secs(30)).expect_code(0);
}
