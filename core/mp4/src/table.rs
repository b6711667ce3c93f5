//! One track's sample tables, run-length coded while they grow. ISO/IEC 14496-12 8.6 and 8.7.

use std::num::NonZeroU32;

use shiguredo_mp4::Either;
use shiguredo_mp4::boxes::{
    Co64Box, CttsBox, CttsEntry, StblBox, StcoBox, StscBox, StscEntry, StssBox, StszBox, SttsBox,
    SttsEntry,
};

use crate::Mp4Error;

#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    sizes: Vec<u32>,
    /// How many samples last so long.
    durations: Vec<(u32, u32)>,
    /// How many samples are presented so much after they are decoded.
    compositions: Vec<(u32, i64)>,
    /// Numbers, from 1, of those at which decoding can start.
    syncs: Vec<NonZeroU32>,
    /// Where a run begins in the file, and how many samples it has.
    chunks: Vec<(u64, u32)>,
    /// Where the next sample begins when none is missing, ticks.
    end: u64,
}

/// A table's length at some time, to which it can be cut back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    sizes: usize,
    durations: (usize, [Option<(u32, u32)>; 2]),
    compositions: (usize, [Option<(u32, i64)>; 2]),
    syncs: usize,
    chunks: usize,
    end: u64,
}

/// What the tables need of a sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) duration: u32,
    pub(crate) size: u32,
    pub(crate) composition: i64,
    pub(crate) is_sync: bool,
}

impl Table {
    /// Notes a run whose bytes begin at `at` in the file; a gap before it belongs to the sample
    /// before it.
    pub(crate) fn push_run(
        &mut self,
        begin: u64,
        at: u64,
        entries: &[Entry],
    ) -> Result<(), Mp4Error> {
        self.begin_at(begin)?;
        for entry in entries {
            self.sizes.push(entry.size);
            count(&mut self.durations, entry.duration);
            count(&mut self.compositions, entry.composition);
            if entry.is_sync {
                let number = u32::try_from(self.sizes.len()).ok().and_then(NonZeroU32::new);
                self.syncs.push(number.ok_or(Mp4Error::TooLarge("the number of samples"))?);
            }
            self.end = self.end.saturating_add(entry.duration.into());
        }
        let samples = u32::try_from(entries.len());
        let samples = samples.map_err(|_| Mp4Error::TooLarge("the number of samples"))?;
        self.chunks.push((at, samples));
        Ok(())
    }

    /// Makes the last sample last until `begin`.
    fn begin_at(&mut self, begin: u64) -> Result<(), Mp4Error> {
        if begin == self.end {
            return Ok(());
        }
        let Some((samples, duration)) = self.durations.pop() else {
            return Err(Mp4Error::Foreign("a track does not begin at zero"));
        };
        let last_began = self.end - u64::from(duration);
        let longer = begin.checked_sub(last_began).and_then(|ticks| u32::try_from(ticks).ok());
        let longer = longer.filter(|ticks| *ticks > 0);
        if samples > 1 {
            self.durations.push((samples - 1, duration));
        }
        // One tick where time runs backwards: nothing of ours does.
        count(&mut self.durations, longer.unwrap_or(1));
        self.end = begin;
        longer.map(|_| ()).ok_or(Mp4Error::Foreign("decoding times run backwards"))
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            sizes: self.sizes.len(),
            durations: (self.durations.len(), last_two(&self.durations)),
            compositions: (self.compositions.len(), last_two(&self.compositions)),
            syncs: self.syncs.len(),
            chunks: self.chunks.len(),
            end: self.end,
        }
    }

    pub(crate) fn cut(&mut self, mark: &Mark) {
        self.sizes.truncate(mark.sizes);
        restore(&mut self.durations, mark.durations);
        restore(&mut self.compositions, mark.compositions);
        self.syncs.truncate(mark.syncs);
        self.chunks.truncate(mark.chunks);
        self.end = mark.end;
    }

    /// The track's length, ticks.
    pub(crate) fn ticks(&self) -> u64 {
        self.end
    }

    pub(crate) fn samples(&self) -> usize {
        self.sizes.len()
    }

    /// Puts the tables into `stbl`.
    pub(crate) fn fill(&self, stbl: &mut StblBox) {
        let durations = self.durations.iter();
        stbl.stts_box = SttsBox {
            entries: durations
                .map(|(sample_count, sample_delta)| SttsEntry {
                    sample_count: *sample_count,
                    sample_delta: *sample_delta,
                })
                .collect(),
        };
        let is_reordered = self.compositions.iter().any(|(_, ticks)| *ticks != 0);
        let version = u8::from(self.compositions.iter().any(|(_, ticks)| *ticks < 0));
        let compositions = self.compositions.iter();
        let entries = compositions.map(|(sample_count, sample_offset)| CttsEntry {
            sample_count: *sample_count,
            sample_offset: *sample_offset,
        });
        stbl.ctts_box = is_reordered.then(|| CttsBox { version, entries: entries.collect() });
        stbl.stsc_box = StscBox { entries: self.samples_per_chunk() };
        stbl.stsz_box = StszBox::Variable { entry_sizes: self.sizes.clone() };
        let offsets = self.chunks.iter().map(|(at, _)| *at);
        let small: Result<Vec<u32>, _> = offsets.clone().map(u32::try_from).collect();
        stbl.stco_or_co64_box = match small {
            Ok(chunk_offsets) => Either::A(StcoBox { chunk_offsets }),
            Err(_) => Either::B(Co64Box { chunk_offsets: offsets.collect() }),
        };
        // Where decoding can start anywhere, the table is left out (8.6.2.1).
        let has_others = self.syncs.len() < self.sizes.len();
        stbl.stss_box = has_others.then(|| StssBox { sample_numbers: self.syncs.clone() });
    }

    fn samples_per_chunk(&self) -> Vec<StscEntry> {
        let mut entries: Vec<StscEntry> = Vec::new();
        for (number, (_, samples)) in (1u32..).zip(&self.chunks) {
            if entries.last().is_none_or(|last| last.sample_per_chunk != *samples) {
                entries.push(StscEntry {
                    first_chunk: NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN),
                    sample_per_chunk: *samples,
                    sample_description_index: NonZeroU32::MIN,
                });
            }
        }
        entries
    }
}

fn count<T: PartialEq>(runs: &mut Vec<(u32, T)>, value: T) {
    match runs.last_mut() {
        Some((samples, last)) if *last == value && *samples < u32::MAX => *samples += 1,
        _ => runs.push((1, value)),
    }
}

/// The last but one, and the last.
fn last_two<T: Copy>(runs: &[T]) -> [Option<T>; 2] {
    let mut newest = runs.iter().rev().copied();
    let last = newest.next();
    [newest.next(), last]
}

fn restore<T: Copy>(runs: &mut Vec<T>, (len, last): (usize, [Option<T>; 2])) {
    // The last entry may have been split or lengthened since, or its only sample gone to the one before.
    runs.truncate(len.saturating_sub(2));
    runs.extend(last.into_iter().flatten());
}
