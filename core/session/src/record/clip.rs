//! The newest seconds of the stream, kept in memory, and saved as a file when something happened
//! that was worth it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onair_engine::flv::MetaData;
use onair_types::{AccessUnit, Track};

use super::config::{Recording, RecordingConfig, RecordingError, RecordingProblem};
use super::disk::{self, Disk, System};
use super::flv::FlvFile;
use super::mp4::Mp4File;
use super::{Container, Expected};

/// Most bytes that are kept; the oldest go before the time is up.
const BYTES: usize = 64 << 20;

/// Payloads are shared with the stream: what is kept costs no copy.
#[derive(Debug, Default)]
pub(crate) struct Clip {
    is_on: AtomicBool,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    length: Duration,
    units: VecDeque<AccessUnit>,
    bytes: usize,
}

impl Clip {
    /// Keeps so much from now on; zero keeps nothing.
    pub(crate) fn keep(&self, length: Duration) {
        let mut kept = self.lock();
        kept.length = length;
        self.is_on.store(!length.is_zero(), Ordering::Release);
        if length.is_zero() {
            *kept = Kept::default();
        }
    }

    /// Whether anything is kept.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Acquire)
    }

    pub(crate) fn push(&self, unit: &AccessUnit) {
        if self.is_on() {
            self.lock().push(unit);
        }
    }

    /// Another show begins: its times have nothing to do with the last one's.
    pub(crate) fn clear(&self) {
        let mut kept = self.lock();
        kept.units.clear();
        kept.bytes = 0;
    }

    /// Writes what is kept into a new file, which has its name only once it is complete.
    pub(crate) fn save(
        &self,
        config: &RecordingConfig,
        metadata: &MetaData,
    ) -> Result<Recording, RecordingError> {
        config.check()?;
        let units: Vec<_> = self.lock().units.iter().cloned().collect();
        let wrong = |problem| RecordingError::new(&config.path, problem);
        let expected =
            Expected { video: metadata.video.is_some(), audio: metadata.audio.is_some() };
        let first = units.iter().position(|unit| unit.is_idr() || !expected.video);
        let first = first.ok_or(wrong(RecordingProblem::Unusable("nothing is kept yet".into())))?;
        let part = disk::part_of(&config.path);
        if config.path.try_exists().is_ok_and(|exists| exists) {
            return Err(wrong(RecordingProblem::Exists));
        }
        let file = System.create_new(&part).map_err(|error| wrong(error.into()))?;
        let mut file: Box<dyn Container> = if config.is_flv() {
            Box::new(FlvFile::new(file, metadata))
        } else {
            Box::new(Mp4File::new(file, expected))
        };
        let made = (|| {
            file.write(&units[first])?;
            for unit in units[..first].iter().filter(|unit| unit.track() == Track::Audio) {
                file.write(unit)?;
            }
            let rest = units[first + 1..].iter();
            for unit in rest {
                // What is decoded otherwise has no place in the same file.
                if file.takes(unit) {
                    file.write(unit)?;
                }
            }
            let made = file.finish()?;
            disk::publish(&part, &config.path)?;
            Ok(Recording { path: config.path.clone(), ..made })
        })();
        made.map_err(|problem| {
            System.remove(&part);
            wrong(problem)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, unit: &AccessUnit) {
        self.bytes += unit.size_bytes();
        self.units.push_back(unit.clone());
        while self.can_spare_the_oldest(unit) {
            let gone = self.units.pop_front().map_or(0, |unit| unit.size_bytes());
            self.bytes -= gone;
        }
    }

    /// Whole GOPs are kept: the clip is as long as was asked for, and up to a GOP longer.
    fn can_spare_the_oldest(&self, newest: &AccessUnit) -> bool {
        if self.bytes > BYTES {
            return true;
        }
        let is_spare = |unit: &AccessUnit| newest.dts().since(unit.dts()) >= self.length;
        let Some(oldest) = self.units.front() else { return false };
        if !oldest.is_idr() {
            return is_spare(oldest);
        }
        self.units.iter().skip(1).find(|unit| unit.is_idr()).is_some_and(is_spare)
    }
}
