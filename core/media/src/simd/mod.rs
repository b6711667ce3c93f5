//! Sixteen-bit lanes with one meaning everywhere: the same kernel runs on AVX-512, AVX2, NEON and
//! plain Rust and gives the same bytes. Numbers are mostly Q15: 32,767 is one.
//!
//! A value of a [`Lanes`] type exists only where the processor has what it needs. What is not safe
//! about that is in `avx512`, `avx2` and `neon`, and nowhere else.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod plain;

pub(crate) use plain::Plain;

/// Work that is compiled for each kind of lanes. What it calls must be `#[inline(always)]`, without
/// closures around vectors: only what is inlined is compiled with the instructions.
pub(crate) trait Kernel {
    /// Does it all.
    fn run<L: Lanes>(self, lanes: L);
}

/// Does `kernel` on the widest lanes that the processor has.
pub(crate) fn run(kernel: impl Kernel) {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = avx512::Avx512::find() {
        return avx512.run(kernel);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = avx2::Avx2::find() {
        return avx2.run(kernel);
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(neon) = neon::Neon::find() {
        return kernel.run(neon);
    }
    kernel.run(Plain);
}

/// Does it on AVX2 where something wider would be taken, for tests.
#[cfg(test)]
pub(crate) fn run_narrower(kernel: impl Kernel) {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = avx2::Avx2::find() {
        return avx2.run(kernel);
    }
    run(kernel);
}

/// Operations on vectors of [`Lanes::N`] lanes.
pub(crate) trait Lanes: Copy {
    /// A vector.
    type V: Copy;
    /// Lanes in it.
    const N: usize;
    /// A vector of `2 N` bytes.
    type B: Copy;

    fn splat(self, value: i16) -> Self::V;
    fn splat_byte(self, value: u8) -> Self::B;
    /// The first `N` of `from`, which has as many.
    fn load(self, from: &[i16]) -> Self::V;
    /// To the first `N` bytes; lanes are 0 to 255.
    fn store_bytes(self, lanes: Self::V, to: &mut [u8]);
    /// The sums of the first `N` pairs of bytes.
    fn load_pairs(self, from: &[u8]) -> Self::V;
    /// Asks for the memory that follows to come near, to be read or (`WRITE`) to be written.
    #[inline(always)]
    fn prefetch<const WRITE: bool>(self, _from: &[u8]) {}

    /// Wraps.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// Wraps.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// Stays at the largest and the smallest number.
    fn add_clamped(self, a: Self::V, b: Self::V) -> Self::V;
    /// Q15, rounded; not both may be −32,768.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    fn abs(self, a: Self::V) -> Self::V;
    fn shift_left<const BY: i32>(self, a: Self::V) -> Self::V;
    /// Of numbers that are not negative.
    fn shift_right<const BY: i32>(self, a: Self::V) -> Self::V;
    /// `then` where the first of `pair` is less than the second, else `otherwise`.
    fn where_less(self, pair: [Self::V; 2], then: Self::V, otherwise: Self::V) -> Self::V;
    /// `a`, or −`a` where `sign` is negative; `a` is zero where that is.
    fn with_sign(self, a: Self::V, sign: Self::V) -> Self::V;
    /// What [`Lanes::look_up`] takes for indices of 0 to 7.
    fn places(self, index: Self::V) -> Self::V;
    /// The table's entries at these places.
    fn look_up(self, table: &[i16; 8], places: Self::V) -> Self::V;

    /// The first `2 N`.
    fn load_all(self, from: &[u8]) -> Self::B;
    /// To the first `2 N` of `to`.
    fn store_all(self, bytes: Self::B, to: &mut [u8]);
    /// Means of two, a half upwards.
    fn mean(self, a: Self::B, b: Self::B) -> Self::B;
    /// Stays at zero.
    fn sub_bytes(self, a: Self::B, b: Self::B) -> Self::B;
    fn within(self, a: Self::B, bounds: [u8; 2]) -> Self::B;
    /// The first `2 N` pixels of four bytes, by channel, in an order of their own.
    fn load_pixels(self, from: &[u8]) -> [Self::B; 4];
    /// The second channel of them, in the pixels' order.
    fn load_green(self, from: &[u8]) -> Self::B;
    /// What was made of bytes in the pixels' order, in that of [`Lanes::load_pixels`].
    fn like_pixels(self, lanes: [Self::V; 2]) -> [Self::V; 2];
    /// To the first `2 N` pixels, from that order.
    fn store_pixels(self, channels: [Self::B; 4], to: &mut [u8]);

    // Two vectors for one of bytes: which lane holds which byte is each processor's own matter, and
    // the same for all of these.
    /// Each byte.
    fn widen(self, bytes: Self::B) -> [Self::V; 2];
    /// Each byte as Q15: 255 becomes one.
    fn widen_q15(self, bytes: Self::B) -> [Self::V; 2];
    /// `a` times one weight and `b` times the other.
    fn weigh(self, pair: [Self::B; 2], weights: [i8; 2]) -> [Self::V; 2];
    /// Each lane twice, as the two bytes that stand there.
    fn twice(self, lanes: Self::V) -> [Self::V; 2];
    /// Lanes as bytes, at most 255 and at least 0.
    fn narrow(self, lanes: [Self::V; 2]) -> Self::B;
    /// To the first `2 N` of `to`, in the bytes' order.
    fn store_both(self, lanes: [Self::V; 2], to: &mut [i16]);
}
