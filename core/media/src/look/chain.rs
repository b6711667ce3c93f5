//! Draws pictures by a [`Look`]: one chain for one encoder, on its thread.

use std::sync::Arc;

use onair_types::MediaTime;

use super::framer::Framer;
use super::preview::Preview;
use super::{Canvas, Look, RgbaFrame, beauty};
use crate::convert::to_i420;
use crate::effect::{self, EffectError};
use crate::frame::{FrameError, FrameView, I420, I420Frame, PixelFormat};
use crate::overlay::{self, Inputs};

/// Frames of any size and format in, I420 of one size out. Allocates when the look or the source's
/// geometry changes, and nothing for a picture once warm.
#[derive(Debug)]
pub struct Chain {
    look: Arc<Look>,
    canvas: Canvas,
    framer: Framer,
    beauty: beauty::Stage,
    effects: effect::Stack,
    /// Of the last picture.
    trouble: Option<EffectError>,
    overlays: overlay::Stage,
    preview: Preview,
    /// A source of another size that is not I420.
    converted: Option<I420Frame>,
}

impl Chain {
    /// For pictures of `width` × `height` pixels, with the default look.
    ///
    /// # Errors
    /// [`FrameError::Size`] unless both sides are even and within 16..=3840.
    pub fn new(width: u32, height: u32) -> Result<Self, FrameError> {
        Ok(Self {
            look: Arc::default(),
            canvas: Canvas::new(width, height)?,
            framer: Framer::default(),
            beauty: beauty::Stage::default(),
            effects: effect::Stack::default(),
            trouble: None,
            overlays: overlay::Stage::default(),
            preview: Preview::default(),
            converted: None,
        })
    }

    /// Overlays that show pushed pictures get them from `inputs`.
    pub fn with_inputs(mut self, inputs: Inputs) -> Self {
        self.overlays = overlay::Stage::new(inputs);
        self
    }

    /// Whether [`Chain::draw`] draws a preview too, and if so, whether what the source shows is
    /// mirrored there, whatever the stream's framing says. Overlays are not mirrored.
    pub fn set_preview(&mut self, mirror: Option<bool>) {
        self.preview.mirror = mirror;
        if mirror.is_none() {
            self.preview.frame = None;
        }
    }

    /// The preview of the last picture, when one was drawn; what is left here is drawn into next.
    pub fn preview_mut(&mut self) -> &mut Option<I420Frame> {
        &mut self.preview.frame
    }

    /// What an effect could not do to the last picture. The picture is whole all the same.
    pub fn take_trouble(&mut self) -> Option<EffectError> {
        self.trouble.take()
    }

    /// Draws by `look`, which was checked, from the next picture on. The same one again costs
    /// nothing.
    pub fn set(&mut self, look: &Arc<Look>) {
        if Arc::ptr_eq(&self.look, look) {
            return;
        }
        self.beauty.set(&look.beauty);
        self.overlays.set(&look.overlays);
        self.look = Arc::clone(look);
    }

    /// The picture for the encoder at `time` on the stream's timeline. I420 of the right size with
    /// nothing to do is `source` itself.
    ///
    /// # Errors
    /// [`FrameError::Memory`] when there is none for a buffer that is needed first now.
    pub fn draw<'a>(
        &'a mut self,
        source: &FrameView<'a>,
        time: MediaTime,
    ) -> Result<I420<'a>, FrameError> {
        if self.is_idle(source)
            && let Some(picture) = source.as_i420()
        {
            self.preview.take(&picture, false)?;
            return Ok(picture);
        }
        self.paint(source, time)?;
        self.preview.take(&self.canvas.i420()?, self.look.framing.mirror)?;
        if let (Some(_), Some(preview)) = (self.preview.mirror, &mut self.preview.frame) {
            self.overlays.draw(preview)?;
        }
        self.paint_overlays()?;
        self.canvas.i420()
    }

    /// The same picture as RGBA, for files: exact where the effects are.
    ///
    /// # Errors
    /// As [`Chain::draw`].
    pub fn draw_rgba(
        &mut self,
        source: &FrameView<'_>,
        time: MediaTime,
    ) -> Result<&mut RgbaFrame, FrameError> {
        self.paint(source, time)?;
        self.paint_overlays()?;
        self.canvas.rgba_mut()
    }

    /// Whether a picture in the encoder's layout goes through as it is.
    fn is_idle(&self, source: &FrameView<'_>) -> bool {
        self.is_whole(source)
            && self.beauty.is_idle()
            && self.look.effects.is_empty()
            && self.overlays.is_idle()
    }

    /// Whether no pixel of the source changes its place.
    fn is_whole(&self, source: &FrameView<'_>) -> bool {
        (source.width(), source.height()) == (self.canvas.width(), self.canvas.height())
            && self.look.framing.keeps_places()
    }

    fn paint(&mut self, source: &FrameView<'_>, time: MediaTime) -> Result<(), FrameError> {
        if !(self.is_whole(source) && self.beauty.draw_from(source, &mut self.canvas)?) {
            match source.format() {
                PixelFormat::Rgba | PixelFormat::Bgra if self.beauty.wants_rgb() => {
                    self.load_rgba(source)?
                }
                _ => self.load_i420(source)?,
            }
            self.beauty.draw(&mut self.canvas)?;
        }
        if !self.look.effects.is_empty() {
            let done = self.effects.apply(&self.look.effects, self.canvas.i420_mut()?, time);
            self.trouble = done.err();
        }
        Ok(())
    }

    fn paint_overlays(&mut self) -> Result<(), FrameError> {
        if self.overlays.is_idle() { Ok(()) } else { self.overlays.draw(self.canvas.i420_mut()?) }
    }

    fn load_rgba(&mut self, source: &FrameView<'_>) -> Result<(), FrameError> {
        let size = [source.width(), source.height()];
        self.framer.set(&self.look.framing, size, [self.canvas.width(), self.canvas.height()]);
        let target = self.canvas.new_rgba()?;
        if let [pixels] = source.planes() {
            self.framer.rgba(*pixels, target);
        }
        if source.format() == PixelFormat::Bgra {
            for pixel in target.as_bytes_mut().as_chunks_mut::<4>().0 {
                pixel.swap(0, 2);
            }
        }
        Ok(())
    }

    fn load_i420(&mut self, source: &FrameView<'_>) -> Result<(), FrameError> {
        if self.is_whole(source) {
            return to_i420(source, self.canvas.new_i420()?);
        }
        let size = [source.width(), source.height()];
        self.framer.set(&self.look.framing, size, [self.canvas.width(), self.canvas.height()]);
        let target = self.canvas.new_i420()?;
        if let Some(picture) = source.as_i420() {
            self.framer.i420(&picture, target);
            return Ok(());
        }
        let fits = |frame: &I420Frame| [frame.width(), frame.height()] == size;
        let converted = match self.converted.take().filter(fits) {
            Some(converted) => converted,
            None => I420Frame::new(size[0], size[1])?,
        };
        let converted = self.converted.insert(converted);
        to_i420(source, converted)?;
        self.framer.i420(&converted.view(), target);
        Ok(())
    }
}

#[cfg(test)]
#[path = "chain_test.rs"]
mod tests;
