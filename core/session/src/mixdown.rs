//! Several sources of sound → one row of blocks for an audio encoder of the app's own, a phone's for
//! example: by the same desk that `onair-audio` has, in the caller's thread.
//!
//! ```text
//!  microphone ── place_audio ── mix_audio ──┐
//!  an app's sound ──────────── mix_audio ───┴ desk ── take_mixed ─▶ the app's encoder ─▶ push_encoded_audio
//! ```
//!
//! What of it is threads and encoders is the app's; times, rates, gains, mute and levels are decided
//! here, as for raw sound.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use onair_media::sound::{Sound, map_into};
use onair_types::{AudioConfig, CaptureTime, Track};

use crate::edge::audio::{Chunk, LONGEST, Pushed, SOURCES, micros};
use crate::encoding::desk::Desk;
use crate::run::Run;
use crate::{AudioSourceId, PushError, Session, Source};

impl Session {
    /// Takes sound of one source to be mixed for the app's own encoder; [`Session::take_mixed`] then has
    /// what came of it. Of the first source, [`AudioSourceId::MAIN`], `at` is what
    /// [`Session::place_audio`] or [`Session::wait_stand_in`] said; others, which
    /// [`Session::add_audio_source`] added, have their stamps as they are.
    ///
    /// # Errors
    /// [`PushError::WrongKind`] when audio is not pushed encoded, [`PushError::NotRunning`],
    /// [`PushError::NoSuchSource`], [`PushError::Sound`].
    pub fn mix_audio<'a>(
        &self,
        id: AudioSourceId,
        sound: impl Into<Sound<'a>>,
        at: CaptureTime,
    ) -> Result<(), PushError> {
        self.check_kind(Track::Audio, Source::Encoded)?;
        let run = self.running()?;
        let _push = run.enter()?;
        let Some((config, _)) = &self.plan().audio else { return Err(PushError::NotRunning) };
        let source = self.desk().slot_of(id).ok_or(PushError::NoSuchSource { id: id.number() })?;
        let sound = sound.into();
        let frames = sound.frames()?;
        crate::session::check_time(at.as_micros())?;
        let is_main = id == AudioSourceId::MAIN;
        let missed = if is_main { 0 } else { run.missed_micros(Track::Audio, at.as_micros()) };
        let is_back = is_main && self.status().easel.is_back_with(at);
        let captured = at.offset_micros(missed);
        let mut mixdown = self.mixdown();
        let line = mixdown.of(&run, config).ok_or(PushError::NotRunning)?;
        line.take(self, &sound, Pushed { source, captured, is_back, frames, muted: false });
        // The end may have come meanwhile, and with it silence.
        if run.is_stopping() {
            self.desk().silence();
        }
        Ok(())
    }

    /// The oldest block of the mix that was not taken yet: 1,024 samples of each of the session's
    /// channels, interleaved, in the place of what is in `block`; and when its first sample sounds.
    /// `None` when there is none: the mix goes on as far as all sources have come, and waits up to
    /// 100 ms for one that is late. One thread at a time takes them, so that they stay in order; of more
    /// than 64 that wait the oldest go.
    ///
    /// # Errors
    /// [`PushError::WrongKind`] when audio is not pushed encoded, [`PushError::NotRunning`].
    pub fn take_mixed(&self, block: &mut Vec<i16>) -> Result<Option<CaptureTime>, PushError> {
        self.check_kind(Track::Audio, Source::Encoded)?;
        let run = self.running()?;
        let mut mixdown = self.mixdown();
        let Some(line) = mixdown.0.as_mut().filter(|line| line.broadcast == run.views) else {
            return Ok(None);
        };
        let Some((at, pcm)) = line.blocks.pop_front() else { return Ok(None) };
        line.free.push(std::mem::replace(block, pcm));
        Ok(Some(at))
    }

    fn mixdown(&self) -> std::sync::MutexGuard<'_, Mixdown> {
        self.status().easel.mixdown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The desk of the present broadcast, once something was mixed.
#[derive(Debug, Default)]
pub(crate) struct Mixdown(Option<Line>);

/// A mutex around it, where a session's easel is.
pub(crate) type Shared = Mutex<Mixdown>;

struct Line {
    /// Which one it belongs to.
    broadcast: u64,
    channels: u8,
    desk: Desk,
    /// What is zero on the desk's grid: the first that was mixed.
    origin: Option<CaptureTime>,
    /// Samples a channel that each source ever gave.
    taken: [u64; SOURCES],
    blocks: VecDeque<(CaptureTime, Vec<i16>)>,
    free: Vec<Vec<i16>>,
    pcm: Vec<f32>,
}

/// Blocks that may wait: a second and a half.
const MOST_BLOCKS: usize = 64;

impl Mixdown {
    fn of(&mut self, run: &Run, config: &AudioConfig) -> Option<&mut Line> {
        if self.0.as_ref().is_none_or(|line| line.broadcast != run.views) {
            let channels = config.channels();
            // A session's configuration was checked when it was made.
            let desk = Desk::new(channels, config.sample_rate_hz()).ok()?;
            self.0 = Some(Line {
                broadcast: run.views,
                channels,
                desk,
                origin: None,
                taken: [0; SOURCES],
                blocks: VecDeque::with_capacity(MOST_BLOCKS),
                free: Vec::with_capacity(MOST_BLOCKS),
                pcm: Vec::with_capacity(LONGEST * usize::from(channels)),
            });
        }
        self.0.as_mut()
    }
}

impl Line {
    fn take(&mut self, session: &Session, sound: &Sound<'_>, pushed: Pushed) {
        let rate_hz = sound.sample_rate_hz;
        let first = self.taken[pushed.source];
        self.taken[pushed.source] += pushed.frames as u64;
        let origin = *self.origin.get_or_insert(pushed.captured);
        let status = session.status();
        for begin in (0..pushed.frames).step_by(LONGEST) {
            let mut pcm = std::mem::take(&mut self.pcm);
            pcm.clear();
            map_into(sound, begin..pushed.frames.min(begin + LONGEST), self.channels, &mut pcm);
            let chunk = Chunk {
                source: pushed.source,
                captured: pushed.captured.offset_micros(micros(begin as u64, rate_hz)),
                rate_hz,
                first_sample: first + begin as u64,
                is_back: pushed.is_back && begin == 0,
                pcm,
            };
            let Self { desk, blocks, free, .. } = self;
            desk.take(&chunk, origin, &status.sound, status.is_muted(), &mut |pcm, at| {
                if blocks.len() == MOST_BLOCKS {
                    free.extend(blocks.pop_front().map(|(_, pcm)| pcm));
                }
                let mut block = free.pop().unwrap_or_default();
                block.clear();
                block.extend_from_slice(pcm);
                blocks.push_back((origin.offset_micros(at.as_micros()), block));
            });
            self.pcm = chunk.pcm;
        }
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("blocks", &self.blocks.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "mixdown_test.rs"]
mod tests;
