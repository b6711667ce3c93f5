//! Files → `onair-net`: units are put here ahead, many at once, and taken all at once, so that
//! neither side wakes the other for each of them. Producers wait when it is full; nothing goes.
//!
//! ```text
//!  push ──▶ stock (1 MiB; 128 pictures; a second when each goes on time) ──▶ in hand ──▶ engine
//!                          all of it, when a track in hand ran out ──┘  └── in order, when due
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use onair_types::{AccessUnit, MediaTime, Now, Track};

use super::Tracks;
use super::row::{Row, Sum};
use crate::net::Wake;
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::{PushError, Timing};

/// The producers' end.
#[derive(Debug)]
pub(crate) struct Stock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    shelves: Mutex<Shelves>,
    /// Units were taken, all of them were, or all is over.
    changed: Condvar,
    tracks: Tracks,
    timing: Timing,
    wake: Wake,
}

#[derive(Debug)]
struct Shelves {
    row: Row,
    size_bytes: usize,
    /// Threads that wait for a change.
    waiting: usize,
    /// `onair-net` has looked, and has nothing in hand.
    is_idle: bool,
    is_stopped: bool,
}

impl Stock {
    pub(crate) fn new(tracks: Tracks, timing: Timing, wake: Wake) -> Self {
        let shelves = Mutex::new(Shelves {
            row: Row::with_capacity(2 * UNITS),
            size_bytes: 0,
            waiting: 0,
            is_idle: true,
            is_stopped: false,
        });
        Self(Arc::new(Shared { shelves, changed: Condvar::new(), tracks, timing, wake }))
    }

    /// Puts a unit behind those that wait; waits itself while there is no room.
    pub(crate) fn push(&self, unit: AccessUnit) -> Result<(), PushError> {
        let shelves = self.0.put(unit, self.0.lock())?;
        self.0.wake_if_worth_it(&shelves);
        Ok(())
    }

    /// As [`Stock::push`], of the first units of many, which `sum` is of.
    pub(crate) fn push_first(
        &self,
        units: &mut Vec<AccessUnit>,
        sum: &Sum,
    ) -> Result<(), PushError> {
        // The same memory, which goes back when it is empty.
        let mut all = VecDeque::from(std::mem::take(units));
        let result = self.push_all(&mut all, sum);
        *units = all.into();
        result
    }

    fn push_all(&self, units: &mut VecDeque<AccessUnit>, sum: &Sum) -> Result<(), PushError> {
        let mut shelves = self.0.lock();
        let goes_whole = sum.len() == units.len() && self.0.timing == Timing::AsPushed;
        while goes_whole && sum.is_small() && !shelves.is_stopped && !shelves.has_room_for(sum) {
            self.0.wake_if_idle(&shelves);
            shelves = self.0.wait(shelves);
        }
        if goes_whole && !shelves.is_stopped && shelves.has_room_for(sum) {
            shelves.size_bytes += sum.bytes;
            shelves.row.push_all(units, sum);
        }
        for unit in units.drain(..sum.len().min(units.len())) {
            shelves = self.0.put(unit, shelves)?;
        }
        self.0.wake_if_worth_it(&shelves);
        Ok(())
    }

    /// Waits until `onair-net` has taken all there is, or all is over.
    pub(crate) fn wait_until_taken(&self) {
        let mut shelves = self.0.lock();
        while !(shelves.is_taken() || shelves.is_stopped) {
            shelves = self.0.wait(shelves);
        }
    }

    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    /// Nobody waits any more.
    pub(crate) fn stop(&self) {
        self.0.lock().is_stopped = true;
        self.0.changed.notify_all();
    }

    /// The consumer's end.
    pub(crate) fn hand(&self) -> Hand {
        Hand {
            stock: Arc::clone(&self.0),
            row: Row::with_capacity(2 * UNITS),
            is_short: true,
            began: None,
            released: match self.0.timing {
                Timing::AsPushed => MediaTime::from_micros(i64::MAX),
                Timing::OnTime => MediaTime::from_micros(i64::MIN),
            },
            picture_up_to: MediaTime::from_micros(match self.0.timing {
                Timing::AsPushed => i64::MAX,
                Timing::OnTime => i64::MIN,
            }),
            due: None,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, mut shelves: MutexGuard<'a, Shelves>) -> MutexGuard<'a, Shelves> {
        shelves.waiting += 1;
        let mut shelves = self.changed.wait(shelves).unwrap_or_else(PoisonError::into_inner);
        shelves.waiting -= 1;
        shelves
    }

    /// Puts a unit in its place once there is room.
    fn put<'a>(
        &'a self,
        unit: AccessUnit,
        mut shelves: MutexGuard<'a, Shelves>,
    ) -> Result<MutexGuard<'a, Shelves>, PushError> {
        while shelves.is_full(&unit, self.timing) && !shelves.is_stopped {
            self.wake_if_idle(&shelves);
            shelves = self.wait(shelves);
        }
        if shelves.is_stopped {
            return Err(PushError::NotRunning);
        }
        shelves.size_bytes += unit.size_bytes();
        shelves.row.push(unit);
        Ok(shelves)
    }

    /// Sound alone rides along with the next picture.
    fn wake_if_worth_it(&self, shelves: &Shelves) {
        let (pictures, sounds) = (shelves.row.count(Track::Video), shelves.row.count(Track::Audio));
        if !self.tracks.video || pictures > 0 || sounds >= AUDIO_RIDES {
            self.wake_if_idle(shelves);
        }
    }

    fn wake_if_idle(&self, shelves: &Shelves) {
        if shelves.is_idle && !shelves.is_empty() {
            self.wake.notify();
        }
    }
}

impl Shelves {
    fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// All of it is with the engine.
    fn is_taken(&self) -> bool {
        self.is_empty() && self.is_idle
    }

    /// Whether there is room for all of what `sum` is of.
    fn has_room_for(&self, sum: &Sum) -> bool {
        self.size_bytes + sum.bytes <= BYTES
            && self.row.count(Track::Video) + sum.counts[Track::Video as usize] <= PICTURES
            && self.row.count(Track::Audio) + sum.counts[Track::Audio as usize] <= SOUNDS
    }

    fn is_full(&self, unit: &AccessUnit, timing: Timing) -> bool {
        let track = unit.track();
        let most = if track == Track::Video { PICTURES } else { SOUNDS };
        let is_far_ahead =
            || self.row.first().is_some_and(|first| unit.dts().since(first) >= AHEAD);
        self.size_bytes >= BYTES
            || self.row.count(track) >= most
            || (timing == Timing::OnTime && is_far_ahead())
    }
}

impl Sum {
    /// There is room for all of it soon: what waits need not go first to the last unit.
    fn is_small(&self) -> bool {
        let [pictures, sounds] = self.counts;
        pictures <= PICTURES / 2 && sounds <= SOUNDS / 2 && self.bytes <= BYTES / 2
    }
}

/// Both tracks in order of decoding time, video first when equal; each when it is due. For
/// `onair-net` alone.
#[derive(Debug)]
pub(crate) struct Hand {
    stock: Arc<Shared>,
    row: Row,
    /// A track has nothing in hand.
    is_short: bool,
    /// When the first unit went, and its decoding time.
    began: Option<(Now, MediaTime)>,
    /// What is decoded up to here may go.
    released: MediaTime,
    /// Up to here sound that may go has a picture behind it that may go too, if there is one.
    picture_up_to: MediaTime,
    /// When that changes.
    due: Option<Now>,
}

impl Hand {
    /// Whether a unit may go at `now`, which [`Hand::next`] then takes.
    #[inline]
    pub(crate) fn look(&mut self, now: Now) -> bool {
        if self.is_short {
            self.refill();
        }
        let Some(first) = self.row.first() else { return false };
        first <= self.released || self.release(first, now)
    }

    /// Takes the unit that may go at `now` if `is_wanted` says so, which is told whether a picture
    /// goes soon behind it.
    #[inline]
    pub(crate) fn next_if(
        &mut self,
        now: Now,
        is_wanted: impl FnOnce(&AccessUnit, bool) -> bool,
    ) -> Option<AccessUnit> {
        let mut front = self.row.front();
        // As [`Hand::look`], which most units need not.
        if self.is_short || front.is_none_or(|unit| unit.dts() > self.released) {
            if !self.look(now) {
                return None;
            }
            front = self.row.front();
        }
        let front = front?;
        if is_wanted(front, self.has_picture_behind(front.dts())) { self.next() } else { None }
    }

    /// The unit that is next, whether it is due or not.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<AccessUnit> {
        let unit = self.row.pop()?;
        self.is_short |= self.row.count(unit.track()) == 0;
        Some(unit)
    }

    /// Whether a picture goes soon behind the unit decoded at `dts`, which went.
    #[inline]
    pub(crate) fn has_picture_behind(&self, dts: MediaTime) -> bool {
        dts <= self.picture_up_to && self.row.count(Track::Video) > 0
    }

    /// When a unit may go, if there was none only for the time.
    pub(crate) fn due(&self) -> Option<Now> {
        self.due
    }

    /// Nothing is held back here.
    pub(crate) fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// Whether the unit decoded at `first` may go. Sound waits for the picture that follows soon:
    /// one write a picture.
    fn release(&mut self, first: MediaTime, now: Now) -> bool {
        let (start, zero) = *self.began.get_or_insert((now, first));
        let longest = first.offset_micros(RIDE_ALONG_MICROS);
        let picture = self.row.first_picture().filter(|dts| *dts <= longest);
        let group = picture.unwrap_or(longest);
        let due = start.offset_micros(group.micros_since(zero).max(0));
        self.due = Some(due).filter(|due| now < *due);
        if self.due.is_none() {
            self.released = group;
            self.picture_up_to = picture.unwrap_or(self.picture_up_to);
        }
        self.due.is_none()
    }

    /// Takes what there is, unless so much is in hand that the other track must be far behind.
    fn refill(&mut self) {
        if self.row.len() >= UNITS {
            return;
        }
        let mut shelves = self.stock.lock();
        self.row.append(&mut shelves.row);
        let Tracks { video, audio } = self.stock.tracks;
        let lacks = |track| self.row.count(track) == 0;
        self.is_short = (video && lacks(Track::Video)) || (audio && lacks(Track::Audio));
        shelves.size_bytes = 0;
        shelves.is_idle = self.row.is_empty();
        if self.row.is_empty() {
            self.due = None;
        }
        if shelves.waiting > 0 {
            drop(shelves);
            self.stock.changed.notify_all();
        }
    }
}

/// What waits at most; as much again may be in hand.
const PICTURES: usize = 128;
const SOUNDS: usize = 256;
const UNITS: usize = PICTURES + SOUNDS;
const BYTES: usize = 1 << 20;
/// How far ahead of its time media is handed over.
const AHEAD: Duration = Duration::from_secs(1);
/// How long sound waits for a picture to go with.
const RIDE_ALONG_MICROS: i64 = 60_000;
/// AAC frames that wait for a picture to ride along with.
const AUDIO_RIDES: usize = 3;

#[cfg(test)]
#[path = "stock_test.rs"]
mod tests;
