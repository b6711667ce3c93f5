//! An encoded FLV file, shipped as it is: access units of all its tracks, decoding times and
//! composition times stay untouched, and cues go with them.
//!
//! Units are handed over many at once and ahead of their time, which the session keeps. Of a file with
//! further tracks a picture and the sound before it go as one batch when the picture is due. What
//! lies beside them, further tracks and cues, goes ahead of them in the same batch.

mod about;
mod items;
mod plain;

use std::collections::VecDeque;
use std::fs::File;
use std::num::NonZeroU8;
use std::path::Path;
use std::time::Duration;

use onair::{CaptureTime, MediaTime, MetaData, PushError, Session};
use onair_engine::amf0;
use onair_engine::flv::{Tag, TagType};
use onair_types::{AccessUnit, Track};

use self::about::FrameRateGuess;
use self::items::{Item, ItemError, Items};
use super::{Ending, Source, ending};
use crate::context::Context;
use crate::event::Event;
use crate::exit::Failure;
use crate::tags::TagReader;

/// Which tracks of a file are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tracks {
    pub(crate) audio: bool,
    pub(crate) video: bool,
}

/// A file on its way.
pub(crate) struct EncodedSource {
    name: String,
    tags: TagReader<File>,
    /// Tags that were read to find out what the file holds.
    ahead: VecDeque<Tag>,
    items: Items,
    /// The first of the next batch.
    held: Option<Item>,
    /// When the first unit is decoded.
    first: Option<MediaTime>,
    metadata: MetaData,
    length: Option<Duration>,
    fast: bool,
    /// Further tracks that showed up when the server had been told what there is.
    late: Vec<LateTrack>,
}

/// One of them, and when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LateTrack {
    track: Track,
    id: NonZeroU8,
    at: MediaTime,
    is_told: bool,
}

/// Tags that are read at most to find both sequence headers.
const LOOK_AHEAD_TAGS: usize = 256;
/// How far behind one track the other may be in a file.
const OTHER_TRACK: Duration = Duration::from_secs(1);
/// How long sound waits for a picture to go with.
const BATCH: Duration = Duration::from_millis(60);
/// Items handed over at once, about.
const BATCH_ITEMS: usize = 64;
/// How long the network may take for the cues that wait, and how often that is looked at.
const CUE_TIME: Duration = Duration::from_secs(1);
const CUE_LOOK: Duration = Duration::from_millis(5);

impl EncodedSource {
    /// Opens a file and reads up to its sequence headers.
    ///
    /// # Errors
    /// When it cannot be read, is not FLV, or holds no wanted track of a codec that is taken.
    pub(crate) fn open(
        path: &Path,
        wanted: Tracks,
        length: Option<Duration>,
        fast: bool,
    ) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| Failure::usage(format!("open {name}: {e}")))?;
        let mut source = Self {
            name,
            tags: TagReader::new(file),
            ahead: VecDeque::new(),
            items: Items::new(wanted),
            held: None,
            first: None,
            metadata: MetaData::default(),
            length,
            fast,
            late: Vec::new(),
        };
        source.look_ahead(wanted)?;
        Ok(source)
    }

    /// What the file says about itself, for the tracks that are sent.
    pub(crate) fn metadata(&self) -> &MetaData {
        &self.metadata
    }

    fn look_ahead(&mut self, wanted: Tracks) -> Result<(), Failure> {
        let mut found = Items::new(wanted);
        let mut metadata = None;
        let mut first_pictures = FrameRateGuess::default();
        let mut has_begun = false;
        while self.ahead.len() < LOOK_AHEAD_TAGS {
            // Headers of further tracks come before the first unit.
            let has_all = has_begun
                && (found.video.header.is_some() || !wanted.video)
                && (found.audio.header.is_some() || !wanted.audio)
                && (first_pictures.fps().is_some() || !wanted.video);
            if has_all {
                break;
            }
            let Some(tag) = self.read_tag()? else { break };
            if tag.tag_type == TagType::Script && metadata.is_none() {
                metadata = amf0::read_all(&tag.body).ok().and_then(|v| MetaData::parse(&v));
            }
            let mut item = found.of(&tag).map_err(|e| self.error(e))?;
            while let Some(one) = item {
                has_begun |= !one.is_beside();
                if let Item::Unit(AccessUnit::Video(unit)) = one {
                    first_pictures.push(unit.dts);
                }
                item = found.rest();
            }
            self.ahead.push_back(tag);
        }
        self.metadata = about::metadata(&found, metadata.unwrap_or_default(), &first_pictures);
        if self.metadata.video.is_none() && self.metadata.audio.is_none() {
            return Err(self.error(ItemError::Nothing));
        }
        Ok(())
    }

    /// Whether there is another tag without reading on, for which a pipe may have to wait.
    fn has_read_more(&self) -> bool {
        !self.ahead.is_empty() || self.tags.has_read_more()
    }

    fn read_tag(&mut self) -> Result<Option<Tag>, Failure> {
        self.tags.next_tag().map_err(|error| Failure::usage(format!("{}: {error}", self.name)))
    }

    /// The next item of the file.
    fn next_item(&mut self) -> Result<Option<Item>, Failure> {
        loop {
            if let Some(item) = self.items.rest() {
                return Ok(Some(item));
            }
            let tag = match self.ahead.pop_front() {
                Some(tag) => tag,
                None => match self.read_tag()? {
                    Some(tag) => tag,
                    None => return Ok(None),
                },
            };
            if let Some(item) = self.items.of(&tag).map_err(|error| self.error(error))? {
                return Ok(Some(item));
            }
        }
    }

    /// The next item that is wanted; `None` at the end of what is.
    fn next_wanted(&mut self) -> Result<Option<Item>, Failure> {
        if let Some(item) = self.held.take() {
            return Ok(Some(item));
        }
        while let Some(item) = self.next_item()? {
            if let Item::Unit(unit) = &item {
                self.first.get_or_insert(unit.dts());
            }
            let end = self.length.map(|length| self.first.unwrap_or_default() + length);
            let beyond = end.map_or(i64::MIN, |end| item.at().micros_since(end));
            if beyond >= OTHER_TRACK.as_micros() as i64 {
                return Ok(None);
            }
            // The other track may still have units before the end.
            if beyond < 0 {
                if self.is_told_of(&item) {
                    return Ok(Some(item));
                }
                self.note_late(&item);
            }
        }
        Ok(None)
    }

    /// A further track that showed up late is in no metadata: the server knows nothing of it.
    fn is_told_of(&self, item: &Item) -> bool {
        let MetaData { further_video, further_audio, .. } = &self.metadata;
        match item {
            Item::Unit(_) | Item::Cue(..) => true,
            Item::Further(id, AccessUnit::Video(unit)) => further_video
                .iter()
                .any(|(known, meta)| known == id && meta.codec == unit.config.codec()),
            Item::Further(id, AccessUnit::Audio(unit)) => further_audio
                .iter()
                .any(|(known, meta)| known == id && meta.codec == unit.config.codec()),
        }
    }

    fn note_late(&mut self, item: &Item) {
        let Item::Further(id, unit) = item else { return };
        let (id, track, at) = (*id, unit.track(), unit.dts());
        if !self.late.iter().any(|known| (known.track, known.id) == (track, id)) {
            self.late.push(LateTrack { track, id, at, is_told: false });
        }
    }

    /// What is left out is said, once.
    fn tell_late(&mut self, context: &Context) {
        for late in self.late.iter_mut().filter(|late| !late.is_told) {
            late.is_told = true;
            let message = format!("{}: {late}", self.name);
            context.output.event(&Event::Warning { message, seconds: context.seconds() });
        }
    }

    /// Whether all tracks are first ones: the session keeps their time.
    pub(crate) fn is_plain(&self) -> bool {
        self.metadata.further_video.is_empty() && self.metadata.further_audio.is_empty()
    }

    /// Adds to `batch` a picture and what comes before it, or sound alone; what lies beside them goes
    /// first. Whether there may be more.
    fn fill(&mut self, batch: &mut Vec<Item>) -> Result<bool, Failure> {
        let (mut head, mut end, mut has_beside) = (None, None, false);
        let more = loop {
            let Some(item) = self.next_wanted()? else { break false };
            let (at, is_beside) = (item.at(), item.is_beside());
            if end.is_some_and(|end| !is_beside || at > end) {
                self.held = Some(item);
                break true;
            }
            if let Item::Unit(unit) = &item {
                let head = *head.get_or_insert(at);
                let is_due = matches!(unit, AccessUnit::Video(_)) || at >= head + BATCH;
                end = is_due.then_some(at);
            }
            has_beside |= is_beside;
            batch.push(item);
        };
        if has_beside {
            batch.sort_by_key(|item| !item.is_beside());
        }
        Ok(more)
    }

    fn error(&self, error: ItemError) -> Failure {
        Failure::usage(format!("{}: {error}", self.name))
    }
}

impl std::fmt::Display for LateTrack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { track, id, at, .. } = self;
        let kind = if *track == Track::Video { "pictures" } else { "sound" };
        let ms = at.as_millis_rounded();
        write!(
            f,
            "track {id} of {kind} shows up at {ms} ms, when the server has been told of all tracks, \
             and is left out; its sequence header must come before the first picture"
        )
    }
}

impl Source for EncodedSource {
    fn prepare(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn run(&mut self, session: &Session, context: &Context) -> Result<Ending, Failure> {
        let start = context.clock.now();
        let is_plain = self.is_plain();
        let mut batch: Vec<Item> = Vec::with_capacity(BATCH_ITEMS);
        let mut units = Vec::with_capacity(plain::MOST_UNITS);
        loop {
            if is_plain && self.fill_plain(&mut units)? {
                if let Err(error) = session.push_encoded(&mut units) {
                    return ending(&error);
                }
                continue;
            }
            let mut more = self.fill(&mut batch)?;
            while more && is_plain && batch.len() < BATCH_ITEMS && self.has_read_more() {
                more = self.fill(&mut batch)?;
            }
            if !self.fast
                && !is_plain
                && let Some((last, first)) = batch.last().zip(self.first)
            {
                let due = last.at().micros_since(first).max(0);
                let due = Duration::from_micros(due.unsigned_abs());
                let wait = (start + due).since(context.clock.now());
                if wait > Duration::ZERO && context.stop_signal.wait(wait) {
                    return Ok(Ending::Stopped);
                }
            }
            self.tell_late(context);
            for item in batch.drain(..) {
                let pushed = match item {
                    Item::Unit(unit) => {
                        units.push(unit);
                        Ok(())
                    }
                    Item::Further(id, AccessUnit::Video(unit)) => {
                        session.push_further_video(id, unit)
                    }
                    Item::Further(id, AccessUnit::Audio(unit)) => {
                        session.push_further_audio(id, unit)
                    }
                    Item::Cue(at, cue) => push_cue(session, context, at, &cue),
                };
                if let Err(error) = pushed {
                    return ending(&error);
                }
            }
            if let Err(error) = session.push_encoded(&mut units) {
                return ending(&error);
            }
            if !more {
                return Ok(Ending::Media);
            }
        }
    }
}

/// Where many cues wait already, the network thread gets some time for them; then this one goes
/// unsaid rather than the show.
fn push_cue(
    session: &Session,
    context: &Context,
    at: MediaTime,
    cue: &onair::Cue,
) -> Result<(), PushError> {
    for _ in 0..CUE_TIME.as_millis() / CUE_LOOK.as_millis() {
        match session.send_cue(cue.clone(), CaptureTime::from_micros(at.as_micros())) {
            Err(PushError::Cues { .. }) if !context.stop_signal.wait(CUE_LOOK) => {}
            Err(PushError::Cues { .. }) => return Ok(()),
            result => return result,
        }
    }
    log::warn!("a cue at {} ms of the file is left out: too many wait", at.as_millis_rounded());
    Ok(())
}

#[cfg(test)]
#[path = "encoded_test.rs"]
mod tests;
