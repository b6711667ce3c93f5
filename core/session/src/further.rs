//! Further tracks of a broadcast (E-RTMP v2, multitrack): units that the app encoded, on their way
//! to `onair-net`. Nothing here encodes, and a recording does not hold them.

use std::num::NonZeroU8;
use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError, bounded};
use onair_engine::flv::MetaData;
use onair_types::{AccessUnit, AudioUnit, CaptureTime, FrameKind, MediaTime, Track, VideoUnit};

use crate::edge::Waiting;
use crate::edge::units::Handed;
use crate::run::Run;
use crate::session::check_time;
use crate::{Error, Event, PushError, Session, Source, codec};

/// Units of all further tracks, in the order of their pushes.
#[derive(Debug)]
pub(crate) struct FurtherEdge {
    units: Sender<(NonZeroU8, AccessUnit)>,
    waiting: Receiver<(NonZeroU8, AccessUnit)>,
    tracks: Mutex<Vec<TrackState>>,
    blocks: bool,
}

#[derive(Debug)]
struct TrackState {
    track: Track,
    id: NonZeroU8,
    last_dts: MediaTime,
    /// A picture was dropped here: nothing decodes until the next key frame.
    awaits_idr: bool,
}

impl FurtherEdge {
    /// `blocks` when producers wait for room instead of making it.
    pub(crate) fn new(metadata: &MetaData, blocks: bool) -> Self {
        let (units, waiting) = bounded(UNITS);
        let state = |track, id| TrackState { track, id, last_dts: BEFORE, awaits_idr: false };
        let video = metadata.further_video.iter().map(|(id, _)| state(Track::Video, *id));
        let audio = metadata.further_audio.iter().map(|(id, _)| state(Track::Audio, *id));
        Self { units, waiting, tracks: Mutex::new(video.chain(audio).collect()), blocks }
    }

    pub(crate) fn take(&self) -> Option<(NonZeroU8, AccessUnit)> {
        self.waiting.try_recv().ok()
    }

    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn push(&self, id: NonZeroU8, unit: AccessUnit, on: &Waiting<'_>) -> Result<Handed, PushError> {
        if self.blocks {
            self.follow(id, &unit)?;
            return send_when_free(&self.units, (id, unit), on).map(|()| Handed::Over);
        }
        let (track, is_idr) = (unit.track(), unit.is_idr());
        let is_needed =
            !matches!(&unit, AccessUnit::Video(unit) if unit.kind == FrameKind::Disposable);
        if self.follow(id, &unit)? {
            return Ok(Handed::Dropped);
        }
        match self.units.try_send((id, unit)) {
            Ok(()) => Ok(Handed::Over),
            Err(TrySendError::Disconnected(_)) => Err(PushError::NotRunning),
            Err(TrySendError::Full(_)) => {
                self.with(track, id, |state| {
                    state.awaits_idr |= track == Track::Video && (is_needed || is_idr);
                });
                Ok(Handed::Dropped)
            }
        }
    }

    /// Notes a unit's time; whether it is to be dropped, since it refers to what was.
    fn follow(&self, id: NonZeroU8, unit: &AccessUnit) -> Result<bool, PushError> {
        let noted = self.with(unit.track(), id, |state| {
            if unit.dts() <= state.last_dts {
                return Err(PushError::TimeOrder);
            }
            state.last_dts = unit.dts();
            state.awaits_idr &= !unit.is_idr();
            Ok(state.awaits_idr)
        });
        noted.unwrap_or(Err(PushError::NoSuchTrack { track: unit.track(), id: id.get() }))
    }

    fn with<T>(
        &self,
        track: Track,
        id: NonZeroU8,
        change: impl FnOnce(&mut TrackState) -> T,
    ) -> Option<T> {
        let mut tracks = self.tracks.lock().unwrap_or_else(PoisonError::into_inner);
        tracks.iter_mut().find(|state| state.track == track && state.id == id).map(change)
    }
}

impl Session {
    /// Takes one access unit of a further track of pictures, which the builder was told of, with its
    /// own times: those of an encoded first track, or the capture clock's where one is raw.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_further_video(
        &self,
        track_id: NonZeroU8,
        mut unit: VideoUnit,
    ) -> Result<(), PushError> {
        let run = self.running()?;
        let _push = run.enter()?;
        let tracks = &run.plan.metadata.further_video;
        let meta = tracks.iter().find(|(id, _)| *id == track_id).map(|(_, meta)| meta);
        let no_track = PushError::NoSuchTrack { track: Track::Video, id: track_id.get() };
        codec::check_video(meta.ok_or(no_track)?.codec, &unit)?;
        check(unit.payload.is_empty(), unit.pts, unit.dts)?;
        for time in [&mut unit.pts, &mut unit.dts] {
            *time = place(&run, *time);
        }
        if hand_over(&run, track_id, AccessUnit::Video(unit))? == Handed::Dropped {
            run.status.report(Event::KeyframeWanted);
        }
        Ok(())
    }

    /// Takes one frame of a further track of sound, which the builder was told of, with its own time:
    /// that of an encoded first track, or the capture clock's where one is raw.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_further_audio(
        &self,
        track_id: NonZeroU8,
        mut unit: AudioUnit,
    ) -> Result<(), PushError> {
        let run = self.running()?;
        let _push = run.enter()?;
        let tracks = &run.plan.metadata.further_audio;
        let meta = tracks.iter().find(|(id, _)| *id == track_id).map(|(_, meta)| meta);
        let no_track = PushError::NoSuchTrack { track: Track::Audio, id: track_id.get() };
        codec::check_audio(meta.ok_or(no_track)?.codec, &unit)?;
        check(unit.payload.is_empty(), unit.pts, unit.pts)?;
        unit.pts = place(&run, unit.pts);
        hand_over(&run, track_id, AccessUnit::Audio(unit)).map(|_| ())
    }
}

fn hand_over(run: &Run, id: NonZeroU8, unit: AccessUnit) -> Result<Handed, PushError> {
    let handed = run.further.push(id, unit, &run.waiting());
    run.wake.notify();
    handed
}

fn check(is_empty: bool, pts: MediaTime, dts: MediaTime) -> Result<(), PushError> {
    if is_empty {
        return Err(PushError::EmptyUnit);
    }
    check_time(dts.as_micros())?;
    if pts < dts { Err(PushError::TimeOrder) } else { Ok(()) }
}

/// As it stands where all first tracks are encoded, else counted from the first push.
fn place(run: &Run, time: MediaTime) -> MediaTime {
    let is_raw = |track| run.plan.source(track) == Some(Source::Raw);
    if !is_raw(Track::Video) && !is_raw(Track::Audio) {
        return time;
    }
    let captured = CaptureTime::from_micros(time.as_micros());
    MediaTime::from_micros(captured.micros_since(run.origin(captured)))
}

fn send_when_free<T>(queue: &Sender<T>, item: T, on: &Waiting<'_>) -> Result<(), PushError> {
    // A wait reads the clock even when there is room.
    let mut item = match queue.try_send(item) {
        Ok(()) => return Ok(()),
        Err(TrySendError::Full(refused)) => refused,
        Err(TrySendError::Disconnected(_)) => return Err(PushError::NotRunning),
    };
    loop {
        match queue.send_timeout(item, on.patience) {
            Ok(()) => return Ok(()),
            Err(SendTimeoutError::Timeout(refused)) if !on.is_stopping() => item = refused,
            Err(_) => return Err(PushError::NotRunning),
        }
    }
}

/// What a builder says of further tracks: each beside a first one of its kind, each with its own id.
pub(crate) fn check_tracks(metadata: &MetaData) -> Result<(), Error> {
    let video: Vec<NonZeroU8> = metadata.further_video.iter().map(|(id, _)| *id).collect();
    let audio: Vec<NonZeroU8> = metadata.further_audio.iter().map(|(id, _)| *id).collect();
    for (kind, has_first, ids) in
        [("video", metadata.video.is_some(), video), ("audio", metadata.audio.is_some(), audio)]
    {
        if !has_first && !ids.is_empty() {
            let reason = format!("a further {kind} track needs a first one; configure {kind}");
            return Err(Error::Config(reason));
        }
        if let Some(id) = ids.iter().enumerate().find(|(at, id)| ids[..*at].contains(id)) {
            let reason = format!("two further {kind} tracks have the id {}; change one", id.1);
            return Err(Error::Config(reason));
        }
        if ids.len() > MOST_TRACKS {
            let reason = format!("there are more than {MOST_TRACKS} further {kind} tracks");
            return Err(Error::Config(reason));
        }
    }
    Ok(())
}

/// What waits for `onair-net` at most.
const UNITS: usize = 64;
/// Of each kind.
const MOST_TRACKS: usize = 8;
/// Before any time that is taken.
const BEFORE: MediaTime = MediaTime::from_micros(i64::MIN);
