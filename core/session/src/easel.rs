//! Pictures and times for an encoder of the app's own, a phone's for example: the session's look is
//! drawn into its input buffer, and what is captured is placed on the broadcast's one timeline.
//!
//! ```text
//!  camera ── place_video ──┬─ plain ────────────────▶ the app's encoder ── push_encoded_video ─▶
//!                          └─ draw, draw_slate ─────▶   (its input buffer)
//!  microphone ── place_audio ───────────────────────▶ the app's encoder ── push_encoded_audio ─▶
//!  several sources: mix_audio, take_mixed (see `mixdown`)
//!  while interrupted: wait_stand_in says when the last picture, or silence, takes their place
//! ```
//!
//! The app keeps the threads; what is decided here is the same as for raw tracks.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{after, select};
use onair_media::frame::{FrameError, FrameView};
use onair_media::look::Chain;
use onair_media::target::FrameTarget;
use onair_types::{CaptureTime, MediaTime, Track};

use crate::hold::{self, Next};
use crate::mixdown;
use crate::run::Run;
use crate::{Error, Event, PushError, Session, Source};

/// What becomes of a picture before it is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The time to encode it with.
    pub at: CaptureTime,
    /// Whether the look, a preview or a snapshot wants it drawn: by [`Session::draw`]. Otherwise the
    /// encoder may have it as it is.
    pub is_drawn: bool,
}

/// Whether something stands in for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandIn {
    /// Encode one with this time now: the slate or the last picture; a block of 1,024 samples of
    /// silence.
    Due(CaptureTime),
    /// Nothing was due in time.
    Later,
    /// The device speaks for itself.
    Over,
}

impl Session {
    /// Where a picture that the app encodes itself lies on the timeline: to be called with each before
    /// it is encoded, running or not. `None` when it is left out, as the camera is interrupted or the
    /// picture is older than one before.
    ///
    /// # Errors
    /// [`PushError::WrongKind`] when video is not pushed encoded.
    pub fn place_video(&self, at: CaptureTime) -> Result<Option<Placed>, PushError> {
        let Some(at) = self.place(Track::Video, at, 0)? else { return Ok(None) };
        let status = self.status();
        let is_drawn = !status.look().is_plain() || status.viewfinder.wants_pictures();
        Ok(Some(Placed { at, is_drawn }))
    }

    /// The same for sound of this length: the time of its first sample, `None` when the microphone is
    /// interrupted.
    ///
    /// # Errors
    /// [`PushError::WrongKind`] when audio is not pushed encoded.
    pub fn place_audio(
        &self,
        at: CaptureTime,
        length: Duration,
    ) -> Result<Option<CaptureTime>, PushError> {
        self.place(Track::Audio, at, i64::try_from(length.as_micros()).unwrap_or(i64::MAX))
    }

    /// Draws a picture of any size and format by the present look into `target`, of the session's
    /// size: what viewers shall see, and what snapshots and previews show. Allocates nothing once the
    /// look and the source's geometry have been seen. Waits while another thread draws.
    ///
    /// # Errors
    /// [`PushError::WrongKind`] without video, [`PushError::Frame`] when the target has another size
    /// or there is no memory. What an effect could not do is an [`Event::EncoderFailed`], and the
    /// picture whole all the same.
    pub fn draw(
        &self,
        frame: &FrameView<'_>,
        at: CaptureTime,
        target: &mut FrameTarget<'_>,
    ) -> Result<(), PushError> {
        let Some((config, _)) = &self.plan().video else {
            return self.check_kind(Track::Video, Source::Raw);
        };
        let (width, height) = (config.width(), config.height());
        if (target.width(), target.height()) != (width, height) {
            let (expected_width, expected_height) = (width, height);
            let (width, height) = (target.width(), target.height());
            let error = FrameError::SizeChanged { width, height, expected_width, expected_height };
            return Err(error.into());
        }
        let time = MediaTime::from_micros(at.as_micros());
        let time = self.running().map_or(time, |run| run.place_encoded(time));
        let status = self.status();
        let mut easel = status.easel.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        // Away while it is used: what a panic leaves is not drawn with again.
        let mut drawing = match easel.take() {
            Some(drawing) => drawing,
            None => Drawing {
                chain: Chain::new(width, height)?.with_inputs(status.inputs.clone()),
                has_trouble: false,
            },
        };
        let drawn = drawing.draw(self, frame, time, target);
        *easel = Some(drawing);
        Ok(drawn?)
    }

    /// Draws the slate as [`Session::draw`] does. False when there is none: the last picture stays.
    ///
    /// # Errors
    /// As [`Session::draw`].
    pub fn draw_slate(
        &self,
        at: CaptureTime,
        target: &mut FrameTarget<'_>,
    ) -> Result<bool, PushError> {
        let slate = self.status().slate.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(slate) = slate else { return Ok(false) };
        self.draw(&slate.view()?, at, target)?;
        Ok(true)
    }

    /// Waits until something has to stand in for a track that the app encodes itself, `within` at
    /// most. From [`Session::interrupt`] on, one thread for each track calls this until it is over.
    ///
    /// # Errors
    /// [`PushError::NotRunning`] when the broadcast has ended, [`PushError::WrongKind`] when the track
    /// is not pushed encoded.
    pub fn wait_stand_in(&self, track: Track, within: Duration) -> Result<StandIn, PushError> {
        self.check_kind(track, Source::Encoded)?;
        let run = self.running()?;
        let late = after(within);
        loop {
            let wait = match hold::poll(&run, track) {
                Next::Due(at) => {
                    self.status().easel.is_newer(track, &run, at);
                    return Ok(StandIn::Due(at));
                }
                Next::In(wait) => wait,
                Next::Flowing => return Ok(StandIn::Over),
            };
            select! {
                recv(run.hold.rung(track)) -> _ => {},
                recv(run.waiting().ending.rung()) -> _ => return Err(PushError::NotRunning),
                recv(late) -> _ => return Ok(StandIn::Later),
                default(wait) => {},
            }
        }
    }

    fn place(
        &self,
        track: Track,
        at: CaptureTime,
        length_micros: i64,
    ) -> Result<Option<CaptureTime>, PushError> {
        self.check_kind(track, Source::Encoded)?;
        let easel = &self.status().easel;
        easel.placed[index(track)].store(true, Ordering::Release);
        // Encoders may run before and after a broadcast: nothing is moved then.
        let Ok(run) = self.running() else { return Ok(Some(at)) };
        let Some(placed) = run.place_push(track, at, length_micros) else { return Ok(None) };
        if track == Track::Audio && placed.is_back {
            *easel.sound_back() = Some(placed.captured);
        }
        Ok(Some(placed.captured).filter(|at| easel.is_newer(track, &run, *at)))
    }
}

/// What draws for the app's encoder, and what was placed; outlives broadcasts.
#[derive(Debug, Default)]
pub(crate) struct Easel {
    placed: [AtomicBool; 2],
    /// The newest picture's time and the broadcast that it belongs to.
    newest: AtomicI64,
    broadcast: AtomicI64,
    drawing: Mutex<Option<Drawing>>,
    /// Sound that is mixed for the app's encoder.
    pub(crate) mixdown: mixdown::Shared,
    /// The microphone is back with the sound of that time.
    sound_back_at: Mutex<Option<CaptureTime>>,
}

#[derive(Debug)]
struct Drawing {
    chain: Chain,
    /// Whether an effect failed with the last picture; only the first of a row is reported.
    has_trouble: bool,
}

impl Easel {
    /// Whether the app asks before it encodes this track.
    pub(crate) fn is_placed(&self, track: Track) -> bool {
        self.placed[index(track)].load(Ordering::Acquire)
    }

    /// Whether the microphone is back with the sound of that time, which is asked once.
    pub(crate) fn is_back_with(&self, at: CaptureTime) -> bool {
        self.sound_back().take_if(|back_at| *back_at == at).is_some()
    }

    fn sound_back(&self) -> MutexGuard<'_, Option<CaptureTime>> {
        self.sound_back_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a picture follows those before it; of sound, the encoder's own count decides.
    fn is_newer(&self, track: Track, run: &Run, at: CaptureTime) -> bool {
        if track == Track::Audio {
            return true;
        }
        let broadcast = run.views.cast_signed();
        if self.broadcast.swap(broadcast, Ordering::AcqRel) != broadcast {
            self.newest.store(i64::MIN, Ordering::Release);
        }
        self.newest.fetch_max(at.as_micros(), Ordering::AcqRel) < at.as_micros()
    }
}

impl Drawing {
    fn draw(
        &mut self,
        session: &Session,
        frame: &FrameView<'_>,
        time: MediaTime,
        target: &mut FrameTarget<'_>,
    ) -> Result<(), FrameError> {
        let status = session.status();
        let (chain, viewfinder) = (&mut self.chain, &status.viewfinder);
        chain.set(&status.look());
        let preview = viewfinder.preview();
        chain.set_preview(preview.map(|preview| preview.mirror));
        let picture = chain.draw(frame, time)?;
        viewfinder.show(&picture);
        target.write(&picture)?;
        let trouble = chain.take_trouble();
        let had_trouble = std::mem::replace(&mut self.has_trouble, trouble.is_some());
        if let Some(trouble) = trouble.filter(|_| !had_trouble) {
            let error = Error::Encoder(trouble.to_string());
            status.report(Event::EncoderFailed { track: Track::Video, error });
        }
        if let Some(preview) = preview {
            viewfinder.show_preview(preview, chain.preview_mut());
        }
        Ok(())
    }
}

fn index(track: Track) -> usize {
    usize::from(track == Track::Audio)
}

#[cfg(test)]
#[path = "easel_test.rs"]
mod tests;
