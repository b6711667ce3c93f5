//! Encoders for tests: a picture becomes its first luma byte, a block of samples its loudest one.

use std::sync::Arc;

use onair::{
    AudioEncoder, AudioUnit, EncodeError, EncoderInfo, MediaTime, VideoEncoder, VideoUnit,
};
use onair_media::encode::I420;
use onair_types::aac::Asc;
use onair_types::h264::AvcConfig;
use onair_types::{FrameKind, Payload};

use super::units;

/// What a test does to an encoder's calls, by their number from 0.
pub(crate) type Trouble = Arc<dyn Fn(u32) -> Result<(), EncodeError> + Send + Sync>;

pub(crate) fn no_trouble() -> Trouble {
    Arc::new(|_| Ok(()))
}

pub(crate) fn refusal() -> EncodeError {
    EncodeError::Encode { encoder: "a test's encoder", reason: "it does not like it".to_owned() }
}

/// An IDR first, on request, and every `gop` pictures.
pub(crate) struct Luma {
    config: Arc<AvcConfig>,
    calls: u32,
    since_idr: u32,
    gop: u32,
    wants_idr: bool,
    trouble: Trouble,
}

impl Luma {
    pub(crate) fn new(gop: u32, trouble: Trouble) -> Self {
        let config = units::avc_config();
        Self { config, calls: 0, since_idr: 0, gop, wants_idr: true, trouble }
    }
}

impl VideoEncoder for Luma {
    fn encode(
        &mut self,
        picture: &I420<'_>,
        pts: MediaTime,
        out: &mut dyn FnMut(VideoUnit),
    ) -> Result<(), EncodeError> {
        self.calls += 1;
        (self.trouble)(self.calls - 1)?;
        let is_idr = self.wants_idr || self.since_idr >= self.gop;
        self.since_idr = if is_idr { 1 } else { self.since_idr + 1 };
        self.wants_idr = false;
        let luma = picture.planes()[0].data[0];
        let (kind, nal_type) = if is_idr { (FrameKind::Idr, 5) } else { (FrameKind::Reference, 1) };
        let payload = units::nal(nal_type, &[luma]);
        out(VideoUnit { pts, dts: pts, kind, config: Arc::clone(&self.config).into(), payload });
        Ok(())
    }

    fn request_idr(&mut self) {
        self.wants_idr = true;
    }

    fn set_bitrate(&mut self, _bitrate_bps: u32) -> Result<(), EncodeError> {
        Ok(())
    }

    fn set_fps(&mut self, _fps: u32) -> Result<(), EncodeError> {
        Ok(())
    }

    fn flush(&mut self, _out: &mut dyn FnMut(VideoUnit)) -> Result<(), EncodeError> {
        Ok(())
    }

    fn info(&self) -> EncoderInfo {
        EncoderInfo { name: "luma".to_owned(), warning: None }
    }
}

/// Two bytes a block: the loudest sample.
pub(crate) struct Peak {
    asc: Asc,
    calls: u32,
    trouble: Trouble,
}

impl Peak {
    pub(crate) fn new(trouble: Trouble) -> Self {
        Self { asc: units::asc(), calls: 0, trouble }
    }
}

impl AudioEncoder for Peak {
    fn encode(
        &mut self,
        pcm: &[i16],
        pts: MediaTime,
        out: &mut dyn FnMut(AudioUnit),
    ) -> Result<(), EncodeError> {
        self.calls += 1;
        (self.trouble)(self.calls - 1)?;
        let peak = pcm.iter().copied().max().unwrap_or_default();
        let payload = Payload::from_vec(peak.to_be_bytes().to_vec());
        out(AudioUnit { pts, config: self.asc.into(), payload });
        Ok(())
    }

    fn set_bitrate(&mut self, _bitrate_bps: u32) -> Result<(), EncodeError> {
        Ok(())
    }

    fn flush(&mut self, _out: &mut dyn FnMut(AudioUnit)) -> Result<(), EncodeError> {
        Ok(())
    }

    fn asc(&self) -> Asc {
        self.asc
    }

    fn info(&self) -> EncoderInfo {
        EncoderInfo { name: "peak".to_owned(), warning: None }
    }
}
