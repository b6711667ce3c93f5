//! A publisher that dies without a word: it publishes a little sound and then is silent, while its connection stands.
//! Phones that lose their network leave such a one behind.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const HANDSHAKE_BYTES: usize = 1_536;
const PATIENCE: Duration = Duration::from_secs(5);

/// The silent publisher; its connection closes when it is dropped.
pub struct Stale {
    _socket: TcpStream,
}

impl Stale {
    /// Publishes `app/key` on a port of 127.0.0.1 and says nothing more.
    ///
    /// # Panics
    /// When the server does not let it.
    pub fn publish(port: u16, app: &str, key: &str) -> Self {
        Self { _socket: publish(port, app, key).expect("the server lets it publish") }
    }
}

fn publish(port: u16, app: &str, key: &str) -> io::Result<TcpStream> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut hello = vec![0; 1 + HANDSHAKE_BYTES];
    hello[0] = 3;
    socket.write_all(&hello)?;
    let mut answer = vec![0; 1 + 2 * HANDSHAKE_BYTES];
    socket.read_exact(&mut answer)?;
    socket.write_all(&answer[1..=HANDSHAKE_BYTES])?;

    let address = format!("rtmp://127.0.0.1/{app}");
    let object = [&[3][..], &field("app", app), &field("tcUrl", &address), &[0, 0, 9]].concat();
    socket.write_all(&command("connect", 1.0, &object, 0))?;
    expect(&mut socket, "_result")?;
    socket.write_all(&command("createStream", 2.0, &[5], 0))?;
    expect(&mut socket, "_result")?;
    let arguments = [&[5][..], &string(key), &string("live")].concat();
    socket.write_all(&command("publish", 3.0, &arguments, 1))?;
    expect(&mut socket, "NetStream.Publish.Start")?;
    // An AAC configuration and a frame: servers begin to wait for media when some has come.
    socket.write_all(&message(8, 1, &[0xAF, 0, 0x12, 0x10]))?;
    socket.write_all(&message(8, 1, &[0xAF, 1, 0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C]))?;
    Ok(socket)
}

/// Reads until the answer holds `word`.
fn expect(socket: &mut TcpStream, word: &str) -> io::Result<()> {
    let mut heard = Vec::new();
    let mut buffer = [0; 4_096];
    while !heard.windows(word.len()).any(|bytes| bytes == word.as_bytes()) {
        match socket.read(&mut buffer)? {
            0 => return Err(io::Error::other(format!("closed instead of {word}"))),
            bytes => heard.extend_from_slice(&buffer[..bytes]),
        }
    }
    Ok(())
}

fn command(name: &str, transaction: f64, arguments: &[u8], stream: u8) -> Vec<u8> {
    let body = [&string(name)[..], &[0], &transaction.to_be_bytes(), arguments].concat();
    message(20, stream, &body)
}

/// One message in chunks of 128 bytes, the protocol's default.
fn message(type_id: u8, stream: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).expect("a short message");
    let mut bytes = vec![3, 0, 0, 0, 0, 0, length, type_id, stream, 0, 0, 0];
    for (index, chunk) in body.chunks(128).enumerate() {
        if index > 0 {
            bytes.push(0xC3);
        }
        bytes.extend_from_slice(chunk);
    }
    bytes
}

fn field(name: &str, value: &str) -> Vec<u8> {
    [&text(name)[..], &string(value)].concat()
}

fn string(value: &str) -> Vec<u8> {
    [&[2][..], &text(value)].concat()
}

fn text(value: &str) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("a short text");
    [&length.to_be_bytes()[..], value.as_bytes()].concat()
}
