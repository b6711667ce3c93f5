//! Servers that refuse, vanish or talk nonsense: each has its own error, the right exit code, an end within its bound,
//! and the stream key in no output.

use std::net::Ipv4Addr;
use std::time::Duration;

use onair_e2e::fake::Fake;
use onair_e2e::nginx::Nginx;
use onair_e2e::process::Ended;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, free_port, onair};

/// A key that must not come back.
const CANARY: &str = "canary-4f1d77";

const USAGE: i32 = 2;
const CONNECT: i32 = 3;
const BROKE: i32 = 4;

/// Pushes at a first connection that fails; every promise that all faults share is checked here.
#[track_caller]
fn push_fails(url: &str, arguments: &[&str], code: i32) -> Ended {
    let push = [&["push", url, "--duration", "5s", "-vv"], arguments].concat();
    let ended = onair::run(&push);
    ended.expect_code(code);
    assert!(ended.took < Duration::from_secs(16), "ended after {:?}", ended.took);
    assert!(!ended.output().contains(CANARY), "the key is in the output:\n{}", ended.output());
    assert!(!message(&ended).is_empty(), "says nothing: {}", ended.stderr);
    ended
}

/// What people read at the end.
fn message(ended: &Ended) -> String {
    let lines: Vec<&str> = ended.stderr.lines().collect();
    let at =
        lines.iter().rposition(|line| line.starts_with("onair:") || line.starts_with("error:"));
    at.map(|at| lines[at..].join("\n")).unwrap_or_default()
}

#[track_caller]
fn assert_says(ended: &Ended, words: &[&str]) {
    let message = message(ended).to_lowercase();
    assert!(words.iter().any(|word| message.contains(word)), "none of {words:?} in: {message}");
}

/// One of each kind; the tests below look at each more closely.
#[test]
fn every_fault_has_its_own_words() {
    let silent = Fake::start(onair_e2e::fake::Peer::keep_silent);
    let garbage = Fake::start(|peer| peer.send(&[0x55; 4_000]));
    let closes = Fake::start(onair_e2e::fake::Peer::shake_hands);
    let taken = Fake::start(|peer| {
        peer.accept_until_publish()?;
        peer.status("error", "NetStream.Publish.BadName")?;
        peer.keep_silent()
    });
    let denied = Fake::start(|peer| {
        peer.accept_until_publish()?;
        peer.status("error", "NetStream.Publish.Denied")?;
        peer.keep_silent()
    });
    let refused = format!("rtmp://127.0.0.1:{}/live/{CANARY}", free_port());
    let urls = [
        (refused, CONNECT),
        (silent.url("live", CANARY), CONNECT),
        (garbage.url("live", CANARY), CONNECT),
        (closes.url("live", CANARY), CONNECT),
        (taken.url("live", CANARY), CONNECT),
        (denied.url("live", CANARY), CONNECT),
        (format!("http://127.0.0.1/live/{CANARY}"), USAGE),
        (format!("rtmp://127.0.0.1/{CANARY}"), USAGE),
        (format!("rtmp://127.0.0.1:99999/live/{CANARY}"), USAGE),
    ];
    let mut messages: Vec<String> = urls
        .iter()
        .map(|(url, code)| message(&push_fails(url, &[], *code)))
        // The port is no difference.
        .map(|text| text.chars().filter(|c| !c.is_ascii_digit()).collect())
        .collect();
    let all = messages.join("\n");
    messages.sort_unstable();
    messages.dedup();
    assert_eq!(messages.len(), urls.len(), "two faults say the same:\n{all}");
}

#[test]
fn nobody_listens() {
    let url = format!("rtmp://127.0.0.1:{}/live/{CANARY}", free_port());
    let ended = push_fails(&url, &[], CONNECT);
    assert!(
        ended.took < Duration::from_secs(5),
        "a refused port is known at once: {:?}",
        ended.took
    );
    assert_says(&ended, &["refused"]);
}

#[test]
fn no_such_host() {
    let url = format!("rtmp://no-such-host.invalid/live/{CANARY}");
    let ended = push_fails(&url, &["--allow-plaintext"], CONNECT);
    assert_says(&ended, &["no-such-host.invalid", "resolve", "host", "name"]);
}

#[test]
fn the_server_never_answers() {
    let fake = Fake::start(onair_e2e::fake::Peer::keep_silent);
    let ended = push_fails(&fake.url("live", CANARY), &[], CONNECT);
    assert_says(&ended, &["no answer", "within", "handshake"]);
}

#[test]
fn r16_publish_is_never_answered() {
    let fake = Fake::start(|peer| {
        peer.accept_until_publish()?;
        peer.keep_silent()
    });
    let ended = push_fails(&fake.url("live", CANARY), &[], CONNECT);
    assert_says(&ended, &["no answer"]);
}

#[test]
fn p13_garbage_in_place_of_s0() {
    for garbage in
        [b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n".to_vec(), vec![0x55; 5_000]]
    {
        let fake = Fake::start(move |peer| peer.send(&garbage));
        let ended = push_fails(&fake.url("live", CANARY), &[], CONNECT);
        assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
        assert_says(&ended, &["handshake", "not an rtmp", "rtmp server"]);
    }
}

#[test]
fn the_server_closes_during_each_step() {
    let at_once = Fake::start(|_| Ok(()));
    let after_handshake = Fake::start(onair_e2e::fake::Peer::shake_hands);
    let after_publish = Fake::start(onair_e2e::fake::Peer::accept_until_publish);
    for fake in [at_once, after_handshake, after_publish] {
        let ended = push_fails(&fake.url("live", CANARY), &[], CONNECT);
        // Who closes with unread bytes resets.
        assert_says(&ended, &["closed", "reset"]);
    }
}

#[test]
fn an_endless_answer_of_zeroes_is_no_server() {
    let fake = Fake::start(|peer| {
        loop {
            peer.send(&[0; 65_536])?;
        }
    });
    push_fails(&fake.url("live", CANARY), &[], CONNECT);
}

#[test]
fn lf71_the_name_is_taken() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    let url = nginx.url("live", CANARY);
    let first = onair::start(&["push", &url, "--duration", "12s", "--json"]);
    clock::until(Duration::from_secs(15), || nginx.stat(CANARY)).expect("the first is live");
    let second = push_fails(&url, &[], CONNECT);
    assert_says(&second, &["in use", "already"]);
    let first = first.wait(onair::PATIENCE);
    first.expect_code(0);
    assert_eq!(onair::summary(&first)["reconnects"], 0, "the first was not disturbed");
}

#[test]
fn an_app_that_nginx_does_not_know() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    let ended = push_fails(&nginx.url("nowhere", CANARY), &[], CONNECT);
    assert_says(&ended, &["closed"]);
    assert_says(&ended, &["app"]);
}

#[test]
fn publishing_is_not_allowed() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    // nginx says Publish.Start first, and closes then.
    let nginx = Nginx::start();
    let ended = push_fails(&nginx.url("closed", CANARY), &[], CONNECT);
    assert_says(&ended, &["closed", "refused"]);
}

#[test]
fn addresses_that_are_none() {
    for url in [
        "",
        "rtmp://",
        "rtmp:///live/canary-4f1d77",
        "rtmp://host",
        "rtmp://host/canary-4f1d77",
        "rtmp://host:0/live/canary-4f1d77",
        "rtmp://host:70000/live/canary-4f1d77",
        "https://host/live/canary-4f1d77",
        "canary-4f1d77",
        "rtmp://ho st/live/canary-4f1d77",
        "rtmp://host/live/canary-4f1d77\r\nx",
        "rtmp://[::1/live/canary-4f1d77",
    ] {
        let ended = push_fails(url, &[], USAGE);
        assert!(ended.took < Duration::from_secs(3));
    }
}

#[test]
fn settings_that_cannot_be() {
    let url = format!("rtmp://127.0.0.1:{}/live/{CANARY}", free_port());
    for arguments in [
        &["--size", "361x640"][..],
        &["--size", "0x0"],
        &["--fps", "0"],
        &["--keyint", "0s"],
        &["--video-bitrate", "0"],
        &["--audio-bitrate", "1"],
        &["--quality", "none"],
        &["--audio-only", "--video-only"],
        &["--flv", "no-such-file.flv"],
        &["--y4m", "no-such-file.y4m"],
        &["--fast"],
        &["--no-such-option"],
    ] {
        push_fails(&url, arguments, USAGE);
    }
}

#[test]
fn s01_a_key_of_its_own_stays_hidden() {
    let url = format!("rtmp://127.0.0.1:{}/live", free_port());
    push_fails(&url, &["--key", CANARY], CONNECT);
    push_fails(&url, &["--key", CANARY, "--no-such-option"], USAGE);
    push_fails(&url, &["--key", CANARY, "--json"], CONNECT);
    let mut push = onair::command(&["push", &url, "--duration", "2s", "-vv"]);
    let ended = onair_e2e::process::run(push.env("ONAIR_STREAM_KEY", CANARY), onair::PATIENCE);
    ended.expect_code(CONNECT);
    assert!(!ended.output().contains(CANARY), "{}", ended.output());
}

#[test]
fn s01_a_live_stream_does_not_tell_its_key() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    for form in [&["-vv"][..], &["-vv", "--json"]] {
        let url = nginx.url("live", CANARY);
        let ended = onair::run(&[&["push", &url, "--duration", "2s"], form].concat());
        ended.expect_code(0);
        assert!(!ended.output().contains(CANARY), "{}", ended.output());
    }
}

#[test]
fn a_live_stream_that_is_cut_for_good_ends_with_4() {
    let fake = Fake::start(|peer| {
        peer.accept_until_publish()?;
        peer.status("status", "NetStream.Publish.Start")?;
        // More than a second of media, so that it is no refusal; then gone, and nobody will
        // listen on the port again.
        peer.wait_for_bytes(300_000)
    });
    let url = fake.url("live", CANARY);
    let push = onair::start(&["push", &url, "--duration", "15s", "--json"]);
    clock::until(Duration::from_secs(15), || (fake.accepted() > 0).then_some(()))
        .expect("it comes");
    fake.close_port();
    let ended = push.wait(Duration::from_secs(90));
    ended.expect_code(BROKE);
    assert!(!ended.output().contains(CANARY), "{}", ended.output());
    // The media ended while it still tried to come back.
    let summary = onair::summary(&ended);
    assert_eq!(summary["state"], "stopped", "{summary}");
    assert_eq!(summary["reconnects"], 0, "{summary}");
}

#[test]
fn the_server_s_port_is_taken() {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (option, other) in [("--rtmp", "--http"), ("--http", "--rtmp")] {
        let ended = onair::run(&["serve", option, &address, other, "127.0.0.1:0"]);
        ended.expect_code(CONNECT);
        assert_says(&ended, &["in use"]);
    }
}
