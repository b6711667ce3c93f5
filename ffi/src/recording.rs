//! Recordings as records: files beside a stream or without one, clips, and what a crash left.

use std::sync::Arc;
use std::time::Duration;

use onair::{Destinations, Recording, RecordingConfig, State};

use crate::live::Live;
use crate::statistics::millis;
use crate::{LiveError, LiveSession};

/// Which container a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum RecordingFormat {
    /// By its name: `.flv` is FLV, everything else MP4.
    #[default]
    ByName,
    /// MP4 that plays at any time while it grows, and is a plain one at the end.
    Mp4,
    /// FLV.
    Flv,
}

/// What is recorded into which files.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecordingOptions {
    /// The file, which must not exist. Further ones of a split recording are NAME-2.EXT and so on.
    pub path: String,
    /// Which container.
    pub format: RecordingFormat,
    /// At the first IDR after so long a new file begins, ms; 1,000 or more.
    pub split_after_ms: Option<u64>,
    /// At the first IDR after so many bytes a new file begins; 100,000 or more.
    pub split_bytes: Option<u64>,
}

/// A complete file.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecordingFigures {
    /// Where it is.
    pub path: String,
    /// Pictures in it.
    pub frames: u64,
    /// AAC frames or Opus packets in it.
    pub audio_frames: u64,
    /// Its size.
    pub size_bytes: u64,
    /// Its length, ms.
    pub duration_ms: u64,
    /// Pictures that a slow disk cost.
    pub frames_missing: u64,
    /// AAC frames or Opus packets that a slow disk cost.
    pub audio_frames_missing: u64,
}

/// What a crash left, complete again.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecoveredFigures {
    /// The complete file.
    pub path: String,
    /// It had been complete before, and was left as it is.
    pub was_complete: bool,
    /// Pictures in it.
    pub frames: u64,
    /// AAC frames or Opus packets in it.
    pub audio_frames: u64,
    /// Its length, ms.
    pub duration_ms: u64,
    /// Bytes at the end that were of no use.
    pub bytes_lost: u64,
}

#[uniffi::export]
impl LiveSession {
    /// Writes what is streamed into a new file too, from the next IDR on. Before a start, it waits
    /// for that. LFLiveKit: saveLocalVideo.
    ///
    /// # Errors
    /// [`LiveError::Device`] when the file exists or cannot be made or a setting is out of range,
    /// [`LiveError::Call`] when a recording runs already.
    pub fn start_recording(&self, to: RecordingOptions) -> Result<(), LiveError> {
        Ok(self.live().session().start_recording(to.config())?)
    }

    /// Completes the file, and waits for the disk. None when there was no recording since the last
    /// call; after a broadcast's end, what became of its recording.
    ///
    /// # Errors
    /// [`LiveError::Device`] when the file could not be written to its end.
    pub fn stop_recording(&self) -> Result<Option<RecordingFigures>, LiveError> {
        Ok(self.live().session().stop_recording()?.map(Into::into))
    }

    /// Keeps the newest so many ms of what is streamed in memory, for
    /// [`LiveSession::save_clip`]: 1,000 to 300,000, 64 MiB at most; 0 keeps nothing.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when the length is out of range.
    pub fn keep_clip(&self, length_ms: u64) -> Result<(), LiveError> {
        Ok(self.live().session().keep_clip(Duration::from_millis(length_ms))?)
    }

    /// Writes what is kept into a new file, beginning with an IDR. Waits for the disk; the stream and
    /// a recording go on meanwhile. After a broadcast's end, its last seconds are still there.
    ///
    /// # Errors
    /// [`LiveError::Device`] when nothing is kept yet, or the file exists or cannot be written.
    pub fn save_clip(&self, to: RecordingOptions) -> Result<RecordingFigures, LiveError> {
        Ok(self.live().session().save_clip(to.config())?.into())
    }
}

/// Records without publishing: a session that is live at once, with no network at all. Everything
/// else, pushes, look and events, is the session's.
#[derive(uniffi::Object)]
pub struct Recorder {
    session: Arc<LiveSession>,
}

#[uniffi::export]
impl Recorder {
    /// A recorder of what is pushed to `session`, which must not be started otherwise meanwhile.
    #[uniffi::constructor]
    pub fn new(session: Arc<LiveSession>) -> Self {
        Self { session }
    }

    /// Makes the file and takes pushes from now on.
    ///
    /// # Errors
    /// [`LiveError::Device`] when the file cannot be made, [`LiveError::Call`] when the session runs
    /// already.
    pub fn start(&self, to: RecordingOptions) -> Result<(), LiveError> {
        self.session.live().record_only(to)
    }

    /// Takes no more pushes, writes what was accepted, and completes the file; waits for that,
    /// `deadline_ms` at most for what is being encoded. None when nothing was recorded.
    ///
    /// # Errors
    /// [`LiveError::Device`] when the file could not be written to its end.
    pub fn stop(&self, deadline_ms: u64) -> Result<Option<RecordingFigures>, LiveError> {
        let session = self.session.live().session();
        session.finish(Duration::from_millis(deadline_ms));
        Ok(session.stop_recording()?.map(Into::into))
    }
}

/// Completes an MP4 recording that a crash or a power cut ended, in its place. Waits for the disk.
///
/// # Errors
/// [`LiveError::Device`] when it is no recording of OnAir or holds nothing; it is as it was then.
#[uniffi::export]
pub fn recover_recording(path: String) -> Result<RecoveredFigures, LiveError> {
    Ok(onair::recover(path).map_err(onair::Error::from)?.into())
}

/// The same as a new file at `to`; the first stays as it is.
///
/// # Errors
/// As [`recover_recording`], and when there is a file at `to`.
#[uniffi::export]
pub fn recover_recording_to(path: String, to: String) -> Result<RecoveredFigures, LiveError> {
    Ok(onair::recover_to(path, to).map_err(onair::Error::from)?.into())
}

impl Live {
    /// Live without a destination, with a file.
    pub(crate) fn record_only(&self, to: RecordingOptions) -> Result<(), LiveError> {
        let session = self.session();
        if matches!(session.state(), State::Pending | State::Live | State::Reconnecting) {
            return Err(onair::Error::Misuse("record: the session runs already").into());
        }
        session.start_recording(to.config())?;
        session.start(Destinations::none()).map_err(|error| {
            // Nothing came: no file stays.
            let _ = session.stop_recording();
            error.into()
        })
    }
}

impl RecordingOptions {
    pub(crate) fn config(&self) -> RecordingConfig {
        let mut config = RecordingConfig::new(&self.path);
        config.format = match self.format {
            RecordingFormat::ByName => onair::RecordingFormat::ByName,
            RecordingFormat::Mp4 => onair::RecordingFormat::Mp4,
            RecordingFormat::Flv => onair::RecordingFormat::Flv,
        };
        config.split_after = self.split_after_ms.map(Duration::from_millis);
        config.split_bytes = self.split_bytes;
        config
    }
}

impl From<Recording> for RecordingFigures {
    fn from(file: Recording) -> Self {
        Self {
            path: file.path.to_string_lossy().into_owned(),
            frames: file.frames,
            audio_frames: file.audio_frames,
            size_bytes: file.size_bytes,
            duration_ms: millis(file.duration),
            frames_missing: file.frames_missing,
            audio_frames_missing: file.audio_frames_missing,
        }
    }
}

impl From<onair::Recovered> for RecoveredFigures {
    fn from(file: onair::Recovered) -> Self {
        Self {
            path: file.path.to_string_lossy().into_owned(),
            was_complete: file.was_complete,
            frames: file.frames,
            audio_frames: file.audio_frames,
            duration_ms: millis(file.duration),
            bytes_lost: file.bytes_lost,
        }
    }
}
