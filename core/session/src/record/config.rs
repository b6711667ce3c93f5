//! What is recorded into which files, what a file holds, and what can be wrong with one.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use onair_mp4::Mp4Error;

/// Which container a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordingFormat {
    /// By the file's name: `.flv` is FLV, everything else MP4.
    #[default]
    ByName,
    /// Fragmented MP4 while it grows, plain MP4 once it is complete.
    Mp4,
    /// FLV.
    Flv,
}

/// A recording's settings; a path alone is enough for most.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordingConfig {
    /// The file, which must not exist. Further ones of a split recording are `NAME-2.EXT` and so
    /// on.
    pub path: PathBuf,
    /// Which container.
    pub format: RecordingFormat,
    /// At the first IDR after so long, a new file begins; one second or more.
    pub split_after: Option<Duration>,
    /// At the first IDR after so many bytes, a new file begins; 100,000 or more.
    pub split_bytes: Option<u64>,
}

impl RecordingConfig {
    /// One file, of the format that its name says.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let (format, split_after, split_bytes) = (RecordingFormat::default(), None, None);
        Self { path: path.into(), format, split_after, split_bytes }
    }

    pub(super) fn check(&self) -> Result<(), RecordingError> {
        let wrong = |what| Err(RecordingError::new(&self.path, RecordingProblem::Setting(what)));
        if self.split_after.is_some_and(|length| length < LEAST_LENGTH) {
            return wrong("split after one second or more");
        }
        if self.split_bytes.is_some_and(|bytes| bytes < LEAST_BYTES) {
            return wrong("split after 100,000 bytes or more");
        }
        Ok(())
    }

    pub(super) fn is_flv(&self) -> bool {
        match self.format {
            RecordingFormat::Flv => true,
            RecordingFormat::Mp4 => false,
            RecordingFormat::ByName => self
                .path
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case(OsStr::new("flv"))),
        }
    }

    /// The path of file `number`, from 1.
    pub(super) fn path_of(&self, number: u32) -> PathBuf {
        if number == 1 {
            return self.path.clone();
        }
        let mut name = self.path.file_stem().unwrap_or_default().to_owned();
        name.push(format!("-{number}"));
        if let Some(extension) = self.path.extension() {
            name.push(".");
            name.push(extension);
        }
        self.path.with_file_name(name)
    }
}

impl<P: AsRef<Path>> From<P> for RecordingConfig {
    fn from(path: P) -> Self {
        Self::new(path.as_ref())
    }
}

const LEAST_LENGTH: Duration = Duration::from_secs(1);
const LEAST_BYTES: u64 = 100_000;

/// What a complete file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recording {
    /// Where it is.
    pub path: PathBuf,
    /// Pictures in it.
    pub frames: u64,
    /// AAC frames in it.
    pub audio_frames: u64,
    /// Its size.
    pub size_bytes: u64,
    /// From its first decoding time to its last.
    pub duration: Duration,
    /// Pictures left out of the whole recording because the disk did not keep up or failed.
    pub frames_missing: u64,
    /// AAC frames left out for the same reason.
    pub audio_frames_missing: u64,
}

/// What became of a file, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordingError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: RecordingProblem,
}

/// What can be wrong with a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordingProblem {
    /// The file is there already; nothing is ever overwritten.
    Exists,
    /// There is no such folder, or no such file.
    NotFound,
    /// The app may not write there.
    Denied,
    /// The disk cannot be written.
    ReadOnly,
    /// The disk is full, the quota used up, or the file as large as the file system allows.
    Full,
    /// A setting is out of range.
    Setting(&'static str),
    /// The codecs do not fit into the container.
    Codec(String),
    /// The file to recover is none of ours, or holds nothing yet.
    Unusable(String),
    /// Anything else that the system said.
    Io(String),
}

impl RecordingError {
    pub(super) fn new(path: &Path, problem: RecordingProblem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    /// What to do, in one sentence.
    pub fn advice(&self) -> &'static str {
        match self.problem {
            RecordingProblem::Exists => "name a file that does not exist",
            RecordingProblem::NotFound => "name a file in a folder that exists",
            RecordingProblem::Denied | RecordingProblem::ReadOnly => {
                "name a file in a folder that can be written"
            }
            RecordingProblem::Full => "free some room, or record to another disk",
            RecordingProblem::Setting(_) => "change the named setting",
            RecordingProblem::Codec(_) => "record to the other container",
            RecordingProblem::Unusable(_) => "name a recording of this program",
            RecordingProblem::Io(_) => "check the disk, or record to another one",
        }
    }
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record to {}: ", self.path.display())?;
        match &self.problem {
            RecordingProblem::Exists => f.write_str("the file exists, and is not overwritten"),
            RecordingProblem::NotFound => f.write_str("there is no such file or folder"),
            RecordingProblem::Denied => f.write_str("permission denied"),
            RecordingProblem::ReadOnly => f.write_str("the disk is read-only"),
            RecordingProblem::Full => f.write_str("the disk is full"),
            RecordingProblem::Setting(what) => f.write_str(what),
            RecordingProblem::Codec(text)
            | RecordingProblem::Unusable(text)
            | RecordingProblem::Io(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for RecordingError {}

impl From<io::Error> for RecordingProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists,
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::Denied,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full,
            _ => Self::Io(error.to_string()),
        }
    }
}

impl From<Mp4Error> for RecordingProblem {
    fn from(error: Mp4Error) -> Self {
        match error {
            Mp4Error::Foreign(_) | Mp4Error::Empty => Self::Unusable(error.to_string()),
            Mp4Error::Track { .. } | Mp4Error::NoTrack => Self::Codec(error.to_string()),
            _ => Self::Io(error.to_string()),
        }
    }
}
