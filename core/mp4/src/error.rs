//! Why something is no MP4 file, or cannot become one.

use thiserror::Error;

/// See the variants.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Mp4Error {
    /// The configuration cannot be expressed in MP4.
    #[error("put {track} into MP4: {reason}")]
    Track {
        /// "video" or "audio".
        track: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Neither pictures nor sound.
    #[error("an MP4 file needs a track")]
    NoTrack,
    /// A number too large for its field.
    #[error("put a fragment into MP4: {0} does not fit its field")]
    TooLarge(&'static str),
    /// The beginning is not that of one of our recordings.
    #[error("this is no recording of ours: {0}")]
    Foreign(&'static str),
    /// The file ends before its first whole fragment.
    #[error("nothing was recorded in this file yet")]
    Empty,
    /// The file could not be read.
    #[error("read the file: {0}")]
    Read(String),
    /// The box writer refused; a bug.
    #[error("write a box: {0}")]
    Box(String),
}

impl From<shiguredo_mp4::Error> for Mp4Error {
    fn from(error: shiguredo_mp4::Error) -> Self {
        Self::Box(error.to_string())
    }
}
