//! A server without sockets for the fuzz targets: peers that say anything, and what players, HLS and
//! the list make of it. Behind the feature `fuzzed`, which nothing that ships has.

use std::io::IoSlice;
use std::sync::Arc;
use std::task::Waker;

use onair_types::Now;

use crate::config::SecondPublisher;
use crate::crowd::Waits;
use crate::hub::Hub;
use crate::name::StreamName;
use crate::record::Writers;
use crate::rooms::line::frames::{Incoming, Reader};
use crate::rtmp::{self, Flow};

/// The streams that peers publish and play.
#[derive(Debug)]
pub struct House(Arc<Hub>);

/// One connection.
pub struct Peer(rtmp::Peer);

/// Tells what came through a client's WebSocket in these pieces: `text`, `ping`, `pong` or `close` and its bytes, each.
/// Gives what was wrong, if something was.
pub fn websocket(pieces: &[&[u8]], mut hear: impl FnMut(&'static str, &[u8])) -> Option<String> {
    let mut reader = Reader::default();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(None) => break,
                Ok(Some(Incoming::Text(text))) => hear("text", text.as_bytes()),
                Ok(Some(Incoming::Ping(bytes))) => hear("ping", &bytes),
                Ok(Some(Incoming::Pong)) => hear("pong", &[]),
                Ok(Some(Incoming::Close)) => hear("close", &[]),
                Err(broken) => return Some(broken.to_string()),
            }
        }
    }
    None
}

impl House {
    /// Without streams and recordings.
    pub fn new(takes_over: bool) -> Self {
        let policy = if takes_over { SecondPublisher::TakeOver } else { SecondPublisher::Reject };
        let (writers, _) = Writers::new();
        Self(Arc::new(Hub::new(policy, None, writers)))
    }

    /// Somebody who just connected.
    pub fn open(&self, now: Now) -> Peer {
        Peer(rtmp::Peer::new(Arc::clone(&self.0), 7, now))
    }

    /// Asks for everything that HTTP gives of a stream: the list, the playlist and all its parts.
    pub fn look(&self, app: &str, key: &str, now: Now) {
        self.0.list(now);
        let Ok(name) = StreamName::parse(app, key) else { return };
        let Some(stream) = self.0.find(&name) else { return };
        let playlist = stream.lock().hls.playlist().unwrap_or_default();
        for part in playlist.split(['\n', '"']) {
            let Some((session, number)) =
                part.strip_prefix('s').and_then(|part| part.split_once('-'))
            else {
                continue;
            };
            let Ok(session) = session.parse() else { continue };
            let (number, _) = number.split_once('.').unwrap_or_default();
            let init = number.strip_prefix('i').and_then(|id| id.parse().ok());
            let init = init.and_then(|id| stream.lock().hls.init(session, id));
            let part = number.strip_prefix('p').and_then(|number| number.parse().ok());
            let part = part.and_then(|number| stream.lock().hls.part(session, number).ok());
            drop(part.and_then(|part| part.bytes()));
            let number = number.parse().ok();
            let segment = number.and_then(|number| stream.lock().hls.segment(session, number));
            drop(init.and_then(|init| init.bytes()));
            drop(segment.and_then(|segment| segment.bytes()));
        }
        self.0.sweep(now);
    }
}

impl Peer {
    /// Bytes from the peer; whether the connection goes on.
    ///
    /// # Errors
    /// What the server writes to its log as it closes the connection.
    pub fn receive(&mut self, bytes: &[u8], now: Now) -> Result<bool, String> {
        let result = self.0.handle_input(bytes, now).map_err(|error| error.to_string());
        if result != Ok(Flow::GoOn) {
            self.0.leave();
        }
        result.map(|flow| flow == Flow::GoOn)
    }

    /// What the peer is sent, up to `limit` bytes; a player gets what there is for it.
    pub fn take_output(&mut self, limit: usize) -> Vec<u8> {
        self.0.feed(Waits::Task(Waker::noop()));
        let out = self.0.output();
        let mut bytes = Vec::new();
        while !out.is_empty() && bytes.len() < limit {
            let mut slices = [IoSlice::new(&[]); 16];
            let before = bytes.len();
            let filled = out.io_slices_within(limit - before, &mut slices);
            slices[..filled].iter().for_each(|slice| bytes.extend_from_slice(slice));
            out.advance(bytes.len() - before);
        }
        bytes
    }

    /// How much waits for the peer.
    pub fn waiting_bytes(&mut self) -> usize {
        self.0.output().len()
    }
}
