//! What surrounds a pixel: 24 of its neighbours, weighted, and how much it stands out.

use crate::simd::Lanes;

/// One channel of a picture with its edges repeated, so that every neighbour exists; and the same
/// inverted. Means of bytes are rounded up, those of inverted ones so to say down: what is lost by
/// the one is won by the other.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Rows of `stride`; the picture begins at `MARGIN` of each.
    upright: Vec<u8>,
    inverted: Vec<u8>,
    stride: usize,
    height: usize,
}

/// Pixels beyond the edges that the furthest neighbour needs.
const MARGIN: usize = 20;
/// Bytes of the widest vector: the last one of a row may lie beyond it.
pub(super) const MOST_BYTES: usize = 64;
/// What the neighbours of one vector lie in.
const WINDOW: usize = MARGIN + MOST_BYTES + MARGIN;

// One step of LFLiveKit's is two pixels. It weighs twelve neighbours once, eight twice and four
// thrice, and the pixel itself 22 times: 62 together.

impl Surroundings {
    /// Gets ready for a picture of this size.
    pub(super) fn set(&mut self, width: usize, height: usize) {
        self.stride = width + 2 * MARGIN + MOST_BYTES;
        self.height = height;
        self.upright.resize(self.stride * height, 0);
        self.inverted.resize(self.stride * height, 0);
    }

    /// A row to be filled, and room behind it for the last vector.
    #[inline(always)]
    pub(super) fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.upright[y * self.stride + MARGIN..(y + 1) * self.stride]
    }

    /// Completes a row that was filled.
    #[inline(always)]
    pub(super) fn close_row(&mut self, y: usize, width: usize) {
        let span = y * self.stride..(y + 1) * self.stride;
        let row = &mut self.upright[span.clone()];
        let (first, last) = (row[MARGIN], row[MARGIN + width - 1]);
        row[..MARGIN].fill(first);
        row[MARGIN + width..].fill(last);
        self.inverted[span].iter_mut().zip(row).for_each(|(to, from)| *to = !*from);
    }

    /// The rows up to here that row `y` needs, in a picture that was made smaller by `DOWN`.
    #[inline(always)]
    pub(super) fn reach<const DOWN: usize>(&self, y: usize) -> usize {
        (y + MARGIN / DOWN + 1).min(self.height)
    }

    /// The neighbours of row `y`, in a picture that was made smaller by `DOWN`: 1 or 2.
    #[inline(always)]
    pub(super) fn around<const DOWN: usize>(&self, y: usize) -> Around<'_, DOWN> {
        let above = |down: usize| y.saturating_sub(down / DOWN);
        let below = |down: usize| (y + down / DOWN).min(self.height - 1);
        let upright = |y: usize| &self.upright[y * self.stride..][..self.stride];
        let inverted = |y: usize| &self.inverted[y * self.stride..][..self.stride];
        let both = |down: usize| [upright(above(down)), upright(below(down))];
        let both_inverted = |down: usize| [inverted(above(down)), inverted(below(down))];
        Around {
            own: upright(y),
            near: both(4),
            far: both(10),
            farther: both(16),
            farthest: both(20),
            own_inverted: inverted(y),
            diagonal_inverted: both_inverted(8),
            straight_inverted: both_inverted(12),
        }
    }
}

/// The rows in which the neighbours of one row lie.
pub(super) struct Around<'a, const DOWN: usize> {
    own: &'a [u8],
    // Above and below: 4, 10, 16, 20, 8 and 12 pixels away.
    near: [&'a [u8]; 2],
    far: [&'a [u8]; 2],
    farther: [&'a [u8]; 2],
    farthest: [&'a [u8]; 2],
    own_inverted: &'a [u8],
    diagonal_inverted: [&'a [u8]; 2],
    straight_inverted: [&'a [u8]; 2],
}

/// Means of neighbours, by how far away they are.
pub(super) struct Means<B> {
    /// Of those weighed once, by four.
    once: [B; 3],
    /// Of those weighed twice, inverted.
    twice: B,
    thrice: B,
}

impl<const DOWN: usize> Around<'_, DOWN> {
    /// The pixels themselves from `left` on.
    #[inline(always)]
    pub(super) fn own<L: Lanes>(&self, l: L, left: usize) -> L::B {
        l.load_all(&self.own[MARGIN + left..])
    }

    /// What surrounds them.
    #[inline(always)]
    pub(super) fn means<L: Lanes>(&self, l: L, left: usize) -> Means<L::B> {
        let in_row = mean_across::<L, DOWN>(l, self.own, left, 20);
        let farthest = l.mean(in_row, mean_down(l, self.farthest, left));
        let farther = mean_of_corners::<L, DOWN>(l, self.farther, left, 10);
        let far = mean_of_corners::<L, DOWN>(l, self.far, left, 16);
        let in_row = mean_across::<L, DOWN>(l, self.own_inverted, left, 12);
        let straight = l.mean(in_row, mean_down(l, self.straight_inverted, left));
        let diagonal = mean_of_corners::<L, DOWN>(l, self.diagonal_inverted, left, 8);
        Means {
            once: [farthest, farther, far],
            twice: l.mean(straight, diagonal),
            thrice: mean_of_corners::<L, DOWN>(l, self.near, left, 4),
        }
    }
}

impl<B: Copy> Means<B> {
    /// 62 times the difference of pixels and what surrounds them.
    #[inline(always)]
    pub(super) fn difference<L: Lanes<B = B>>(&self, l: L, own: B) -> [L::V; 2] {
        let [once, rest] = [[self.once[0], self.once[1]], [self.once[2], self.thrice]];
        let (once, rest) = (l.weigh(once, [-4, -4]), l.weigh(rest, [-4, -12]));
        // Of what is inverted white has to be taken off.
        let (twice, white) = (l.weigh([self.twice, own], [16, 40]), l.splat(16 * 255));
        let first = l.add(once[0], l.add(rest[0], l.sub(twice[0], white)));
        let second = l.add(once[1], l.add(rest[1], l.sub(twice[1], white)));
        [first, second]
    }

    /// 40 times their weighted mean.
    #[inline(always)]
    pub(super) fn sum<L: Lanes<B = B>>(&self, l: L) -> [L::V; 2] {
        let [once, rest] = [[self.once[0], self.once[1]], [self.once[2], self.thrice]];
        let (once, rest) = (l.weigh(once, [4, 4]), l.weigh(rest, [4, 12]));
        let (twice, white) = (l.weigh([self.twice, self.twice], [-8, -8]), l.splat(16 * 255));
        let first = l.add(once[0], l.add(rest[0], l.add(twice[0], white)));
        let second = l.add(once[1], l.add(rest[1], l.add(twice[1], white)));
        [first, second]
    }
}

#[inline(always)]
fn window(row: &[u8], left: usize) -> &[u8] {
    &row[left..][..WINDOW]
}

/// Two neighbours in one row.
#[inline(always)]
fn mean_across<L: Lanes, const DOWN: usize>(l: L, row: &[u8], left: usize, across: usize) -> L::B {
    let row = window(row, left);
    l.mean(l.load_all(&row[MARGIN - across / DOWN..]), l.load_all(&row[MARGIN + across / DOWN..]))
}

/// One above and one below.
#[inline(always)]
fn mean_down<L: Lanes>(l: L, [above, below]: [&[u8]; 2], left: usize) -> L::B {
    l.mean(l.load_all(&above[MARGIN + left..]), l.load_all(&below[MARGIN + left..]))
}

/// Two above and two below.
#[inline(always)]
fn mean_of_corners<L: Lanes, const DOWN: usize>(
    l: L,
    [above, below]: [&[u8]; 2],
    left: usize,
    across: usize,
) -> L::B {
    l.mean(
        mean_across::<L, DOWN>(l, above, left, across),
        mean_across::<L, DOWN>(l, below, left, across),
    )
}

/// LFLiveKit's high pass less a half, Q15, of 62 times the difference of a pixel and what surrounds
/// it; `WHITE` is the span of the channel's values. Its five steps of hard light are one power: of
/// `t` = 1 − twice the difference's size they leave half of t³², on the side where the difference
/// lies.
#[inline(always)]
pub(super) fn contrast<L: Lanes, const WHITE: i16>(l: L, difference: L::V) -> L::V {
    // A difference of half of white leaves nothing.
    let most = 31 * WHITE;
    let rest = l.max(l.sub(l.splat(most), l.abs(difference)), l.splat(0));
    // In Q15 it is four times that and a little.
    let four = l.shift_left::<2>(rest);
    let mut t = l.add(four, l.mul(four, l.splat(const { more(WHITE) })));
    for _ in 0..5 {
        t = l.mul(t, t);
    }
    // That of no difference, so that nothing is left of it.
    let most = l.splat(const { power_of_all(WHITE) });
    l.with_sign(l.shift_right::<1>(l.sub(most, t)), difference)
}

/// What is missing from 124 times white to one, as a part of it.
const fn more(white: i16) -> i16 {
    (32_768.0 * 32_767.0 / (124.0 * white as f64) - 32_768.0) as i16
}

/// What [`contrast`] makes of no difference.
const fn power_of_all(white: i16) -> i16 {
    let four = 124 * white as i32;
    let mut t = four + ((four * more(white) as i32 + (1 << 14)) >> 15);
    let mut step = 0;
    while step < 5 {
        t = (t * t + (1 << 14)) >> 15;
        step += 1;
    }
    t as i16
}
