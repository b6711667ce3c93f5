//! VideoCore's glow: each channel becomes 2 × its Sobel magnitude × itself. The neighbours lie
//! 1/640 of the width and 1/360 of the height away, between pixels by linear interpolation; beyond
//! the edge the edge's pixel goes on.

use super::rgb::Rows;
use crate::frame::I420Frame;

/// What is kept from picture to picture: a ring of source rows, so that the result can be written
/// where the source was.
#[derive(Debug, Default)]
pub(super) struct Glow {
    /// Row `y` of the source lies at `y % ring.len() * width`, one plane each of R, G, B.
    ring: [Vec<f32>; 3],
    pair: Rows,
    /// The rows above, at and below, padded to both sides.
    taps: [Vec<f32>; 3],
}

/// Where a neighbour lies: whole pixels and the rest.
#[derive(Clone, Copy)]
struct Step {
    whole: usize,
    part: f32,
}

impl Step {
    fn new(pixels: u32, steps: u32) -> Self {
        let exact = pixels as f32 / steps as f32;
        Self { whole: exact as usize, part: exact.fract() }
    }
}

impl Glow {
    pub(super) fn apply(&mut self, picture: &mut I420Frame) {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let across = Step::new(picture.width(), 640);
        let down = Step::new(picture.height(), 360);
        // Rows from the farthest above the first of a pair to the farthest below the second, and a
        // pair more, as rows are read in pairs.
        let ring_rows = (2 * (down.whole + 1) + 4).next_multiple_of(2);
        for plane in &mut self.ring {
            plane.resize(ring_rows * width, 0.0);
        }
        let pad = across.whole + 1;
        for tap in &mut self.taps {
            tap.resize(width + 2 * pad, 0.0);
        }
        let [y, u, v] = picture.planes_mut();
        let (mut read, half) = (0, width / 2);
        for top in (0..height).step_by(2) {
            let needed = (top + 3 + down.whole).min(height);
            while read < needed {
                let pair = read / 2;
                let luma = &y[read * width..][..2 * width];
                self.pair.decode(luma, &u[pair * half..][..half], &v[pair * half..][..half]);
                let Rows { r, g, b } = &self.pair;
                for (ring, plane) in self.ring.iter_mut().zip([r, g, b]) {
                    ring[read % ring_rows * width..][..2 * width].copy_from_slice(plane);
                }
                read += 2;
            }
            let out = [&mut self.pair.r, &mut self.pair.g, &mut self.pair.b];
            for (ring, out) in self.ring.iter().zip(out) {
                for (at, out) in (top..).zip(out.chunks_exact_mut(width)) {
                    let row = |y: isize| {
                        let y = y.clamp(0, height as isize - 1) as usize;
                        &ring[y % ring_rows * width..][..width]
                    };
                    let [above, here, below] = &mut self.taps;
                    let (at, whole) = (at as isize, down.whole as isize);
                    fill(above, pad, row(at - whole), row(at - whole - 1), down.part);
                    fill(here, pad, row(at), row(at), 0.0);
                    fill(below, pad, row(at + whole), row(at + whole + 1), down.part);
                    sobel(&self.taps, pad, across, out);
                }
            }
            let pair = top / 2;
            let chroma = pair * half..(pair + 1) * half;
            let luma = &mut y[top * width..][..2 * width];
            self.pair.encode(luma, &mut u[chroma.clone()], &mut v[chroma]);
        }
    }
}

/// A row between two, and its ends repeated to both sides.
fn fill(tap: &mut [f32], pad: usize, near: &[f32], far: &[f32], part: f32) {
    let width = near.len();
    for (tap, (near, far)) in tap[pad..].iter_mut().zip(near.iter().zip(far)) {
        *tap = near * (1.0 - part) + far * part;
    }
    let (first, last) = (tap[pad], tap[pad + width - 1]);
    tap[..pad].fill(first);
    tap[pad + width..].fill(last);
}

fn sobel(taps: &[Vec<f32>; 3], pad: usize, step: Step, out: &mut [f32]) {
    let width = out.len();
    let at = |row: usize, offset: usize| &taps[row][offset..][..width];
    let (left, left_far) = (pad - step.whole, pad - step.whole - 1);
    let (right, right_far) = (pad + step.whole, pad + step.whole + 1);
    let (near, far) = (1.0 - step.part, step.part);
    let rows = [0, 1, 2].map(|row| {
        (at(row, left), at(row, left_far), at(row, pad), at(row, right), at(row, right_far))
    });
    let [above, here, below] = rows;
    for x in 0..width {
        let tap = |(left, left_far, middle, right, right_far): Tap<'_>| {
            (left[x] * near + left_far[x] * far, middle[x], right[x] * near + right_far[x] * far)
        };
        let ((tl, t, tr), (l, c, r), (bl, b, br)) = (tap(above), tap(here), tap(below));
        let vertical = tl + 2.0 * t + tr - bl - 2.0 * b - br;
        let horizontal = tl - tr + 2.0 * (l - r) + bl - br;
        let magnitude = (vertical * vertical + horizontal * horizontal).sqrt();
        out[x] = (2.0 * magnitude * c).min(1.0);
    }
}

type Tap<'a> = (&'a [f32], &'a [f32], &'a [f32], &'a [f32], &'a [f32]);
