//! What cameras give that is none of [`crate::frame::PixelFormat`]: YUYV and Motion JPEG → I420.

use super::CaptureError;
use crate::convert::to_i420;
use crate::frame::{FrameError, FrameView, I420Frame, PixelFormat};
use crate::overlay::ImageError;
use crate::still;

/// Y U Y V, two pixels in four bytes, rows of `stride_bytes`; chroma is the mean of two rows.
///
/// # Errors
/// [`FrameError`] when there are fewer bytes than the size of `into` needs.
pub fn yuyv_to_i420(
    data: &[u8],
    stride_bytes: usize,
    into: &mut I420Frame,
) -> Result<(), FrameError> {
    let (width, height) = (into.width() as usize, into.height() as usize);
    let row_bytes = width * 2;
    if stride_bytes < row_bytes {
        return Err(FrameError::ShortStride { plane: 0, stride_bytes, row_bytes });
    }
    let needed = stride_bytes.saturating_mul(height - 1).saturating_add(row_bytes);
    if data.len() < needed {
        return Err(FrameError::ShortPlane { plane: 0, needed, available: data.len() });
    }
    let [y, u, v] = into.planes_mut();
    let chroma = u.chunks_exact_mut(width / 2).zip(v.chunks_exact_mut(width / 2));
    for ((pair, luma), (u, v)) in
        data.chunks(stride_bytes * 2).zip(y.chunks_exact_mut(width * 2)).zip(chroma)
    {
        let (upper, lower) = (&pair[..row_bytes], &pair[stride_bytes..][..row_bytes]);
        for (luma, row) in luma.chunks_exact_mut(width).zip([upper, lower]) {
            for (luma, pixel) in luma.iter_mut().zip(row.chunks_exact(2)) {
                *luma = pixel[0];
            }
        }
        let pixels = upper.chunks_exact(4).zip(lower.chunks_exact(4));
        for ((upper, lower), (u, v)) in pixels.zip(u.iter_mut().zip(v)) {
            let mean = |at: usize| (u16::from(upper[at]) + u16::from(lower[at])).div_ceil(2) as u8;
            (*u, *v) = (mean(1), mean(3));
        }
    }
    Ok(())
}

/// A picture of Motion JPEG. Takes a few milliseconds, and memory while it does.
///
/// # Errors
/// [`CaptureError::Damaged`] when it cannot be decoded, [`FrameError::SizeChanged`] when it has
/// another size than `into`; of that nothing is decoded.
pub fn mjpeg_to_i420(data: &[u8], into: &mut I420Frame) -> Result<(), CaptureError> {
    let expected = [into.width(), into.height()];
    let size_changed = |width, height| FrameError::SizeChanged {
        width,
        height,
        expected_width: expected[0],
        expected_height: expected[1],
    };
    let mut found = expected;
    let decoded = still::decode(data, |width, height| {
        found = [width, height];
        if found == expected { Ok(()) } else { Err(ImageError::Format) }
    });
    if found != expected {
        return Err(size_changed(found[0], found[1]).into());
    }
    let (width, height, rgba) =
        decoded.map_err(|error| CaptureError::Damaged(error.to_string()))?;
    if [width, height] != expected {
        return Err(size_changed(width, height).into());
    }
    to_i420(&FrameView::packed(PixelFormat::Rgba, width, height, &rgba)?, into)?;
    Ok(())
}
