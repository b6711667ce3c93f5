//! Pictures go to HTTP-FLV players' sockets past hyper: what that must not change of the answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use onair_engine::flv::TagType;
use onair_server::RunningServer;

use crate::sample;
use crate::support::{PATIENCE, Rtmp, server, wait_until};

/// Several go out in one write; all together are more than the sockets of a connection hold, and less than a stream
/// keeps.
const PICTURE_BYTES: usize = 30_000;
const PICTURES: u32 = 400;

/// Somebody who reads an answer of tags.
struct Player {
    socket: BufReader<TcpStream>,
    is_chunked: bool,
    /// What came of the body and was not looked at.
    body: Vec<u8>,
}

impl Player {
    fn connect(address: SocketAddr) -> BufReader<TcpStream> {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        BufReader::new(socket)
    }

    /// Has had the file's header, the headers and the first picture, and reads no more before the test says so.
    fn join(mut socket: BufReader<TcpStream>, version: &str) -> Self {
        let request = format!("GET /live/a.flv {version}\r\nHost: localhost\r\n\r\n");
        socket.get_mut().write_all(request.as_bytes()).unwrap();
        let head = head(&mut socket);
        assert!(head.starts_with(version) && head.contains(" 200 "), "{head}");
        let is_chunked = head.contains("transfer-encoding: chunked");
        assert_eq!(is_chunked, version == "HTTP/1.1", "{head}");
        let mut player = Self { socket, is_chunked, body: Vec::new() };
        assert_eq!(player.take(9 + 4).unwrap()[..3], *b"FLV");
        for body in [sample::avc_header(), sample::aac_header(), sample::key(1_000)] {
            assert_eq!(player.tag().unwrap().2, body);
        }
        player
    }

    /// The next tag's type, time and body; nothing at the end of the answer.
    fn tag(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let head = self.take(11)?;
        let size = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
        let at = u32::from_be_bytes([head[7], head[4], head[5], head[6]]);
        let body = self.take(size).expect("a whole tag");
        assert_eq!(self.take(4).expect("a whole tag"), (size as u32 + 11).to_be_bytes());
        Some((head[0], at, body))
    }

    /// These pictures and their sound, each once and in order.
    fn expect(&mut self, numbers: std::ops::RangeInclusive<u32>) {
        for number in numbers {
            let (at, picture) = (number * 20, sample::delta(0, PICTURE_BYTES + number as usize));
            assert!(self.tag() == Some((9, at, picture)), "picture {number}");
            assert!(self.tag() == Some((8, at, sample::audio(number as u8))), "sound {number}");
        }
    }

    fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.body.len() < count {
            let mut size = String::new();
            if self.is_chunked {
                self.socket.read_line(&mut size).unwrap();
            }
            let size = match self.is_chunked {
                true => usize::from_str_radix(size.trim(), 16).expect("a chunk's size"),
                false => count - self.body.len(),
            };
            let mut chunk = vec![0; size];
            if self.socket.read_exact(&mut chunk).is_err() {
                return None;
            }
            if self.is_chunked {
                let mut end = [0; 2];
                self.socket.read_exact(&mut end).unwrap();
                assert_eq!(end, *b"\r\n");
            }
            if size == 0 {
                assert!(self.body.is_empty(), "the answer ends behind a tag");
                return None;
            }
            self.body.extend(chunk);
        }
        Some(self.body.drain(..count).collect())
    }
}

/// An answer's head.
fn head(socket: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(socket.read_line(&mut head).unwrap() > 0, "{head}");
    }
    head
}

/// A stream whose first picture is there.
fn published(server: &RunningServer) -> Rtmp {
    let mut publisher = Rtmp::ask(server.rtmp_addr(), "publish", "a");
    publisher.media(TagType::Video, 0, sample::avc_header()).unwrap();
    publisher.media(TagType::Audio, 0, sample::aac_header()).unwrap();
    publisher.media(TagType::Video, 0, sample::key(1_000)).unwrap();
    wait_until("a picture", || server.streams().first().is_some_and(|it| it.bytes > 1_000));
    publisher
}

fn send(publisher: &mut Rtmp, number: u32) {
    let picture = sample::delta(0, PICTURE_BYTES + number as usize);
    publisher.media(TagType::Video, number * 20, picture).unwrap();
    publisher.media(TagType::Audio, number * 20, sample::audio(number as u8)).unwrap();
}

#[test]
fn full_sockets_are_left_to_their_tasks_and_nothing_is_lost_or_out_of_order() {
    let server = server();
    let mut publisher = published(&server);
    let mut players = ["HTTP/1.1", "HTTP/1.0", "HTTP/1.1"]
        .map(|version| Player::join(Player::connect(server.http_addr()), version));
    // While they keep up, and then while they do not read.
    for number in 1..=20 {
        send(&mut publisher, number);
        // Its sound comes with the picture after it.
        if number > 1 {
            players.iter_mut().for_each(|player| player.expect(number - 1..=number - 1));
        }
    }
    (21..=PICTURES).for_each(|number| send(&mut publisher, number));
    let sent = PICTURES as usize * PICTURE_BYTES;
    wait_until("everything", || server.streams()[0].bytes as usize > sent);
    let mut late = Player::join(Player::connect(server.http_addr()), "HTTP/1.1");
    players.iter_mut().for_each(|player| player.expect(20..=PICTURES));
    late.expect(1..=PICTURES);
    // And as before, now that they have caught up.
    for number in PICTURES + 1..=PICTURES + 5 {
        send(&mut publisher, number);
    }
    for player in players.iter_mut().chain([&mut late]) {
        player.expect(PICTURES + 1..=PICTURES + 4);
    }
}

#[test]
fn an_answer_ends_whole_and_the_connection_may_ask_again() {
    let server = server();
    let mut publisher = published(&server);
    let address = server.http_addr();
    let mut players = [(); 2].map(|()| Player::join(Player::connect(address), "HTTP/1.1"));
    for number in 1..=5 {
        send(&mut publisher, number);
    }
    players.iter_mut().for_each(|player| player.expect(1..=4));
    drop(publisher);
    for player in &mut players {
        player.expect(5..=5);
        assert_eq!(player.tag(), None);
    }
    let mut publisher = published(&server);
    let mut players = players.map(|mut player| {
        let request = "HEAD /live/a.flv HTTP/1.1\r\nHost: localhost\r\n\r\n";
        player.socket.get_mut().write_all(request.as_bytes()).unwrap();
        assert!(head(&mut player.socket).contains("video/x-flv"));
        Player::join(player.socket, "HTTP/1.1")
    });
    for number in 1..=5 {
        send(&mut publisher, number);
    }
    players.iter_mut().for_each(|player| player.expect(1..=4));
    assert_eq!(server.streams()[0].viewers, 2);
    drop(players);
    wait_until("the players to leave", || {
        // It is noticed with the next write.
        send(&mut publisher, 6);
        server.streams()[0].viewers == 0
    });
}
