//! Where the machine-readable parts of a picture lie: a strip of two rows of twenty cells along
//! the top, and the white box in the middle. Drawing and reading share this geometry.
//!
//! The cells are 24 bits of frame number and 16 of check, the most significant first; white is 1.
//! Cells of 16 pixels and more survive any bitrate at which the rest can still be recognised.

use super::canvas::{BLACK, Canvas, Rect, WHITE};

const COLUMNS: usize = 20;
const ROWS: usize = 2;
const NUMBER_BITS: usize = 24;
const CELLS: usize = COLUMNS * ROWS;

pub(super) fn draw(number: u32, canvas: &mut Canvas<'_>) {
    let (width, height) = canvas.size();
    let code = (u64::from(number) << 16) | u64::from(check(number));
    for index in 0..CELLS {
        let is_set = code >> (CELLS - 1 - index) & 1 == 1;
        canvas.fill(cell(index, width, height), if is_set { WHITE } else { BLACK });
    }
}

/// The number whose cells `is_white` tells, if its check holds.
pub(super) fn parse(mut is_white: impl FnMut(usize) -> bool) -> Option<u32> {
    let code = (0..CELLS).fold(0, |code, index| code << 1 | u64::from(is_white(index)));
    let number = (code >> 16) as u32;
    (check(number) == code as u16).then_some(number)
}

/// Which pixels cell `index` covers.
pub(super) fn cell(index: usize, width: usize, height: usize) -> Rect {
    let (column, row) = (index % COLUMNS, index / COLUMNS);
    let (left, right) = (column * width / COLUMNS, (column + 1) * width / COLUMNS);
    let cell_height = cell_height(height);
    Rect { x: left, y: row * cell_height, width: right - left, height: cell_height }
}

/// Whole macroblocks where the picture is large enough.
fn cell_height(height: usize) -> usize {
    match height / 20 {
        0..16 => 8,
        16..32 => 16,
        _ => 32,
    }
}

/// The middle half of the width, a quarter of the height below the strip; even numbers.
pub(super) fn flash_box(width: u32, height: u32) -> Rect {
    let (width, height) = (width as usize, height as usize);
    let top = (ROWS * cell_height(height)).min(height);
    let below = height - top;
    let even = |value: usize| value & !1;
    Rect {
        x: even(width / 4),
        y: even(top + below * 3 / 8),
        width: even(width / 2),
        height: even(below / 4),
    }
}

/// CRC-16 of the number's three bytes, polynomial 0x1021 from 0xffff, so that neither an all-black
/// nor an all-white strip reads as a number.
fn check(number: u32) -> u16 {
    (0..NUMBER_BITS).rev().fold(0xffff, |crc: u16, bit| {
        let feedback = (crc >> 15) ^ (number >> bit & 1) as u16;
        (crc << 1) ^ if feedback == 1 { 0x1021 } else { 0 }
    })
}
