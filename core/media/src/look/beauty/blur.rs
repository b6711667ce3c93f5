//! What surrounds a pixel: 25 of its neighbours, weighted, and how much it stands out.

use super::curve::ONE;
use crate::simd::Lanes;

/// One channel of a picture with its edges repeated, so that every neighbour exists.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Rows of `stride`; the picture begins at `MARGIN` of each.
    data: Vec<i16>,
    stride: usize,
    height: usize,
}

/// Pixels beyond the edges that the furthest neighbour needs.
const MARGIN: usize = 20;
/// Lanes that the last vector of a row may read beyond it.
const BEYOND: usize = 16;

/// Rows above and below, pixels to the sides; one step is two pixels.
const ONCE: [(isize, isize); 12] = [
    (0, -20),
    (0, 20),
    (-20, 0),
    (20, 0),
    (-10, -16),
    (10, -16),
    (-10, 16),
    (10, 16),
    (-16, -10),
    (16, -10),
    (-16, 10),
    (16, 10),
];
const TWICE: [(isize, isize); 8] =
    [(0, -12), (0, 12), (-12, 0), (12, 0), (-8, -8), (8, -8), (-8, 8), (8, 8)];
const THRICE: [(isize, isize); 4] = [(-4, -4), (4, -4), (-4, 4), (4, 4)];
const OWN: i16 = 22;
/// The sum of all weights.
const ALL: i16 = 62;

impl Surroundings {
    /// Gets ready for a picture of this size.
    pub(super) fn set(&mut self, width: usize, height: usize) {
        self.stride = width + 2 * MARGIN + BEYOND;
        self.height = height;
        self.data.resize(self.stride * height, 0);
    }

    /// A row to be filled, and room behind it for the last vector.
    pub(super) fn row_mut(&mut self, y: usize) -> &mut [i16] {
        &mut self.data[y * self.stride + MARGIN..(y + 1) * self.stride]
    }

    /// Repeats the edges of a row that was filled.
    pub(super) fn close_row(&mut self, y: usize, width: usize) {
        let row = &mut self.data[y * self.stride..][..self.stride];
        let (first, last) = (row[MARGIN], row[MARGIN + width - 1]);
        row[..MARGIN].fill(first);
        row[MARGIN + width..].fill(last);
    }

    /// Takes the picture's rows, one after the other, from `fill`.
    pub(super) fn take(&mut self, width: usize, mut fill: impl FnMut(usize, &mut [i16])) {
        for y in 0..self.height {
            fill(y, &mut self.row_mut(y)[..width]);
            self.close_row(y, width);
        }
    }

    /// The neighbours of row `y`, in a picture that was made smaller by `DOWN`: 1 or 2.
    #[inline(always)]
    pub(super) fn taps<const DOWN: isize>(&self, y: usize) -> Taps<'_> {
        let row = |down: isize| {
            let y = y.saturating_add_signed(down).min(self.height - 1);
            &self.data[y * self.stride..][..self.stride]
        };
        let taps = |(across, down): (isize, isize)| {
            &row(down / DOWN)[MARGIN.saturating_add_signed(across / DOWN)..]
        };
        Taps {
            own: taps((0, 0)),
            once: ONCE.map(taps),
            twice: TWICE.map(taps),
            thrice: THRICE.map(taps),
        }
    }
}

/// Rows of neighbours, each beginning at that of the row's first pixel.
pub(super) struct Taps<'a> {
    pub(super) own: &'a [i16],
    once: [&'a [i16]; 12],
    twice: [&'a [i16]; 8],
    thrice: [&'a [i16]; 4],
}

impl Taps<'_> {
    /// The weighted sums for the pixels from `left` on: 62 times their mean.
    #[inline(always)]
    pub(super) fn sum<L: Lanes>(&self, l: L, left: usize) -> L::V {
        let own = l.load(&self.own[left..]);
        // 22 = 16 + 4 + 2
        debug_assert_eq!(OWN, 16 + 4 + 2);
        let own = l.add(l.shift_left::<4>(own), l.add(l.shift_left::<2>(own), l.add(own, own)));
        l.add(own, self.others(l, left))
    }

    /// The same without the pixels themselves: 40 times the mean of what surrounds them.
    #[inline(always)]
    pub(super) fn others<L: Lanes>(&self, l: L, left: usize) -> L::V {
        let once = total(l, &self.once, left);
        let twice = total(l, &self.twice, left);
        let thrice = total(l, &self.thrice, left);
        let even = l.add(twice, thrice);
        l.add(l.add(even, even), l.add(thrice, once))
    }
}

#[inline(always)]
fn total<L: Lanes>(l: L, rows: &[&[i16]], left: usize) -> L::V {
    let mut sum = l.splat(0);
    for row in rows {
        sum = l.add(sum, l.load(&row[left..]));
    }
    sum
}

/// LFLiveKit's high pass, Q15: a half where a pixel is as bright as what surrounds it. `WHITE` is the
/// span of the channel's values.
#[inline(always)]
pub(super) fn contrast<L: Lanes, const WHITE: u32>(l: L, own: L::V, around: L::V) -> L::V {
    // 62 = 64 − 2
    debug_assert_eq!(ALL, 64 - 2);
    let all = l.sub(l.shift_left::<6>(own), l.add(own, own));
    let difference = l.sub(all, around);
    // Twice the difference in Q15 is more than four times that in units of a 62nd.
    let double = l.abs(difference);
    let double = l.add(double, double);
    let rest = const { ((twice_in_q15(WHITE) - 4.0) / 2.0 * 32_768.0) as i16 };
    let twice = l.add_clamped(l.add_clamped(double, double), l.mul(double, l.splat(rest)));
    hard_light(l, difference, twice)
}

/// Five steps of hard light, Q15. They are one power: of `t` = 1 − `twice` the difference's size they
/// leave half of t³², on the side where the difference lies.
#[inline(always)]
pub(super) fn hard_light<L: Lanes>(l: L, difference: L::V, twice: L::V) -> L::V {
    let zero = l.splat(0);
    let mut t = l.sub(l.splat(ONE), twice);
    for _ in 0..5 {
        t = l.mul(t, t);
    }
    let half = l.shift_right::<1>(t);
    l.where_less([zero, difference], l.sub(l.splat(ONE), half), half)
}

const fn twice_in_q15(white: u32) -> f64 {
    2.0 * 32_768.0 / (62.0 * white as f64)
}
