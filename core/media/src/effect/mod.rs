//! Effects on a whole picture, one after the other: I420 in, I420 of the same size out, in place.
//!
//! VideoCore's five ([`Effect::Gray`] to [`Effect::Glow`]), a table of colours ([`Lut`]) and an
//! app's own code ([`Filter`]). Colours are worked on as R'G'B' of BT.709 limited, clamped as a
//! screen shows them; chroma of the result is the mean of four pixels, as in [`crate::convert`].
//! Nothing is allocated once a [`Stack`] has seen its picture size and effects.

mod cube;
mod filter;
mod fisheye;
mod glow;
mod lut;
pub(crate) mod rgb;

use onair_types::MediaTime;
use thiserror::Error;

use crate::frame::{FrameError, I420Frame};

pub use cube::CubeError;
pub use filter::{Custom, Filter, I420Mut};
pub use lut::Lut;

/// What is done to each picture.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// 0.3 R + 0.59 G + 0.11 B on all three.
    Gray,
    /// 1 − each colour.
    Invert,
    /// Gray × (1.2, 1.0, 0.8).
    Sepia,
    /// A lens that pulls in the corners; the middle is 1.9 times as large.
    Fisheye,
    /// Edges shine in their own colour on black.
    Glow,
    /// A table of colours, as grading programs write them.
    Lut(Lut),
    /// The app's own code.
    Custom(Custom),
}

/// The effects that have nothing to set, by name.
const NAMED: [(&str, Effect); 5] = [
    ("gray", Effect::Gray),
    ("invert", Effect::Invert),
    ("sepia", Effect::Sepia),
    ("fisheye", Effect::Fisheye),
    ("glow", Effect::Glow),
];

impl Effect {
    /// The names that [`Effect::from_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// `gray`, `invert`, `sepia`, `fisheye` or `glow`.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMED.iter().find(|(known, _)| *known == name).map(|(_, effect)| effect.clone())
    }

    /// The app's own code as an effect.
    pub fn custom(filter: impl Filter + 'static) -> Self {
        Self::Custom(Custom::new(filter))
    }
}

/// Why an effect did not do its work. The picture is whole all the same, without this effect or
/// with as much of it as was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EffectError {
    /// An app's filter said no.
    #[error("filter: {0}")]
    Refused(String),
    /// An app's filter panicked. It is not called again.
    #[error("filter: it panicked and is left out from now on: {0}")]
    Panicked(String),
    /// No memory for a copy of the picture.
    #[error("filter: {0}")]
    Frame(#[from] FrameError),
}

/// Applies effects; keeps what they need from picture to picture.
#[derive(Debug, Default)]
pub struct Stack {
    rows: rgb::Rows,
    glow: glow::Glow,
    fisheye: fisheye::Fisheye,
}

impl Stack {
    /// Changes `picture`, shown at `at`, by each of `effects` in their order.
    ///
    /// # Errors
    /// The first effect's that failed; those after it are applied all the same.
    pub fn apply(
        &mut self,
        effects: &[Effect],
        picture: &mut I420Frame,
        at: MediaTime,
    ) -> Result<(), EffectError> {
        let mut outcome = Ok(());
        for effect in effects {
            let done = self.apply_one(effect, picture, at);
            outcome = outcome.and(done);
        }
        outcome
    }

    fn apply_one(
        &mut self,
        effect: &Effect,
        picture: &mut I420Frame,
        at: MediaTime,
    ) -> Result<(), EffectError> {
        match effect {
            Effect::Gray => rgb::map(picture, &mut self.rows, rgb::gray),
            Effect::Invert => rgb::invert(picture),
            Effect::Sepia => rgb::map(picture, &mut self.rows, rgb::sepia),
            Effect::Fisheye => self.fisheye.apply(picture)?,
            Effect::Glow => self.glow.apply(picture),
            Effect::Lut(lut) => rgb::map(picture, &mut self.rows, |rows| lut.apply(rows)),
            Effect::Custom(custom) => custom.apply(picture, at)?,
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "effect_test.rs"]
mod tests;
