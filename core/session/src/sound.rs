//! Sound from more than one source: which there are, how loud each is, and how loud it all was.
//!
//! An app's switches are atomics that `onair-audio` looks at with each block; levels go the other
//! way. Both outlive broadcasts.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use onair_media::sound::{Level, Sound};
use onair_types::CaptureTime;

use crate::edge::audio::{Pushed, SOURCES, micros};
use crate::hold::Placed;
use crate::{Error, Pcm, PushError, Session, Source};

/// One of a session's sources of sound; see [`Session::add_audio_source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AudioSourceId(u32);

impl AudioSourceId {
    /// The source of [`Session::push_audio`], which is always there.
    pub const MAIN: Self = Self(0);

    /// A number for bindings; 0 is [`AudioSourceId::MAIN`].
    pub fn number(self) -> u32 {
        self.0
    }

    /// The id with this number.
    pub fn from_number(number: u32) -> Self {
        Self(number)
    }

    pub(crate) fn slot(self) -> usize {
        self.0 as usize % SOURCES
    }
}

/// How loud the last tenth of a second was.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Levels {
    /// What goes to the encoder: after mixing, gain and mute.
    pub output: Level,
    /// Each source before its own gain and mute, in the order they were added.
    pub sources: Vec<(AudioSourceId, Level)>,
}

impl Session {
    /// Adds a source that is mixed with what [`Session::push_audio`] gets, for music or a second
    /// microphone: its own rate, channels, gain and mute, stamps on the same capture clock. Stays
    /// over stop and start until it is removed. Eight sources in all.
    ///
    /// A mix waits up to 100 ms for a source that is late; one that says nothing for longer is
    /// silent. For an encoder of the app's own, [`Session::mix_audio`] takes its sound.
    ///
    /// # Errors
    /// [`Error::Config`] when the session has no sound, or there are eight already.
    pub fn add_audio_source(&self) -> Result<AudioSourceId, Error> {
        if self.plan().source(onair_types::Track::Audio).is_none() {
            let reason = "there is no sound to mix; give the session an audio configuration";
            return Err(Error::Config(reason.to_owned()));
        }
        self.desk().add().ok_or_else(|| {
            Error::Config(format!("there are {SOURCES} sources of sound; remove one"))
        })
    }

    /// Removes a source. The first one cannot be removed.
    ///
    /// # Errors
    /// [`Error::Config`] when it is the first, or is gone already.
    pub fn remove_audio_source(&self, id: AudioSourceId) -> Result<(), Error> {
        let is_main = id == AudioSourceId::MAIN;
        let gone = !is_main && self.desk().remove(id);
        if gone { Ok(()) } else { Err(no_such(id)) }
    }

    /// As [`Session::push_audio`], for a source that was added.
    ///
    /// # Errors
    /// See [`PushError`].
    pub fn push_audio_to<'a>(
        &self,
        id: AudioSourceId,
        sound: impl Into<Sound<'a>>,
        at: CaptureTime,
    ) -> Result<(), PushError> {
        let source = self.desk().slot_of(id).ok_or(PushError::NoSuchSource { id: id.0 })?;
        self.take_sound(&sound.into(), source, at)
    }

    /// How loud a source is in the mix: 0 is silence, 1 as it comes, 8 (18 dB more) the most.
    /// Changes within 10 ms without a click. Sums and gains beyond full scale are bent, not cut.
    ///
    /// # Errors
    /// [`Error::Config`] when `gain` is not 0 to 8, or the source is gone.
    pub fn set_audio_source_gain(&self, id: AudioSourceId, gain: f32) -> Result<(), Error> {
        let controls = self.desk().of(id).ok_or_else(|| no_such(id))?;
        controls.gain.set(gain)
    }

    /// Mutes one source in the mix; its time runs on.
    ///
    /// # Errors
    /// [`Error::Config`] when the source is gone.
    pub fn set_audio_source_muted(&self, id: AudioSourceId, muted: bool) -> Result<(), Error> {
        let controls = self.desk().of(id).ok_or_else(|| no_such(id))?;
        controls.muted.store(muted, Ordering::Release);
        Ok(())
    }

    /// How loud all of it is: 0 to 8, 1 unless said. Survives stop and start.
    ///
    /// # Errors
    /// [`Error::Config`] when `gain` is not 0 to 8.
    pub fn set_gain(&self, gain: f32) -> Result<(), Error> {
        self.desk().gain.set(gain)
    }

    /// How loud the last tenth of a second was, as far as it has come to the encoder; silence when
    /// nothing runs. Of raw sound, and of what [`Session::mix_audio`] mixes.
    pub fn levels(&self) -> Levels {
        self.desk().levels()
    }

    /// Takes sound of the source in `slot`.
    pub(crate) fn take_sound(
        &self,
        sound: &Sound<'_>,
        source: usize,
        at: CaptureTime,
    ) -> Result<(), PushError> {
        self.check_kind(onair_types::Track::Audio, Source::Raw)?;
        let run = self.running()?;
        let _push = run.enter()?;
        let frames = sound.frames()?;
        crate::session::check_time(at.as_micros())?;
        let Placed { captured, is_back } = if source == 0 {
            let length = micros(frames as u64, sound.sample_rate_hz);
            let Some(placed) = run.place_push(onair_types::Track::Audio, at, length) else {
                return Ok(());
            };
            placed
        } else {
            let missed = run.missed_micros(onair_types::Track::Audio, at.as_micros());
            Placed { captured: at.offset_micros(missed), is_back: false }
        };
        run.origin(captured);
        let Some(edge) = &run.audio else { return Err(PushError::NotRunning) };
        let muted = run.status.is_muted();
        let pushed = Pushed { source, captured, is_back, frames, muted };
        if run.plan.blocks() {
            return edge.push_when_free(sound, pushed, &run.waiting());
        }
        edge.push_newest(sound, pushed, &run.waiting());
        Ok(())
    }
}

fn no_such(id: AudioSourceId) -> Error {
    let reason = match id {
        AudioSourceId::MAIN => "the first source of sound stays".to_owned(),
        AudioSourceId(id) => format!("there is no source of sound {id}"),
    };
    Error::Config(reason)
}

impl<'a> From<Pcm<'a>> for Sound<'a> {
    fn from(pcm: Pcm<'a>) -> Self {
        let Pcm { samples, sample_rate_hz, channels } = pcm;
        let samples = onair_media::sound::Samples::I16(samples);
        Self { samples, sample_rate_hz, channels }
    }
}

/// The switches of all sources.
#[derive(Debug)]
pub(crate) struct Controls {
    pub(crate) gain: Gain,
    output: Meter,
    sources: [SourceControls; SOURCES],
}

/// The switches of one source.
#[derive(Debug, Default)]
pub(crate) struct SourceControls {
    /// The id of the source in this slot, plus one; 0 for none.
    id: AtomicU64,
    pub(crate) gain: Gain,
    pub(crate) muted: AtomicBool,
    pub(crate) level: Meter,
}

impl Default for Controls {
    fn default() -> Self {
        let sources: [SourceControls; SOURCES] = Default::default();
        sources[0].id.store(1, Ordering::Release);
        Self { gain: Gain::default(), output: Meter::default(), sources }
    }
}

impl Controls {
    pub(crate) fn add(&self) -> Option<AudioSourceId> {
        let (slot, free) =
            self.sources.iter().enumerate().find(|(_, one)| one.id.load(Ordering::Acquire) == 0)?;
        // Never the same id again: it counts on by as many as there are slots.
        let turn = free.level.turns.fetch_add(1, Ordering::AcqRel) + 1;
        let id = turn.wrapping_mul(SOURCES as u32).wrapping_add(slot as u32);
        free.gain.0.store(1.0_f32.to_bits(), Ordering::Release);
        free.muted.store(false, Ordering::Release);
        free.id.store(u64::from(id) + 1, Ordering::Release);
        Some(AudioSourceId(id))
    }

    pub(crate) fn remove(&self, id: AudioSourceId) -> bool {
        let (mine, none) = (u64::from(id.0) + 1, 0);
        let slot = &self.sources[id.slot()].id;
        slot.compare_exchange(mine, none, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(crate) fn slot_of(&self, id: AudioSourceId) -> Option<usize> {
        self.of(id).map(|_| id.slot())
    }

    pub(crate) fn of(&self, id: AudioSourceId) -> Option<&SourceControls> {
        Some(&self.sources[id.slot()]).filter(|one| one.id() == Some(id))
    }

    /// The source in this slot.
    pub(crate) fn source(&self, slot: usize) -> &SourceControls {
        &self.sources[slot % SOURCES]
    }

    pub(crate) fn show_output(&self, level: Level) {
        self.output.show(level);
    }

    /// Nothing sounds any more.
    pub(crate) fn silence(&self) {
        self.output.show(Level::default());
        self.sources.iter().for_each(|one| one.level.show(Level::default()));
    }

    pub(crate) fn output_level(&self) -> Level {
        self.output.read()
    }

    pub(crate) fn levels(&self) -> Levels {
        let sources = self.sources.iter().filter_map(|one| Some((one.id()?, one.level.read())));
        Levels { output: self.output.read(), sources: sources.collect() }
    }
}

impl SourceControls {
    pub(crate) fn id(&self) -> Option<AudioSourceId> {
        let id = self.id.load(Ordering::Acquire).checked_sub(1)?;
        u32::try_from(id).ok().map(AudioSourceId)
    }
}

/// A factor, 0 to 8.
#[derive(Debug)]
pub(crate) struct Gain(AtomicU32);

const MOST_GAIN: f32 = 8.0;

impl Default for Gain {
    fn default() -> Self {
        Self(AtomicU32::new(1.0_f32.to_bits()))
    }
}

impl Gain {
    pub(crate) fn set(&self, gain: f32) -> Result<(), Error> {
        // What is no number is in no range.
        if !(0.0..=MOST_GAIN).contains(&gain) {
            return Err(Error::Config(format!("gain {gain}: use 0 to 8; 1 is as it comes")));
        }
        self.0.store(gain.to_bits(), Ordering::Release);
        Ok(())
    }

    pub(crate) fn read(&self) -> f32 {
        f32::from_bits(self.0.load(Ordering::Acquire))
    }
}

/// The last level, peak and RMS in one word.
#[derive(Debug)]
pub(crate) struct Meter {
    level: AtomicU64,
    turns: AtomicU32,
}

impl Default for Meter {
    fn default() -> Self {
        let meter = Self { level: AtomicU64::new(0), turns: AtomicU32::new(0) };
        meter.show(Level::default());
        meter
    }
}

impl Meter {
    pub(crate) fn show(&self, level: Level) {
        let word = u64::from(level.peak_dbfs.to_bits()) << 32 | u64::from(level.rms_dbfs.to_bits());
        self.level.store(word, Ordering::Release);
    }

    fn read(&self) -> Level {
        let word = self.level.load(Ordering::Acquire);
        let half = |bits: u64| f32::from_bits((bits & u64::from(u32::MAX)) as u32);
        Level { peak_dbfs: half(word >> 32), rms_dbfs: half(word) }
    }
}
