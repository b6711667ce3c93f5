//! `onair filter`: one picture through the chain that a stream's pictures go through, into a file.

use std::path::PathBuf;

use clap::Args;
use onair::overlay::Image;
use onair::{FrameView, I420Frame, Look, MediaTime, PixelFormat, Plane};
use onair_media::look::Chain;
use onair_media::pattern::{Kind, VideoPattern};
use onair_media::still;

use crate::exit::{Exit, Failure, help};
use crate::look::{LookArgs, read_image, shots};

#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// A PNG or JPEG file, or a test pattern: pattern:face
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,

    /// A PNG or JPEG file, by its ending
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) look: LookArgs,
}

/// Size of a test pattern: portrait, as phones send.
const PATTERN: [u32; 2] = [360, 640];
/// A frame in which the pattern's face is about in the middle.
const MOMENT: u64 = 16;

/// Reads, filters and writes. A side of odd length loses a pixel, as in a stream.
///
/// # Errors
/// With the exit code: what the user can do about it is in the message.
pub(crate) fn run(args: &FilterArgs) -> Result<Exit, Failure> {
    let format = shots::format(&args.output)?;
    let name = args.input.to_string_lossy();
    let file = match name.strip_prefix("pattern:") {
        Some(name) => write(args, &pattern(name)?.view_as_frame()?, format)?,
        None => {
            let image = read_image(&args.input)?;
            write(args, &view(&image)?, format)?
        }
    };
    let written = std::fs::write(&args.output, file);
    written.map_err(|e| Failure::local(format!("write {}: {e}", args.output.display())))?;
    Ok(Exit::Ok)
}

fn write(
    args: &FilterArgs,
    source: &FrameView<'_>,
    format: onair::StillFormat,
) -> Result<Vec<u8>, Failure> {
    let look = args.look.on(Look::default(), source.height())?;
    let [mut width, mut height] = [source.width(), source.height()];
    if look.framing.rotation.is_upended() {
        (width, height) = (height, width);
    }
    let mut chain = Chain::new(width, height).map_err(Failure::usage)?;
    chain.set(&std::sync::Arc::new(look));
    let picture = chain.draw_rgba(source, MediaTime::ZERO).map_err(Failure::local)?;
    still::encode_rgba(picture, format).map_err(Failure::local)
}

fn view(image: &Image) -> Result<FrameView<'_>, Failure> {
    let (width, height) = (image.width() & !1, image.height() & !1);
    let plane = Plane { data: image.rgba(), stride_bytes: image.width() as usize * 4 };
    FrameView::new(PixelFormat::Rgba, width, height, &[plane]).map_err(Failure::usage)
}

fn pattern(name: &str) -> Result<Drawn, Failure> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let kind = kind.ok_or_else(|| Failure::usage(format!("pattern:{name}: there is none")))?;
    let [width, height] = PATTERN;
    let mut frame = I420Frame::new(width, height).map_err(Failure::local)?;
    let mut pattern = VideoPattern::new(kind, width, height, 30).map_err(Failure::local)?;
    pattern.draw(MOMENT, &mut frame).map_err(Failure::local)?;
    Ok(Drawn(frame))
}

struct Drawn(I420Frame);

impl Drawn {
    fn view_as_frame(&self) -> Result<FrameView<'_>, Failure> {
        let (width, height) = (self.0.width(), self.0.height());
        let view = FrameView::packed(PixelFormat::I420, width, height, self.0.as_bytes());
        view.map_err(Failure::local)
    }
}

pub(crate) const HELP: &str = help!(
    "\
Examples:
  onair filter in.png out.png --filter sepia
  onair filter in.jpg out.jpg --filter grade.cube --text 'Hello@16,-16,32'
  onair filter pattern:face out.png --overlay logo.png@-16,16,96,96,0.8"
);
