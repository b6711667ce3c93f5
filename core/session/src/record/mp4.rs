//! Access units into an MP4 file: fragments of half a second while it grows, a plain file at the
//! end.
//!
//! ```text
//!  crash of the process   costs the half second that was in memory
//!  power cut              costs that and what was written since the last sync, two seconds
//!  finish                 tables behind the fragments · sync · sixteen bytes in front · sync
//! ```
//!
//! Presentation begins at the first IDR. One frame of sound from before it is kept for the decoder's
//! warm-up, and an edit list hides it; another hides the delay that reordered pictures bring.

use std::time::Duration;

use onair_mp4::{
    AudioTrack, Fragment, Index, MOVIE_TIMESCALE_HZ, Run, SWITCH_AT, Sample, SoundCount, Tracks,
    VIDEO_TIMESCALE_HZ, VideoTrack, switch,
};
use onair_types::aac::FRAME_SAMPLES;
use onair_types::{
    AccessUnit, AudioHeader, AudioUnit, FrameKind, MediaTime, VideoHeader, VideoUnit, opus,
};

use super::config::{Recording, RecordingProblem};
use super::disk::Medium;
use super::{Container, Expected};

/// Shortest time that a fragment holds; what a crash of the process costs.
const FRAGMENT_MICROS: i64 = 500_000;
/// What a power cut costs at most, beside that.
const SYNC_MICROS: i64 = 2_000_000;
/// A track that has not come after so long is left out of the file.
const TRACKS_WITHIN_MICROS: i64 = 2_000_000;
/// Sound further off than this is put where its time stamps say: they are exact.
const RESYNC_MICROS: u32 = 15_000;

/// A file that grows.
pub(super) struct Mp4File<M> {
    to: M,
    expected: Expected,
    /// What came before all tracks were known.
    early: Vec<AccessUnit>,
    body: Option<Body>,
    sequence: u32,
    /// Whole fragments end here.
    len: u64,
    synced_at: Option<MediaTime>,
    first: Option<MediaTime>,
    last: MediaTime,
    /// Pictures and frames of sound that could not be written.
    lost: (u64, u64),
}

/// What is fixed once the file has begun.
struct Body {
    index: Index,
    video: Option<Video>,
    audio: Option<Audio>,
    /// When the open fragment began.
    began: MediaTime,
}

struct Video {
    config: VideoHeader,
    /// The decoding time that is zero in the track.
    zero: MediaTime,
    /// Units of the open fragment, and when each is decoded, ticks.
    units: Vec<(u64, VideoUnit)>,
    /// The newest one's length, which the last one gets.
    usual: u32,
}

struct Audio {
    config: AudioHeader,
    track_id: u32,
    zero: MediaTime,
    /// Units of the open fragment with their begin and length, samples.
    units: Vec<(u64, u32, AudioUnit)>,
    count: SoundCount,
}

impl<M: Medium> Mp4File<M> {
    pub(super) fn new(to: M, expected: Expected) -> Self {
        Self {
            to,
            expected,
            early: Vec::new(),
            body: None,
            sequence: 0,
            len: 0,
            synced_at: None,
            first: None,
            last: MediaTime::ZERO,
            lost: (0, 0),
        }
    }

    /// The tracks are known, or have been waited for long enough.
    fn is_ready(&self) -> bool {
        let video = self.early.iter().any(|unit| matches!(unit, AccessUnit::Video(_)));
        let audio = self.early.iter().any(|unit| matches!(unit, AccessUnit::Audio(_)));
        (video || !self.expected.video) && (audio || !self.expected.audio)
            || self.span() > TRACKS_WITHIN_MICROS
    }

    /// Sound is heard from the first picture on, and decoded from one frame earlier.
    fn is_of_use(&self, unit: &AccessUnit) -> bool {
        let (AccessUnit::Audio(unit), Some(AccessUnit::Video(first))) = (unit, self.early.first())
        else {
            return true;
        };
        first.pts.micros_since(unit.pts) < 2 * micros(samples(unit), &unit.config)
    }

    fn span(&self) -> i64 {
        self.first.map_or(0, |first| self.last.micros_since(first))
    }

    fn begin(&mut self) -> Result<(), RecordingProblem> {
        let units = std::mem::take(&mut self.early);
        let video = units.iter().find_map(|unit| match unit {
            AccessUnit::Video(unit) => Some(unit),
            AccessUnit::Audio(_) => None,
        });
        let audio = units.iter().find_map(|unit| match unit {
            AccessUnit::Audio(unit) => Some(unit),
            AccessUnit::Video(_) => None,
        });
        let zero = video.map(|unit| unit.pts);
        let zero = zero.or(audio.map(|unit| unit.pts)).unwrap_or(MediaTime::ZERO);
        let tracks = Tracks::new(
            video.map(|unit| VideoTrack {
                config: &unit.config,
                first_composition: u32::try_from(composition(unit, unit.dts, 0)).unwrap_or(0),
            }),
            audio.map(|unit| AudioTrack {
                config: &unit.config,
                priming: ticks(zero.micros_since(unit.pts), unit.config.sample_rate_hz()) as u32,
                delay: ticks(unit.pts.micros_since(zero), MOVIE_TIMESCALE_HZ),
            }),
        )?;
        let start = tracks.file_start()?;
        let written = self.to.append(&start);
        if let Err(error) = written {
            let _ = self.to.truncate(0);
            return Err(error.into());
        }
        self.len = start.len() as u64;
        self.body = Some(Body {
            index: Index::new(&tracks),
            video: video.map(|unit| Video {
                config: unit.config.clone(),
                zero: unit.dts,
                units: Vec::new(),
                usual: VIDEO_TIMESCALE_HZ / 30,
            }),
            audio: audio.map(|unit| Audio {
                config: unit.config,
                track_id: if video.is_some() { 2 } else { 1 },
                zero: unit.pts,
                units: Vec::new(),
                count: SoundCount::new(0, unit.config.sample_rate_hz(), RESYNC_MICROS),
            }),
            began: video.map_or(zero, |unit| unit.dts),
        });
        units.into_iter().try_for_each(|unit| self.take(unit))
    }

    /// Takes a unit of the file's tracks.
    fn take(&mut self, unit: AccessUnit) -> Result<(), RecordingProblem> {
        let Some(body) = &mut self.body else { return Ok(()) };
        let is_due = unit.dts().micros_since(body.began) >= FRAGMENT_MICROS;
        match (unit, &mut body.video, &mut body.audio) {
            (AccessUnit::Video(unit), Some(video), _) => {
                let begin = video.place(&unit);
                let cut = if is_due { self.cut(Some(begin)) } else { Ok(()) };
                // Behind pictures that were lost, only an IDR can be decoded.
                if cut.is_err() && unit.kind != FrameKind::Idr {
                    self.lost.0 += 1;
                } else if let Some(Body { video: Some(video), .. }) = &mut self.body {
                    video.units.push((begin, unit));
                }
                return cut;
            }
            (AccessUnit::Audio(unit), video, Some(audio)) => {
                audio.push(unit);
                // Pictures cut, unless there are none.
                let stands_still = video.as_ref().is_none_or(|video| video.units.len() <= 1);
                if is_due && stands_still {
                    return self.cut(None);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes the open fragment. The newest picture stays for the next one when it is not known how
    /// long it lasts.
    fn cut(&mut self, next_picture: Option<u64>) -> Result<(), RecordingProblem> {
        let Some(body) = &mut self.body else { return Ok(()) };
        let mut pictures =
            body.video.as_mut().map(|video| std::mem::take(&mut video.units)).unwrap_or_default();
        let mut kept = None;
        if next_picture.is_none() {
            kept = pictures.pop();
        }
        let sounds =
            body.audio.as_mut().map(|audio| std::mem::take(&mut audio.units)).unwrap_or_default();
        let end = next_picture.or(kept.as_ref().map(|(begin, _)| *begin));
        body.began = self.last;
        if let Some(video) = &mut body.video {
            video.units.extend(kept);
        }
        self.write_fragment(&pictures, end, &sounds)
    }

    fn write_fragment(
        &mut self,
        pictures: &[(u64, VideoUnit)],
        end: Option<u64>,
        sounds: &[(u64, u32, AudioUnit)],
    ) -> Result<(), RecordingProblem> {
        let Some(body) = &mut self.body else { return Ok(()) };
        let mut runs = Vec::with_capacity(2);
        if let (Some(video), Some((begin, _))) = (&mut body.video, pictures.first()) {
            let samples = video.samples(pictures, end);
            runs.push(Run { track_id: 1, begin: *begin, samples });
        }
        if let (Some(audio), Some((begin, ..))) = (&body.audio, sounds.first()) {
            let ends = sounds.iter().skip(1).map(|(begin, ..)| Some(*begin)).chain([None]);
            let samples = sounds.iter().zip(ends).map(|((begin, usual, unit), end)| Sample {
                duration: end.map_or(*usual, |end| u32::try_from(end - begin).unwrap_or(*usual)),
                composition: 0,
                is_sync: true,
                data: &unit.payload,
            });
            runs.push(Run { track_id: audio.track_id, begin: *begin, samples: samples.collect() });
        }
        if runs.is_empty() {
            return Ok(());
        }
        self.sequence = self.sequence.wrapping_add(1);
        let fragment = Fragment::new(self.sequence, &runs)?;
        if let Err(error) = self.to.append(fragment.bytes()) {
            // What was written before is worth more than this second error.
            let _ = self.to.truncate(self.len);
            self.lost = (pictures.len() as u64, sounds.len() as u64);
            return Err(error.into());
        }
        body.index.add(&fragment, self.len)?;
        self.len += fragment.bytes().len() as u64;
        if self.synced_at.is_none_or(|at| self.last.micros_since(at) >= SYNC_MICROS) {
            self.to.sync()?;
            self.synced_at = Some(self.last);
        }
        Ok(())
    }

    /// Puts the tables behind the fragments, then turns the switch in front of them. Where there is
    /// no room for the tables, the newest fragments make some.
    fn complete(&mut self) -> Result<(), RecordingProblem> {
        let Some(body) = &mut self.body else { return Ok(()) };
        loop {
            let tables = body.index.tables()?;
            let Err(error) = self.to.append(&tables) else {
                self.to.sync()?;
                self.to.write_at(SWITCH_AT, &switch(self.len))?;
                self.to.sync()?;
                self.len += tables.len() as u64;
                return Ok(());
            };
            let problem = RecordingProblem::from(error);
            let room =
                if problem == RecordingProblem::Full { body.index.take_back() } else { None };
            // Without tables it plays as it is, and can be recovered.
            self.len = room.unwrap_or(self.len);
            self.to.truncate(self.len)?;
            if room.is_none() || body.index.counts() == (0, 0) {
                return Err(problem);
            }
        }
    }
}

impl<M: Medium> Container for Mp4File<M> {
    fn write(&mut self, unit: &AccessUnit) -> Result<(), RecordingProblem> {
        self.first.get_or_insert(unit.dts());
        self.last = self.last.max(unit.dts());
        if self.body.is_some() {
            return self.take(unit.clone());
        }
        if self.is_of_use(unit) {
            self.early.push(unit.clone());
        }
        if self.is_ready() { self.begin() } else { Ok(()) }
    }

    fn takes(&self, unit: &AccessUnit) -> bool {
        let Some(body) = &self.body else { return true };
        match unit {
            AccessUnit::Video(unit) => {
                body.video.as_ref().is_some_and(|video| video.config == unit.config)
            }
            AccessUnit::Audio(unit) => {
                body.audio.as_ref().is_some_and(|audio| audio.config == unit.config)
            }
        }
    }

    fn span(&self) -> Duration {
        Duration::from_micros(self.span().unsigned_abs())
    }

    fn size_bytes(&self) -> u64 {
        self.len
    }

    fn take_lost(&mut self) -> (u64, u64) {
        std::mem::take(&mut self.lost)
    }

    fn finish(&mut self) -> Result<Recording, RecordingProblem> {
        let has_picture = self.early.iter().any(AccessUnit::is_idr) || !self.expected.video;
        if self.body.is_none() && has_picture && !self.early.is_empty() {
            self.begin()?;
        }
        let end = self.body.as_ref().and_then(|body| body.video.as_ref()).and_then(Video::end);
        // Where the last fragment does not fit, the ones before it are still worth their tables.
        let last = self.cut(end.or(Some(0)));
        let completed = self.complete();
        last?;
        completed?;
        Ok(self.made())
    }

    fn made(&self) -> Recording {
        let counts = self.body.as_ref().map_or((0, 0), |body| body.index.counts());
        let micros = self.span().unsigned_abs();
        Recording {
            frames: counts.0,
            audio_frames: counts.1,
            size_bytes: self.len,
            duration: Duration::from_micros(micros),
            ..Recording::default()
        }
    }
}

impl Video {
    /// When a unit is decoded, ticks: after the one before it, whatever is rounded.
    fn place(&self, unit: &VideoUnit) -> u64 {
        let begin = ticks(unit.dts.micros_since(self.zero), VIDEO_TIMESCALE_HZ);
        self.units.last().map_or(begin, |(last, _)| begin.max(last + 1))
    }

    fn end(&self) -> Option<u64> {
        let usual = match self.units[..] {
            [.., (before, _), (last, _)] => last - before,
            _ => self.usual.into(),
        };
        self.units.last().map(|(last, _)| last + usual)
    }

    fn samples<'a>(&mut self, units: &'a [(u64, VideoUnit)], end: Option<u64>) -> Vec<Sample<'a>> {
        let ends = units.iter().skip(1).map(|(begin, _)| *begin).chain(end);
        let samples: Vec<_> = units
            .iter()
            .zip(ends)
            .map(|((begin, unit), end)| Sample {
                duration: u32::try_from(end.saturating_sub(*begin)).unwrap_or(u32::MAX),
                composition: composition(unit, self.zero, *begin),
                is_sync: unit.kind == FrameKind::Idr,
                data: &unit.payload,
            })
            .collect();
        self.usual = samples.last().map_or(self.usual, |sample| sample.duration);
        samples
    }
}

impl Audio {
    /// Puts a frame behind the one before it, unless its time stamp says that some are missing or
    /// that the clocks have drifted apart.
    fn push(&mut self, unit: AudioUnit) {
        let rate_hz = self.config.sample_rate_hz();
        let stamped = ticks(unit.pts.micros_since(self.zero), rate_hz);
        let written = self.count.next().saturating_sub(1);
        let earliest = self.units.last().map_or(written, |(begin, ..)| begin + 1);
        let length = samples(&unit);
        let begin = self.count.place(stamped, length, earliest);
        self.units.push((begin, length, unit));
    }
}

/// How much later than at `begin` ticks the unit is presented; both rounded, so that nothing adds up.
fn composition(unit: &VideoUnit, zero: MediaTime, begin: u64) -> i64 {
    let presented = ticks(unit.pts.micros_since(zero), VIDEO_TIMESCALE_HZ);
    (presented as i64).saturating_sub(begin as i64).max(0)
}

/// Rounded; nothing lies before zero.
fn ticks(micros: i64, rate_hz: u32) -> u64 {
    let scaled = i128::from(micros.max(0)) * i128::from(rate_hz);
    u64::try_from((scaled + 500_000) / 1_000_000).unwrap_or(u64::MAX)
}

/// How many samples a unit lasts.
fn samples(unit: &AudioUnit) -> u32 {
    match unit.config {
        AudioHeader::Aac(_) => FRAME_SAMPLES,
        AudioHeader::Opus(_) => opus::packet_samples(&unit.payload).unwrap_or(OPUS_SAMPLES),
    }
}

fn micros(samples: u32, config: &AudioHeader) -> i64 {
    i64::from(samples) * 1_000_000 / i64::from(config.sample_rate_hz().max(1))
}

/// Of a packet that does not say: the usual 20 ms.
const OPUS_SAMPLES: u32 = 960;
