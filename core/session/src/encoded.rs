//! Pushes of what the app, or a file, has encoded already: one unit, or many at once.

use std::sync::atomic::Ordering;

use onair_types::{AccessUnit, AudioCodec, AudioUnit, MediaTime, Track, VideoCodec, VideoUnit};

use crate::codec;
use crate::edge::row::Sum;
use crate::edge::units::Handed;
use crate::run::Run;
use crate::session::check_time;
use crate::{Event, PushError, Session, Source};

/// When units that are pushed encoded go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Timing {
    /// As soon as they are pushed: who pushes keeps the time, as a camera does.
    #[default]
    AsPushed,
    /// Each at its time, counted from the first: they are pushed ahead, and **pushes block** when
    /// they are about a second ahead. For files: nobody has to wake for every picture but the
    /// network. All tracks must be pushed encoded.
    OnTime,
}

impl Session {
    /// Takes one access unit of the session's video codec with its own times. When the other track
    /// is pushed raw, both must lie on the same capture clock.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_encoded_video(&self, mut unit: VideoUnit) -> Result<(), PushError> {
        self.check_kind(Track::Video, Source::Encoded)?;
        let run = self.running()?;
        let _push = run.enter()?;
        admit_video(&run, codec::of(&run.plan.metadata).0, run.keeps_times(), &mut unit)?;
        let handed = run.units.push_video(unit, &run.waiting())?;
        count(&run, [1, 0], handed);
        Ok(())
    }

    /// Takes one AAC frame or Opus packet, whatever the session's codec is, with its own time. When
    /// the other track is pushed raw, both must lie on the same capture clock.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_encoded_audio(&self, mut unit: AudioUnit) -> Result<(), PushError> {
        self.check_kind(Track::Audio, Source::Encoded)?;
        let run = self.running()?;
        let _push = run.enter()?;
        admit_audio(&run, codec::of(&run.plan.metadata).1, run.keeps_times(), &mut unit)?;
        run.units.push_audio(unit, &run.waiting())?;
        count(&run, [0, 1], Handed::Over);
        Ok(())
    }

    /// Takes many units of both tracks in one go, each track's in order; what was taken is gone from
    /// `units`. As pushing them one by one, and cheaper.
    ///
    /// # Errors
    /// See [`PushError`]. The unit that is refused and those behind it stay in `units`.
    pub fn push_encoded(&self, units: &mut Vec<AccessUnit>) -> Result<(), PushError> {
        let run = self.running()?;
        let _push = run.enter()?;
        let (mut taken, mut refused) = (Sum::new(), Ok(()));
        let terms = Terms::of(self, &run);
        for unit in &mut *units {
            if let Err(error) = terms.admit(unit) {
                refused = Err(error);
                break;
            }
            taken.add(unit);
        }
        let handed = run.units.push_first(units, &taken, &run.waiting())?;
        count(&run, taken.counts, handed);
        refused
    }
}

/// What units that are pushed together have in common.
struct Terms<'a> {
    run: &'a Run,
    /// What each track's units are refused for.
    kinds: [Result<(), PushError>; 2],
    codecs: (VideoCodec, AudioCodec),
    /// Whether times stay as they are.
    keeps_times: bool,
}

impl<'a> Terms<'a> {
    fn of(session: &Session, run: &'a Run) -> Self {
        let kinds = [Track::Video, Track::Audio];
        Self {
            run,
            kinds: kinds.map(|track| session.check_kind(track, Source::Encoded)),
            codecs: codec::of(&run.plan.metadata),
            keeps_times: run.keeps_times(),
        }
    }

    /// Whether a unit may go, which then stands at its time.
    #[inline]
    fn admit(&self, unit: &mut AccessUnit) -> Result<(), PushError> {
        if let Err(error) = &self.kinds[unit.track() as usize] {
            return Err(error.clone());
        }
        let Self { run, codecs: (video, audio), keeps_times, .. } = *self;
        match unit {
            AccessUnit::Video(unit) => admit_video(run, video, keeps_times, unit),
            AccessUnit::Audio(unit) => admit_audio(run, audio, keeps_times, unit),
        }
    }
}

#[inline(always)]
fn admit_video(
    run: &Run,
    codec: VideoCodec,
    keeps_times: bool,
    unit: &mut VideoUnit,
) -> Result<(), PushError> {
    codec::check_video(codec, unit)?;
    check_unit(run, Track::Video, unit.payload.is_empty(), unit.pts, unit.dts)?;
    if !keeps_times {
        let missed = run.missed_micros(Track::Video, unit.dts.as_micros());
        for time in [&mut unit.pts, &mut unit.dts] {
            *time = run.place_encoded(time.offset_micros(missed));
        }
    }
    Ok(())
}

#[inline]
fn admit_audio(
    run: &Run,
    codec: AudioCodec,
    keeps_times: bool,
    unit: &mut AudioUnit,
) -> Result<(), PushError> {
    codec::check_audio(codec, unit)?;
    check_unit(run, Track::Audio, unit.payload.is_empty(), unit.pts, unit.pts)?;
    if !keeps_times {
        let missed = run.missed_micros(Track::Audio, unit.pts.as_micros());
        unit.pts = run.place_encoded(unit.pts.offset_micros(missed));
    }
    Ok(())
}

#[inline]
fn check_unit(
    run: &Run,
    track: Track,
    is_empty: bool,
    pts: MediaTime,
    dts: MediaTime,
) -> Result<(), PushError> {
    if is_empty {
        return Err(PushError::EmptyUnit);
    }
    check_time(dts.as_micros())?;
    if pts < dts || !run.follows(track, dts) {
        return Err(PushError::TimeOrder);
    }
    Ok(())
}

/// Counts what was taken of each track, and tells when pictures had to go.
fn count(run: &Run, [video, audio]: [usize; 2], handed: Handed) {
    let counters = &run.board.counters;
    counters.frames_in.fetch_add(video as u64, Ordering::Relaxed);
    counters.frames_encoded.fetch_add(video as u64, Ordering::Relaxed);
    counters.audio_frames_encoded.fetch_add(audio as u64, Ordering::Relaxed);
    if handed == Handed::Dropped {
        run.status.report(Event::KeyframeWanted);
    }
}
