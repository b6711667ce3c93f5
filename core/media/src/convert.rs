//! Any picture → I420 in the caller's buffer, and I420 → RGBA: no allocation, plain loops that
//! vectorise.
//!
//! RGB becomes Y'CbCr by BT.709, limited range (ITU-R BT.709-6 3.2–3.5), at every size; chroma is
//! the mean of four pixels. The encoder says so in the SPS, so a player need not guess from the
//! size (those that guess take BT.601 for small pictures and disagree on portrait ones). Y'CbCr
//! input is passed on as it is and should be BT.709 limited too.

use crate::frame::{FrameError, FrameView, I420, I420Frame, PixelFormat, Plane};
use crate::look::RgbaFrame;
use crate::simd::{self, Kernel, Lanes};

/// Writes `source` as I420 into `target`.
///
/// # Errors
/// [`FrameError::SizeChanged`] when the sizes differ.
pub fn to_i420(source: &FrameView<'_>, target: &mut I420Frame) -> Result<(), FrameError> {
    check_same([source.width(), source.height()], [target.width(), target.height()])?;
    let width = source.width() as usize;
    let [y, u, v] = target.planes_mut();
    match (source.format(), source.planes()) {
        (PixelFormat::I420, [from_y, from_u, from_v]) => {
            copy_rows(*from_y, y, width);
            copy_rows(*from_u, u, width / 2);
            copy_rows(*from_v, v, width / 2);
        }
        (PixelFormat::Nv12, [luma, chroma]) => {
            copy_rows(*luma, y, width);
            split_rows(*chroma, u, v, width / 2);
        }
        (PixelFormat::Nv21, [luma, chroma]) => {
            copy_rows(*luma, y, width);
            split_rows(*chroma, v, u, width / 2);
        }
        (PixelFormat::Rgba, [pixels]) => {
            simd::run(FromRgb::<0, 2> { from: *pixels, to: [y, u, v], width });
        }
        (PixelFormat::Bgra, [pixels]) => {
            simd::run(FromRgb::<2, 0> { from: *pixels, to: [y, u, v], width });
        }
        (format, planes) => {
            return Err(FrameError::PlaneCount {
                format,
                expected: format.plane_count(),
                given: planes.len(),
            });
        }
    }
    Ok(())
}

fn check_same(
    [width, height]: [u32; 2],
    [expected_width, expected_height]: [u32; 2],
) -> Result<(), FrameError> {
    if [width, height] == [expected_width, expected_height] {
        return Ok(());
    }
    Err(FrameError::SizeChanged { width, height, expected_width, expected_height })
}

/// Writes `source` as RGBA into `target`, opaque. A pixel takes the chroma sample that it shares, so
/// that the way back gives the same chroma.
///
/// # Errors
/// [`FrameError::SizeChanged`] when the sizes differ.
pub fn to_rgba(source: &I420<'_>, target: &mut RgbaFrame) -> Result<(), FrameError> {
    check_same([source.width(), source.height()], [target.width(), target.height()])?;
    simd::run(ToRgba { source, target });
    Ok(())
}

/// Plain loops, compiled for the processor's vectors.
struct ToRgba<'a> {
    source: &'a I420<'a>,
    target: &'a mut RgbaFrame,
}

impl Kernel for ToRgba<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        let Self { source, target } = self;
        let row_bytes = target.width() as usize * 4;
        let mut luma = source.rows(0);
        let chroma = source.rows(1).zip(source.rows(2));
        for (pair, (u, v)) in target.as_bytes_mut().chunks_exact_mut(row_bytes * 2).zip(chroma) {
            for (row, y) in pair.chunks_exact_mut(row_bytes).zip(luma.by_ref()) {
                rgba_row(y, u, v, row);
            }
        }
    }
}

#[inline(always)]
fn rgba_row(y: &[u8], u: &[u8], v: &[u8], to: &mut [u8]) {
    let luma = y.as_chunks::<2>().0.iter();
    for ((luma, (&u, &v)), to) in luma.zip(u.iter().zip(v)).zip(to.as_chunks_mut::<8>().0) {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        let (red, green, blue) = (R_V * v, G_U * u + G_V * v, B_U * u);
        let [left, right] = luma.map(|y| {
            let y = Y_ALL * (i32::from(y) - 16) + RGB_HALF;
            [red, green, blue].map(|c| ((y + c) >> RGB_SHIFT).clamp(0, 255) as u8)
        });
        *to = [left[0], left[1], left[2], 255, right[0], right[1], right[2], 255];
    }
}

/// One colour as Y, Cb, Cr.
pub(crate) const fn color(r: u8, g: u8, b: u8) -> [u8; 3] {
    let (r, g, b) = (r as i32, g as i32, b as i32);
    let chroma = (128 << SHIFT) + HALF;
    [
        ((Y_R * r + Y_G * g + Y_B * b + (16 << SHIFT) + HALF) >> SHIFT) as u8,
        ((CB_R * r + CB_G * g + C_MAX * b + chroma) >> SHIFT) as u8,
        ((C_MAX * r + CR_G * g + CR_B * b + chroma) >> SHIFT) as u8,
    ]
}

fn copy_rows(from: Plane<'_>, to: &mut [u8], row_bytes: usize) {
    for (from, to) in from.data.chunks(from.stride_bytes).zip(to.chunks_exact_mut(row_bytes)) {
        to.copy_from_slice(&from[..row_bytes]);
    }
}

/// Pairs of bytes → `first` and `second`, rows of `row_bytes` each.
fn split_rows(from: Plane<'_>, first: &mut [u8], second: &mut [u8], row_bytes: usize) {
    let targets = first.chunks_exact_mut(row_bytes).zip(second.chunks_exact_mut(row_bytes));
    for (from, (first, second)) in from.data.chunks(from.stride_bytes).zip(targets) {
        // Words and shifts: the byte shuffle that vectorises on every baseline.
        for ((pair, first), second) in from.as_chunks::<2>().0.iter().zip(first).zip(second) {
            let word = u16::from_le_bytes(*pair);
            *first = word as u8;
            *second = (word >> 8) as u8;
        }
    }
}

/// Plain loops, compiled for the processor's vectors; red is byte `R` of a pixel, blue byte `B`.
struct FromRgb<'a, const R: usize, const B: usize> {
    from: Plane<'a>,
    to: [&'a mut [u8]; 3],
    width: usize,
}

impl<const R: usize, const B: usize> Kernel for FromRgb<'_, R, B> {
    #[inline(always)]
    fn run<L: Lanes>(self, _lanes: L) {
        rgb_rows::<R, B>(self.from, self.to, self.width);
    }
}

/// Two rows at a time: each gives a row of luma, both together a row of chroma.
#[inline(always)]
fn rgb_rows<const R: usize, const B: usize>(
    from: Plane<'_>,
    [y, u, v]: [&mut [u8]; 3],
    width: usize,
) {
    let row_bytes = width * 4;
    let luma = y.chunks_exact_mut(width * 2);
    let chroma = u.chunks_exact_mut(width / 2).zip(v.chunks_exact_mut(width / 2));
    for ((pair, luma), (u, v)) in from.data.chunks(from.stride_bytes * 2).zip(luma).zip(chroma) {
        let (top, bottom) = (&pair[..row_bytes], &pair[from.stride_bytes..][..row_bytes]);
        let (luma_top, luma_bottom) = luma.split_at_mut(width);
        luma_row::<R, B>(top, luma_top);
        luma_row::<R, B>(bottom, luma_bottom);
        chroma_row::<R, B>(top, bottom, u, v);
    }
}

#[inline(always)]
fn luma_row<const R: usize, const B: usize>(pixels: &[u8], y: &mut [u8]) {
    for (pixel, y) in pixels.as_chunks::<4>().0.iter().zip(y) {
        let sum = Y_R * i32::from(pixel[R]) + Y_G * i32::from(pixel[1]) + Y_B * i32::from(pixel[B]);
        *y = ((sum + (16 << SHIFT) + HALF) >> SHIFT) as u8;
    }
}

#[inline(always)]
fn chroma_row<const R: usize, const B: usize>(
    top: &[u8],
    bottom: &[u8],
    u: &mut [u8],
    v: &mut [u8],
) {
    let fours = top.as_chunks::<8>().0.iter().zip(bottom.as_chunks::<8>().0);
    for ((top, bottom), (u, v)) in fours.zip(u.iter_mut().zip(v)) {
        let sum = |c: usize| {
            i32::from(top[c])
                + i32::from(top[c + 4])
                + i32::from(bottom[c])
                + i32::from(bottom[c + 4])
        };
        let (r, g, b) = (sum(R), sum(1), sum(B));
        let rounded = (128 << (SHIFT + 2)) + (HALF << 2);
        *u = ((CB_R * r + CB_G * g + C_MAX * b + rounded) >> (SHIFT + 2)) as u8;
        *v = ((C_MAX * r + CR_G * g + CR_B * b + rounded) >> (SHIFT + 2)) as u8;
    }
}

/// Fixed point of the factors below. With 15 bits each fits 16 and every result lies in 16..=240,
/// so no clamp is needed.
const SHIFT: u32 = 15;
const HALF: i32 = 1 << (SHIFT - 1);
// Kr 0.2126, Kg 0.7152, Kb 0.0722 scaled to 219 of 255 steps.
const Y_R: i32 = 5_983;
const Y_G: i32 = 20_127;
const Y_B: i32 = 2_032;
// (B' − Y') / 1.8556 and (R' − Y') / 1.5748 scaled to 224 of 255 steps; each line sums to 0.
const CB_R: i32 = -3_298;
const CB_G: i32 = -11_094;
const C_MAX: i32 = 14_392;
const CR_G: i32 = -13_073;
const CR_B: i32 = -1_319;

/// Fixed point of the way back: 255/219 for luma; 1.5748, 1.8556 and their parts in green, each
/// times 255/224 (ITU-R BT.709-6 3.2, 3.3).
const RGB_SHIFT: u32 = 14;
const RGB_HALF: i32 = 1 << (RGB_SHIFT - 1);
const Y_ALL: i32 = 19_077;
const R_V: i32 = 29_372;
const G_U: i32 = -3_494;
const G_V: i32 = -8_731;
const B_U: i32 = 34_610;

#[cfg(test)]
#[path = "convert_test.rs"]
mod tests;
