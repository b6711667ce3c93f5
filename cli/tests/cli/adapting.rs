//! `onair push` towards a server that stops reading and goes on again: what the lines say.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::common::{Running, Serve};

/// A way to a server that can be blocked.
struct Way {
    address: String,
    is_open: Sender<bool>,
    forwarder: JoinHandle<()>,
}

impl Way {
    fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (is_open, changes) = mpsc::channel();
        let server = server.to_owned();
        let forwarder = std::thread::spawn(move || {
            let (client, _) = listener.accept().expect("a client");
            let server = TcpStream::connect(server).expect("a server");
            let (mut back, mut there) =
                (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
            let answers = std::thread::spawn(move || {
                let _ = std::io::copy(&mut back, &mut there);
            });
            forward(client, &server, &changes);
            let _ = server.shutdown(Shutdown::Both);
            answers.join().expect("the way back");
        });
        Self { address, is_open, forwarder }
    }

    fn set_open(&self, is_open: bool) {
        self.is_open.send(is_open).expect("the way exists");
    }
}

fn forward(mut from: TcpStream, mut to: &TcpStream, changes: &Receiver<bool>) {
    let mut buffer = [0; 4_096];
    loop {
        let mut is_open = changes.try_iter().last().unwrap_or(true);
        while !is_open {
            let Ok(change) = changes.recv() else { return };
            is_open = change;
        }
        match from.read(&mut buffer) {
            Ok(bytes) if bytes > 0 && to.write_all(&buffer[..bytes]).is_ok() => {}
            _ => return,
        }
    }
}

/// The line that `is_it` says yes to, within a quarter of a minute of lines.
fn soon(pushing: &mut Running, is_it: impl Fn(&Value) -> bool) -> Value {
    let line = pushing.until(|line| is_it(line) || line["seconds"].as_f64() > Some(15.0));
    assert!(is_it(&line), "not in 15 s: {line}");
    line
}

/// A way to `serve`, a push of 1 Mbit/s through it with these options, and its first live figures.
fn push_through(serve: &Serve, options: &[&str]) -> (Way, Running, Value) {
    let url = serve.rtmp_url("name");
    let server = url.trim_start_matches("rtmp://").trim_end_matches("/live/name");
    let way = Way::to(server);
    let url = format!("rtmp://{}/live/name", way.address);
    let pattern = ["--pattern", "noise", "--size", "320x240", "--fps", "30"];
    let push = ["push", &url, "--json", "--video-bitrate", "1M"];
    let mut pushing = Running::start(&[&push[..], &pattern, options].concat());
    let stats = pushing.until(|line| line["event"] == "stats" && line["state"] == "live");
    (way, pushing, stats)
}

#[test]
fn a_blocked_way_lowers_the_bitrate_and_an_open_one_raises_it() {
    let serve = Serve::start();
    let (way, mut pushing, stats) = push_through(&serve, &["--min-bitrate", "250k"]);
    for key in ["bitrate_bps", "queue_ms", "inflight_bytes", "rtt_ms", "dropped"] {
        assert!(stats[key].is_number(), "{key} in {stats}");
    }
    way.set_open(false);
    let lowered = soon(&mut pushing, |line| line["to_bps"] == 250_000);
    assert_eq!(lowered["event"], "bitrate", "{lowered}");
    assert!(lowered["reason"] == "stall" || lowered["reason"] == "congestion", "{lowered}");
    assert!(lowered["message"].as_str().is_some_and(|m| m.contains("250 kbit/s")), "{lowered}");
    assert!(lowered["unacked_bytes"].as_u64() > Some(0), "{lowered}");
    let suspect = soon(&mut pushing, |line| line["event"] == "suspect");
    assert_eq!(suspect["suspect"], true, "{suspect}");
    way.set_open(true);
    let trusted = soon(&mut pushing, |line| line["event"] == "suspect");
    assert_eq!(trusted["suspect"], false, "{trusted}");
    let raised = |line: &Value| {
        line["event"] == "bitrate" && line["to_bps"].as_u64() > line["from_bps"].as_u64()
    };
    soon(&mut pushing, raised);
    pushing.signal("-INT");
    let summary = pushing.end().assert_code(0).last();
    assert_eq!(summary["reconnects"], 0, "{summary}");
    assert!(summary["frames_dropped"].as_u64() > Some(0), "{summary}");
    way.forwarder.join().expect("the way");
}

#[test]
fn fixed_is_fixed_whatever_the_way_does() {
    let serve = Serve::start();
    let (way, mut pushing, _) = push_through(&serve, &["--fixed"]);
    way.set_open(false);
    soon(&mut pushing, |line| line["event"] == "suspect");
    way.set_open(true);
    let dropped = |line: &Value| line["event"] == "stats" && line["dropped"].as_u64() > Some(0);
    let stats = soon(&mut pushing, dropped);
    assert_eq!(stats["target_bitrate"], 1_000_000, "{stats}");
    pushing.signal("-INT");
    let ended = pushing.end().assert_code(0);
    assert!(ended.json().iter().all(|line| line["event"] != "bitrate"), "{ended:?}");
    way.forwarder.join().expect("the way");
}
