//! The picture for the app's own screen: as viewers get it, or with what the camera sees mirrored.

use crate::frame::{FrameError, I420, I420Frame};

/// Which way round a preview is, and its picture.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// Whether left and right of the source change places; none when there is no preview.
    pub(crate) mirror: Option<bool>,
    pub(crate) frame: Option<I420Frame>,
}

impl Preview {
    /// Takes a copy of what the stream shows; `is_mirrored` says whether that is mirrored already.
    pub(crate) fn take(&mut self, picture: &I420<'_>, is_mirrored: bool) -> Result<(), FrameError> {
        let Some(mirror) = self.mirror else { return Ok(()) };
        let size = (picture.width(), picture.height());
        let kept = self.frame.take().filter(|kept| (kept.width(), kept.height()) == size);
        let frame = match kept {
            Some(kept) => self.frame.insert(kept),
            None => self.frame.insert(I420Frame::new(size.0, size.1)?),
        };
        let width = size.0 as usize;
        for (plane, to) in frame.planes_mut().into_iter().enumerate() {
            let row_bytes = if plane == 0 { width } else { width / 2 };
            for (from, to) in picture.rows(plane).zip(to.chunks_exact_mut(row_bytes)) {
                to.copy_from_slice(from);
                if mirror != is_mirrored {
                    to.reverse();
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use onair_types::MediaTime;

    use super::*;
    use crate::effect::Effect;
    use crate::frame::{FrameView, PixelFormat};
    use crate::look::{Chain, Framing, Look};
    use crate::overlay::{Content, Image, Overlay, Place};

    /// Dark on the left, light on the right, 32 × 16.
    fn source() -> I420Frame {
        let mut frame = I420Frame::new(32, 16).unwrap();
        for row in frame.planes_mut()[0].chunks_exact_mut(32) {
            row[..16].fill(50);
            row[16..].fill(200);
        }
        frame
    }

    /// A white mark at the top left.
    fn mark() -> Overlay {
        let content = Content::Image(Image::from_rgba(4, 4, vec![255; 64]).unwrap());
        let (name, place) = ("mark".to_owned(), Place::default());
        Overlay { name, content, place, opacity: 1.0, z: 0 }
    }

    /// The first luma of the third row's both ends and of the last row's.
    fn ends(frame: &I420Frame) -> [u8; 4] {
        [2 * 32, 3 * 32 - 1, 15 * 32, 16 * 32 - 1].map(|at| frame.as_bytes()[at])
    }

    #[test]
    fn lf87_preview_and_stream_are_mirrored_apart_and_marks_in_neither() {
        let source = source();
        let view = FrameView::packed(PixelFormat::I420, 32, 16, source.as_bytes()).unwrap();
        let mut chain = Chain::new(32, 16).unwrap();
        for (stream, preview) in [(false, false), (false, true), (true, false), (true, true)] {
            let framing = Framing { mirror: stream, ..Framing::default() };
            let overlays = vec![mark()];
            let look = Look { framing, overlays, effects: vec![Effect::Invert], ..Look::default() };
            chain.set(&Arc::new(look));
            chain.set_preview(Some(preview));
            let drawn = chain.draw(&view, MediaTime::ZERO).unwrap();
            let drawn = I420Frame::copy_of(&drawn).unwrap();
            let of = |mirror| if mirror { [235, 201, 51, 201] } else { [235, 51, 201, 51] };
            assert_eq!(ends(&drawn), of(stream), "the stream of {stream}, {preview}");
            let shown = chain.preview_mut().take().unwrap();
            assert_eq!(ends(&shown), of(preview), "the preview of {stream}, {preview}");
        }
    }

    #[test]
    fn a_picture_that_needs_no_work_has_a_preview_too() {
        let source = source();
        let view = FrameView::packed(PixelFormat::I420, 32, 16, source.as_bytes()).unwrap();
        let mut chain = Chain::new(32, 16).unwrap();
        chain.draw(&view, MediaTime::ZERO).unwrap();
        assert_eq!(*chain.preview_mut(), None, "nobody asked for it");
        chain.set_preview(Some(true));
        chain.draw(&view, MediaTime::ZERO).unwrap();
        assert_eq!(ends(chain.preview_mut().as_ref().unwrap()), [200, 50, 200, 50]);
        chain.set_preview(None);
        assert_eq!(*chain.preview_mut(), None);
    }
}
