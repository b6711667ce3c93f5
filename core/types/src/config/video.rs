//! Video qualities and the builder for anything else (`spec lflivekit-and-friends` 1.4).

use super::ConfigError;

/// LFLiveKit's video qualities (portrait 360×640, 540×960, 720×1280) and 1080p beyond them.
/// Parses from its name in any case ("high3") or from size and rate ("720p30").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table in VideoConfig::preset says what each is")]
pub enum VideoQuality {
    Low1,
    #[default]
    Low2,
    Low3,
    Medium1,
    Medium2,
    Medium3,
    High1,
    High2,
    High3,
    FullHd1,
    FullHd2,
    FullHd3,
}

impl VideoQuality {
    /// The nine of LFLiveKit, in order.
    pub const LFLIVEKIT: [Self; 9] = [
        Self::Low1,
        Self::Low2,
        Self::Low3,
        Self::Medium1,
        Self::Medium2,
        Self::Medium3,
        Self::High1,
        Self::High2,
        Self::High3,
    ];

    /// All twelve, in order.
    pub const ALL: [Self; 12] = [
        Self::Low1,
        Self::Low2,
        Self::Low3,
        Self::Medium1,
        Self::Medium2,
        Self::Medium3,
        Self::High1,
        Self::High2,
        Self::High3,
        Self::FullHd1,
        Self::FullHd2,
        Self::FullHd3,
    ];
}

/// How the picture stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Orientation {
    /// Taller than wide.
    #[default]
    Portrait,
    /// Wider than tall.
    Landscape,
}

/// H.264 profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Constrained Baseline, CAVLC: for old decoders.
    Baseline,
    /// Main, CABAC: about 10 % fewer bits for the same picture.
    #[default]
    Main,
}

/// A valid video configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoConfig {
    width: u32,
    height: u32,
    fps: u32,
    min_fps: u32,
    max_fps: u32,
    bitrate_bps: u32,
    min_bitrate_bps: u32,
    max_bitrate_bps: u32,
    keyframe_interval_frames: u32,
    profile: Profile,
}

impl VideoConfig {
    /// One of the qualities; landscape swaps width and height. The key interval is 2 s, max fps is
    /// fps, max bitrate 1.2 × bitrate:
    ///
    /// | quality | portrait | fps, min | kbit/s, min |
    /// |---|---|---|---|
    /// | Low1 | 360×640 | 15, 10 | 500, 400 |
    /// | Low2 | | 24, 12 | 600, 500 |
    /// | Low3 | | 30, 15 | 800, 600 |
    /// | Medium1 | 540×960 | 15, 10 | 800, 500 |
    /// | Medium2 | | 24, 12 | 800, 500 |
    /// | Medium3 | | 30, 15 | 1,000, 500 |
    /// | High1 | 720×1280 | 15, 10 | 1,000, 500 |
    /// | High2 | | 24, 12 | 1,200, 800 |
    /// | High3 | | 30, 15 | 1,200, 500 |
    /// | FullHd1 | 1080×1920 | 15, 10 | 1,800, 800 |
    /// | FullHd2 | | 24, 12 | 2,400, 1,000 |
    /// | FullHd3 | | 30, 15 | 3,000, 1,000 |
    pub fn preset(quality: VideoQuality, orientation: Orientation) -> Self {
        let (short, long, fps, min_fps, kbps, min_kbps) = match quality {
            VideoQuality::Low1 => (360, 640, 15, 10, 500, 400),
            VideoQuality::Low2 => (360, 640, 24, 12, 600, 500),
            VideoQuality::Low3 => (360, 640, 30, 15, 800, 600),
            VideoQuality::Medium1 => (540, 960, 15, 10, 800, 500),
            VideoQuality::Medium2 => (540, 960, 24, 12, 800, 500),
            VideoQuality::Medium3 => (540, 960, 30, 15, 1_000, 500),
            VideoQuality::High1 => (720, 1_280, 15, 10, 1_000, 500),
            VideoQuality::High2 => (720, 1_280, 24, 12, 1_200, 800),
            VideoQuality::High3 => (720, 1_280, 30, 15, 1_200, 500),
            VideoQuality::FullHd1 => (1_080, 1_920, 15, 10, 1_800, 800),
            VideoQuality::FullHd2 => (1_080, 1_920, 24, 12, 2_400, 1_000),
            VideoQuality::FullHd3 => (1_080, 1_920, 30, 15, 3_000, 1_000),
        };
        let (width, height) = match orientation {
            Orientation::Portrait => (short, long),
            Orientation::Landscape => (long, short),
        };
        Self {
            width,
            height,
            fps,
            min_fps,
            max_fps: fps,
            bitrate_bps: kbps * 1_000,
            min_bitrate_bps: min_kbps * 1_000,
            max_bitrate_bps: kbps * 1_200,
            keyframe_interval_frames: 2 * fps,
            profile: Profile::default(),
        }
    }

    /// A builder that starts from Low2 portrait. The order of its calls does not matter.
    pub fn builder() -> VideoConfigBuilder {
        Self::default().to_builder()
    }

    /// A builder that starts from this configuration.
    pub fn to_builder(&self) -> VideoConfigBuilder {
        VideoConfigBuilder {
            base: self.clone(),
            size: None,
            fps: None,
            fps_range: None,
            bitrate_bps: None,
            bitrate_range_bps: None,
            keyframe_interval_frames: None,
            profile: None,
        }
    }

    /// Picture width, pixels; even, 16..=3840.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Picture height, pixels; even, 16..=3840.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Frames a second, 1..=120.
    pub fn fps(&self) -> u32 {
        self.fps
    }

    /// The frame rate that adaptation may go down to.
    pub fn min_fps(&self) -> u32 {
        self.min_fps
    }

    /// The frame rate that adaptation may go up to; never 0.
    pub fn max_fps(&self) -> u32 {
        self.max_fps
    }

    /// Start bitrate, bit/s.
    pub fn bitrate_bps(&self) -> u32 {
        self.bitrate_bps
    }

    /// Floor of adaptation, bit/s.
    pub fn min_bitrate_bps(&self) -> u32 {
        self.min_bitrate_bps
    }

    /// Ceiling of adaptation, bit/s.
    pub fn max_bitrate_bps(&self) -> u32 {
        self.max_bitrate_bps
    }

    /// Frames from one IDR to the next, 1..=3,600.
    pub fn keyframe_interval_frames(&self) -> u32 {
        self.keyframe_interval_frames
    }

    /// H.264 profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Whether the picture is wider than tall.
    pub fn is_landscape(&self) -> bool {
        self.width > self.height
    }
}

impl Default for VideoConfig {
    fn default() -> Self {
        Self::preset(VideoQuality::default(), Orientation::default())
    }
}

/// Collects settings; [`VideoConfigBuilder::build`] checks them together. A setting that is not
/// given follows from the one it hangs on, when that is given (max bitrate = 1.2 × bitrate, min =
/// 0.5 ×, key interval 2 s, max fps = fps, min fps = fps / 2), and stays as it was otherwise.
#[derive(Clone, Debug)]
pub struct VideoConfigBuilder {
    base: VideoConfig,
    size: Option<(u32, u32)>,
    fps: Option<u32>,
    fps_range: Option<(u32, u32)>,
    bitrate_bps: Option<u32>,
    bitrate_range_bps: Option<(u32, u32)>,
    keyframe_interval_frames: Option<u32>,
    profile: Option<Profile>,
}

impl VideoConfigBuilder {
    /// Picture size, pixels; both even, 16..=3840.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = Some((width, height));
        self
    }

    /// Frames a second, 1..=120.
    #[must_use]
    pub fn fps(mut self, fps: u32) -> Self {
        self.fps = Some(fps);
        self
    }

    /// What adaptation may do to the frame rate; holds the frame rate itself.
    #[must_use]
    pub fn fps_range(mut self, min: u32, max: u32) -> Self {
        self.fps_range = Some((min, max));
        self
    }

    /// Start bitrate, bit/s, 16,000..=100,000,000.
    #[must_use]
    pub fn bitrate_bps(mut self, bitrate: u32) -> Self {
        self.bitrate_bps = Some(bitrate);
        self
    }

    /// What adaptation may do to the bitrate, bit/s; holds the start bitrate.
    #[must_use]
    pub fn bitrate_range_bps(mut self, min: u32, max: u32) -> Self {
        self.bitrate_range_bps = Some((min, max));
        self
    }

    /// Frames from one IDR to the next, 1..=3,600.
    #[must_use]
    pub fn keyframe_interval_frames(mut self, frames: u32) -> Self {
        self.keyframe_interval_frames = Some(frames);
        self
    }

    /// H.264 profile.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// # Errors
    /// The first setting that is out of range or contradicts another.
    pub fn build(self) -> Result<VideoConfig, ConfigError> {
        let base = self.base;
        let (width, height) = self.size.unwrap_or((base.width, base.height));
        let fps = self.fps.unwrap_or(base.fps);
        let (min_fps, max_fps) = match (self.fps_range, self.fps) {
            (Some(range), _) => range,
            (None, Some(fps)) => ((fps / 2).max(1), fps),
            (None, None) => (base.min_fps, base.max_fps),
        };
        let keyframe_interval_frames = match (self.keyframe_interval_frames, self.fps) {
            (Some(frames), _) => frames,
            (None, Some(fps)) => fps.saturating_mul(2),
            (None, None) => base.keyframe_interval_frames,
        };
        let bitrate_bps = self.bitrate_bps.unwrap_or(base.bitrate_bps);
        let (min_bitrate_bps, max_bitrate_bps) = match (self.bitrate_range_bps, self.bitrate_bps) {
            (Some(range), _) => range,
            (None, Some(bitrate)) => derived_bitrate_range(bitrate),
            (None, None) => (base.min_bitrate_bps, base.max_bitrate_bps),
        };

        check_side("width", width)?;
        check_side("height", height)?;
        check_range("fps", fps, 1..=120, "1 to 120")?;
        check_range("min fps", min_fps, 1..=120, "1 to 120")?;
        check_range("max fps", max_fps, 1..=120, "1 to 120")?;
        check_order(("min fps", min_fps), ("fps", fps))?;
        check_order(("fps", fps), ("max fps", max_fps))?;
        for (field, bitrate) in [
            ("bitrate", bitrate_bps),
            ("min bitrate", min_bitrate_bps),
            ("max bitrate", max_bitrate_bps),
        ] {
            check_range(field, bitrate, BITRATES_BPS, "16,000 to 100,000,000 bit/s")?;
        }
        check_order(("min bitrate", min_bitrate_bps), ("bitrate", bitrate_bps))?;
        check_order(("bitrate", bitrate_bps), ("max bitrate", max_bitrate_bps))?;
        let interval = keyframe_interval_frames;
        check_range("key interval", interval, 1..=3_600, "1 to 3,600 frames")?;
        Ok(VideoConfig {
            width,
            height,
            fps,
            min_fps,
            max_fps,
            bitrate_bps,
            min_bitrate_bps,
            max_bitrate_bps,
            keyframe_interval_frames,
            profile: self.profile.unwrap_or(base.profile),
        })
    }
}

/// Half and 1.2 times, within what is allowed at all.
fn derived_bitrate_range(bitrate: u32) -> (u32, u32) {
    let (lowest, highest) = (*BITRATES_BPS.start(), *BITRATES_BPS.end());
    let min = (bitrate / 2).max(lowest).min(bitrate);
    let max = (u64::from(bitrate) * 6 / 5).min(u64::from(highest)) as u32;
    (min, max.max(bitrate))
}

fn check_side(field: &'static str, pixels: u32) -> Result<(), ConfigError> {
    let allowed = "an even number of pixels from 16 to 3840";
    let value = pixels.into();
    if pixels % 2 == 1 {
        return Err(ConfigError::OutOfRange { field, value, allowed });
    }
    check_range(field, pixels, 16..=3_840, allowed)
}

pub(super) fn check_range(
    field: &'static str,
    value: u32,
    range: std::ops::RangeInclusive<u32>,
    allowed: &'static str,
) -> Result<(), ConfigError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(ConfigError::OutOfRange { field, value: value.into(), allowed })
}

fn check_order(
    (low_field, low): (&'static str, u32),
    (high_field, high): (&'static str, u32),
) -> Result<(), ConfigError> {
    if low <= high {
        return Ok(());
    }
    let (low, high) = (low.into(), high.into());
    Err(ConfigError::Contradiction { low_field, low, high_field, high })
}

const BITRATES_BPS: std::ops::RangeInclusive<u32> = 16_000..=100_000_000;
