//! Which part of the source is shown, where, and which way up: settings → [`Place`]. Pixels are
//! moved by `scale` and `turn`.

use super::{LookError, check_range};

/// Which part of the source is shown, which way up. Rotation comes first, then fit and zoom about
/// the middle, the mirror last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Framing {
    /// What happens when the source has another shape than the encoder's picture.
    pub fit: Fit,
    /// How far the source is turned, clockwise.
    pub rotation: Rotation,
    /// Left and right change places in what viewers see. A preview is the app's own, mirrored or
    /// not.
    pub mirror: bool,
    /// 1 shows all of it, 2 the middle half each way; clamped to 1..=[`Framing::MAX_ZOOM`].
    pub zoom: f32,
}

/// How a source of another shape becomes the encoder's picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fit {
    /// Fills the picture; what stands out is cut off, on both sides alike.
    #[default]
    Fill,
    /// All of the source is seen, with black bars.
    Fit,
    /// All of the source is seen and the picture filled; the shape gives way.
    Stretch,
}

/// A turn clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// As it is.
    #[default]
    None,
    /// 90°: what was left is up.
    Quarter,
    /// 180°.
    Half,
    /// 270°: what was right is up.
    ThreeQuarters,
}

impl Rotation {
    /// The turn by so many degrees clockwise: a multiple of 90, negative ones too.
    pub fn from_degrees(degrees: i32) -> Option<Self> {
        match degrees.rem_euclid(360) {
            0 => Some(Self::None),
            90 => Some(Self::Quarter),
            180 => Some(Self::Half),
            270 => Some(Self::ThreeQuarters),
            _ => None,
        }
    }

    /// Whether width and height change places.
    pub fn is_upended(self) -> bool {
        matches!(self, Self::Quarter | Self::ThreeQuarters)
    }
}

impl Default for Framing {
    fn default() -> Self {
        Self { fit: Fit::Fill, rotation: Rotation::None, mirror: false, zoom: 1.0 }
    }
}

impl Framing {
    /// Whether no pixel of a picture of the encoder's size changes its place.
    pub(super) fn keeps_places(&self) -> bool {
        self.rotation == Rotation::None && !self.mirror && self.zoom <= 1.0
    }

    /// The largest zoom there is.
    pub const MAX_ZOOM: f32 = 8.0;

    /// Infinite is clamped too; only what is no number is refused.
    pub(crate) fn check(&self) -> Result<(), LookError> {
        if self.zoom.is_nan() {
            check_range("the zoom", self.zoom, 1.0, Self::MAX_ZOOM)
        } else {
            Ok(())
        }
    }

    /// The scale from a source to a target, across and down the target.
    fn scale(&self, upright: [f64; 2], target: [f64; 2]) -> [f64; 2] {
        let [across, down] = [target[0] / upright[0], target[1] / upright[1]];
        let zoom = f64::from(self.zoom.clamp(1.0, Self::MAX_ZOOM));
        match self.fit {
            Fit::Fill => [across.max(down) * zoom; 2],
            Fit::Fit => [across.min(down) * zoom; 2],
            Fit::Stretch => [across * zoom, down * zoom],
        }
    }

    /// Where the pixels of a source go. Sizes are `[width, height]`, even and not zero.
    pub(crate) fn place(&self, source: [u32; 2], target: [u32; 2]) -> Place {
        let upended = self.rotation.is_upended();
        let swap = |[a, b]: [u32; 2]| if upended { [b, a] } else { [a, b] };
        let upright = swap(source);
        let scale = self.scale(upright.map(f64::from), target.map(f64::from));
        let mut place = Place { window: [Span::default(); 2], size: [0; 2], at: [0; 2] };
        for axis in 0..2 {
            let shown = even(f64::from(upright[axis]) * scale[axis], target[axis]);
            let part = f64::from(shown) / scale[axis];
            let source_axis = if upended { 1 - axis } else { axis };
            place.window[source_axis] = Span::middle(source[source_axis], part, shown);
            place.size[axis] = shown;
            place.at[axis] = ((target[axis] - shown) / 2) & !1;
        }
        place
    }
}

/// The nearest even number of pixels, from 2 to `most`.
fn even(length: f64, most: u32) -> u32 {
    // Casts saturate; a size is at most a few thousand.
    (((length / 2.0).round() as u32) * 2).clamp(2, most)
}

/// A part of a source along one of its axes, and how many pixels it becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Span {
    /// Where it begins, pixels of the source.
    pub(crate) start: f64,
    /// How long it is, pixels of the source.
    pub(crate) length: f64,
    /// Pixels it becomes.
    pub(crate) out: u32,
}

impl Span {
    /// The middle `part` of `whole`. One that is copied as it is begins at an even pixel.
    fn middle(whole: u32, part: f64, out: u32) -> Self {
        let part = part.min(f64::from(whole));
        if (part - f64::from(out)).abs() < COPIED_WITHIN && out <= whole {
            let start = f64::from(((whole - out) / 2) & !1);
            return Self { start, length: f64::from(out), out };
        }
        Self { start: (f64::from(whole) - part) / 2.0, length: part, out }
    }

    /// The same in a plane of half the size.
    pub(crate) fn halved(self) -> Self {
        Self { start: self.start / 2.0, length: self.length / 2.0, out: self.out / 2 }
    }

    /// Where it begins, when pixels are copied as they are.
    pub(crate) fn copied_from(self) -> Option<usize> {
        let is_copied = self.length == f64::from(self.out) && self.start.fract() == 0.0;
        is_copied.then_some(self.start as usize)
    }
}

/// A part that differs from its pixels by less than this is not worth resampling.
const COPIED_WITHIN: f64 = 0.25;

/// Where the pixels of a source go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// The part of the source that is shown, along its width and its height.
    pub(crate) window: [Span; 2],
    /// Width and height it takes in the target, turned.
    pub(crate) size: [u32; 2],
    /// Its upper left corner there.
    pub(crate) at: [u32; 2],
}

#[cfg(test)]
#[path = "framing_test.rs"]
pub(crate) mod tests;
