//! Low-latency HLS out of the shared units: a part is a list of units until somebody fetches it, so
//! a stream that nobody watches by HLS costs no copy. RFC 8216bis; spec rooms-web 4.
//!
//! Segments begin at key frames (any frame when there is only sound) and are about two seconds
//! long, or one GOP. They consist of parts of about 250 ms, byte for byte.

mod part;
mod playlist;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use onair_mp4::SoundCount;

use crate::unit::{Headers, Kind, Unit};
use part::{Part, Units};
use playlist::LISTED;

/// Longest part, unless a picture lasts longer.
const PART_MS: i64 = 250;
/// Shortest segment that a key frame ends.
const CUT_AFTER_MS: i64 = 1_750;
/// A segment that finds no key frame for so long is given up.
const LONGEST_MS: i64 = 30_000;
/// Most bytes in one segment.
const SEGMENT_BYTES: usize = 24 << 20;
/// Most bytes in all segments.
const ALL_BYTES: usize = 48 << 20;
/// Segments that have just left the playlist and may still be fetched.
const GRACE: usize = 2;
/// A jump of the time stamps that breaks the timeline.
const JUMP_MS: i64 = 10_000;

/// The first segment's number. Players know of none before it; hls.js 1.7.4 takes 0 for none at all, and loads the parts
/// of a segment 0 over and over.
const FIRST_NUMBER: u64 = 1;

/// Cuts a stream into segments and keeps the newest ones.
#[derive(Debug)]
pub(crate) struct Segmenter {
    session: u64,
    next_number: u64,
    next_part: u64,
    segments: VecDeque<Arc<Segment>>,
    open: Option<Open>,
    init: Option<Arc<Init>>,
    inits: u64,
    discontinuities: u64,
    /// The next segment does not follow the last one.
    broken: bool,
    longest_ms: i64,
    ended: bool,
    clock: Timeline,
    /// Where AAC frames lie; none before the first one and after a jump.
    sound: Option<SoundCount>,
}

/// An initialisation segment: what `EXT-X-MAP` names.
#[derive(Debug)]
pub(crate) struct Init {
    id: u64,
    headers: Arc<Headers>,
}

/// A complete segment.
#[derive(Debug)]
pub(crate) struct Segment {
    session: u64,
    number: u64,
    duration_ms: i64,
    bytes: usize,
    init: Arc<Init>,
    /// How many breaks the stream had up to this segment's beginning.
    discontinuity: u64,
    parts: Vec<Arc<Part>>,
}

/// The segment that grows.
#[derive(Debug)]
struct Open {
    start_ms: i64,
    last_ms: i64,
    bytes: usize,
    parts: Vec<Arc<Part>>,
    /// When the part that grows begins.
    part_ms: i64,
    units: Units,
    /// The newest of the units that parts are cut at, and how much later than the one before.
    leader_ms: i64,
    step_ms: i64,
}

/// What a player may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any playlist.
    Now,
    /// The part of the segment, or the whole segment.
    Place { segment: u64, part: Option<u64> },
}

/// How far the stream is from something wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    Yes,
    Later,
    /// Nobody asks so far ahead who has read the playlist.
    TooFar,
}

impl Default for Segmenter {
    fn default() -> Self {
        Self {
            session: 0,
            next_number: FIRST_NUMBER,
            next_part: 0,
            segments: VecDeque::new(),
            open: None,
            init: None,
            inits: 0,
            discontinuities: 0,
            broken: false,
            longest_ms: 0,
            ended: false,
            clock: Timeline::default(),
            sound: None,
        }
    }
}

impl Segmenter {
    /// A new publish session begins: old segments are of no use to anyone.
    pub(crate) fn restart(&mut self, session: u64) {
        *self = Self {
            session,
            next_number: self.next_number,
            next_part: self.next_part,
            inits: self.inits,
            discontinuities: self.discontinuities + 1,
            ..Self::default()
        };
    }

    /// Takes the next unit; true when the playlist has changed.
    pub(crate) fn push(&mut self, unit: &Arc<Unit>, headers: &Arc<Headers>) -> bool {
        let known = (self.next_number, self.next_part);
        let before_ms = self.clock.last();
        let at_ms = self.clock.place(unit.timestamp_ms);
        let jumped = before_ms
            .is_some_and(|before| at_ms - before > JUMP_MS || before - at_ms > JUMP_MS / 10);
        if jumped || self.init.as_ref().is_some_and(|init| !init.fits(headers)) {
            self.close(None);
            (self.broken, self.sound) = (true, None);
        }
        let leads = match unit.kind {
            Kind::Key | Kind::Delta => true,
            Kind::Audio => {
                headers.video.is_none() && !headers.video_announced && part::has_sound(headers)
            }
            _ => false,
        };
        if leads {
            self.lead(unit.kind, at_ms, headers);
        }
        self.append(unit, at_ms, headers);
        known != (self.next_number, self.next_part)
    }

    /// A picture comes, or sound where there are no pictures: parts and segments end before it.
    fn lead(&mut self, kind: Kind, at_ms: i64, headers: &Arc<Headers>) {
        if kind != Kind::Delta {
            if self.open.as_ref().is_some_and(|open| at_ms - open.start_ms >= CUT_AFTER_MS) {
                self.close(Some(at_ms));
            }
            if self.open.is_none() {
                self.begin(at_ms, headers);
            }
        }
        let Some(open) = &mut self.open else { return };
        open.step_ms = if at_ms > open.leader_ms { at_ms - open.leader_ms } else { open.step_ms };
        open.leader_ms = at_ms;
        if kind == Kind::Key || at_ms + open.step_ms - open.part_ms > PART_MS {
            self.cut(at_ms);
        }
    }

    /// The publisher has gone: what is open becomes the last segment.
    pub(crate) fn end(&mut self) {
        self.close(None);
        self.ended = true;
    }

    /// The media playlist; `None` before the first segment is complete.
    pub(crate) fn playlist(&self) -> Option<String> {
        playlist::write(self)
    }

    /// Whether the playlist holds what is wanted. A part that its segment turned out not to have
    /// is the first one of the next segment (RFC 8216bis 6.2.5.2).
    pub(crate) fn reached(&self, wanted: Wanted) -> Reached {
        let Wanted::Place { segment, part } = wanted else { return Reached::Yes };
        let is_there = match part {
            _ if self.ended || segment.saturating_add(1) < self.next_number => true,
            None => segment < self.next_number,
            Some(part) if segment < self.next_number => {
                let parts = self.segments.back().map_or(0, |segment| segment.parts.len() as u64);
                part < parts || !self.open_parts().is_empty()
            }
            Some(part) => segment == self.next_number && part < self.open_parts().len() as u64,
        };
        match is_there {
            true => Reached::Yes,
            false if segment > self.next_number.saturating_add(1) => Reached::TooFar,
            false => Reached::Later,
        }
    }

    pub(crate) fn segment(&self, session: u64, number: u64) -> Option<Arc<Segment>> {
        let found =
            |segment: &&Arc<Segment>| segment.number == number && segment.session == session;
        self.segments.iter().find(found).cloned()
    }

    /// A part, and whether it is the one that comes next.
    pub(crate) fn part(&self, session: u64, number: u64) -> Result<Arc<Part>, Reached> {
        let ours = self.segments.iter().filter(|segment| segment.session == session);
        let complete = ours.flat_map(|segment| &segment.parts);
        let open = self.open_parts().iter().filter(|_| session == self.session);
        let found = complete.chain(open).find(|part| part.number == number).cloned();
        let is_next = session == self.session && number == self.next_part && !self.ended;
        found.ok_or(if is_next { Reached::Later } else { Reached::TooFar })
    }

    fn open_parts(&self) -> &[Arc<Part>] {
        self.open.as_ref().map_or(&[], |open| &open.parts)
    }

    pub(crate) fn init(&self, session: u64, id: u64) -> Option<Arc<Init>> {
        let kept = self.segments.iter().filter(|segment| segment.session == session);
        let newest = self.init.iter().filter(|_| session == self.session);
        kept.map(|segment| &segment.init).chain(newest).find(|init| init.id == id).cloned()
    }

    fn begin(&mut self, at_ms: i64, headers: &Arc<Headers>) {
        if !self.init.as_ref().is_some_and(|init| init.fits(headers)) {
            self.inits += 1;
            self.init = Some(Arc::new(Init { id: self.inits, headers: Arc::clone(headers) }));
        }
        self.open = Some(Open {
            start_ms: at_ms,
            last_ms: at_ms,
            bytes: 0,
            parts: Vec::new(),
            part_ms: at_ms,
            units: Units::default(),
            leader_ms: at_ms,
            step_ms: 0,
        });
    }

    fn append(&mut self, unit: &Arc<Unit>, at_ms: i64, headers: &Headers) {
        let Some(open) = &mut self.open else { return };
        open.bytes += unit.weight();
        open.last_ms = open.last_ms.max(at_ms);
        match (unit.kind, &headers.audio) {
            (Kind::Key | Kind::Delta, _) => open.units.push_video(unit, at_ms),
            (Kind::Audio, Some(audio)) => {
                let rate = audio.config.sample_rate_hz();
                open.units.push_audio(unit, at_ms, rate, &mut self.sound);
            }
            _ => {}
        }
        if open.bytes > SEGMENT_BYTES || at_ms - open.start_ms > LONGEST_MS {
            self.open = None;
            self.broken = true;
        }
    }

    /// Completes the part that grows, if it lasts at all.
    fn cut(&mut self, end_ms: i64) {
        let (Some(open), Some(init)) = (&mut self.open, &self.init) else { return };
        if end_ms <= open.part_ms {
            return;
        }
        let (times, units) = ((open.part_ms, end_ms), std::mem::take(&mut open.units));
        open.parts.push(Arc::new(Part::new(self.next_part, times, units, &init.headers)));
        open.part_ms = end_ms;
        self.next_part += 1;
    }

    /// Completes the open segment, which ends at `end_ms` or where its last unit does.
    fn close(&mut self, end_ms: Option<i64>) {
        let Some(open) = &self.open else { return };
        let end_ms = end_ms.unwrap_or((open.leader_ms + open.step_ms).max(open.last_ms));
        self.cut(end_ms);
        let (Some(open), Some(init)) = (self.open.take(), self.init.clone()) else { return };
        if open.parts.is_empty() {
            return;
        }
        let duration_ms = open.part_ms - open.start_ms;
        self.discontinuities += u64::from(std::mem::take(&mut self.broken));
        self.longest_ms = self.longest_ms.max(duration_ms);
        self.segments.push_back(Arc::new(Segment {
            session: self.session,
            number: self.next_number,
            duration_ms,
            bytes: open.bytes,
            init,
            discontinuity: self.discontinuities,
            parts: open.parts,
        }));
        self.next_number += 1;
        let size = |segments: &VecDeque<Arc<Segment>>| -> usize {
            segments.iter().map(|segment| segment.bytes).sum()
        };
        while self.segments.len() > LISTED + GRACE
            || (self.segments.len() > 1 && size(&self.segments) > ALL_BYTES)
        {
            self.segments.pop_front();
        }
    }
}

impl Init {
    /// `ftyp` and `moov`; `None` when the stream's headers cannot be expressed in MP4.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        part::init(&self.headers)
    }

    fn fits(&self, headers: &Arc<Headers>) -> bool {
        Arc::ptr_eq(&self.headers, headers) || self.headers.decode_alike(headers)
    }
}

impl Segment {
    /// Its parts one after the other: made when first asked for, and shared.
    pub(crate) fn bytes(&self) -> Option<Vec<Bytes>> {
        self.parts.iter().map(|part| part.bytes()).collect()
    }
}

/// Makes one line out of milliseconds that wrap after 49.7 days (network 2, rule 8).
#[derive(Debug, Default)]
struct Timeline(Option<(u32, i64)>);

impl Timeline {
    fn last(&self) -> Option<i64> {
        self.0.map(|(_, line)| line)
    }

    fn place(&mut self, timestamp_ms: u32) -> i64 {
        let line = self.0.map_or(i64::from(timestamp_ms), |(last, line)| {
            line + i64::from(timestamp_ms.wrapping_sub(last) as i32)
        });
        self.0 = Some((timestamp_ms, line));
        line
    }
}

#[cfg(test)]
#[path = "hls_test.rs"]
mod tests;
