//! LFLiveKit's arithmetic on RGB, in sixteen-bit fixed point.

use super::Beauty;
use super::blur::{Surroundings, contrast};
use super::curve::{Formula, ONE, Power, q15};
use crate::simd::Lanes;

/// The filter for one setting of the levels.
#[derive(Clone, Debug)]
pub(super) struct Exact {
    alpha: Power,
    smooth: Power,
    soft: i16,
    /// More colour: what each channel of the result gets of red, green and blue beyond itself.
    colour: [[i16; 3]; 3],
    brightness: i16,
}

/// LFLiveKit's matrix of saturation.
pub(super) const SATURATION: [[f64; 3]; 3] =
    [[1.1102, -0.0598, -0.061], [-0.0774, 1.0826, -0.1186], [-0.0228, -0.0228, 1.1772]];

impl Exact {
    pub(super) fn new(settings: &Beauty) -> Self {
        let Formula { p1, p2, p3, brightness } = Formula::new(settings);
        let mut colour = SATURATION;
        (0..3).for_each(|channel| colour[channel][channel] -= 1.0);
        Self {
            alpha: Power::new(p1),
            smooth: Power::new(p2),
            soft: q15(p3),
            colour: colour.map(|row| row.map(|part| q15(part * p3))),
            brightness: q15(brightness),
        }
    }

    /// Filters one row of RGBA; `green` is where it was taken from.
    #[inline(always)]
    pub(super) fn row<L: Lanes>(&self, l: L, row: &mut [u8], green: &Surroundings, y: usize) {
        let taps = green.taps::<1>(y);
        let mut left = 0;
        let mut pixels = row.chunks_exact_mut(L::N * 4);
        for pixels in pixels.by_ref() {
            self.some(l, pixels, taps.sum(l, left));
            left += L::N;
        }
        let rest = pixels.into_remainder();
        if !rest.is_empty() {
            let mut room = [0; MOST_LANES * 4];
            room[..rest.len()].copy_from_slice(rest);
            self.some(l, &mut room, taps.sum(l, left));
            rest.copy_from_slice(&room[..rest.len()]);
        }
    }

    /// Filters `N` pixels, around which the weighted sum of green is `around`.
    #[inline(always)]
    fn some<L: Lanes>(&self, l: L, pixels: &mut [u8], around: L::V) {
        let [red, green, blue, alpha] = l.load_pixels(pixels);
        let high = contrast::<L, 255>(l, green, around);
        let (red, green, blue) = (widen(l, red), widen(l, green), widen(l, blue));
        let luma = l.add(l.mul(red, l.splat(LUMA[0])), l.mul(green, l.splat(LUMA[1])));
        let luma = l.add_clamped(luma, l.mul(blue, l.splat(LUMA[2])));
        let strength = self.alpha.of(l, luma);
        let how = [high, strength, l.mul(strength, l.splat(TENTH))];
        let o =
            [self.channel(l, red, how), self.channel(l, green, how), self.channel(l, blue, how)];
        let out = [self.finish(l, o, 0), self.finish(l, o, 1), self.finish(l, o, 2)];
        l.store_pixels([out[0], out[1], out[2], alpha], pixels);
    }

    /// Adds colour and brightness to a channel: 0 to 255.
    #[inline(always)]
    fn finish<L: Lanes>(&self, l: L, o: [L::V; 3], channel: usize) -> L::V {
        let parts = &self.colour[channel];
        let left = l.add(l.mul(o[0], l.splat(parts[0])), l.mul(o[1], l.splat(parts[1])));
        let right = l.add(l.mul(o[2], l.splat(parts[2])), l.splat(self.brightness));
        let out = l.add_clamped(o[channel], l.add(left, right));
        l.mul(l.max(out, l.splat(0)), l.splat(255))
    }

    /// A channel before more colour and brightness.
    #[inline(always)]
    fn channel<L: Lanes>(&self, l: L, c: L::V, [high, strength, tenth]: [L::V; 3]) -> L::V {
        let zero = l.splat(0);
        let s = l.max(l.add_clamped(c, l.mul(l.sub(c, high), tenth)), zero);
        let s = self.smooth.of(l, s);
        let beyond = l.mul(s, l.sub(l.splat(ONE), c)); // screen − c
        let o = l.add_clamped(c, l.mul(strength, beyond));
        let o = l.add(o, l.mul(strength, l.sub(l.max(s, c), o)));
        let twice = l.mul(c, beyond);
        let soft = l.add_clamped(l.mul(c, c), l.add(twice, twice));
        l.add(o, l.mul(l.splat(self.soft), l.sub(soft, o)))
    }
}

/// A byte as Q15: 255 becomes one.
#[inline(always)]
fn widen<L: Lanes>(l: L, byte: L::V) -> L::V {
    l.add(l.shift_left::<7>(byte), l.shift_right::<1>(byte))
}

/// Lanes of the widest vector.
const MOST_LANES: usize = 16;
const LUMA: [i16; 3] = [9_798, 19_235, 3_735];
const TENTH: i16 = 3_277;
