//! What to ask of a camera, and what becomes of the stream when it can do less (statement 5).

use super::video::{Orientation, VideoConfig, VideoQuality};
use crate::geometry::Size;

/// LFLiveKit's capture presets and 1080p, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CapturePreset {
    /// 360×640, cropped from 480×640.
    P360,
    /// 540×960.
    P540,
    /// 720×1280.
    P720,
    /// 1080×1920.
    P1080,
}

/// What a camera is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraChoice {
    /// What to ask of the camera.
    pub capture: CapturePreset,
    /// What to encode: as asked for, or lowered together with `capture`.
    pub config: VideoConfig,
    /// Whether it is less than was asked for; the app should hear of it.
    pub is_lowered: bool,
}

impl CapturePreset {
    /// All, lowest first.
    pub const ALL: [Self; 4] = [Self::P360, Self::P540, Self::P720, Self::P1080];

    /// Its picture, pixels.
    pub fn size(self, orientation: Orientation) -> Size {
        let (width, height) = match self {
            Self::P360 => (360, 640),
            Self::P540 => (540, 960),
            Self::P720 => (720, 1_280),
            Self::P1080 => (1_080, 1_920),
        };
        match orientation {
            Orientation::Portrait => Size { width, height },
            Orientation::Landscape => Size { width: height, height: width },
        }
    }

    /// The quality of this size for about so many frames a second.
    fn quality(self, fps: u32) -> VideoQuality {
        let qualities = match self {
            Self::P360 => [VideoQuality::Low1, VideoQuality::Low2, VideoQuality::Low3],
            Self::P540 => [VideoQuality::Medium1, VideoQuality::Medium2, VideoQuality::Medium3],
            Self::P720 => [VideoQuality::High1, VideoQuality::High2, VideoQuality::High3],
            Self::P1080 => [VideoQuality::FullHd1, VideoQuality::FullHd2, VideoQuality::FullHd3],
        };
        match fps {
            ..=15 => qualities[0],
            16..=24 => qualities[1],
            25.. => qualities[2],
        }
    }
}

impl VideoConfig {
    /// Portrait unless wider than tall.
    pub fn orientation(&self) -> Orientation {
        if self.is_landscape() { Orientation::Landscape } else { Orientation::Portrait }
    }

    /// The smallest capture preset that need not be enlarged; the largest when none is enough.
    pub fn capture_preset(&self) -> CapturePreset {
        let holds = |preset: &CapturePreset| {
            let size = preset.size(self.orientation());
            size.width >= self.width() && size.height >= self.height()
        };
        CapturePreset::ALL.into_iter().find(holds).unwrap_or(CapturePreset::P1080)
    }

    /// The best that a camera can do for this configuration. When it lacks the preset, the next
    /// lower one that it has is taken (360 if it has none), and size and bitrates go down to that
    /// preset's; frame rate, key interval and profile stay.
    pub fn for_camera(&self, supports: impl Fn(CapturePreset) -> bool) -> CameraChoice {
        let wanted = self.capture_preset();
        let lower = CapturePreset::ALL.into_iter().rev().filter(|preset| *preset <= wanted);
        let capture = lower.into_iter().find(|preset| supports(*preset));
        let capture = capture.unwrap_or(CapturePreset::P360);
        let is_lowered = capture < wanted;
        let config = if is_lowered { self.lowered_to(capture) } else { self.clone() };
        CameraChoice { capture, config, is_lowered }
    }

    fn lowered_to(&self, capture: CapturePreset) -> Self {
        let orientation = self.orientation();
        let preset = Self::preset(capture.quality(self.fps()), orientation);
        let own = Size { width: self.width(), height: self.height() };
        let size = own.fit_even(capture.size(orientation));
        let lower = self
            .to_builder()
            .size(size.width.max(16), size.height.max(16))
            .bitrate_bps(self.bitrate_bps().min(preset.bitrate_bps()))
            .bitrate_range_bps(
                self.min_bitrate_bps().min(preset.min_bitrate_bps()),
                self.max_bitrate_bps().min(preset.max_bitrate_bps()),
            );
        lower.build().expect("the lower of two valid configurations is valid")
    }
}
