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
    type B = uint8x16_t;

    instructions! {
        splat(value: i16) -> int16x8_t = vdupq_n_s16(value);
        splat_byte(value: u8) -> uint8x16_t = vdupq_n_u8(value);
        add(a: int16x8_t, b: int16x8_t) -> int16x8_t = vaddq_s16(a, b);
        sub(a: int16x8_t, b: int16x8_t) -> int16x8_t = vsubq_s16(a, b);
        add_clamped(a: int16x8_t, b: int16x8_t) -> int16x8_t = vqaddq_s16(a, b);
        mul(a: int16x8_t, b: int16x8_t) -> int16x8_t = vqrdmulhq_s16(a, b);
        max(a: int16x8_t, b: int16x8_t) -> int16x8_t = vmaxq_s16(a, b);
        abs(a: int16x8_t) -> int16x8_t = vabsq_s16(a);
        mean(a: uint8x16_t, b: uint8x16_t) -> uint8x16_t = vrhaddq_u8(a, b);
        sub_bytes(a: uint8x16_t, b: uint8x16_t) -> uint8x16_t = vqsubq_u8(a, b);
        within(a: uint8x16_t, bounds: [u8; 2]) -> uint8x16_t =
            vminq_u8(vmaxq_u8(a, vdupq_n_u8(bounds[0])), vdupq_n_u8(bounds[1]));
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
    fn with_sign(self, a: int16x8_t, sign: int16x8_t) -> int16x8_t {
        // SAFETY: `self` exists, so there is NEON.
        unsafe {
            // All ones, which is −1, where the sign is negative.
            let negative = vshrq_n_s16::<15>(sign);
            vsubq_s16(veorq_s16(a, negative), negative)
        }
    }

    #[inline(always)]
    fn places(self, index: int16x8_t) -> int16x8_t {
        // Both bytes of an entry: 2 i and 2 i + 1.
        // SAFETY: `self` exists, so there is NEON.
        unsafe { vmlaq_n_s16(vdupq_n_s16(0x0100), index, 0x0202) }
    }

    #[inline(always)]
    fn look_up(self, table: &[i16; 8], places: int16x8_t) -> int16x8_t {
        // SAFETY: `self` exists, so there is NEON; `table` has 16 bytes.
        unsafe {
            let table = vreinterpretq_u8_s16(vld1q_s16(table.as_ptr()));
            vreinterpretq_s16_u8(vqtbl1q_u8(table, vreinterpretq_u8_s16(places)))
        }
    }

    #[inline(always)]
    fn load_all(self, from: &[u8]) -> uint8x16_t {
        let from = &from[..16];
        // SAFETY: `self` exists, so there is NEON; `from` has 16 bytes.
        unsafe { vld1q_u8(from.as_ptr()) }
    }

    #[inline(always)]
    fn store_all(self, bytes: uint8x16_t, to: &mut [u8]) {
        let to = &mut to[..16];
        // SAFETY: `self` exists, so there is NEON; `to` has 16 bytes.
        unsafe { vst1q_u8(to.as_mut_ptr(), bytes) }
    }

    #[inline(always)]
    fn load_pixels(self, from: &[u8]) -> [uint8x16_t; 4] {
        let from = &from[..64];
        // SAFETY: `self` exists, so there is NEON; `from` has 64 bytes.
        unsafe {
            let uint8x16x4_t(red, green, blue, alpha) = vld4q_u8(from.as_ptr());
            [red, green, blue, alpha]
        }
    }

    #[inline(always)]
    fn load_green(self, from: &[u8]) -> uint8x16_t {
        self.load_pixels(from)[1]
    }

    #[inline(always)]
    fn like_pixels(self, lanes: [int16x8_t; 2]) -> [int16x8_t; 2] {
        lanes
    }

    #[inline(always)]
    fn store_pixels(self, [red, green, blue, alpha]: [uint8x16_t; 4], to: &mut [u8]) {
        let to = &mut to[..64];
        // SAFETY: `self` exists, so there is NEON; `to` has 64 bytes.
        unsafe { vst4q_u8(to.as_mut_ptr(), uint8x16x4_t(red, green, blue, alpha)) }
    }

    #[inline(always)]
    fn widen(self, bytes: uint8x16_t) -> [int16x8_t; 2] {
        // SAFETY: `self` exists, so there is NEON.
        unsafe {
            [
                vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes))),
                vreinterpretq_s16_u16(vmovl_high_u8(bytes)),
            ]
        }
    }

    #[inline(always)]
    fn widen_q15(self, bytes: uint8x16_t) -> [int16x8_t; 2] {
        // SAFETY: `self` exists, so there is NEON.
        unsafe {
            let (low, high) = (vzip1q_u8(bytes, bytes), vzip2q_u8(bytes, bytes));
            let half = |twice| vreinterpretq_s16_u16(vshrq_n_u16::<1>(vreinterpretq_u16_u8(twice)));
            [half(low), half(high)]
        }
    }

    #[inline(always)]
    fn weigh(self, [a, b]: [uint8x16_t; 2], weights: [i8; 2]) -> [int16x8_t; 2] {
        let ([a, b], [of_a, of_b]) = ([self.widen(a), self.widen(b)], weights.map(i16::from));
        // SAFETY: `self` exists, so there is NEON.
        unsafe {
            [
                vmlaq_n_s16(vmulq_n_s16(a[0], of_a), b[0], of_b),
                vmlaq_n_s16(vmulq_n_s16(a[1], of_a), b[1], of_b),
            ]
        }
    }

    #[inline(always)]
    fn narrow(self, [low, high]: [int16x8_t; 2]) -> uint8x16_t {
        // SAFETY: `self` exists, so there is NEON.
        unsafe { vqmovun_high_s16(vqmovun_s16(low), high) }
    }

    #[inline(always)]
    fn twice(self, lanes: int16x8_t) -> [int16x8_t; 2] {
        // SAFETY: `self` exists, so there is NEON.
        unsafe { [vzip1q_s16(lanes, lanes), vzip2q_s16(lanes, lanes)] }
    }

    #[inline(always)]
    fn store_both(self, [low, high]: [int16x8_t; 2], to: &mut [i16]) {
        let to = &mut to[..16];
        // SAFETY: `self` exists, so there is NEON; `to` has 32 bytes, and each store 16 of them.
        unsafe {
            vst1q_s16(to.as_mut_ptr(), low);
            vst1q_s16(to.as_mut_ptr().add(8), high);
        }
    }
}
