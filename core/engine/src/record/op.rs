//! What a flight record holds, one thing after the other: each call of the machines that decide,
//! with what it came to. Written as differences from what was written before.

use std::time::Duration;

use onair_types::{FrameKind, MediaTime, Now, Track};

use super::state::{Corrupt, Reader, State, state, write_number, write_signed};
use crate::publish;
use crate::rate::{Backlog, Decision, Range, Reason, Transport, VideoPace};
use crate::send_buffer::{Dropped, Unit};

/// A unit without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sketch {
    /// `None` for sound.
    pub(super) picture: Option<FrameKind>,
    pub(super) dts: MediaTime,
    pub(super) size_bytes: u32,
}

state!(Sketch { picture, dts, size_bytes });
state!(FrameKind: Idr, Reference, Disposable);

impl Sketch {
    pub(crate) fn of(unit: &impl Unit) -> Self {
        let kind = match (unit.is_idr(), unit.is_disposable()) {
            (true, _) => FrameKind::Idr,
            (_, true) => FrameKind::Disposable,
            _ => FrameKind::Reference,
        };
        Self {
            picture: (unit.track() == Track::Video).then_some(kind),
            dts: unit.dts(),
            size_bytes: u32::try_from(unit.size_bytes()).unwrap_or(u32::MAX),
        }
    }
}

impl Unit for Sketch {
    fn track(&self) -> Track {
        if self.picture.is_some() { Track::Video } else { Track::Audio }
    }

    fn dts(&self) -> MediaTime {
        self.dts
    }

    fn size_bytes(&self) -> usize {
        self.size_bytes as usize
    }

    fn is_idr(&self) -> bool {
        self.picture == Some(FrameKind::Idr)
    }

    fn is_disposable(&self) -> bool {
        self.picture == Some(FrameKind::Disposable)
    }
}

/// A call of a machine and what it came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    /// The publish is in another state.
    Entered(publish::State),
    // --- rate controller ---
    Connected {
        decision: Option<Decision>,
    },
    Picture {
        size_bytes: u64,
    },
    Unit {
        end: u64,
        queued_at: Now,
    },
    Written(u64),
    Transport(Transport),
    TransportLost,
    Acknowledgement(u32),
    SkipReport,
    Tick {
        backlog: Backlog,
        decision: Option<Decision>,
        pace: VideoPace,
    },
    Follow {
        wanted_bps: u32,
        reason: Reason,
        backlog: Backlog,
        decision: Option<Decision>,
    },
    Range(Range),
    // --- send buffer ---
    Push {
        unit: Sketch,
        pushed_at: Now,
        dropped: Dropped,
    },
    Pop {
        sound_first: bool,
    },
    Shed(Dropped),
    Hold(Dropped),
    RestartAtIdr(Dropped),
    SkipGop(Dropped),
    DropAudio(u64),
    Clear(Dropped),
    CountDropped(Track),
    // --- requests for an IDR ---
    AskIdr {
        head: Option<Now>,
        asks: bool,
    },
    ForgetIdr,
}

/// What differences are taken from. The same on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Context {
    pub(super) now: Now,
    end: u64,
    written: u64,
    unit_size: u64,
    transport: Transport,
    media: [(MediaTime, i64); 2],
}

const TIME: u8 = 0;
const ENTERED: u8 = 1;
const CONNECTED: u8 = 2;
const PICTURE: u8 = 3;
const UNIT: u8 = 4;
const WRITTEN: u8 = 5;
const TRANSPORT: u8 = 6;
const TRANSPORT_AGAIN: u8 = 7;
const TRANSPORT_LOST: u8 = 8;
const ACKNOWLEDGEMENT: u8 = 9;
const SKIP_REPORT: u8 = 10;
const TICK: u8 = 11;
const FOLLOW: u8 = 12;
const RANGE: u8 = 13;
const POP: u8 = 14;
const SHED: u8 = 15;
const HOLD: u8 = 16;
const RESTART_AT_IDR: u8 = 17;
const SKIP_GOP: u8 = 18;
const DROP_AUDIO: u8 = 19;
const CLEAR: u8 = 20;
const COUNT_DROPPED: u8 = 21;
const ASK_IDR: u8 = 22;
const FORGET_IDR: u8 = 23;
const POP_SOUND_FIRST: u8 = 24;
/// And what kind of unit, and whether more follows, in the low bits.
const PUSH: u8 = 0x40;
/// The push was not just now, or something was dropped.
const PUSH_ODD: u8 = 0x04;

impl Context {
    pub(super) fn at(now: Now) -> Self {
        Self { now, ..Self::default() }
    }

    /// Moves the clock.
    pub(super) fn write_time(&mut self, now: Now, out: &mut Vec<u8>) {
        out.push(TIME);
        write_signed(now.micros_since(self.now), out);
        self.now = now;
    }

    pub(super) fn write(&mut self, op: &Op, out: &mut Vec<u8>) {
        match *op {
            Op::Entered(state) => {
                out.push(ENTERED);
                state.save(out);
            }
            Op::Connected { decision } => {
                out.push(CONNECTED);
                decision.save(out);
            }
            Op::Picture { size_bytes } => {
                out.push(PICTURE);
                size_bytes.save(out);
            }
            Op::Unit { end, queued_at } => {
                out.push(UNIT);
                write_signed(difference(end, self.end + self.unit_size), out);
                self.write_age(queued_at, out);
                self.end = end;
            }
            Op::Written(written) => {
                out.push(WRITTEN);
                write_signed(difference(self.end, written), out);
                self.written = written;
            }
            Op::Transport(transport) => {
                let before = std::mem::replace(&mut self.transport, transport);
                let is_alike =
                    transport.rtt == before.rtt && transport.unsent_bytes == before.unsent_bytes;
                out.push(if is_alike { TRANSPORT_AGAIN } else { TRANSPORT });
                write_signed(difference(transport.unacked_bytes, before.unacked_bytes), out);
                if !is_alike {
                    write_signed(difference(transport.unsent_bytes, before.unsent_bytes), out);
                    write_signed(difference(nanos(transport.rtt), nanos(before.rtt)), out);
                }
            }
            Op::TransportLost => out.push(TRANSPORT_LOST),
            Op::Acknowledgement(number) => {
                out.push(ACKNOWLEDGEMENT);
                number.save(out);
            }
            Op::SkipReport => out.push(SKIP_REPORT),
            Op::Tick { backlog, decision, pace } => {
                out.push(TICK);
                (backlog, decision).save(out);
                pace.save(out);
            }
            Op::Follow { wanted_bps, reason, backlog, decision } => {
                out.push(FOLLOW);
                (wanted_bps, reason).save(out);
                (backlog, decision).save(out);
            }
            Op::Range(range) => {
                out.push(RANGE);
                range.save(out);
            }
            Op::Push { unit, pushed_at, dropped } => {
                let is_odd = pushed_at != self.now || dropped != Dropped::default();
                let kind = unit.picture.map_or(0, |kind| kind as u8 + 1);
                out.push(PUSH | kind | if is_odd { PUSH_ODD } else { 0 });
                write_number(unit.size_bytes.into(), out);
                let (dts, step) = self.media[usize::from(kind > 0)];
                let new_step = unit.dts.micros_since(dts);
                write_signed(new_step - step, out);
                self.media[usize::from(kind > 0)] = (unit.dts, new_step);
                if is_odd {
                    self.write_age(pushed_at, out);
                    dropped.save(out);
                }
            }
            Op::Pop { sound_first } => out.push(if sound_first { POP_SOUND_FIRST } else { POP }),
            Op::Shed(dropped) => write_drop(SHED, dropped, out),
            Op::Hold(dropped) => write_drop(HOLD, dropped, out),
            Op::RestartAtIdr(dropped) => write_drop(RESTART_AT_IDR, dropped, out),
            Op::SkipGop(dropped) => write_drop(SKIP_GOP, dropped, out),
            Op::Clear(dropped) => write_drop(CLEAR, dropped, out),
            Op::DropAudio(count) => {
                out.push(DROP_AUDIO);
                count.save(out);
            }
            Op::CountDropped(track) => {
                out.push(COUNT_DROPPED);
                (track == Track::Video).save(out);
            }
            Op::AskIdr { head, asks } => {
                out.push(ASK_IDR);
                (head, asks).save(out);
            }
            Op::ForgetIdr => out.push(FORGET_IDR),
        }
    }

    /// What `write` is to be told of the next unit: how much of `end` is its own.
    pub(super) fn expect_unit(&mut self, size_bytes: usize) {
        self.unit_size = size_bytes as u64;
    }

    /// The next call and the time of it; `None` at the end.
    pub(super) fn read(&mut self, from: &mut Reader<'_>) -> Result<Option<Op>, Corrupt> {
        loop {
            if from.is_empty() {
                return Ok(None);
            }
            match from.byte()? {
                TIME => {
                    self.now =
                        bounded(self.now.as_micros(), from.signed()?).map(Now::from_micros)?
                }
                tag => return self.read_op(tag, from).map(Some),
            }
        }
    }

    fn read_op(&mut self, tag: u8, from: &mut Reader<'_>) -> Result<Op, Corrupt> {
        Ok(match tag {
            ENTERED => Op::Entered(State::load(from)?),
            CONNECTED => Op::Connected { decision: State::load(from)? },
            PICTURE => Op::Picture { size_bytes: u32::load(from)?.into() },
            UNIT => {
                self.end = moved(self.end + self.unit_size, from.signed()?)?;
                Op::Unit { end: self.end, queued_at: self.read_age(from)? }
            }
            WRITTEN => {
                let behind = from.signed()?;
                self.written = moved(self.end, behind.checked_neg().ok_or(Corrupt)?)?;
                Op::Written(self.written)
            }
            TRANSPORT | TRANSPORT_AGAIN => {
                let before = &mut self.transport;
                before.unacked_bytes = moved(before.unacked_bytes, from.signed()?)?;
                if tag == TRANSPORT {
                    before.unsent_bytes = moved(before.unsent_bytes, from.signed()?)?;
                    before.rtt = Duration::from_nanos(moved(nanos(before.rtt), from.signed()?)?);
                }
                Op::Transport(*before)
            }
            TRANSPORT_LOST => Op::TransportLost,
            ACKNOWLEDGEMENT => Op::Acknowledgement(State::load(from)?),
            SKIP_REPORT => Op::SkipReport,
            TICK => {
                let (backlog, decision) = State::load(from)?;
                Op::Tick { backlog, decision, pace: State::load(from)? }
            }
            FOLLOW => {
                let (wanted_bps, reason) = State::load(from)?;
                let (backlog, decision) = State::load(from)?;
                Op::Follow { wanted_bps, reason, backlog, decision }
            }
            RANGE => Op::Range(State::load(from)?),
            POP => Op::Pop { sound_first: false },
            POP_SOUND_FIRST => Op::Pop { sound_first: true },
            SHED => Op::Shed(State::load(from)?),
            HOLD => Op::Hold(State::load(from)?),
            RESTART_AT_IDR => Op::RestartAtIdr(State::load(from)?),
            SKIP_GOP => Op::SkipGop(State::load(from)?),
            CLEAR => Op::Clear(State::load(from)?),
            DROP_AUDIO => Op::DropAudio(State::load(from)?),
            COUNT_DROPPED => {
                let is_video = State::load(from)?;
                Op::CountDropped(if is_video { Track::Video } else { Track::Audio })
            }
            ASK_IDR => {
                let (head, asks) = State::load(from)?;
                Op::AskIdr { head, asks }
            }
            FORGET_IDR => Op::ForgetIdr,
            _ if tag & !0x07 == PUSH => {
                let kinds = [
                    None,
                    Some(FrameKind::Idr),
                    Some(FrameKind::Reference),
                    Some(FrameKind::Disposable),
                ];
                let picture = kinds[usize::from(tag & 0x03)];
                let size_bytes = State::load(from)?;
                let (dts, step) = &mut self.media[usize::from(picture.is_some())];
                *step = bounded(*step, from.signed()?)?;
                *dts = bounded(dts.as_micros(), *step).map(MediaTime::from_micros)?;
                let unit = Sketch { picture, dts: *dts, size_bytes };
                let (pushed_at, dropped) = match tag & PUSH_ODD {
                    0 => (self.now, Dropped::default()),
                    _ => (self.read_age(from)?, State::load(from)?),
                };
                Op::Push { unit, pushed_at, dropped }
            }
            _ => return Err(Corrupt),
        })
    }

    fn write_age(&self, at: Now, out: &mut Vec<u8>) {
        write_signed(self.now.micros_since(at), out);
    }

    fn read_age(&self, from: &mut Reader<'_>) -> Result<Now, Corrupt> {
        let age = from.signed()?.checked_neg().ok_or(Corrupt)?;
        bounded(self.now.as_micros(), age).map(Now::from_micros)
    }
}

fn write_drop(tag: u8, dropped: Dropped, out: &mut Vec<u8>) {
    out.push(tag);
    dropped.save(out);
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

fn difference(a: u64, b: u64) -> i64 {
    a.wrapping_sub(b) as i64
}

/// No sum of a record's numbers is above this.
const MOST: i64 = 1 << 53;

fn bounded(number: i64, by: i64) -> Result<i64, Corrupt> {
    number.checked_add(by).filter(|sum| sum.abs() <= MOST).ok_or(Corrupt)
}

fn moved(number: u64, by: i64) -> Result<u64, Corrupt> {
    number.checked_add_signed(by).filter(|sum| *sum <= MOST as u64).ok_or(Corrupt)
}

#[cfg(test)]
#[path = "op_test.rs"]
mod tests;
