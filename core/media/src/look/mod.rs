//! What an app can set about the picture, and the chain that does it on the way to the encoder.
//!
//! ```text
//! FrameView, any size and format → framing → beauty → effects → overlays → I420 of one size
//! ```
//!
//! A [`Look`] is plain data, made by the app and shared whole; a [`Chain`] belongs to one thread,
//! owns the buffers and draws each picture by the newest look. Without anything to do it passes
//! I420 of the right size through untouched. Threads, clocks and encoders are others'.

pub mod beauty;

pub mod canvas;

pub mod chain;

pub mod framing;

mod framer;

mod preview;

pub use beauty::{Beauty, Quality};
pub use canvas::{Canvas, RgbaFrame};
pub use chain::Chain;
pub use framing::{Fit, Framing, Rotation};

use thiserror::Error;

use crate::effect::Effect;
use crate::overlay::{self, Overlay, OverlayError};

/// Everything that can be set about the picture. The default changes nothing but what must be: a
/// picture of another size is scaled to fill the encoder's, and its middle is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// Which part of the source is shown, which way up.
    pub framing: Framing,
    /// LFLiveKit's filter for faces.
    pub beauty: Beauty,
    /// In the order in which they are applied.
    pub effects: Vec<Effect>,
    /// What lies over the picture.
    pub overlays: Vec<Overlay>,
}

impl Look {
    /// Whether it asks for nothing: a picture of the encoder's size would stay as it is.
    pub fn is_plain(&self) -> bool {
        self.framing.fit == Fit::default()
            && self.framing.keeps_places()
            && !self.beauty.is_active()
            && self.effects.is_empty()
            && self.overlays.is_empty()
    }

    /// Whether every value can be used. Zoom is clamped instead.
    ///
    /// # Errors
    /// The first value that cannot.
    pub fn check(&self) -> Result<(), LookError> {
        self.framing.check()?;
        self.beauty.check()?;
        overlay::check(&self.overlays)?;
        Ok(())
    }
}

/// A setting of a [`Look`] that cannot be used.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum LookError {
    /// A number that is none, or outside its range.
    #[error("look: {field} is {value}; use a number from {least} to {most}")]
    OutOfRange {
        /// The setting.
        field: &'static str,
        /// What it was given.
        value: f32,
        /// The smallest it takes.
        least: f32,
        /// The largest it takes.
        most: f32,
    },
    /// Something over the picture.
    #[error("look: {0}")]
    Overlay(#[from] OverlayError),
}

/// Whether `value` is a number from `least` to `most`.
pub(crate) fn check_range(
    field: &'static str,
    value: f32,
    least: f32,
    most: f32,
) -> Result<(), LookError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(LookError::OutOfRange { field, value, least, most })
}

#[cfg(test)]
#[path = "look_test.rs"]
mod tests;
