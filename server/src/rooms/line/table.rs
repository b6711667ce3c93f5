//! The lines of all members, side by side in memory: of a member for whom nothing waits, telling a room touches
//! twelve bytes here and nothing else of ours.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use onair_types::Now;
use tokio::sync::Notify;

use super::beats::Beats;
use super::frames;

/// Frames that wait for a member's socket. With one more the member is cut.
pub(in crate::rooms) const WAITING: usize = 128;

/// Names a line while it is open, and afterwards nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rooms) struct LineId {
    pub(super) place: u32,
    pub(super) life: u32,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(in crate::rooms) struct Lines {
    lines: Vec<Line>,
    /// What only a line needs that is not free, at the same places.
    behind: Vec<Behind>,
    unused: Vec<u32>,
    beats: Beats,
}

#[derive(Debug)]
struct Line {
    /// None at an unused place.
    socket: Option<TcpStream>,
    /// How many were at this place before.
    life: u32,
    state: State,
    /// Since its last ping.
    was_heard: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing waits.
    Free,
    Waiting,
    /// Its task is about to end it.
    Cut,
}

#[derive(Debug, Default)]
struct Behind {
    waiting: VecDeque<Bytes>,
    /// Something waits now, or the line was cut.
    news: Arc<Notify>,
}

impl Lines {
    /// A new line, with the word that something waits for it, or that it was cut. The socket does not block.
    pub(super) fn open(&mut self, socket: TcpStream, now: Now) -> (LineId, Arc<Notify>) {
        let place = self.unused.pop().unwrap_or_else(|| {
            self.lines.push(Line { socket: None, life: 0, state: State::Free, was_heard: false });
            self.behind.push(Behind::default());
            // Each has a socket, and a process no more of them than this holds.
            (self.lines.len() - 1) as u32
        });
        let line = &mut self.lines[place as usize];
        line.socket = Some(socket);
        line.state = State::Free;
        line.was_heard = false;
        let id = LineId { place, life: line.life };
        let behind = &mut self.behind[place as usize];
        *behind = Behind::default();
        self.beats.add(id, now);
        (id, Arc::clone(&behind.news))
    }

    /// Closes its socket.
    pub(super) fn close(&mut self, id: LineId) {
        if let Some((line, behind)) = self.find(id) {
            line.socket = None;
            line.life = line.life.wrapping_add(1);
            *behind = Behind::default();
            self.unused.push(id.place);
        }
    }

    /// Writes the frame, or lets it wait until the socket takes more. A member for whom too much waits
    /// is cut.
    pub(in crate::rooms) fn send(&mut self, id: LineId, frame: &Bytes) {
        let Some(line) = self.lines.get(id.place as usize) else { return };
        let Some(socket) = line.socket.as_ref().filter(|_| line.life == id.life) else { return };
        let mut written = 0;
        if line.state == State::Free {
            match write(socket, frame) {
                Ok(count) if count == frame.len() => return,
                Ok(count) => written = count,
                Err(_) => return self.cut(id),
            }
        }
        self.hold(id, frame.slice(written..));
    }

    fn hold(&mut self, id: LineId, rest: Bytes) {
        let Some((line, behind)) = self.find(id) else { return };
        if line.state == State::Cut {
            return;
        }
        if behind.waiting.len() >= WAITING {
            log::debug!("a member of a room does not read: it is cut");
            return self.cut(id);
        }
        line.state = State::Waiting;
        behind.waiting.push_back(rest);
        behind.news.notify_one();
    }

    /// Ends the line with what waits for it.
    fn cut(&mut self, id: LineId) {
        if let Some((line, behind)) = self.find(id) {
            line.state = State::Cut;
            behind.waiting.clear();
            behind.news.notify_one();
        }
    }

    /// Writes what waits as far as the socket takes it; whether something still waits, or nothing when
    /// the line was cut.
    pub(super) fn flush(&mut self, id: LineId) -> Option<bool> {
        let (line, behind) = self.find(id)?;
        match line.state {
            State::Free => return Some(false),
            State::Waiting => {}
            State::Cut => return None,
        }
        let socket = line.socket.as_ref()?;
        while let Some(frame) = behind.waiting.front_mut() {
            frame.advance(write(socket, frame).ok()?);
            if !frame.is_empty() {
                return Some(true);
            }
            behind.waiting.pop_front();
        }
        line.state = State::Free;
        Some(false)
    }

    /// The member has said something, and may be silent until it has been pinged twice.
    pub(super) fn heard(&mut self, id: LineId) {
        if let Some((line, _)) = self.find(id) {
            line.was_heard = true;
        }
    }

    /// Pings those whose time it is. Who has not been heard since the last ping, or not at all, is cut.
    pub(in crate::rooms) fn beat(&mut self, now: Now) {
        let due = self.beats.take(now);
        if due.is_empty() {
            return;
        }
        let ping = frames::text("2");
        for id in due {
            let Some((line, _)) = self.find(id) else { continue };
            if !std::mem::take(&mut line.was_heard) {
                self.cut(id);
                continue;
            }
            self.send(id, &ping);
            self.beats.add(id, now);
        }
    }

    /// What the member says.
    pub(super) fn read(&self, id: LineId, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.lines.get(id.place as usize).filter(|line| line.life == id.life);
        let socket = line.and_then(|line| line.socket.as_ref());
        socket.map_or(Ok(0), |mut socket| socket.read(buffer))
    }

    fn find(&mut self, id: LineId) -> Option<(&mut Line, &mut Behind)> {
        let line = self.lines.get_mut(id.place as usize)?;
        let behind = self.behind.get_mut(id.place as usize)?;
        (line.socket.is_some() && line.life == id.life).then_some((line, behind))
    }
}

/// How much of it the socket took.
fn write(mut socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match socket.write(bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}

#[cfg(test)]
#[path = "table_test.rs"]
mod tests;
