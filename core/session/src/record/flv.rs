//! Access units into an FLV file: metadata, sequence headers before what needs them, then tags.
//! The file begins at an IDR, and at time zero. Whole tags reach the system at each IDR, so a crash
//! costs the newest GOP and a full disk leaves a file that ends with a tag.

use std::io;
use std::time::Duration;

use onair_engine::flv::{self, MetaData, Prefix, TagType};
use onair_types::{
    AccessUnit, AudioHeader, AudioUnit, FrameKind, MediaTime, VideoHeader, VideoUnit,
};

use super::Container;
use super::config::{Recording, RecordingProblem};
use super::disk::Medium;

/// A file that grows.
pub(super) struct FlvFile<M> {
    to: M,
    metadata: MetaData,
    /// What is zero in the file, once it has begun.
    epoch: Option<MediaTime>,
    video: Option<VideoHeader>,
    audio: Option<AudioHeader>,
    /// Whole tags that are not written yet.
    tags: Vec<u8>,
    duration_at: Option<u64>,
    last: MediaTime,
    made: Recording,
}

impl<M: Medium> FlvFile<M> {
    pub(super) fn new(to: M, metadata: &MetaData) -> Self {
        Self {
            to,
            metadata: metadata.clone(),
            epoch: None,
            video: None,
            audio: None,
            tags: Vec::new(),
            duration_at: None,
            last: MediaTime::ZERO,
            made: Recording::default(),
        }
    }

    /// Appends a unit. What comes before the first IDR is passed over, and sound from before it.
    fn push(&mut self, unit: &AccessUnit) -> io::Result<()> {
        let epoch = match self.epoch {
            Some(epoch) => epoch,
            None if unit.is_idr() || self.metadata.video.is_none() => {
                self.begin();
                *self.epoch.insert(unit.dts())
            }
            None => return Ok(()),
        };
        if unit.dts() < epoch {
            return Ok(());
        }
        self.last = self.last.max(unit.dts());
        if unit.is_idr() || self.tags.len() >= WRITE_BYTES {
            self.flush()?;
        }
        let at = |time: MediaTime| MediaTime::from_micros(time.micros_since(epoch));
        match unit {
            AccessUnit::Video(unit) => self.write_video(unit, at(unit.dts), at(unit.pts)),
            AccessUnit::Audio(unit) => self.write_audio(unit, at(unit.pts)),
        }
        Ok(())
    }

    /// Writes what is left, and how long it all is.
    fn complete(&mut self) -> io::Result<()> {
        self.flush()?;
        let micros = self.epoch.map_or(0, |epoch| self.last.micros_since(epoch));
        self.made.duration = Duration::from_micros(micros.unsigned_abs());
        if let Some(duration_at) = self.duration_at {
            let seconds = self.made.duration.as_secs_f64().to_be_bytes();
            self.to.write_at(duration_at, &seconds)?;
        }
        self.to.sync()
    }

    fn begin(&mut self) {
        let header = flv::file_header(self.metadata.audio.is_some(), self.metadata.video.is_some());
        self.tags.extend_from_slice(&header);
        let mut body = Vec::new();
        self.metadata.write(&mut body);
        flv::write_tag(&mut self.tags, TagType::Script, 0, &[&body]);
        // A number that follows its name: type byte, then eight bytes.
        let name = b"duration";
        let found = self.tags.windows(name.len()).position(|window| window == name);
        self.duration_at = found.map(|at| (at + name.len() + 1) as u64);
    }

    fn write_video(&mut self, unit: &VideoUnit, dts: MediaTime, pts: MediaTime) {
        let timestamp_ms = flv::wire_ms(dts);
        let codec = unit.config.codec();
        if self.video.as_ref() != Some(&unit.config) {
            let prefix = Prefix::video_header(codec);
            let body = [prefix.as_bytes(), unit.config.record()];
            flv::write_tag(&mut self.tags, TagType::Video, timestamp_ms, &body);
            self.video = Some(unit.config.clone());
        }
        // Both rounded: what a player adds up is right to half a millisecond.
        let composition_ms = pts.as_millis_rounded() - dts.as_millis_rounded();
        let composition_ms = i32::try_from(composition_ms).unwrap_or(i32::MAX);
        let prefix = Prefix::video(codec, unit.kind == FrameKind::Idr, composition_ms);
        let body = [prefix.as_bytes(), &unit.payload];
        flv::write_tag(&mut self.tags, TagType::Video, timestamp_ms, &body);
        self.made.frames += 1;
    }

    fn write_audio(&mut self, unit: &AudioUnit, pts: MediaTime) {
        let timestamp_ms = flv::wire_ms(pts);
        let codec = unit.config.codec();
        if self.audio != Some(unit.config) {
            let prefix = Prefix::audio_header(codec);
            let body = [prefix.as_bytes(), unit.config.as_bytes()];
            flv::write_tag(&mut self.tags, TagType::Audio, timestamp_ms, &body);
            self.audio = Some(unit.config);
        }
        let prefix = Prefix::audio(codec);
        let body = [prefix.as_bytes(), &unit.payload];
        flv::write_tag(&mut self.tags, TagType::Audio, timestamp_ms, &body);
        self.made.audio_frames += 1;
    }

    /// Hands whole tags to the system. When it does not take them, the file ends before them.
    fn flush(&mut self) -> io::Result<()> {
        let written = self.to.append(&self.tags);
        if let Err(error) = written {
            self.tags.clear();
            // What was written before is worth more than this second error.
            let _ = self.to.truncate(self.made.size_bytes);
            return Err(error);
        }
        self.made.size_bytes += self.tags.len() as u64;
        self.tags.clear();
        Ok(())
    }
}

impl<M: Medium> Container for FlvFile<M> {
    fn write(&mut self, unit: &AccessUnit) -> Result<(), RecordingProblem> {
        Ok(self.push(unit)?)
    }

    fn takes(&self, _: &AccessUnit) -> bool {
        true
    }

    fn span(&self) -> Duration {
        self.epoch.map_or(Duration::ZERO, |epoch| self.last.since(epoch))
    }

    fn size_bytes(&self) -> u64 {
        self.made.size_bytes
    }

    fn finish(&mut self) -> Result<Recording, RecordingProblem> {
        self.complete()?;
        Ok(self.made())
    }

    fn made(&self) -> Recording {
        self.made.clone()
    }
}

/// Tags are written together once there are so many bytes.
const WRITE_BYTES: usize = 256 << 10;
