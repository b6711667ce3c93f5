//! VideoCore's fisheye: a point (u, v), counted from the middle in parts of the picture, shows what
//! lies at (u, v) / (z · tan −5.2), z = √(1 − u² − v²). Between pixels by bilinear interpolation.

use crate::frame::{FrameError, I420Frame};

/// What is kept from picture to picture: the source, which the result overwrites.
#[derive(Debug, Default)]
pub(super) struct Fisheye {
    source: Option<I420Frame>,
    /// Where a row's points come from, in pixels of the plane.
    from: Vec<[f32; 2]>,
}

impl Fisheye {
    pub(super) fn apply(&mut self, picture: &mut I420Frame) -> Result<(), FrameError> {
        let size = (picture.width(), picture.height());
        let kept = self.source.take().filter(|kept| (kept.width(), kept.height()) == size);
        let source = match kept {
            Some(kept) => self.source.insert(kept),
            None => self.source.insert(I420Frame::new(size.0, size.1)?),
        };
        source.as_bytes_mut().copy_from_slice(picture.as_bytes());
        let (width, height) = (size.0 as usize, size.1 as usize);
        let planes = source.view();
        for (plane, to) in picture.planes_mut().into_iter().enumerate() {
            let (width, height) =
                if plane == 0 { (width, height) } else { (width / 2, height / 2) };
            bend(planes.planes()[plane].data, to, (width, height), &mut self.from);
        }
        Ok(())
    }
}

fn bend(source: &[u8], to: &mut [u8], (width, height): (usize, usize), from: &mut Vec<[f32; 2]>) {
    from.resize(width, [0.0; 2]);
    let (across, down) = (width as f32, height as f32);
    for (y, to) in to.chunks_exact_mut(width).enumerate() {
        let v = (y as f32 + 0.5) / down - 0.5;
        for (x, from) in from.iter_mut().enumerate() {
            let u = (x as f32 + 0.5) / across - 0.5;
            let zoom = 1.0 / ((1.0 - u * u - v * v).sqrt() * TAN);
            // Never negative: the farthest point is 0.375 from the middle.
            *from = [(u * zoom + 0.5) * across - 0.5, (v * zoom + 0.5) * down - 0.5];
        }
        for (to, &[x, y]) in to.iter_mut().zip(from.iter()) {
            let (left, top) = (x as usize, y as usize);
            let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
            let (part_x, part_y) = (x - left as f32, y - top as f32);
            let pixel = |x: usize, y: usize| f32::from(source[y * width + x]);
            let above = pixel(left, top) * (1.0 - part_x) + pixel(right, top) * part_x;
            let below = pixel(left, bottom) * (1.0 - part_x) + pixel(right, bottom) * part_x;
            *to = (above * (1.0 - part_y) + below * part_y + 0.5) as u8;
        }
    }
}

/// tan −5.2, in radians.
const TAN: f32 = 1.885_641_8;
