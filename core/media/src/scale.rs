//! Resamples a plane: each pixel is a mean of source pixels, weighted by a triangle that grows with
//! the reduction, so that small pictures neither flicker nor show stairs.
//!
//! Weights are made once for a geometry; scaling allocates nothing.

use crate::frame::Plane;
use crate::look::framing::Span;

/// Weights sum to `ONE`.
const SHIFT: u32 = 14;
const ONE: i32 = 1 << SHIFT;
const HALF: i32 = ONE / 2;

/// How the pixels of one axis are made.
#[derive(Debug, Default)]
pub(crate) struct Axis {
    /// Pixels of the source.
    whole: usize,
    /// Source pixels that each is made of.
    taps: usize,
    /// The first of them.
    starts: Vec<usize>,
    /// `taps` for each.
    weights: Vec<i16>,
}

impl Axis {
    /// For a source axis of `whole` pixels; not empty.
    pub(crate) fn new(whole: usize, span: Span) -> Self {
        let out = span.out as usize;
        let step = span.length / f64::from(span.out);
        let reach = step.max(1.0);
        let taps = ((reach * 2.0).ceil() as usize + 1).min(whole);
        let mut axis = Self { whole, taps, ..Self::default() };
        axis.starts.reserve_exact(out);
        axis.weights.reserve_exact(out * taps);
        let mut shares = vec![0.0; taps];
        for index in 0..out {
            let centre = span.start + (index as f64 + 0.5) * step - 0.5;
            let first = (centre - reach).ceil();
            let start = (first.max(0.0) as usize).min(whole - taps);
            shares.fill(0.0);
            // What lies outside the source counts for its edge.
            let mut tap = first;
            while tap <= centre + reach {
                let inside = (tap.max(0.0) as usize).clamp(start, start + taps - 1);
                shares[inside - start] += 1.0 - (tap - centre).abs() / reach;
                tap += 1.0;
            }
            axis.starts.push(start);
            axis.push_weights(&shares);
        }
        axis
    }

    /// Rounds so that the sum is exact; the largest takes what is left.
    fn push_weights(&mut self, shares: &[f64]) {
        let sum: f64 = shares.iter().sum();
        let begin = self.weights.len();
        let weight = |share: f64| (share / sum * f64::from(ONE)).round() as i16;
        self.weights.extend(shares.iter().map(|&share| weight(share)));
        let weights = &mut self.weights[begin..];
        let rest = ONE - weights.iter().map(|&w| i32::from(w)).sum::<i32>();
        if let Some(largest) = weights.iter_mut().max() {
            *largest += rest as i16;
        }
    }

    fn made_of(&self, index: usize) -> (usize, &[i16]) {
        (self.starts[index], &self.weights[index * self.taps..][..self.taps])
    }
}

/// Scales a plane of `C` interleaved channels to rows of `to`, which are `to_stride` bytes apart.
/// `row` is room for one source row.
pub(crate) fn scale<const C: usize>(
    from: Plane<'_>,
    [across, down]: [&Axis; 2],
    to: &mut [u8],
    to_stride: usize,
    row: &mut Vec<u8>,
) {
    row.resize(across.whole * C, 0);
    let bytes = across.starts.len() * C;
    for (index, to) in to.chunks_mut(to_stride).take(down.starts.len()).enumerate() {
        let (start, weights) = down.made_of(index);
        blend_rows(from.data, from.stride_bytes, start, weights, row);
        blend_columns::<C>(row, across, &mut to[..bytes]);
    }
}

/// The weighted mean of rows.
fn blend_rows(from: &[u8], stride: usize, start: usize, weights: &[i16], to: &mut [u8]) {
    let row = |tap: usize| &from[(start + tap) * stride..][..to.len()];
    // The usual number of taps has its own loop, which vectorises.
    match *weights {
        [a, b, c] => {
            let (a, b, c) = (i32::from(a), i32::from(b), i32::from(c));
            let rows = row(0).iter().zip(row(1)).zip(row(2));
            let mixed = rows.map(|((&x, &y), &z)| {
                (i32::from(x) * a + i32::from(y) * b + i32::from(z) * c + HALF) >> SHIFT
            });
            to.iter_mut().zip(mixed).for_each(|(to, sum)| *to = sum as u8);
        }
        _ => {
            for (x, to) in to.iter_mut().enumerate() {
                let sum = weights.iter().enumerate().map(|(tap, &weight)| {
                    i32::from(from[(start + tap) * stride + x]) * i32::from(weight)
                });
                *to = ((sum.sum::<i32>() + HALF) >> SHIFT) as u8;
            }
        }
    }
}

/// The weighted means of pixels beside each other.
fn blend_columns<const C: usize>(row: &[u8], across: &Axis, to: &mut [u8]) {
    let pixels = row.as_chunks::<C>().0;
    for (index, to) in to.as_chunks_mut::<C>().0.iter_mut().enumerate() {
        let (start, weights) = across.made_of(index);
        let mut sums = [HALF; C];
        for (pixel, &weight) in pixels[start..].iter().zip(weights) {
            for (sum, &value) in sums.iter_mut().zip(pixel) {
                *sum += i32::from(value) * i32::from(weight);
            }
        }
        *to = sums.map(|sum| (sum >> SHIFT) as u8);
    }
}

#[cfg(test)]
#[path = "scale_test.rs"]
mod tests;
