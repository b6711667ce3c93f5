//! Sources without a device: patterns with their beep, Y4M and WAV files. Their clock begins at zero
//! and is as exact as their rate.

use std::io::Read;

use onair_types::CaptureTime;

use super::clock::micros;
use super::{CaptureError, CapturedSound, PictureShape, PictureSource, SoundShape, SoundSource};
use crate::file::{wav, y4m};
use crate::frame::{FrameError, I420Frame};
use crate::pattern::{Kind, Tone, VideoPattern};

/// A test pattern; never ends. Set up with its first picture.
#[derive(Debug)]
pub struct Pattern {
    kind: Kind,
    shape: PictureShape,
    made: Option<VideoPattern>,
    next: u64,
}

impl Pattern {
    /// Pictures of this size, so many a second.
    ///
    /// # Errors
    /// [`FrameError`] when the size is not one that can be drawn.
    pub fn new(kind: Kind, width: u32, height: u32, fps: u32) -> Result<Self, FrameError> {
        I420Frame::check_size(width, height)?;
        let shape = PictureShape { width, height, fps_num: fps, fps_den: 1 };
        Ok(Self { kind, shape, made: None, next: 0 })
    }
}

impl PictureSource for Pattern {
    fn shape(&self) -> PictureShape {
        self.shape
    }

    fn read(&mut self, into: &mut I420Frame) -> Result<Option<CaptureTime>, CaptureError> {
        let PictureShape { width, height, fps_num, .. } = self.shape;
        let pattern = match &mut self.made {
            Some(pattern) => pattern,
            None => self.made.insert(VideoPattern::new(self.kind, width, height, fps_num)?),
        };
        pattern.draw(self.next, into)?;
        self.next += 1;
        Ok(Some(captured(self.shape, self.next - 1)))
    }
}

/// The pictures of a Y4M file.
#[derive(Debug)]
pub struct Y4mPictures<R> {
    reader: y4m::Reader<R>,
    next: u64,
}

impl<R: Read> Y4mPictures<R> {
    /// From a reader that has read the header.
    pub fn new(reader: y4m::Reader<R>) -> Self {
        Self { reader, next: 0 }
    }
}

impl<R: Read + Send> PictureSource for Y4mPictures<R> {
    fn shape(&self) -> PictureShape {
        let y4m::Header { width, height, fps_num, fps_den } = self.reader.header();
        PictureShape { width, height, fps_num, fps_den }
    }

    fn read(&mut self, into: &mut I420Frame) -> Result<Option<CaptureTime>, CaptureError> {
        if !self.reader.read_frame(into)? {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(captured(self.shape(), self.next - 1)))
    }
}

/// When picture `number` is due.
fn captured(shape: PictureShape, number: u64) -> CaptureTime {
    let micros = u128::from(number) * u128::from(shape.fps_den) * 1_000_000;
    let micros = micros / u128::from(shape.fps_num.max(1));
    CaptureTime::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// The beep that goes with the patterns; never ends.
#[derive(Debug)]
pub struct Beep {
    tone: Tone,
    shape: SoundShape,
    next: u64,
}

impl Beep {
    /// Samples at this rate.
    pub fn new(sample_rate_hz: u32, channels: u8) -> Self {
        let shape = SoundShape { sample_rate_hz, channels };
        Self { tone: Tone::new(sample_rate_hz, channels), shape, next: 0 }
    }
}

impl SoundSource for Beep {
    fn shape(&self) -> SoundShape {
        self.shape
    }

    fn read(
        &mut self,
        frames: u32,
        into: &mut Vec<i16>,
    ) -> Result<Option<CapturedSound>, CaptureError> {
        into.clear();
        into.resize(frames as usize * usize::from(self.shape.channels), 0);
        self.tone.fill(self.next, into);
        let first = self.next;
        self.next += u64::from(frames);
        Ok(Some(begun_at(first, self.shape)))
    }
}

/// The samples of a WAV file; the last block may be shorter.
#[derive(Debug)]
pub struct WavSound<R> {
    reader: wav::Reader<R>,
    next: u64,
}

impl<R: Read> WavSound<R> {
    /// From a reader that has read the header.
    pub fn new(reader: wav::Reader<R>) -> Self {
        Self { reader, next: 0 }
    }
}

impl<R: Read + Send> SoundSource for WavSound<R> {
    fn shape(&self) -> SoundShape {
        let wav::Header { sample_rate_hz, channels } = self.reader.header();
        SoundShape { sample_rate_hz, channels }
    }

    fn read(
        &mut self,
        frames: u32,
        into: &mut Vec<i16>,
    ) -> Result<Option<CapturedSound>, CaptureError> {
        let shape = self.shape();
        into.clear();
        into.resize(frames as usize * usize::from(shape.channels), 0);
        let read = self.reader.read(into)?;
        into.truncate(read);
        let first = self.next;
        self.next += (read / usize::from(shape.channels.max(1))) as u64;
        Ok((read > 0).then(|| begun_at(first, shape)))
    }
}

fn begun_at(first: u64, shape: SoundShape) -> CapturedSound {
    let captured = CaptureTime::from_micros(micros(first, shape.sample_rate_hz));
    CapturedSound { captured, lost: 0 }
}
