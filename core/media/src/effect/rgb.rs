//! I420 ↔ rows of R'G'B' in 0..=1 by BT.709 limited (ITU-R BT.709-6 3.2–3.5), two rows at a time,
//! and the effects that are a formula for each pixel. Plain loops over planes that vectorise.

use crate::frame::{I420, I420Frame};

/// Two rows of a picture: red, green and blue apart, each the top row and then the bottom one.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) r: Vec<f32>,
    pub(super) g: Vec<f32>,
    pub(super) b: Vec<f32>,
}

/// Changes each pixel of `picture` by what `op` does to its colour.
pub(super) fn map(picture: &mut I420Frame, rows: &mut Rows, mut op: impl FnMut(&mut Rows)) {
    let width = picture.width() as usize;
    let [y, u, v] = picture.planes_mut();
    let chroma = u.chunks_exact_mut(width / 2).zip(v.chunks_exact_mut(width / 2));
    for (y, (u, v)) in y.chunks_exact_mut(width * 2).zip(chroma) {
        rows.decode(y, u, v);
        op(rows);
        rows.encode(y, u, v);
    }
}

/// R G B bytes of a picture, rows without padding.
pub(crate) fn to_bytes(picture: &I420<'_>) -> Vec<u8> {
    let (mut rows, mut luma) = (Rows::default(), Vec::new());
    let mut bytes = Vec::with_capacity(picture.width() as usize * picture.height() as usize * 3);
    let mut lines = picture.rows(0);
    for (u, v) in picture.rows(1).zip(picture.rows(2)) {
        luma.clear();
        lines.by_ref().take(2).for_each(|line| luma.extend_from_slice(line));
        rows.decode(&luma, u, v);
        let byte = |part: f32| (part * 255.0 + 0.5) as u8;
        for ((&r, &g), &b) in rows.r.iter().zip(&rows.g).zip(&rows.b) {
            bytes.extend([byte(r), byte(g), byte(b)]);
        }
    }
    bytes
}

impl Rows {
    /// From two rows of luma and one of chroma; values outside the colours that a screen has are
    /// clamped.
    pub(super) fn decode(&mut self, y: &[u8], u: &[u8], v: &[u8]) {
        for plane in [&mut self.r, &mut self.g, &mut self.b] {
            plane.resize(y.len(), 0.0);
        }
        let width = y.len() / 2;
        for (row, y) in y.chunks_exact(width).enumerate() {
            let span = row * width..(row + 1) * width;
            let r = self.r[span.clone()].as_chunks_mut::<2>().0;
            let g = self.g[span.clone()].as_chunks_mut::<2>().0;
            let b = self.b[span].as_chunks_mut::<2>().0;
            let luma = y.as_chunks::<2>().0.iter().zip(u.iter().zip(v));
            for ((r, (g, b)), (y, (&u, &v))) in r.iter_mut().zip(g.iter_mut().zip(b)).zip(luma) {
                let cb = (f32::from(u) - 128.0) / 224.0;
                let cr = (f32::from(v) - 128.0) / 224.0;
                for at in 0..2 {
                    let y = (f32::from(y[at]) - 16.0) / 219.0;
                    r[at] = (y + R_CR * cr).clamp(0.0, 1.0);
                    g[at] = (y + G_CB * cb + G_CR * cr).clamp(0.0, 1.0);
                    b[at] = (y + B_CB * cb).clamp(0.0, 1.0);
                }
            }
        }
    }

    /// Into two rows of luma and one of chroma; the colours are within 0..=1.
    pub(super) fn encode(&self, y: &mut [u8], u: &mut [u8], v: &mut [u8]) {
        let colours = self.r.iter().zip(self.g.iter().zip(&self.b));
        for (y, (&r, (&g, &b))) in y.iter_mut().zip(colours) {
            *y = (16.5 + 219.0 * luma(r, g, b)) as u8;
        }
        let width = y.len() / 2;
        let fours = |plane: &'_ [f32], at: usize| {
            let (top, bottom) = (at * 2, width + at * 2);
            (plane[top] + plane[top + 1] + plane[bottom] + plane[bottom + 1]) * 0.25
        };
        for (at, (u, v)) in u.iter_mut().zip(v).enumerate() {
            let (r, g, b) = (fours(&self.r, at), fours(&self.g, at), fours(&self.b, at));
            let y = luma(r, g, b);
            *u = (128.5 + 224.0 / B_CB * (b - y)) as u8;
            *v = (128.5 + 224.0 / R_CR * (r - y)) as u8;
        }
    }
}

/// Y' of a colour.
pub(crate) fn luma(r: f32, g: f32, b: f32) -> f32 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// VideoCore's gray: the weights of BT.601, rounded.
pub(super) fn gray(rows: &mut Rows) {
    for ((r, g), b) in rows.r.iter_mut().zip(&mut rows.g).zip(&mut rows.b) {
        let gray = 0.3 * *r + 0.59 * *g + 0.11 * *b;
        (*r, *g, *b) = (gray, gray, gray);
    }
}

/// VideoCore's sepia: its gray, tinted.
pub(super) fn sepia(rows: &mut Rows) {
    for ((r, g), b) in rows.r.iter_mut().zip(&mut rows.g).zip(&mut rows.b) {
        let gray = 0.3 * *r + 0.59 * *g + 0.11 * *b;
        (*r, *g, *b) = ((gray * 1.2).min(1.0), gray, gray * 0.8);
    }
}

/// 1 − each colour is luma and chroma turned about their middles, exactly.
pub(super) fn invert(picture: &mut I420Frame) {
    let [y, u, v] = picture.planes_mut();
    for y in y {
        *y = 251_u8.saturating_sub(*y);
    }
    for chroma in [u, v] {
        for c in chroma {
            *c = 0_u8.wrapping_sub((*c).max(1));
        }
    }
}

pub(crate) const R_CR: f32 = 1.5748;
pub(crate) const B_CB: f32 = 1.8556;
const G_CB: f32 = -0.0722 * B_CB / 0.7152;
const G_CR: f32 = -0.2126 * R_CR / 0.7152;
