//! The lanes in plain Rust: what the others must equal, and what runs where they do not.

use super::Lanes;

/// Runs everywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

const N: usize = 16;
type V = [i16; N];
type B = [u8; 2 * N];

#[inline(always)]
fn zip(a: V, b: V, with: impl Fn(i16, i16) -> i16) -> V {
    std::array::from_fn(|lane| with(a[lane], b[lane]))
}

#[inline(always)]
fn both(lane: impl Fn(usize) -> i16) -> [V; 2] {
    [std::array::from_fn(&lane), std::array::from_fn(|at| lane(N + at))]
}

impl Lanes for Plain {
    type V = V;
    const N: usize = N;
    type B = B;

    #[inline(always)]
    fn splat(self, value: i16) -> V {
        [value; N]
    }

    #[inline(always)]
    fn splat_byte(self, value: u8) -> B {
        [value; 2 * N]
    }

    #[inline(always)]
    fn load(self, from: &[i16]) -> V {
        std::array::from_fn(|lane| from[lane])
    }

    #[inline(always)]
    fn store_bytes(self, lanes: V, to: &mut [u8]) {
        to[..N].iter_mut().zip(lanes).for_each(|(to, lane)| *to = lane as u8);
    }

    #[inline(always)]
    fn load_pairs(self, from: &[u8]) -> V {
        std::array::from_fn(|lane| i16::from(from[lane * 2]) + i16::from(from[lane * 2 + 1]))
    }

    #[inline(always)]
    fn add(self, a: V, b: V) -> V {
        zip(a, b, i16::wrapping_add)
    }

    #[inline(always)]
    fn sub(self, a: V, b: V) -> V {
        zip(a, b, i16::wrapping_sub)
    }

    #[inline(always)]
    fn add_clamped(self, a: V, b: V) -> V {
        zip(a, b, i16::saturating_add)
    }

    #[inline(always)]
    fn mul(self, a: V, b: V) -> V {
        zip(a, b, |a, b| ((((i32::from(a) * i32::from(b)) >> 14) + 1) >> 1) as i16)
    }

    #[inline(always)]
    fn max(self, a: V, b: V) -> V {
        zip(a, b, i16::max)
    }

    #[inline(always)]
    fn abs(self, a: V) -> V {
        a.map(i16::wrapping_abs)
    }

    #[inline(always)]
    fn shift_left<const BY: i32>(self, a: V) -> V {
        a.map(|lane| lane << BY)
    }

    #[inline(always)]
    fn shift_right<const BY: i32>(self, a: V) -> V {
        a.map(|lane| lane >> BY)
    }

    #[inline(always)]
    fn where_less(self, [a, b]: [V; 2], then: V, otherwise: V) -> V {
        std::array::from_fn(|lane| if a[lane] < b[lane] { then[lane] } else { otherwise[lane] })
    }

    #[inline(always)]
    fn with_sign(self, a: V, sign: V) -> V {
        zip(a, sign, |a, sign| if sign < 0 { a.wrapping_neg() } else { a })
    }

    #[inline(always)]
    fn places(self, index: V) -> V {
        index
    }

    #[inline(always)]
    fn look_up(self, table: &[i16; 8], places: V) -> V {
        places.map(|lane| table[usize::from(lane as u16 & 7)])
    }

    #[inline(always)]
    fn load_all(self, from: &[u8]) -> B {
        std::array::from_fn(|lane| from[lane])
    }

    #[inline(always)]
    fn store_all(self, bytes: B, to: &mut [u8]) {
        to[..2 * N].copy_from_slice(&bytes);
    }

    #[inline(always)]
    fn mean(self, a: B, b: B) -> B {
        std::array::from_fn(|lane| (u16::from(a[lane]) + u16::from(b[lane])).div_ceil(2) as u8)
    }

    #[inline(always)]
    fn sub_bytes(self, a: B, b: B) -> B {
        std::array::from_fn(|lane| a[lane].saturating_sub(b[lane]))
    }

    #[inline(always)]
    fn within(self, a: B, [least, most]: [u8; 2]) -> B {
        a.map(|byte| byte.clamp(least, most))
    }

    #[inline(always)]
    fn load_pixels(self, from: &[u8]) -> [B; 4] {
        std::array::from_fn(|channel| std::array::from_fn(|lane| from[lane * 4 + channel]))
    }

    #[inline(always)]
    fn load_green(self, from: &[u8]) -> B {
        std::array::from_fn(|lane| from[lane * 4 + 1])
    }

    #[inline(always)]
    fn like_pixels(self, lanes: [V; 2]) -> [V; 2] {
        lanes
    }

    #[inline(always)]
    fn store_pixels(self, channels: [B; 4], to: &mut [u8]) {
        for (lane, pixel) in to[..N * 8].as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *pixel = channels.map(|channel| channel[lane]);
        }
    }

    #[inline(always)]
    fn widen(self, bytes: B) -> [V; 2] {
        both(|lane| bytes[lane].into())
    }

    #[inline(always)]
    fn widen_q15(self, bytes: B) -> [V; 2] {
        both(|lane| ((u16::from(bytes[lane]) * 257) >> 1) as i16)
    }

    #[inline(always)]
    fn weigh(self, [a, b]: [B; 2], weights: [i8; 2]) -> [V; 2] {
        let [of_a, of_b] = weights.map(i16::from);
        both(|lane| i16::from(a[lane]) * of_a + i16::from(b[lane]) * of_b)
    }

    #[inline(always)]
    fn twice(self, lanes: V) -> [V; 2] {
        both(|lane| lanes[lane / 2])
    }

    #[inline(always)]
    fn narrow(self, lanes: [V; 2]) -> B {
        std::array::from_fn(|lane| lanes[lane / N][lane % N].clamp(0, 255) as u8)
    }

    #[inline(always)]
    fn store_both(self, lanes: [V; 2], to: &mut [i16]) {
        to[..2 * N].copy_from_slice(lanes.as_flattened());
    }
}
