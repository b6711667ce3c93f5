//! Sixteen-bit lanes with one meaning everywhere: the same kernel runs on AVX2, NEON and plain
//! Rust and gives the same bytes. Numbers are mostly Q15: 32,767 is one.
//!
//! A value of a [`Lanes`] type exists only where the processor has what it needs. What is not safe
//! about that is in `avx2` and `neon`, and nowhere else.

#[cfg(target_arch = "x86_64")]
mod avx2;
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
    if let Some(avx2) = avx2::Avx2::find() {
        return avx2.run(kernel);
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(neon) = neon::Neon::find() {
        return kernel.run(neon);
    }
    kernel.run(Plain);
}

/// Operations on vectors of [`Lanes::N`] lanes.
pub(crate) trait Lanes: Copy {
    /// A vector.
    type V: Copy;
    /// Lanes in it.
    const N: usize;

    fn splat(self, value: i16) -> Self::V;
    /// The first `N` of `from`, which has as many.
    fn load(self, from: &[i16]) -> Self::V;
    /// To the first `N` of `to`.
    fn store(self, lanes: Self::V, to: &mut [i16]);
    /// The first `N / 2` of `from`, each twice.
    fn load_twice(self, from: &[i16]) -> Self::V;
    /// The first `N` bytes.
    fn load_bytes(self, from: &[u8]) -> Self::V;
    /// To the first `N` bytes; lanes are 0 to 255.
    fn store_bytes(self, lanes: Self::V, to: &mut [u8]);
    /// The sums of the first `N` pairs of bytes.
    fn load_pairs(self, from: &[u8]) -> Self::V;
    /// The first `N` pixels of four bytes, by channel.
    fn load_pixels(self, from: &[u8]) -> [Self::V; 4];
    /// To the first `N` pixels; lanes are 0 to 255.
    fn store_pixels(self, channels: [Self::V; 4], to: &mut [u8]);

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
    fn and(self, a: Self::V, b: Self::V) -> Self::V;
    /// `then` where the first of `pair` is less than the second, else `otherwise`.
    fn where_less(self, pair: [Self::V; 2], then: Self::V, otherwise: Self::V) -> Self::V;
    /// `table[index]`; indices are 0 to 15.
    fn look_up(self, table: &[i16; 16], index: Self::V) -> Self::V;
}
