//! Pictures that an app gives and takes beside the camera's: to overlays, as snapshots, as previews.

use std::sync::Mutex;
use std::time::Duration;

use onair::{
    FrameView, I420Frame, InputError, PixelFormat, Preview, RgbaFrame, SnapshotError, StillFormat,
    to_rgba,
};

use super::{lock, refused};
use crate::live::Live;
use crate::{LiveError, LiveSession};

/// A file format for stills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SnapshotFormat {
    /// Every pixel as it is.
    Png,
    /// Smaller, a little different.
    Jpeg {
        /// 1 (small) to 100 (good).
        quality: u8,
    },
}

#[uniffi::export]
impl LiveSession {
    /// The next raw picture as it is encoded, as a file. Waits for it, `within_ms` at most: not for
    /// the main thread. LFLiveKit: currentImage.
    ///
    /// # Errors
    /// [`LiveError::Call`] when the session does not run, gets no raw pictures (208), or none came
    /// in time (219); [`LiveError::Configuration`] for a quality that is none.
    pub fn snapshot(&self, format: SnapshotFormat, within_ms: u64) -> Result<Vec<u8>, LiveError> {
        self.live().snapshot(format, within_ms)
    }

    /// Begins or ends to keep each picture that is encoded for who shows it: one copy a picture. What
    /// the camera sees is mirrored in it or not, whatever viewers get; overlays never are.
    pub fn set_preview(&self, is_on: bool, mirror: bool) {
        self.live().set_preview(is_on, mirror);
    }
}

/// The preview that was fetched last, and as which bytes it is wanted.
#[derive(Debug, Default)]
pub(crate) struct Window {
    fetched: Mutex<Fetched>,
}

#[derive(Debug, Default)]
struct Fetched {
    frame: Option<I420Frame>,
    /// It has not been handed out yet: the last buffer was too small.
    waits: bool,
    rgba: Option<RgbaFrame>,
}

impl Live {
    pub(crate) fn snapshot(
        &self,
        format: SnapshotFormat,
        within_ms: u64,
    ) -> Result<Vec<u8>, LiveError> {
        let format = match format {
            SnapshotFormat::Png => StillFormat::Png,
            SnapshotFormat::Jpeg { quality } => StillFormat::Jpeg { quality },
        };
        Ok(self.session().snapshot(format, Duration::from_millis(within_ms))?)
    }

    pub(crate) fn set_preview(&self, is_on: bool, mirror: bool) {
        self.session().set_preview(is_on.then_some(Preview { mirror }));
    }

    pub(crate) fn push_overlay(&self, name: &str, frame: FrameView<'_>) -> Result<(), LiveError> {
        Ok(self.session().push_overlay(name, frame)?)
    }

    /// Writes the newest preview into `buffer`, rows without padding: Y, U and V one after the other,
    /// or four bytes a pixel. Its width and height; none when there is no newer one than the last.
    ///
    /// # Errors
    /// [`LiveError::Call`] when the buffer is too small, or the format another one; the picture stays
    /// for the next call.
    pub(crate) fn fetch_preview(
        &self,
        format: PixelFormat,
        buffer: &mut [u8],
    ) -> Result<Option<[u32; 2]>, LiveError> {
        let mut fetched = lock(&self.window.fetched);
        let Fetched { frame, waits, rgba } = &mut *fetched;
        *waits |= self.session().fetch_preview(frame);
        let Some(frame) = frame.as_ref().filter(|_| *waits) else { return Ok(None) };
        let size = [frame.width(), frame.height()];
        let bytes = match format {
            PixelFormat::I420 => frame.as_bytes(),
            PixelFormat::Rgba | PixelFormat::Bgra => {
                let fits = |old: &RgbaFrame| [old.width(), old.height()] == size;
                let pixels = match rgba.take().filter(fits) {
                    Some(old) => old,
                    None => RgbaFrame::new(size[0], size[1]).map_err(SnapshotError::from)?,
                };
                let pixels = rgba.insert(pixels);
                to_rgba(&frame.view(), pixels).map_err(SnapshotError::from)?;
                pixels.as_bytes()
            }
            other => {
                let reason = format!("previews come as I420, RGBA or BGRA, not as {other:?}");
                return Err(LiveError::argument(reason));
            }
        };
        let Some(room) = buffer.get_mut(..bytes.len()) else {
            let (needed, given) = (bytes.len(), buffer.len());
            let reason = format!("the preview has {needed} bytes, and the buffer {given}");
            return Err(LiveError::argument(reason));
        };
        room.copy_from_slice(bytes);
        if format == PixelFormat::Bgra {
            room.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| pixel.swap(0, 2));
        }
        *waits = false;
        Ok(Some(size))
    }
}

impl From<SnapshotError> for LiveError {
    fn from(error: SnapshotError) -> Self {
        let reason = error.to_string();
        match error {
            SnapshotError::NotRunning => Self::new(208, reason, "start the session first"),
            SnapshotError::NoPictures => {
                Self::new(208, reason, "make the session with raw pictures")
            }
            SnapshotError::Timeout { .. } => {
                Self::new(219, reason, "push raw pictures while the session runs")
            }
            SnapshotError::Still(onair::StillError::Quality { .. }) => refused(reason),
            _ => Self::new(209, reason, "close other apps, then try again"),
        }
    }
}

impl From<InputError> for LiveError {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Unknown { .. } => {
                Self::new(216, error.to_string(), "set a look with such an overlay first")
            }
            _ => Self::new(209, error.to_string(), "close other apps, then try again"),
        }
    }
}
