//! What lies over the picture, as records.

use std::sync::Arc;

use onair::overlay::{Anchor, Colour, Content, Overlay, Place, Text};

use super::{OverlayFont, OverlayImage};

/// One thing over the picture. VideoCore: a pixel buffer source.
#[derive(Clone, Debug, uniffi::Record)]
pub struct OverlayOptions {
    /// Of its own in a look; pictures are pushed to it by this name.
    pub name: String,
    /// What is shown.
    pub content: OverlayContent,
    /// Which point of it x and y place.
    pub anchor: OverlayAnchor,
    /// Pixels of the picture, −16,384 to 16,384.
    pub x: i32,
    /// Pixels of the picture, −16,384 to 16,384.
    pub y: i32,
    /// Pixels, to 3,840; 0 leaves it to the height and the content.
    pub width: u32,
    /// Pixels, to 3,840; 0 leaves it to the width and the content.
    pub height: u32,
    /// With both given: fills them, whatever the content's shape.
    pub stretch: bool,
    /// 0 (not there) to 1 (as the content is).
    pub opacity: f32,
    /// The higher lies over the lower; of equals the later in the list.
    pub z: i32,
}

/// Which point of an overlay is placed, and from which corner of the picture it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum OverlayAnchor {
    /// Rightwards and down.
    #[default]
    TopLeft,
    /// Leftwards and down.
    TopRight,
    /// Rightwards and up.
    BottomLeft,
    /// Leftwards and up.
    BottomRight,
    /// The overlay's centre, from the picture's top left corner, as VideoCore does.
    Centre,
}

/// What an overlay shows.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum OverlayContent {
    /// A still with its alpha.
    Still {
        /// The picture.
        image: Arc<OverlayImage>,
    },
    /// Letters, from left to right.
    Letters {
        /// At most 2,000 characters; a line break begins a new line.
        text: String,
        /// Pixels of the em, 4 to 512.
        size_px: f32,
        /// 0xRRGGBBAA.
        colour: u32,
        /// 0xRRGGBBAA of a box behind them; none for no box.
        background: Option<u32>,
        /// None for the one that is built in: Latin, Greek and Cyrillic.
        font: Option<Arc<OverlayFont>>,
    },
    /// The newest picture that was pushed under the overlay's name.
    Pushed,
}

impl From<&OverlayOptions> for Overlay {
    fn from(options: &OverlayOptions) -> Self {
        let OverlayOptions { x, y, width, height, stretch, opacity, z, .. } = *options;
        let place = Place { anchor: options.anchor.into(), x, y, width, height, stretch };
        let content = (&options.content).into();
        Self { name: options.name.clone(), content, place, opacity, z }
    }
}

impl From<OverlayAnchor> for Anchor {
    fn from(anchor: OverlayAnchor) -> Self {
        match anchor {
            OverlayAnchor::TopLeft => Self::TopLeft,
            OverlayAnchor::TopRight => Self::TopRight,
            OverlayAnchor::BottomLeft => Self::BottomLeft,
            OverlayAnchor::BottomRight => Self::BottomRight,
            OverlayAnchor::Centre => Self::Centre,
        }
    }
}

impl From<&OverlayContent> for Content {
    fn from(content: &OverlayContent) -> Self {
        match content {
            OverlayContent::Still { image } => Self::Image(image.image().clone()),
            OverlayContent::Letters { text, size_px, colour, background, font } => {
                let mut letters = Text::new(text.clone(), *size_px);
                letters.colour = colour_of(*colour);
                letters.background = background.map(colour_of);
                if let Some(font) = font {
                    letters.font = font.font().clone();
                }
                Self::Text(letters)
            }
            OverlayContent::Pushed => Self::Input,
        }
    }
}

/// From 0xRRGGBBAA.
fn colour_of(packed: u32) -> Colour {
    let [red, green, blue, alpha] = packed.to_be_bytes();
    Colour { red, green, blue, alpha }
}
