//! What a destination's engine says: connections made and ended, bytes written.

use std::io::IoSlice;
use std::task::{Context, Poll};
use std::time::Duration;

use onair_engine::publish::{Closed, Output};
use onair_types::Now;

use super::{LONGEST_LINGER, Lane};
use crate::Target;
use crate::net::link::Heard;
use crate::net::show::Show;

/// Slices given to the socket at once.
const SLICES: usize = 160;
/// Enough for a picture and the sound that rides along.
const FEW_SLICES: usize = 16;
const FEW_MESSAGES: usize = FEW_SLICES / 4;

impl Lane {
    /// Does what the engine says until it waits.
    pub(in crate::net) fn settle(&mut self, cx: &mut Context<'_>, show: &mut Show, now: Now) {
        loop {
            match self.engine.poll_output(now) {
                Output::Connect { host, port, tls } => {
                    self.link.connect(target(show, host, port, tls));
                }
                Output::ConnectNext { host, port, tls } => {
                    self.link.connect_next(target(show, host, port, tls));
                }
                Output::CloseNext => self.link.drop_next(),
                Output::Switch { linger } => self.link.switch(now + linger),
                Output::Close { linger } => {
                    self.write_at_once(cx, now);
                    self.link.close(self.linger_until(linger, now));
                }
                Output::Encoder(command) => show.handle_command(&self.id, command, now),
                Output::Event(event) => self.tell(event, show, now),
                Output::Wait(at) => {
                    // A time that is over already must not keep the processor busy.
                    self.engine_at = at.map(|at| at.max(now + Duration::from_millis(1)));
                    return;
                }
                other => log::debug!("the engine wants {other:?}, which this session cannot"),
            }
        }
    }

    /// Writes, and ends what is to end; whether anything moved.
    pub(in crate::net) fn poll_out(
        &mut self,
        cx: &mut Context<'_>,
        show: &mut Show,
        now: Now,
    ) -> bool {
        let mut moved = self.poll_write(cx, show, now);
        moved |= self.poll_next(cx, show, now);
        self.link.poll_closing(cx, now);
        moved | self.poll_turn(cx, show, now)
    }

    /// The second connection, while there is one: what it says, and what it is told.
    fn poll_next(&mut self, cx: &mut Context<'_>, show: &mut Show, now: Now) -> bool {
        if !self.link.has_next() {
            return false;
        }
        let mut moved = false;
        if let Poll::Ready(heard) = self.link.poll_next_heard(cx) {
            match heard {
                Heard::Connected => self.engine.handle_next_connected(now),
                Heard::ConnectFailed(error) => self.engine.handle_next_connect_failed(error, now),
                Heard::Bytes(bytes) => self.engine.handle_next_received(bytes, now),
                Heard::Closed(closed) => self.engine.handle_next_closed(closed, now),
            }
            self.settle(cx, show, now);
            moved = true;
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = self.engine.next_outgoing(&mut slices);
        if filled > 0 {
            // A socket that fails here says so when it is read.
            if let Poll::Ready(Ok(bytes)) = self.link.poll_next_write(cx, &slices[..filled]) {
                self.engine.handle_next_written(bytes, now);
                self.settle(cx, show, now);
                moved = true;
            }
        }
        moved
    }

    /// How long the peer may take to close: at the end until the end, between attempts as the
    /// engine says, and no time when nothing was said that it should take.
    fn linger_until(&self, linger: Duration, now: Now) -> Now {
        let engine = now + linger.min(LONGEST_LINGER);
        self.linger_by.filter(|_| !linger.is_zero()).unwrap_or(engine)
    }

    /// Writes until nothing waits or the socket takes no more; whether anything moved.
    pub(in crate::net) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        show: &mut Show,
        now: Now,
    ) -> bool {
        let mut moved = false;
        while let Some(written) = self.offer(cx) {
            match written {
                Poll::Ready(Ok(bytes)) => {
                    self.engine.handle_written(bytes, now);
                    self.settle(cx, show, now);
                    moved = true;
                }
                Poll::Ready(Err(closed)) => {
                    self.hear_last_words(cx, closed, show, now);
                    return true;
                }
                Poll::Pending => break,
            }
        }
        moved
    }

    /// Writes what the socket takes now, and no more.
    fn write_at_once(&mut self, cx: &mut Context<'_>, now: Now) {
        while let Some(Poll::Ready(Ok(bytes))) = self.offer(cx) {
            self.engine.handle_written(bytes, now);
        }
    }

    /// Offers the socket what waits for it; `None` when nothing does.
    fn offer(&mut self, cx: &mut Context<'_>) -> Option<Poll<Result<usize, Closed>>> {
        if !self.link.is_open() || self.engine.outgoing_messages() == 0 {
            return None;
        }
        // Slices that are not used cost as much as those that are.
        if self.engine.outgoing_messages() <= FEW_MESSAGES {
            let mut slices = [IoSlice::new(&[]); FEW_SLICES];
            let filled = self.engine.outgoing(&mut slices);
            if filled < FEW_SLICES {
                return (filled > 0).then(|| self.link.poll_write(cx, &slices[..filled]));
            }
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = self.engine.outgoing(&mut slices);
        (filled > 0).then(|| self.link.poll_write(cx, &slices[..filled]))
    }

    /// The peer takes no more; why, it may have said before.
    fn hear_last_words(&mut self, cx: &mut Context<'_>, closed: Closed, show: &mut Show, now: Now) {
        while self.link.is_open() && self.poll_heard(cx, show, now) {}
        if self.link.is_open() {
            self.link.drop_open();
            self.engine.handle_closed(closed, now);
            self.settle(cx, show, now);
        }
    }
}

fn target(show: &Show, host: String, port: u16, tls: bool) -> Target {
    Target { host, port, tls, low_latency: !show.run.plan.blocks() }
}
