//! Pictures as they come from cameras and apps, checked once at the border.

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

/// One plane: rows of `stride_bytes`.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// At least `stride_bytes × (rows − 1) + row bytes` long.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride_bytes: usize,
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
}
