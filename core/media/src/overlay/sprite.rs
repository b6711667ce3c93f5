//! A rectangle ready to be laid over a picture: Y, U and V times alpha, and alpha, each pixel and
//! each chroma sample in its place on the picture.

use super::Rect;
use crate::effect::rgb::{B_CB, R_CR, luma};
use crate::frame::I420Frame;

/// Alpha is in 256ths, so that a product fits 16 bits.
const ONE: f32 = 256.0;

/// See the module's text. Empty when nothing of it lies on the picture.
#[derive(Debug, Default)]
pub(super) struct Sprite {
    luma: Area,
    chroma: Area,
    y: Vec<u16>,
    y_alpha: Vec<u16>,
    /// Sums over four pixels.
    u: Vec<u32>,
    v: Vec<u32>,
    uv_alpha: Vec<u32>,
}

/// A rectangle on a plane.
#[derive(Clone, Copy, Debug, Default)]
struct Area {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Area {
    /// What lies from `start` to before `end` on each axis.
    fn new(start: [usize; 2], end: [usize; 2]) -> Self {
        let [width, height] = [0, 1].map(|axis| end[axis].saturating_sub(start[axis]));
        if width == 0 || height == 0 {
            return Self::default();
        }
        Self { left: start[0], top: start[1], width, height }
    }
}

impl Sprite {
    /// From premultiplied R G B A, 65,535 being one, as large as `rect`; `opacity` is 0 to 1.
    pub(super) fn fill_rgba(&mut self, rgba: &[[u16; 4]], rect: Rect, on: [u32; 2], opacity: f32) {
        let by = opacity / 65_535.0;
        let width = rect.width as usize;
        self.fill(rect, on, |x, y| {
            let [r, g, b, a] = rgba[y * width + x].map(|part| f32::from(part) * by);
            let y = luma(r, g, b);
            let u = 128.0 * a + 224.0 / B_CB * (b - y);
            let v = 128.0 * a + 224.0 / R_CR * (r - y);
            [16.0 * a + 219.0 * y, u, v, a]
        });
    }

    /// From planes Y, U and V, all three as large as `rect`; `opacity` is 0 to 1.
    pub(super) fn fill_yuv(&mut self, planes: [&[u8]; 3], rect: Rect, on: [u32; 2], opacity: f32) {
        let width = rect.width as usize;
        self.fill(rect, on, |x, y| {
            let [y, u, v] = planes.map(|plane| f32::from(plane[y * width + x]) * opacity);
            [y, u, v, opacity]
        });
    }

    /// `pixel` gives Y, U and V times alpha, and alpha, of a point of `rect`.
    fn fill(&mut self, rect: Rect, on: [u32; 2], pixel: impl Fn(usize, usize) -> [f32; 4]) {
        let cut = |at: i32, most: u32| at.clamp(0, most as i32) as usize;
        let (right, bottom) = (rect.x + rect.width as i32, rect.y + rect.height as i32);
        let start = [cut(rect.x, on[0]), cut(rect.y, on[1])];
        let end = [cut(right, on[0]), cut(bottom, on[1])];
        self.luma = Area::new(start, end);
        self.chroma = match self.luma.width {
            0 => Area::default(),
            _ => Area::new(start.map(|at| at / 2), end.map(|at| at.div_ceil(2))),
        };
        let (luma, chroma) = (self.luma, self.chroma);
        for plane in [&mut self.y, &mut self.y_alpha] {
            plane.clear();
            plane.resize(luma.width * luma.height, 0);
        }
        for plane in [&mut self.u, &mut self.v, &mut self.uv_alpha] {
            plane.clear();
            plane.resize(chroma.width * chroma.height, 0);
        }
        let (off_x, off_y) = (-i64::from(rect.x), -i64::from(rect.y));
        for row in 0..luma.height {
            let from_y = ((luma.top + row) as i64 + off_y) as usize;
            let chroma_row = ((luma.top + row) / 2 - chroma.top) * chroma.width;
            for column in 0..luma.width {
                let from_x = ((luma.left + column) as i64 + off_x) as usize;
                let [y, u, v, a] = pixel(from_x, from_y).map(|part| part * ONE + 0.5);
                let at = row * luma.width + column;
                (self.y[at], self.y_alpha[at]) = (y as u16, a as u16);
                let at = chroma_row + (luma.left + column) / 2 - chroma.left;
                self.u[at] += u as u32;
                self.v[at] += v as u32;
                self.uv_alpha[at] += a as u32;
            }
        }
    }

    /// Lays it over `picture`, which has the size that it was filled for.
    pub(super) fn draw(&self, picture: &mut I420Frame) {
        let width = picture.width() as usize;
        let [y, u, v] = picture.planes_mut();
        let Area { left, top, width: across, height } = self.luma;
        let rows = self.y.chunks_exact(across.max(1)).zip(self.y_alpha.chunks_exact(across.max(1)));
        for (row, (over, alpha)) in y.chunks_exact_mut(width).skip(top).take(height).zip(rows) {
            for (y, (over, alpha)) in row[left..][..across].iter_mut().zip(over.iter().zip(alpha)) {
                *y = ((u16::from(*y) * (256 - alpha) + over + 128) >> 8) as u8;
            }
        }
        let Area { left, top, width: across, height } = self.chroma;
        for (plane, over) in [(u, &self.u), (v, &self.v)] {
            let rows =
                over.chunks_exact(across.max(1)).zip(self.uv_alpha.chunks_exact(across.max(1)));
            let lines = plane.chunks_exact_mut(width / 2).skip(top).take(height);
            for (row, (over, alpha)) in lines.zip(rows) {
                let pixels = row[left..][..across].iter_mut();
                for (c, (over, alpha)) in pixels.zip(over.iter().zip(alpha)) {
                    *c = ((u32::from(*c) * (1_024 - alpha) + over + 512) >> 10) as u8;
                }
            }
        }
    }
}
