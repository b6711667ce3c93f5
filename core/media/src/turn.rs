//! Turns and mirrors pixels of a plane: every pixel is copied as it is.

use crate::look::Rotation;

/// A part of a plane of pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area<'a> {
    /// Begins with the area's first pixel.
    pub(crate) data: &'a [u8],
    pub(crate) stride_bytes: usize,
    /// Pixels.
    pub(crate) width: usize,
    /// Pixels.
    pub(crate) height: usize,
}

/// Side of the squares in which a quarter turn is done, so that both sides stay in the cache.
const TILE: usize = 32;

/// Writes `from`, `C` bytes a pixel, turned clockwise and then mirrored, to the start of `to`,
/// whose rows are `stride_bytes` apart.
pub(crate) fn turn<const C: usize>(
    from: &Area<'_>,
    (rotation, mirror): (Rotation, bool),
    to: &mut [u8],
    stride_bytes: usize,
) {
    match rotation {
        Rotation::None => copy::<C>(from, [false, mirror], to, stride_bytes),
        Rotation::Half => copy::<C>(from, [true, !mirror], to, stride_bytes),
        // Out (x, y) is in (y, height − 1 − x).
        Rotation::Quarter => upend::<C>(from, [!mirror, false], to, stride_bytes),
        // Out (x, y) is in (width − 1 − y, x).
        Rotation::ThreeQuarters => upend::<C>(from, [mirror, true], to, stride_bytes),
    }
}

/// Rows from the last one when `upwards`, each from its end when `backwards`.
fn copy<const C: usize>(
    from: &Area<'_>,
    [upwards, backwards]: [bool; 2],
    to: &mut [u8],
    stride_bytes: usize,
) {
    let row_bytes = from.width * C;
    for (y, to) in to.chunks_mut(stride_bytes).take(from.height).enumerate() {
        let row = if upwards { from.height - 1 - y } else { y };
        let row = &from.data[row * from.stride_bytes..][..row_bytes];
        let to = &mut to[..row_bytes];
        if backwards {
            let pixels = row.as_chunks::<C>().0.iter().rev();
            to.as_chunks_mut::<C>().0.iter_mut().zip(pixels).for_each(|(to, from)| *to = *from);
        } else {
            to.copy_from_slice(row);
        }
    }
}

/// Out (x, y) is in (y, x), counted from the end of in's `[rows, columns]` where so said.
fn upend<const C: usize>(
    from: &Area<'_>,
    [last_row_first, last_column_first]: [bool; 2],
    to: &mut [u8],
    stride_bytes: usize,
) {
    let (width, height) = (from.height, from.width);
    for top in (0..height).step_by(TILE) {
        for left in (0..width).step_by(TILE) {
            let right = (left + TILE).min(width);
            for y in top..(top + TILE).min(height) {
                let column = if last_column_first { height - 1 - y } else { y };
                let to = &mut to[y * stride_bytes..][left * C..right * C];
                for (x, to) in (left..right).zip(to.as_chunks_mut::<C>().0) {
                    let row = if last_row_first { width - 1 - x } else { x };
                    to.copy_from_slice(&from.data[row * from.stride_bytes + column * C..][..C]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ```text
    /// 1 2 3
    /// 4 5 6
    /// ```
    fn turned(rotation: Rotation, mirror: bool) -> Vec<u8> {
        let data = [1, 2, 3, 0, 4, 5, 6];
        let area = Area { data: &data, stride_bytes: 4, width: 3, height: 2 };
        let stride_bytes = if rotation.is_upended() { 2 } else { 3 };
        let mut out = vec![0; 6];
        turn::<1>(&area, (rotation, mirror), &mut out, stride_bytes);
        out
    }

    #[test]
    fn every_turn_and_its_mirror() {
        assert_eq!(turned(Rotation::None, false), [1, 2, 3, 4, 5, 6]);
        assert_eq!(turned(Rotation::None, true), [3, 2, 1, 6, 5, 4]);
        assert_eq!(turned(Rotation::Quarter, false), [4, 1, 5, 2, 6, 3]);
        assert_eq!(turned(Rotation::Quarter, true), [1, 4, 2, 5, 3, 6]);
        assert_eq!(turned(Rotation::Half, false), [6, 5, 4, 3, 2, 1]);
        assert_eq!(turned(Rotation::Half, true), [4, 5, 6, 1, 2, 3]);
        assert_eq!(turned(Rotation::ThreeQuarters, false), [3, 6, 2, 5, 1, 4]);
        assert_eq!(turned(Rotation::ThreeQuarters, true), [6, 3, 5, 2, 4, 1]);
    }

    #[test]
    fn the_bytes_of_a_pixel_stay_together() {
        let data: Vec<u8> = (0..2 * 4 + 3 + 2 * 4).collect();
        let area = Area { data: &data, stride_bytes: 11, width: 2, height: 2 };
        let mut out = vec![0; 16];
        turn::<4>(&area, (Rotation::Quarter, false), &mut out, 8);
        assert_eq!(out, [11, 12, 13, 14, 0, 1, 2, 3, 15, 16, 17, 18, 4, 5, 6, 7]);
    }
}
