//! The send queue: five frames are held back to be put in order, 600 wait at most.
//!
//! ```text
//!  push ─▶ sorting: 5, by time ─▶ list: 600, in order ─▶ pop
//!                                  full: the first run of inter frames goes,
//!                                  else the first key frame, else sound
//! ```
//!
//! One access unit is one frame here; in LFLiveKit each NAL unit is. The original's special case of
//! a key frame at time zero is left out.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use crate::compat::Fidelity;

/// What the rule asks of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Decoding can start here.
    Key,
    /// Any other picture.
    Inter,
    /// Sound.
    Audio,
}

/// Something that can wait here.
pub trait Frame {
    /// What it is.
    fn kind(&self) -> Kind;

    /// Its place in time, µs on any clock.
    fn time_micros(&self) -> i64;

    /// Its coded size.
    fn size_bytes(&self) -> usize;
}

/// The queue. What it drops goes to the `dropped` that its methods are given.
#[derive(Debug)]
pub struct Queue<T> {
    fidelity: Fidelity,
    cap: usize,
    cap_bytes: usize,
    sorting: Vec<T>,
    list: VecDeque<T>,
    size_bytes: usize,
    pushed_at: Option<Now>,
    /// The list's last picture was dropped: what follows it is undecodable.
    tail_is_broken: bool,
}

/// Frames in the list at most.
pub const LIST_CAP: usize = 600;

impl<T: Frame> Queue<T> {
    /// Empty, for `cap` frames in order. The improved queue has a bound in bytes too.
    pub fn new(fidelity: Fidelity, cap: usize) -> Self {
        let cap_bytes = match fidelity {
            Fidelity::Original => usize::MAX,
            Fidelity::Improved => CAP_BYTES,
        };
        Self {
            fidelity,
            cap,
            cap_bytes,
            sorting: Vec::with_capacity(SORT_WINDOW + 1),
            list: VecDeque::new(),
            size_bytes: 0,
            pushed_at: None,
            tail_is_broken: false,
        }
    }

    /// Takes a frame; with five held back, the earliest of all six becomes sendable.
    pub fn push(&mut self, frame: T, now: Now, mut dropped: impl FnMut(T)) {
        // Behind all that are not later: frames of one time stay in their order.
        let place = self.sorting.partition_point(|held| held.time_micros() <= frame.time_micros());
        self.size_bytes += frame.size_bytes();
        self.sorting.insert(place, frame);
        self.pushed_at = Some(now);
        if self.sorting.len() > SORT_WINDOW {
            let earliest = self.sorting.remove(0);
            self.append(earliest, &mut dropped);
        }
    }

    /// The next frame in order.
    pub fn pop(&mut self) -> Option<T> {
        let frame = self.list.pop_front()?;
        self.size_bytes -= frame.size_bytes();
        Some(frame)
    }

    /// Makes the frames that are held back sendable: nothing follows them for now.
    pub fn flush(&mut self, mut dropped: impl FnMut(T)) {
        while !self.sorting.is_empty() {
            let earliest = self.sorting.remove(0);
            self.append(earliest, &mut dropped);
        }
    }

    /// When what is held back has waited long enough for something to follow (statement 17).
    pub fn quiet_at(&self) -> Option<Now> {
        self.pushed_at.filter(|_| !self.sorting.is_empty()).map(|at| at + QUIET)
    }

    /// The frame that leaves next, held back or not.
    pub fn oldest(&self) -> Option<&T> {
        self.list.front().or(self.sorting.first())
    }

    /// Whether a picture was dropped that all until the next key frame would need.
    pub fn awaits_key(&self) -> bool {
        self.tail_is_broken && self.fidelity == Fidelity::Improved
    }

    /// Frames that are sendable: what the detector looks at.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing is sendable.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Frames that are held back.
    pub fn held_back(&self) -> usize {
        self.sorting.len()
    }

    /// Bytes of all frames, held back or not.
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    fn append(&mut self, frame: T, dropped: &mut impl FnMut(T)) {
        let needs_reference = frame.kind() == Kind::Inter && self.fidelity == Fidelity::Improved;
        let is_undecodable = needs_reference && self.tail_is_broken;
        while !is_undecodable && !self.list.is_empty() && self.is_full() {
            self.make_room(dropped);
        }
        // Making room may just have dropped what it refers to.
        if needs_reference && self.tail_is_broken {
            return self.give_up(frame, dropped);
        }
        self.tail_is_broken &= frame.kind() != Kind::Key;
        self.list.push_back(frame);
    }

    fn is_full(&self) -> bool {
        self.list.len() >= self.cap || self.size_bytes > self.cap_bytes
    }

    fn make_room(&mut self, dropped: &mut impl FnMut(T)) {
        let first = |kind| self.list.iter().position(|frame| frame.kind() == kind);
        if let Some(start) = first(Kind::Inter) {
            self.drop_run(start, dropped);
        } else if let Some(key) = first(Kind::Key) {
            self.drop_key_group(key, dropped);
        } else {
            // Sound alone: the original forgets all of it and counts nothing (statement 22).
            let count = match self.fidelity {
                Fidelity::Original => self.list.len(),
                Fidelity::Improved => 1,
            };
            for _ in 0..count {
                self.drop_at(0, dropped);
            }
        }
    }

    /// The inter frames from `start` to the next key frame; sound between them stays.
    fn drop_run(&mut self, start: usize, dropped: &mut impl FnMut(T)) {
        let mut index = start;
        loop {
            match self.list.get(index).map(Frame::kind) {
                Some(Kind::Inter) => self.drop_at(index, dropped),
                Some(Kind::Audio) => index += 1,
                Some(Kind::Key) => return,
                None => {
                    self.tail_is_broken = true;
                    return;
                }
            }
        }
    }

    /// The key frames of one picture, when no inter frame waits.
    fn drop_key_group(&mut self, first: usize, dropped: &mut impl FnMut(T)) {
        let time = self.list.get(first).map(Frame::time_micros);
        let mut index = first;
        while let Some(frame) = self.list.get(index) {
            match frame.kind() {
                Kind::Key if Some(frame.time_micros()) == time => self.drop_at(index, dropped),
                Kind::Key => return,
                Kind::Inter | Kind::Audio => index += 1,
            }
        }
        self.tail_is_broken = true;
    }

    fn drop_at(&mut self, index: usize, dropped: &mut impl FnMut(T)) {
        if let Some(frame) = self.list.remove(index) {
            self.give_up(frame, dropped);
        }
    }

    fn give_up(&mut self, frame: T, dropped: &mut impl FnMut(T)) {
        self.size_bytes -= frame.size_bytes();
        dropped(frame);
    }
}

/// Frames held back to be put in order.
const SORT_WINDOW: usize = 5;
/// Without a push for so long, nothing comes that would have to be put before them.
const QUIET: Duration = Duration::from_millis(200);
/// As much as any queue of ours holds.
const CAP_BYTES: usize = 8 << 20;

#[cfg(test)]
#[path = "queue_test.rs"]
mod tests;
