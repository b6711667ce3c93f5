//! LFLiveKit's filter for faces.

mod blur;
mod curve;
mod exact;
mod fast;

use blur::Surroundings;
use exact::Exact;
use fast::{Between, Fast, OnI420};

use super::{Canvas, LookError, RgbaFrame, check_range};
use crate::frame::FrameError;
use crate::simd::{self, Kernel, Lanes};

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
#[non_exhaustive]
pub enum Quality {
    /// LFLiveKit's arithmetic on RGB.
    #[default]
    Exact,
    /// The same filter straight on I420, several times as fast for cameras that give Y'CbCr: 45 dB
    /// and more beside the exact one (docs/picture.md says how much).
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
    filter: Option<Filter>,
    around: Surroundings,
    between: Between,
}

/// The filter for the present levels.
#[derive(Debug)]
enum Filter {
    Exact(Box<Exact>),
    Fast(Box<Fast>),
}

impl Stage {
    pub(crate) fn set(&mut self, settings: &Beauty) {
        self.settings = *settings;
        self.filter = Some(match settings.quality {
            Quality::Exact => Filter::Exact(Box::new(Exact::new(settings))),
            Quality::Fast => Filter::Fast(Box::new(Fast::new(settings))),
        });
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        !self.settings.is_active()
    }

    /// Whether it wants RGB.
    pub(crate) fn wants_rgb(&self) -> bool {
        !self.is_idle() && self.settings.quality == Quality::Exact
    }

    pub(crate) fn draw(&mut self, canvas: &mut Canvas) -> Result<(), FrameError> {
        let (Some(filter), true) = (&self.filter, self.settings.is_active()) else { return Ok(()) };
        let around = &mut self.around;
        match filter {
            Filter::Exact(exact) => {
                simd::run(OnRgba { exact, around, picture: canvas.rgba_mut()? });
            }
            Filter::Fast(fast) => {
                let (between, picture) = (&mut self.between, canvas.i420_mut()?);
                simd::run(OnI420 { fast, means: around, between, picture });
            }
        }
        Ok(())
    }
}

struct OnRgba<'a> {
    exact: &'a Exact,
    around: &'a mut Surroundings,
    picture: &'a mut RgbaFrame,
}

impl Kernel for OnRgba<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let Self { exact, around, picture } = self;
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        around.set(width, height);
        around.take(width, |y, to| {
            let row = &picture.as_bytes()[y * width * 4..][..width * 4];
            to.iter_mut().zip(row.as_chunks::<4>().0).for_each(|(to, pixel)| *to = pixel[1].into());
        });
        for (y, row) in picture.as_bytes_mut().chunks_exact_mut(width * 4).enumerate() {
            exact.row(l, row, around, y);
        }
    }
}

#[cfg(test)]
#[path = "beauty_test.rs"]
mod tests;
