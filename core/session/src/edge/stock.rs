//! Files → `onair-net`: units are put here ahead, many at once, and taken all at once, so that
//! neither side wakes the other for each of them. Producers wait when it is full; nothing goes.
//!
//! ```text
//!  push ──▶ stock (2 MiB; 128 pictures; a second when each goes on time) ──▶ in hand ──▶ engine
//!                          all of it, when a track in hand ran out ──┘  └── in order, when due
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use onair_types::{AccessUnit, AudioUnit, MediaTime, Now, VideoUnit};

use super::Tracks;
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
    video: VecDeque<VideoUnit>,
    audio: VecDeque<AudioUnit>,
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
            video: VecDeque::with_capacity(PICTURES),
            audio: VecDeque::with_capacity(SOUNDS),
            size_bytes: 0,
            waiting: 0,
            is_idle: true,
            is_stopped: false,
        });
        Self(Arc::new(Shared { shelves, changed: Condvar::new(), tracks, timing, wake }))
    }

    /// Puts units behind those that wait; waits itself while there is no room.
    pub(crate) fn push(
        &self,
        units: impl IntoIterator<Item = AccessUnit>,
    ) -> Result<(), PushError> {
        let mut shelves = self.0.lock();
        for unit in units {
            while shelves.is_full(&unit, self.0.timing) && !shelves.is_stopped {
                self.0.wake_if_idle(&shelves);
                shelves = self.0.wait(shelves);
            }
            if shelves.is_stopped {
                return Err(PushError::NotRunning);
            }
            shelves.size_bytes += unit.size_bytes();
            match unit {
                AccessUnit::Video(unit) => shelves.video.push_back(unit),
                AccessUnit::Audio(unit) => shelves.audio.push_back(unit),
            }
        }
        // Sound alone rides along with the next picture.
        let is_worth_it =
            !self.0.tracks.video || !shelves.video.is_empty() || shelves.audio.len() >= AUDIO_RIDES;
        if is_worth_it {
            self.0.wake_if_idle(&shelves);
        }
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
            video: VecDeque::with_capacity(PICTURES),
            audio: VecDeque::with_capacity(SOUNDS),
            began: None,
            released: match self.0.timing {
                Timing::AsPushed => MediaTime::from_micros(i64::MAX),
                Timing::OnTime => MediaTime::from_micros(i64::MIN),
            },
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

    fn wake_if_idle(&self, shelves: &Shelves) {
        if shelves.is_idle && !shelves.is_empty() {
            self.wake.notify();
        }
    }
}

impl Shelves {
    fn is_empty(&self) -> bool {
        self.video.is_empty() && self.audio.is_empty()
    }

    /// All of it is with the engine.
    fn is_taken(&self) -> bool {
        self.is_empty() && self.is_idle
    }

    fn is_full(&self, unit: &AccessUnit, timing: Timing) -> bool {
        let (len, most, first) = match unit {
            AccessUnit::Video(_) => {
                (self.video.len(), PICTURES, self.video.front().map(|it| it.dts))
            }
            AccessUnit::Audio(_) => (self.audio.len(), SOUNDS, self.audio.front().map(|it| it.pts)),
        };
        let is_far_ahead = || first.is_some_and(|first| unit.dts().since(first) >= AHEAD);
        self.size_bytes >= BYTES || len >= most || (timing == Timing::OnTime && is_far_ahead())
    }
}

/// Both tracks in order of decoding time, video first when equal; each when it is due. For
/// `onair-net` alone.
#[derive(Debug)]
pub(crate) struct Hand {
    stock: Arc<Shared>,
    video: VecDeque<VideoUnit>,
    audio: VecDeque<AudioUnit>,
    /// When the first unit went, and its decoding time.
    began: Option<(Now, MediaTime)>,
    /// What is decoded up to here may go.
    released: MediaTime,
    /// When that changes.
    due: Option<Now>,
}

impl Hand {
    /// Whether a unit may go at `now`, which [`Hand::next`] then takes.
    pub(crate) fn look(&mut self, now: Now) -> bool {
        let Tracks { video, audio } = self.stock.tracks;
        if (video && self.video.is_empty()) || (audio && self.audio.is_empty()) {
            self.refill();
        }
        let (video, audio) = self.heads();
        let Some(first) = video.into_iter().chain(audio).min() else { return false };
        first <= self.released || self.release(first, video, now)
    }

    /// The unit that is next, whether it is due or not.
    pub(crate) fn next(&mut self) -> Option<AccessUnit> {
        let is_video = match self.heads() {
            (Some(video), Some(audio)) => video <= audio,
            (video, _) => video.is_some(),
        };
        if is_video {
            self.video.pop_front().map(AccessUnit::Video)
        } else {
            self.audio.pop_front().map(AccessUnit::Audio)
        }
    }

    fn heads(&self) -> (Option<MediaTime>, Option<MediaTime>) {
        (self.video.front().map(|it| it.dts), self.audio.front().map(|it| it.pts))
    }

    /// When a unit may go, if there was none only for the time.
    pub(crate) fn due(&self) -> Option<Now> {
        self.due
    }

    /// Nothing is held back here.
    pub(crate) fn is_empty(&self) -> bool {
        self.video.is_empty() && self.audio.is_empty()
    }

    /// Whether the unit decoded at `first` may go. Sound waits for the picture that follows soon:
    /// one write a picture.
    fn release(&mut self, first: MediaTime, video: Option<MediaTime>, now: Now) -> bool {
        let (start, zero) = *self.began.get_or_insert((now, first));
        let group = first + RIDE_ALONG;
        let group = video.filter(|dts| *dts <= group).unwrap_or(group);
        let due = start + group.since(zero);
        self.due = Some(due).filter(|due| now < *due);
        if self.due.is_none() {
            self.released = group;
        }
        self.due.is_none()
    }

    fn refill(&mut self) {
        let mut shelves = self.stock.lock();
        take(&mut self.video, &mut shelves.video);
        take(&mut self.audio, &mut shelves.audio);
        shelves.size_bytes = 0;
        shelves.is_idle = self.video.is_empty() && self.audio.is_empty();
        if self.video.is_empty() && self.audio.is_empty() {
            self.due = None;
        }
        if shelves.waiting > 0 {
            drop(shelves);
            self.stock.changed.notify_all();
        }
    }
}

fn take<T>(to: &mut VecDeque<T>, from: &mut VecDeque<T>) {
    if to.is_empty() {
        std::mem::swap(to, from);
    } else {
        to.append(from);
    }
}

/// What waits at most; as much again may be in hand.
const PICTURES: usize = 128;
const SOUNDS: usize = 256;
const BYTES: usize = 1 << 20;
/// How far ahead of its time media is handed over.
const AHEAD: Duration = Duration::from_secs(1);
/// How long sound waits for a picture to go with.
const RIDE_ALONG: Duration = Duration::from_millis(60);
/// AAC frames that wait for a picture to ride along with.
const AUDIO_RIDES: usize = 3;

#[cfg(test)]
#[path = "stock_test.rs"]
mod tests;
