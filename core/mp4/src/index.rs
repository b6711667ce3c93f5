//! Sample tables of a file that grows by fragments, and the `moov` that makes it a plain one.

use std::collections::VecDeque;

use shiguredo_mp4::Encode;
use shiguredo_mp4::boxes::{MoofBox, MoovBox, TrakBox};

use crate::table::{Entry, Mark, Table};
use crate::{Fragment, MOVIE_TIMESCALE_HZ, Mp4Error, Tracks};

/// What is known of the fragments written so far: four bytes for a sample, and little more.
#[derive(Clone, Debug)]
pub struct Index {
    moov: MoovBox,
    tables: Vec<Table>,
    /// The newest fragments: where each begins, and the tables before it.
    marks: VecDeque<(u64, [Mark; 2])>,
}

/// So many fragments can be taken back.
pub(crate) const MARKS: usize = 24;

impl Index {
    /// Of a file that begins with these tracks.
    pub fn new(tracks: &Tracks) -> Self {
        Self::from_moov(tracks.moov.clone())
    }

    pub(crate) fn from_moov(moov: MoovBox) -> Self {
        let tables = moov.trak_boxes.iter().map(|_| Table::default()).collect();
        Self { moov, tables, marks: VecDeque::with_capacity(MARKS) }
    }

    /// Notes a fragment whose first byte is at `at` in the file.
    ///
    /// # Errors
    /// When it does not follow those before it; nothing is noted then.
    pub fn add(&mut self, fragment: &Fragment, at: u64) -> Result<(), Mp4Error> {
        self.add_moof(&fragment.moof, at)
    }

    pub(crate) fn add_moof(&mut self, moof: &MoofBox, at: u64) -> Result<(), Mp4Error> {
        let mark = |at: usize| self.tables.get(at).unwrap_or(&self.tables[0]).mark();
        if self.marks.len() == MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back((at, [mark(0), mark(1)]));
        let added = self.add_runs(moof, at);
        if added.is_err() {
            self.take_back();
        }
        added
    }

    fn add_runs(&mut self, moof: &MoofBox, at: u64) -> Result<(), Mp4Error> {
        for traf in &moof.traf_boxes {
            let table = self.position(traf.tfhd_box.track_id);
            let table = table.ok_or(Mp4Error::Foreign("a fragment of an unknown track"))?;
            let begin = traf.tfdt_box.as_ref().map(|tfdt| tfdt.base_media_decode_time);
            let mut begin = begin.ok_or(Mp4Error::Foreign("a fragment without a time"))?;
            for trun in &traf.trun_boxes {
                let entries = trun.samples.iter().map(|sample| {
                    Some(Entry {
                        duration: sample.duration?,
                        size: sample.size?,
                        composition: sample.composition_time_offset.unwrap_or(0),
                        is_sync: !sample.flags?.sample_is_non_sync_sample(),
                    })
                });
                let entries: Option<Vec<_>> = entries.collect();
                let entries = entries.ok_or(Mp4Error::Foreign("samples that tell too little"))?;
                let offset = trun.data_offset.and_then(|offset| u64::try_from(offset).ok());
                let offset = offset.ok_or(Mp4Error::Foreign("samples that are nowhere"))?;
                self.tables[table].push_run(begin, at.saturating_add(offset), &entries)?;
                begin = self.tables[table].ticks();
            }
        }
        Ok(())
    }

    /// Forgets the newest fragment and says where it began, as far as that is known.
    pub fn take_back(&mut self) -> Option<u64> {
        let (at, marks) = self.marks.pop_back()?;
        for (table, mark) in self.tables.iter_mut().zip(&marks) {
            table.cut(mark);
        }
        Some(at)
    }

    /// The track's place in the file.
    pub(crate) fn position(&self, track_id: u32) -> Option<usize> {
        self.moov.trak_boxes.iter().position(|trak| trak.tkhd_box.track_id == track_id)
    }

    /// Pictures and frames of sound.
    pub fn counts(&self) -> (u64, u64) {
        let mut counts = (0, 0);
        for (trak, table) in self.moov.trak_boxes.iter().zip(&self.tables) {
            let samples = table.samples() as u64;
            match &trak.mdia_box.hdlr_box.handler_type {
                b"vide" => counts.0 += samples,
                _ => counts.1 += samples,
            }
        }
        counts
    }

    /// The longest track's length, ticks of [`MOVIE_TIMESCALE_HZ`].
    pub fn ticks(&self) -> u64 {
        let tracks = self.moov.trak_boxes.iter().zip(&self.tables);
        tracks.map(|(trak, table)| Lengths::of(trak, table).in_movie()).max().unwrap_or(0)
    }

    /// The `moov` of a plain file.
    ///
    /// # Errors
    /// When a number does not fit its field.
    pub fn tables(&self) -> Result<Vec<u8>, Mp4Error> {
        let mut moov = self.moov.clone();
        moov.mvex_box = None;
        moov.mvhd_box.duration = self.ticks();
        for (trak, table) in moov.trak_boxes.iter_mut().zip(&self.tables) {
            let lengths = Lengths::of(trak, table);
            trak.tkhd_box.duration = lengths.in_movie();
            trak.mdia_box.mdhd_box.duration = table.ticks();
            let elst = trak.edts_box.as_mut().and_then(|edts| edts.elst_box.as_mut());
            if let Some(last) = elst.and_then(|elst| elst.entries.last_mut()) {
                last.edit_duration = lengths.shown;
            }
            table.fill(&mut trak.mdia_box.minf_box.stbl_box);
        }
        Ok(moov.encode_to_vec()?)
    }
}

/// A track's lengths, ticks of the movie.
struct Lengths {
    delay: u64,
    shown: u64,
}

impl Lengths {
    fn of(trak: &TrakBox, table: &Table) -> Self {
        let edits = trak.edts_box.as_ref().and_then(|edts| edts.elst_box.as_ref());
        let edits = edits.map_or(&[][..], |elst| &elst.entries);
        let delay = match edits {
            [empty, _] if empty.media_time < 0 => empty.edit_duration,
            _ => 0,
        };
        // Pictures are presented as long as they are decoded; sound's warm-up is not heard.
        let is_sound = trak.mdia_box.hdlr_box.handler_type == *b"soun";
        let hidden = edits.last().filter(|_| is_sound).map_or(0, |last| last.media_time);
        let shown = table.ticks().saturating_sub(u64::try_from(hidden).unwrap_or(0));
        let timescale_hz = u128::from(trak.mdia_box.mdhd_box.timescale.get());
        let shown = u128::from(shown) * u128::from(MOVIE_TIMESCALE_HZ) / timescale_hz;
        Self { delay, shown: u64::try_from(shown).unwrap_or(u64::MAX) }
    }

    fn in_movie(&self) -> u64 {
        self.delay.saturating_add(self.shown)
    }
}
