//! A member of a room, as bytes: Socket.IO over a WebSocket of its own making, so that it can do what no library does.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Stopwatch;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(20);
const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// A connection, in the room server's namespace or on its way there.
#[derive(Debug)]
pub struct Member {
    /// The connection itself.
    pub socket: TcpStream,
    read: Vec<u8>,
    heard: VecDeque<(String, Value)>,
    next_id: u64,
}

/// The kinds of WebSocket frames (RFC 6455 5.2).
pub const TEXT: u8 = 1;
/// Goes on with the message before.
pub const MORE: u8 = 0;
/// Not text.
pub const BINARY: u8 = 2;

/// The head of the answer to a request for a WebSocket with these further header lines, and the connection.
///
/// # Panics
/// When nobody listens.
pub fn ask_for_websocket(address: SocketAddr, path: &str, headers: &str) -> (String, TcpStream) {
    let mut socket = TcpStream::connect(address).expect("a server listens");
    socket.set_nodelay(true).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let host =
        if headers.contains("Host:") { String::new() } else { format!("Host: {address}\r\n") };
    let request = format!(
        "GET {path} HTTP/1.1\r\n{host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    // One that refuses may have closed already.
    let _ = socket.write_all(request.as_bytes());
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
    (String::from_utf8_lossy(&head).into_owned(), socket)
}

impl Member {
    /// Up to the server's greeting, without asking to be let in.
    ///
    /// # Panics
    /// When the server does not greet.
    #[track_caller]
    pub fn open(address: SocketAddr) -> Self {
        let (head, socket) = ask_for_websocket(address, PATH, "");
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let mut member = Self { socket, read: Vec::new(), heard: VecDeque::new(), next_id: 0 };
        let greeting = member.text().expect("a greeting");
        assert!(greeting.starts_with("0{"), "{greeting}");
        member
    }

    /// Connected, as far as events may be sent.
    ///
    /// # Panics
    /// When the server lets nobody in.
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Self {
        let mut member = Self::open(address);
        member.say("40").expect("it takes words");
        loop {
            let text = member.text().expect("it lets in");
            if text.starts_with("40") {
                return member;
            }
        }
    }

    /// The same, and in the room.
    ///
    /// # Panics
    /// When it does not get in.
    #[track_caller]
    pub fn join(address: SocketAddr, room: &str) -> Self {
        let mut member = Self::connect(address);
        let joined = member.ask("join_room", &[json!(room)]);
        assert_eq!(joined["ok"], true, "{joined}");
        member
    }

    /// Sends an Engine.IO packet.
    ///
    /// # Errors
    /// When the server closed the connection.
    pub fn say(&mut self, packet: &str) -> io::Result<()> {
        self.socket.write_all(&frame(TEXT, true, packet.as_bytes()))
    }

    /// Sends an event that wants no answer.
    ///
    /// # Errors
    /// When the server closed the connection.
    pub fn tell(&mut self, event: &str, arguments: &[Value]) -> io::Result<()> {
        self.say(&packet("", event, arguments))
    }

    /// Sends an event; what is answered.
    ///
    /// # Panics
    /// When nothing is.
    #[track_caller]
    pub fn ask(&mut self, event: &str, arguments: &[Value]) -> Value {
        self.try_ask(event, arguments).expect("an answer")
    }

    /// The same; nothing when the server closes the connection instead.
    pub fn try_ask(&mut self, event: &str, arguments: &[Value]) -> Option<Value> {
        let id = self.next_id;
        self.next_id += 1;
        self.say(&packet(&id.to_string(), event, arguments)).ok()?;
        let wanted = format!("43{id}[");
        loop {
            let text = self.text()?;
            if let Some(answer) = text.strip_prefix(&wanted) {
                return serde_json::from_str(&format!("[{answer}"))
                    .ok()
                    .map(|it: Value| it[0].clone());
            }
            self.keep(&text);
        }
    }

    /// The first argument of the next event of this name; what comes before is passed over.
    ///
    /// # Panics
    /// When the connection ends or nothing comes.
    #[track_caller]
    pub fn hear(&mut self, event: &str) -> Value {
        loop {
            while let Some((name, argument)) = self.heard.pop_front() {
                if name == event {
                    return argument;
                }
            }
            let text = self.text().unwrap_or_else(|| panic!("no {event}: the connection ended"));
            self.keep(&text);
        }
    }

    /// Every event that came so far, without waiting, oldest first; nothing more when the connection has ended.
    pub fn heard(&mut self) -> Vec<(String, Value)> {
        self.socket.set_nonblocking(true).expect("a socket");
        while let Some(text) = self.text() {
            self.keep(&text);
        }
        self.socket.set_nonblocking(false).expect("a socket");
        self.heard.drain(..).collect()
    }

    /// How long it takes until the server closes the connection.
    ///
    /// # Panics
    /// When it keeps it.
    #[track_caller]
    pub fn closed_after(&mut self) -> Duration {
        let since = Stopwatch::start();
        while let Some(text) = self.text() {
            self.keep(&text);
        }
        assert!(since.elapsed() < PATIENCE, "the connection was kept");
        since.elapsed()
    }

    fn keep(&mut self, text: &str) {
        let Some(event) = text.strip_prefix("42") else { return };
        if let Ok(Value::Array(words)) = serde_json::from_str(event) {
            let name = words.first().and_then(Value::as_str).unwrap_or_default().to_owned();
            self.heard.push_back((name, words.get(1).cloned().unwrap_or_default()));
        }
    }

    /// The next Engine.IO packet that is no ping, which is answered; nothing when there is none (or, when the socket does
    /// not wait, none yet).
    pub fn text(&mut self) -> Option<String> {
        loop {
            match take_frame(&mut self.read) {
                Some((TEXT, payload)) => {
                    let text = String::from_utf8(payload).expect("a text frame is UTF-8");
                    if text != "2" {
                        return Some(text);
                    }
                    // One that is on its way out takes no answer.
                    let _ = self.say("3");
                }
                Some((8, _)) => return None,
                Some(_) => {}
                None => {
                    let mut buffer = [0; 16_384];
                    match self.socket.read(&mut buffer) {
                        Ok(0) => return None,
                        Ok(count) => self.read.extend_from_slice(&buffer[..count]),
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(_) => return None,
                    }
                }
            }
        }
    }
}

/// An event as an Engine.IO packet.
pub fn packet(id: &str, event: &str, arguments: &[Value]) -> String {
    let mut text = format!("42{id}[{}", json!(event));
    for argument in arguments {
        write!(text, ",{argument}").expect("a string");
    }
    text.push(']');
    text
}

/// A frame as a client sends it: masked, with a mask of zeroes.
pub fn frame(opcode: u8, is_last: bool, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::from(is_last) << 7 | opcode];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        middle @ 126..=0xFFFF => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

/// Takes the first whole frame out of what a server sent.
fn take_frame(bytes: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (length, at) = match second & 0x7F {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        short => (usize::from(short), 2),
    };
    let payload = bytes.get(at..at + length)?.to_vec();
    bytes.drain(..at + length);
    Some((first & 0x0F, payload))
}
