//! How the demo looks unless it is told: LFLiveKit's beauty filter, a badge and a line of text.

use onair::overlay::{Anchor, Colour, Content, Image, Place, Text};
use onair::{Beauty, Look, Overlay};

/// Names of the two things over the picture.
pub(super) const BADGE: &str = "demo badge";
pub(super) const TEXT: &str = "demo text";

/// For a picture of `height` pixels.
pub(super) fn look(height: u32) -> Look {
    let margin = i32::try_from(height / 30).unwrap_or_default();
    let corner = |anchor| Place { anchor, x: margin, y: margin, ..Place::default() };
    let shade = Colour { red: 0, green: 0, blue: 0, alpha: 120 };
    let line = Text::new("OnAir · beauty, badge and text", height as f32 / 40.0);
    let text = Content::Text(Text { background: Some(shade), ..line });
    let mut overlays = vec![Overlay {
        name: TEXT.to_owned(),
        content: text,
        place: corner(Anchor::BottomLeft),
        opacity: 1.0,
        z: 1,
    }];
    if let Some(badge) = badge(height / 12) {
        overlays.push(Overlay {
            name: BADGE.to_owned(),
            content: Content::Image(badge),
            place: corner(Anchor::BottomRight),
            opacity: 0.85,
            z: 0,
        });
    }
    let beauty = Beauty { is_on: true, ..Beauty::default() };
    Look { beauty, overlays, ..Look::default() }
}

/// A red disc with a white ring and a soft edge.
fn badge(side: u32) -> Option<Image> {
    let middle = (side as f32 - 1.0) / 2.0;
    let pixel = |at: u32| {
        let (x, y) = ((at % side) as f32 - middle, (at / side) as f32 - middle);
        let from_edge = side as f32 / 2.0 - x.hypot(y);
        let alpha = (from_edge.clamp(0.0, 1.0) * 255.0) as u8;
        let is_ring = (side as f32 * 0.1..side as f32 * 0.17).contains(&from_edge);
        if is_ring { [255, 255, 255, alpha] } else { [214, 36, 48, alpha] }
    };
    Image::from_rgba(side, side, (0..side * side).flat_map(pixel).collect()).ok()
}
