//! Rectangles and digits into an I420 picture; what lies outside is cut off.

use crate::convert::color;
use crate::frame::I420Frame;

pub(super) const BLACK: [u8; 3] = color(0, 0, 0);
pub(super) const WHITE: [u8; 3] = color(255, 255, 255);

/// Pixels; chroma covers the halves, rounded outwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rect {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

pub(super) struct Canvas<'a> {
    width: usize,
    height: usize,
    planes: [&'a mut [u8]; 3],
}

impl<'a> Canvas<'a> {
    pub(super) fn new(frame: &'a mut I420Frame) -> Self {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        Self { width, height, planes: frame.planes_mut() }
    }

    pub(super) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    pub(super) fn fill(&mut self, rect: Rect, [y, u, v]: [u8; 3]) {
        self.fill_luma(rect, y);
        let right = (rect.x + rect.width).div_ceil(2);
        let bottom = (rect.y + rect.height).div_ceil(2);
        let (x, row) = (rect.x / 2, rect.y / 2);
        let half = Rect { x, y: row, width: right - x, height: bottom - row };
        let (width, height) = (self.width / 2, self.height / 2);
        fill_plane(self.planes[1], width, height, half, u);
        fill_plane(self.planes[2], width, height, half, v);
    }

    pub(super) fn fill_luma(&mut self, rect: Rect, value: u8) {
        fill_plane(self.planes[0], self.width, self.height, rect, value);
    }

    /// A disc, row by row.
    pub(super) fn disc(&mut self, (x, y): (usize, usize), radius: usize, color: [u8; 3]) {
        let mut half = 0;
        for row in 0..=2 * radius {
            let above = radius.abs_diff(row);
            // Follows the circle from row to row instead of taking roots.
            while half < radius && (half + 1).pow(2) + above.pow(2) <= radius.pow(2) {
                half += 1;
            }
            while half > 0 && half.pow(2) + above.pow(2) > radius.pow(2) {
                half -= 1;
            }
            let Some(row) = (y + row).checked_sub(radius) else { continue };
            let left = x.saturating_sub(half);
            let rect = Rect { x: left, y: row, width: x + half + 1 - left, height: 1 };
            if row % 2 == 0 { self.fill(rect, color) } else { self.fill_luma(rect, color[0]) }
        }
    }

    /// White characters `0123456789:.` on black; others are blank.
    pub(super) fn text(&mut self, row: Rect, scale: usize, text: &[u8]) {
        self.fill(row, BLACK);
        for (index, &character) in text.iter().enumerate() {
            let columns = match character {
                b'0'..=b'9' => DIGITS[usize::from(character - b'0')],
                b':' => [0, 0, 0x36, 0, 0],
                b'.' => [0, 0, 0x60, 0, 0],
                _ => [0; 5],
            };
            for (column, bits) in columns.into_iter().enumerate() {
                for line in (0..7).filter(|line| bits >> line & 1 == 1) {
                    let pixel = Rect {
                        x: row.x + (1 + index * CELL + column) * scale,
                        y: row.y + (1 + line) * scale,
                        width: scale,
                        height: scale,
                    };
                    self.fill_luma(pixel, WHITE[0]);
                }
            }
        }
    }
}

fn fill_plane(plane: &mut [u8], width: usize, height: usize, rect: Rect, value: u8) {
    let (left, right) = (rect.x.min(width), (rect.x + rect.width).min(width));
    let (top, bottom) = (rect.y.min(height), (rect.y + rect.height).min(height));
    for row in plane[top * width..bottom * width].chunks_exact_mut(width) {
        row[left..right].fill(value);
    }
}

/// Columns from one character to the next.
const CELL: usize = 6;

/// Rows of a line of text with a border.
pub(super) const TEXT_HEIGHT: usize = 9;

/// Columns of a line of text with a border.
pub(super) const fn text_width(characters: usize) -> usize {
    characters * CELL + 1
}

/// Five columns each, the top row in bit 0.
const DIGITS: [[u8; 5]; 10] = [
    [0x3e, 0x51, 0x49, 0x45, 0x3e],
    [0x00, 0x42, 0x7f, 0x40, 0x00],
    [0x62, 0x51, 0x49, 0x49, 0x46],
    [0x22, 0x41, 0x49, 0x49, 0x36],
    [0x18, 0x14, 0x12, 0x7f, 0x10],
    [0x2f, 0x49, 0x49, 0x49, 0x31],
    [0x3e, 0x49, 0x49, 0x49, 0x32],
    [0x01, 0x71, 0x09, 0x05, 0x03],
    [0x36, 0x49, 0x49, 0x49, 0x36],
    [0x26, 0x49, 0x49, 0x49, 0x3e],
];
