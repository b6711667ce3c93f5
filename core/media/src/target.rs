//! Memory of somebody else's that a picture is written into: an encoder's input buffer, I420, NV12 or
//! NV21, with strides. Nothing is allocated, and what lies between rows stays as it is.

use crate::frame::{FrameError, I420, PixelFormat, Plane, check_plane, check_size, plane_geometry};

/// One plane to write into: rows of `stride_bytes`.
#[derive(Debug)]
pub struct PlaneMut<'a> {
    /// The first row.
    pub data: &'a mut [u8],
    /// Bytes from one row to the next.
    pub stride_bytes: usize,
}

/// A picture's place.
#[derive(Debug)]
pub struct FrameTarget<'a> {
    format: PixelFormat,
    width: u32,
    height: u32,
    planes: [PlaneMut<'a>; 3],
}

impl<'a> FrameTarget<'a> {
    /// For a picture of `width` × `height` pixels; planes as in [`crate::frame::FrameView::new`], those
    /// that the format does not have are not looked at.
    ///
    /// # Errors
    /// [`FrameError::Size`], [`FrameError::ShortStride`], [`FrameError::ShortPlane`], and
    /// [`FrameError::NotWritten`] for RGBA and BGRA.
    pub fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        planes: [PlaneMut<'a>; 3],
    ) -> Result<Self, FrameError> {
        if format.plane_count() == 1 {
            return Err(FrameError::NotWritten { format });
        }
        check_size(width, height)?;
        for (index, plane) in planes.iter().enumerate().take(format.plane_count()) {
            let (row_bytes, rows) = plane_geometry(format, index, width, height);
            let plane = Plane { data: plane.data, stride_bytes: plane.stride_bytes };
            check_plane(index, plane, row_bytes, rows)?;
        }
        Ok(Self { format, width, height, planes })
    }

    /// Pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Writes `picture`.
    ///
    /// # Errors
    /// [`FrameError::SizeChanged`] when it has another size.
    pub fn write(&mut self, picture: &I420<'_>) -> Result<(), FrameError> {
        let (width, height) = (picture.width(), picture.height());
        if (width, height) != (self.width, self.height) {
            let (expected_width, expected_height) = (width, height);
            let (width, height) = (self.width, self.height);
            return Err(FrameError::SizeChanged { width, height, expected_width, expected_height });
        }
        let [y, u, v] = &mut self.planes;
        copy(picture, 0, y);
        match self.format {
            PixelFormat::Nv12 => interleave(picture, [1, 2], u),
            PixelFormat::Nv21 => interleave(picture, [2, 1], u),
            _ => {
                copy(picture, 1, u);
                copy(picture, 2, v);
            }
        }
        Ok(())
    }
}

fn copy(picture: &I420<'_>, plane: usize, target: &mut PlaneMut<'_>) {
    for (from, to) in picture.rows(plane).zip(target.data.chunks_mut(target.stride_bytes)) {
        to[..from.len()].copy_from_slice(from);
    }
}

fn interleave(picture: &I420<'_>, planes: [usize; 2], target: &mut PlaneMut<'_>) {
    let rows = picture.rows(planes[0]).zip(picture.rows(planes[1]));
    for ((first, second), to) in rows.zip(target.data.chunks_mut(target.stride_bytes)) {
        for ((pair, first), second) in to.as_chunks_mut::<2>().0.iter_mut().zip(first).zip(second) {
            *pair = [*first, *second];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::to_i420;
    use crate::frame::{FrameView, I420Frame};

    fn drawn() -> I420Frame {
        let mut frame = I420Frame::new(32, 16).unwrap();
        let bytes = frame.as_bytes_mut().iter_mut().enumerate();
        bytes.for_each(|(index, byte)| *byte = (index * 7 % 251) as u8);
        frame
    }

    #[test]
    fn each_layout_read_back_is_the_picture_and_padding_is_left_alone() {
        let frame = drawn();
        for (format, chroma) in
            [(PixelFormat::I420, 24), (PixelFormat::Nv12, 40), (PixelFormat::Nv21, 40)]
        {
            let (mut y, mut u, mut v) = ([9; 40 * 16], [9; 40 * 8], [9; 40 * 8]);
            let plane = |data, stride_bytes| PlaneMut { data, stride_bytes };
            let planes = [plane(&mut y[..], 40), plane(&mut u, chroma), plane(&mut v, chroma)];
            FrameTarget::new(format, 32, 16, planes).unwrap().write(&frame.view()).unwrap();
            assert!(y.chunks(40).all(|row| row[32..] == [9; 8]), "{format:?}");
            let read = |data, stride_bytes| Plane { data, stride_bytes };
            let planes = [read(&y[..], 40), read(&u, chroma), read(&v, chroma)];
            let planes = &planes[..format.plane_count()];
            let view = FrameView::new(format, 32, 16, planes).unwrap();
            let mut back = I420Frame::new(32, 16).unwrap();
            to_i420(&view, &mut back).unwrap();
            assert!(back == frame, "{format:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let make = |format, width: u32, size: usize, stride_bytes| {
            let mut bytes = [vec![0; size], vec![0; size], vec![0; size]];
            let planes = bytes.each_mut().map(|data| PlaneMut { data, stride_bytes });
            let mut target = FrameTarget::new(format, width, 16, planes)?;
            target.write(&drawn().view())
        };
        let (i420, nv12) = (PixelFormat::I420, PixelFormat::Nv12);
        assert!(matches!(make(i420, 33, 640, 40), Err(FrameError::Size { .. })));
        assert!(matches!(make(i420, 32, 600, 40), Err(FrameError::ShortPlane { plane: 0, .. })));
        assert!(matches!(make(nv12, 32, 640, 31), Err(FrameError::ShortStride { .. })));
        assert!(matches!(
            make(PixelFormat::Bgra, 32, 9_000, 200),
            Err(FrameError::NotWritten { format: PixelFormat::Bgra })
        ));
        assert!(matches!(make(i420, 16, 640, 40), Err(FrameError::SizeChanged { .. })));
        assert_eq!(make(nv12, 32, 640, 40), Ok(()));
    }
}
