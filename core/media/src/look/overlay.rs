//! What lies over the picture, drawn last.

use onair_types::MediaTime;

use super::{Canvas, LookError};
use crate::frame::FrameError;

/// One thing over the picture. There is none yet.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Overlay {}

pub(crate) fn check(overlays: &[Overlay]) -> Result<(), LookError> {
    match overlays.first() {
        Some(overlay) => match *overlay {},
        None => Ok(()),
    }
}

/// The overlays of the present look, ready to be drawn.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    overlays: Vec<Overlay>,
}

impl Stage {
    /// Gets ready for other overlays; may allocate.
    pub(crate) fn set(&mut self, overlays: &[Overlay]) {
        overlays.clone_into(&mut self.overlays);
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        self.overlays.is_empty()
    }

    /// Draws all of them, the lowest first; allocates nothing once warm.
    pub(crate) fn draw(&mut self, canvas: &mut Canvas, time: MediaTime) -> Result<(), FrameError> {
        let _ = (canvas, time);
        match self.overlays.first() {
            Some(overlay) => match *overlay {},
            None => Ok(()),
        }
    }
}
