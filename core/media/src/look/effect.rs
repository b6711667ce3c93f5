//! Filters that change the whole picture, after beauty and before what lies over it.

use onair_types::MediaTime;

use super::{Canvas, LookError};
use crate::frame::FrameError;

/// One filter. There is none yet.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {}

pub(crate) fn check(effects: &[Effect]) -> Result<(), LookError> {
    match effects.first() {
        Some(effect) => match *effect {},
        None => Ok(()),
    }
}

/// The effects of the present look, ready to be drawn.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    effects: Vec<Effect>,
}

impl Stage {
    /// Gets ready for other effects; may allocate.
    pub(crate) fn set(&mut self, effects: &[Effect]) {
        effects.clone_into(&mut self.effects);
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        self.effects.is_empty()
    }

    /// Draws all of them, in order; allocates nothing once warm.
    pub(crate) fn draw(&mut self, canvas: &mut Canvas, time: MediaTime) -> Result<(), FrameError> {
        let _ = (canvas, time);
        match self.effects.first() {
            Some(effect) => match *effect {},
            None => Ok(()),
        }
    }
}
