//! Feeds the engine and does what it says: one task, one `poll`, no hidden state between the two.
//!
//! A wake-up goes round until nothing moves any more: timers, network in, units in, network out.
//! Everything the engine has to send then leaves in one vectored write.

use std::future::poll_fn;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use onair_engine::publish::{self, Closed, Output, Publish};
use onair_types::Now;
use tokio::sync::futures::OwnedNotified;

use super::STOP_WITHIN;
use super::link::{Heard, Link};
use super::timer::Timer;
use crate::edge::units::Merge;
use crate::run::{NAP, Run};
use crate::statistics::Measured;
use crate::{Error, Event, State, Target};

pub(super) struct Driver {
    engine: Publish,
    run: Arc<Run>,
    link: Link,
    units: Merge,
    woken: Pin<Box<OwnedNotified>>,
    timer: Timer,
    /// The engine wants to be woken then.
    engine_at: Option<Now>,
    next_report: Now,
    /// What the last report was made from.
    reported: Measured,
    measured: Measured,
    /// The end was asked for; over by then at the latest.
    stop_by: Option<Now>,
    was_live: bool,
    /// The system does not tell what the peer of this connection has.
    is_blind: bool,
    /// The app knows that it does not.
    told_blind: bool,
    /// How long the device had slept at the last look.
    slept: Duration,
}

/// How long what waits may still be written when the app stops.
const DRAIN: Duration = Duration::from_millis(100);
/// How long the peer of a finished broadcast may take to close.
const LONGEST_LINGER: Duration = Duration::from_secs(5);
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// Slices given to the socket at once.
const SLICES: usize = 64;

impl Driver {
    /// Must be made inside the runtime.
    pub(super) fn new(engine: Publish, run: Arc<Run>) -> Self {
        Self {
            engine,
            link: Link::new(Arc::clone(&run.plan.connector)),
            units: run.units.merge(),
            woken: Box::pin(Arc::clone(&run.wake.0).notified_owned()),
            timer: Timer::new(),
            engine_at: None,
            next_report: run.started + REPORT_EVERY,
            reported: Measured::default(),
            measured: Measured::default(),
            stop_by: None,
            was_live: false,
            is_blind: false,
            told_blind: false,
            slept: run.plan.clock.slept(),
            run,
        }
    }

    /// Runs to the end, which is [`State::Stopped`] or [`State::Failed`].
    pub(super) async fn run(mut self) -> State {
        let now = self.now();
        self.engine.start(now);
        poll_fn(|cx| self.poll(cx)).await;
        self.measure(self.now(), true);
        if self.run.status.error().is_some() { State::Failed } else { State::Stopped }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.woken.as_mut().poll(cx).is_ready() {
            self.woken.set(Arc::clone(&self.run.wake.0).notified_owned());
        }
        self.notice_sleep();
        if !self.run.plan.blocks() {
            self.look(self.now());
        }
        if let Some(range) = self.run.take_range() {
            self.engine.set_video_bitrate(range, self.now());
        }
        if let Some(path) = self.run.take_path() {
            self.engine.handle_path(path, self.now());
        }
        loop {
            let now = self.now();
            self.settle(cx, now);
            self.handle_end(cx, now);
            let mut moved = self.poll_timers(cx, now);
            moved |= self.poll_heard(cx, now);
            moved |= self.take_units(cx, now);
            moved |= self.poll_write(cx, now);
            moved |= self.poll_next(cx, now);
            self.link.poll_closing(cx, now);
            if self.is_over(now) {
                return Poll::Ready(());
            }
            if !moved {
                self.measure(now, false);
                // Armed last, with what the engine now wants; due at once only if it just came.
                if !self.timer.is_due(cx, self.next_due(), now) {
                    return Poll::Pending;
                }
            }
        }
    }

    fn now(&self) -> Now {
        self.run.plan.clock.now()
    }

    // --- in ---

    /// The clock of timers stands still while the device sleeps; before anything else the engine
    /// must know.
    fn notice_sleep(&mut self) {
        let slept = self.run.plan.clock.slept();
        let gap = slept.saturating_sub(std::mem::replace(&mut self.slept, slept));
        if gap > NAP {
            log::info!("the device slept for {gap:?}");
            self.engine.handle_sleep(gap, self.now());
        }
    }

    /// Asks the system what the peer has. First at each wake-up of a live stream: the engine judges
    /// what follows by it.
    fn look(&mut self, now: Now) {
        if !self.link.is_open() {
            return;
        }
        if let Some(transport) = self.link.transport() {
            self.is_blind = false;
            self.engine.handle_transport(transport, now);
        } else if !std::mem::replace(&mut self.is_blind, true) {
            self.engine.handle_transport_lost(now);
            if !std::mem::replace(&mut self.told_blind, true) {
                self.run.status.report(Event::AcknowledgementsOnly);
            }
        }
    }

    fn poll_timers(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        if self.next_report <= now {
            self.report(now);
        }
        let due = self.engine_at.is_some_and(|at| at <= now);
        if due {
            self.engine.handle_timeout(now);
            self.settle(cx, now);
        }
        due
    }

    fn poll_heard(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        let Poll::Ready(heard) = self.link.poll_heard(cx) else { return false };
        match heard {
            Heard::Connected => self.engine.handle_connected(now),
            Heard::ConnectFailed(error) => self.engine.handle_connect_failed(error, now),
            Heard::Bytes(bytes) => self.engine.handle_received(bytes, now),
            Heard::Closed(closed) => self.engine.handle_closed(closed, now),
        }
        self.settle(cx, now);
        true
    }

    fn take_units(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        let mut moved = false;
        while self.engine.wants_units()
            && let Some(unit) = self.units.next()
        {
            self.run.status.recorder.push(&unit);
            self.engine.handle_unit(unit, now);
            self.settle(cx, now);
            moved = true;
        }
        moved
    }

    /// The app, or an encoder beyond help, wants the end.
    fn handle_end(&mut self, cx: &mut Context<'_>, now: Now) {
        let at_once = now + STOP_WITHIN;
        if let Some(by) = self.stop_by {
            // Stopped while it finishes, or while its last bytes are under way.
            self.stop_by = Some(if self.run.is_stopping() { by.min(at_once) } else { by });
        } else if let Some(error) = self.run.failure() {
            self.run.status.set_error(Some(error));
            self.stop(cx, at_once, now);
        } else if self.run.is_stopping() {
            self.take_units(cx, now);
            self.stop(cx, at_once, now);
        } else if let Some(by) = self.run.finish_by() {
            if self.is_all_sent(now) {
                self.run.mark_all_sent();
                // The peer may need a while to take what the system still holds.
                self.stop(cx, by.min(now + LONGEST_LINGER).max(at_once), now);
            } else if by <= now {
                self.stop(cx, at_once, now);
            }
        }
    }

    fn is_all_sent(&self, now: Now) -> bool {
        self.run.is_encoded()
            && self.units.is_empty()
            && self.engine.state() == publish::State::Live
            && self.engine.snapshot(now).queue_units == 0
            && self.engine.outgoing(&mut [IoSlice::new(&[])]) == 0
    }

    fn stop(&mut self, cx: &mut Context<'_>, by: Now, now: Now) {
        self.stop_by = Some(by);
        self.engine.stop(DRAIN, now);
        self.settle(cx, now);
    }

    fn is_over(&self, now: Now) -> bool {
        let ended = matches!(self.engine.state(), publish::State::Stopped | publish::State::Failed);
        (ended && self.link.is_gone()) || self.stop_by.is_some_and(|by| by <= now)
    }

    // --- out ---

    /// Does what the engine says until it waits.
    fn settle(&mut self, cx: &mut Context<'_>, now: Now) {
        loop {
            match self.engine.poll_output(now) {
                Output::Connect { host, port, tls } => {
                    self.link.connect(self.target(host, port, tls));
                }
                Output::ConnectNext { host, port, tls } => {
                    self.link.connect_next(self.target(host, port, tls));
                }
                Output::CloseNext => self.link.drop_next(),
                Output::Switch { linger } => self.link.switch(now + linger),
                Output::Close { linger } => {
                    self.write_at_once(cx, now);
                    self.link.close(self.linger_until(linger, now));
                }
                Output::Encoder(command) => self.run.command(command),
                Output::Event(event) => self.tell(event),
                Output::Wait(at) => {
                    // A time that is over already must not keep the processor busy.
                    self.engine_at = at.map(|at| at.max(now + Duration::from_millis(1)));
                    return;
                }
                other => log::debug!("the engine wants {other:?}, which this session cannot"),
            }
        }
    }

    fn target(&self, host: String, port: u16, tls: bool) -> Target {
        Target { host, port, tls, low_latency: !self.run.plan.blocks() }
    }

    /// The second connection, while there is one: what it says, and what it is told.
    fn poll_next(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        let mut moved = false;
        if let Poll::Ready(heard) = self.link.poll_next_heard(cx) {
            match heard {
                Heard::Connected => self.engine.handle_next_connected(now),
                Heard::ConnectFailed(error) => self.engine.handle_next_connect_failed(error, now),
                Heard::Bytes(bytes) => self.engine.handle_next_received(bytes, now),
                Heard::Closed(closed) => self.engine.handle_next_closed(closed, now),
            }
            self.settle(cx, now);
            moved = true;
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = self.engine.next_outgoing(&mut slices);
        if filled > 0 {
            // A socket that fails here says so when it is read.
            if let Poll::Ready(Ok(bytes)) = self.link.poll_next_write(cx, &slices[..filled]) {
                self.engine.handle_next_written(bytes, now);
                self.settle(cx, now);
                moved = true;
            }
        }
        moved
    }

    /// How long the peer may take to close: at the end until the end, between attempts as the
    /// engine says, and no time when nothing was said that it should take.
    fn linger_until(&self, linger: Duration, now: Now) -> Now {
        let engine = now + linger.min(LONGEST_LINGER);
        self.stop_by.filter(|_| !linger.is_zero()).unwrap_or(engine)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, now: Now) -> bool {
        let mut moved = false;
        while self.link.is_open() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let filled = self.engine.outgoing(&mut slices);
            if filled == 0 {
                break;
            }
            match self.link.poll_write(cx, &slices[..filled]) {
                Poll::Ready(Ok(bytes)) => {
                    self.engine.handle_written(bytes, now);
                    self.settle(cx, now);
                    moved = true;
                }
                Poll::Ready(Err(closed)) => {
                    self.hear_last_words(cx, closed, now);
                    return true;
                }
                Poll::Pending => break,
            }
        }
        moved
    }

    /// Writes what the socket takes now, and no more.
    fn write_at_once(&mut self, cx: &mut Context<'_>, now: Now) {
        loop {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let filled = self.engine.outgoing(&mut slices);
            if filled == 0 {
                return;
            }
            let Poll::Ready(Ok(bytes)) = self.link.poll_write(cx, &slices[..filled]) else {
                return;
            };
            self.engine.handle_written(bytes, now);
        }
    }

    /// The peer takes no more; why, it may have said before.
    fn hear_last_words(&mut self, cx: &mut Context<'_>, closed: Closed, now: Now) {
        while self.link.is_open() && self.poll_heard(cx, now) {}
        if self.link.is_open() {
            self.link.drop_open();
            self.engine.handle_closed(closed, now);
            self.settle(cx, now);
        }
    }

    fn tell(&mut self, event: publish::Event) {
        let status = &self.run.status;
        match event {
            publish::Event::State(state) => match state {
                publish::State::Connecting => status.set_state(State::Pending),
                publish::State::Live => {
                    self.was_live = true;
                    status.learn_hosts(self.engine.known_hosts());
                    status.set_state(State::Live);
                }
                publish::State::Reconnecting => status.set_state(State::Reconnecting),
                // The end is told when it is one: threads and sockets gone.
                _ => {}
            },
            publish::Event::Lost { error, attempt, retry_in } => {
                let mut outside = Error::from_publish(&error, self.was_live);
                if retry_in.is_none() {
                    if attempt > 1 || (attempt == 1 && self.was_live) {
                        outside = outside.after_all_attempts();
                    }
                    status.set_error(Some(outside.clone()));
                }
                log::info!("connection lost: {outside}");
                status.report(Event::Lost { error: outside, attempt, retry_in });
            }
            publish::Event::Dropped { video, audio } => {
                status.report(Event::Dropped { video, audio });
            }
            publish::Event::Move(step) => log::info!("{step}"),
            publish::Event::Suspect(is_suspect) => status.report(Event::Suspect(is_suspect)),
            publish::Event::Bitrate(decision) => status.report(Event::Bitrate(decision)),
            publish::Event::Pace(change) => status.report(Event::Pace(change)),
            other => log::debug!("the engine tells {other:?}, which this session cannot pass on"),
        }
    }

    // --- statistics ---

    fn measure(&mut self, now: Now, is_last: bool) {
        self.measured.snapshot = self.engine.snapshot(now);
        self.measured.elapsed = now.since(self.run.started);
        self.run.board.show(&self.measured, is_last);
    }

    /// Once a second: rates over exactly the time since the last report, and the event.
    fn report(&mut self, now: Now) {
        if self.run.plan.blocks() {
            self.look(now);
        }
        self.measure(now, false);
        let window = self.measured.elapsed.saturating_sub(self.reported.elapsed).as_secs_f64();
        let before = &self.reported.snapshot;
        let after = &self.measured.snapshot;
        let per_second = |after: u64, before: u64| after.saturating_sub(before) as f64 / window;
        self.measured.fps = per_second(after.video_units_sent, before.video_units_sent);
        let bytes = per_second(after.bytes_sent, before.bytes_sent);
        self.measured.bitrate_bps = (bytes * 8.0) as u64;
        self.run.board.show(&self.measured, false);
        self.reported = self.measured;
        while self.next_report <= now {
            self.next_report += REPORT_EVERY;
        }
        let status = &self.run.status;
        let statistics = self.run.board.statistics(status.state(), status.events.lost());
        status.report(Event::Statistics(statistics));
    }

    fn next_due(&self) -> Option<Now> {
        let finish = self.run.finish_by().filter(|_| self.stop_by.is_none());
        [self.engine_at, Some(self.next_report), self.stop_by, self.link.closing_until(), finish]
            .into_iter()
            .flatten()
            .min()
    }
}
