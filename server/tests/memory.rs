//! What hostile peers can make the server keep. Alone in its process: memory is the process's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "it/sample.rs"]
mod sample;
#[expect(dead_code, reason = "shared with the other tests, which need more of it")]
#[path = "it/support.rs"]
mod support;

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use onair_engine::amf0::Value;
use onair_server::RunningServer;

use support::{PATIENCE, Rtmp, now, server, wait_for_close};

#[test]
fn memory_stays_bounded() {
    let server = server();
    p19_half_open_handshakes_are_cheap_and_short(&server);
    answers_that_nobody_reads_are_not_piled_up(&server);
    p02_unfinished_messages_of_all_together_are_bounded(&server);
}

/// Forty publishers each of which begins two pictures of nearly 4 MiB and ends none: 315 MiB.
fn p02_unfinished_messages_of_all_together_are_bounded(server: &RunningServer) {
    let mut good = Rtmp::publish(server.rtmp_addr(), "good");
    good.second(0);
    let before = resident_bytes();
    let mut hostile = Vec::new();
    for number in 1..=40 {
        let mut peer = Rtmp::publish(server.rtmp_addr(), &format!("hostile-{number}"));
        peer.socket.set_write_timeout(Some(PATIENCE)).unwrap();
        // The server may close this one in the middle of it, or one of those before.
        let _ = peer.socket.write_all(&[unfinished(10), unfinished(11)].concat());
        hostile.push(peer);
        good.second(1_000 * number);
    }
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        let grown = after.saturating_sub(before);
        assert!(grown < 100 << 20, "{} MiB", grown >> 20);
    }
    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "good");
    player.picture().unwrap();
}

/// A picture of 4 MiB without its last chunk.
fn unfinished(chunk_stream: u8) -> Vec<u8> {
    let mut bytes = vec![chunk_stream, 0, 0, 0, 0x3F, 0xFF, 0xFF, 9, 1, 0, 0, 0];
    for number in 0..63 {
        if number > 0 {
            bytes.push(0xC0 | chunk_stream);
        }
        bytes.resize(bytes.len() + 65_536, 0x17);
    }
    bytes
}

fn p19_half_open_handshakes_are_cheap_and_short(server: &RunningServer) {
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.second(0);
    let before = resident_bytes();
    let begun = now();
    let mut half_open: Vec<TcpStream> = (0..500)
        .map(|_| {
            let mut socket = TcpStream::connect(server.rtmp_addr()).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket.write_all(&[3; 1_000]).unwrap();
            socket
        })
        .collect();
    let opened = begun.elapsed();
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        let each = after.saturating_sub(before) / half_open.len();
        assert!(each <= 16 << 10, "{each} bytes for each connection");
    }
    let join = now();
    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "a");
    player.picture().unwrap();
    assert!(join.elapsed() < Duration::from_millis(200), "{:?}", join.elapsed());
    for socket in &mut half_open {
        wait_for_close(socket);
    }
    let closed = begun.elapsed();
    assert!(closed < opened + Duration::from_millis(5_500), "{closed:?}");
}

fn answers_that_nobody_reads_are_not_piled_up(server: &RunningServer) {
    let mut client = Rtmp::ask(server.rtmp_addr(), "play", "a");
    client.socket.set_write_timeout(Some(PATIENCE)).unwrap();
    let before = resident_bytes();
    let begun = now();
    // It asks and asks, and reads nothing: once its socket is full it is given up.
    let mut asked = 0;
    loop {
        client.command(0, "getStreamLength", 9.0, &[Value::Null]);
        if client.send().is_err() {
            break;
        }
        asked += 1;
        assert!(begun.elapsed() < Duration::from_secs(60), "{asked} commands");
    }
    if let (Some(before), Some(after)) = (before, resident_bytes()) {
        let grown = after.saturating_sub(before);
        assert!(grown < 4 << 20, "{grown} bytes for {asked} commands");
    }
}

/// Resident memory of this process, where the system tells.
fn resident_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? << 10)
}
