//! The files of one recording, one after the other: when one begins and ends, and what becomes of
//! it when the disk fails. Runs on `onair-record`.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use onair_engine::flv::MetaData;
use onair_types::{AccessUnit, Track};

use super::config::{Recording, RecordingConfig, RecordingError, RecordingProblem};
use super::disk::Disk;
use super::flv::FlvFile;
use super::missing::Missing;
use super::mp4::Mp4File;
use super::{Container, Expected};
use crate::Event;
use crate::event::EventQueue;

/// Sound that may belong to the next file too: its decoder wants a frame from before its beginning.
const LOOKBACK: Duration = Duration::from_millis(250);
/// So many writes in a row may fail before the disk is given up.
const PATIENCE: u32 = 3;
/// Names that are tried for the next file.
const NAMES: u32 = 1_000;

pub(super) struct Reel<D: Disk> {
    disk: D,
    config: RecordingConfig,
    metadata: MetaData,
    expected: Expected,
    file: Box<dyn Container>,
    path: PathBuf,
    number: u32,
    has_begun: bool,
    /// What comes has no place in this file: another follows at the next IDR.
    is_over: bool,
    /// A picture was lost: nothing decodes until the next IDR.
    awaits_idr: bool,
    failures: u32,
    sounds: VecDeque<AccessUnit>,
    missing: Arc<Missing>,
    events: Arc<EventQueue>,
}

impl<D: Disk> Reel<D> {
    /// Makes the first file.
    pub(super) fn new(
        disk: D,
        config: RecordingConfig,
        metadata: &MetaData,
        missing: Arc<Missing>,
        events: Arc<EventQueue>,
    ) -> Result<Self, RecordingError> {
        config.check()?;
        let expected =
            Expected { video: metadata.video.is_some(), audio: metadata.audio.is_some() };
        let path = config.path.clone();
        let file = disk.create_new(&path);
        let file = file.map_err(|error| RecordingError::new(&path, error.into()))?;
        disk.sync_name(&path);
        Ok(Self {
            file: container::<D>(&config, metadata, expected, file),
            disk,
            config,
            metadata: metadata.clone(),
            expected,
            path,
            number: 1,
            has_begun: false,
            is_over: false,
            awaits_idr: false,
            failures: 0,
            sounds: VecDeque::new(),
            missing,
            events,
        })
    }

    /// Takes the next unit. After an error nothing more can be taken.
    pub(super) fn write(&mut self, unit: &AccessUnit) -> Result<(), RecordingError> {
        let is_start = unit.is_idr() || !self.expected.video;
        if unit.track() == Track::Audio {
            self.remember(unit);
        }
        if !self.has_begun {
            return if is_start { self.begin(unit) } else { Ok(()) };
        }
        self.is_over |= !self.file.takes(unit);
        if is_start && (self.is_over || self.is_long()) {
            self.next_file()?;
            return self.begin(unit);
        }
        if self.awaits_idr && unit.is_idr() {
            self.awaits_idr = false;
            self.missing.tell(&self.events);
        }
        if (self.awaits_idr && unit.track() == Track::Video) || !self.file.takes(unit) {
            self.missing.count(unit.track(), 1);
            return Ok(());
        }
        self.put(unit)
    }

    /// Completes the last file.
    pub(super) fn finish(mut self) -> Result<Recording, RecordingError> {
        let made = self.file.finish();
        let made = made.map_err(|problem| RecordingError::new(&self.path, problem))?;
        if made.size_bytes == 0 {
            // Nothing came: no file is better than an empty one.
            self.disk.remove(&self.path);
        }
        Ok(Recording { path: self.path, ..made })
    }

    fn remember(&mut self, unit: &AccessUnit) {
        self.sounds.push_back(unit.clone());
        while self.sounds.front().is_some_and(|old| unit.dts().since(old.dts()) > LOOKBACK) {
            self.sounds.pop_front();
        }
    }

    /// Begins the file with a unit at which decoding can start.
    fn begin(&mut self, unit: &AccessUnit) -> Result<(), RecordingError> {
        (self.has_begun, self.is_over, self.awaits_idr) = (true, false, false);
        if unit.track() == Track::Audio {
            return self.put(unit);
        }
        self.put(unit)?;
        let sounds: Vec<_> = self.sounds.iter().cloned().collect();
        sounds.iter().try_for_each(|sound| self.put(sound))
    }

    fn is_long(&self) -> bool {
        self.config.split_after.is_some_and(|length| self.file.span() >= length)
            || self.config.split_bytes.is_some_and(|bytes| self.file.size_bytes() >= bytes)
    }

    fn next_file(&mut self) -> Result<(), RecordingError> {
        let complete = self.file.finish();
        let complete = complete.map_err(|problem| RecordingError::new(&self.path, problem))?;
        let (video, audio) = self.missing.counts();
        self.events.push(Event::RecordingSplit(Recording {
            path: self.path.clone(),
            frames_missing: video,
            audio_frames_missing: audio,
            ..complete
        }));
        let (path, file) = self.create_next()?;
        self.disk.sync_name(&path);
        self.file = container::<D>(&self.config, &self.metadata, self.expected, file);
        self.path = path;
        Ok(())
    }

    fn create_next(&mut self) -> Result<(PathBuf, D::File), RecordingError> {
        for _ in 0..NAMES {
            self.number += 1;
            let path = self.config.path_of(self.number);
            match self.disk.create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(RecordingError::new(&path, error.into())),
                Ok(file) => return Ok((path, file)),
            }
        }
        Err(RecordingError::new(&self.config.path_of(self.number), RecordingProblem::Exists))
    }

    fn put(&mut self, unit: &AccessUnit) -> Result<(), RecordingError> {
        let before = self.file.size_bytes();
        let Err(problem) = self.file.write(unit) else {
            if self.file.size_bytes() > before {
                self.failures = 0;
            }
            return Ok(());
        };
        self.failures += 1;
        let (video, audio) = self.file.take_lost();
        let may_pass = matches!(problem, RecordingProblem::Io(_)) && video + audio > 0;
        if may_pass && self.failures < PATIENCE {
            log::warn!("record to {}: {problem:?}; goes on at an IDR", self.path.display());
            self.missing.count(Track::Video, video);
            self.missing.count(Track::Audio, audio);
            self.awaits_idr = self.expected.video && !unit.is_idr();
            if !self.awaits_idr {
                self.missing.tell(&self.events);
            }
            return Ok(());
        }
        // What is there is worth being complete; why it ends is the first cause.
        if let Err(second) = self.file.finish() {
            log::warn!("record to {}: {second:?}; it plays as it is", self.path.display());
        }
        Err(RecordingError::new(&self.path, problem))
    }
}

fn container<D: Disk>(
    config: &RecordingConfig,
    metadata: &MetaData,
    expected: Expected,
    file: D::File,
) -> Box<dyn Container> {
    if config.is_flv() {
        Box::new(FlvFile::new(file, metadata))
    } else {
        Box::new(Mp4File::new(file, expected))
    }
}
