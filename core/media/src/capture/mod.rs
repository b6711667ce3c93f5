//! The traits behind which cameras, microphones, screens, patterns and files live: whoever owns a
//! source reads it picture by picture or block by block, and pushes what came with its stamp.
//!
//! A live source waits in `read` until there is something, at most about a second; a file gives at
//! once, and whoever reads it paces. Stamps of all sources of a session are of one clock: a device's
//! own is converted by [`ClockBase`], once, where it is opened. Nothing here opens a device.

mod clock;
mod made;
mod packed;

use onair_types::CaptureTime;
use thiserror::Error;

pub use clock::{ClockBase, Continuity, begin_of_block};
pub use made::{Beep, Pattern, WavSound, Y4mPictures};
pub use packed::{mjpeg_to_i420, yuyv_to_i420};

use crate::file::FileError;
use crate::frame::{FrameError, I420Frame};

/// What pictures a source gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureShape {
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Pictures in `fps_den` seconds; of a device the most that come.
    pub fps_num: u32,
    /// Not zero.
    pub fps_den: u32,
}

/// What samples a source gives: 16 bits, interleaved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundShape {
    /// Samples a second and channel.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: u8,
}

/// A camera, a screen, a pattern or a file of pictures.
pub trait PictureSource: Send {
    /// What comes; does not change.
    fn shape(&self) -> PictureShape;

    /// Writes the next picture into `into`, which has the shape's size, and tells when it was
    /// captured. `None` at the end of a file; [`CaptureError::Late`] when a device gave nothing for
    /// a second, after which reading may go on.
    ///
    /// # Errors
    /// [`CaptureError`]: what failed and what to do.
    fn read(&mut self, into: &mut I420Frame) -> Result<Option<CaptureTime>, CaptureError>;
}

/// A microphone, a tone or a file of samples.
pub trait SoundSource: Send {
    /// What comes; does not change.
    fn shape(&self) -> SoundShape;

    /// Replaces what is in `into` by the next samples, about `frames` a channel. `None` at the end
    /// of a file.
    ///
    /// # Errors
    /// As [`PictureSource::read`].
    fn read(
        &mut self,
        frames: u32,
        into: &mut Vec<i16>,
    ) -> Result<Option<CapturedSound>, CaptureError>;
}

/// When a block began, and what is missing before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapturedSound {
    /// When its first sample was captured.
    pub captured: CaptureTime,
    /// Samples a channel that the device lost since the block before; the stamp counts them.
    pub lost: u64,
}

/// Why nothing was captured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// A device cannot be opened or set up.
    #[error("open {device}: {reason}")]
    Open {
        /// As the user named it.
        device: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// It is gone, or stopped working.
    #[error("capture from {device}: {reason}")]
    Device {
        /// As the user named it.
        device: String,
        /// What the system said.
        reason: String,
    },
    /// Nothing came for a second.
    #[error("capture from {device}: nothing came for a second; is it in use or covered?")]
    Late {
        /// As the user named it.
        device: String,
    },
    /// A picture cannot be used.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A compressed picture cannot be decoded.
    #[error("decode a camera's picture: {0}")]
    Damaged(String),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}

#[cfg(test)]
mod capture_test;
