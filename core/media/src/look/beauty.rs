//! LFLiveKit's filter for faces.

use super::{Canvas, LookError, RgbaFrame, check_range};
use crate::frame::FrameError;

/// LFLiveKit's beauty filter: smooths skin by what differs from its surroundings, brightens and
/// colours. Level 0 is not the source's picture there; [`Beauty::zero_is_off`] makes it so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beauty {
    /// Off, the levels are kept for later.
    pub is_on: bool,
    /// LFLiveKit's `beautyLevel`: 0 to 1; 0.5 unless said.
    pub level: f32,
    /// LFLiveKit's `brightLevel`: 0 (darker by 0.3 of white) to 1 (brighter by as much); 0.5, which
    /// adds nothing, unless said.
    pub bright: f32,
    /// LFLiveKit's `toneLevel`, how much colour is added: 0 to 1; 0.5 unless said.
    pub tone: f32,
    /// How exactly it is done.
    pub quality: Quality,
    /// At level 0 the filter is left out. LFLiveKit does not, so neither does the default.
    pub zero_is_off: bool,
}

/// How exactly the beauty filter is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quality {
    /// LFLiveKit's arithmetic on RGB.
    Exact,
    /// Straight on Y'CbCr, for live pictures.
    #[default]
    Fast,
}

impl Default for Beauty {
    fn default() -> Self {
        Self {
            is_on: false,
            level: 0.5,
            bright: 0.5,
            tone: 0.5,
            quality: Quality::default(),
            zero_is_off: false,
        }
    }
}

impl Beauty {
    /// Whether the filter does anything.
    pub fn is_active(&self) -> bool {
        self.is_on && !(self.zero_is_off && self.level == 0.0)
    }

    pub(crate) fn check(&self) -> Result<(), LookError> {
        check_range("the beauty level", self.level, 0.0, 1.0)?;
        check_range("the bright level", self.bright, 0.0, 1.0)?;
        check_range("the tone level", self.tone, 0.0, 1.0)
    }
}

/// The filter of the present look.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    settings: Beauty,
    /// The green of the picture before any of it is changed.
    green: Vec<u8>,
}

impl Stage {
    pub(crate) fn set(&mut self, settings: &Beauty) {
        self.settings = *settings;
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        !self.settings.is_active()
    }

    pub(crate) fn draw(&mut self, canvas: &mut Canvas) -> Result<(), FrameError> {
        if self.is_idle() {
            return Ok(());
        }
        let picture = canvas.rgba_mut()?;
        self.green.clear();
        self.green.extend(picture.as_bytes().as_chunks::<4>().0.iter().map(|pixel| pixel[1]));
        self.filter(picture);
        Ok(())
    }

    fn filter(&self, picture: &mut RgbaFrame) {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let Beauty { level, bright, tone, .. } = self.settings;
        let (p1, p2, p3) = (1.0 - 0.6 * level, 1.0 - 0.3 * level, 0.1 + 0.3 * tone);
        let added = 0.6 * (bright - 0.5);
        let pixels = picture.as_bytes_mut().as_chunks_mut::<4>().0;
        for (index, pixel) in pixels.iter_mut().enumerate() {
            let blurred = blur(&self.green, [width, height], [index % width, index / width]);
            let c = [0, 1, 2].map(|channel: usize| f32::from(pixel[channel]) / 255.0);
            let mut high = c[1] - blurred + 0.5;
            for _ in 0..5 {
                high =
                    if high <= 0.5 { 2.0 * high * high } else { 1.0 - 2.0 * (1.0 - high).powi(2) };
            }
            let alpha = (0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]).powf(p1);
            let o = c.map(|c| {
                let s = (c + (c - high) * alpha * 0.1).max(0.0).powf(p2).min(1.0);
                let screen = 1.0 - (1.0 - s) * (1.0 - c);
                let o = mix(c, screen, alpha);
                let o = mix(o, s.max(c), alpha);
                mix(o, 2.0 * c * s + c * c - 2.0 * c * c * s, p3)
            });
            for (channel, row) in SATURATION.iter().enumerate() {
                let more = row[0] * o[0] + row[1] * o[1] + row[2] * o[2];
                let out = mix(o[channel], more, p3) + added;
                pixel[channel] = (out * 255.0).round() as u8;
            }
        }
    }
}

fn mix(a: f32, b: f32, part: f32) -> f32 {
    a + (b - a) * part
}

/// The mean of what is around a pixel; what lies outside counts for the edge.
fn blur(green: &[u8], [width, height]: [usize; 2], [x, y]: [usize; 2]) -> f32 {
    let inside = |at: usize, by: isize, side: usize| at.saturating_add_signed(by).min(side - 1);
    let tap = |&(across, down, weight): &(isize, isize, u32)| {
        let (x, y) = (inside(x, across * STEP, width), inside(y, down * STEP, height));
        u32::from(green[y * width + x]) * weight
    };
    TAPS.iter().map(tap).sum::<u32>() as f32 / (62.0 * 255.0)
}

/// Pixels in one step.
const STEP: isize = 2;
/// Steps across and down, weight; the weights sum to 62.
const TAPS: [(isize, isize, u32); 25] = [
    (0, 0, 22),
    (0, -10, 1),
    (0, 10, 1),
    (-10, 0, 1),
    (10, 0, 1),
    (-5, -8, 1),
    (5, -8, 1),
    (-5, 8, 1),
    (5, 8, 1),
    (-8, -5, 1),
    (8, -5, 1),
    (-8, 5, 1),
    (8, 5, 1),
    (0, -6, 2),
    (0, 6, 2),
    (-6, 0, 2),
    (6, 0, 2),
    (-4, -4, 2),
    (4, -4, 2),
    (-4, 4, 2),
    (4, 4, 2),
    (-2, -2, 3),
    (2, -2, 3),
    (-2, 2, 3),
    (2, 2, 3),
];
const SATURATION: [[f32; 3]; 3] =
    [[1.1102, -0.0598, -0.061], [-0.0774, 1.0826, -0.1186], [-0.0228, -0.0228, 1.1772]];
