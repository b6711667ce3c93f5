//! A scripted RTMP server in this process: one behaviour for each connection, everything received
//! kept. Built on the engine's reader and writer, so it proves the session, not the protocol.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use onair_engine::amf0::Value;
use onair_engine::flv::{Body, TagType};
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::handshake;
use onair_engine::rtmp::message::{Incoming, type_id};
use onair_engine::rtmp::{ChunkReader, Limits, Message};
use socket2::SockRef;

use super::wait_until;

/// The key in every test's address; must show up nowhere.
pub(crate) const KEY: &str = "canary-5f1d7c";
/// What [`Sink::secret_url`] has besides.
pub(crate) const TOKEN: &str = "t0ken-canary";
pub(crate) const PASSWORD: &str = "pa55word-canary";

/// What a connection meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// A good server.
    Accept,
    /// Accepts the publish and closes after so many media messages.
    CloseAfter(usize),
    /// Accepts the publish and resets the connection after so many media messages.
    ResetAfter(usize),
    /// A good server that asks for another connection after so many media messages.
    AskToMove(usize),
    /// Accepts the publish and never reads again.
    StopReading,
    /// Takes the connection and says nothing.
    NeverAnswer,
    /// Answers the handshake with something else.
    Garbage,
    /// Answers `connect` with this error code.
    RejectConnect(&'static str),
    /// Answers `publish` with this error code.
    RejectPublish(&'static str),
    /// Closes when `publish` comes.
    CloseOnPublish,
    /// A good server that acknowledges the first media, until [`Sink::cut_all`].
    UntilCut,
    /// A good server that reads no faster than so many bytes a second.
    Slow(usize),
    /// Accepts the publish and, from [`Sink::cut_all`] on, says so many bytes in good RTMP.
    Flood(usize),
    /// The same with so many pings.
    FloodOfPings(usize),
}

/// A media message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Metadata,
    /// Any other data message, by its name.
    Cue {
        at_ms: u32,
        name: String,
    },
    AvcHeader,
    AacHeader,
    Video {
        idr: bool,
        at_ms: u32,
        composition_ms: i32,
        data: Vec<u8>,
    },
    Audio {
        at_ms: u32,
        data: Vec<u8>,
    },
    /// The first bytes of an extended tag.
    Extended(Vec<u8>),
}

impl Media {
    pub(crate) fn at_ms(&self) -> Option<u32> {
        match self {
            Self::Video { at_ms, .. } | Self::Audio { at_ms, .. } => Some(*at_ms),
            _ => None,
        }
    }

    pub(crate) fn is_video(&self) -> bool {
        matches!(self, Self::Video { .. })
    }

    pub(crate) fn is_audio(&self) -> bool {
        matches!(self, Self::Audio { .. })
    }
}

/// What one connection saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) commands: Vec<String>,
    pub(crate) media: Vec<Media>,
    /// When each of them was here.
    pub(crate) arrivals: Vec<Instant>,
    /// When the connection began.
    pub(crate) began_at: Option<Instant>,
    /// The peer closed its side.
    pub(crate) is_closed: bool,
    /// When the first IDR was here, and when the connection ended.
    pub(crate) first_idr_at: Option<Instant>,
    pub(crate) ended_at: Option<Instant>,
}

pub(crate) struct Sink {
    port: u16,
    shared: Arc<Shared>,
    acceptors: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    connections: Mutex<Vec<Seen>>,
    is_over: AtomicBool,
    cuts: AtomicUsize,
    acknowledged: AtomicUsize,
    flooded_bytes: AtomicUsize,
}

impl Sink {
    /// One behaviour for each connection in order; the last one repeats.
    pub(crate) fn start(script: &[Behaviour]) -> Self {
        Self::start_with(script, || {})
    }

    /// Each thread of the sink begins with `on_thread`.
    pub(crate) fn start_with(script: &[Behaviour], on_thread: fn()) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let (script, inside) = (script.to_vec(), Arc::clone(&shared));
        let acceptor = std::thread::spawn(move || {
            on_thread();
            accept(&listener, &script, &inside, on_thread);
        });
        Self { port, shared, acceptors: vec![acceptor] }
    }

    /// As many threads as ever serve, each one connection after the other; all begin with
    /// `on_thread`.
    pub(crate) fn with_workers(behaviour: Behaviour, workers: usize, on_thread: fn()) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let worker = |_| {
            let listener = listener.try_clone().expect("a socket");
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                on_thread();
                while let Some((stream, index)) = next_connection(&listener, &shared) {
                    Peer::new(stream, behaviour, index, Arc::clone(&shared)).serve();
                }
            })
        };
        let acceptors = (0..workers).map(worker).collect();
        Self { port, shared, acceptors }
    }

    pub(crate) fn good() -> Self {
        Self::start(&[Behaviour::Accept])
    }

    pub(crate) fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live/{KEY}", self.port)
    }

    /// With a password and a query.
    pub(crate) fn secret_url(&self) -> String {
        format!("rtmp://user:{PASSWORD}@127.0.0.1:{}/live/{KEY}?token={TOKEN}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Closes every connection that is [`Behaviour::UntilCut`]; floods begin.
    pub(crate) fn cut_all(&self) {
        self.shared.cuts.fetch_add(1, Ordering::AcqRel);
    }

    /// Connections of [`Behaviour::UntilCut`] so far whose peers know that media arrived.
    pub(crate) fn acknowledged(&self) -> usize {
        self.shared.acknowledged.load(Ordering::Acquire)
    }

    /// What [`Behaviour::Flood`] and its like could send.
    pub(crate) fn flooded_bytes(&self) -> usize {
        self.shared.flooded_bytes.load(Ordering::Acquire)
    }

    pub(crate) fn connections(&self) -> Vec<Seen> {
        self.shared.lock().clone()
    }

    /// The connection `index`, once `is_met` holds for it.
    pub(crate) fn wait_for(
        &self,
        what: &str,
        index: usize,
        is_met: impl Fn(&Seen) -> bool,
    ) -> Seen {
        let met = || self.shared.lock().get(index).is_some_and(&is_met);
        wait_until(what, met);
        self.shared.lock()[index].clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        // Each waits for one more connection.
        for _ in &self.acceptors {
            drop(TcpStream::connect(("127.0.0.1", self.port)));
        }
        for acceptor in self.acceptors.drain(..) {
            acceptor.join().expect("the sink ends well");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

fn accept(listener: &TcpListener, script: &[Behaviour], shared: &Arc<Shared>, on_thread: fn()) {
    let mut peers = Vec::new();
    while let Some((stream, index)) = next_connection(listener, shared) {
        let behaviour = script[index.min(script.len() - 1)];
        let shared = Arc::clone(shared);
        peers.push(std::thread::spawn(move || {
            on_thread();
            Peer::new(stream, behaviour, index, shared).serve();
        }));
    }
    for peer in peers {
        peer.join().expect("a peer ends well");
    }
}

/// The next connection and its number; `None` when the sink is over.
fn next_connection(listener: &TcpListener, shared: &Shared) -> Option<(TcpStream, usize)> {
    let (stream, _) = listener.accept().expect("a connection");
    let mut connections = shared.lock();
    connections.push(Seen { began_at: Some(now()), ..Seen::default() });
    (!shared.is_over()).then_some((stream, connections.len() - 1))
}

struct Peer {
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
    fn new(stream: TcpStream, behaviour: Behaviour, index: usize, shared: Arc<Shared>) -> Self {
        stream.set_read_timeout(Some(Duration::from_millis(10))).expect("a socket option");
        stream.set_nodelay(true).expect("a socket option");
        let (reader, writer) = (ChunkReader::new(Limits::SERVER), CommandWriter::new());
        let cuts = shared.cuts.load(Ordering::Acquire);
        Self { stream, behaviour, index, shared, reader, writer, media: 0, cuts }
    }

    fn serve(mut self) {
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
            super::pause(Duration::from_millis(5));
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let mut room = buffer.len();
        if let Behaviour::Slow(bytes_a_second) = self.behaviour {
            room = (bytes_a_second / 100).max(1);
            super::pause(Duration::from_millis(10));
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
            Incoming::Media(message) => self.keep(media(&message)),
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
                super::pause(Duration::from_millis(5));
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
            super::pause(Duration::from_millis(1));
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

#[expect(clippy::disallowed_methods, reason = "tests measure real time")]
fn now() -> Instant {
    Instant::now()
}

fn status(level: &str, code: &str) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    Value::Object(vec![
        ("level".to_owned(), text(level)),
        ("code".to_owned(), text(code)),
        ("description".to_owned(), text(&format!("{code} for {KEY}, {TOKEN}, {PASSWORD}"))),
    ])
}

fn media(message: &Message) -> Media {
    let at_ms = message.timestamp_ms;
    let tag_type = match message.type_id {
        type_id::AUDIO => TagType::Audio,
        _ => TagType::Video,
    };
    match Body::parse(tag_type, &message.body).expect("a whole body") {
        Body::AvcHeader(_) => Media::AvcHeader,
        Body::AacHeader(_) => Media::AacHeader,
        Body::AvcUnit { keyframe, composition_ms, data } => {
            Media::Video { idr: keyframe, at_ms, composition_ms, data: data.to_vec() }
        }
        Body::AacFrame(data) => Media::Audio { at_ms, data: data.to_vec() },
        Body::Other(_) | Body::Empty | Body::Script(_) => panic!("the session sent an odd tag"),
        _ => Media::Extended(message.body[..message.body.len().min(6)].to_vec()),
    }
}
