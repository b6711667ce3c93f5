//! Stills: PNG or JPEG bytes, or pixels, as RGBA with straight alpha.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::still;

/// A still; copies share its pixels.
#[derive(Clone)]
pub struct Image {
    still: Arc<Still>,
}

/// Pixels with straight alpha.
struct Still {
    width: u32,
    height: u32,
    /// R G B A, `width` × `height`, rows without padding.
    rgba: Vec<u8>,
}

/// Why bytes are no still.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Another kind of file.
    #[error("image: neither PNG nor JPEG")]
    Format,
    /// The file is damaged or incomplete.
    #[error("image: cannot be read: {0}")]
    Damaged(String),
    /// Empty, or larger than [`Image::LARGEST`] either way.
    #[error("image: {width}x{height} pixels; use 1 to {} each way", Image::LARGEST)]
    Size {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Fewer or more bytes than the size asks for.
    #[error("image: {given} bytes of RGBA given, its size asks for {expected}")]
    Bytes {
        /// Bytes asked for.
        expected: usize,
        /// Bytes given.
        given: usize,
    },
}

impl Image {
    /// The most pixels each way.
    pub const LARGEST: u32 = 4_096;

    /// Reads a PNG or JPEG file; a camera's note which way up it was held is followed.
    ///
    /// # Errors
    /// [`ImageError::Format`], [`ImageError::Damaged`], [`ImageError::Size`].
    pub fn decode(file: &[u8]) -> Result<Self, ImageError> {
        let (width, height, rgba) = still::decode(file, check_size)?;
        Self::from_rgba(width, height, rgba)
    }

    /// Takes R G B A bytes with straight alpha, rows without padding.
    ///
    /// # Errors
    /// [`ImageError::Size`], [`ImageError::Bytes`].
    pub fn from_rgba(width: u32, height: u32, rgba: Vec<u8>) -> Result<Self, ImageError> {
        check_size(width, height)?;
        let (expected, given) = (width as usize * height as usize * 4, rgba.len());
        if expected != given {
            return Err(ImageError::Bytes { expected, given });
        }
        Ok(Self::of(width, height, rgba))
    }

    /// Takes pixels that fit their size.
    pub(super) fn of(width: u32, height: u32, rgba: Vec<u8>) -> Self {
        Self { still: Arc::new(Still { width, height, rgba }) }
    }

    /// Pixels.
    pub fn width(&self) -> u32 {
        self.still.width
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.still.height
    }

    /// R G B A with straight alpha, rows without padding.
    pub fn rgba(&self) -> &[u8] {
        &self.still.rgba
    }
}

fn check_size(width: u32, height: u32) -> Result<(), ImageError> {
    let fits = |side| (1..=Image::LARGEST).contains(&side);
    if fits(width) && fits(height) { Ok(()) } else { Err(ImageError::Size { width, height }) }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&*self.still, &*other.still);
        Arc::ptr_eq(&self.still, &other.still)
            || ((a.width, a.height) == (b.width, b.height) && a.rgba == b.rgba)
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({}x{})", self.still.width, self.still.height)
    }
}
