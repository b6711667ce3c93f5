//! Draws pictures by a [`Look`]: one chain for one encoder, on its thread.

use std::sync::Arc;

use onair_types::MediaTime;

use super::framer::Framer;
use super::{Canvas, Framing, Look, Quality, RgbaFrame, beauty, effect, overlay};
use crate::convert::to_i420;
use crate::frame::{FrameError, FrameView, I420, I420Frame, PixelFormat};

/// Frames of any size and format in, I420 of one size out. Allocates when the look or the source's
/// geometry changes, and nothing for a picture once warm.
#[derive(Debug)]
pub struct Chain {
    look: Arc<Look>,
    canvas: Canvas,
    framer: Framer,
    beauty: beauty::Stage,
    effects: effect::Stage,
    overlays: overlay::Stage,
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
            effects: effect::Stage::default(),
            overlays: overlay::Stage::default(),
            converted: None,
        })
    }

    /// Draws by `look`, which was checked, from the next picture on. The same one again costs
    /// nothing.
    pub fn set(&mut self, look: &Arc<Look>) {
        if Arc::ptr_eq(&self.look, look) {
            return;
        }
        self.beauty.set(&look.beauty);
        self.effects.set(&look.effects);
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
            return Ok(picture);
        }
        self.paint(source, time)?;
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
        self.canvas.rgba_mut()
    }

    /// Whether a picture in the encoder's layout goes through as it is.
    fn is_idle(&self, source: &FrameView<'_>) -> bool {
        self.is_whole(source)
            && self.beauty.is_idle()
            && self.effects.is_idle()
            && self.overlays.is_idle()
    }

    /// Whether no pixel of the source changes its place.
    fn is_whole(&self, source: &FrameView<'_>) -> bool {
        let Framing { rotation, mirror, zoom, .. } = self.look.framing;
        (source.width(), source.height()) == (self.canvas.width(), self.canvas.height())
            && rotation == super::Rotation::None
            && !mirror
            && zoom <= 1.0
    }

    fn paint(&mut self, source: &FrameView<'_>, time: MediaTime) -> Result<(), FrameError> {
        let exact = !self.beauty.is_idle() && self.look.beauty.quality == Quality::Exact;
        match source.format() {
            PixelFormat::Rgba | PixelFormat::Bgra if exact => self.load_rgba(source)?,
            _ => self.load_i420(source)?,
        }
        self.beauty.draw(&mut self.canvas)?;
        self.effects.draw(&mut self.canvas, time)?;
        self.overlays.draw(&mut self.canvas, time)
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
