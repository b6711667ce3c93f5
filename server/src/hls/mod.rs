//! HLS out of the shared units: a segment is a list of units until somebody fetches it, so a
//! stream that nobody watches by HLS costs no copy. RFC 8216; spec rooms-web 4.
//!
//! Segments begin at key frames (any frame when there is only sound) and are about two seconds
//! long, or one GOP. No partial segments here.

mod fmp4;
mod playlist;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::unit::{Headers, Kind, Unit};
use fmp4::Fragment;

/// Shortest segment that a key frame ends.
const CUT_AFTER_MS: i64 = 1_750;
/// A segment that finds no key frame for so long is given up.
const LONGEST_MS: i64 = 30_000;
/// Most bytes in one segment.
const SEGMENT_BYTES: usize = 24 << 20;
/// Most bytes in all segments.
const ALL_BYTES: usize = 48 << 20;
/// Segments in the playlist.
const LISTED: usize = 6;
/// Segments that have just left the playlist and may still be fetched.
const GRACE: usize = 2;
/// A jump of the time stamps that breaks the timeline.
const JUMP_MS: i64 = 10_000;

/// Cuts a stream into segments and keeps the newest ones.
#[derive(Debug, Default)]
pub(crate) struct Segmenter {
    session: u64,
    next_number: u64,
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
    /// Where the next AAC frame begins when none is missing, in samples.
    next_sample: Option<i64>,
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
    data: Mutex<Data>,
}

#[derive(Debug)]
enum Data {
    Units(Fragment),
    Muxed(Bytes),
}

#[derive(Debug)]
struct Open {
    start_ms: i64,
    last_ms: i64,
    bytes: usize,
    fragment: Fragment,
}

impl Segmenter {
    /// A new publish session begins: old segments are of no use to anyone.
    pub(crate) fn restart(&mut self, session: u64) {
        *self = Self {
            session,
            next_number: self.next_number,
            inits: self.inits,
            discontinuities: self.discontinuities + 1,
            ..Self::default()
        };
    }

    /// Takes the next unit; true when a segment became complete.
    pub(crate) fn push(&mut self, unit: &Arc<Unit>, headers: &Arc<Headers>) -> bool {
        let before_ms = self.clock.last();
        let at_ms = self.clock.place(unit.timestamp_ms);
        let jumped = before_ms
            .is_some_and(|before| at_ms - before > JUMP_MS || before - at_ms > JUMP_MS / 10);
        let mut completed = false;
        if jumped || self.init.as_ref().is_some_and(|init| !init.fits(headers)) {
            completed = self.close(None);
            (self.broken, self.next_sample) = (true, None);
        }
        let boundary = match unit.kind {
            Kind::Key => true,
            Kind::Audio => {
                headers.video.is_none() && !headers.video_announced && fmp4::has_sound(headers)
            }
            _ => false,
        };
        if boundary {
            if self.open.as_ref().is_some_and(|open| at_ms - open.start_ms >= CUT_AFTER_MS) {
                completed |= self.close(Some(at_ms));
            }
            if self.open.is_none() {
                self.begin(at_ms, headers);
            }
        }
        self.append(unit, at_ms, headers);
        completed
    }

    /// The publisher has gone: what is open becomes the last segment.
    pub(crate) fn end(&mut self) {
        self.close(None);
        self.ended = true;
    }

    /// The media playlist; `None` before the first segment is complete.
    pub(crate) fn playlist(&self) -> Option<String> {
        let first = self.segments.len().saturating_sub(LISTED);
        let listed: Vec<_> = self.segments.range(first..).map(Arc::as_ref).collect();
        let target = self.longest_ms.max(1_000).saturating_add(500) / 1_000;
        (!listed.is_empty()).then(|| playlist::write(&listed, target, self.ended))
    }

    pub(crate) fn segment(&self, session: u64, number: u64) -> Option<Arc<Segment>> {
        let found =
            |segment: &&Arc<Segment>| segment.number == number && segment.session == session;
        self.segments.iter().find(found).cloned()
    }

    pub(crate) fn init(&self, session: u64, id: u64) -> Option<Arc<Init>> {
        let found = |segment: &&Arc<Segment>| segment.init.id == id && segment.session == session;
        self.segments.iter().find(found).map(|segment| Arc::clone(&segment.init))
    }

    fn begin(&mut self, at_ms: i64, headers: &Arc<Headers>) {
        if !self.init.as_ref().is_some_and(|init| init.fits(headers)) {
            self.inits += 1;
            self.init = Some(Arc::new(Init { id: self.inits, headers: Arc::clone(headers) }));
        }
        let fragment = Fragment::default();
        self.open = Some(Open { start_ms: at_ms, last_ms: at_ms, bytes: 0, fragment });
    }

    fn append(&mut self, unit: &Arc<Unit>, at_ms: i64, headers: &Headers) {
        let Some(open) = &mut self.open else { return };
        open.bytes += unit.weight();
        open.last_ms = open.last_ms.max(at_ms);
        match (unit.kind, &headers.audio) {
            (Kind::Key | Kind::Delta, _) => open.fragment.push_video(unit, at_ms),
            (Kind::Audio, Some(audio)) => {
                let rate = audio.config.sample_rate_hz();
                let next = self.next_sample.unwrap_or(i64::MIN);
                self.next_sample = Some(open.fragment.push_audio(unit, at_ms, rate, next));
            }
            _ => {}
        }
        if open.bytes > SEGMENT_BYTES || at_ms - open.start_ms > LONGEST_MS {
            self.open = None;
            self.broken = true;
        }
    }

    /// Completes the open segment, which ends at `end_ms` or where its last unit does.
    fn close(&mut self, end_ms: Option<i64>) -> bool {
        let (Some(open), Some(init)) = (self.open.take(), self.init.clone()) else { return false };
        let end_ms = end_ms.unwrap_or_else(|| open.fragment.end_ms().max(open.last_ms));
        let duration_ms = end_ms - open.start_ms;
        if duration_ms <= 0 {
            return false;
        }
        self.discontinuities += u64::from(std::mem::take(&mut self.broken));
        self.longest_ms = self.longest_ms.max(duration_ms);
        self.segments.push_back(Arc::new(Segment {
            session: self.session,
            number: self.next_number,
            duration_ms,
            bytes: open.bytes,
            init,
            discontinuity: self.discontinuities,
            data: Mutex::new(Data::Units(open.fragment.ending_at(end_ms))),
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
        true
    }
}

impl Init {
    /// `ftyp` and `moov`; `None` when the stream's headers cannot be expressed in MP4.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        fmp4::init(&self.headers).map(Bytes::from)
    }

    fn fits(&self, headers: &Arc<Headers>) -> bool {
        Arc::ptr_eq(&self.headers, headers) || self.headers.decode_alike(headers)
    }
}

impl Segment {
    /// `moof` and `mdat`; muxed when first asked for.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        if let Data::Units(fragment) = &*data {
            let sequence = u32::try_from(self.number & 0xffff_ffff).unwrap_or(0);
            let has_video = self.init.headers.video.is_some();
            let has_audio = fmp4::has_sound(&self.init.headers);
            *data = Data::Muxed(fragment.mux(sequence, has_video, has_audio)?.into());
        }
        match &*data {
            Data::Muxed(bytes) => Some(bytes.clone()),
            Data::Units(_) => None,
        }
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
