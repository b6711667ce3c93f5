//! The filter straight on I420, without a way through RGB.
//!
//! What surrounds a pixel is taken from means of two by two of them, since each neighbour is an
//! even number of pixels away. A colour is a gray and a distance from it: the formulas of the gray
//! are a curve of luma, and what the distance adds are its first and second derivatives, per chroma
//! sample. The exact filter is in `exact`.

use super::Beauty;
use super::blur::{Around, MOST_BYTES, Surroundings, contrast};
use super::curve::{Curve, Formula, Place, q15};
use super::exact::SATURATION;
use crate::frame::{I420, I420Frame};
use crate::simd::{Kernel, Lanes};

/// The filter for one setting of the levels.
#[derive(Clone, Debug)]
pub(super) struct Fast {
    /// A gray's luma, 1/64 of a step.
    luma: Curve,
    /// What all of the contrast adds to it, 1/64 of a step.
    detail: Curve,
    /// Half a gray's value, Q15.
    gray: Curve,
    /// A quarter of the slope there, Q15.
    slope: Curve,
    /// 7/32 of the slope's slope, Q15.
    bend: Curve,
    /// What a gray that is one gets of Cb and Cr, 1/8 of a step.
    tint: [i16; 2],
    /// Half of what Y', Cb and Cr get of Cb and Cr, Q15.
    colour: [[i16; 2]; 3],
    /// Half of what they get of the squared distances of red, green and blue, Q15.
    square: [[i16; 3]; 3],
}

/// R'G'B' → Y', Cb, Cr of BT.709, each from its whole range.
const TO_YUV: [[f64; 3]; 3] =
    [[KR, KG, KB], [-KR / CB, -KG / CB, (1.0 - KB) / CB], [(1.0 - KR) / CR, -KG / CR, -KB / CR]];
const KR: f64 = 0.2126;
const KG: f64 = 0.7152;
const KB: f64 = 0.0722;
const CB: f64 = 2.0 * (1.0 - KB);
const CR: f64 = 2.0 * (1.0 - KR);
/// What red, green and blue have of Cb and Cr.
const TO_RGB: [[f64; 2]; 3] = [[0.0, CR], [-KB * CB / KG, -KR * CR / KG], [CB, 0.0]];
/// Steps of luma and of chroma, limited range.
const LUMA: f64 = 219.0;
const CHROMA: f64 = 224.0;

impl Fast {
    pub(super) fn new(settings: &Beauty) -> Self {
        let formula = Formula::new(settings);
        let value = |c: f64, high: f64, strength: f64| formula.channel(c, high, strength);
        // Of a curve's place: luma above black in 256ths, which may lie a little beyond white.
        let gray = |place: f64| place * 256.0 / LUMA;
        let strength = |c: f64| c.powf(formula.p1);
        let own = |c: f64| value(c, 0.5, strength(c));
        // Neighbours on both sides, and their values where the filter is as strong as here.
        let near = |c: f64, by: f64| {
            let (low, high) = ((c - by).max(0.0), c + by);
            let [at_low, at_high] = [low, high].map(|near| value(near, 0.5, strength(c)));
            [[low, at_low], [high, at_high]]
        };
        let slope = |c: f64| {
            let [[low, at_low], [high, at_high]] = near(c, 1.0 / 16.0);
            (at_high - at_low) / (high - low)
        };
        let bend = |c: f64| {
            let [[low, at_low], [high, at_high]] = near(c, 0.25);
            // At the dark end there is nothing on one side.
            if c - low < 0.125 {
                return 0.0;
            }
            let (right, left) = ((at_high - own(c)) / (high - c), (own(c) - at_low) / (c - low));
            2.0 * (right - left) / (high - low)
        };
        let rows = TO_YUV.map(|row| saturated(row, formula.p3));
        // Luma has fewer steps than chroma.
        let scaled = |row: usize, part: f64| if row == 0 { part * LUMA / CHROMA } else { part };
        let white: f64 = rows[0].iter().sum();
        let step = 64.0 * LUMA;
        Self {
            luma: Curve::new(|y| 64.0 * 16.0 + step * (white * own(gray(y)) + formula.brightness)),
            detail: Curve::new(|y| {
                let c = gray(y);
                step * white * (value(c, 1.0, strength(c)) - value(c, 0.0, strength(c)))
            }),
            gray: Curve::new(|y| 32_768.0 * own(gray(y)) / 2.0),
            slope: Curve::new(|y| 32_768.0 * slope(gray(y)) / 4.0),
            bend: Curve::new(|y| 32_768.0 * bend(gray(y)) * 7.0 / 32.0),
            tint: [1, 2].map(|row| (2.0 * 16.0 * CHROMA * rows[row].iter().sum::<f64>()) as i16),
            colour: std::array::from_fn(|row| {
                [0, 1].map(|of| {
                    let part: f64 = (0..3).map(|rgb| rows[row][rgb] * TO_RGB[rgb][of]).sum();
                    q15(scaled(row, part) / 2.0)
                })
            }),
            square: std::array::from_fn(|row| rows[row].map(|part| q15(scaled(row, part) / 2.0))),
        }
    }

    /// Chroma of `N` samples: Cb and Cr, and what their luma gets besides, 1/16 of a step.
    #[inline(always)]
    fn chroma<L: Lanes>(&self, l: L, luma: L::V, [u, v]: [L::V; 2]) -> [L::V; 3] {
        let at = Place::of(l, l.shift_left::<7>(luma));
        let (gray, slope, bend) = (self.gray.at(l, at), self.slope.at(l, at), self.bend.at(l, at));
        let middle = l.splat(128);
        let u = l.shift_left::<7>(l.sub(u, middle));
        let v = l.shift_left::<7>(l.sub(v, middle));
        // Half the distance of red, green and blue from the gray, and its square.
        let red = l.mul(v, l.splat(HALF_RED));
        let green = l.add(l.mul(u, l.splat(HALF_GREEN[0])), l.mul(v, l.splat(HALF_GREEN[1])));
        let blue = l.add(u, l.mul(u, l.splat(HALF_BLUE_MORE)));
        let squares = [l.mul(red, red), l.mul(green, green), l.mul(blue, blue)];
        let luma = self.beside_gray(l, 0, [u, v], squares, [slope, bend]);
        let cb = self.beside_gray(l, 1, [u, v], squares, [slope, bend]);
        let cr = self.beside_gray(l, 2, [u, v], squares, [slope, bend]);
        let cb = l.add(cb, l.mul(gray, l.splat(self.tint[0])));
        let cr = l.add(cr, l.mul(gray, l.splat(self.tint[1])));
        [rounded::<L, 4>(l, cb, 128), rounded::<L, 4>(l, cr, 128), luma]
    }

    /// What Y' (0), Cb or Cr get of a colour's distance from its gray, 1/16 of a step.
    #[inline(always)]
    fn beside_gray<L: Lanes>(
        &self,
        l: L,
        row: usize,
        [u, v]: [L::V; 2],
        squares: [L::V; 3],
        [slope, bend]: [L::V; 2],
    ) -> L::V {
        let [of_u, of_v] = self.colour[row];
        let line = l.add(l.mul(u, l.splat(of_u)), l.mul(v, l.splat(of_v)));
        let of = &self.square[row];
        let square = l.add(l.mul(squares[0], l.splat(of[0])), l.mul(squares[1], l.splat(of[1])));
        let square = l.add(square, l.mul(squares[2], l.splat(of[2])));
        let bent = l.mul(bend, square);
        l.add(l.mul(slope, line), l.add(bent, bent))
    }

    /// Luma of `N` pixels that lie so far above black, and what their colours give to it.
    #[inline(always)]
    fn luma<L: Lanes>(&self, l: L, y: L::V, difference: L::V, from_colour: L::V) -> L::V {
        let at = Place::of(l, l.shift_left::<7>(y));
        let high = contrast::<L, { LUMA as i16 }>(l, difference);
        let detail = l.mul(self.detail.at(l, at), high);
        let luma = l.add(self.luma.at(l, at), l.add(detail, l.shift_left::<2>(from_colour)));
        rounded::<L, 6>(l, luma, 0)
    }
}

const CHROMA_IN_Q15: f64 = 256.0 / CHROMA / 2.0;
const HALF_RED: i16 = (CR * CHROMA_IN_Q15 * 32_768.0) as i16;
const HALF_GREEN: [i16; 2] = [
    (TO_RGB[1][0] * CHROMA_IN_Q15 * 32_768.0) as i16,
    (TO_RGB[1][1] * CHROMA_IN_Q15 * 32_768.0) as i16,
];
const HALF_BLUE_MORE: i16 = ((CB * CHROMA_IN_Q15 - 1.0) * 32_768.0) as i16;

/// A row of a matrix behind LFLiveKit's saturation, of which `p3` is mixed in.
fn saturated(row: [f64; 3], p3: f64) -> [f64; 3] {
    std::array::from_fn(|column| {
        let full: f64 = (0..3).map(|rgb| row[rgb] * SATURATION[rgb][column]).sum();
        row[column] * (1.0 - p3) + full * p3
    })
}

/// Without its `BITS` bits below one, around `middle`, and not below zero.
#[inline(always)]
fn rounded<L: Lanes, const BITS: i32>(l: L, value: L::V, middle: i16) -> L::V {
    let half = 1 << (BITS - 1);
    let value = l.add(value, l.splat((middle << BITS) + half));
    l.shift_right::<BITS>(l.max(value, l.splat(0)))
}

/// Rows of what one row of chroma gives to two of luma.
#[derive(Debug, Default)]
pub(super) struct Between {
    around: Vec<i16>,
    from_colour: Vec<i16>,
}

/// The filter on a picture: in place, or from `source` when that is another.
pub(super) struct OnI420<'a> {
    pub(super) fast: &'a Fast,
    pub(super) means: &'a mut Surroundings,
    pub(super) between: &'a mut Between,
    pub(super) source: Option<I420<'a>>,
    pub(super) picture: &'a mut I420Frame,
}

impl Kernel for OnI420<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let Self { fast, means, between, source, picture } = self;
        let width = picture.width() as usize;
        let (half, half_height) = (width / 2, picture.height() as usize / 2);
        let [luma, cb, cr] = picture.planes_mut();
        means.set(half, half_height);
        between.around.resize(half + MOST_BYTES, 0);
        between.from_colour.resize(half + MOST_BYTES, 0);
        let mut ready = 0;
        let chroma = cb.chunks_exact_mut(half).zip(cr.chunks_exact_mut(half));
        for (y, (cb, cr)) in chroma.enumerate() {
            // Taken as the picture was, and only just before they are needed.
            while ready < means.reach::<2>(y) {
                let (top, bottom) = luma[ready * width * 2..][..width * 2].split_at_mut(width);
                if let Some(source) = &source {
                    let [luma, _, _] = source.planes();
                    top.copy_from_slice(luma.row(ready * 2, width));
                    bottom.copy_from_slice(luma.row(ready * 2 + 1, width));
                }
                means_row(l, [top, bottom], means.row_mut(ready));
                means.close_row(ready, half);
                ready += 1;
            }
            if let Some(source) = &source {
                let [_, from_cb, from_cr] = source.planes();
                cb.copy_from_slice(from_cb.row(y, half));
                cr.copy_from_slice(from_cr.row(y, half));
            }
            chroma_row(l, fast, &means.around(y), [cb, cr], between);
            let (top, bottom) = luma[y * width * 2..][..width * 2].split_at_mut(width);
            luma_row(l, fast, between, top);
            luma_row(l, fast, between, bottom);
        }
    }
}

/// The mean of two by two pixels.
#[inline(always)]
fn means_row<L: Lanes>(l: L, [top, bottom]: [&[u8]; 2], to: &mut [u8]) {
    let mut left = 0;
    while (left + L::N) * 2 <= top.len() {
        let sum = l.add(l.load_pairs(&top[left * 2..]), l.load_pairs(&bottom[left * 2..]));
        l.store_bytes(l.shift_right::<2>(l.add(sum, l.splat(2))), &mut to[left..]);
        left += L::N;
    }
    let rest = top[left * 2..].as_chunks::<2>().0.iter().zip(bottom[left * 2..].as_chunks::<2>().0);
    for (([a, b], [c, d]), to) in rest.zip(&mut to[left..]) {
        *to = ((u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d) + 2) >> 2) as u8;
    }
}

#[inline(always)]
fn chroma_row<L: Lanes>(
    l: L,
    fast: &Fast,
    around: &Around<'_, 2>,
    [cb, cr]: [&mut [u8]; 2],
    between: &mut Between,
) {
    let mut left = 0;
    while left < cb.len() {
        let rest = (cb.len() - left).min(L::N * 2);
        l.store_both(around.means(l, left).sum(l), &mut between.around[left..]);
        let luma = l.widen(l.sub_bytes(around.own(l, left), l.splat_byte(BLACK)));
        let (u, v) = (l.widen(bytes(l, &cb[left..])), l.widen(bytes(l, &cr[left..])));
        let first = fast.chroma(l, luma[0], [u[0], v[0]]);
        let second = fast.chroma(l, luma[1], [u[1], v[1]]);
        l.store_both([first[2], second[2]], &mut between.from_colour[left..]);
        let [u, v] = [l.narrow([first[0], second[0]]), l.narrow([first[1], second[1]])];
        put(l, l.within(u, [16, 240]), &mut cb[left..][..rest]);
        put(l, l.within(v, [16, 240]), &mut cr[left..][..rest]);
        left += L::N * 2;
    }
}

#[inline(always)]
fn luma_row<L: Lanes>(l: L, fast: &Fast, between: &Between, row: &mut [u8]) {
    let mut left = 0;
    while left < row.len() {
        let rest = (row.len() - left).min(L::N * 2);
        let y = bytes(l, &row[left..]);
        // The weight of all that surrounds a pixel.
        let own = l.weigh([y, y], [20, 20]);
        let around = l.twice(l.load(&between.around[left / 2..]));
        let colour = l.twice(l.load(&between.from_colour[left / 2..]));
        let luma = l.widen(l.sub_bytes(y, l.splat_byte(BLACK)));
        let first = fast.luma(l, luma[0], l.sub(own[0], around[0]), colour[0]);
        let second = fast.luma(l, luma[1], l.sub(own[1], around[1]), colour[1]);
        let y = l.within(l.narrow([first, second]), [BLACK, 235]);
        put(l, y, &mut row[left..][..rest]);
        left += L::N * 2;
    }
}

const BLACK: u8 = 16;

/// The first bytes, with zeros behind the row's end.
#[inline(always)]
fn bytes<L: Lanes>(l: L, row: &[u8]) -> L::B {
    if row.len() >= L::N * 2 {
        return l.load_all(row);
    }
    let mut room = [0; MOST_BYTES];
    room[..row.len()].copy_from_slice(row);
    l.load_all(&room)
}

/// As many bytes as there is room for.
#[inline(always)]
fn put<L: Lanes>(l: L, value: L::B, row: &mut [u8]) {
    if row.len() >= L::N * 2 {
        return l.store_all(value, row);
    }
    let mut room = [0; MOST_BYTES];
    l.store_all(value, &mut room);
    row.copy_from_slice(&room[..row.len()]);
}
