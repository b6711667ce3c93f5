//! LFLiveKit's arithmetic on RGB, in sixteen-bit fixed point.

use super::Beauty;
use super::blur::{Around, MOST_BYTES, Surroundings, contrast};
use super::curve::{Formula, ONE, Power, q15};
use crate::frame::Plane;
use crate::look::RgbaFrame;
use crate::simd::{Kernel, Lanes};

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

/// What a pixel's three channels have in common, Q15.
#[derive(Clone, Copy)]
struct Common<V> {
    /// The high pass.
    high: V,
    /// A tenth of the strength.
    tenth: V,
    /// How much of what is lighter is taken.
    lighter: V,
    /// How much of what screening adds.
    screened: V,
}

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

    /// Filters one row of RGBA into another.
    #[inline(always)]
    fn row<L: Lanes>(
        &self,
        l: L,
        [from, ahead, below]: [&[u8]; 3],
        to: &mut [u8],
        around: &Around<'_, 1>,
    ) {
        let mut left = 0;
        let mut ahead = ahead.chunks_exact(L::N * 8);
        let mut below = below.chunks_exact(L::N * 8);
        let mut pairs = from.chunks_exact(L::N * 8);
        let mut targets = to.chunks_exact_mut(L::N * 8);
        for (from, to) in pairs.by_ref().zip(targets.by_ref()) {
            // What is read next, and written next, comes near while this is reckoned.
            if let Some(ahead) = ahead.next() {
                l.prefetch::<false>(ahead);
            }
            if let Some(below) = below.next() {
                l.prefetch::<true>(below);
            }
            self.some(l, from, to, around, left);
            left += L::N * 2;
        }
        let (from, to) = (pairs.remainder(), targets.into_remainder());
        if !from.is_empty() {
            let (mut room, mut done) = ([0; MOST_BYTES * 4], [0; MOST_BYTES * 4]);
            room[..from.len()].copy_from_slice(from);
            self.some(l, &room, &mut done, around, left);
            to.copy_from_slice(&done[..to.len()]);
        }
    }

    /// Filters `2 N` pixels.
    #[inline(always)]
    fn some<L: Lanes>(
        &self,
        l: L,
        from: &[u8],
        to: &mut [u8],
        around: &Around<'_, 1>,
        left: usize,
    ) {
        let difference = around.means(l, left).difference(l, around.own(l, left));
        let difference = l.like_pixels(difference);
        let [red, green, blue, alpha] = l.load_pixels(from);
        let (red, green, blue) = (l.widen_q15(red), l.widen_q15(green), l.widen_q15(blue));
        let first = self.filtered(l, [red[0], green[0], blue[0]], difference[0]);
        let second = self.filtered(l, [red[1], green[1], blue[1]], difference[1]);
        let red = l.narrow([first[0], second[0]]);
        let green = l.narrow([first[1], second[1]]);
        let blue = l.narrow([first[2], second[2]]);
        l.store_pixels([red, green, blue, alpha], to);
    }

    /// `N` pixels, Q15, to steps of which those beyond black and white are still to be cut off.
    #[inline(always)]
    fn filtered<L: Lanes>(&self, l: L, [r, g, b]: [L::V; 3], difference: L::V) -> [L::V; 3] {
        let luma = l.add(l.mul(r, l.splat(LUMA[0])), l.mul(g, l.splat(LUMA[1])));
        let luma = l.add_clamped(luma, l.mul(b, l.splat(LUMA[2])));
        let strength = self.alpha.of_the_least(l, luma);
        let lighter = l.sub(strength, l.mul(strength, l.splat(self.soft)));
        let common = Common {
            high: l.add(contrast::<L, 255>(l, difference), l.splat(1 << 14)),
            tenth: l.mul(strength, l.splat(TENTH)),
            lighter,
            screened: l.sub(lighter, l.mul(lighter, strength)),
        };
        let o =
            [self.channel(l, r, common), self.channel(l, g, common), self.channel(l, b, common)];
        [self.finish(l, o, 0), self.finish(l, o, 1), self.finish(l, o, 2)]
    }

    /// A channel before more colour and brightness. With α the strength, p the softness, b =
    /// s (1 − c) what screening adds and m = max(s − c, 0) what lightening does, the steps that
    /// LFLiveKit does one after the other are together
    /// c + (1 − p) α m + (1 − p) α (1 − α) b + p (1 − c) (2 s c − c).
    #[inline(always)]
    fn channel<L: Lanes>(&self, l: L, c: L::V, common: Common<L::V>) -> L::V {
        let zero = l.splat(0);
        let s = l.add_clamped(c, l.mul(l.sub(c, common.high), common.tenth));
        let s = self.smooth.of(l, l.max(s, zero));
        let soft = l.mul(c, l.splat(self.soft));
        let screened = l.mul(s, l.add(common.screened, l.add(soft, soft)));
        let dark = l.mul(l.sub(l.splat(ONE), c), l.sub(screened, soft));
        let light = l.mul(common.lighter, l.max(l.sub(s, c), zero));
        l.add_clamped(c, l.add(dark, light))
    }

    /// Adds colour and brightness to a channel, in steps.
    #[inline(always)]
    fn finish<L: Lanes>(&self, l: L, o: [L::V; 3], channel: usize) -> L::V {
        let parts = &self.colour[channel];
        let left = l.add(l.mul(o[0], l.splat(parts[0])), l.mul(o[1], l.splat(parts[1])));
        let right = l.add(l.mul(o[2], l.splat(parts[2])), l.splat(self.brightness));
        l.mul(l.add_clamped(o[channel], l.add(left, right)), l.splat(255))
    }
}

const LUMA: [i16; 3] = [9_798, 19_235, 3_735];
const TENTH: i16 = 3_277;

/// The filter on a picture: in place, or from `source` when that is another.
pub(super) struct OnRgba<'a> {
    pub(super) exact: &'a Exact,
    pub(super) around: &'a mut Surroundings,
    /// A row, when it is in place.
    pub(super) room: &'a mut Vec<u8>,
    pub(super) source: Option<Plane<'a>>,
    pub(super) picture: &'a mut RgbaFrame,
}

impl Kernel for OnRgba<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let Self { exact, around, room, source, picture } = self;
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        around.set(width, height);
        room.resize(width * 4, 0);
        let mut ready = 0;
        for y in 0..height {
            // Neighbours are taken as the picture was, and only just before they are needed: while
            // they are still near.
            while ready < around.reach::<1>(y) {
                let row = match source {
                    Some(source) => source.row(ready, width * 4),
                    None => &picture.as_bytes()[ready * width * 4..][..width * 4],
                };
                green_of(l, row, around.row_mut(ready));
                around.close_row(ready, width);
                ready += 1;
            }
            let (row, below) = picture.as_bytes_mut()[y * width * 4..].split_at_mut(width * 4);
            let ahead = match source {
                Some(source) if ready < height => source.row(ready, width * 4),
                Some(_) => &[],
                None => &below[(ready - y - 1) * width * 4..],
            };
            let from = match source {
                Some(source) => source.row(y, width * 4),
                None => {
                    room.copy_from_slice(row);
                    room.as_slice()
                }
            };
            exact.row(l, [from, ahead, below], row, &around.around(y));
        }
    }
}

#[inline(always)]
fn green_of<L: Lanes>(l: L, row: &[u8], to: &mut [u8]) {
    let mut left = 0;
    for pixels in row.chunks_exact(L::N * 8) {
        l.store_all(l.load_green(pixels), &mut to[left..]);
        left += L::N * 2;
    }
    let rest = row[left * 4..].as_chunks::<4>().0;
    rest.iter().zip(&mut to[left..]).for_each(|(pixel, to)| *to = pixel[1]);
}
