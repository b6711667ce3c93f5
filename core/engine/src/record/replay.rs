//! From a saved record to the same decisions: the machines from the first segment's state, every
//! call again, and what it came to compared with what is written. At the beginning of each further
//! segment the machines' whole state must be what it was, to the bit.

use std::fmt;
use std::time::Duration;

use onair_types::{Now, Track};
use thiserror::Error;

use super::machines::Machines;
use super::op::{Context, Op};
use super::state::{Corrupt, Reader, State};
use super::{FORMAT, Header, MAGIC, checksum};
use crate::publish;
use crate::rate::{Decision, PaceChange};
use crate::send_buffer::{Dropped, Unit};

/// No record is as large as this.
const MAX_BYTES: usize = 8 << 20;
/// No buffer holds as many units.
const MAX_UNITS: usize = 1 << 16;

/// Why bytes cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// They do not begin as one does.
    #[error("read the flight record: this is none")]
    NotARecord,
    /// Another form of it.
    #[error("read the flight record: it has format {0}, and this is a reader of format {FORMAT}")]
    Format(u8),
    /// They are more than one can have.
    #[error("read the flight record: it is larger than any")]
    TooLarge,
    /// The end is missing or bytes have changed.
    #[error("read the flight record: it is damaged or not whole")]
    Damaged,
    /// The sum is right and the content is not: another build wrote it.
    #[error("read the flight record: segment {segment} says what no engine like this one writes")]
    Corrupt {
        /// From 1.
        segment: usize,
    },
}

/// Something that was decided or happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Since the record's beginning.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What a record tells of.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// The publish came to this state.
    State(publish::State),
    /// The video encoder's target changed.
    Bitrate(Decision),
    /// Another part of the pictures is encoded.
    Pace(PaceChange),
    /// Units were dropped, as too old or too many, or with a connection.
    Dropped {
        /// Pictures.
        video: u64,
        /// AAC frames.
        audio: u64,
    },
    /// The encoder was asked for an IDR.
    RequestIdr,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(state) => write!(f, "{state:?}"),
            Self::Bitrate(decision) => decision.fmt(f),
            Self::Pace(change) => change.fmt(f),
            Self::Dropped { video, audio } => {
                write!(f, "drop {video} pictures and {audio} of sound")
            }
            Self::RequestIdr => f.write_str("ask the encoder for an IDR"),
        }
    }
}

/// Where a replay did not decide as the record says.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Since the record's beginning.
    pub at: Duration,
    /// What the record says.
    pub recorded: String,
    /// What came out now.
    pub replayed: String,
}

/// What came out of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// Version of the engine that wrote it.
    pub version: String,
    /// How much time it holds.
    pub length: Duration,
    /// Calls of the machines.
    pub calls: u64,
    /// Pictures and AAC frames that came in.
    pub units: [u64; 2],
    /// What was decided, in order, up to the first difference.
    pub entries: Vec<Entry>,
    /// The first decision that is another one now.
    pub difference: Option<Difference>,
}

/// Decides again what `file` says was decided.
///
/// # Errors
/// When `file` is not a record, whole and of this format.
pub fn replay(file: &[u8]) -> Result<Replay, RecordError> {
    if file.len() > MAX_BYTES {
        return Err(RecordError::TooLarge);
    }
    let content = file.strip_prefix(MAGIC).ok_or(RecordError::NotARecord)?;
    let (format, _) = content.split_first().ok_or(RecordError::Damaged)?;
    if *format != FORMAT {
        return Err(RecordError::Format(*format));
    }
    let (signed, sum) = file.split_last_chunk::<8>().ok_or(RecordError::Damaged)?;
    if checksum(signed) != u64::from_le_bytes(*sum) {
        return Err(RecordError::Damaged);
    }
    let mut from = Reader::new(signed.get(MAGIC.len() + 1..).unwrap_or_default());
    let header = Header::load(&mut from).map_err(|Corrupt| RecordError::Corrupt { segment: 0 })?;
    let mut run = Run::new(header);
    let segments = u64::load(&mut from).map_err(|Corrupt| RecordError::Corrupt { segment: 0 })?;
    for segment in 1.. {
        if segment as u64 > segments || run.replay.difference.is_some() {
            break;
        }
        let result = usize::load(&mut from).and_then(|length| run.segment(from.take(length)?));
        result.map_err(|Corrupt| RecordError::Corrupt { segment })?;
    }
    Ok(run.replay)
}

/// A replay on its way.
struct Run {
    replay: Replay,
    began: Option<Now>,
    machines: Option<Machines>,
}

impl Run {
    fn new(header: Header) -> Self {
        let replay = Replay {
            version: header.version,
            length: Duration::ZERO,
            calls: 0,
            units: [0; 2],
            entries: Vec::new(),
            difference: None,
        };
        Self { replay, began: None, machines: None }
    }

    fn segment(&mut self, bytes: &[u8]) -> Result<(), Corrupt> {
        let mut from = Reader::new(bytes);
        let (now, loaded) = Machines::load(&mut from)?;
        let saved = &bytes[..bytes.len() - from.rest().len()];
        let began = *self.began.get_or_insert(now);
        let machines = match self.machines.take() {
            // The first segment's state is all there is of what was before.
            None => self.machines.insert(loaded),
            Some(machines) => {
                if machines.save(now) != saved {
                    let state = format!("{loaded:?}");
                    let replayed = format!("{machines:?}");
                    self.differ(now.since(began), &state, &replayed);
                }
                self.machines.insert(machines)
            }
        };
        if self.replay.difference.is_some() {
            return Ok(());
        }
        let mut context = Context::at(now);
        while let Some(op) = context.read(&mut from)? {
            let now = context.now;
            self.replay.length = now.since(began);
            self.replay.calls += 1;
            let pace = machines.rate.pace();
            let again = again(op, machines, &mut context)?;
            if again != op {
                let at = now.since(began);
                self.replay.difference = Some(Difference {
                    at,
                    recorded: format!("{op:?}"),
                    replayed: format!("{again:?}"),
                });
                return Ok(());
            }
            if let Op::Push { unit, .. } = op {
                self.replay.units[unit.track() as usize] += 1;
            }
            let entry = what(op).map(|what| Entry { at: now.since(began), what });
            self.replay.entries.extend(entry);
            let change = machines.rate.pace_change().filter(|_| machines.rate.pace() != pace);
            let entry =
                change.map(|change| Entry { at: now.since(began), what: What::Pace(change) });
            self.replay.entries.extend(entry);
        }
        Ok(())
    }

    fn differ(&mut self, at: Duration, recorded: &str, replayed: &str) {
        // What is alike at the beginning says nothing.
        let alike = recorded.bytes().zip(replayed.bytes()).take_while(|(a, b)| a == b).count();
        let part = |text: &str| {
            let from = text.floor_char_boundary(alike.saturating_sub(60));
            let to = text.floor_char_boundary(alike + 60);
            format!("state …{}…", &text[from..to])
        };
        self.replay.difference =
            Some(Difference { at, recorded: part(recorded), replayed: part(replayed) });
    }
}

/// Calls what `op` says; the same with what it came to now.
fn again(op: Op, machines: &mut Machines, context: &mut Context) -> Result<Op, Corrupt> {
    let Machines { state, rate, buffer, idr } = machines;
    let now = context.now;
    let before = buffer.dropped();
    Ok(match op {
        Op::Entered(entered) => {
            *state = entered;
            op
        }
        Op::Connected { .. } => Op::Connected { decision: rate.handle_connected(now) },
        Op::Picture { size_bytes } => {
            rate.handle_picture(usize::try_from(size_bytes).map_err(|_| Corrupt)?);
            op
        }
        Op::Unit { end, queued_at } => {
            rate.handle_unit(end, queued_at);
            op
        }
        Op::Written(written) => {
            rate.handle_written(written, now);
            op
        }
        Op::Transport(transport) => {
            rate.handle_transport(transport, now);
            op
        }
        Op::TransportLost => {
            rate.handle_transport_lost();
            op
        }
        Op::Acknowledgement(number) => {
            rate.handle_acknowledgement(number, now);
            op
        }
        Op::SkipReport => {
            rate.skip_report(now);
            op
        }
        Op::Tick { backlog, .. } => {
            let decision = rate.handle_tick(backlog, now);
            Op::Tick { backlog, decision, pace: rate.pace() }
        }
        Op::Follow { wanted_bps, reason, backlog, .. } => {
            let decision = rate.follow(wanted_bps, reason, backlog);
            Op::Follow { wanted_bps, reason, backlog, decision }
        }
        Op::Range(range) => {
            rate.set_range(range);
            op
        }
        Op::Push { unit, pushed_at, .. } => {
            if buffer.len() > MAX_UNITS {
                return Err(Corrupt);
            }
            buffer.push(unit, pushed_at);
            Op::Push { unit, pushed_at, dropped: buffer.dropped() - before }
        }
        Op::Pop { sound_first } => {
            let popped = buffer.pop(sound_first).ok_or(Corrupt)?;
            context.expect_unit(popped.unit.size_bytes());
            op
        }
        Op::Shed(_) => {
            buffer.shed(|bytes| rate.transit(bytes), rate.dead_time(), now);
            Op::Shed(buffer.dropped() - before)
        }
        Op::Hold(_) => {
            buffer.hold(now);
            Op::Hold(buffer.dropped() - before)
        }
        Op::RestartAtIdr(_) => {
            buffer.restart_at_idr();
            Op::RestartAtIdr(buffer.dropped() - before)
        }
        Op::SkipGop(_) => {
            buffer.skip_gop();
            Op::SkipGop(buffer.dropped() - before)
        }
        Op::DropAudio(count) => Op::DropAudio(buffer.drop_audio(count)),
        Op::Clear(_) => {
            buffer.clear();
            Op::Clear(buffer.dropped() - before)
        }
        Op::CountDropped(track) => {
            buffer.count_dropped(track);
            op
        }
        Op::AskIdr { head, .. } => Op::AskIdr { head, asks: idr.ask(head, now) },
        Op::ForgetIdr => {
            idr.forget();
            op
        }
    })
}

/// What a reader of the record wants to know of it.
fn what(op: Op) -> Option<What> {
    let dropped =
        |Dropped { video, audio }| (video + audio > 0).then_some(What::Dropped { video, audio });
    match op {
        Op::Entered(state) => Some(What::State(state)),
        Op::Connected { decision } | Op::Tick { decision, .. } | Op::Follow { decision, .. } => {
            decision.map(What::Bitrate)
        }
        Op::Push { dropped: refused, .. } => dropped(refused),
        Op::Shed(gone)
        | Op::Hold(gone)
        | Op::RestartAtIdr(gone)
        | Op::SkipGop(gone)
        | Op::Clear(gone) => dropped(gone),
        Op::DropAudio(audio) => dropped(Dropped { video: 0, audio }),
        Op::CountDropped(Track::Video) => dropped(Dropped { video: 1, audio: 0 }),
        Op::CountDropped(Track::Audio) => dropped(Dropped { video: 0, audio: 1 }),
        Op::AskIdr { asks: true, .. } => Some(What::RequestIdr),
        _ => None,
    }
}
