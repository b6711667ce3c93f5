//! An ALSA microphone: 16 bits, interleaved. The one import site of `alsa`.

use std::ffi::CString;

use alsa::pcm::{Access, Format, HwParams};
use alsa::{Direction, PCM, ValueOr};
use onair_media::capture::{
    CaptureError, CapturedSound, Continuity, SoundShape, SoundSource, begin_of_block,
};
use onair_types::CaptureTime;

use crate::clock;

/// What the device keeps while nobody reads.
const BUFFER_MICROS: u32 = 200_000;
const PERIOD_MICROS: u32 = 10_000;
const PATIENCE_MILLIS: u32 = 1_000;

pub(crate) struct Microphone {
    device: String,
    shape: SoundShape,
    pcm: PCM,
    /// Where the last block ended.
    ended: Option<CaptureTime>,
}

impl Microphone {
    pub(crate) fn open(name: &str, wanted: SoundShape) -> Result<Self, CaptureError> {
        let refused = |reason: String| CaptureError::Open { device: name.to_owned(), reason };
        let c_name = CString::new(name).map_err(|_| refused("no such device".to_owned()))?;
        let pcm = PCM::open(&c_name, Direction::Capture, false)
            .map_err(|error| refused(format!("{error}; `arecord -L` lists the devices")))?;
        let shape = set_up(&pcm, wanted).map_err(|error| refused(error.to_string()))?;
        if !(1..=2).contains(&shape.channels) {
            return Err(refused(format!("{} channels; use plughw:", shape.channels)));
        }
        Ok(Self { device: name.to_owned(), shape, pcm, ended: None })
    }

    fn failed(&self, error: alsa::Error) -> CaptureError {
        CaptureError::Device { device: self.device.clone(), reason: error.to_string() }
    }
}

/// The nearest to what is wanted.
fn set_up(pcm: &PCM, wanted: SoundShape) -> alsa::Result<SoundShape> {
    let params = HwParams::any(pcm)?;
    params.set_access(Access::RWInterleaved)?;
    params.set_format(Format::s16())?;
    let channels = params.set_channels_near(wanted.channels.into())?;
    let sample_rate_hz = params.set_rate_near(wanted.sample_rate_hz, ValueOr::Nearest)?;
    params.set_buffer_time_near(BUFFER_MICROS, ValueOr::Nearest)?;
    params.set_period_time_near(PERIOD_MICROS, ValueOr::Nearest)?;
    pcm.hw_params(&params)?;
    pcm.start()?;
    Ok(SoundShape { sample_rate_hz, channels: u8::try_from(channels).unwrap_or(u8::MAX) })
}

impl SoundSource for Microphone {
    fn shape(&self) -> SoundShape {
        self.shape
    }

    fn read(
        &mut self,
        frames: u32,
        into: &mut Vec<i16>,
    ) -> Result<Option<CapturedSound>, CaptureError> {
        let SoundShape { sample_rate_hz, channels } = self.shape;
        into.clear();
        into.resize(frames as usize * usize::from(channels), 0);
        let mut has_lost = false;
        let read = loop {
            let is_there = self.pcm.wait(Some(PATIENCE_MILLIS));
            let outcome = match is_there {
                Ok(true) => self.pcm.io_i16().and_then(|io| io.readi(into)),
                Ok(false) => return Err(CaptureError::Late { device: self.device.clone() }),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(read) => break read,
                // Nobody read for so long that the device ran over, or it slept: it begins anew.
                Err(error) if !has_lost => {
                    self.pcm.try_recover(error, true).map_err(|error| self.failed(error))?;
                    self.pcm.start().map_err(|error| self.failed(error))?;
                    has_lost = true;
                }
                Err(error) => return Err(self.failed(error)),
            }
        };
        into.truncate(read * usize::from(channels));
        let waiting = self.pcm.avail().ok().and_then(|frames| u64::try_from(frames).ok());
        let (read, waiting) = (read as u64, waiting.unwrap_or(0));
        let captured = begin_of_block(clock::now(), read, waiting, sample_rate_hz);
        let ended = self.ended.filter(|_| has_lost);
        let lost = ended.map_or(0, |ended| Continuity::lost(ended, captured, sample_rate_hz));
        self.ended = Some(begin_of_block(clock::now(), 0, waiting, sample_rate_hz));
        Ok(Some(CapturedSound { captured, lost }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: SoundShape = SoundShape { sample_rate_hz: 44_100, channels: 2 };

    /// ALSA's own device of nothing: libasound opens it, sets it up and gives silence.
    #[test]
    fn the_null_device_gives_silence_with_stamps_that_go_forward() {
        let mut microphone = Microphone::open("null", WANTED).expect("libasound has it");
        assert_eq!(microphone.shape(), WANTED);
        let (mut block, mut last) = (vec![7; 3], CaptureTime::from_micros(i64::MIN));
        for _ in 0..10 {
            let it = microphone.read(441, &mut block).expect("it works").expect("no end");
            assert_eq!((block.len(), it.lost), (882, 0));
            assert!(block.iter().all(|sample| *sample == 0));
            assert!(it.captured >= last, "{:?} after {last:?}", it.captured);
            last = it.captured;
        }
    }

    #[test]
    fn what_is_no_microphone_is_an_error_that_names_it() {
        for name in ["no such thing", "hw:99,9", "a\0b"] {
            let error = Microphone::open(name, WANTED).err().expect("no microphone").to_string();
            assert!(error.starts_with(&format!("open {name}: ")), "{error}");
        }
    }
}
