//! Pictures one after the other: of a pattern, a Y4M file or a camera, whatever is behind the trait.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use onair_media::capture::{CaptureError, Pattern, PictureShape, PictureSource, Y4mPictures};
use onair_media::file::y4m;
use onair_media::frame::{FrameError, FrameView, I420Frame, PixelFormat};
use onair_media::pattern::Kind;
use onair_types::CaptureTime;

use crate::args;
use crate::exit::Failure;
use crate::pacing::FrameRate;

/// A picture at a time.
pub(crate) struct Pictures {
    source: Box<dyn PictureSource>,
    rate: FrameRate,
    frame: I420Frame,
}

impl std::fmt::Debug for Pictures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pictures").field("rate", &self.rate).finish_non_exhaustive()
    }
}

impl Pictures {
    /// Pictures of a pattern.
    ///
    /// # Errors
    /// When the size is not one that can be drawn.
    pub(crate) fn pattern(
        kind: args::Pattern,
        width: u32,
        height: u32,
        fps: u32,
    ) -> Result<Self, Failure> {
        let pattern = Pattern::new(kind.into(), width, height, fps).map_err(Failure::usage)?;
        let no_rate = || Failure::usage("--fps 0: use 1 to 120");
        Self::of(Box::new(pattern), no_rate, Failure::usage)
    }

    fn of(
        source: Box<dyn PictureSource>,
        no_rate: impl FnOnce() -> Failure,
        refused: impl FnOnce(FrameError) -> Failure,
    ) -> Result<Self, Failure> {
        let PictureShape { width, height, fps_num, fps_den } = source.shape();
        let rate = FrameRate::new(fps_num, fps_den).ok_or_else(no_rate)?;
        let frame = I420Frame::new(width, height).map_err(refused)?;
        Ok(Self { source, rate, frame })
    }

    /// Pictures of a camera, as near as it can to what is wanted.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn camera(device: &str, wanted: PictureShape) -> Result<Self, Failure> {
        let camera = onair_capture::open_camera(device, wanted).map_err(Failure::usage)?;
        let no_rate = || Failure::usage(format!("{device}: has no frame rate"));
        Self::of(camera, no_rate, |error| Failure::usage(format!("{device}: {error}")))
    }

    /// Pictures of a Y4M file; `-` is stdin.
    ///
    /// # Errors
    /// When the file cannot be opened or is not Y4M.
    pub(crate) fn y4m(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let input: Box<dyn Read + Send> = if path.as_os_str() == "-" {
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(path).map_err(|e| Failure::usage(format!("open {name}: {e}")))?)
        };
        // For the header lines alone: what is larger than the buffer is read where it belongs.
        let input = BufReader::with_capacity(4 << 10, input);
        let reader = y4m::Reader::new(input).map_err(|e| Failure::usage(format!("{name}: {e}")))?;
        let no_rate = || Failure::usage(format!("{name}: has no frame rate"));
        let refused = |error| Failure::usage(format!("{name}: {error}"));
        Self::of(Box::new(Y4mPictures::new(reader)), no_rate, refused)
    }

    pub(crate) fn rate(&self) -> FrameRate {
        self.rate
    }

    /// Pixels: width, height.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.frame.width(), self.frame.height())
    }

    /// Makes the next picture; false at the file's end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn make(&mut self) -> Result<bool, Failure> {
        Ok(self.read().map_err(Failure::usage)?.is_some())
    }

    /// The next picture, and when it was captured; waits for a camera's.
    ///
    /// # Errors
    /// As the source says.
    pub(crate) fn read(&mut self) -> Result<Option<CaptureTime>, CaptureError> {
        self.source.read(&mut self.frame)
    }

    /// The picture made last.
    ///
    /// # Errors
    /// Never, as the frame is whole; the view checks all the same.
    pub(crate) fn frame(&self) -> Result<FrameView<'_>, FrameError> {
        let (width, height) = self.size();
        FrameView::packed(PixelFormat::I420, width, height, self.frame.as_bytes())
    }
}

impl From<args::Pattern> for Kind {
    fn from(pattern: args::Pattern) -> Self {
        match pattern {
            args::Pattern::Bars => Self::Bars,
            args::Pattern::Clock => Self::Clock,
            args::Pattern::Noise => Self::Noise,
            args::Pattern::Motion => Self::Motion,
            args::Pattern::Face => Self::Face,
        }
    }
}
