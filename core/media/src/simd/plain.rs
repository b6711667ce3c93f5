//! The lanes in plain Rust: what the others must equal, and what runs where they do not.

use super::Lanes;

/// Runs everywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

const N: usize = 16;
type V = [i16; N];

#[inline(always)]
fn zip(a: V, b: V, with: impl Fn(i16, i16) -> i16) -> V {
    std::array::from_fn(|lane| with(a[lane], b[lane]))
}

impl Lanes for Plain {
    type V = V;
    const N: usize = N;

    #[inline(always)]
    fn splat(self, value: i16) -> V {
        [value; N]
    }

    #[inline(always)]
    fn load(self, from: &[i16]) -> V {
        std::array::from_fn(|lane| from[lane])
    }

    #[inline(always)]
    fn store(self, lanes: V, to: &mut [i16]) {
        to[..N].copy_from_slice(&lanes);
    }

    #[inline(always)]
    fn load_twice(self, from: &[i16]) -> V {
        std::array::from_fn(|lane| from[lane / 2])
    }

    #[inline(always)]
    fn load_bytes(self, from: &[u8]) -> V {
        std::array::from_fn(|lane| from[lane].into())
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
    fn load_pixels(self, from: &[u8]) -> [V; 4] {
        std::array::from_fn(|channel| std::array::from_fn(|lane| from[lane * 4 + channel].into()))
    }

    #[inline(always)]
    fn store_pixels(self, channels: [V; 4], to: &mut [u8]) {
        for (lane, pixel) in to[..N * 4].as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *pixel = channels.map(|channel| channel[lane] as u8);
        }
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
    fn and(self, a: V, b: V) -> V {
        zip(a, b, |a, b| a & b)
    }

    #[inline(always)]
    fn where_less(self, [a, b]: [V; 2], then: V, otherwise: V) -> V {
        std::array::from_fn(|lane| if a[lane] < b[lane] { then[lane] } else { otherwise[lane] })
    }

    #[inline(always)]
    fn look_up(self, table: &[i16; 16], index: V) -> V {
        index.map(|lane| table[usize::from(lane as u16 & 15)])
    }
}
