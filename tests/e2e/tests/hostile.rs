//! P18: publishers that mean harm against the built server with little memory: it stays up, and the
//! stream of somebody else is untouched.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use onair_e2e::process::Running;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{clock, ffmpeg, free_port, is_listening, onair, pattern};

/// All the address space the server may have, KiB (P18).
const MEMORY_KIB: u32 = 512 << 10;

fn serve(port: u16, folder: &str) -> Running {
    let address = format!("127.0.0.1:{port}");
    let arguments = ["serve", "--rtmp", &address, "--http", "127.0.0.1:0", "--record", folder];
    let onair = onair::command(&arguments);
    let mut limited = Command::new("sh");
    let line = format!("ulimit -v {MEMORY_KIB} && exec \"$0\" \"$@\"");
    limited.args(["-c", &line]).arg(onair.get_program()).args(onair.get_args());
    Running::start(&mut limited)
}

/// A connection behind its handshake.
fn open(port: u16) -> TcpStream {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("the server accepts");
    let patience = Some(Duration::from_secs(10));
    socket.set_read_timeout(patience).expect("a socket takes a timeout");
    socket.set_write_timeout(patience).expect("a socket takes a timeout");
    let hello = [&[3][..], &[0; 2 * 1_536]].concat();
    socket.write_all(&hello).expect("the server reads");
    let mut answer = [0; 1 + 2 * 1_536];
    socket.read_exact(&mut answer).expect("the server answers");
    socket
}

/// A chunk with a full header; what it claims need not be true.
fn chunk(csid: u8, length: u32, type_id: u8, body: &[u8]) -> Vec<u8> {
    let [_, high, middle, low] = length.to_be_bytes();
    [&[csid, 0, 0, 0, high, middle, low, type_id, 1, 0, 0, 0][..], body].concat()
}

fn set_chunk_size(bytes: u32) -> Vec<u8> {
    chunk(2, 4, 1, &bytes.to_be_bytes())
}

/// What must cost the one who sends it, and nobody else.
fn attacks() -> Vec<Vec<u8>> {
    let nested = [0x0A, 0, 0, 0, 1].repeat(200_000);
    let many = [0x0A, 0xFF, 0xFF, 0xFF, 0xFF];
    let claims: Vec<u8> = (3..64).flat_map(|csid| chunk(csid, 4 << 20, 9, &[0; 128])).collect();
    vec![
        set_chunk_size(0),
        set_chunk_size(1),
        set_chunk_size(0x8000_0000),
        [set_chunk_size(0x7FFF_FFFF), chunk(4, 0xFF_FFFF, 9, &[0; 1 << 20])].concat(),
        // Up to all that one connection may leave unfinished, and on.
        [claims, set_chunk_size(0xFF_FFFF)].concat(),
        [set_chunk_size(4 << 20), chunk(4, 4 << 20, 9, &[0; (4 << 20) - 1])].concat(),
        [set_chunk_size(1 << 20), chunk(3, nested.len() as u32, 20, &nested)].concat(),
        chunk(3, many.len() as u32, 20, &many),
        [chunk(4, 300, 9, &[0; 128]), chunk(4, 200, 9, &[0; 128])].concat(),
        vec![0xC7; 4_000],
        [set_chunk_size(1 << 20), chunk(4, 1 << 20, 22, &[22; 1 << 20])].concat(),
        vec![0xFF; 1 << 20],
    ]
}

#[test]
fn p18_a_server_with_little_memory_outlives_hostile_publishers() {
    if are_missing(&[Tool::Ffmpeg]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let port = free_port();
    let mut server = serve(port, &folder.path().to_string_lossy());
    assert!(is_listening(port), "{}", server.stderr());
    let url = format!("rtmp://127.0.0.1:{port}/live/good");
    let push = onair::start(&["push", &url, "--quality", "low1", "--duration", "8s", "--json"]);
    clock::until(Duration::from_secs(15), || push.stdout().contains("\"live\"").then_some(()))
        .expect("the good one is live");

    let mut held = Vec::new();
    for _ in 0..4 {
        for attack in attacks() {
            let mut socket = open(port);
            // The server may close in the middle of it; what it keeps open stays open.
            let _ = socket.write_all(&attack);
            held.push(socket);
        }
    }
    assert!(server.is_alive(), "{}", server.stderr());
    let ended = push.wait(onair::PATIENCE);
    ended.expect_code(0);
    let summary = onair::summary(&ended);
    assert_eq!((&summary["frames_dropped"], &summary["reconnects"]), (&0.into(), &0.into()));
    drop(held);
    server.signal("INT");
    server.wait(Duration::from_secs(10)).expect_code(0);

    let file = std::fs::read_dir(&folder).expect("a folder").flatten().next();
    let file = file.expect("the good one's recording").path();
    ffmpeg::decode(&file.to_string_lossy());
    let numbers = pattern::frame_numbers(&file, 360, 640);
    assert_eq!(numbers, (0..120).map(Some).collect::<Vec<_>>());
}
