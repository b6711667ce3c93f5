//! `onair serve` on free ports.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::onair;
use crate::process::Running;

/// A server that runs.
pub struct Serve {
    rtmp: String,
    http: String,
    /// The command itself.
    pub process: Running,
}

impl Serve {
    /// Starts it with more arguments.
    ///
    /// # Panics
    /// When it does not say where it listens.
    #[track_caller]
    pub fn start(arguments: &[&str]) -> Self {
        let anywhere = ["serve", "--json", "--rtmp", "127.0.0.1:0", "--http", "127.0.0.1:0"];
        let mut process = onair::start(&[&anywhere, arguments].concat());
        process.wait_for_output("\"listening\"", Duration::from_secs(10));
        let stdout = process.stdout();
        let line = stdout.lines().find(|line| line.contains("listening")).unwrap_or_default();
        let event: Value = serde_json::from_str(line).expect("JSON lines");
        let address = |name: &str| event[name].as_str().expect("an address").to_owned();
        Self { rtmp: address("rtmp"), http: address("http"), process }
    }

    /// Where to publish and to play.
    pub fn rtmp_url(&self, app: &str, key: &str) -> String {
        format!("rtmp://{}/{app}/{key}", self.rtmp)
    }

    /// The server's pages and media: "/live/key.flv".
    pub fn http_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    /// Where its pages and rooms are.
    ///
    /// # Panics
    /// Never: the command named an address.
    pub fn address(&self) -> SocketAddr {
        self.http.parse().expect("an address")
    }
}

/// Head and body of what is there.
pub fn get(address: SocketAddr, path: &str) -> (String, String) {
    request(address, &format!("GET {path} HTTP/1.1"), "", "")
}

/// The head of the answer to a request with more headers, which may name another host.
pub fn ask(address: SocketAddr, path: &str, headers: &str) -> String {
    request(address, &format!("GET {path} HTTP/1.1"), headers, "").0
}

/// Head and body of the answer to a body of text.
pub fn post(address: SocketAddr, path: &str, body: &str) -> (String, String) {
    let length = format!("Content-Length: {}\r\n", body.len());
    request(address, &format!("POST {path} HTTP/1.1"), &length, body)
}

fn request(address: SocketAddr, line: &str, headers: &str, body: &str) -> (String, String) {
    let mut socket = TcpStream::connect(address).expect("the server listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    let host =
        if headers.contains("Host:") { String::new() } else { format!("Host: {address}\r\n") };
    let request = format!("{line}\r\n{host}{headers}Connection: close\r\n\r\n{body}");
    // Who is refused half-way reads the answer all the same, or finds none.
    let _ = socket.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}
