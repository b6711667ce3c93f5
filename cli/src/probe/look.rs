//! Looks and listens: decodes a stream and, when it shows our own pattern, measures lost pictures
//! and the distance between flash and beep.

use onair_media::decode::{self, AudioDecoder, DecodeError, VideoDecoder};
use onair_media::pattern::read::{BeepDetector, FrameLedger, SkewMeter, frame_number, is_flash};
use onair_types::{AccessUnit, AudioUnit, VideoUnit};

/// What decoding showed.
#[derive(Default)]
pub(crate) struct Look {
    video: Lazy<Box<dyn VideoDecoder>>,
    audio: Lazy<Box<dyn AudioDecoder>>,
    beeps: Option<BeepDetector>,
    pub(crate) pattern: FrameLedger,
    pub(crate) skew: SkewMeter,
    pub(crate) pictures: u64,
    pub(crate) sounds: u64,
    /// Units that the decoders refused, and what the first refusal said.
    pub(crate) video_errors: Errors,
    pub(crate) audio_errors: Errors,
}

/// A decoder that is opened when it is first needed; builds without codecs have none.
#[derive(Default)]
enum Lazy<D> {
    #[default]
    Unopened,
    Open(D),
    Missing,
}

impl<D> Lazy<D> {
    fn get(&mut self, open: impl FnOnce() -> Result<D, DecodeError>) -> Option<&mut D> {
        if let Self::Unopened = self {
            *self = open().map_or(Self::Missing, Self::Open);
        }
        match self {
            Self::Open(decoder) => Some(decoder),
            _ => None,
        }
    }
}

/// Counts refusals.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    pub(crate) count: u64,
    pub(crate) first: Option<String>,
}

impl Errors {
    fn note(&mut self, result: Result<(), DecodeError>) {
        if let Err(error) = result {
            self.count += 1;
            self.first.get_or_insert_with(|| error.to_string());
        }
    }
}

impl Look {
    /// Decodes one unit, if it is H.264 or AAC.
    pub(crate) fn unit(&mut self, unit: &AccessUnit) {
        match unit {
            AccessUnit::Video(unit) if !unit.config.codec().is_enhanced() => self.picture(unit),
            AccessUnit::Audio(unit) if !unit.config.codec().is_enhanced() => self.sound(unit),
            _ => {}
        }
    }

    /// Takes what the video decoder still holds.
    pub(crate) fn finish(&mut self) {
        if let Lazy::Open(decoder) = &mut self.video {
            let (pictures, pattern, skew) = (&mut self.pictures, &mut self.pattern, &mut self.skew);
            let result = decoder.flush(&mut |picture, pts| {
                *pictures += 1;
                pattern.push(frame_number(picture));
                skew.picture(pts, is_flash(picture));
            });
            self.video_errors.note(result);
        }
    }

    /// Whether the pictures are our own pattern.
    pub(crate) fn is_pattern(&self) -> bool {
        let readable = self.pattern.seen - self.pattern.unreadable;
        readable >= 3 && readable * 2 >= self.pattern.seen
    }

    fn picture(&mut self, unit: &VideoUnit) {
        let Some(decoder) = self.video.get(decode::h264) else { return };
        let (pictures, pattern, skew) = (&mut self.pictures, &mut self.pattern, &mut self.skew);
        let result = decoder.decode(unit, &mut |picture, pts| {
            *pictures += 1;
            pattern.push(frame_number(picture));
            skew.picture(pts, is_flash(picture));
        });
        self.video_errors.note(result);
    }

    fn sound(&mut self, unit: &AudioUnit) {
        let Some(decoder) = self.audio.get(decode::aac) else { return };
        match decoder.decode(unit) {
            Ok(pcm) => {
                self.sounds += 1;
                let skew = &mut self.skew;
                self.beeps
                    .get_or_insert_with(|| BeepDetector::new(pcm.sample_rate_hz, pcm.channels))
                    .push(pcm.samples, unit.pts, |beep| skew.beep(beep));
            }
            Err(error) => self.audio_errors.note(Err(error)),
        }
    }
}
