//! Raw media from any `Read`, one frame or block at a time: Y4M pictures and WAV samples.

use thiserror::Error;

pub mod wav;
pub mod y4m;

/// Why a file was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// Reading failed.
    #[error("read {format}: {source}")]
    Io {
        /// "y4m" or "wav".
        format: &'static str,
        /// What the reader said.
        source: std::io::Error,
    },
    /// Not such a file.
    #[error("read {format}: {reason}")]
    Malformed {
        /// "y4m" or "wav".
        format: &'static str,
        /// What is wrong, at which place.
        reason: String,
    },
    /// A file of this kind that is not taken.
    #[error("read {format}: {what} is not supported; use {supported}")]
    Unsupported {
        /// "y4m" or "wav".
        format: &'static str,
        /// What it holds.
        what: String,
        /// What is taken.
        supported: &'static str,
    },
    /// It ends inside a frame.
    #[error("read {format}: the file ends inside {what}")]
    Truncated {
        /// "y4m" or "wav".
        format: &'static str,
        /// Inside what.
        what: &'static str,
    },
}
