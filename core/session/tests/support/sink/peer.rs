//! The server's side of one connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use onair_engine::amf0::Value;
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::handshake;
use onair_engine::rtmp::message::Incoming;
use onair_engine::rtmp::{ChunkReader, Limits, Message};
use socket2::SockRef;

use super::{Behaviour, KEY, Media, PASSWORD, Shared, TOKEN, now};
use crate::support::pause;

pub(super) struct Peer {
    stream: TcpStream,
    behaviour: Behaviour,
    index: usize,
    shared: Arc<Shared>,
    reader: ChunkReader,
    writer: CommandWriter,
    media: usize,
    /// Cuts before this connection.
    cuts: usize,
}

/// Whether the peer goes on.
type GoesOn = bool;

impl Peer {
    pub(super) fn new(
        stream: TcpStream,
        behaviour: Behaviour,
        index: usize,
        shared: Arc<Shared>,
    ) -> Self {
        stream.set_read_timeout(Some(Duration::from_millis(10))).expect("a socket option");
        stream.set_nodelay(true).expect("a socket option");
        let (reader, writer) = (ChunkReader::new(Limits::SERVER), CommandWriter::new());
        let cuts = shared.cuts.load(Ordering::Acquire);
        Self { stream, behaviour, index, shared, reader, writer, media: 0, cuts }
    }

    pub(super) fn serve(mut self) {
        match self.behaviour {
            Behaviour::NeverAnswer => return self.wait(),
            Behaviour::Garbage => {
                let _ = self.stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
                return self.wait();
            }
            _ => {}
        }
        let mut handshake = Some(handshake::Server::new(7));
        let mut buffer = vec![0; 64 << 10];
        while let Some(bytes) = self.read(&mut buffer) {
            let mut used = 0;
            if let Some(server) = &mut handshake {
                let mut answer = Vec::new();
                let (taken, done) = match server.handle(&buffer[..bytes], &mut answer) {
                    Ok(progress) => progress,
                    Err(_) => break,
                };
                let _ = self.stream.write_all(&answer);
                used = taken;
                if done {
                    handshake = None;
                }
            }
            if handshake.is_none() && !self.take(&buffer[used..bytes]) {
                break;
            }
        }
        {
            let seen = &mut self.shared.lock()[self.index];
            (seen.is_closed, seen.ended_at) = (true, Some(now()));
        }
        if matches!(self.behaviour, Behaviour::ResetAfter(_)) {
            // A close that waits for nothing is a reset.
            SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("a socket option");
        } else {
            let _ = self.stream.shutdown(Shutdown::Both);
        }
    }

    /// Holds the connection without reading.
    fn wait(self) {
        while !self.shared.is_over() {
            pause(Duration::from_millis(5));
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let mut room = buffer.len();
        if let Behaviour::Slow(bytes_a_second) = self.behaviour {
            room = (bytes_a_second / 100).max(1);
            pause(Duration::from_millis(10));
        }
        loop {
            if self.shared.is_over() || self.is_cut() {
                return None;
            }
            match self.stream.read(&mut buffer[..room]) {
                Ok(0) => return None,
                Ok(bytes) => return Some(bytes),
                Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock) => {}
                Err(e) if matches!(e.kind(), std::io::ErrorKind::TimedOut) => {}
                Err(_) => return None,
            }
        }
    }

    fn is_cut(&self) -> bool {
        self.behaviour == Behaviour::UntilCut
            && self.shared.cuts.load(Ordering::Acquire) > self.cuts
    }

    fn take(&mut self, bytes: &[u8]) -> GoesOn {
        let mut messages = Vec::new();
        if self.reader.push(bytes, &mut |message| messages.push(message)).is_err() {
            return false;
        }
        messages.into_iter().all(|message| self.handle(message))
    }

    fn handle(&mut self, message: Message) -> GoesOn {
        match Incoming::parse(message).expect("the session speaks AMF0") {
            Incoming::Command { name, transaction, .. } => self.answer(&name, transaction),
            Incoming::Data { timestamp_ms, values } => match values[0].as_str() {
                Some("@setDataFrame") => self.keep(Media::Metadata),
                name => {
                    let name = name.unwrap_or_default().to_owned();
                    self.keep(Media::Cue { at_ms: timestamp_ms, name })
                }
            },
            Incoming::Media(message) => self.keep(Media::read(&message)),
            Incoming::UserControl { event_type: 7, .. } => {
                self.shared.acknowledged.fetch_add(1, Ordering::AcqRel);
                true
            }
            _ => true,
        }
    }

    /// Acknowledges, and pings: the answer says that the acknowledgement is known.
    fn acknowledge(&mut self) {
        let mut out = Outgoing::new();
        self.writer.acknowledgement(self.reader.received_bytes() as u32, &mut out);
        self.writer.user_control(6, &[0; 4], &mut out);
        self.write(&mut out);
    }

    fn keep(&mut self, media: Media) -> GoesOn {
        if self.media == 0 && self.behaviour == Behaviour::UntilCut {
            self.acknowledge();
        }
        let mut seen_by_all = self.shared.lock();
        let seen = &mut seen_by_all[self.index];
        if matches!(media, Media::Video { idr: true, .. }) {
            seen.first_idr_at.get_or_insert_with(now);
        }
        seen.media.push(media);
        seen.arrivals.push(now());
        self.media += 1;
        drop(seen_by_all);
        if self.behaviour == Behaviour::AskToMove(self.media) {
            let code = "NetConnection.Connect.ReconnectRequest";
            let mut out = Outgoing::new();
            let info = [Value::Null, status("status", code)];
            self.writer.command(0, "onStatus", 0.0, &info, &mut out);
            self.write(&mut out);
        }
        let (Behaviour::CloseAfter(most) | Behaviour::ResetAfter(most)) = self.behaviour else {
            return true;
        };
        self.media < most
    }

    fn answer(&mut self, name: &str, transaction: f64) -> GoesOn {
        self.shared.lock()[self.index].commands.push(name.to_owned());
        let mut out = Outgoing::new();
        match (name, self.behaviour) {
            ("connect", Behaviour::RejectConnect(code)) => {
                let info = status("error", code);
                self.writer.command(0, "_error", transaction, &[Value::Null, info], &mut out);
            }
            ("connect", _) => {
                let info = status("status", "NetConnection.Connect.Success");
                self.writer.command(0, "_result", transaction, &[Value::Null, info], &mut out);
            }
            ("createStream", _) => {
                let id = [Value::Null, Value::Number(1.0)];
                self.writer.command(0, "_result", transaction, &id, &mut out);
            }
            ("publish", Behaviour::CloseOnPublish) => return false,
            ("publish", Behaviour::RejectPublish(code)) => {
                let info = [Value::Null, status("error", code)];
                self.writer.command(1, "onStatus", 0.0, &info, &mut out);
            }
            ("publish", _) => {
                let info = [Value::Null, status("status", "NetStream.Publish.Start")];
                self.writer.command(1, "onStatus", 0.0, &info, &mut out);
            }
            _ => {}
        }
        self.write(&mut out);
        if name == "publish" {
            match self.behaviour {
                Behaviour::Flood(bytes) => return self.flood(bytes, false),
                Behaviour::FloodOfPings(count) => return self.flood(count * PING_BYTES, true),
                _ => {}
            }
        }
        if name == "publish" && self.behaviour == Behaviour::StopReading {
            while !self.shared.is_over() {
                pause(Duration::from_millis(5));
            }
            return false;
        }
        true
    }

    /// Sends `total` bytes, or as many as the peer takes before it closes.
    fn flood(&mut self, total: usize, is_pings: bool) -> GoesOn {
        let mut out = Outgoing::new();
        if is_pings {
            for _ in 0..1_000 {
                self.writer.user_control(6, &[0; 4], &mut out);
            }
        } else {
            self.writer.data(1, 0, &amf0_text(&"x".repeat(60_000)), &mut out);
        }
        let piece = wire(&mut out);
        while self.shared.cuts.load(Ordering::Acquire) == self.cuts && !self.shared.is_over() {
            pause(Duration::from_millis(1));
        }
        let mut sent = 0;
        while sent < total && self.stream.write_all(&piece).is_ok() {
            sent += piece.len();
            self.shared.flooded_bytes.fetch_add(piece.len(), Ordering::AcqRel);
        }
        sent >= total
    }

    fn write(&mut self, out: &mut Outgoing) {
        let _ = self.stream.write_all(&wire(out));
    }
}

/// A ping with its full header.
const PING_BYTES: usize = 18;

/// One AMF0 string.
fn amf0_text(text: &str) -> Vec<u8> {
    let mut body = Vec::new();
    onair_engine::amf0::write_str(&mut body, text);
    body
}

fn wire(out: &mut Outgoing) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !out.is_empty() {
        let mut slices = [std::io::IoSlice::new(&[]); 16];
        let filled = out.io_slices(&mut slices);
        let before = bytes.len();
        slices[..filled].iter().for_each(|slice| bytes.extend_from_slice(slice));
        out.advance(bytes.len() - before);
    }
    bytes
}

fn status(level: &str, code: &str) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    Value::Object(vec![
        ("level".to_owned(), text(level)),
        ("code".to_owned(), text(code)),
        ("description".to_owned(), text(&format!("{code} for {KEY}, {TOKEN}, {PASSWORD}"))),
    ])
}
