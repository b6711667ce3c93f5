//! The filter's parameters as the kernels take them, and powers by table.

use super::Beauty;
use crate::simd::Lanes;

/// One in Q15.
pub(super) const ONE: i16 = i16::MAX;

pub(super) fn q15(value: f64) -> i16 {
    // Casts saturate.
    (value * 32_768.0).round() as i16
}

/// What the levels make of the formulas (LFLiveKit's names): p1, p2, p3 = p4 and the brightness.
#[derive(Clone, Copy, Debug)]
pub(super) struct Formula {
    pub(super) p1: f64,
    pub(super) p2: f64,
    pub(super) p3: f64,
    pub(super) brightness: f64,
}

impl Formula {
    pub(super) fn new(settings: &Beauty) -> Self {
        let [level, bright, tone] = [settings.level, settings.bright, settings.tone].map(f64::from);
        Self {
            p1: 1.0 - 0.6 * level,
            p2: 1.0 - 0.3 * level,
            p3: 0.1 + 0.3 * tone,
            brightness: 0.6 * (bright - 0.5),
        }
    }

    /// A channel `c` before more colour and brightness, where the filter is so strong.
    pub(super) fn channel(&self, c: f64, high: f64, strength: f64) -> f64 {
        let s = (c + (c - high) * strength * 0.1).max(0.0).powf(self.p2);
        let o = c + strength * (s - s * c);
        let o = o + strength * (s.max(c) - o);
        o + self.p3 * (2.0 * c * s + c * c - 2.0 * c * c * s - o)
    }
}

/// Any function of a byte, by straight lines between 17 points.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    base: [i16; 16],
    rise: [i16; 16],
}

impl Curve {
    /// `of` gets 0, 16 … 256.
    pub(super) fn new(of: impl Fn(f64) -> f64) -> Self {
        // Casts saturate.
        let point = |index: usize| of(index as f64 * 16.0).round() as i16;
        Self {
            base: std::array::from_fn(point),
            rise: std::array::from_fn(|index| point(index + 1).saturating_sub(point(index))),
        }
    }

    /// At an index of 0 to 15 and a part of the line behind it, Q15.
    #[inline(always)]
    pub(super) fn at<L: Lanes>(&self, l: L, [index, part]: [L::V; 2]) -> L::V {
        l.add(l.look_up(&self.base, index), l.mul(l.look_up(&self.rise, index), part))
    }
}

/// `x` to a power from 0.4 to 1, for Q15 numbers that are not negative: straight lines between 17
/// points, and the same again for what lies below a sixteenth, where powers are steep.
#[derive(Clone, Debug)]
pub(super) struct Power {
    base: [i16; 16],
    rise: [i16; 16],
    /// How much the curve lies above the middle of a line, times four.
    bulge: [i16; 16],
    /// A sixteenth to the power.
    small: i16,
}

impl Power {
    pub(super) fn new(power: f64) -> Self {
        let point = |index: f64| (index / 16.0).powf(power);
        let base: [f64; 17] = std::array::from_fn(|index| point(index as f64));
        let middle =
            |index: usize| point(index as f64 + 0.5) - (base[index] + base[index + 1]) / 2.0;
        Self {
            base: std::array::from_fn(|index| q15(base[index])),
            rise: std::array::from_fn(|index| q15(base[index + 1]) - q15(base[index])),
            bulge: std::array::from_fn(|index| q15(middle(index) * 4.0)),
            small: q15(point(1.0)),
        }
    }

    #[inline(always)]
    pub(super) fn of<L: Lanes>(&self, l: L, x: L::V) -> L::V {
        let sixteenth = l.splat(1 << 11);
        let stretched = l.where_less([x, sixteenth], l.shift_left::<4>(x), x);
        let index = l.shift_right::<11>(stretched);
        let part = l.shift_left::<4>(l.and(stretched, l.splat((1 << 11) - 1)));
        let line = l.mul(l.look_up(&self.rise, index), part);
        let bulge = l.mul(l.look_up(&self.bulge, index), part);
        let bulge = l.mul(bulge, l.sub(l.splat(ONE), part));
        let y = l.add(l.add_clamped(l.look_up(&self.base, index), line), bulge);
        l.where_less([x, sixteenth], l.mul(y, l.splat(self.small)), y)
    }
}
