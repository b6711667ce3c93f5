//! What a crash left of a recording: the whole fragments, found by reading them.
//!
//! Nothing is believed: sizes against the file's end, offsets against the fragment, and in the
//! newest fragments the payload against its own lengths, since a power cut may leave zeros where
//! data was on its way. Other programs' files are refused.

use std::io::{Read, Seek, SeekFrom};

use shiguredo_mp4::Decode;
use shiguredo_mp4::boxes::{MoofBox, MoovBox, SampleEntry, TrakBox};

use crate::index::MARKS;
use crate::{Index, Mp4Error, SWITCH_AT};

/// What the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileState {
    /// A plain file, whole: nothing is to be done.
    Complete,
    /// Fragments; what follows the last whole one is of no use.
    Growing,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Complete, or not.
    pub state: FileState,
    /// The tables of what can be played.
    pub index: Index,
    /// Where the last whole fragment ends.
    pub end: u64,
    /// How long the file is.
    pub len: u64,
    /// Whole fragments.
    pub fragments: u64,
}

const START: usize = SWITCH_AT as usize + 16;
const MOOV_AT: u64 = START as u64;
/// Ours have a kilobyte.
const MOST_MOOV_BYTES: u64 = 1 << 20;
/// Ours have sixteen bytes for each of some hundred samples.
const MOST_MOOF_BYTES: u64 = 4 << 20;
/// Fragments whose payload is looked at; older ones were safe on the disk.
const CHECKED: usize = MARKS - 4;

/// Reads the file from its beginning.
///
/// # Errors
/// [`Mp4Error::Foreign`] when it is no recording of ours, [`Mp4Error::Empty`] when no whole
/// fragment is in it, [`Mp4Error::Read`] when it cannot be read.
pub fn scan<F: Read + Seek>(file: &mut F) -> Result<Scan, Mp4Error> {
    let len = file.seek(SeekFrom::End(0)).map_err(|error| unread(&error))?;
    let start = read(file, 0, START as u64, len)?.ok_or(Mp4Error::Empty)?;
    let state = state(file, &start, len)?;
    let moov = match header(file, MOOV_AT, len)? {
        Some((name, size)) if &name == b"moov" && size <= MOST_MOOV_BYTES => {
            read(file, MOOV_AT, size, len)?.ok_or(Mp4Error::Empty)?
        }
        Some((name, _)) if &name == b"moov" => return Err(Mp4Error::Foreign("a large moov")),
        Some(_) => return Err(Mp4Error::Foreign("no moov where ours has it")),
        None => return Err(Mp4Error::Empty),
    };
    let moov_end = MOOV_AT + moov.len() as u64;
    let (moov, _) = MoovBox::decode(&moov).map_err(|_| Mp4Error::Foreign("a broken moov"))?;
    if !(1..=2).contains(&moov.trak_boxes.len()) || moov.mvex_box.is_none() {
        return Err(Mp4Error::Foreign("not the tracks of ours"));
    }
    let prefixes: Vec<_> = moov.trak_boxes.iter().map(Prefix::of).collect();
    let mut scan = Scan { state, index: Index::from_moov(moov), end: moov_end, len, fragments: 0 };
    let mut newest = std::collections::VecDeque::with_capacity(CHECKED);
    while let Some(found) = fragment(file, scan.end, len)? {
        if scan.index.add_moof(&found.moof, scan.end).is_err() {
            break;
        }
        if newest.len() == CHECKED {
            newest.pop_front();
        }
        newest.push_back((scan.end, found.moof));
        scan.end = found.end;
        scan.fragments += 1;
    }
    if state == FileState::Growing {
        let mut damaged = None;
        for (number, (at, moof)) in newest.iter().enumerate() {
            if !is_sound(file, *at, moof, &prefixes, &scan.index)? {
                damaged = Some(newest.len() - number);
                break;
            }
        }
        for _ in 0..damaged.unwrap_or(0) {
            scan.end = scan.index.take_back().unwrap_or(scan.end);
            scan.fragments -= 1;
        }
    }
    if scan.fragments == 0 {
        return Err(Mp4Error::Empty);
    }
    Ok(scan)
}

fn state<F: Read + Seek>(file: &mut F, start: &[u8], len: u64) -> Result<FileState, Mp4Error> {
    let number = |at: usize| match start.get(at..at + 4) {
        Some(&[a, b, c, d]) => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    };
    let name = |at: usize| start.get(at + 4..at + 8);
    let ftyp = (number(0), name(0));
    if ftyp != (Some(SWITCH_AT as u32), Some(&b"ftyp"[..])) {
        return Err(Mp4Error::Foreign("no ftyp like ours"));
    }
    let at = SWITCH_AT as usize;
    match (number(at), name(at)) {
        (Some(16), Some(b"free")) => Ok(FileState::Growing),
        (Some(1), Some(b"mdat")) => {
            let size = start.get(at + 8..at + 16).and_then(|bytes| bytes.try_into().ok());
            let tables_at = SWITCH_AT.saturating_add(size.map_or(0, u64::from_be_bytes));
            // Cut off since: the fragments under the mdat are still there.
            let tables = header(file, tables_at, len)?;
            let is_whole = tables.is_some_and(|(name, size)| {
                &name == b"moov" && tables_at.checked_add(size).is_some_and(|end| end <= len)
            });
            Ok(if is_whole { FileState::Complete } else { FileState::Growing })
        }
        _ => Err(Mp4Error::Foreign("no place for the switch")),
    }
}

struct Found {
    moof: MoofBox,
    end: u64,
}

/// The whole fragment at `at`, if there is one.
fn fragment<F: Read + Seek>(file: &mut F, at: u64, len: u64) -> Result<Option<Found>, Mp4Error> {
    let size = match header(file, at, len)? {
        Some((name, size)) if &name == b"moof" && size <= MOST_MOOF_BYTES => size,
        _ => return Ok(None),
    };
    let Some(moof) = read(file, at, size, len)? else { return Ok(None) };
    let mdat_at = at + size;
    let mdat = header(file, mdat_at, len)?.filter(|(name, _)| name == b"mdat");
    let Some(end) = mdat.and_then(|(_, size)| mdat_at.checked_add(size)) else { return Ok(None) };
    if end > len || !tells_sizes(&moof, 0) {
        return Ok(None);
    }
    let Ok((moof, _)) = MoofBox::decode(&moof) else { return Ok(None) };
    let is_inside = moof.traf_boxes.iter().flat_map(|traf| &traf.trun_boxes).all(|trun| {
        let bytes: u64 =
            trun.samples.iter().map(|sample| u64::from(sample.size.unwrap_or(0))).sum();
        let first = trun.data_offset.and_then(|offset| u64::try_from(offset).ok());
        first.is_some_and(|first| first > size && at + first + bytes <= end)
    });
    Ok(is_inside.then_some(Found { moof, end }))
}

/// Whether each run has a number in the file for each sample that it claims: only then is what is
/// decoded no larger than what was read.
fn tells_sizes(bytes: &[u8], depth: usize) -> bool {
    const SIZES: u8 = 0x02; // of the second flag byte (8.8.8.1)
    let mut rest = bytes.get(8..).unwrap_or(&[]);
    while let Some(head) = rest.get(..8) {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(inner) = rest.get(..size).filter(|_| size >= 8) else { return false };
        let is_good = match &head[4..] {
            b"traf" if depth == 0 => tells_sizes(inner, 1),
            b"trun" => inner.get(10).is_some_and(|flags| flags & SIZES != 0),
            _ => true,
        };
        if !is_good {
            return false;
        }
        rest = &rest[size..];
    }
    rest.is_empty()
}

/// How a track's samples can be told from zeros and worse.
#[derive(Clone, Copy)]
enum Prefix {
    /// NAL units behind lengths of so many bytes.
    Lengths(usize),
    /// Anything that is not all zero.
    None,
}

impl Prefix {
    fn of(trak: &TrakBox) -> Self {
        match trak.mdia_box.minf_box.stbl_box.stsd_box.entries.first() {
            Some(SampleEntry::Avc1(avc1)) => {
                Self::Lengths(usize::from(avc1.avcc_box.length_size_minus_one.get()) + 1)
            }
            Some(SampleEntry::Hvc1(hvc1)) => {
                Self::Lengths(usize::from(hvc1.hvcc_box.length_size_minus_one.get()) + 1)
            }
            _ => Self::None,
        }
    }

    fn fits(self, sample: &[u8]) -> bool {
        let Self::Lengths(size) = self else { return sample.iter().any(|byte| *byte != 0) };
        let mut rest = sample;
        while !rest.is_empty() {
            let Some((prefix, behind)) = rest.split_at_checked(size) else { return false };
            let length = prefix.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
            match behind.get(length..) {
                Some(next) if length > 0 => rest = next,
                _ => return false,
            }
        }
        true
    }
}

/// Whether the payload of the fragment at `at` is what its codec writes.
fn is_sound<F: Read + Seek>(
    file: &mut F,
    at: u64,
    moof: &MoofBox,
    prefixes: &[Prefix],
    index: &Index,
) -> Result<bool, Mp4Error> {
    let mut sample = Vec::new();
    for traf in &moof.traf_boxes {
        let prefix = index.position(traf.tfhd_box.track_id).and_then(|at| prefixes.get(at));
        let Some(prefix) = prefix else { return Ok(false) };
        for trun in &traf.trun_boxes {
            let offset = trun.data_offset.and_then(|offset| u64::try_from(offset).ok());
            let first = SeekFrom::Start(at + offset.unwrap_or(0));
            file.seek(first).map_err(|error| unread(&error))?;
            for size in trun.samples.iter().filter_map(|sample| sample.size) {
                sample.clear();
                // As many bytes as there are, whatever was claimed.
                let read = file.by_ref().take(size.into()).read_to_end(&mut sample);
                let is_whole = read.is_ok_and(|read| read as u64 == u64::from(size));
                if !is_whole || !prefix.fits(&sample) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// Name and size of the box at `at`, when its header is there and is none of the special ones.
fn header<F: Read + Seek>(
    file: &mut F,
    at: u64,
    len: u64,
) -> Result<Option<([u8; 4], u64)>, Mp4Error> {
    let bytes = read(file, at, 8, len)?;
    let header: Option<[u8; 8]> = bytes.and_then(|bytes| bytes.try_into().ok());
    let header =
        header.map(|[a, b, c, d, name @ ..]| (name, u64::from(u32::from_be_bytes([a, b, c, d]))));
    Ok(header.filter(|(_, size)| *size >= 8))
}

/// The bytes at `at`, when the file has so many.
fn read<F: Read + Seek>(
    file: &mut F,
    at: u64,
    bytes: u64,
    len: u64,
) -> Result<Option<Vec<u8>>, Mp4Error> {
    if at.checked_add(bytes).is_none_or(|end| end > len) {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(at)).map_err(|error| unread(&error))?;
    let mut out = Vec::new();
    let read = file.by_ref().take(bytes).read_to_end(&mut out).map_err(|error| unread(&error))?;
    Ok((read as u64 == bytes).then_some(out))
}

fn unread(error: &std::io::Error) -> Mp4Error {
    Mp4Error::Read(error.to_string())
}
