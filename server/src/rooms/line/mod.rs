//! A member's own WebSocket: what a room is told is framed once and written to each member's socket by
//! whoever tells it; only what a socket does not take at once waits, a bounded number of frames. docs/rooms.md
//!
//! ```text
//! carry_out ─▶ one frame ─▶ Line::send ─▶ the socket
//!                              └ full? ─▶ waiting ─▶ the member's task, once the socket takes more
//! ```

mod entrance;
pub(crate) mod frames;
mod task;

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes};
use tokio::net::TcpStream;
use tokio::sync::Notify;

pub(crate) use entrance::{Entrance, take};

/// Frames that wait for a member's socket. With one more the member is cut.
pub(super) const WAITING: usize = 128;

/// The way to one member.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    waiting: Mutex<Waiting>,
    /// Something waits now, or the line was cut.
    news: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    is_cut: bool,
}

impl Line {
    fn new(stream: TcpStream) -> Self {
        Self { stream, waiting: Mutex::default(), news: Notify::new() }
    }

    /// Writes the frame, or lets it wait until the socket takes more. A member for whom too much waits
    /// is cut.
    pub(super) fn send(&self, frame: &Bytes) {
        let mut waiting = self.waiting();
        if waiting.is_cut {
            return;
        }
        if waiting.frames.len() >= WAITING {
            log::debug!("a member of a room does not read: it is cut");
            return self.cut_with(&mut waiting);
        }
        let mut rest = frame.clone();
        if waiting.frames.is_empty() {
            match self.stream.try_write(&rest) {
                Ok(written) => rest.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return self.cut_with(&mut waiting),
            }
        }
        if !rest.is_empty() {
            waiting.frames.push_back(rest);
            self.news.notify_one();
        }
    }

    /// Ends the connection with what waits for it.
    fn cut_with(&self, waiting: &mut Waiting) {
        waiting.frames.clear();
        waiting.is_cut = true;
        self.news.notify_one();
    }

    /// Writes what waits as far as the socket takes it; whether something still waits, or nothing when
    /// the line was cut.
    fn flush(&self) -> Option<bool> {
        let mut waiting = self.waiting();
        if waiting.is_cut {
            return None;
        }
        while let Some(frame) = waiting.frames.front_mut() {
            match self.stream.try_write(frame) {
                Ok(written) => frame.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(true),
                Err(_) => return None,
            }
            if frame.is_empty() {
                waiting.frames.pop_front();
            }
        }
        Some(false)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
