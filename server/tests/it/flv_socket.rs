//! FLV by a WebSocket: the file as it comes by HTTP, a binary frame for each tag.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use onair_engine::flv::{self, TagType};

use crate::sample;
use crate::support::{PATIENCE, Rtmp, server, wait_until};

/// Asks for a WebSocket; the connection behind the answer's head, and the head.
fn ask(address: SocketAddr, path: &str, headers: &str) -> (TcpStream, String) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    (socket, String::from_utf8(head).unwrap())
}

/// The next frame of a server: its first byte and what it holds; nothing at the connection's end.
fn frame(socket: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    socket.read_exact(&mut head).ok()?;
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            socket.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        127 => {
            let mut length = [0; 8];
            socket.read_exact(&mut length).unwrap();
            usize::try_from(u64::from_be_bytes(length)).unwrap()
        }
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    socket.read_exact(&mut payload).unwrap();
    Some((head[0], payload))
}

#[test]
fn the_same_file_comes_by_a_websocket_until_the_publisher_goes() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.second(0);
    wait_until("media", || server.streams()[0].bytes > 20_000);
    let (mut socket, head) = ask(server.http_addr(), "/live/a.flv", "");
    assert!(
        head.starts_with("HTTP/1.1 101 ") && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "{head}"
    );
    let mut reader = flv::Reader::new();
    let mut tags = Vec::new();
    while tags.len() < 2 + 50 {
        let (kind, payload) = frame(&mut socket).expect("a frame");
        assert_eq!(kind, 0x82, "whole and binary");
        let mut piece = &payload[..];
        while let Some(tag) = reader.take_from(&mut piece).unwrap() {
            tags.push(tag);
        }
    }
    assert_eq!(*tags[0].body, sample::avc_header());
    assert_eq!(*tags[2].body, sample::key(5_000));
    assert_eq!(server.streams()[0].viewers, 1);
    // A ping among the pictures is answered; what else a player says is passed over.
    socket.write_all(&[0x89, 0x82, 0, 0, 0, 0, b'h', b'i', 0x81, 0x81, 0, 0, 0, 0, b'x']).unwrap();
    assert_eq!(frame(&mut socket), Some((0x8A, b"hi".to_vec())));
    drop(publisher);
    assert_eq!(frame(&mut socket), Some((0x88, Vec::new())), "a goodbye");
    assert_eq!(frame(&mut socket), None);
}

#[test]
fn a_player_that_says_goodbye_or_nonsense_is_let_go_and_one_that_does_not_read_delays_nobody() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.second(0);
    wait_until("media", || server.streams()[0].bytes > 20_000);
    for last in [&[0x88_u8, 0x80, 0, 0, 0, 0][..], &[0x81, 0x01, b'x'], &[0xFF; 20]] {
        let (mut socket, _) = ask(server.http_addr(), "/live/a.flv", "");
        assert!(frame(&mut socket).is_some());
        socket.write_all(last).unwrap();
        while frame(&mut socket).is_some() {}
        wait_until("the player to leave", || server.streams()[0].viewers == 0);
    }
    let (_slow, _) = ask(server.http_addr(), "/live/a.flv", "");
    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "a");
    for second in 1..200 {
        publisher.second(second * 1_000);
    }
    let newest = sample::key(5_000);
    while player.picture().expect("the other player goes on") != (199_000, newest.clone()) {}
    publisher.media(TagType::Audio, 200_000, sample::audio(1)).unwrap();
}

#[test]
fn who_says_goodbye_again_and_again_hears_it_once_and_last() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.second(0);
    wait_until("media", || server.streams()[0].bytes > 20_000);
    let (mut socket, _) = ask(server.http_addr(), "/live/a.flv", "");
    // Three goodbyes, and a ping behind them.
    let goodbyes = [0x88_u8, 0x80, 0, 0, 0, 0].repeat(3);
    let ping = [0x89, 0x80, 0, 0, 0, 0];
    socket.write_all(&[&goodbyes[..], &ping[..]].concat()).unwrap();
    let mut others = Vec::new();
    while let Some((kind, _)) = frame(&mut socket) {
        if kind != 0x82 {
            others.push(kind);
        }
    }
    assert_eq!(others, [0x88]);
}

#[test]
fn s11_pages_of_others_and_names_of_nobody_get_no_websocket() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.second(0);
    wait_until("media", || server.streams()[0].bytes > 20_000);
    let status = |path, headers: &str| {
        let (_, head) = ask(server.http_addr(), path, headers);
        head[9..12].parse::<u16>().unwrap()
    };
    assert_eq!(status("/live/a.flv", "Origin: http://evil.example\r\n"), 403);
    assert_eq!(status("/live/a.flv", "Origin: null\r\n"), 403);
    let own = format!("Origin: http://{}\r\n", server.http_addr());
    assert_eq!(status("/live/a.flv", &own), 101);
    assert_eq!(status("/live/nobody.flv", ""), 404);
}
