//! The lanes on x86 with AVX2: sixteen at once.

#![expect(unsafe_code, reason = "the processor's own instructions")]

use std::arch::x86_64::*;

use super::{Kernel, Lanes};

/// Exists only where there is AVX2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// Asks the processor.
    pub(crate) fn find() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// Does `kernel`, compiled for AVX2.
    pub(crate) fn run(self, kernel: impl Kernel) {
        #[target_feature(enable = "avx2")]
        fn run(lanes: Avx2, kernel: impl Kernel) {
            kernel.run(lanes);
        }
        // SAFETY: `self` exists, so there is AVX2.
        unsafe { run(self, kernel) }
    }
}

/// Asks for all of `from`, whatever else the processor has.
#[inline(always)]
pub(super) fn prefetch<const WRITE: bool>(from: &[u8]) {
    for line in from.chunks(64) {
        let line = line.as_ptr().cast();
        // SAFETY: a hint, which reads nothing.
        unsafe {
            if WRITE {
                _mm_prefetch::<_MM_HINT_ET0>(line)
            } else {
                _mm_prefetch::<_MM_HINT_T0>(line)
            }
        }
    }
}

/// Instructions whose operands are values.
macro_rules! instructions {
    ($($name:ident($($operand:ident: $type:ty),*) -> $result:ty = $instruction:expr;)*) => {
        $(
            #[inline(always)]
            fn $name(self $(, $operand: $type)*) -> $result {
                // SAFETY: `self` exists, so there is AVX2.
                unsafe { $instruction }
            }
        )*
    };
}

impl Lanes for Avx2 {
    type V = __m256i;
    const N: usize = 16;
    type B = __m256i;

    instructions! {
        splat(value: i16) -> __m256i = _mm256_set1_epi16(value);
        splat_byte(value: u8) -> __m256i = _mm256_set1_epi8(value as i8);
        add(a: __m256i, b: __m256i) -> __m256i = _mm256_add_epi16(a, b);
        sub(a: __m256i, b: __m256i) -> __m256i = _mm256_sub_epi16(a, b);
        add_clamped(a: __m256i, b: __m256i) -> __m256i = _mm256_adds_epi16(a, b);
        mul(a: __m256i, b: __m256i) -> __m256i = _mm256_mulhrs_epi16(a, b);
        max(a: __m256i, b: __m256i) -> __m256i = _mm256_max_epi16(a, b);
        abs(a: __m256i) -> __m256i = _mm256_abs_epi16(a);
        with_sign(a: __m256i, sign: __m256i) -> __m256i = _mm256_sign_epi16(a, sign);
        mean(a: __m256i, b: __m256i) -> __m256i = _mm256_avg_epu8(a, b);
        sub_bytes(a: __m256i, b: __m256i) -> __m256i = _mm256_subs_epu8(a, b);
        within(a: __m256i, bounds: [u8; 2]) -> __m256i = _mm256_min_epu8(
            _mm256_max_epu8(a, _mm256_set1_epi8(bounds[0] as i8)),
            _mm256_set1_epi8(bounds[1] as i8),
        );
        narrow(lanes: [__m256i; 2]) -> __m256i = _mm256_packus_epi16(lanes[0], lanes[1]);
    }

    #[inline(always)]
    fn shift_left<const BY: i32>(self, a: __m256i) -> __m256i {
        // SAFETY: `self` exists, so there is AVX2.
        unsafe { _mm256_slli_epi16::<BY>(a) }
    }

    #[inline(always)]
    fn shift_right<const BY: i32>(self, a: __m256i) -> __m256i {
        // SAFETY: `self` exists, so there is AVX2.
        unsafe { _mm256_srli_epi16::<BY>(a) }
    }

    #[inline(always)]
    fn where_less(self, [a, b]: [__m256i; 2], then: __m256i, otherwise: __m256i) -> __m256i {
        // SAFETY: `self` exists, so there is AVX2.
        unsafe { _mm256_blendv_epi8(otherwise, then, _mm256_cmpgt_epi16(b, a)) }
    }

    #[inline(always)]
    fn prefetch<const WRITE: bool>(self, from: &[u8]) {
        prefetch::<WRITE>(from);
    }

    #[inline(always)]
    fn load(self, from: &[i16]) -> __m256i {
        let from = &from[..16];
        // SAFETY: `self` exists, so there is AVX2; `from` has 32 bytes.
        unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store_bytes(self, lanes: __m256i, to: &mut [u8]) {
        let to = &mut to[..16];
        // SAFETY: `self` exists, so there is AVX2; `to` has 16 bytes.
        unsafe {
            let (low, high) = (_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes));
            _mm_storeu_si128(to.as_mut_ptr().cast(), _mm_packus_epi16(low, high));
        }
    }

    #[inline(always)]
    fn load_pairs(self, from: &[u8]) -> __m256i {
        let from = &from[..32];
        // SAFETY: `self` exists, so there is AVX2; `from` has 32 bytes.
        unsafe {
            let bytes = _mm256_loadu_si256(from.as_ptr().cast());
            _mm256_maddubs_epi16(bytes, _mm256_set1_epi8(1))
        }
    }

    #[inline(always)]
    fn places(self, index: __m256i) -> __m256i {
        // Both bytes of an entry: 2 i and 2 i + 1.
        // SAFETY: `self` exists, so there is AVX2.
        unsafe {
            let twice = _mm256_mullo_epi16(index, _mm256_set1_epi16(0x0202));
            _mm256_add_epi16(twice, _mm256_set1_epi16(0x0100))
        }
    }

    #[inline(always)]
    fn look_up(self, table: &[i16; 8], places: __m256i) -> __m256i {
        // SAFETY: `self` exists, so there is AVX2; `table` has 16 bytes.
        unsafe {
            let table = _mm_loadu_si128(table.as_ptr().cast());
            _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), places)
        }
    }

    #[inline(always)]
    fn load_all(self, from: &[u8]) -> __m256i {
        let from = &from[..32];
        // SAFETY: `self` exists, so there is AVX2; `from` has 32 bytes.
        unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store_all(self, bytes: __m256i, to: &mut [u8]) {
        let to = &mut to[..32];
        // SAFETY: `self` exists, so there is AVX2; `to` has 32 bytes.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), bytes) }
    }

    #[inline(always)]
    fn load_pixels(self, from: &[u8]) -> [__m256i; 4] {
        let from = &from[..128];
        // SAFETY: `self` exists, so there is AVX2; `from` has 128 bytes, and each load 16 of them.
        unsafe {
            let from: *const __m128i = from.as_ptr().cast();
            // In each half red, green, blue and alpha of four pixels; then of eight; then of sixteen.
            let apart = _mm256_broadcastsi128_si256(_mm_setr_epi8(
                0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15,
            ));
            let a = _mm256_shuffle_epi8(_mm256_loadu2_m128i(from.add(4), from), apart);
            let b = _mm256_shuffle_epi8(_mm256_loadu2_m128i(from.add(5), from.add(1)), apart);
            let c = _mm256_shuffle_epi8(_mm256_loadu2_m128i(from.add(6), from.add(2)), apart);
            let d = _mm256_shuffle_epi8(_mm256_loadu2_m128i(from.add(7), from.add(3)), apart);
            let red_green = [_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d)];
            let blue_alpha = [_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d)];
            [
                _mm256_unpacklo_epi64(red_green[0], red_green[1]),
                _mm256_unpackhi_epi64(red_green[0], red_green[1]),
                _mm256_unpacklo_epi64(blue_alpha[0], blue_alpha[1]),
                _mm256_unpackhi_epi64(blue_alpha[0], blue_alpha[1]),
            ]
        }
    }

    #[inline(always)]
    fn load_green(self, from: &[u8]) -> __m256i {
        self.load_pixels(from)[1]
    }

    #[inline(always)]
    fn like_pixels(self, lanes: [__m256i; 2]) -> [__m256i; 2] {
        lanes
    }

    #[inline(always)]
    fn store_pixels(self, [red, green, blue, alpha]: [__m256i; 4], to: &mut [u8]) {
        let to = &mut to[..128];
        // SAFETY: `self` exists, so there is AVX2; `to` has 128 bytes, and each store 16 of them.
        unsafe {
            let left = [_mm256_unpacklo_epi8(red, green), _mm256_unpackhi_epi8(red, green)];
            let right = [_mm256_unpacklo_epi8(blue, alpha), _mm256_unpackhi_epi8(blue, alpha)];
            let to: *mut __m128i = to.as_mut_ptr().cast();
            let first = _mm256_unpacklo_epi16(left[0], right[0]);
            _mm256_storeu2_m128i(to.add(4), to, first);
            let second = _mm256_unpackhi_epi16(left[0], right[0]);
            _mm256_storeu2_m128i(to.add(5), to.add(1), second);
            let third = _mm256_unpacklo_epi16(left[1], right[1]);
            _mm256_storeu2_m128i(to.add(6), to.add(2), third);
            let fourth = _mm256_unpackhi_epi16(left[1], right[1]);
            _mm256_storeu2_m128i(to.add(7), to.add(3), fourth);
        }
    }

    // The first vector has the first eight bytes of each half.
    #[inline(always)]
    fn widen(self, bytes: __m256i) -> [__m256i; 2] {
        // SAFETY: `self` exists, so there is AVX2.
        unsafe {
            let zero = _mm256_setzero_si256();
            [_mm256_unpacklo_epi8(bytes, zero), _mm256_unpackhi_epi8(bytes, zero)]
        }
    }

    #[inline(always)]
    fn widen_q15(self, bytes: __m256i) -> [__m256i; 2] {
        // SAFETY: `self` exists, so there is AVX2.
        unsafe {
            [
                _mm256_srli_epi16::<1>(_mm256_unpacklo_epi8(bytes, bytes)),
                _mm256_srli_epi16::<1>(_mm256_unpackhi_epi8(bytes, bytes)),
            ]
        }
    }

    #[inline(always)]
    fn weigh(self, [a, b]: [__m256i; 2], weights: [i8; 2]) -> [__m256i; 2] {
        // SAFETY: `self` exists, so there is AVX2.
        unsafe {
            let weights = _mm256_set1_epi16(i16::from_le_bytes(weights.map(|weight| weight as u8)));
            [
                _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), weights),
                _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), weights),
            ]
        }
    }

    #[inline(always)]
    fn twice(self, lanes: __m256i) -> [__m256i; 2] {
        // SAFETY: `self` exists, so there is AVX2.
        unsafe { [_mm256_unpacklo_epi16(lanes, lanes), _mm256_unpackhi_epi16(lanes, lanes)] }
    }

    #[inline(always)]
    fn store_both(self, [a, b]: [__m256i; 2], to: &mut [i16]) {
        let to = &mut to[..32];
        // SAFETY: `self` exists, so there is AVX2; `to` has 64 bytes, and each store 32 of them.
        unsafe {
            let to: *mut __m256i = to.as_mut_ptr().cast();
            _mm256_storeu_si256(to, _mm256_permute2x128_si256::<0x20>(a, b));
            _mm256_storeu_si256(to.add(1), _mm256_permute2x128_si256::<0x31>(a, b));
        }
    }
}
