//! What lies over a picture: an image, text, or another video, drawn into I420 in place.
//!
//! out = picture · (1 − a) + content · a, with a = the content's own alpha × the overlay's opacity.
//! The sum is linear, so it is done on Y'CbCr; a chroma sample mixes what its four pixels mix,
//! wherever the overlay begins. An [`Overlay`] is plain data; [`Stage`] keeps it scaled,
//! premultiplied and turned into planes, and draws without allocating.

mod colour;
mod font;
mod input;
mod picture;
mod place;
mod sprite;
mod stage;
mod text;

use thiserror::Error;

pub use colour::{Colour, ColourError};
pub use font::{Font, FontError};
pub use input::{InputError, Inputs};
pub use picture::{Image, ImageError};
pub use place::{Anchor, Place, Rect};
pub use stage::Stage;
pub use text::Text;

/// One thing over the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    /// By which an app finds it again, and to which it pushes pictures; of its own in a look.
    pub name: String,
    /// What is shown.
    pub content: Content,
    /// Where.
    pub place: Place,
    /// 0.0 (not there) to 1.0 (as the content is).
    pub opacity: f32,
    /// The higher lies over the lower; of equals the later in the list.
    pub z: i32,
}

/// What an overlay shows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// A still, with its alpha.
    Image(Image),
    /// Letters.
    Text(Text),
    /// The newest picture that the app pushed under the overlay's name; nothing before the first.
    Input,
}

/// Why an overlay cannot be used.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum OverlayError {
    /// Two overlays of one name, or one without.
    #[error("overlay {name:?}: give each overlay a name of its own")]
    Name {
        /// The name.
        name: String,
    },
    /// A number that is none, or outside its range.
    #[error("overlay {name:?}: {field} is {value}; use a number from {least} to {most}")]
    OutOfRange {
        /// The overlay's.
        name: String,
        /// The setting.
        field: &'static str,
        /// What it was given.
        value: f32,
        /// The smallest it takes.
        least: f32,
        /// The largest it takes.
        most: f32,
    },
    /// More letters than are drawn.
    #[error("overlay {name:?}: the text has {given} characters; {most} are the most")]
    LongText {
        /// The overlay's.
        name: String,
        /// Characters given.
        given: usize,
        /// Characters that are drawn.
        most: usize,
    },
    /// More overlays than are drawn.
    #[error("overlays: {given} were given; {most} are the most")]
    TooMany {
        /// Overlays given.
        given: usize,
        /// Overlays that are drawn.
        most: usize,
    },
}

/// The most overlays at a time.
pub const MOST: usize = 64;

/// Whether all of `overlays` can be used together.
///
/// # Errors
/// The first thing that cannot.
pub fn check(overlays: &[Overlay]) -> Result<(), OverlayError> {
    if overlays.len() > MOST {
        return Err(OverlayError::TooMany { given: overlays.len(), most: MOST });
    }
    for (index, overlay) in overlays.iter().enumerate() {
        let name = &overlay.name;
        if name.is_empty() || overlays[..index].iter().any(|other| other.name == *name) {
            return Err(OverlayError::Name { name: name.clone() });
        }
        overlay.check()?;
    }
    Ok(())
}

impl Overlay {
    fn check(&self) -> Result<(), OverlayError> {
        let range = |field, value: f32, least: f32, most: f32| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            let name = self.name.clone();
            Err(OverlayError::OutOfRange { name, field, value, least, most })
        };
        range("opacity", self.opacity, 0.0, 1.0)?;
        let Place { x, y, width, height, .. } = self.place;
        for (field, value) in [("x", x), ("y", y)] {
            range(field, value as f32, -Place::FARTHEST, Place::FARTHEST)?;
        }
        for (field, value) in [("width", width), ("height", height)] {
            range(field, value as f32, 0.0, Place::LARGEST as f32)?;
        }
        if let Content::Text(text) = &self.content {
            range("size_px", text.size_px, *Text::SIZES.start(), *Text::SIZES.end())?;
            let given = text.text.chars().count();
            if given > Text::MOST {
                let name = self.name.clone();
                return Err(OverlayError::LongText { name, given, most: Text::MOST });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "overlay_test.rs"]
mod tests;
