//! The lanes on x86 with AVX-512: thirty-two at once, and twice as many registers for them.

#![expect(unsafe_code, reason = "the processor's own instructions")]

use std::arch::x86_64::*;

use super::avx2::prefetch;
use super::{Kernel, Lanes};

/// Exists only where there is AVX-512 with instructions for bytes and words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// Asks the processor. The first ones that had it ran slower as a whole for a while when it was
    /// used; those with `vbmi2` do not.
    pub(crate) fn find() -> Option<Self> {
        let is_here = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi2");
        is_here.then_some(Self(()))
    }

    /// Does `kernel`, compiled for AVX-512.
    pub(crate) fn run(self, kernel: impl Kernel) {
        #[target_feature(enable = "avx2,avx512f,avx512bw")]
        fn run(lanes: Avx512, kernel: impl Kernel) {
            kernel.run(lanes);
        }
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe { run(self, kernel) }
    }
}

/// Instructions whose operands are values.
macro_rules! instructions {
    ($($name:ident($($operand:ident: $type:ty),*) -> $result:ty = $instruction:expr;)*) => {
        $(
            #[inline(always)]
            fn $name(self $(, $operand: $type)*) -> $result {
                // SAFETY: `self` exists, so there is AVX-512.
                unsafe { $instruction }
            }
        )*
    };
}

/// The place of each pixel's difference in two vectors, for the order of pixels apart.
const LIKE_PIXELS: [[i16; 32]; 2] = [
    [
        0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15, 32, 33, 34, 35, 40, 41, 42, 43, 36,
        37, 38, 39, 44, 45, 46, 47,
    ],
    [
        16, 17, 18, 19, 24, 25, 26, 27, 20, 21, 22, 23, 28, 29, 30, 31, 48, 49, 50, 51, 56, 57, 58,
        59, 52, 53, 54, 55, 60, 61, 62, 63,
    ],
];

impl Lanes for Avx512 {
    type V = __m512i;
    const N: usize = 32;
    type B = __m512i;

    instructions! {
        splat(value: i16) -> __m512i = _mm512_set1_epi16(value);
        splat_byte(value: u8) -> __m512i = _mm512_set1_epi8(value as i8);
        add(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi16(a, b);
        sub(a: __m512i, b: __m512i) -> __m512i = _mm512_sub_epi16(a, b);
        add_clamped(a: __m512i, b: __m512i) -> __m512i = _mm512_adds_epi16(a, b);
        mul(a: __m512i, b: __m512i) -> __m512i = _mm512_mulhrs_epi16(a, b);
        max(a: __m512i, b: __m512i) -> __m512i = _mm512_max_epi16(a, b);
        abs(a: __m512i) -> __m512i = _mm512_abs_epi16(a);
        with_sign(a: __m512i, sign: __m512i) -> __m512i =
            _mm512_mask_sub_epi16(a, _mm512_movepi16_mask(sign), _mm512_setzero_si512(), a);
        mean(a: __m512i, b: __m512i) -> __m512i = _mm512_avg_epu8(a, b);
        sub_bytes(a: __m512i, b: __m512i) -> __m512i = _mm512_subs_epu8(a, b);
        within(a: __m512i, bounds: [u8; 2]) -> __m512i = _mm512_min_epu8(
            _mm512_max_epu8(a, _mm512_set1_epi8(bounds[0] as i8)),
            _mm512_set1_epi8(bounds[1] as i8),
        );
        narrow(lanes: [__m512i; 2]) -> __m512i = _mm512_packus_epi16(lanes[0], lanes[1]);
    }

    #[inline(always)]
    fn shift_left<const BY: i32>(self, a: __m512i) -> __m512i {
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe { _mm512_sll_epi16(a, _mm_cvtsi32_si128(BY)) }
    }

    #[inline(always)]
    fn shift_right<const BY: i32>(self, a: __m512i) -> __m512i {
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe { _mm512_srl_epi16(a, _mm_cvtsi32_si128(BY)) }
    }

    #[inline(always)]
    fn where_less(self, [a, b]: [__m512i; 2], then: __m512i, otherwise: __m512i) -> __m512i {
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe { _mm512_mask_blend_epi16(_mm512_cmplt_epi16_mask(a, b), otherwise, then) }
    }

    #[inline(always)]
    fn places(self, index: __m512i) -> __m512i {
        index
    }

    #[inline(always)]
    fn prefetch<const WRITE: bool>(self, from: &[u8]) {
        prefetch::<WRITE>(from);
    }

    #[inline(always)]
    fn load(self, from: &[i16]) -> __m512i {
        let from = &from[..32];
        // SAFETY: `self` exists, so there is AVX-512; `from` has 64 bytes.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store_bytes(self, lanes: __m512i, to: &mut [u8]) {
        let to = &mut to[..32];
        // SAFETY: `self` exists, so there is AVX-512; `to` has 32 bytes.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm512_cvtepi16_epi8(lanes)) }
    }

    #[inline(always)]
    fn load_pairs(self, from: &[u8]) -> __m512i {
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe { _mm512_maddubs_epi16(self.load_all(from), _mm512_set1_epi8(1)) }
    }

    #[inline(always)]
    fn look_up(self, table: &[i16; 8], places: __m512i) -> __m512i {
        // SAFETY: `self` exists, so there is AVX-512; `table` has 16 bytes.
        unsafe {
            let table = _mm512_broadcast_i32x4(_mm_loadu_si128(table.as_ptr().cast()));
            _mm512_permutexvar_epi16(places, table)
        }
    }

    #[inline(always)]
    fn load_all(self, from: &[u8]) -> __m512i {
        let from = &from[..64];
        // SAFETY: `self` exists, so there is AVX-512; `from` has 64 bytes.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store_all(self, bytes: __m512i, to: &mut [u8]) {
        let to = &mut to[..64];
        // SAFETY: `self` exists, so there is AVX-512; `to` has 64 bytes.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), bytes) }
    }

    // A quarter of a vector has pixels of all four that were loaded, four of each.
    #[inline(always)]
    fn load_pixels(self, from: &[u8]) -> [__m512i; 4] {
        let [a, b, c, d] = apart(self, from);
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe {
            let red_green = [_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d)];
            let blue_alpha = [_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d)];
            [
                _mm512_unpacklo_epi64(red_green[0], red_green[1]),
                _mm512_unpackhi_epi64(red_green[0], red_green[1]),
                _mm512_unpacklo_epi64(blue_alpha[0], blue_alpha[1]),
                _mm512_unpackhi_epi64(blue_alpha[0], blue_alpha[1]),
            ]
        }
    }

    #[inline(always)]
    fn like_pixels(self, [a, b]: [__m512i; 2]) -> [__m512i; 2] {
        // SAFETY: `self` exists, so there is AVX-512; a row of the table has 64 bytes.
        unsafe {
            let [first, second] = [&LIKE_PIXELS[0], &LIKE_PIXELS[1]]
                .map(|row| _mm512_loadu_si512(row.as_ptr().cast()));
            [_mm512_permutex2var_epi16(a, first, b), _mm512_permutex2var_epi16(a, second, b)]
        }
    }

    #[inline(always)]
    fn load_green(self, from: &[u8]) -> __m512i {
        let [a, b, c, d] = apart(self, from);
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe {
            let green =
                _mm512_unpackhi_epi64(_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
            let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            _mm512_permutexvar_epi32(order, green)
        }
    }

    #[inline(always)]
    fn store_pixels(self, [red, green, blue, alpha]: [__m512i; 4], to: &mut [u8]) {
        let to = &mut to[..256];
        // SAFETY: `self` exists, so there is AVX-512; `to` has 256 bytes, and each store 64 of them.
        unsafe {
            let left = [_mm512_unpacklo_epi8(red, green), _mm512_unpackhi_epi8(red, green)];
            let right = [_mm512_unpacklo_epi8(blue, alpha), _mm512_unpackhi_epi8(blue, alpha)];
            let to: *mut __m512i = to.as_mut_ptr().cast();
            _mm512_storeu_si512(to, _mm512_unpacklo_epi16(left[0], right[0]));
            _mm512_storeu_si512(to.add(1), _mm512_unpackhi_epi16(left[0], right[0]));
            _mm512_storeu_si512(to.add(2), _mm512_unpacklo_epi16(left[1], right[1]));
            _mm512_storeu_si512(to.add(3), _mm512_unpackhi_epi16(left[1], right[1]));
        }
    }

    // The first vector has the first eight bytes of each quarter.
    #[inline(always)]
    fn widen(self, bytes: __m512i) -> [__m512i; 2] {
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe {
            let zero = _mm512_setzero_si512();
            [_mm512_unpacklo_epi8(bytes, zero), _mm512_unpackhi_epi8(bytes, zero)]
        }
    }

    #[inline(always)]
    fn widen_q15(self, bytes: __m512i) -> [__m512i; 2] {
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe {
            [
                _mm512_srli_epi16::<1>(_mm512_unpacklo_epi8(bytes, bytes)),
                _mm512_srli_epi16::<1>(_mm512_unpackhi_epi8(bytes, bytes)),
            ]
        }
    }

    #[inline(always)]
    fn weigh(self, [a, b]: [__m512i; 2], weights: [i8; 2]) -> [__m512i; 2] {
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe {
            let weights = _mm512_set1_epi16(i16::from_le_bytes(weights.map(|weight| weight as u8)));
            [
                _mm512_maddubs_epi16(_mm512_unpacklo_epi8(a, b), weights),
                _mm512_maddubs_epi16(_mm512_unpackhi_epi8(a, b), weights),
            ]
        }
    }

    #[inline(always)]
    fn twice(self, lanes: __m512i) -> [__m512i; 2] {
        // SAFETY: `self` exists, so there is AVX-512.
        unsafe { [_mm512_unpacklo_epi16(lanes, lanes), _mm512_unpackhi_epi16(lanes, lanes)] }
    }

    #[inline(always)]
    fn store_both(self, [a, b]: [__m512i; 2], to: &mut [i16]) {
        let to = &mut to[..64];
        // SAFETY: `self` exists, so there is AVX-512; `to` has 128 bytes, and each store 64 of them.
        unsafe {
            let to: *mut __m512i = to.as_mut_ptr().cast();
            let order = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
            _mm512_storeu_si512(to, _mm512_permutex2var_epi64(a, order, b));
            let order = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
            _mm512_storeu_si512(to.add(1), _mm512_permutex2var_epi64(a, order, b));
        }
    }
}

/// Sixty-four pixels; in each quarter of a vector red, green, blue and alpha of four.
#[inline(always)]
fn apart(lanes: Avx512, from: &[u8]) -> [__m512i; 4] {
    let from = &from[..256];
    let (a, b) = (lanes.load_all(from), lanes.load_all(&from[64..]));
    let (c, d) = (lanes.load_all(&from[128..]), lanes.load_all(&from[192..]));
    // SAFETY: `lanes` exists, so there is AVX-512.
    unsafe {
        let order = _mm512_broadcast_i32x4(_mm_setr_epi8(
            0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15,
        ));
        [
            _mm512_shuffle_epi8(a, order),
            _mm512_shuffle_epi8(b, order),
            _mm512_shuffle_epi8(c, order),
            _mm512_shuffle_epi8(d, order),
        ]
    }
}
