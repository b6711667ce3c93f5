//! What operators of nginx-rtmp do to a publisher: statements 96 to 99.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::stale::Stale;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, onair};

/// Until a stream is published that was not a moment ago.
fn wait_for_publisher(nginx: &Nginx, key: &str) -> bool {
    clock::until(Duration::from_secs(15), || nginx.stat(key)).is_some()
}

#[test]
fn lf96_a_dropped_publisher_comes_back() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    let push = onair::start(&[
        "push",
        &nginx.url("live", "show"),
        "--quality",
        "low1",
        "--duration",
        "12s",
        "--json",
    ]);
    assert!(wait_for_publisher(&nginx, "show"));
    clock::pause(Duration::from_secs(2));
    nginx.drop_publisher("live", "show");
    let told = clock::until(Duration::from_secs(1), || {
        push.stdout().lines().find(|line| line.contains("\"reconnecting\"")).map(str::to_owned)
    });
    assert!(told.is_some(), "loss is told within a second: {}", push.stdout());
    assert!(wait_for_publisher(&nginx, "show"), "it publishes again");
    let ended = push.wait(onair::PATIENCE);
    ended.expect_code(0);
    assert_eq!(onair::summary(&ended)["reconnects"], 1);
}

#[test]
fn lf97_an_answer_that_takes_three_seconds_is_waited_for() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let callback = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = callback.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for socket in callback.incoming() {
            let mut socket = socket.unwrap();
            // One read holds the whole short request.
            let _ = socket.read(&mut [0; 4_096]).unwrap();
            clock::pause(Duration::from_secs(3));
            socket.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    let nginx = Nginx::start_with(&format!(
        "application slow {{ live on; on_publish http://127.0.0.1:{port}/publish; }}"
    ));
    let ended = onair::run(&[
        "push",
        &nginx.url("slow", "show"),
        "--quality",
        "low1",
        "--duration",
        "3s",
        "--json",
    ]);
    ended.expect_code(0);
    let summary = onair::summary(&ended);
    assert_eq!(
        (&summary["frames_sent"], &summary["reconnects"]),
        (&45.into(), &0.into()),
        "{summary}"
    );
}

#[test]
fn lf98_fragments_of_two_seconds() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    let ended = onair::run(&[
        "push",
        &nginx.url("hls", "show"),
        "--quality",
        "low2",
        "--keyint",
        "2s",
        "--duration",
        "13s",
        "--json",
    ]);
    ended.expect_code(0);
    let playlist = std::fs::read_to_string(nginx.hls_folder().join("show.m3u8")).unwrap();
    let mut durations: Vec<f64> = playlist
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:"))
        .map(|line| line.trim_end_matches(',').parse().unwrap())
        .collect();
    // The last one is what was left when the stream ended.
    durations.pop();
    assert!(durations.len() >= 4, "{playlist}");
    assert!(durations.iter().all(|duration| (duration - 2.0).abs() <= 0.2), "{playlist}");
    assert!(!nginx.error_log().contains("force fragment split"), "{}", nginx.error_log());
}

#[test]
fn lf99_a_stale_publisher_is_outlived_within_10_s() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    let url = nginx.url("idle", "show");
    let stale = onair::start(&["push", &url, "--quality", "low1", "--json"]);
    assert!(wait_for_publisher(&nginx, "show"));
    clock::pause(Duration::from_secs(1));
    stale.signal("STOP");
    let second = onair::start(&["push", &url, "--quality", "low1", "--retry", "--json"]);
    let live = clock::until(Duration::from_secs(10), || {
        second.stdout().contains("\"live\"").then_some(second.age())
    });
    let said = second.stdout();
    assert!(live.is_some(), "after {:?}: {said}", second.age());
    assert!(said.contains("in use"), "the stale one held the name: {said}");
    println!("live after {live:?}");
    second.signal("INT");
    second.wait(Duration::from_secs(5)).expect_code(0);
}

#[test]
fn r08_a_name_held_by_a_dead_connection_is_ours_within_12_s() {
    if are_missing(&[Tool::NginxRtmp]) {
        return;
    }
    let nginx = Nginx::start();
    onair::run(&["--version"]).expect_code(0); // built by now: the name is not held for long
    let _stale = Stale::publish(nginx.rtmp_port(), "idle", "show");
    let url = nginx.url("idle", "show");
    let push = onair::start(&["push", &url, "--quality", "low1", "--retry", "--json"]);
    let live = clock::until(Duration::from_secs(12), || {
        push.stdout().contains("\"live\"").then_some(push.age())
    });
    let said = push.stdout();
    assert!(live.is_some(), "after {:?}: {said}", push.age());
    assert!(said.contains("in use"), "why it waits is told: {said}");
    println!("live after {live:?}");
    assert!(wait_for_publisher(&nginx, "show"));
    push.signal("INT");
    push.wait(Duration::from_secs(5)).expect_code(0);
}
