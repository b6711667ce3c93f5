//! Moves a source's pixels to where [`Framing`] puts them, plane by plane.

use super::framing::{Framing, Place, Rotation, Span};
use crate::frame::{I420, I420Frame, Plane};
use crate::look::RgbaFrame;
use crate::scale::{Axis, scale};
use crate::turn::{Area, turn};

/// How pixels go from one geometry to another, made anew when either changes.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    made_for: Option<(Framing, [u32; 2], [u32; 2])>,
    full: Mover,
    /// For planes of half the size.
    half: Mover,
}

/// For planes of one size.
#[derive(Debug, Default)]
struct Mover {
    /// Across and down the source.
    window: [Span; 2],
    /// Both, when pixels are not copied as they are.
    axes: Option<[Axis; 2]>,
    at: [usize; 2],
    framing: Framing,
    /// What is scaled and not turned yet.
    scaled: Vec<u8>,
    /// One row of the source.
    row: Vec<u8>,
}

impl Framer {
    /// Gets ready for a geometry; allocates when it is another one.
    pub(crate) fn set(&mut self, framing: &Framing, source: [u32; 2], target: [u32; 2]) {
        let wanted = (*framing, source, target);
        if self.made_for == Some(wanted) {
            return;
        }
        let place = framing.place(source, target);
        let [full, half] = [1, 2].map(|divisor| Mover::new(framing, &place, source, divisor));
        *self = Self { made_for: Some(wanted), full, half };
    }

    /// Draws `source` into `target`; both of the sizes that were set.
    pub(crate) fn i420(&mut self, source: &I420<'_>, target: &mut I420Frame) {
        let width = target.width() as usize;
        let planes = source.planes().iter().zip(target.planes_mut());
        for (index, (from, to)) in planes.enumerate() {
            let (mover, width, black) = match index {
                0 => (&mut self.full, width, 16),
                _ => (&mut self.half, width / 2, 128),
            };
            if !mover.fills(to.len()) {
                to.fill(black);
            }
            mover.draw::<1>(*from, to, width);
        }
    }

    /// Draws `source`, RGBA of the size that was set, into `target`.
    pub(crate) fn rgba(&mut self, source: Plane<'_>, target: &mut RgbaFrame) {
        let width = target.width() as usize;
        let to = target.as_bytes_mut();
        if !self.full.fills(to.len() / 4) {
            to.as_chunks_mut::<4>().0.fill([0, 0, 0, 255]);
        }
        self.full.draw::<4>(source, to, width);
    }
}

impl Mover {
    fn new(framing: &Framing, place: &Place, source: [u32; 2], divisor: u32) -> Self {
        let window = if divisor == 2 { place.window.map(Span::halved) } else { place.window };
        let is_copied = window.iter().all(|span| span.copied_from().is_some());
        let axis = |axis: usize| Axis::new((source[axis] / divisor) as usize, window[axis]);
        Self {
            window,
            axes: (!is_copied).then(|| [axis(0), axis(1)]),
            at: place.at.map(|at| (at / divisor) as usize),
            framing: *framing,
            scaled: Vec::new(),
            row: Vec::new(),
        }
    }

    /// Whether every one of `pixels` is drawn.
    fn fills(&self, pixels: usize) -> bool {
        self.window.iter().map(|span| span.out as usize).product::<usize>() == pixels
    }

    /// Draws a plane of `C` bytes a pixel into `to`, `width` pixels a row.
    fn draw<const C: usize>(&mut self, from: Plane<'_>, to: &mut [u8], width: usize) {
        let [columns, rows] = self.window.map(|span| span.out as usize);
        let to = &mut to[(self.at[1] * width + self.at[0]) * C..];
        let Framing { rotation, mirror, .. } = self.framing;
        let Some([across, down]) = &self.axes else {
            let [left, top] = self.window.map(|span| span.copied_from().unwrap_or(0));
            let data = &from.data[top * from.stride_bytes + left * C..];
            let stride_bytes = from.stride_bytes;
            let area = Area { data, stride_bytes, width: columns, height: rows };
            return turn::<C>(&area, (rotation, mirror), to, width * C);
        };
        if rotation == Rotation::None && !mirror {
            return scale::<C>(from, [across, down], to, width * C, &mut self.row);
        }
        let stride_bytes = columns * C;
        self.scaled.resize(stride_bytes * rows, 0);
        scale::<C>(from, [across, down], &mut self.scaled, stride_bytes, &mut self.row);
        let area = Area { data: &self.scaled, stride_bytes, width: columns, height: rows };
        turn::<C>(&area, (rotation, mirror), to, width * C);
    }
}
