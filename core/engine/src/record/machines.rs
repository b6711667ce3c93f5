//! The machines that decide, with each of their calls put on record. Reading needs no record and
//! goes through; a new way to change one of them does not compile before it is here.

use std::ops::Deref;
use std::time::Duration;

use onair_types::{AccessUnit, MediaTime, Now, Track};

use super::Recorder;
use super::op::{Op, Sketch};
use super::state::{Corrupt, Reader, State, state};
use crate::publish;
use crate::rate::{Backlog, Controller, Decision, Range, Reason, Transport};
use crate::send_buffer::{Dropped, Queued, SendBuffer};

/// The rate controller.
#[derive(Debug)]
pub(crate) struct Rate {
    inner: Controller,
    recorder: Recorder,
}

impl Deref for Rate {
    type Target = Controller;

    fn deref(&self) -> &Controller {
        &self.inner
    }
}

impl Rate {
    pub(crate) fn new(inner: Controller, recorder: Recorder) -> Self {
        Self { inner, recorder }
    }

    pub(crate) fn handle_connected(&mut self, now: Now) -> Option<Decision> {
        let decision = self.inner.handle_connected(now);
        self.recorder.add(&Op::Connected { decision }, Some(now));
        decision
    }

    pub(crate) fn handle_picture(&mut self, bytes: usize) {
        self.recorder.add(&Op::Picture { size_bytes: bytes as u64 }, None);
        self.inner.handle_picture(bytes);
    }

    pub(crate) fn handle_unit(&mut self, end: u64, queued_at: Now) {
        self.recorder.add(&Op::Unit { end, queued_at }, None);
        self.inner.handle_unit(end, queued_at);
    }

    pub(crate) fn handle_written(&mut self, written: u64, now: Now) {
        self.recorder.add(&Op::Written(written), Some(now));
        self.inner.handle_written(written, now);
    }

    pub(crate) fn handle_transport(&mut self, transport: Transport, now: Now) {
        self.recorder.add(&Op::Transport(transport), Some(now));
        self.inner.handle_transport(transport, now);
    }

    pub(crate) fn handle_transport_lost(&mut self) {
        self.recorder.add(&Op::TransportLost, None);
        self.inner.handle_transport_lost();
    }

    pub(crate) fn handle_acknowledgement(&mut self, number: u32, now: Now) {
        self.recorder.add(&Op::Acknowledgement(number), Some(now));
        self.inner.handle_acknowledgement(number, now);
    }

    pub(crate) fn skip_report(&mut self, now: Now) {
        self.recorder.add(&Op::SkipReport, Some(now));
        self.inner.skip_report(now);
    }

    pub(crate) fn handle_tick(&mut self, backlog: Backlog, now: Now) -> Option<Decision> {
        let decision = self.inner.handle_tick(backlog, now);
        let pace = self.inner.pace();
        self.recorder.add(&Op::Tick { backlog, decision, pace }, Some(now));
        decision
    }

    pub(crate) fn follow(
        &mut self,
        wanted_bps: u32,
        reason: Reason,
        backlog: Backlog,
    ) -> Option<Decision> {
        let decision = self.inner.follow(wanted_bps, reason, backlog);
        self.recorder.add(&Op::Follow { wanted_bps, reason, backlog, decision }, None);
        decision
    }

    pub(crate) fn set_range(&mut self, range: Range) {
        self.recorder.add(&Op::Range(range), None);
        self.inner.set_range(range);
    }
}

/// When an IDR may be asked for.
#[derive(Debug, Default)]
pub(super) struct IdrRequests {
    asked_at: Option<Now>,
}

state!(IdrRequests { asked_at });

impl IdrRequests {
    fn next(&self) -> Option<Now> {
        self.asked_at.map(|at| at + IDR_REQUEST_SPACING)
    }

    /// Whether one is asked for now; `head` is when the oldest unit that waits was pushed.
    pub(super) fn ask(&mut self, head: Option<Now>, now: Now) -> bool {
        let is_due = self.next().is_none_or(|due| now >= due);
        let asks = is_due && is_young(head, now);
        if asks {
            self.asked_at = Some(now);
        }
        asks
    }

    pub(super) fn forget(&mut self) {
        self.asked_at = None;
    }
}

fn is_young(head: Option<Now>, now: Now) -> bool {
    head.is_none_or(|head| now.since(head) < IDR_HEAD_AGE)
}

/// Asking for an IDR while the head is older makes a large picture for a jam (`spec network` 2.3).
const IDR_HEAD_AGE: Duration = Duration::from_millis(300);
/// Between two requests.
const IDR_REQUEST_SPACING: Duration = Duration::from_millis(500);

/// The send buffer, and the requests for an IDR that follow from its drops.
#[derive(Debug)]
pub(crate) struct Buffer {
    inner: SendBuffer,
    idr: IdrRequests,
    recorder: Recorder,
}

impl Deref for Buffer {
    type Target = SendBuffer;

    fn deref(&self) -> &SendBuffer {
        &self.inner
    }
}

impl Buffer {
    pub(crate) fn new(inner: SendBuffer, recorder: Recorder) -> Self {
        Self { inner, idr: IdrRequests::default(), recorder }
    }

    pub(crate) fn push(&mut self, unit: AccessUnit, now: Now) {
        if !self.recorder.is_kept() {
            return self.inner.push(unit, now);
        }
        let sketch = Sketch::of(&unit);
        let dropped = self.changing(|inner| inner.push(unit, now));
        self.recorder.add(&Op::Push { unit: sketch, pushed_at: now, dropped }, Some(now));
    }

    pub(crate) fn pop(&mut self, sound_first: bool) -> Option<Queued> {
        let popped = self.inner.pop(sound_first)?;
        self.recorder.add(&Op::Pop { sound_first }, None);
        self.recorder.expect_unit(popped.unit.size_bytes());
        Some(popped)
    }

    pub(crate) fn shed(
        &mut self,
        transit: impl Fn(usize) -> Duration,
        dead_time: Duration,
        now: Now,
    ) {
        let dropped = self.changing(|inner| inner.shed(transit, dead_time, now));
        if dropped != Dropped::default() {
            self.recorder.add(&Op::Shed(dropped), Some(now));
        }
    }

    pub(crate) fn hold(&mut self, now: Now) {
        let dropped = self.changing(|inner| inner.hold(now));
        if dropped != Dropped::default() {
            self.recorder.add(&Op::Hold(dropped), Some(now));
        }
    }

    pub(crate) fn restart_at_idr(&mut self) {
        let dropped = self.changing(SendBuffer::restart_at_idr);
        self.recorder.add(&Op::RestartAtIdr(dropped), None);
    }

    pub(crate) fn skip_gop(&mut self) {
        let dropped = self.changing(SendBuffer::skip_gop);
        self.recorder.add(&Op::SkipGop(dropped), None);
    }

    pub(crate) fn drop_audio_while(&mut self, is_early: impl Fn(MediaTime) -> bool) {
        let dropped = self.changing(|inner| inner.drop_audio_while(is_early));
        if dropped.audio > 0 {
            self.recorder.add(&Op::DropAudio(dropped.audio), None);
        }
    }

    pub(crate) fn clear(&mut self) {
        let dropped = self.changing(SendBuffer::clear);
        self.recorder.add(&Op::Clear(dropped), None);
    }

    pub(crate) fn count_dropped(&mut self, track: Track) {
        self.inner.count_dropped(track);
        self.recorder.add(&Op::CountDropped(track), None);
    }

    /// Whether an IDR is to be asked for now, of an encoder whose pictures are refused without one.
    pub(crate) fn ask_for_idr(&mut self, head: Option<Now>, now: Now) -> bool {
        if self.idr.next().is_some_and(|due| now < due) {
            return false;
        }
        let asks = self.idr.ask(head, now);
        self.recorder.add(&Op::AskIdr { head, asks }, Some(now));
        asks
    }

    /// Whether [`Buffer::ask_for_idr`] would say yes at its time, and that time; `None` in it for
    /// at once.
    pub(crate) fn next_idr_request(&self, head: Option<Now>, now: Now) -> Option<Now> {
        self.idr.next().filter(|_| is_young(head, now))
    }

    /// The next connection begins with requests of its own.
    pub(crate) fn forget_idr_request(&mut self) {
        self.idr.forget();
        self.recorder.add(&Op::ForgetIdr, None);
    }

    /// What `change` drops.
    fn changing(&mut self, change: impl FnOnce(&mut SendBuffer)) -> Dropped {
        let before = self.inner.dropped();
        change(&mut self.inner);
        self.inner.dropped() - before
    }
}

/// Begins a segment of the record with the machines' states when its time has come.
pub(crate) fn keep(
    recorder: &Recorder,
    state: publish::State,
    rate: &Rate,
    buffer: &Buffer,
    now: Now,
) {
    if recorder.wants_segment(now) {
        recorder.begin_segment(now, |out| {
            (now, state).save(out);
            rate.inner.save(out);
            buffer.inner.save(out);
            buffer.idr.save(out);
        });
    }
}

/// The machines of a replay.
#[derive(Debug)]
pub(super) struct Machines {
    pub(super) state: publish::State,
    pub(super) rate: Controller,
    pub(super) buffer: SendBuffer<Sketch>,
    pub(super) idr: IdrRequests,
}

impl Machines {
    /// From what [`keep`] wrote, and when it did.
    pub(super) fn load(from: &mut Reader<'_>) -> Result<(Now, Self), Corrupt> {
        let (now, state) = State::load(from)?;
        let rate = Controller::load(from)?;
        let buffer = SendBuffer::load(publish::Delivery::Live, from)?;
        let idr = IdrRequests::load(from)?;
        Ok((now, Self { state, rate, buffer, idr }))
    }

    /// As [`keep`] writes it.
    pub(super) fn save(&self, now: Now) -> Vec<u8> {
        let mut out = Vec::new();
        (now, self.state).save(&mut out);
        self.rate.save(&mut out);
        self.buffer.save(&mut out);
        self.idr.save(&mut out);
        out
    }
}

/// Where the publish stands is on record too: it makes the rest readable.
pub(crate) fn note_state(recorder: &Recorder, state: publish::State) {
    recorder.add(&Op::Entered(state), None);
}
