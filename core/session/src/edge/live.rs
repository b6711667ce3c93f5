//! Encoders → `onair-net`, live: at most 8 pictures and 64 AAC frames wait, and the newest count.
//! `onair-net` takes them in order of decoding time.
//!
//! `onair-net` is woken by every picture; AAC frames ride along with the next one and wake it only
//! when no picture comes (`spec performance` B3: one send a picture).

use onair_types::{AccessUnit, AudioUnit, FrameKind, VideoUnit};

use super::Waiting;
use super::units::Handed;
use crate::PushError;
use crate::net::Wake;
use crate::sync::{AtomicBool, Ordering, Receiver, Sender, TrySendError, bounded};

#[derive(Debug)]
pub(crate) struct Live {
    video: Sender<VideoUnit>,
    audio: Sender<AudioUnit>,
    video_waiting: Receiver<VideoUnit>,
    audio_waiting: Receiver<AudioUnit>,
    /// A reference was dropped: nothing decodes until the next IDR.
    awaits_idr: AtomicBool,
    has_video: bool,
    wake: Wake,
}

const VIDEO_UNITS: usize = 8;
const AUDIO_UNITS: usize = 64;
/// AAC frames that wait for a picture to ride along with: 70 ms at 44,100 Hz, two pictures' time.
const AUDIO_RIDES: usize = 3;

impl Live {
    pub(crate) fn new(has_video: bool, wake: Wake) -> Self {
        let (video, video_waiting) = bounded(VIDEO_UNITS);
        let (audio, audio_waiting) = bounded(AUDIO_UNITS);
        Self {
            video,
            audio,
            video_waiting,
            audio_waiting,
            awaits_idr: AtomicBool::new(false),
            has_video,
            wake,
        }
    }

    /// Hands a picture over, or drops pictures up to the next IDR.
    pub(crate) fn push_video(
        &self,
        unit: VideoUnit,
        on: &Waiting<'_>,
    ) -> Result<Handed, PushError> {
        let kind = unit.kind;
        if kind == FrameKind::Idr || !self.awaits_idr.load(Ordering::Acquire) {
            match self.video.try_send(unit) {
                Ok(()) => {
                    self.awaits_idr.store(false, Ordering::Release);
                    self.wake.notify();
                    return Ok(Handed::Over);
                }
                Err(TrySendError::Disconnected(_)) => return Err(PushError::NotRunning),
                Err(TrySendError::Full(_)) if kind == FrameKind::Disposable => {}
                Err(TrySendError::Full(_)) => self.awaits_idr.store(true, Ordering::Release),
            }
        }
        on.counters.units_dropped_video.fetch_add(1, Ordering::Relaxed);
        self.wake.notify();
        Ok(Handed::Dropped)
    }

    /// Hands an AAC frame over; the oldest makes room.
    pub(crate) fn push_audio(&self, mut unit: AudioUnit, on: &Waiting<'_>) {
        while let Err(TrySendError::Full(refused)) = self.audio.try_send(unit) {
            if self.audio_waiting.try_recv().is_ok() {
                on.counters.units_dropped_audio.fetch_add(1, Ordering::Relaxed);
            }
            unit = refused;
        }
        if !self.has_video || self.audio.len() >= AUDIO_RIDES {
            self.wake.notify();
        }
    }

    /// Whether a picture could be handed over.
    pub(crate) fn has_video_room(&self) -> bool {
        !self.video.is_full()
    }

    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.video_waiting.is_empty() && self.audio_waiting.is_empty()
    }

    /// The consumer's end; for `onair-net` alone.
    pub(crate) fn merge(&self) -> Merge {
        Merge {
            video_waiting: self.video_waiting.clone(),
            audio_waiting: self.audio_waiting.clone(),
            video: None,
            audio: None,
        }
    }
}

/// Both tracks in order of decoding time, video first when equal.
#[derive(Debug)]
pub(crate) struct Merge {
    video_waiting: Receiver<VideoUnit>,
    audio_waiting: Receiver<AudioUnit>,
    video: Option<VideoUnit>,
    audio: Option<AudioUnit>,
}

impl Merge {
    /// The next unit, if one waits. Never later than another that was handed over before it by the
    /// same thread.
    pub(crate) fn next(&mut self) -> Option<AccessUnit> {
        self.look_at_audio();
        if self.video.is_none() {
            self.video = self.video_waiting.try_recv().ok();
        }
        // An AAC frame handed over just before that picture is visible by now.
        self.look_at_audio();
        match (&self.video, &self.audio) {
            (Some(video), Some(audio)) if video.dts <= audio.pts => self.take_video(),
            (_, Some(_)) => self.audio.take().map(AccessUnit::Audio),
            (_, None) => self.take_video(),
        }
    }

    /// Nothing is held back here.
    pub(crate) fn is_empty(&self) -> bool {
        self.video.is_none() && self.audio.is_none()
    }

    fn look_at_audio(&mut self) {
        if self.audio.is_none() {
            self.audio = self.audio_waiting.try_recv().ok();
        }
    }

    fn take_video(&mut self) -> Option<AccessUnit> {
        self.video.take().map(AccessUnit::Video)
    }
}

#[cfg(test)]
#[path = "live_test.rs"]
mod tests;
