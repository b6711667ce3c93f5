//! Where an overlay lies: pixels of the output, from a corner or by its centre.

/// Which point of an overlay a place names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Anchor {
    /// Its top left corner, counted from the picture's.
    #[default]
    TopLeft,
    /// Its top right corner, counted from the picture's, leftwards and down.
    TopRight,
    /// Its bottom left corner, counted from the picture's, rightwards and up.
    BottomLeft,
    /// Its bottom right corner, counted from the picture's, leftwards and up.
    BottomRight,
    /// Its centre, counted from the picture's top left corner, as VideoCore does.
    Centre,
}

/// Where an overlay lies, in pixels of the output. What lies outside the picture is not drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Which point of the overlay is placed.
    pub anchor: Anchor,
    /// Pixels, −16,384 to 16,384.
    pub x: i32,
    /// Pixels, −16,384 to 16,384.
    pub y: i32,
    /// Pixels, to 3,840; 0 leaves it to the height and the content.
    pub width: u32,
    /// Pixels, to 3,840; 0 leaves it to the width and the content.
    pub height: u32,
    /// With both given: fills them whatever the content's shape. Otherwise it is as large as fits
    /// and touches the anchor.
    pub stretch: bool,
}

/// A rectangle of the output; may reach beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Pixels from the left.
    pub x: i32,
    /// Pixels from the top.
    pub y: i32,
    /// Pixels, at least 1.
    pub width: u32,
    /// Pixels, at least 1.
    pub height: u32,
}

impl Place {
    /// The largest x and y either way.
    pub const FARTHEST: f32 = 16_384.0;
    /// The largest width and height.
    pub const LARGEST: u32 = 3_840;

    /// Where content of `natural` size comes to lie on a picture of `picture` size.
    pub fn rect(&self, natural: [u32; 2], picture: [u32; 2]) -> Rect {
        let [width, height] = self.size(natural);
        let [right, bottom] =
            [(picture[0], width), (picture[1], height)].map(|(all, own)| all as i32 - own as i32);
        let (x, y) = match self.anchor {
            Anchor::TopLeft => (self.x, self.y),
            Anchor::TopRight => (right - self.x, self.y),
            Anchor::BottomLeft => (self.x, bottom - self.y),
            Anchor::BottomRight => (right - self.x, bottom - self.y),
            Anchor::Centre => (self.x - width as i32 / 2, self.y - height as i32 / 2),
        };
        Rect { x, y, width, height }
    }

    fn size(&self, natural: [u32; 2]) -> [u32; 2] {
        let [own_width, own_height] = natural.map(|side| side.max(1));
        let (wide, tall) = (f64::from(own_width), f64::from(own_height));
        let [width, height] = [self.width, self.height].map(f64::from);
        let size = match (self.width, self.height) {
            (0, 0) => [wide, tall],
            (_, 0) => [width, width * tall / wide],
            (0, _) => [height * wide / tall, height],
            _ if self.stretch => [width, height],
            _ => {
                let by = (width / wide).min(height / tall);
                [wide * by, tall * by]
            }
        };
        size.map(|side| (side.round() as u32).clamp(1, Self::LARGEST))
    }
}
