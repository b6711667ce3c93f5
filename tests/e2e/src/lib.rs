//! The harness of the end-to-end tests: the built `onair`, and the foreign programs that judge it: nginx-rtmp,
//! stunnel, ffmpeg, Chromium and servers that follow a script. Everything binds to 127.0.0.1, every wait is bounded, every
//! program dies with its guard. A test whose tool is missing says so in one line and is counted as skipped.

pub mod clock;
pub mod disk;
pub mod fake;
pub mod ffmpeg;
pub mod latency;
pub mod member;
pub mod nginx;
pub mod onair;
pub mod pattern;
pub mod phone;
pub mod process;
pub mod production;
pub mod room;
pub mod serve;
pub mod stale;
pub mod stunnel;
pub mod tools;
pub mod web;

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

/// A port of 127.0.0.1 that was free just now.
///
/// # Panics
/// When the machine has none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Waits until something listens on the port of 127.0.0.1; false when nothing does within 10 s.
///
/// It looks at the system's table instead of connecting: a server that takes one client must not lose it.
pub fn is_listening(port: u16) -> bool {
    listens_at(std::process::id(), Ipv4Addr::LOCALHOST, port)
}

/// The same, for an address in the network namespace of a process.
pub(crate) fn listens_at(process: u32, address: Ipv4Addr, port: u16) -> bool {
    const LISTEN: &str = "0A";
    let here = format!("{:08X}:{port:04X}", u32::from(address).swap_bytes());
    let is_there = || {
        let table = format!("/proc/{process}/net/tcp");
        let sockets = std::fs::read_to_string(table).unwrap_or_default();
        sockets.lines().any(|line| {
            let mut columns = line.split_whitespace().skip(1);
            columns.next() == Some(&here) && columns.nth(1) == Some(LISTEN)
        })
    };
    clock::until(Duration::from_secs(10), || is_there().then_some(())).is_some()
}
