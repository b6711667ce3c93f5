//! A relay in front of an RTMP server that notes when each message of a publisher was whole: what latency is measured
//! with, the same way for every broadcaster. It reads as fast as bytes come and hands them on unchanged.
//!
//! Writes a JSON line a message, and the media as FLV whose times are those of arrival.

use std::collections::HashMap;
use std::io::{self, BufWriter, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::json;

use crate::clock;

/// Where a meter writes.
pub struct Notes {
    lines: Box<dyn Write + Send>,
    flv: Option<BufWriter<Box<dyn Write + Send>>>,
    connections: u32,
    /// The first message's arrival, milliseconds since 1970.
    began_ms: Option<u64>,
    last_ms: u64,
}

impl Notes {
    /// JSON lines, and FLV if wanted.
    ///
    /// # Errors
    /// When the FLV's header cannot be written.
    pub fn new(
        lines: Box<dyn Write + Send>,
        flv: Option<Box<dyn Write + Send>>,
    ) -> io::Result<Self> {
        let mut flv = flv.map(BufWriter::new);
        if let Some(flv) = &mut flv {
            flv.write_all(b"FLV\x01\x05\0\0\0\x09\0\0\0\0")?;
        }
        Ok(Self { lines, flv, connections: 0, began_ms: None, last_ms: 0 })
    }

    fn take(&mut self, connection: u32, message: &Message) -> io::Result<()> {
        let at = clock::since_1970();
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        let line = json!({
            "at": at.as_secs_f64(),
            "connection": connection,
            "kind": message.kind(),
            "stamp_ms": message.stamp_ms,
            "bytes": message.body.len(),
            "is_key": message.is_key(),
            "is_header": message.is_header(),
        });
        writeln!(self.lines, "{line}")?;
        self.lines.flush()?;
        let began_ms = *self.began_ms.get_or_insert(at_ms);
        // Decoders want times that grow.
        self.last_ms = (at_ms - began_ms).max(self.last_ms + 1);
        match &mut self.flv {
            Some(flv) if matches!(message.type_id, AUDIO | VIDEO) => {
                flv.write_all(&tag(message, self.last_ms))?;
                flv.flush()
            }
            _ => Ok(()),
        }
    }
}

/// Relays every client of `listener` to the server at `to`, until the listener fails.
///
/// # Errors
/// When no more clients can be accepted.
pub fn relay(listener: &TcpListener, to: SocketAddr, notes: Notes) -> io::Result<()> {
    let notes = Arc::new(Mutex::new(notes));
    loop {
        let (client, _) = listener.accept()?;
        let notes = Arc::clone(&notes);
        thread::spawn(move || match carry(client, to, &notes) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                eprintln!("onair-link meter: {error}");
            }
            // A connection that ends in an error ends all the same.
            _ => {}
        });
    }
}

fn carry(mut client: TcpStream, to: SocketAddr, notes: &Mutex<Notes>) -> io::Result<()> {
    // Dropping the client tells it what a server that is gone would.
    let mut server = TcpStream::connect(to)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let connection = {
        let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.connections += 1;
        notes.connections
    };
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        // Either end may close at any time.
        let _ = io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut reader = Reader::default();
    let mut buffer = vec![0; 65_536];
    loop {
        let bytes = client.read(&mut buffer)?;
        if bytes == 0 {
            return server.shutdown(Shutdown::Both);
        }
        reader.take(&buffer[..bytes])?;
        while let Some(message) = reader.poll_message()? {
            notes.lock().unwrap_or_else(PoisonError::into_inner).take(connection, &message)?;
        }
        server.write_all(&buffer[..bytes])?;
    }
}

/// An RTMP message.
#[derive(Debug, PartialEq, Eq)]
struct Message {
    type_id: u8,
    stamp_ms: u32,
    body: Vec<u8>,
}

const SET_CHUNK_SIZE: u8 = 1;
const AUDIO: u8 = 8;
const VIDEO: u8 = 9;

impl Message {
    fn kind(&self) -> &'static str {
        match self.type_id {
            AUDIO => "audio",
            VIDEO => "video",
            18 => "data",
            20 => "command",
            _ => "control",
        }
    }

    /// FLV: frame type 1, packet type 1.
    fn is_key(&self) -> bool {
        self.type_id == VIDEO && self.body.first().is_some_and(|b| b >> 4 == 1) && !self.is_header()
    }

    fn is_header(&self) -> bool {
        matches!(self.type_id, AUDIO | VIDEO) && self.body.get(1) == Some(&0)
    }
}

/// An FLV tag and its length (Adobe FLV 10.1, E.4.1).
fn tag(message: &Message, at_ms: u64) -> Vec<u8> {
    let length = (message.body.len() as u32).to_be_bytes();
    let at = (at_ms as u32).to_be_bytes();
    let mut tag = vec![message.type_id, length[1], length[2], length[3]];
    tag.extend([at[1], at[2], at[3], at[0], 0, 0, 0]);
    tag.extend(&message.body);
    tag.extend((tag.len() as u32).to_be_bytes());
    tag
}

/// Takes a publisher's bytes apart: handshake, chunks, messages (RTMP 1.0, 5.2 and 5.3).
struct Reader {
    /// Bytes of the handshake that still come: C0, C1 and C2.
    handshake: usize,
    chunk_size: usize,
    bytes: Vec<u8>,
    streams: HashMap<u32, Chunks>,
}

#[derive(Default)]
struct Chunks {
    type_id: u8,
    length: usize,
    stamp_ms: u32,
    delta_ms: u32,
    is_extended: bool,
    body: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            handshake: 1 + 2 * 1_536,
            chunk_size: 128,
            bytes: Vec::new(),
            streams: HashMap::new(),
        }
    }
}

impl Reader {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let skipped = bytes.len().min(self.handshake);
        self.handshake -= skipped;
        self.bytes.extend_from_slice(&bytes[skipped..]);
        if self.bytes.len() > 64 << 20 || self.streams.len() > 64 {
            return Err(invalid("more than a publisher sends"));
        }
        Ok(())
    }

    fn poll_message(&mut self) -> io::Result<Option<Message>> {
        while let Some(used) = self.chunk()? {
            let Used { bytes, stream } = used;
            self.bytes.drain(..bytes);
            let Some(chunks) = self.streams.get_mut(&stream) else { continue };
            if chunks.body.len() < chunks.length {
                continue;
            }
            let body = std::mem::take(&mut chunks.body);
            let message = Message { type_id: chunks.type_id, stamp_ms: chunks.stamp_ms, body };
            if let (SET_CHUNK_SIZE, Some(size)) = (message.type_id, message.body.first_chunk()) {
                self.chunk_size = (u32::from_be_bytes(*size) as usize).clamp(1, 1 << 24);
            }
            return Ok(Some(message));
        }
        Ok(None)
    }

    /// Reads one chunk into its stream; none while it is not whole.
    fn chunk(&mut self) -> io::Result<Option<Used>> {
        let mut at = 0;
        let mut need = |count: usize| {
            at += count;
            self.bytes.get(at - count..at)
        };
        let Some(first) = need(1).map(|bytes| bytes[0]) else { return Ok(None) };
        let stream = match first & 63 {
            0 => need(1).map(|b| 64 + u32::from(b[0])),
            1 => need(2).map(|b| 64 + u32::from(u16::from_le_bytes([b[0], b[1]]))),
            id => Some(u32::from(id)),
        };
        let Some(stream) = stream else { return Ok(None) };
        let form = first >> 6;
        let Some(header) = need([11, 7, 3, 0][usize::from(form)]) else { return Ok(None) };
        let known = self.streams.get(&stream);
        if form > 0 && known.is_none() {
            return Err(invalid("a chunk stream that begins in its middle"));
        }
        let known_extended = known.is_some_and(|chunks| chunks.is_extended);
        let field =
            header.first_chunk().map(|b: &[u8; 3]| u32::from_be_bytes([0, b[0], b[1], b[2]]));
        let is_extended = field.map_or(known_extended, |field| field == 0xFF_FFFF);
        let extended = if is_extended {
            let Some(bytes) = need(4) else { return Ok(None) };
            Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        } else {
            None
        };
        let length = match header.get(3..6) {
            Some(b) => (u32::from_be_bytes([0, b[0], b[1], b[2]])) as usize,
            None => known.map_or(0, |chunks| chunks.length),
        };
        let have = known.map_or(0, |chunks| chunks.body.len());
        if have > length {
            return Err(invalid("a message that shrinks"));
        }
        let Some(data) = need((length - have).min(self.chunk_size)) else { return Ok(None) };
        let (data, type_id) = (data.to_vec(), header.get(6).copied());
        let chunks = self.streams.entry(stream).or_default();
        let is_first = chunks.body.is_empty();
        (chunks.is_extended, chunks.length) = (is_extended, length);
        chunks.type_id = type_id.unwrap_or(chunks.type_id);
        let time = extended.or(field);
        match (form, time) {
            (0, Some(time)) => (chunks.stamp_ms, chunks.delta_ms) = (time, 0),
            (1 | 2, Some(time)) => {
                chunks.delta_ms = time;
                chunks.stamp_ms = chunks.stamp_ms.wrapping_add(time);
            }
            // A new message without a header: once more the same delta.
            _ if is_first => chunks.stamp_ms = chunks.stamp_ms.wrapping_add(chunks.delta_ms),
            _ => {}
        }
        chunks.body.extend(data);
        Ok(Some(Used { bytes: at, stream }))
    }
}

struct Used {
    bytes: usize,
    stream: u32,
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
#[path = "meter_test.rs"]
mod tests;
