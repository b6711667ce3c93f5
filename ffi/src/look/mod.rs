//! The picture as records: what Swift, Kotlin and C set about it, into the core's own words. Decoding and
//! drawing are the core's; pictures that are fetched are in [`view`].

mod assets;
mod overlay;
pub(crate) mod view;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onair::{Beauty, BeautyQuality, Effect, Fit, Framing, Look, Rotation};

use crate::live::Live;
use crate::{LiveError, LiveSession};

pub use assets::{ColourTable, OverlayFont, OverlayImage};
pub use overlay::{OverlayAnchor, OverlayContent, OverlayOptions};
pub use view::SnapshotFormat;

/// How a source of another shape becomes the picture: cropped, with black bars, or out of shape.
#[uniffi::remote(Enum)]
pub enum Fit {
    Fill,
    Fit,
    Stretch,
}

/// Everything that can be set about raw pictures. LFLiveKit: beautyFace, beautyLevel, brightLevel,
/// zoomScale, mirror, warterMarkView. VideoCore: filters, aspect modes, pixel buffer sources.
#[derive(Clone, Debug, uniffi::Record)]
pub struct LookOptions {
    /// When the source has another shape.
    pub fit: Fit,
    /// The source is turned so far clockwise first: a multiple of 90.
    pub rotation_degrees: i32,
    /// Left and right change places in what viewers see.
    pub mirror: bool,
    /// 1 shows all, 2 the middle half each way; clamped to 1…8.
    pub zoom: f32,
    /// LFLiveKit's filter for faces.
    pub beauty: BeautyOptions,
    /// Filters of the whole picture, in the order in which they are applied.
    pub effects: Vec<PictureEffect>,
    /// What lies over the picture: at most 64, each with a name of its own.
    pub overlays: Vec<OverlayOptions>,
}

/// LFLiveKit's filter for faces, in its arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, uniffi::Record)]
pub struct BeautyOptions {
    /// Off, the levels are kept for later.
    pub is_on: bool,
    /// LFLiveKit's beautyLevel, how much skin is smoothed: 0 to 1.
    pub level: f32,
    /// LFLiveKit's brightLevel: 0 darker, 0.5 as it is, 1 brighter.
    pub bright: f32,
    /// LFLiveKit's toneLevel, how much colour is added: 0 to 1.
    pub tone: f32,
    /// At level 0 the filter is left out, which it is not in LFLiveKit.
    pub zero_is_off: bool,
    /// Straight on I420, several times as fast for cameras, and nearly the same.
    pub is_fast: bool,
}

/// A filter of the whole picture: VideoCore's five, or a table of colours.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum PictureEffect {
    /// Without colours.
    Gray,
    /// Each colour's opposite.
    Invert,
    /// Brownish gray.
    Sepia,
    /// A lens that pulls in the corners.
    Fisheye,
    /// Edges that shine on black.
    Glow,
    /// As grading programs write it.
    Table {
        /// A .cube file that was read.
        table: Arc<ColourTable>,
    },
}

/// The look that changes nothing: filled from the middle, beauty off with its levels at 0.5.
#[uniffi::export]
pub fn look_options() -> LookOptions {
    LookOptions::default()
}

#[uniffi::export]
impl LiveSession {
    /// How raw pictures look from the next one on; stays over stop, start and every reconnect.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] names the value that does not fit; the look is as before.
    pub fn set_look(&self, look: LookOptions) -> Result<(), LiveError> {
        self.live().set_look(look)
    }

    /// How raw pictures look.
    pub fn look(&self) -> LookOptions {
        lock(&self.live().look).clone()
    }
}

impl Live {
    pub(crate) fn set_look(&self, look: LookOptions) -> Result<(), LiveError> {
        let new = look.look()?;
        let mut kept = lock(&self.look);
        self.session().set_look(new)?;
        *kept = look;
        Ok(())
    }
}

impl LookOptions {
    fn look(&self) -> Result<Look, LiveError> {
        let Self { fit, rotation_degrees, mirror, zoom, .. } = *self;
        let rotation = Rotation::from_degrees(rotation_degrees).ok_or_else(|| {
            let reason = format!("look: the rotation is {rotation_degrees}; use 0, 90, 180 or 270");
            onair::Error::Config(reason)
        })?;
        Ok(Look {
            framing: Framing { fit, rotation, mirror, zoom },
            beauty: self.beauty.into(),
            effects: self.effects.iter().map(Into::into).collect(),
            overlays: self.overlays.iter().map(Into::into).collect(),
        })
    }
}

impl Default for LookOptions {
    fn default() -> Self {
        let Framing { fit, mirror, zoom, .. } = Framing::default();
        let (effects, overlays) = (Vec::new(), Vec::new());
        let beauty = BeautyOptions::default();
        Self { fit, rotation_degrees: 0, mirror, zoom, beauty, effects, overlays }
    }
}

impl Default for BeautyOptions {
    fn default() -> Self {
        let Beauty { is_on, level, bright, tone, zero_is_off, quality } = Beauty::default();
        let is_fast = quality == BeautyQuality::Fast;
        Self { is_on, level, bright, tone, zero_is_off, is_fast }
    }
}

impl From<BeautyOptions> for Beauty {
    fn from(options: BeautyOptions) -> Self {
        let BeautyOptions { is_on, level, bright, tone, zero_is_off, is_fast } = options;
        let quality = if is_fast { BeautyQuality::Fast } else { BeautyQuality::Exact };
        Self { is_on, level, bright, tone, zero_is_off, quality }
    }
}

impl From<&PictureEffect> for Effect {
    fn from(effect: &PictureEffect) -> Self {
        match effect {
            PictureEffect::Gray => Self::Gray,
            PictureEffect::Invert => Self::Invert,
            PictureEffect::Sepia => Self::Sepia,
            PictureEffect::Fisheye => Self::Fisheye,
            PictureEffect::Glow => Self::Glow,
            PictureEffect::Table { table } => Self::Lut(table.lut().clone()),
        }
    }
}

/// A setting, or a file, that cannot be used.
pub(crate) fn refused(reason: impl Into<String>) -> LiveError {
    LiveError::new(200, reason, "change the named setting")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "look_test.rs"]
mod tests;
