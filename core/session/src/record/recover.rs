//! What a crash left becomes a complete file again, in place or as a copy. Nothing that can be
//! played is ever taken away.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use onair_mp4::{FileState, MOVIE_TIMESCALE_HZ, SWITCH_AT, Scan, scan, switch};

use super::config::{RecordingError, RecordingProblem};
use super::disk::{self, Disk, Medium, System};

/// What was recovered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// The complete file.
    pub path: PathBuf,
    /// It had been complete before, and was left as it is.
    pub was_complete: bool,
    /// Pictures in it.
    pub frames: u64,
    /// Frames of sound in it.
    pub audio_frames: u64,
    /// How long it plays.
    pub duration: Duration,
    /// Bytes at the end that were of no use: the fragment that the crash cut off.
    pub bytes_lost: u64,
}

/// Completes an MP4 recording that a crash or a power cut ended, in its place. A copy that an
/// earlier attempt left unfinished beside it (`NAME.part`) is taken away.
///
/// # Errors
/// [`RecordingProblem::Unusable`] when it is no recording of ours or holds no whole fragment; what
/// the disk says otherwise. The file then plays as it did before.
pub fn recover(path: impl AsRef<Path>) -> Result<Recovered, RecordingError> {
    let path = path.as_ref();
    let recovered = (|| {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let found = scan(&mut file)?;
        System.remove(&disk::part_of(path));
        if found.state == FileState::Growing {
            file.truncate(found.end)?;
            complete(&mut file, &found)?;
        }
        Ok(told(path, &found))
    })();
    recovered.map_err(|problem| RecordingError::new(path, problem))
}

/// The same as a new file at `to`, which has its name only once it is complete; `path` stays as it
/// is.
///
/// # Errors
/// As [`recover`], and [`RecordingProblem::Exists`] when there is something at `to`.
pub fn recover_to(
    path: impl AsRef<Path>,
    to: impl AsRef<Path>,
) -> Result<Recovered, RecordingError> {
    let (path, to) = (path.as_ref(), to.as_ref());
    let unread = |problem| RecordingError::new(path, problem);
    let mut file = File::open(path).map_err(|error| unread(error.into()))?;
    let found = scan(&mut file).map_err(|error| unread(error.into()))?;
    let unwritten = |problem| RecordingError::new(to, problem);
    if to.try_exists().is_ok_and(|exists| exists) {
        return Err(unwritten(RecordingProblem::Exists));
    }
    let part = disk::part_of(to);
    // A crash left it: nobody else writes under this name.
    System.remove(&part);
    let copied = (|| {
        let mut copy = System.create_new(&part)?;
        file.seek(SeekFrom::Start(0))?;
        let size = if found.state == FileState::Complete { found.len } else { found.end };
        io::copy(&mut file.by_ref().take(size), &mut copy)?;
        if found.state == FileState::Growing {
            complete(&mut copy, &found)?;
        } else {
            copy.sync()?;
        }
        disk::publish(&part, to)
    })();
    copied.map_err(|error| {
        System.remove(&part);
        unwritten(error.into())
    })?;
    Ok(told(to, &found))
}

/// Tables behind the fragments, then the switch in front of them: at no time does it play less.
fn complete(file: &mut impl Medium, found: &Scan) -> io::Result<()> {
    let tables = found.index.tables().map_err(io::Error::other)?;
    if let Err(error) = file.append(&tables) {
        file.truncate(found.end)?;
        return Err(error);
    }
    file.sync()?;
    file.write_at(SWITCH_AT, &switch(found.end))?;
    file.sync()
}

fn told(path: &Path, found: &Scan) -> Recovered {
    let (frames, audio_frames) = found.index.counts();
    let was_complete = found.state == FileState::Complete;
    let seconds = found.index.ticks() as f64 / f64::from(MOVIE_TIMESCALE_HZ);
    Recovered {
        path: path.to_owned(),
        was_complete,
        frames,
        audio_frames,
        duration: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
        bytes_lost: if was_complete { 0 } else { found.len - found.end },
    }
}
