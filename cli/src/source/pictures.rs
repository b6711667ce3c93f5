//! Pictures one after the other: drawn by a pattern or read from a Y4M file.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use onair_media::file::y4m;
use onair_media::frame::{FrameError, FrameView, I420Frame, PixelFormat};
use onair_media::pattern::{Kind, VideoPattern};

use crate::args;
use crate::exit::Failure;
use crate::pacing::FrameRate;

/// A picture at a time.
#[derive(Debug)]
pub(crate) struct Pictures {
    maker: Maker,
    rate: FrameRate,
    frame: I420Frame,
}

#[derive(Debug)]
enum Maker {
    /// Set up with its first picture, which is while the session connects.
    Pattern {
        kind: Kind,
        fps: u32,
        pattern: Option<VideoPattern>,
    },
    File(y4m::Reader<Input>),
}

type Input = BufReader<Box<dyn ReadSend>>;

trait ReadSend: Read + Send {}
impl<R: Read + Send> ReadSend for R {}

impl std::fmt::Debug for dyn ReadSend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Read")
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
        let rate = FrameRate::new(fps, 1).ok_or_else(|| Failure::usage("--fps 0: use 1 to 120"))?;
        let frame = I420Frame::new(width, height).map_err(Failure::usage)?;
        Ok(Self { maker: Maker::Pattern { kind: kind.into(), fps, pattern: None }, rate, frame })
    }

    /// Pictures of a Y4M file; `-` is stdin.
    ///
    /// # Errors
    /// When the file cannot be opened or is not Y4M.
    pub(crate) fn y4m(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let input: Box<dyn ReadSend> = if path.as_os_str() == "-" {
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(path).map_err(|e| Failure::usage(format!("open {name}: {e}")))?)
        };
        // One read call a picture is enough at common sizes.
        let input = BufReader::with_capacity(1 << 20, input);
        let reader = y4m::Reader::new(input).map_err(|e| Failure::usage(format!("{name}: {e}")))?;
        let y4m::Header { width, height, fps_num, fps_den } = reader.header();
        let rate = FrameRate::new(fps_num, fps_den)
            .ok_or_else(|| Failure::usage(format!("{name}: has no frame rate")))?;
        let frame =
            I420Frame::new(width, height).map_err(|e| Failure::usage(format!("{name}: {e}")))?;
        Ok(Self { maker: Maker::File(reader), rate, frame })
    }

    pub(crate) fn rate(&self) -> FrameRate {
        self.rate
    }

    /// Pixels: width, height.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.frame.width(), self.frame.height())
    }

    /// Makes picture `index`; false at the file's end. Indices go up by one from 0.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn make(&mut self, index: u64) -> Result<bool, Failure> {
        match &mut self.maker {
            Maker::Pattern { kind, fps, pattern } => {
                let pattern = match pattern {
                    Some(pattern) => pattern,
                    None => {
                        let (width, height) = (self.frame.width(), self.frame.height());
                        let made = VideoPattern::new(*kind, width, height, *fps);
                        pattern.insert(made.map_err(Failure::local)?)
                    }
                };
                pattern.draw(index, &mut self.frame).map(|()| true).map_err(Failure::local)
            }
            Maker::File(reader) => reader.read_frame(&mut self.frame).map_err(Failure::usage),
        }
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
