//! A file beside the stream: the same access units that are published, written by a thread of its
//! own behind a bounded queue. Whatever the network does, the file goes on; whatever the disk does,
//! the stream goes on. Nothing is encoded twice.
//!
//! ```text
//!  encoders ─▶ onair-net ─▶ engine ─▶ network
//!                  ├─ 8 MiB ─▶ onair-record: reel ─▶ mp4 | flv ─▶ disk
//!                  └─ clip: the newest seconds, in memory
//! ```
//!
//! When the queue is full, pictures are left out up to the next IDR, and the app is told.

mod clip;
mod config;
mod disk;
mod flv;
mod missing;
mod mp4;
mod queue;
mod recover;
mod reel;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Select, bounded};
use onair_engine::flv::MetaData;
use onair_types::AccessUnit;

use crate::event::EventQueue;
use crate::{Error, Event};
use disk::Disk;
use missing::Missing;
use queue::{Handed, Queue};
use reel::Reel;

pub(crate) use clip::Clip;
pub use config::{Recording, RecordingConfig, RecordingError, RecordingFormat, RecordingProblem};
pub use recover::{Recovered, recover, recover_to};

/// A file of some format that grows.
trait Container: Send {
    /// Appends a unit; the first picture is an IDR. After an error, what was written before is as
    /// it was.
    fn write(&mut self, unit: &AccessUnit) -> Result<(), RecordingProblem>;

    /// Whether the unit is decoded as this file says.
    fn takes(&self, unit: &AccessUnit) -> bool;

    /// From the first decoding time to the last.
    fn span(&self) -> Duration;

    /// What was written.
    fn size_bytes(&self) -> u64;

    /// Pictures and frames of sound that the last error cost, where the file can go on without.
    fn take_lost(&mut self) -> (u64, u64) {
        (0, 0)
    }

    /// Completes the file, with whatever there is.
    fn finish(&mut self) -> Result<Recording, RecordingProblem>;

    /// What is in it.
    fn made(&self) -> Recording;
}

/// Which tracks will come.
#[derive(Clone, Copy, Debug)]
struct Expected {
    video: bool,
    audio: bool,
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
    missing: Arc<Missing>,
    done: Receiver<Result<Recording, Error>>,
}

impl Recorder {
    pub(crate) fn new(events: Arc<EventQueue>) -> Self {
        Self { is_on: AtomicBool::new(false), active: Mutex::new(None), events }
    }

    /// Makes the file and its writer.
    pub(crate) fn start(&self, config: RecordingConfig, metadata: &MetaData) -> Result<(), Error> {
        self.start_on(disk::System, config, metadata)
    }

    fn start_on<D: Disk>(
        &self,
        disk: D,
        config: RecordingConfig,
        metadata: &MetaData,
    ) -> Result<(), Error> {
        let mut active = lock(&self.active);
        if active.as_ref().is_some_and(|active| active.queue.is_some()) {
            return Err(Error::Misuse("start recording: a recording runs already"));
        }
        let missing = Arc::new(Missing::default());
        let (events, counts) = (Arc::clone(&self.events), Arc::clone(&missing));
        // An older recording is never overwritten.
        let reel = Reel::new(disk, config, metadata, counts, events)?;
        *active = Some(self.begin(reel, missing)?);
        self.is_on.store(true, Ordering::Release);
        Ok(())
    }

    fn begin<D: Disk>(&self, reel: Reel<D>, missing: Arc<Missing>) -> Result<Active, Error> {
        let (units, taken) = bounded(queue::UNITS);
        let (tell_done, done) = bounded(1);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let writing = Arc::new(AtomicI64::new(i64::MAX));
        let waiting = (Arc::clone(&waiting_bytes), Arc::clone(&writing));
        let events = Arc::clone(&self.events);
        let work = move || {
            let result = write(reel, &taken, &waiting.0, &waiting.1);
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
        let queue = Queue::new(units, waiting_bytes, writing);
        Ok(Active { queue: Some(queue), missing, done })
    }

    /// Whether units are written.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Acquire)
    }

    /// Hands a unit to the writer, or leaves it out. Never waits for the disk.
    pub(crate) fn push(&self, unit: &AccessUnit) {
        if self.is_on() {
            self.hand_over(unit);
        }
    }

    fn hand_over(&self, unit: &AccessUnit) {
        let mut active = lock(&self.active);
        let Some(Active { queue: Some(queue), missing, .. }) = active.as_mut() else { return };
        if let Some(by) = queue.falls_behind(unit) {
            self.events.push(Event::RecordingBehind { by });
        }
        match queue.push(unit) {
            Handed::Over => {
                if !queue.awaits_idr() {
                    missing.tell(&self.events);
                }
            }
            Handed::LeftOut => missing.count(unit.track(), 1),
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
            active.missing.tell(&self.events);
        }
    }

    /// Closes, and waits until the file is complete. `None` when there was no recording.
    pub(crate) fn finish(&self) -> Option<Result<Recording, Error>> {
        self.close();
        let Active { missing, done, .. } = lock(&self.active).take()?;
        let gone = |_| Err(Error::System("record: internal error".to_owned()));
        let result = done.recv().unwrap_or_else(gone);
        let (frames_missing, audio_frames_missing) = missing.counts();
        Some(result.map(|made| Recording { frames_missing, audio_frames_missing, ..made }))
    }

    #[cfg(test)]
    fn is_writing(&self) -> bool {
        let active = lock(&self.active);
        active.as_ref().and_then(|active| active.queue.as_ref()).is_some_and(Queue::is_writing)
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
}

/// The writer's thread: until nobody can push any more, or the disk fails.
fn write<D: Disk>(
    mut reel: Reel<D>,
    units: &Receiver<AccessUnit>,
    waiting_bytes: &AtomicUsize,
    writing: &AtomicI64,
) -> Result<Recording, Error> {
    for unit in units {
        waiting_bytes.fetch_sub(unit.size_bytes(), Ordering::AcqRel);
        writing.store(unit.dts().as_micros(), Ordering::Release);
        reel.write(&unit)?;
        writing.store(i64::MAX, Ordering::Release);
    }
    Ok(reel.finish()?)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "record_test.rs"]
mod tests;

#[cfg(test)]
mod mp4_test;
#[cfg(test)]
mod recover_test;
#[cfg(test)]
mod slow_test;
