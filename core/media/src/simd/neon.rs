//! The lanes on 64-bit ARM, all of which have NEON: eight at once.

#![expect(unsafe_code, reason = "the processor's own instructions")]

use std::arch::aarch64::*;

use super::Lanes;

/// Exists only where there is NEON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neon(());

impl Neon {
    /// Asks the processor.
    pub(crate) fn find() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

/// Instructions whose operands are values.
macro_rules! instructions {
    ($($name:ident($($operand:ident: $type:ty),*) -> $result:ty = $instruction:expr;)*) => {
        $(
            #[inline(always)]
            fn $name(self $(, $operand: $type)*) -> $result {
                // SAFETY: `self` exists, so there is NEON.
                unsafe { $instruction }
            }
        )*
    };
}

impl Lanes for Neon {
    type V = int16x8_t;
    const N: usize = 8;

    instructions! {
        splat(value: i16) -> int16x8_t = vdupq_n_s16(value);
        add(a: int16x8_t, b: int16x8_t) -> int16x8_t = vaddq_s16(a, b);
        sub(a: int16x8_t, b: int16x8_t) -> int16x8_t = vsubq_s16(a, b);
        add_clamped(a: int16x8_t, b: int16x8_t) -> int16x8_t = vqaddq_s16(a, b);
        mul(a: int16x8_t, b: int16x8_t) -> int16x8_t = vqrdmulhq_s16(a, b);
        max(a: int16x8_t, b: int16x8_t) -> int16x8_t = vmaxq_s16(a, b);
        abs(a: int16x8_t) -> int16x8_t = vabsq_s16(a);
        and(a: int16x8_t, b: int16x8_t) -> int16x8_t = vandq_s16(a, b);
    }

    #[inline(always)]
    fn shift_left<const BY: i32>(self, a: int16x8_t) -> int16x8_t {
        // SAFETY: `self` exists, so there is NEON.
        unsafe { vshlq_n_s16::<BY>(a) }
    }

    #[inline(always)]
    fn shift_right<const BY: i32>(self, a: int16x8_t) -> int16x8_t {
        // SAFETY: `self` exists, so there is NEON.
        unsafe { vshrq_n_s16::<BY>(a) }
    }

    #[inline(always)]
    fn where_less(
        self,
        [a, b]: [int16x8_t; 2],
        then: int16x8_t,
        otherwise: int16x8_t,
    ) -> int16x8_t {
        // SAFETY: `self` exists, so there is NEON.
        unsafe { vbslq_s16(vcltq_s16(a, b), then, otherwise) }
    }

    #[inline(always)]
    fn load(self, from: &[i16]) -> int16x8_t {
        let from = &from[..8];
        // SAFETY: `self` exists, so there is NEON; `from` has 16 bytes.
        unsafe { vld1q_s16(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, lanes: int16x8_t, to: &mut [i16]) {
        let to = &mut to[..8];
        // SAFETY: `self` exists, so there is NEON; `to` has 16 bytes.
        unsafe { vst1q_s16(to.as_mut_ptr(), lanes) }
    }

    #[inline(always)]
    fn load_twice(self, from: &[i16]) -> int16x8_t {
        let from = &from[..4];
        // SAFETY: `self` exists, so there is NEON; `from` has 8 bytes.
        unsafe {
            let once = vld1_s16(from.as_ptr());
            vcombine_s16(vzip1_s16(once, once), vzip2_s16(once, once))
        }
    }

    #[inline(always)]
    fn load_bytes(self, from: &[u8]) -> int16x8_t {
        let from = &from[..8];
        // SAFETY: `self` exists, so there is NEON; `from` has 8 bytes.
        unsafe { vreinterpretq_s16_u16(vmovl_u8(vld1_u8(from.as_ptr()))) }
    }

    #[inline(always)]
    fn store_bytes(self, lanes: int16x8_t, to: &mut [u8]) {
        let to = &mut to[..8];
        // SAFETY: `self` exists, so there is NEON; `to` has 8 bytes.
        unsafe { vst1_u8(to.as_mut_ptr(), vqmovun_s16(lanes)) }
    }

    #[inline(always)]
    fn load_pairs(self, from: &[u8]) -> int16x8_t {
        let from = &from[..16];
        // SAFETY: `self` exists, so there is NEON; `from` has 16 bytes.
        unsafe { vreinterpretq_s16_u16(vpaddlq_u8(vld1q_u8(from.as_ptr()))) }
    }

    #[inline(always)]
    fn load_pixels(self, from: &[u8]) -> [int16x8_t; 4] {
        let from = &from[..32];
        // SAFETY: `self` exists, so there is NEON; `from` has 32 bytes.
        unsafe {
            let uint8x8x4_t(red, green, blue, alpha) = vld4_u8(from.as_ptr());
            [
                vreinterpretq_s16_u16(vmovl_u8(red)),
                vreinterpretq_s16_u16(vmovl_u8(green)),
                vreinterpretq_s16_u16(vmovl_u8(blue)),
                vreinterpretq_s16_u16(vmovl_u8(alpha)),
            ]
        }
    }

    #[inline(always)]
    fn store_pixels(self, [red, green, blue, alpha]: [int16x8_t; 4], to: &mut [u8]) {
        let to = &mut to[..32];
        // SAFETY: `self` exists, so there is NEON; `to` has 32 bytes.
        unsafe {
            let (red, green) = (vqmovun_s16(red), vqmovun_s16(green));
            let (blue, alpha) = (vqmovun_s16(blue), vqmovun_s16(alpha));
            vst4_u8(to.as_mut_ptr(), uint8x8x4_t(red, green, blue, alpha));
        }
    }

    #[inline(always)]
    fn look_up(self, table: &[i16; 16], index: int16x8_t) -> int16x8_t {
        // SAFETY: `self` exists, so there is NEON; `table` has 32 bytes.
        unsafe {
            let bytes = vld2q_u8(table.as_ptr().cast());
            let index = vmovn_u16(vreinterpretq_u16_s16(index));
            let low = vmovl_u8(vqtbl1_u8(bytes.0, index));
            let high = vshll_n_u8::<8>(vqtbl1_u8(bytes.1, index));
            vreinterpretq_s16_u16(vorrq_u16(low, high))
        }
    }
}
