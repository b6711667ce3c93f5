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

/// A function of Q15 numbers that are not negative, by eight parabolas.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    base: [i16; 8],
    slope: [i16; 8],
    bend: [i16; 8],
}

/// Where on its curve a number lies.
#[derive(Clone, Copy)]
pub(super) struct Place<V> {
    parabola: V,
    /// How far along, Q15; less one on every second parabola, which spares cutting off a bit.
    along: V,
}

impl<V: Copy> Place<V> {
    #[inline(always)]
    pub(super) fn of<L: Lanes<V = V>>(l: L, x: V) -> Self {
        Self { parabola: l.places(l.shift_right::<12>(x)), along: l.shift_left::<3>(x) }
    }
}

/// Where a parabola meets its function: errors are then about the same all along it.
const MEETINGS: [f64; 3] = [0.07, 0.5, 0.93];
/// The same for powers at zero, where they are steepest; black stays black.
const FIRST_MEETINGS: [f64; 3] = [0.0, 0.3, 0.88];

impl Curve {
    /// `of` gets 0 to 1.
    pub(super) fn new(of: impl Fn(f64) -> f64) -> Self {
        Self::meeting(|_| MEETINGS, of)
    }

    fn meeting(meetings: impl Fn(usize) -> [f64; 3], of: impl Fn(f64) -> f64) -> Self {
        let mut curve = Self { base: [0; 8], slope: [0; 8], bend: [0; 8] };
        for index in 0..8 {
            let at = meetings(index);
            let [a, b, c] = at.map(|part| of((index as f64 + part) / 8.0));
            // Newton's form of the parabola, then around the end that `along` counts from.
            let first = (b - a) / (at[1] - at[0]);
            let bend = ((c - b) / (at[2] - at[1]) - first) / (at[2] - at[0]);
            let from = (index % 2) as f64;
            let slope = first + bend * (2.0 * from - at[0] - at[1]);
            let base = a + (from - at[0]) * (first + bend * (from - at[1]));
            // Casts saturate.
            [curve.base[index], curve.slope[index], curve.bend[index]] =
                [base, slope, bend].map(|number| number.round() as i16);
        }
        curve
    }

    #[inline(always)]
    pub(super) fn at<L: Lanes>(&self, l: L, place: Place<L::V>) -> L::V {
        let bend = l.mul(l.look_up(&self.bend, place.parabola), place.along);
        let slope = l.add(l.look_up(&self.slope, place.parabola), bend);
        l.add(l.look_up(&self.base, place.parabola), l.mul(slope, place.along))
    }
}

/// `x` to a power from 0.4 to 1, for Q15 numbers that are not negative.
#[derive(Clone, Debug)]
pub(super) struct Power {
    curve: Curve,
    /// An eighth to the power.
    small: i16,
}

impl Power {
    pub(super) fn new(power: f64) -> Self {
        let meetings = |index| if index == 0 { FIRST_MEETINGS } else { MEETINGS };
        let of = |x: f64| x.powf(power).min(1.0) * 32_767.0;
        Self { curve: Curve::meeting(meetings, of), small: q15(0.125f64.powf(power)) }
    }

    #[inline(always)]
    pub(super) fn of<L: Lanes>(&self, l: L, x: L::V) -> L::V {
        let y = self.curve.at(l, Place::of(l, self.stretched(l, x)));
        self.made_smaller(l, y, x)
    }

    /// Still true where `x` is all but nothing.
    #[inline(always)]
    pub(super) fn of_the_least<L: Lanes>(&self, l: L, x: L::V) -> L::V {
        let stretched = self.stretched(l, x);
        let y = self.of(l, stretched);
        self.made_smaller(l, y, x)
    }

    /// What lies below an eighth follows the same curve, made smaller.
    #[inline(always)]
    fn stretched<L: Lanes>(&self, l: L, x: L::V) -> L::V {
        l.where_less([x, l.splat(EIGHTH)], l.shift_left::<3>(x), x)
    }

    #[inline(always)]
    fn made_smaller<L: Lanes>(&self, l: L, y: L::V, x: L::V) -> L::V {
        l.where_less([x, l.splat(EIGHTH)], l.mul(y, l.splat(self.small)), y)
    }
}

const EIGHTH: i16 = 1 << 12;
