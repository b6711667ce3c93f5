//! The ring of the last minutes: segments of a minute, each with the machines' state first, so that
//! the oldest can go. Written by the machines, read by the app at any time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onair_types::Now;

use super::op::{Context, Op};
use super::state::write_number;

/// Whole segments kept, and the one that is written.
const SEGMENTS: usize = 6;
/// A segment begins after so long,
const SEGMENT_TIME: Duration = Duration::from_secs(60);
/// or this many bytes, whichever is first: what a minute may take at most.
const SEGMENT_BYTES: usize = 192 << 10;
/// For what comes in until the next one can begin.
const SPARE_BYTES: usize = 32 << 10;

/// A way to the record of one publish. Clones share it; reading it does not hold the publish up
/// for longer than a copy of the ring takes.
#[derive(Clone, Debug)]
pub struct Recorder {
    tape: Arc<Mutex<Tape>>,
    /// Nothing is put on record of what decides nothing: its calls cost a look at this.
    is_kept: bool,
}

#[derive(Debug)]
struct Tape {
    /// What the file begins with.
    header: Vec<u8>,
    /// Oldest first; empty when nothing is recorded.
    segments: VecDeque<Vec<u8>>,
    /// Not used yet: nothing is allocated once a stream runs.
    unused: Vec<Vec<u8>>,
    context: Context,
    began: Option<Now>,
}

impl Recorder {
    /// Records nothing before the first [`Recorder::begin_segment`], and nothing at all unless
    /// `is_kept`; `header` opens the file.
    pub(super) fn new(header: Vec<u8>, is_kept: bool) -> Self {
        let tape = Tape {
            header,
            segments: VecDeque::new(),
            unused: Vec::new(),
            context: Context::default(),
            began: None,
        };
        Self { tape: Arc::new(Mutex::new(tape)), is_kept }
    }

    /// Whether anything is put on record.
    #[inline]
    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the machines' states are wanted.
    pub(super) fn wants_segment(&self, now: Now) -> bool {
        let tape = self.tape();
        let is_full = tape.segments.back().is_some_and(|s| s.len() > SEGMENT_BYTES - SPARE_BYTES);
        is_full || tape.began.is_none_or(|began| now.since(began) >= SEGMENT_TIME)
    }

    /// A new segment, with the machines' states from `save`; the oldest goes when there are too
    /// many.
    pub(super) fn begin_segment(&self, now: Now, save: impl FnOnce(&mut Vec<u8>)) {
        let tape = &mut *self.tape();
        if tape.segments.is_empty() {
            tape.segments.reserve(SEGMENTS);
            tape.unused.resize_with(SEGMENTS, || Vec::with_capacity(SEGMENT_BYTES + SPARE_BYTES));
        }
        let oldest = || tape.segments.pop_front().unwrap_or_default();
        let mut segment = tape.unused.pop().unwrap_or_else(oldest);
        segment.clear();
        save(&mut segment);
        tape.segments.push_back(segment);
        tape.context = Context::at(now);
        tape.began = Some(now);
    }

    /// A call that came to what `op` says; `now` where the call has a time of its own.
    #[inline]
    pub(super) fn add(&self, op: &Op, now: Option<Now>) {
        if self.is_kept {
            self.write(op, now);
        }
    }

    fn write(&self, op: &Op, now: Option<Now>) {
        let Tape { segments, context, .. } = &mut *self.tape();
        if let Some(segment) = segments.back_mut() {
            if let Some(now) = now.filter(|now| *now > context.now) {
                context.write_time(now, segment);
            }
            context.write(op, segment);
        }
    }

    /// The next unit that is serialised has so many bytes.
    pub(super) fn expect_unit(&self, size_bytes: usize) {
        if self.is_kept {
            self.tape().context.expect_unit(size_bytes);
        }
    }

    /// The record of the last five to six minutes as a file; see [`super::replay()`]. No media, no
    /// address, no key, nothing that a server said.
    pub fn save(&self) -> Vec<u8> {
        let tape = self.tape();
        let bytes: usize = tape.segments.iter().map(|segment| segment.len() + 4).sum();
        let mut file = Vec::with_capacity(tape.header.len() + bytes + 16);
        file.extend_from_slice(&tape.header);
        write_number(tape.segments.len() as u64, &mut file);
        for segment in &tape.segments {
            write_number(segment.len() as u64, &mut file);
            file.extend_from_slice(segment);
        }
        drop(tape);
        let sum = super::checksum(&file);
        file.extend_from_slice(&sum.to_le_bytes());
        file
    }
}
