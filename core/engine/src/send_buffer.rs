//! The queue between encoders and wire, and the only place that drops (`spec network` 2 and 6;
//! statements 16, 17, 22–25). Units leave in decoding order, both tracks merged; what left is never
//! cut (rule 1). Not here: when the wire takes units (`publish`), and their wire times (`align`).
//!
//! ```text
//!  video  ▸ I p p p p I p p        too old: up to the newest young IDR, else everything,
//!  audio  ▸ a a a a a a a a a      and then no picture until an IDR comes
//! ```
//!
//! Ages count from the moment a unit was pushed.

use std::collections::VecDeque;
use std::ops::Sub;
use std::time::Duration;

use onair_types::{AccessUnit, FrameKind, MediaTime, Now, Track, VideoUnit};

use crate::publish::Delivery;
use crate::record::{Corrupt, Reader, Sketch, State, state};

/// What the buffer must know of a unit: an access unit, or a record's sketch of one.
pub(crate) trait Unit {
    fn track(&self) -> Track;
    fn dts(&self) -> MediaTime;
    fn size_bytes(&self) -> usize;
    fn is_idr(&self) -> bool;
    /// No other picture refers to it.
    fn is_disposable(&self) -> bool;
}

impl Unit for AccessUnit {
    fn track(&self) -> Track {
        self.track()
    }

    fn dts(&self) -> MediaTime {
        self.dts()
    }

    fn size_bytes(&self) -> usize {
        self.size_bytes()
    }

    fn is_idr(&self) -> bool {
        self.is_idr()
    }

    fn is_disposable(&self) -> bool {
        matches!(self, Self::Video(unit) if unit.kind == FrameKind::Disposable)
    }
}

/// A unit and when it was pushed.
#[derive(Debug)]
pub(crate) struct Queued<U = AccessUnit> {
    pub(crate) unit: U,
    pub(crate) pushed_at: Now,
    order: u64,
}

/// Units dropped, by track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) video: u64,
    pub(crate) audio: u64,
}

impl Sub for Dropped {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { video: self.video - earlier.video, audio: self.audio - earlier.audio }
    }
}

state!(Dropped { video, audio });

impl Dropped {
    pub(crate) fn count(&mut self, track: Track) {
        match track {
            Track::Video => self.video += 1,
            Track::Audio => self.audio += 1,
        }
    }
}

/// Both tracks' waiting units. Each track's queue is in decoding order; the video queue never holds
/// a picture whose references were dropped.
#[derive(Debug)]
pub(crate) struct SendBuffer<U = AccessUnit> {
    delivery: Delivery,
    video: VecDeque<Queued<U>>,
    audio: VecDeque<Queued<U>>,
    size_bytes: usize,
    pushed: u64,
    awaits_idr: bool,
    dropped: Dropped,
}

impl<U: Unit> SendBuffer<U> {
    /// Empty. With `awaits_idr` nothing of video is taken before an IDR.
    pub(crate) fn new(delivery: Delivery, awaits_idr: bool) -> Self {
        Self {
            delivery,
            video: VecDeque::with_capacity(VIDEO_ROOM),
            audio: VecDeque::with_capacity(AUDIO_ROOM),
            size_bytes: 0,
            pushed: 0,
            awaits_idr,
            dropped: Dropped::default(),
        }
    }

    /// Takes a unit, or counts it as dropped: a picture that nothing can decode any more, or one
    /// for which no bound leaves room.
    pub(crate) fn push(&mut self, unit: U, now: Now) {
        let track = unit.track();
        let is_idr = unit.is_idr();
        let undecodable = track == Track::Video && self.awaits_idr && !is_idr;
        let refused = undecodable || unit.size_bytes() > MAX_BYTES;
        if refused || (self.delivery == Delivery::Complete && self.is_over_bounds()) {
            self.count_dropped(track);
            self.awaits_idr |= track == Track::Video && !unit.is_disposable();
            return;
        }
        if is_idr {
            self.awaits_idr = false;
        }
        self.size_bytes += unit.size_bytes();
        self.pushed += 1;
        let queued = Queued { unit, pushed_at: now, order: self.pushed };
        match track {
            Track::Video => self.video.push_back(queued),
            Track::Audio => self.audio.push_back(queued),
        }
    }

    /// The unit that is decoded first; of two at the same time the one pushed first. With
    /// `sound_first` sound may go [`SOUND_LEAD_US`] before its turn.
    pub(crate) fn pop(&mut self, sound_first: bool) -> Option<Queued<U>> {
        let lead_us = if sound_first { SOUND_LEAD_US } else { 0 };
        let audio_is_next = match (self.video.front(), self.audio.front()) {
            (Some(video), Some(audio)) => {
                let turn = video.unit.dts().offset_micros(lead_us);
                (audio.unit.dts(), audio.order) < (turn, video.order)
            }
            (None, _) => true,
            (_, None) => false,
        };
        let queue = if audio_is_next { &mut self.audio } else { &mut self.video };
        let queued = queue.pop_front()?;
        self.size_bytes -= queued.unit.size_bytes();
        Some(queued)
    }

    /// While live with [`Delivery::Live`]: drops what is too old or too much (rule 3). The link
    /// needs `transit` for so many bytes: a picture that would be late for its size alone is old.
    /// Time in which the link was dead makes no picture old: what waited then goes at once after it.
    pub(crate) fn shed(
        &mut self,
        transit: impl Fn(usize) -> Duration,
        dead_time: Duration,
        now: Now,
    ) {
        if self.delivery == Delivery::Complete {
            return;
        }
        let is_old = |queued: &Queued<U>, limit| now.since(queued.pushed_at) > limit;
        let lenience = dead_time.min(MAX_LENIENCE);
        let drop_age = self.video.front().map_or(DROP_AGE, |head| {
            let transit = transit(head.unit.size_bytes()).saturating_sub(FREE_TRANSIT);
            DROP_AGE + lenience - transit.min(MAX_TRANSIT)
        });
        if self.is_over_bounds() || self.video.front().is_some_and(|head| is_old(head, drop_age)) {
            let young_idr =
                self.video.iter().rposition(|queued| queued.unit.is_idr()).filter(|&index| {
                    index > 0 && !is_old(&self.video[index], YOUNG_IDR + lenience)
                });
            self.drop_video(young_idr.unwrap_or(self.video.len()));
            if self.is_over_bounds() {
                self.drop_video(self.video.len());
            }
        }
        while self.audio.front().is_some_and(|head| is_old(head, MAX_AGE)) || self.is_over_bounds()
        {
            self.drop_audio_front();
        }
    }

    /// While nobody takes units: keeps the newest GOP that is worth replaying, and as much sound.
    /// With [`Delivery::Complete`] everything stays.
    pub(crate) fn hold(&mut self, now: Now) {
        if self.delivery == Delivery::Complete {
            return;
        }
        let newest_idr = self.video.iter().rposition(|queued| queued.unit.is_idr());
        self.drop_video(newest_idr.unwrap_or(self.video.len()));
        let is_stale = |queued: &Queued<U>| now.since(queued.pushed_at) >= REPLAY_AGE;
        if self.video.front().is_some_and(is_stale) || self.size_bytes > HOLD_BYTES {
            self.drop_video(self.video.len());
        }
        while self.audio.front().is_some_and(is_stale) || self.size_bytes > HOLD_BYTES {
            self.drop_audio_front();
        }
    }

    /// A unit was lost behind this buffer, with its connection: video goes on at an IDR.
    pub(crate) fn restart_at_idr(&mut self) {
        match self.video.iter().position(|queued| queued.unit.is_idr()) {
            Some(index) => self.drop_video(index),
            None => self.drop_video(self.video.len()),
        }
        self.awaits_idr |= self.video.is_empty();
    }

    /// Drops the GOP at the front: sound began after its IDR.
    pub(crate) fn skip_gop(&mut self) {
        let next_idr = self.video.iter().skip(1).position(|queued| queued.unit.is_idr());
        self.drop_video(next_idr.map_or(self.video.len(), |index| index + 1));
    }

    /// Drops sound for which `is_early` holds, at the front.
    pub(crate) fn drop_audio_while(&mut self, is_early: impl Fn(MediaTime) -> bool) {
        while self.audio.front().is_some_and(|head| is_early(head.unit.dts())) {
            self.drop_audio_front();
        }
    }

    /// Drops `count` AAC frames at the front, as far as there are any; returns how many went.
    pub(crate) fn drop_audio(&mut self, count: u64) -> u64 {
        let before = self.dropped.audio;
        while self.dropped.audio - before < count && !self.audio.is_empty() {
            self.drop_audio_front();
        }
        self.dropped.audio - before
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.drop_video(self.video.len());
        while !self.audio.is_empty() {
            self.drop_audio_front();
        }
    }

    /// A unit of `track` was dropped outside of this buffer.
    pub(crate) fn count_dropped(&mut self, track: Track) {
        self.dropped.count(track);
    }

    /// The unit that is decoded first, as [`SendBuffer::pop`] takes it without sound first.
    pub(crate) fn first(&self) -> Option<&Queued<U>> {
        let heads = self.video.front().into_iter().chain(self.audio.front());
        heads.min_by_key(|queued| (queued.unit.dts(), queued.order))
    }

    /// The AAC frame at the front of audio, and when it was pushed.
    pub(crate) fn first_audio(&self) -> Option<&Queued<U>> {
        self.audio.front()
    }

    /// When the picture at the front was pushed.
    pub(crate) fn video_since(&self) -> Option<Now> {
        self.video.front().map(|queued| queued.pushed_at)
    }

    /// When the oldest waiting unit was pushed.
    pub(crate) fn oldest(&self) -> Option<Now> {
        let heads = self.video.front().into_iter().chain(self.audio.front());
        heads.map(|queued| queued.pushed_at).min()
    }

    /// When [`SendBuffer::shed`] has something to do if nothing changes until then.
    pub(crate) fn next_shed(&self, dead_time: Duration) -> Option<Now> {
        if self.delivery == Delivery::Complete {
            return None;
        }
        let drop_age = DROP_AGE + dead_time.min(MAX_LENIENCE);
        let video = self.video.front().map(|head| head.pushed_at + drop_age);
        let audio = self.audio.front().map(|head| head.pushed_at + MAX_AGE);
        // One microsecond on, since only what is older than the limit goes.
        video.into_iter().chain(audio).min().map(|due| due.offset_micros(1))
    }

    /// Whether pictures are refused until an IDR comes.
    #[inline]
    pub(crate) fn awaits_idr(&self) -> bool {
        self.awaits_idr
    }

    /// Whether pictures wait.
    pub(crate) fn has_video(&self) -> bool {
        !self.video.is_empty()
    }

    /// Whether nothing waits.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.video.is_empty() && self.audio.is_empty()
    }

    /// Units that wait.
    pub(crate) fn len(&self) -> usize {
        self.video.len() + self.audio.len()
    }

    /// Bytes that wait.
    pub(crate) fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// Whether a producer that can wait should.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.size_bytes >= COMPLETE_BYTES || self.len() >= COMPLETE_UNITS
    }

    /// All units dropped so far.
    pub(crate) fn dropped(&self) -> Dropped {
        self.dropped
    }

    fn is_over_bounds(&self) -> bool {
        self.size_bytes > MAX_BYTES || self.len() > MAX_UNITS
    }

    /// Drops the first `count` pictures. What then comes first must be an IDR.
    fn drop_video(&mut self, count: usize) {
        for queued in self.video.drain(..count) {
            self.size_bytes -= queued.unit.size_bytes();
        }
        self.dropped.video += count as u64;
        if count > 0 && self.video.is_empty() {
            self.awaits_idr = true;
        }
    }

    fn drop_audio_front(&mut self) {
        if let Some(queued) = self.audio.pop_front() {
            self.size_bytes -= queued.unit.size_bytes();
            self.dropped.audio += 1;
        }
    }
}

impl SendBuffer {
    /// The IDR at the front of video.
    pub(crate) fn first_idr(&self) -> Option<&VideoUnit> {
        match self.first_video() {
            Some(unit) if unit.kind == FrameKind::Idr => Some(unit),
            _ => None,
        }
    }

    /// The picture at the front of video.
    pub(crate) fn first_video(&self) -> Option<&VideoUnit> {
        match &self.video.front()?.unit {
            AccessUnit::Video(unit) => Some(unit),
            AccessUnit::Audio(_) => None,
        }
    }
}

/// What a record keeps of it.
impl<U: Unit> SendBuffer<U> {
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        let Self { delivery: _, video, audio, size_bytes: _, pushed, awaits_idr, dropped } = self;
        for queue in [video, audio] {
            queue.len().save(out);
            for Queued { unit, pushed_at, order } in queue {
                Sketch::of(unit).save(out);
                (*pushed_at, *order).save(out);
            }
        }
        (*pushed, *awaits_idr).save(out);
        dropped.save(out);
    }
}

impl SendBuffer<Sketch> {
    pub(crate) fn load(delivery: Delivery, from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        let (video, audio) = (VecDeque::load(from)?, VecDeque::load(from)?);
        let size_bytes = video.iter().chain(&audio).map(|q: &Queued<Sketch>| q.unit.size_bytes());
        let size_bytes = size_bytes.sum();
        let (pushed, awaits_idr) = State::load(from)?;
        let dropped = State::load(from)?;
        Ok(Self { delivery, video, audio, size_bytes, pushed, awaits_idr, dropped })
    }
}

impl State for Queued<Sketch> {
    fn save(&self, out: &mut Vec<u8>) {
        self.unit.save(out);
        (self.pushed_at, self.order).save(out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        let (unit, (pushed_at, order)) = State::load(from)?;
        Ok(Self { unit, pushed_at, order })
    }
}

/// A picture older than this makes room for younger ones (`spec network` 1.3).
const DROP_AGE: Duration = Duration::from_millis(1_250);
/// A picture's own time on the link takes off that age what is above the first, at most the second.
const FREE_TRANSIT: Duration = Duration::from_millis(100);
const MAX_TRANSIT: Duration = Duration::from_millis(700);
/// Most that dead time of the link adds to it: later than 2 s nobody needs a picture.
const MAX_LENIENCE: Duration = Duration::from_millis(550);
/// How far sound may overtake pictures: receivers expect both within 250 ms (`spec network` 2.7).
const SOUND_LEAD_US: i64 = 200_000;
/// An IDR older than this would be too old itself soon.
const YOUNG_IDR: Duration = Duration::from_millis(700);
/// Sound waits longer: what comes after it is a dead connection (`spec network` 2.5).
const MAX_AGE: Duration = Duration::from_secs(5);
/// Nor more than this,
const MAX_BYTES: usize = 8 << 20;
/// and this: far beyond three seconds of 120 pictures and 50 AAC frames each.
const MAX_UNITS: usize = 2_048;
/// Room from the start, so that a link that turns slow allocates nothing: 1.8 s of 50 pictures and
/// [`MAX_AGE`] of 50 AAC frames a second.
const VIDEO_ROOM: usize = 96;
const AUDIO_ROOM: usize = 256;
/// From this age on a GOP is not worth replaying to a new connection.
pub(crate) const REPLAY_AGE: Duration = Duration::from_secs(1);
/// What is kept for a new connection at most.
const HOLD_BYTES: usize = 2 << 20;
/// A file's reader waits from here on.
const COMPLETE_BYTES: usize = 1 << 20;
const COMPLETE_UNITS: usize = 512;

#[cfg(test)]
#[path = "send_buffer_test.rs"]
mod tests;
