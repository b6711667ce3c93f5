//! Peers that mean harm: each costs the server its own connection and nothing else.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use onair_server::{Config, RoomsConfig, Server};

use crate::sample;
use crate::support::{PATIENCE, Rtmp, config, http_get, now, server, wait_for_close, wait_until};

/// Sends bytes to a fresh connection and waits until the server closes it.
fn send_and_be_closed(address: SocketAddr, bytes: &[u8]) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    // The server may close in the middle of it.
    let _ = socket.write_all(bytes);
    wait_for_close(&mut socket);
}

/// Chunk bytes that no peer may send, each behind a handshake.
fn hostile_chunks() -> Vec<(&'static str, Vec<u8>)> {
    let control = |type_id: u8, value: u32| {
        let mut chunk = vec![0x02, 0, 0, 0, 0, 0, 4, type_id, 0, 0, 0, 0];
        chunk.extend_from_slice(&value.to_be_bytes());
        chunk
    };
    let message = |type_id: u8, body: &[u8]| {
        let length = (body.len() as u32).to_be_bytes();
        let mut chunk = vec![0x03, 0, 0, 0, length[1], length[2], length[3], type_id, 0, 0, 0, 0];
        for (n, part) in body.chunks(128).enumerate() {
            if n > 0 {
                chunk.push(0xC3);
            }
            chunk.extend_from_slice(part);
        }
        chunk
    };
    let nested = [0x0A, 0, 0, 0, 1].repeat(10_000);
    let connect = [&[2, 0, 7][..], b"connect"].concat();
    let huge_array =
        [&connect[..], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0A, 0xFF, 0xFF, 0xFF, 0xFF]].concat();
    let mut endless = vec![0x03, 0, 0, 0, 0xFF, 0xFF, 0xFF, 9, 1, 0, 0, 0];
    endless.resize(6 << 20, 0);
    let mut streams = Vec::new();
    for csid in 64..164u8 {
        streams.extend_from_slice(&[0, csid - 64, 0, 0, 0, 0, 0, 200, 9, 1, 0, 0, 0, 1]);
    }
    vec![
        ("p01 chunk size 0", control(1, 0)),
        ("p01 chunk size 1", control(1, 1)),
        ("p01 chunk size 127", control(1, 127)),
        ("p01 chunk size with the high bit", control(1, 0x8000_0080)),
        ("p02 message of 16 MB", endless),
        ("p02 100 chunk streams", streams),
        (
            "p03 length changed in mid-message",
            [
                [0x03, 0, 0, 0, 0, 1, 0, 9, 1, 0, 0, 0].as_slice(),
                &[0; 128],
                &[0x03, 0, 0, 0, 0, 0, 9, 9, 1, 0, 0, 0],
                &[0; 9],
            ]
            .concat(),
        ),
        ("p04 AMF0 nested 10,000 deep", message(20, &nested)),
        ("p05 AMF0 array of 2^32 - 1", message(20, &huge_array)),
        ("p05 AMF0 without an end", message(20, &[0x03, 0, 1, b'a'])),
        ("p06 type 3 first", vec![0xC5, 0, 0, 0]),
        ("command before connect", message(20, &[&[2, 0, 4][..], b"play", &[0; 9], &[5]].concat())),
    ]
}

#[test]
fn p18_hostile_bytes_close_their_own_connection_only() {
    let server = server();
    let rtmp = server.rtmp_addr();
    let mut publisher = Rtmp::publish(rtmp, "good");
    let mut player = Rtmp::ask(rtmp, "play", "good");
    publisher.second(0);
    player.picture().unwrap();
    let mut ms = 1_000;
    for (what, chunks) in hostile_chunks() {
        let mut client = Rtmp::open(rtmp);
        let _ = client.socket.write_all(&chunks);
        let begun = now();
        wait_for_close(&mut client.socket);
        assert!(begun.elapsed() < Duration::from_secs(2), "{what}: closed by a timer only");
        publisher.second(ms);
        while player.picture().unwrap().0 < ms + 960 {}
        ms += 1_000;
    }
    for bytes in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), b"\x16\x03\x01\x02\x00\x01", &[0xFF; 4_096]]
    {
        send_and_be_closed(rtmp, bytes);
    }
    publisher.second(ms);
    assert_eq!(http_get(server.http_addr(), "/api/streams").status, 200);
}

#[test]
fn p18_broken_media_closes_its_own_connection_only() {
    use onair_engine::flv::TagType::{Audio, Video};
    let server = server();
    let mut good = Rtmp::publish(server.rtmp_addr(), "good");
    for (tag_type, body) in [
        (Video, vec![0x17]),
        (Video, vec![0x17, 0]),
        (Video, vec![0x17, 0, 0, 0, 0]),
        (Video, vec![0x17, 0, 0, 0, 0, 1, 0x42, 0, 0x1e, 0xFF, 0xE1, 0xFF, 0xFF]),
        (Audio, vec![0xAF]),
        (Audio, vec![0xAF, 0]),
        (Audio, vec![0xAF, 0, 0xFF]),
    ] {
        let mut bad = Rtmp::publish(server.rtmp_addr(), "bad");
        bad.media(tag_type, 0, body.clone()).unwrap();
        assert_eq!(bad.status().as_deref(), Some("NetStream.Publish.Failed"), "{body:x?}");
        assert!(bad.next().is_none());
    }
    // Pictures that are no pictures are the decoder's business, but nobody else's.
    let mut odd = Rtmp::publish(server.rtmp_addr(), "odd");
    for ms in (0..8_000).step_by(500) {
        odd.media(Video, ms, vec![0x17, 1, 0xFF, 0xFF, 0xFF]).unwrap();
        odd.media(Audio, ms, vec![0xAF, 1]).unwrap();
    }
    odd.media(Video, 3_000_000_000, sample::key(10)).unwrap();
    let playlist = http_get(server.http_addr(), "/live/odd/index.m3u8");
    assert_eq!(playlist.status, 200);
    for part in playlist.text().lines().filter(|line| line.ends_with(".m4s")) {
        assert_eq!(http_get(server.http_addr(), &format!("/live/odd/{part}")).status, 200);
    }
    good.second(0);
    wait_until("media of the other stream", || {
        server.streams().iter().any(|stream| stream.name == "good" && stream.bytes > 20_000)
    });
}

#[test]
fn connections_are_bounded() {
    let rooms = RoomsConfig { max_members: 2, ..RoomsConfig::default() };
    let server = Server::start(Config { max_connections: 3, rooms, ..config() }).unwrap();
    let rtmp = server.rtmp_addr();
    let kept: Vec<Rtmp> = (0..3).map(|_| Rtmp::open(rtmp)).collect();
    send_and_be_closed(rtmp, &[3]);
    drop(kept);
    wait_until("room for another one", || {
        let mut socket = TcpStream::connect(rtmp).unwrap();
        socket.write_all(&[&[3][..], &[0; 1_536]].concat()).is_ok()
            && matches!(socket.read(&mut [0; 16]), Ok(16))
    });

    let http = server.http_addr();
    // Those in rooms come on top.
    let idle: Vec<TcpStream> = (0..5).map(|_| TcpStream::connect(http).unwrap()).collect();
    send_and_be_closed(http, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    drop(idle);
}
