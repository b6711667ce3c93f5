//! Pictures and sound that the session encodes, pushed in real time on one clock.
//!
//! A pattern or a file can wait, which a camera cannot: when the encoder is behind, the next
//! picture waits for it instead of pushing another one out.

use std::time::Duration;

use onair::{Pcm, PushError, Session, Statistics};

use super::mix::Mix;
use super::pictures::Pictures;
use super::sound::Sound;
use super::{Ending, Source, ending};
use crate::context::Context;
use crate::exit::Failure;
use crate::pacing::{Item, Pacer, Schedule};

/// Pictures, sound or both.
#[derive(Debug)]
pub(crate) struct RawSource {
    pictures: Option<Pictures>,
    sound: Option<Sound>,
    mix: Mix,
    schedule: Schedule,
    /// The first item, made while the session connects.
    prepared: Option<(Duration, Item)>,
}

/// Pictures that may be on their way through the encoder: the session holds two before it.
const PICTURES_UNDER_WAY: u64 = 2;
/// How often a full encoder is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// How long one picture waits for the encoder before it is pushed all the same.
const PATIENCE: Duration = Duration::from_secs(1);

impl RawSource {
    /// `length` of media, or all there is.
    pub(crate) fn new(
        pictures: Option<Pictures>,
        sound: Option<Sound>,
        length: Option<Duration>,
    ) -> Self {
        let rate = pictures.as_ref().map(Pictures::rate);
        let schedule = Schedule::new(rate, sound.as_ref().map(Sound::sample_rate_hz), length);
        Self { pictures, sound, mix: Mix::default(), schedule, prepared: None }
    }

    /// What is done to the sound.
    pub(crate) fn with_mix(mut self, mix: Mix) -> Self {
        self.mix = mix;
        self
    }

    /// Makes the next item's media; `None` when there is no more.
    fn next_item(&mut self) -> Result<Option<(Duration, Item)>, Failure> {
        while let Some((due, item)) = self.schedule.next() {
            let is_there = match (&item, &mut self.pictures, &mut self.sound) {
                (Item::Picture { .. }, Some(pictures), _) => pictures.make()?,
                (Item::Sound { samples, .. }, _, Some(sound)) => sound.make(*samples)?,
                _ => false,
            };
            if is_there {
                return Ok(Some((due, item)));
            }
            self.schedule.end_track_of(&item);
        }
        Ok(None)
    }
}

impl Source for RawSource {
    fn prepare(&mut self) -> Result<(), Failure> {
        self.prepared = self.next_item()?;
        Ok(())
    }

    fn run(&mut self, session: &Session, context: &Context) -> Result<Ending, Failure> {
        let (clock, stop) = (&context.clock, &context.stop_signal);
        self.mix.begin(session)?;
        let mut pacer = Pacer::new(clock.now(), self.pictures.as_ref().map(Pictures::rate));
        let mut next = self.prepared.take();
        while let Some((due, item)) = next {
            let wait = pacer.wait(due, &item, clock.now());
            if wait > Duration::ZERO && stop.wait(wait) {
                return Ok(Ending::Stopped);
            }
            let pushed = match (&item, &self.pictures, &self.sound) {
                (Item::Picture { stamp, .. }, Some(pictures), _) => {
                    let patience = clock.now() + PATIENCE;
                    while encoder_is_behind(&session.statistics()) && clock.now() < patience {
                        if stop.wait(LOOK_AGAIN) {
                            return Ok(Ending::Stopped);
                        }
                    }
                    pictures
                        .frame()
                        .map_err(PushError::from)
                        .and_then(|frame| session.push_video(frame, *stamp))
                }
                (Item::Sound { first, samples, stamp }, _, Some(sound)) => {
                    let end = sound.time_of(first + u64::from(*samples));
                    if let Err(error) = self.mix.push(session, *stamp, end)? {
                        return ending(&error);
                    }
                    let (sample_rate_hz, channels) = (sound.sample_rate_hz(), sound.channels());
                    let pcm = Pcm { samples: sound.block(), sample_rate_hz, channels };
                    session.push_audio(pcm, *stamp)
                }
                _ => Ok(()),
            };
            if let Err(error) = pushed {
                return ending(&error);
            }
            pacer.went(&item, clock.now());
            next = self.next_item()?;
        }
        // The last picture is shown for its time too.
        let wait = pacer.until(self.schedule.end(), clock.now());
        Ok(if stop.wait(wait) { Ending::Stopped } else { Ending::Media })
    }
}

fn encoder_is_behind(statistics: &Statistics) -> bool {
    let done = statistics.frames_encoded + statistics.frames_failed + statistics.frames_skipped;
    statistics.state.is_running() && statistics.frames_in.saturating_sub(done) >= PICTURES_UNDER_WAY
}
