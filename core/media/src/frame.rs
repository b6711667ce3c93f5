//! Pictures as they come from cameras and apps, checked once at the border.
//!
//! [`FrameView`] borrows a picture in any [`PixelFormat`]; [`I420Frame`] owns one in the layout
//! encoders take; [`I420`] borrows that layout from either. What exists is checked: planes are as
//! long as size and strides say. Converting is [`crate::convert`]'s; nothing here copies pixels.

use thiserror::Error;

/// Layout of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelFormat {
    /// Three planes: Y, U, V; chroma halved both ways.
    I420,
    /// Two planes: Y, then U and V alternating.
    Nv12,
    /// Two planes: Y, then V and U alternating.
    Nv21,
    /// One plane, bytes R G B A.
    Rgba,
    /// One plane, bytes B G R A.
    Bgra,
}

impl PixelFormat {
    /// Planes of a picture in this format.
    pub const fn plane_count(self) -> usize {
        match self {
            Self::I420 => 3,
            Self::Nv12 | Self::Nv21 => 2,
            Self::Rgba | Self::Bgra => 1,
        }
    }
}

/// One plane: rows of `stride_bytes`.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// At least `stride_bytes × (rows − 1) + row bytes` long.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride_bytes: usize,
}

impl<'a> Plane<'a> {
    /// The first `row_bytes` of row `y`.
    pub(crate) fn row(&self, y: usize, row_bytes: usize) -> &'a [u8] {
        &self.data[y * self.stride_bytes..][..row_bytes]
    }
}

/// Why a picture was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Wrong number of planes for the format.
    #[error("frame: {format:?} has {expected} planes, {given} given")]
    PlaneCount {
        /// The format.
        format: PixelFormat,
        /// Planes it has.
        expected: usize,
        /// Planes given.
        given: usize,
    },
    /// A plane is shorter than size and stride say.
    #[error("frame: plane {plane} has {available} bytes, size and stride need {needed}")]
    ShortPlane {
        /// Which plane.
        plane: usize,
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        available: usize,
    },
    /// A stride is shorter than a row.
    #[error("frame: plane {plane} has stride {stride_bytes}, a row needs {row_bytes}")]
    ShortStride {
        /// Which plane.
        plane: usize,
        /// The stride.
        stride_bytes: usize,
        /// Bytes of a row.
        row_bytes: usize,
    },
    /// Zero, odd or too large.
    #[error("frame: size {width}x{height} is not supported; use even sizes from 16 to 3840")]
    Size {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Not the size the session was made for.
    #[error(
        "frame: size {width}x{height}, but the session was made for {expected_width}x{expected_height}; scale it or start a new session"
    )]
    SizeChanged {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Pixels.
        expected_width: u32,
        /// Pixels.
        expected_height: u32,
    },
    /// A layout that pictures are read from, and not written to.
    #[error("frame: pictures are written as I420, NV12 or NV21, not as {format:?}")]
    NotWritten {
        /// The layout.
        format: PixelFormat,
    },
    /// The system has no memory for a copy.
    #[error("frame: there is no memory for its {bytes} bytes; this picture is left out")]
    Memory {
        /// Bytes that were asked for.
        bytes: usize,
    },
}

/// A borrowed picture in any format.
#[derive(Clone, Copy, Debug)]
pub struct FrameView<'a> {
    format: PixelFormat,
    width: u32,
    height: u32,
    planes: [Plane<'a>; 3],
}

impl<'a> FrameView<'a> {
    /// A picture of `width` × `height` pixels. `planes` in the order of the format's description;
    /// rows beyond the picture's and bytes beyond a row's are ignored.
    ///
    /// # Errors
    /// [`FrameError::Size`] unless both sides are even and within 16..=3840,
    /// [`FrameError::PlaneCount`], [`FrameError::ShortStride`], [`FrameError::ShortPlane`].
    pub fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        planes: &[Plane<'a>],
    ) -> Result<Self, FrameError> {
        check_size(width, height)?;
        let expected = format.plane_count();
        if planes.len() != expected {
            return Err(FrameError::PlaneCount { format, expected, given: planes.len() });
        }
        let mut checked = [Plane { data: &[], stride_bytes: 0 }; 3];
        for (index, &plane) in planes.iter().enumerate() {
            let (row_bytes, rows) = plane_geometry(format, index, width, height);
            check_plane(index, plane, row_bytes, rows)?;
            checked[index] = plane;
        }
        Ok(Self { format, width, height, planes: checked })
    }

    /// A picture whose planes follow each other in `data` without padding.
    ///
    /// # Errors
    /// As [`FrameView::new`]; a `data` that is too short is a [`FrameError::ShortPlane`].
    pub fn packed(
        format: PixelFormat,
        width: u32,
        height: u32,
        data: &'a [u8],
    ) -> Result<Self, FrameError> {
        check_size(width, height)?;
        let mut planes = [Plane { data: &[], stride_bytes: 0 }; 3];
        let mut rest = data;
        for (index, plane) in planes.iter_mut().enumerate().take(format.plane_count()) {
            let (row_bytes, rows) = plane_geometry(format, index, width, height);
            let needed = row_bytes * rows;
            let Some((head, tail)) = rest.split_at_checked(needed) else {
                return Err(FrameError::ShortPlane { plane: index, needed, available: rest.len() });
            };
            *plane = Plane { data: head, stride_bytes: row_bytes };
            rest = tail;
        }
        Ok(Self { format, width, height, planes })
    }

    /// Layout.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// Pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The planes of the format.
    pub fn planes(&self) -> &[Plane<'a>] {
        &self.planes[..self.format.plane_count()]
    }

    /// Replaces `target` by the picture as [`FrameView::packed`] takes it: planes without padding.
    /// Allocates only when `target` is too small.
    ///
    /// # Errors
    /// [`FrameError::Memory`]; `target` is empty then.
    pub fn pack_into(&self, target: &mut Vec<u8>) -> Result<(), FrameError> {
        target.clear();
        let geometry = |index| plane_geometry(self.format, index, self.width, self.height);
        let planes = (0..self.planes().len()).map(geometry);
        reserve(target, planes.map(|(row_bytes, rows)| row_bytes * rows).sum())?;
        for (index, plane) in self.planes().iter().enumerate() {
            let (row_bytes, rows) = plane_geometry(self.format, index, self.width, self.height);
            if plane.stride_bytes == row_bytes {
                target.extend_from_slice(&plane.data[..row_bytes * rows]);
            } else {
                for row in plane.data.chunks(plane.stride_bytes).take(rows) {
                    target.extend_from_slice(&row[..row_bytes]);
                }
            }
        }
        Ok(())
    }

    /// The picture without a copy when it is I420 already.
    pub fn as_i420(&self) -> Option<I420<'a>> {
        (self.format == PixelFormat::I420).then_some(I420 {
            width: self.width,
            height: self.height,
            planes: self.planes,
        })
    }
}

/// A borrowed picture in the layout encoders take: planes Y, U, V; chroma halved both ways.
#[derive(Clone, Copy, Debug)]
pub struct I420<'a> {
    width: u32,
    height: u32,
    planes: [Plane<'a>; 3],
}

impl<'a> I420<'a> {
    /// A picture of `width` × `height` pixels from its planes Y, U, V.
    ///
    /// # Errors
    /// As [`FrameView::new`].
    pub fn new(width: u32, height: u32, planes: [Plane<'a>; 3]) -> Result<Self, FrameError> {
        FrameView::new(PixelFormat::I420, width, height, &planes)?;
        Ok(Self { width, height, planes })
    }

    /// Pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Y, U, V.
    pub fn planes(&self) -> &[Plane<'a>; 3] {
        &self.planes
    }

    /// The rows of plane `plane` (0 Y, 1 U, 2 V), each exactly as long as the picture is wide.
    pub fn rows(&self, plane: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (row_bytes, rows) = plane_geometry(PixelFormat::I420, plane, self.width, self.height);
        let Plane { data, stride_bytes } = self.planes[plane];
        data.chunks(stride_bytes).take(rows).map(move |row| &row[..row_bytes])
    }
}

/// An owned I420 picture with unpadded planes in one buffer; made once and drawn into again and
/// again, so a pool of them costs no allocation per frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct I420Frame {
    width: u32,
    height: u32,
    data: Vec<u8>,
}

impl I420Frame {
    /// Whether there can be a picture of this size.
    ///
    /// # Errors
    /// [`FrameError::Size`] unless both sides are even and within 16..=3840.
    pub fn check_size(width: u32, height: u32) -> Result<(), FrameError> {
        check_size(width, height)
    }

    /// A black picture.
    ///
    /// # Errors
    /// [`FrameError::Size`], [`FrameError::Memory`].
    pub fn new(width: u32, height: u32) -> Result<Self, FrameError> {
        check_size(width, height)?;
        let luma = width as usize * height as usize;
        let mut data = Vec::new();
        reserve(&mut data, luma + luma / 2)?;
        data.resize(luma + luma / 2, 16);
        data[luma..].fill(128);
        Ok(Self { width, height, data })
    }

    /// A copy of `picture`.
    ///
    /// # Errors
    /// [`FrameError::Memory`].
    pub fn copy_of(picture: &I420<'_>) -> Result<Self, FrameError> {
        let mut copy = Self::new(picture.width, picture.height)?;
        let width = picture.width as usize;
        for (plane, to) in copy.planes_mut().into_iter().enumerate() {
            let row_bytes = if plane == 0 { width } else { width / 2 };
            let rows = picture.rows(plane).zip(to.chunks_exact_mut(row_bytes));
            rows.for_each(|(from, to)| to.copy_from_slice(from));
        }
        Ok(copy)
    }

    /// Pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The picture, as encoders take it.
    pub fn view(&self) -> I420<'_> {
        let (width, luma) = (self.width as usize, self.luma_bytes());
        let (y, chroma) = self.data.split_at(luma);
        let (u, v) = chroma.split_at(luma / 4);
        I420 {
            width: self.width,
            height: self.height,
            planes: [
                Plane { data: y, stride_bytes: width },
                Plane { data: u, stride_bytes: width / 2 },
                Plane { data: v, stride_bytes: width / 2 },
            ],
        }
    }

    /// Planes Y (`width` × `height`), U and V (half of each), unpadded.
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let luma = self.luma_bytes();
        let (y, chroma) = self.data.split_at_mut(luma);
        let (u, v) = chroma.split_at_mut(luma / 4);
        [y, u, v]
    }

    /// All planes one after the other: Y, U, V.
    pub fn as_bytes(&self) -> &[u8] {
        &self.data
    }

    /// All planes one after the other: Y, U, V.
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    fn luma_bytes(&self) -> usize {
        self.width as usize * self.height as usize
    }
}

/// Room for `bytes` in the empty `target`, or a word instead of an abort.
fn reserve(target: &mut Vec<u8>, bytes: usize) -> Result<(), FrameError> {
    target.try_reserve_exact(bytes).map_err(|_| FrameError::Memory { bytes })
}

pub(crate) fn check_size(width: u32, height: u32) -> Result<(), FrameError> {
    let fits = |side: u32| (16..=3840).contains(&side) && side.is_multiple_of(2);
    if fits(width) && fits(height) { Ok(()) } else { Err(FrameError::Size { width, height }) }
}

/// Bytes of a row and number of rows; the size is checked, so nothing overflows.
pub(crate) fn plane_geometry(
    format: PixelFormat,
    plane: usize,
    width: u32,
    height: u32,
) -> (usize, usize) {
    let (width, height) = (width as usize, height as usize);
    match (format, plane) {
        (PixelFormat::Rgba | PixelFormat::Bgra, _) => (width * 4, height),
        (_, 0) => (width, height),
        (PixelFormat::I420, _) => (width / 2, height / 2),
        (PixelFormat::Nv12 | PixelFormat::Nv21, _) => (width, height / 2),
    }
}

pub(crate) fn check_plane(
    index: usize,
    plane: Plane<'_>,
    row_bytes: usize,
    rows: usize,
) -> Result<(), FrameError> {
    let Plane { data, stride_bytes } = plane;
    if stride_bytes < row_bytes {
        return Err(FrameError::ShortStride { plane: index, stride_bytes, row_bytes });
    }
    let needed = stride_bytes
        .checked_mul(rows - 1)
        .and_then(|bytes| bytes.checked_add(row_bytes))
        .unwrap_or(usize::MAX);
    if data.len() < needed {
        return Err(FrameError::ShortPlane { plane: index, needed, available: data.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(data: &[u8], stride_bytes: usize) -> Plane<'_> {
        Plane { data, stride_bytes }
    }

    #[test]
    fn the_last_row_may_end_without_its_padding() {
        let data = vec![0; 40 * 15 + 32];
        assert!(FrameView::new(PixelFormat::Rgba, 8 * 2, 16, &[plane(&data, 64)]).is_err());
        let chroma = vec![0; 40 * 7 + 32];
        let planes = [plane(&data, 40), plane(&chroma, 40)];
        assert!(FrameView::new(PixelFormat::Nv12, 32, 16, &planes).is_ok());
        let short = [plane(&data[1..], 40), plane(&chroma, 40)];
        assert_eq!(
            FrameView::new(PixelFormat::Nv12, 32, 16, &short).unwrap_err(),
            FrameError::ShortPlane { plane: 0, needed: 632, available: 631 }
        );
    }

    #[test]
    fn sizes_counts_and_strides_are_checked() {
        let data = vec![0; 10_000];
        let one = plane(&data, 64);
        for (width, height) in [(0, 16), (16, 0), (17, 16), (16, 17), (14, 16), (16, 3842)] {
            assert_eq!(
                FrameView::new(PixelFormat::Rgba, width, height, &[one]).unwrap_err(),
                FrameError::Size { width, height }
            );
        }
        assert_eq!(
            FrameView::new(PixelFormat::I420, 16, 16, &[one]).unwrap_err(),
            FrameError::PlaneCount { format: PixelFormat::I420, expected: 3, given: 1 }
        );
        assert_eq!(
            FrameView::new(PixelFormat::Bgra, 16, 16, &[plane(&data, 63)]).unwrap_err(),
            FrameError::ShortStride { plane: 0, stride_bytes: 63, row_bytes: 64 }
        );
        let overflowing = plane(&data, usize::MAX / 2);
        assert!(matches!(
            FrameView::new(PixelFormat::Bgra, 16, 16, &[overflowing]),
            Err(FrameError::ShortPlane { needed: usize::MAX, .. })
        ));
    }

    #[test]
    fn a_packed_picture_is_cut_into_its_planes() {
        let data: Vec<u8> = (0..16 * 16 * 3 / 2).map(|i| (i / 64) as u8).collect();
        let view = FrameView::packed(PixelFormat::I420, 16, 16, &data).unwrap();
        let picture = view.as_i420().unwrap();
        assert_eq!(picture.planes().map(|p| p.data[0]), [0, 4, 5]);
        assert!(FrameView::packed(PixelFormat::I420, 16, 16, &data[1..]).is_err());
    }

    #[test]
    fn a_new_frame_is_black() {
        let frame = I420Frame::new(16, 16).unwrap();
        assert!(frame.view().rows(0).all(|row| row == [16; 16]));
        assert!(frame.view().rows(2).all(|row| row == [128; 8]));
        assert_eq!(frame.view().rows(1).count(), 8);
    }
}
