//! Access units in MP4 files, as pure functions: tracks, fragments, sample tables, and a reader for
//! what a crash left. ISO/IEC 14496-12 and 14496-15; boxes by `shiguredo_mp4`.
//!
//! A recording grows as fragments and ends as a plain file without a byte moved:
//!
//! ```text
//!  growing    ftyp │ free │ moov (mvex) │ moof mdat │ moof mdat │ …
//!  complete   ftyp │ mdat ───────────────────────────────────── │ moov (sample tables)
//! ```
//!
//! The sixteen bytes of `free` become the header of one large `mdat` over all that follows, once
//! the tables behind it are safe. Up to then the file plays as fragments, with the tables or
//! without; from then on it is a plain one.

pub mod codec;
mod error;
mod fragment;
mod index;
mod scan;
mod sound;
mod table;
mod tracks;

pub use error::Mp4Error;
pub use fragment::{Fragment, Run, Sample};
pub use index::Index;
pub use scan::{FileState, Scan, scan};
pub use sound::SoundCount;
pub use tracks::{AudioTrack, MOVIE_TIMESCALE_HZ, Tracks, VIDEO_TIMESCALE_HZ, VideoTrack};

/// Where the sixteen bytes stand that turn fragments into a plain file; they never straddle a
/// sector, so a disk writes all of them or none.
pub const SWITCH_AT: u64 = tracks::FTYP_BYTES;

/// The header of the `mdat` that covers everything up to the sample tables at `tables_at`.
pub fn switch(tables_at: u64) -> [u8; 16] {
    let mut header = [0; 16];
    header[..4].copy_from_slice(&1u32.to_be_bytes()); // the size stands behind the name
    header[4..8].copy_from_slice(b"mdat");
    header[8..].copy_from_slice(&tables_at.saturating_sub(SWITCH_AT).to_be_bytes());
    header
}

#[cfg(test)]
mod files_test;
