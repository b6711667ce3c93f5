//! Any picture → I420 in the caller's buffer: no allocation, plain loops that vectorise.
//!
//! RGB becomes Y'CbCr by BT.709, limited range (ITU-R BT.709-6 3.2–3.5), at every size. The
//! encoder says so in the SPS, so a player need not guess from the size (players that guess take
//! BT.601 for small pictures, and disagree on portrait ones). Y'CbCr input is passed on as it
//! is and should be BT.709 limited too.

use crate::frame::{FrameError, FrameView, I420Frame};

/// Writes `source` as I420 into `target`.
///
/// # Errors
/// [`FrameError::SizeChanged`] when the sizes differ.
pub fn to_i420(source: &FrameView<'_>, target: &mut I420Frame) -> Result<(), FrameError> {
    let _ = (source, target);
    todo!("media")
}
