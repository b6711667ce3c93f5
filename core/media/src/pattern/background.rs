//! What lies under digits, box and strip: colour bars, a panning texture, or noise. Whatever does
//! not change is drawn once; a frame is then little more than a copy.

use super::Kind;
use super::canvas::{Canvas, Rect};
use super::face;
use crate::convert::color;
use crate::frame::{FrameError, I420Frame};

/// How far the texture pans each way, pixels.
const PAN: usize = 128;

#[derive(Debug)]
pub(super) enum Background {
    Still(I420Frame),
    /// A texture [`PAN`] pixels larger each way than the picture, and how many discs move over it.
    Panning {
        texture: Texture,
        discs: usize,
    },
    Noise,
}

impl Background {
    pub(super) fn new(kind: Kind, width: u32, height: u32) -> Result<Self, FrameError> {
        let mut frame = I420Frame::new(width, height)?;
        let (width, height) = (width as usize, height as usize);
        Ok(match kind {
            Kind::Bars => {
                draw_bars(&mut Canvas::new(&mut frame));
                Self::Still(frame)
            }
            Kind::Clock => Self::Panning { texture: Texture::new(width, height), discs: 1 },
            Kind::Face => Self::Panning { texture: Texture::with_face(width, height), discs: 1 },
            Kind::Motion => Self::Panning { texture: Texture::new(width, height), discs: 6 },
            Kind::Noise => Self::Noise,
        })
    }

    pub(super) fn draw(&self, frame_index: u64, target: &mut I420Frame) {
        // Discs multiply it; a picture after two years may repeat an earlier one.
        let frame_index = frame_index % (1 << 32);
        match self {
            Self::Still(frame) => target.as_bytes_mut().copy_from_slice(frame.as_bytes()),
            Self::Panning { texture, discs } => {
                texture.draw(frame_index, target);
                draw_discs(*discs, frame_index, &mut Canvas::new(target));
            }
            Self::Noise => draw_noise(frame_index, target),
        }
    }
}

/// SMPTE EG 1: 75 % bars, their reverse, and patches for black and white level.
fn draw_bars(canvas: &mut Canvas<'_>) {
    const GRAY: [u8; 3] = color(191, 191, 191);
    const YELLOW: [u8; 3] = color(191, 191, 0);
    const CYAN: [u8; 3] = color(0, 191, 191);
    const GREEN: [u8; 3] = color(0, 191, 0);
    const MAGENTA: [u8; 3] = color(191, 0, 191);
    const RED: [u8; 3] = color(191, 0, 0);
    const BLUE: [u8; 3] = color(0, 0, 191);
    const BLACK: [u8; 3] = color(0, 0, 0);
    const TOP: &[[u8; 3]] = &[GRAY, YELLOW, CYAN, GREEN, MAGENTA, RED, BLUE];
    const REVERSE: &[[u8; 3]] = &[BLUE, BLACK, MAGENTA, BLACK, CYAN, BLACK, GRAY];
    const PATCHES: &[[u8; 3]] = &[
        color(0, 33, 76),
        color(255, 255, 255),
        color(50, 0, 106),
        BLACK,
        [12, 128, 128],
        [20, 128, 128],
        BLACK,
    ];
    let (width, height) = canvas.size();
    for (colors, top, bottom) in [(TOP, 0, 8), (REVERSE, 8, 9), (PATCHES, 9, 12)] {
        let (top, bottom) = (even(height * top / 12), even(height * bottom / 12));
        for (index, &color) in colors.iter().enumerate() {
            let left = even(index * width / colors.len());
            let bar = Rect { x: left, y: top, width: width - left, height: bottom - top };
            canvas.fill(bar, color);
        }
    }
}

fn even(value: usize) -> usize {
    value & !1
}

/// Night-blue to violet clouds with some grain, darker than the white box.
#[derive(Debug)]
pub(super) struct Texture {
    width: usize,
    height: usize,
    /// Of `width + PAN` by `height + PAN` pixels, chroma of half.
    planes: [Vec<u8>; 3],
}

impl Texture {
    fn new(width: usize, height: usize) -> Self {
        let size = |half: usize| ((width + PAN) >> half, (height + PAN) >> half);
        let mut luma = blank(size(0), 36);
        add_clouds::<64>(&mut luma, size(0), 80, 1);
        add_clouds::<16>(&mut luma, size(0), 32, 2);
        add_grain(&mut luma);
        let mut blue = blank(size(1), 128);
        add_clouds::<64>(&mut blue, size(1), 56, 3);
        let mut red = blank(size(1), 92);
        add_clouds::<64>(&mut red, size(1), 72, 4);
        Self { width, height, planes: [luma, blue, red] }
    }

    /// The same with a face in its middle.
    fn with_face(width: usize, height: usize) -> Self {
        let mut texture = Self::new(width, height);
        let (across, down) = (width + PAN, height + PAN);
        let half_width = width.min(height * 3 / 4) as f32 * 0.27;
        let head = [across as f32 / 2.0, down as f32 * 0.52, half_width];
        let [luma, blue, red] = &mut texture.planes;
        for (y, row) in luma.chunks_exact_mut(across).enumerate() {
            for (x, luma) in row.iter_mut().enumerate() {
                if let Some([painted, u, v]) = face::at(x, y, head) {
                    *luma = painted;
                    let chroma = (y / 2).min(down / 2 - 1) * (across / 2) + x / 2;
                    (blue[chroma], red[chroma]) = (u, v);
                }
            }
        }
        texture
    }

    fn draw(&self, frame_index: u64, target: &mut I420Frame) {
        // Even, so that chroma moves by whole samples.
        let (x, y) = (swing(frame_index, PAN / 2) * 2, swing(frame_index / 2, PAN / 2) * 2);
        for ((source, target), half) in self.planes.iter().zip(target.planes_mut()).zip([0, 1, 1]) {
            let (stride, width) = ((self.width + PAN) >> half, self.width >> half);
            let rows = source.chunks_exact(stride).skip(y >> half);
            for (source, target) in rows.zip(target.chunks_exact_mut(width)) {
                target.copy_from_slice(&source[x >> half..][..width]);
            }
        }
        debug_assert!(y + self.height <= self.height + PAN);
    }
}

/// There and back again: 0, 1 … `end`, … 1, 0.
fn swing(step: u64, end: usize) -> usize {
    let position = (step % (2 * end as u64)) as usize;
    position.min(2 * end - position)
}

fn draw_discs(count: usize, frame_index: u64, canvas: &mut Canvas<'_>) {
    const COLORS: [[u8; 3]; 3] = [color(200, 60, 40), color(40, 120, 200), color(170, 170, 40)];
    let (width, height) = canvas.size();
    let radius = width.min(height) / 12;
    for index in 0..count {
        let phase = (index * 97) as u64;
        let x = swing(frame_index * (2 + index as u64) + phase, width);
        let y = swing(frame_index * (3 + index as u64 % 2) + 2 * phase, height);
        canvas.disc((x, y), radius, COLORS[index % COLORS.len()]);
    }
}

/// Other numbers in each frame, the same in each run; luma and chroma within their ranges.
fn draw_noise(frame_index: u64, target: &mut I420Frame) {
    let seed = frame_index << 24;
    for (index, bytes) in target.as_bytes_mut().chunks_mut(8).enumerate() {
        let random = scramble(seed + index as u64).to_le_bytes();
        for (byte, random) in bytes.iter_mut().zip(random) {
            *byte = 16 + (u16::from(random) * 219 / 256) as u8;
        }
    }
}

fn blank((columns, rows): (usize, usize), value: u8) -> Vec<u8> {
    vec![value; columns * rows]
}

/// Adds 0..`depth`: random values at the corners of a grid of `CELL` pixels, blended in between.
fn add_clouds<const CELL: usize>(
    plane: &mut [u8],
    (columns, rows): (usize, usize),
    depth: u64,
    seed: u64,
) {
    let across = columns / CELL + 2;
    let corner = |column: usize, row: usize| {
        let index = (row * across + column) as u64;
        (scramble(seed << 32 | index) % depth) as usize
    };
    let mut edge = vec![0; across];
    for (y, line) in plane.chunks_exact_mut(columns).take(rows).enumerate() {
        let (row, part) = (y / CELL, y % CELL);
        for (column, value) in edge.iter_mut().enumerate() {
            *value = corner(column, row) * (CELL - part) + corner(column, row + 1) * part;
        }
        for (pixels, ends) in line.chunks_mut(CELL).zip(edge.windows(2)) {
            for (part, pixel) in pixels.iter_mut().enumerate() {
                *pixel += ((ends[0] * (CELL - part) + ends[1] * part) / (CELL * CELL)) as u8;
            }
        }
    }
}

/// Adds 0..8, other for each pixel.
fn add_grain(plane: &mut [u8]) {
    for (index, pixels) in plane.chunks_mut(8).enumerate() {
        for (pixel, random) in pixels.iter_mut().zip(scramble(index as u64).to_le_bytes()) {
            *pixel += random % 8;
        }
    }
}

/// SplitMix64's output function.
fn scramble(value: u64) -> u64 {
    let value = value.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
