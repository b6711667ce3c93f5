//! What several test files need.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use onair_media::frame::I420Frame;
use onair_media::pattern::{Kind, VideoPattern};
use onair_types::{VideoConfig, VideoUnit};

/// Plays a pattern into an encoder and keeps what comes out.
pub(crate) struct Source {
    pub(crate) pattern: VideoPattern,
    pub(crate) frame: I420Frame,
    pub(crate) next: u64,
}

impl Source {
    pub(crate) fn new(kind: Kind, config: &VideoConfig) -> Self {
        let (width, height) = (config.width(), config.height());
        Self {
            pattern: VideoPattern::new(kind, width, height, config.fps()).unwrap(),
            frame: I420Frame::new(width, height).unwrap(),
            next: 0,
        }
    }

    pub(crate) fn encode(
        &mut self,
        encoder: &mut dyn onair_media::encode::VideoEncoder,
        frames: u64,
    ) -> Vec<VideoUnit> {
        let mut units = Vec::new();
        for _ in 0..frames {
            self.pattern.draw(self.next, &mut self.frame).unwrap();
            let pts = self.pattern.time_of(self.next);
            encoder.encode(&self.frame.view(), pts, &mut |unit| units.push(unit)).unwrap();
            self.next += 1;
        }
        units
    }
}

pub(crate) fn config(width: u32, height: u32, fps: u32, bitrate_bps: u32) -> VideoConfig {
    VideoConfig::builder().size(width, height).fps(fps).bitrate_bps(bitrate_bps).build().unwrap()
}
