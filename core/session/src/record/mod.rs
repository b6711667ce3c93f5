//! A file beside the stream: the same access units that are published, written by a thread of its
//! own behind a bounded queue. Whatever the network does, the file goes on; whatever the disk does,
//! the stream goes on. Nothing is encoded twice.
//!
//! ```text
//!  encoders ─▶ onair-net ─▶ engine ─▶ network
//!                  └─ 8 MiB ─▶ onair-record ─▶ file
//! ```
//!
//! When the queue is full, pictures are left out up to the next IDR, and the app is told. FLV only;
//! other containers join beside [`flv`].

mod flv;

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Select, Sender, TrySendError, bounded};
use onair_engine::flv::MetaData;
use onair_types::{AccessUnit, Track};

use crate::event::EventQueue;
use crate::{Error, Event};
use flv::{FlvFile, Medium};

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
    /// Pictures left out because the disk did not keep up.
    pub frames_missing: u64,
    /// AAC frames left out because the disk did not keep up.
    pub audio_frames_missing: u64,
}

/// The session's place for one recording at a time; outlives the broadcasts.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// Looked at for every unit; the lock is taken only while it is set.
    is_on: AtomicBool,
    active: Mutex<Option<Active>>,
    events: Arc<EventQueue>,
}

/// A recording, the writer of which may still be at work.
#[derive(Debug)]
struct Active {
    /// `None` once nothing more will be written.
    queue: Option<Queue>,
    missing: Missing,
    done: Receiver<Result<Recording, Error>>,
}

/// The way to the writer.
#[derive(Debug)]
struct Queue {
    units: Sender<AccessUnit>,
    waiting_bytes: Arc<AtomicUsize>,
    /// A picture was left out: nothing decodes until the next IDR.
    awaits_idr: bool,
}

/// Units left out because the disk did not keep up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Missing {
    video: u64,
    audio: u64,
    /// The app knows of them.
    is_told: bool,
}

impl Recorder {
    pub(crate) fn new(events: Arc<EventQueue>) -> Self {
        Self { is_on: AtomicBool::new(false), active: Mutex::new(None), events }
    }

    /// Makes the file and its writer.
    pub(crate) fn start(&self, path: &Path, metadata: &MetaData) -> Result<(), Error> {
        let mut active = lock(&self.active);
        if active.as_ref().is_some_and(|active| active.queue.is_some()) {
            return Err(Error::Misuse("start recording: a recording runs already"));
        }
        // An older recording is never overwritten.
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(|error| failed(path, &error))?;
        *active = Some(self.begin(file, path, metadata)?);
        self.is_on.store(true, Ordering::Release);
        Ok(())
    }

    fn begin<M: Medium>(&self, to: M, path: &Path, metadata: &MetaData) -> Result<Active, Error> {
        let (units, taken) = bounded(QUEUE_UNITS);
        let (tell_done, done) = bounded(1);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let waiting = Arc::clone(&waiting_bytes);
        let file = FlvFile::new(to, metadata);
        let (path, events) = (path.to_owned(), Arc::clone(&self.events));
        let work = move || {
            let result = write(file, &path, &taken, &waiting);
            if let Err(error) = &result {
                events.push(Event::RecordingFailed(error.clone()));
            }
            // Nobody may want to know.
            let _ = tell_done.send(result);
        };
        thread::Builder::new()
            .name("onair-record".to_owned())
            .spawn(work)
            .map_err(|error| Error::System(format!("start the recording's thread: {error}")))?;
        let queue = Queue { units, waiting_bytes, awaits_idr: false };
        Ok(Active { queue: Some(queue), missing: Missing::default(), done })
    }

    /// Hands a unit to the writer, or leaves it out. Never waits for the disk.
    #[inline]
    pub(crate) fn push(&self, unit: &AccessUnit) {
        if self.is_on.load(Ordering::Acquire) {
            self.hand_over(unit);
        }
    }

    fn hand_over(&self, unit: &AccessUnit) {
        let mut active = lock(&self.active);
        let Some(Active { queue: Some(queue), missing, .. }) = active.as_mut() else { return };
        match queue.push(unit) {
            Handed::Over => {
                if !queue.awaits_idr {
                    self.tell(missing);
                }
            }
            Handed::LeftOut => missing.count(unit.track()),
            // The writer has told why.
            Handed::Gone => self.is_on.store(false, Ordering::Release),
        }
    }

    /// Nothing more will come: the writer completes the file.
    pub(crate) fn close(&self) {
        self.is_on.store(false, Ordering::Release);
        if let Some(active) = lock(&self.active).as_mut()
            && active.queue.take().is_some()
        {
            self.tell(&mut active.missing);
        }
    }

    /// Closes, and waits until the file is complete. `None` when there was no recording.
    pub(crate) fn finish(&self) -> Option<Result<Recording, Error>> {
        self.close();
        let Active { missing, done, .. } = lock(&self.active).take()?;
        let gone = |_| Err(Error::System("record: internal error".to_owned()));
        let result = done.recv().unwrap_or_else(gone);
        Some(result.map(|recording| Recording {
            frames_missing: missing.video,
            audio_frames_missing: missing.audio,
            ..recording
        }))
    }

    /// Waits for a closed recording's writer, at most `patience`; what it made can still be asked
    /// for.
    pub(crate) fn wait(&self, patience: Duration) {
        let closed = lock(&self.active)
            .as_ref()
            .filter(|active| active.queue.is_none())
            .map(|Active { done, .. }| done.clone());
        if let Some(done) = closed {
            let mut select = Select::new();
            select.recv(&done);
            // Ready or late: either way the caller has waited long enough.
            let _ = select.ready_timeout(patience);
        }
    }

    fn tell(&self, missing: &mut Missing) {
        if missing.video + missing.audio > 0 && !std::mem::replace(&mut missing.is_told, true) {
            let Missing { video, audio, .. } = *missing;
            self.events.push(Event::RecordingGap { video, audio });
        }
    }
}

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handed {
    Over,
    LeftOut,
    /// The writer has ended.
    Gone,
}

impl Queue {
    fn push(&mut self, unit: &AccessUnit) -> Handed {
        let is_video = unit.track() == Track::Video;
        if is_video && self.awaits_idr && !unit.is_idr() {
            return Handed::LeftOut;
        }
        let size = unit.size_bytes();
        let waiting = self.waiting_bytes.fetch_add(size, Ordering::AcqRel);
        let handed = if waiting + size > QUEUE_BYTES {
            Handed::LeftOut
        } else {
            match self.units.try_send(unit.clone()) {
                Ok(()) => Handed::Over,
                Err(TrySendError::Full(_)) => Handed::LeftOut,
                Err(TrySendError::Disconnected(_)) => Handed::Gone,
            }
        };
        if handed != Handed::Over {
            self.waiting_bytes.fetch_sub(size, Ordering::AcqRel);
        }
        if is_video {
            self.awaits_idr = handed == Handed::LeftOut;
        }
        handed
    }
}

impl Missing {
    fn count(&mut self, track: Track) {
        self.is_told = false;
        match track {
            Track::Video => self.video += 1,
            Track::Audio => self.audio += 1,
        }
    }
}

/// The writer's thread: until nobody can push any more, or the disk fails.
fn write<M: Medium>(
    mut file: FlvFile<M>,
    path: &Path,
    units: &Receiver<AccessUnit>,
    waiting_bytes: &AtomicUsize,
) -> Result<Recording, Error> {
    let mut write_all = || {
        for unit in units {
            waiting_bytes.fetch_sub(unit.size_bytes(), Ordering::AcqRel);
            file.write(&unit)?;
        }
        file.finish()
    };
    let recording = write_all().map_err(|error| failed(path, &error))?;
    if recording.size_bytes == 0 {
        // Nothing came: no file is better than an empty one. One that stays does no harm.
        let _ = std::fs::remove_file(path);
    }
    Ok(Recording { path: path.to_owned(), ..recording })
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Recording(format!("record to {}: {error}", path.display()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Most bytes of payload that wait for the disk (`spec network` 6).
const QUEUE_BYTES: usize = 8 << 20;
/// Most units: twelve seconds of 120 pictures and 47 AAC frames each.
const QUEUE_UNITS: usize = 2_048;

#[cfg(test)]
#[path = "record_test.rs"]
mod tests;
