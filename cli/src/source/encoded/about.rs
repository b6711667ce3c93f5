//! What a file says of itself: from its sequence headers where they know, from its metadata where
//! that does, else from its first pictures.

use onair::{AudioHeader, MediaTime, MetaData, VideoHeader};
use onair_engine::flv::{AudioMeta, VideoMeta};

use super::items::Items;

/// The metadata of what was found; `said` is the file's own.
pub(super) fn metadata(found: &Items, said: MetaData, guess: &FrameRateGuess) -> MetaData {
    let no_guess = FrameRateGuess::default();
    let further_video = found.further_video.iter().filter_map(|(id, track)| {
        let said = said.further_video.iter().find(|(known, _)| known == id);
        let said = said.map(|(_, said)| said.clone());
        Some((*id, video(track.header.as_ref()?, said, &no_guess)))
    });
    let further_audio = found.further_audio.iter().filter_map(|(id, track)| {
        let said = said.further_audio.iter().find(|(known, _)| known == id);
        Some((*id, audio(track.header.as_ref()?, said.map(|(_, said)| said))))
    });
    MetaData {
        further_video: further_video.collect(),
        further_audio: further_audio.collect(),
        video: found.video.header.as_ref().map(|header| video(header, said.video, guess)),
        audio: found.audio.header.as_ref().map(|header| audio(header, said.audio.as_ref())),
        encoder: said.encoder,
        extra: said.extra,
    }
}

/// The SPS knows the size; the file's metadata knows the rest, when there is any.
fn video(header: &VideoHeader, said: Option<VideoMeta>, guess: &FrameRateGuess) -> VideoMeta {
    let said = said.unwrap_or_default();
    let sps = header.h264().and_then(|avc| avc.sps_info().ok());
    let (width, height) = header.size().unwrap_or((said.width, said.height));
    let fps = Some(said.fps)
        .filter(|fps| fps.is_finite() && *fps > 0.0)
        .or_else(|| sps.as_ref().and_then(|sps| sps.fps))
        .or_else(|| guess.fps());
    VideoMeta {
        codec: header.codec(),
        width,
        height,
        fps: fps.unwrap_or_default(),
        bitrate_bps: said.bitrate_bps,
    }
}

fn audio(header: &AudioHeader, said: Option<&AudioMeta>) -> AudioMeta {
    AudioMeta {
        codec: header.codec(),
        sample_rate_hz: header.sample_rate_hz(),
        channels: header.channels(),
        bitrate_bps: said.map_or(0, |said| said.bitrate_bps),
    }
}

/// A frame rate from the first decoding times, which milliseconds make uneven.
#[derive(Default)]
pub(super) struct FrameRateGuess {
    first: Option<MediaTime>,
    last: Option<MediaTime>,
    intervals: u32,
}

impl FrameRateGuess {
    pub(super) fn push(&mut self, dts: MediaTime) {
        self.intervals += u32::from(self.first.is_some());
        self.first.get_or_insert(dts);
        self.last = Some(dts);
    }

    pub(super) fn fps(&self) -> Option<f64> {
        let span = self.last?.since(self.first?).as_secs_f64();
        let fps = f64::from(self.intervals) / span;
        (self.intervals >= 10 && span > 0.0).then_some((fps * 10.0).round() / 10.0)
    }
}
