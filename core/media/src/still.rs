//! Pictures as the bytes of PNG and JPEG files. Takes as long as it takes: not for an encoder's
//! thread.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageError as Inner, ImageFormat,
    ImageReader, Limits,
};
use thiserror::Error;

use crate::frame::I420;
use crate::look::RgbaFrame;
use crate::overlay::ImageError;

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StillFormat {
    /// Every pixel as it is.
    Png,
    /// Smaller, a little different.
    Jpeg {
        /// 1 (small) to 100 (good).
        quality: u8,
    },
}

/// Why there is no file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StillError {
    /// Outside its range.
    #[error("still: JPEG quality is {quality}; use 1 to 100")]
    Quality {
        /// What was given.
        quality: u8,
    },
    /// The file could not be made.
    #[error("still: {0}")]
    Encode(String),
}

impl StillFormat {
    /// Whether it can be used.
    ///
    /// # Errors
    /// [`StillError::Quality`].
    pub fn check(self) -> Result<(), StillError> {
        match self {
            Self::Jpeg { quality } if !(1..=100).contains(&quality) => {
                Err(StillError::Quality { quality })
            }
            _ => Ok(()),
        }
    }
}

/// `picture`, BT.709 limited, as a file in sRGB.
///
/// # Errors
/// [`StillError`].
pub fn encode(picture: &I420<'_>, format: StillFormat) -> Result<Vec<u8>, StillError> {
    let rgb = crate::effect::rgb::to_bytes(picture);
    encode_rgb(&rgb, [picture.width(), picture.height()], format)
}

/// `picture` as a file, without its alpha.
///
/// # Errors
/// [`StillError`].
pub fn encode_rgba(picture: &RgbaFrame, format: StillFormat) -> Result<Vec<u8>, StillError> {
    let pixels = picture.as_bytes().as_chunks::<4>().0;
    let rgb: Vec<u8> = pixels.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
    encode_rgb(&rgb, [picture.width(), picture.height()], format)
}

fn encode_rgb(
    rgb: &[u8],
    [width, height]: [u32; 2],
    format: StillFormat,
) -> Result<Vec<u8>, StillError> {
    format.check()?;
    let mut file = Vec::new();
    let kind = ExtendedColorType::Rgb8;
    match format {
        StillFormat::Png => PngEncoder::new(&mut file).write_image(rgb, width, height, kind),
        StillFormat::Jpeg { quality } => {
            JpegEncoder::new_with_quality(&mut file, quality).write_image(rgb, width, height, kind)
        }
    }
    .map_err(|error: Inner| StillError::Encode(error.to_string()))?;
    Ok(file)
}

/// Width, height, and R G B A with straight alpha of a PNG or JPEG file, the way up that a camera
/// noted. Nothing is decoded of a size that `check` refuses.
pub(crate) fn decode(
    file: &[u8],
    check: impl FnOnce(u32, u32) -> Result<(), ImageError>,
) -> Result<(u32, u32, Vec<u8>), ImageError> {
    let damaged = |error: Inner| ImageError::Damaged(error.to_string());
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format();
    let mut reader = reader.map_err(|error| ImageError::Damaged(error.to_string()))?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(ImageError::Format);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    check(width, height)?;
    let turn = decoder.orientation().map_err(damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(turn);
    let picture = picture.into_rgba8();
    let (width, height) = picture.dimensions();
    Ok((width, height, picture.into_raw()))
}

/// A still of the largest size with 16 bits a channel, and a decoder's own copy.
const MOST_BYTES: u64 = 320 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::I420Frame;

    #[test]
    fn a_picture_comes_back_from_its_file() {
        let mut frame = I420Frame::new(32, 16).unwrap();
        // White, and the red, green and blue of BT.709, one block of 16 × 16 beside another.
        let colours = [[235, 128, 128], [63, 102, 240], [173, 42, 26], [32, 240, 118]];
        for format in [StillFormat::Png, StillFormat::Jpeg { quality: 95 }] {
            for (colour, want) in
                colours.into_iter().zip([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]])
            {
                for (plane, value) in frame.planes_mut().into_iter().zip(colour) {
                    plane.fill(value);
                }
                let file = encode(&frame.view(), format).unwrap();
                let back = crate::overlay::Image::decode(&file).unwrap();
                assert_eq!((back.width(), back.height()), (32, 16));
                for (got, want) in back.rgba()[4 * 100..].iter().zip(want) {
                    assert!(got.abs_diff(want) <= 3, "{format:?} {want}: {got}");
                }
            }
        }
    }

    #[test]
    fn a_quality_that_is_none_is_refused() {
        let frame = I420Frame::new(16, 16).unwrap();
        for quality in [0, 101, 255] {
            let refused = encode(&frame.view(), StillFormat::Jpeg { quality });
            assert_eq!(refused, Err(StillError::Quality { quality }));
        }
    }
}
