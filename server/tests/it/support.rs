//! A server on free ports, an RTMP client that does as it is told, and an HTTP client that shows
//! everything.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use onair_engine::amf0::Value;
use onair_engine::flv::TagType;
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::handshake;
use onair_engine::rtmp::message::Incoming;
use onair_engine::rtmp::{ChunkReader, Limits};
use onair_server::{Config, RunningServer, Server};
use onair_types::Payload;

use crate::sample;

/// No test waits longer than this for one thing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn config() -> Config {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    Config { rtmp: free, http: free, ..Config::default() }
}

pub(crate) fn server() -> RunningServer {
    Server::start(config()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "tests measure real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "real sockets have their own pace")]
pub(crate) fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        pause(5);
    }
}

/// An RTMP client.
pub(crate) struct Rtmp {
    pub(crate) socket: TcpStream,
    writer: CommandWriter,
    out: Outgoing,
    reader: ChunkReader,
    inbox: std::collections::VecDeque<Incoming>,
}

impl Rtmp {
    /// Connects and shakes hands; nothing more.
    pub(crate) fn open(address: SocketAddr) -> Self {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut bytes = Vec::new();
        let mut handshake = handshake::Client::start(1, &mut bytes);
        socket.write_all(&bytes).unwrap();
        let mut answer = vec![0; 3_073];
        socket.read_exact(&mut answer).unwrap();
        bytes.clear();
        let (_, done) = handshake.handle(&answer, &mut bytes).unwrap();
        assert!(done);
        socket.write_all(&bytes).unwrap();
        Self {
            socket,
            writer: CommandWriter::new(),
            out: Outgoing::new(),
            reader: ChunkReader::new(Limits::PLAYER),
            inbox: std::collections::VecDeque::new(),
        }
    }

    /// Sends `connect`, `createStream` and `publish` or `play` in one flight.
    pub(crate) fn ask(address: SocketAddr, command: &str, name: &str) -> Self {
        let mut client = Self::open(address);
        client.writer.set_chunk_size(65_536, &mut client.out);
        let object = Value::Object(vec![("app".to_owned(), Value::String("live".to_owned()))]);
        client.command(0, "connect", 1.0, &[object]);
        client.command(0, "createStream", 2.0, &[Value::Null]);
        client.command(1, command, 3.0, &[Value::Null, Value::String(name.to_owned())]);
        client.send().unwrap();
        client
    }

    /// Publishes and sends both headers.
    pub(crate) fn publish(address: SocketAddr, name: &str) -> Self {
        let mut client = Self::ask(address, "publish", name);
        client.media(TagType::Video, 0, sample::avc_header()).unwrap();
        client.media(TagType::Audio, 0, sample::aac_header()).unwrap();
        assert_eq!(client.status().as_deref(), Some("NetStream.Publish.Start"));
        client
    }

    pub(crate) fn command(&mut self, stream: u32, name: &str, transaction: f64, args: &[Value]) {
        self.writer.command(stream, name, transaction, args, &mut self.out);
    }

    /// Sends a media message.
    pub(crate) fn media(
        &mut self,
        tag_type: TagType,
        ms: u32,
        body: Vec<u8>,
    ) -> std::io::Result<()> {
        self.out.push_media(tag_type, 1, ms, &[], &Payload::from_vec(body)).unwrap();
        self.send()
    }

    /// Sends a second of pictures at 25 fps from `ms` on, a key frame first, and sound.
    pub(crate) fn second(&mut self, ms: u32) {
        for at in (ms..ms + 1_000).step_by(40) {
            let picture = if at == ms { sample::key(5_000) } else { sample::delta(0, 800) };
            self.media(TagType::Video, at, picture).unwrap();
            self.media(TagType::Audio, at, sample::audio(1)).unwrap();
        }
    }

    pub(crate) fn send(&mut self) -> std::io::Result<()> {
        while !self.out.is_empty() {
            let mut slices = [IoSlice::new(&[]); 16];
            let filled = self.out.io_slices(&mut slices);
            let count = self.socket.write_vectored(&slices[..filled])?;
            self.out.advance(count);
        }
        Ok(())
    }

    /// The next message; `None` when the server closed the connection.
    pub(crate) fn next(&mut self) -> Option<Incoming> {
        loop {
            if let Some(message) = self.inbox.pop_front() {
                return Some(message);
            }
            let mut buffer = [0; 65_536];
            let count = match self.socket.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}"),
            };
            let inbox = &mut self.inbox;
            let keep = &mut |message| inbox.push_back(Incoming::parse(message).unwrap());
            self.reader.push(&buffer[..count], keep).unwrap();
        }
    }

    /// The code of the next `onStatus`; `None` when the server closes first.
    pub(crate) fn status(&mut self) -> Option<String> {
        loop {
            match self.next()? {
                Incoming::Command { name, arguments, .. } if name == "onStatus" => {
                    let code = arguments[1].get("code").unwrap();
                    return Some(code.as_str().unwrap().to_owned());
                }
                _ => {}
            }
        }
    }

    /// The time stamp and body of the next picture or AVC header.
    pub(crate) fn picture(&mut self) -> Option<(u32, Vec<u8>)> {
        loop {
            match self.next()? {
                Incoming::Media(message) if message.type_id == 9 => {
                    return Some((message.timestamp_ms, message.body));
                }
                _ => {}
            }
        }
    }
}

/// What an HTTP server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header, "" when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Sends `request` as it is and reads until the server closes.
pub(crate) fn http_raw(address: SocketAddr, request: &str) -> Answer {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("no end of headers");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head[9..12].parse().unwrap();
    let body = bytes[end + 4..].to_vec();
    let answer = Answer { status, head, body };
    assert_eq!(answer.header("transfer-encoding"), "", "only endless answers are chunked");
    answer
}

pub(crate) fn http_get(address: SocketAddr, path: &str) -> Answer {
    http_raw(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"),
    )
}

/// Opens an endless HTTP-FLV answer, by HTTP/1.0 so that it comes without chunks, and returns
/// the socket behind the answer's head.
pub(crate) fn open_flv(address: SocketAddr, path: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.contains(" 200 ") && head.contains("video/x-flv"), "{head}");
    socket
}

/// Reads until the server closes the connection.
pub(crate) fn wait_for_close(socket: &mut TcpStream) {
    let mut buffer = [0; 4_096];
    while let Ok(count) = socket.read(&mut buffer).inspect_err(|error| {
        let timeouts = [ErrorKind::WouldBlock, ErrorKind::TimedOut];
        assert!(!timeouts.contains(&error.kind()), "the connection was kept");
    }) {
        if count == 0 {
            return;
        }
    }
}
