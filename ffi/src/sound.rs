//! Sound from more than one source, how loud it is, and devices that are taken away for a while.
//! Samples and the slate's pixels go through C and JNI, as frames do.

use onair::{AudioSourceId, Interruption, Level, Levels};

use crate::{LiveError, LiveSession};

/// What is taken away: the camera, the microphone of the first source, or both.
#[uniffi::remote(Enum)]
pub enum Interruption {
    Picture,
    Sound,
    Both,
}

/// How loud the last tenth of a second was; 0 dBFS is full scale, −100 silence.
#[derive(Clone, Copy, Debug, PartialEq, uniffi::Record)]
pub struct SoundLevel {
    /// The largest sample, dBFS.
    pub peak_dbfs: f32,
    /// The root of the mean square, dBFS.
    pub rms_dbfs: f32,
}

/// One source's level.
#[derive(Clone, Copy, Debug, PartialEq, uniffi::Record)]
pub struct SourceLevel {
    /// Which; 0 is the first.
    pub source: u32,
    /// Before its own gain and mute.
    pub level: SoundLevel,
}

/// How loud the last tenth of a second was.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct SoundLevels {
    /// What goes to the encoder: after mixing, gain and mute.
    pub output: SoundLevel,
    /// Each source, in the order they were added.
    pub sources: Vec<SourceLevel>,
}

#[uniffi::export]
impl LiveSession {
    /// Adds a source of sound that is mixed with the first one: its own rate, channels, gain and mute,
    /// stamps on the same clock. Stays over stop and start until it is removed; eight in all. Returns
    /// its number, for pushes; 0 is the first source.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when the session has no sound, or there are eight already.
    pub fn add_audio_source(&self) -> Result<u32, LiveError> {
        Ok(self.live.session().add_audio_source()?.number())
    }

    /// Removes a source. The first one cannot be removed.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when it is the first, or is gone already.
    pub fn remove_audio_source(&self, source: u32) -> Result<(), LiveError> {
        Ok(self.live.session().remove_audio_source(AudioSourceId::from_number(source))?)
    }

    /// How loud a source is in the mix: 0 is silence, 1 as it comes, 8 the most.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when `gain` is not 0 to 8, or the source is gone.
    pub fn set_audio_source_gain(&self, source: u32, gain: f32) -> Result<(), LiveError> {
        let source = AudioSourceId::from_number(source);
        Ok(self.live.session().set_audio_source_gain(source, gain)?)
    }

    /// Mutes one source in the mix; its time runs on.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when the source is gone.
    pub fn set_audio_source_muted(&self, source: u32, is_muted: bool) -> Result<(), LiveError> {
        let source = AudioSourceId::from_number(source);
        Ok(self.live.session().set_audio_source_muted(source, is_muted)?)
    }

    /// How loud all of it is: 0 to 8, 1 unless said. Survives stop and start.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when `gain` is not 0 to 8.
    pub fn set_gain(&self, gain: f32) -> Result<(), LiveError> {
        Ok(self.live.session().set_gain(gain)?)
    }

    /// How loud the last tenth of a second was; silence when nothing runs. Of sound that the core mixes.
    pub fn levels(&self) -> SoundLevels {
        self.live.session().levels().into()
    }

    /// A track's device is gone for a while, or another one takes its place: the stream gets the last
    /// picture (or the slate), and silence, until [`LiveSession::resume`] and the first push after it.
    ///
    /// # Errors
    /// [`LiveError::Call`] when nothing runs, [`LiveError::Configuration`] when the track is not pushed
    /// raw, [`LiveError::Device`].
    pub fn interrupt(&self, what: Interruption) -> Result<(), LiveError> {
        Ok(self.live.session().interrupt(what)?)
    }

    /// The device is back: what is pushed counts again.
    ///
    /// # Errors
    /// As [`LiveSession::interrupt`].
    pub fn resume(&self, what: Interruption) -> Result<(), LiveError> {
        Ok(self.live.session().resume(what)?)
    }
}

impl From<Level> for SoundLevel {
    fn from(level: Level) -> Self {
        Self { peak_dbfs: level.peak_dbfs, rms_dbfs: level.rms_dbfs }
    }
}

impl From<Levels> for SoundLevels {
    fn from(levels: Levels) -> Self {
        let one = |(id, level): (AudioSourceId, Level)| SourceLevel {
            source: id.number(),
            level: level.into(),
        };
        Self {
            output: levels.output.into(),
            sources: levels.sources.into_iter().map(one).collect(),
        }
    }
}
