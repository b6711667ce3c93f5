//! The harness of the end-to-end tests: the built `onair`, and the foreign programs that judge it: nginx-rtmp,
//! ffmpeg, Chromium and servers that follow a script. Everything binds to 127.0.0.1, every wait is bounded, every
//! program dies with its guard. A test whose tool is missing says so in one line and is counted as skipped.

pub mod clock;
pub mod fake;
pub mod ffmpeg;
pub mod nginx;
pub mod onair;
pub mod process;
pub mod tools;
pub mod web;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// A port of 127.0.0.1 that was free just now.
///
/// # Panics
/// When the machine has none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Waits until something listens on the port; false when nothing does within 10 s.
pub fn is_listening(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    clock::until(Duration::from_secs(10), || TcpStream::connect(address).ok()).is_some()
}
