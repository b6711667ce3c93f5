//! A stream as FLV by a WebSocket, in binary frames of whole tags: a browser opens six connections by HTTP to one host, but
//! any number of these. What came in since the last write goes out in one.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::flv::Tags;
use super::websocket::Upgraded;
use crate::crowd::Waits;
use crate::rooms::line::frames::{self, Incoming, Reader};

/// More than this is not taken from the ring ahead of a player's socket.
const AHEAD_BYTES: usize = 64 << 10;
/// A player that takes nothing of what waits for so long is given up.
const STALL: Duration = Duration::from_secs(20);
/// With so much that waits, pings go without an answer.
const MOST_WAITING: usize = 256;

/// Plays until the stream or the player ends.
pub(super) async fn play(upgraded: Upgraded, tags: Tags) {
    let Upgraded { stream, slot, early } = upgraded;
    let mut socket = Socket { stream, tags, waiting: VecDeque::new(), is_over: false };
    if let Err(error) = socket.run(&early).await {
        log::debug!("a player's WebSocket closed: {error}");
    }
    // One connection less.
    drop(slot);
}

struct Socket {
    stream: TcpStream,
    tags: Tags,
    waiting: VecDeque<Bytes>,
    /// The last frame waits, or is written.
    is_over: bool,
}

impl Socket {
    async fn run(&mut self, early: &[u8]) -> io::Result<()> {
        let mut reader = Reader::default();
        reader.push(early);
        let mut buffer = [0; 1_024];
        let mut stalled = pin!(sleep(STALL));
        loop {
            self.obey(&mut reader)?;
            if self.write()? {
                stalled.set(sleep(STALL));
            }
            if self.waiting.is_empty() && self.is_over {
                return Ok(());
            }
            let Self { stream, tags, waiting, is_over } = self;
            let is_blocked = !waiting.is_empty();
            tokio::select! {
                ready = stream.readable() => {
                    ready?;
                    match stream.try_read(&mut buffer) {
                        Ok(0) => return Ok(()),
                        Ok(count) => reader.push(&buffer[..count]),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        Err(error) => return Err(error),
                    }
                }
                has_more = poll_fn(|context| take(tags, waiting, context)), if !is_blocked => {
                    if !has_more {
                        waiting.push_back(frames::close());
                        *is_over = true;
                    }
                }
                ready = stream.writable(), if is_blocked => ready?,
                () = &mut stalled, if is_blocked => return Err(ErrorKind::TimedOut.into()),
            }
        }
    }

    /// What the player says: a player has nothing to say but that it is there, or goes.
    fn obey(&mut self, reader: &mut Reader) -> io::Result<()> {
        let broken = |broken| io::Error::new(ErrorKind::InvalidData, broken);
        while let Some(incoming) = reader.next().map_err(broken)? {
            match incoming {
                // The goodbye is the last frame of this side; what comes after it counts no more.
                _ if self.is_over => {}
                Incoming::Ping(bytes) if self.waiting.len() < MOST_WAITING => {
                    self.waiting.push_back(frames::pong(&bytes));
                }
                Incoming::Close => {
                    self.waiting.push_back(frames::close());
                    self.is_over = true;
                }
                // Not every ping needs an answer of its own (RFC 6455 5.5.3).
                Incoming::Ping(_) | Incoming::Text(_) | Incoming::Pong => {}
            }
        }
        Ok(())
    }

    /// Writes what waits as far as the socket takes it; whether it took something.
    fn write(&mut self) -> io::Result<bool> {
        let mut has_taken = false;
        while !self.waiting.is_empty() {
            let mut slices = [IoSlice::new(&[]); 64];
            let mut filled = 0;
            for (slice, bytes) in slices.iter_mut().zip(&self.waiting) {
                *slice = IoSlice::new(bytes);
                filled += 1;
            }
            match self.stream.try_write_vectored(&slices[..filled]) {
                Ok(count) => {
                    has_taken = true;
                    self.advance(count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(has_taken)
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(first) = self.waiting.front_mut() {
            let taken = first.len().min(count);
            first.advance(taken);
            count -= taken;
            if !first.is_empty() {
                return;
            }
            self.waiting.pop_front();
        }
    }
}

/// Takes what there is for the player, up to what the socket may soon take; false at the end.
fn take(tags: &mut Tags, waiting: &mut VecDeque<Bytes>, context: &mut Context<'_>) -> Poll<bool> {
    let mut bytes = 0;
    while bytes < AHEAD_BYTES {
        match tags.next(Waits::Task(context.waker())) {
            Some(Some(tag)) => {
                bytes += tag.len();
                waiting.push_back(frames::binary_head(tag.len()));
                waiting.push_back(tag);
            }
            Some(None) => return Poll::Ready(false),
            None if bytes == 0 => return Poll::Pending,
            None => break,
        }
    }
    Poll::Ready(true)
}
