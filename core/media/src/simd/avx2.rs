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

    instructions! {
        splat(value: i16) -> __m256i = _mm256_set1_epi16(value);
        add(a: __m256i, b: __m256i) -> __m256i = _mm256_add_epi16(a, b);
        sub(a: __m256i, b: __m256i) -> __m256i = _mm256_sub_epi16(a, b);
        add_clamped(a: __m256i, b: __m256i) -> __m256i = _mm256_adds_epi16(a, b);
        mul(a: __m256i, b: __m256i) -> __m256i = _mm256_mulhrs_epi16(a, b);
        max(a: __m256i, b: __m256i) -> __m256i = _mm256_max_epi16(a, b);
        abs(a: __m256i) -> __m256i = _mm256_abs_epi16(a);
        and(a: __m256i, b: __m256i) -> __m256i = _mm256_and_si256(a, b);
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
    fn load(self, from: &[i16]) -> __m256i {
        let from = &from[..16];
        // SAFETY: `self` exists, so there is AVX2; `from` has 32 bytes.
        unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, lanes: __m256i, to: &mut [i16]) {
        let to = &mut to[..16];
        // SAFETY: `self` exists, so there is AVX2; `to` has 32 bytes.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), lanes) }
    }

    #[inline(always)]
    fn load_twice(self, from: &[i16]) -> __m256i {
        let from = &from[..8];
        // SAFETY: `self` exists, so there is AVX2; `from` has 16 bytes.
        unsafe {
            let once = _mm256_cvtepu16_epi32(_mm_loadu_si128(from.as_ptr().cast()));
            _mm256_or_si256(once, _mm256_slli_epi32::<16>(once))
        }
    }

    #[inline(always)]
    fn load_bytes(self, from: &[u8]) -> __m256i {
        let from = &from[..16];
        // SAFETY: `self` exists, so there is AVX2; `from` has 16 bytes.
        unsafe { _mm256_cvtepu8_epi16(_mm_loadu_si128(from.as_ptr().cast())) }
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
    fn load_pixels(self, from: &[u8]) -> [__m256i; 4] {
        let from = &from[..64];
        // SAFETY: `self` exists, so there is AVX2; `from` has 64 bytes, and each load 16 of them.
        unsafe {
            let from: *const __m128i = from.as_ptr().cast();
            // Packing keeps the order within each half: pixels 0–3 and 8–11 stand together.
            let first = _mm256_loadu2_m128i(from.add(2), from);
            let second = _mm256_loadu2_m128i(from.add(3), from.add(1));
            let byte = _mm256_set1_epi32(0xff);
            let (red, green, blue) = (
                [_mm256_and_si256(first, byte), _mm256_and_si256(second, byte)],
                [_mm256_srli_epi32::<8>(first), _mm256_srli_epi32::<8>(second)],
                [_mm256_srli_epi32::<16>(first), _mm256_srli_epi32::<16>(second)],
            );
            let green = [_mm256_and_si256(green[0], byte), _mm256_and_si256(green[1], byte)];
            let blue = [_mm256_and_si256(blue[0], byte), _mm256_and_si256(blue[1], byte)];
            let alpha = [_mm256_srli_epi32::<24>(first), _mm256_srli_epi32::<24>(second)];
            [
                _mm256_packus_epi32(red[0], red[1]),
                _mm256_packus_epi32(green[0], green[1]),
                _mm256_packus_epi32(blue[0], blue[1]),
                _mm256_packus_epi32(alpha[0], alpha[1]),
            ]
        }
    }

    #[inline(always)]
    fn store_pixels(self, [red, green, blue, alpha]: [__m256i; 4], to: &mut [u8]) {
        let to = &mut to[..64];
        // SAFETY: `self` exists, so there is AVX2; `to` has 64 bytes, and each store 16 of them.
        unsafe {
            let left = _mm256_or_si256(red, _mm256_slli_epi16::<8>(green));
            let right = _mm256_or_si256(blue, _mm256_slli_epi16::<8>(alpha));
            let first = _mm256_unpacklo_epi16(left, right);
            let second = _mm256_unpackhi_epi16(left, right);
            let to: *mut __m128i = to.as_mut_ptr().cast();
            _mm256_storeu2_m128i(to.add(2), to, first);
            _mm256_storeu2_m128i(to.add(3), to.add(1), second);
        }
    }

    #[inline(always)]
    fn look_up(self, table: &[i16; 16], index: __m256i) -> __m256i {
        // SAFETY: `self` exists, so there is AVX2; `table` has 32 bytes.
        unsafe {
            let table = _mm256_loadu_si256(table.as_ptr().cast());
            let (low, high) =
                (_mm256_and_si256(table, _mm256_set1_epi16(0xff)), _mm256_srli_epi16::<8>(table));
            // Bytes of all sixteen entries, in both halves, in order.
            let bytes = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packus_epi16(low, high));
            let lows = _mm256_permute4x64_epi64::<0b01_00_01_00>(bytes);
            let highs = _mm256_permute4x64_epi64::<0b11_10_11_10>(bytes);
            // An index with its top bit set gives zero.
            let in_low = _mm256_or_si256(index, _mm256_set1_epi16(0x8000_u16 as i16));
            let in_high = _mm256_or_si256(_mm256_slli_epi16::<8>(index), _mm256_set1_epi16(0x80));
            _mm256_or_si256(_mm256_shuffle_epi8(lows, in_low), _mm256_shuffle_epi8(highs, in_high))
        }
    }
}
