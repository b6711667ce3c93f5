//! LFLiveKit's filter for faces.

mod blur;
mod curve;
mod exact;
mod fast;

use blur::Surroundings;
use exact::{Exact, OnRgba};
use fast::{Between, Fast, OnI420};

use super::{Canvas, LookError, RgbaFrame, check_range};
use crate::frame::{FrameError, FrameView, I420, I420Frame, PixelFormat, Plane};
use crate::simd;

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
    room: Vec<u8>,
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

    /// Filters what is drawn on `canvas`.
    pub(crate) fn draw(&mut self, canvas: &mut Canvas) -> Result<(), FrameError> {
        match (&self.filter, self.settings.is_active()) {
            (Some(Filter::Exact(_)), true) => self.on_rgba(None, canvas.rgba_mut()?),
            (Some(Filter::Fast(_)), true) => self.on_i420(None, canvas.i420_mut()?),
            _ => {}
        }
        Ok(())
    }

    /// Draws `source`, of the canvas's size, filtered: spares a copy where its layout is that which
    /// the filter works in. False, and nothing is done, where it is not.
    pub(crate) fn draw_from(
        &mut self,
        source: &FrameView<'_>,
        canvas: &mut Canvas,
    ) -> Result<bool, FrameError> {
        match (&self.filter, source.format(), source.planes()) {
            _ if self.is_idle() => return Ok(false),
            (Some(Filter::Exact(_)), PixelFormat::Rgba, [pixels]) => {
                self.on_rgba(Some(*pixels), canvas.new_rgba()?);
            }
            (Some(Filter::Fast(_)), PixelFormat::I420, _) => {
                self.on_i420(source.as_i420(), canvas.new_i420()?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn on_rgba(&mut self, source: Option<Plane<'_>>, picture: &mut RgbaFrame) {
        if let Some(Filter::Exact(exact)) = &self.filter {
            let (around, room) = (&mut self.around, &mut self.room);
            simd::run(OnRgba { exact, around, room, source, picture });
        }
    }

    fn on_i420(&mut self, source: Option<I420<'_>>, picture: &mut I420Frame) {
        if let Some(Filter::Fast(fast)) = &self.filter {
            let (means, between) = (&mut self.around, &mut self.between);
            simd::run(OnI420 { fast, means, between, source, picture });
        }
    }
}

#[cfg(test)]
#[path = "beauty_test.rs"]
mod tests;
