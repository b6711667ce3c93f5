//! The picture while it is drawn: I420 or RGBA, whichever a stage asks for, converted only when it
//! is held in the other.

use crate::convert::{to_i420, to_rgba};
use crate::frame::{FrameError, FrameView, I420, I420Frame, PixelFormat};

/// An owned RGBA picture with unpadded rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RgbaFrame {
    width: u32,
    height: u32,
    data: Vec<u8>,
}

impl RgbaFrame {
    /// A black, opaque picture.
    ///
    /// # Errors
    /// [`FrameError::Size`], [`FrameError::Memory`].
    pub fn new(width: u32, height: u32) -> Result<Self, FrameError> {
        I420Frame::check_size(width, height)?;
        let bytes = width as usize * height as usize * 4;
        let mut data = Vec::new();
        data.try_reserve_exact(bytes).map_err(|_| FrameError::Memory { bytes })?;
        data.resize(bytes, 0);
        data.as_chunks_mut::<4>().0.fill(BLACK);
        Ok(Self { width, height, data })
    }

    /// Pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Rows of `width` × 4 bytes, R G B A.
    pub fn as_bytes(&self) -> &[u8] {
        &self.data
    }

    /// Rows of `width` × 4 bytes, R G B A.
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// The picture as conversions take it.
    ///
    /// # Errors
    /// Never, as the picture is whole; the view checks all the same.
    pub fn view(&self) -> Result<FrameView<'_>, FrameError> {
        FrameView::packed(PixelFormat::Rgba, self.width, self.height, &self.data)
    }
}

/// One picture of a fixed size, in the layout that was asked for last. A stage that can work in
/// both looks at [`Canvas::is_rgba`] first and spares a conversion.
#[derive(Debug)]
pub struct Canvas {
    width: u32,
    height: u32,
    /// Made when first asked for.
    i420: Option<I420Frame>,
    /// Made when first asked for.
    rgba: Option<RgbaFrame>,
    is_rgba: bool,
}

impl Canvas {
    /// An empty picture.
    ///
    /// # Errors
    /// [`FrameError::Size`] unless both sides are even and within 16..=3840.
    pub fn new(width: u32, height: u32) -> Result<Self, FrameError> {
        I420Frame::check_size(width, height)?;
        Ok(Self { width, height, i420: None, rgba: None, is_rgba: false })
    }

    /// Pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Whether the picture is held as RGBA.
    pub fn is_rgba(&self) -> bool {
        self.is_rgba
    }

    /// The picture as I420, to be drawn on.
    ///
    /// # Errors
    /// [`FrameError::Memory`].
    pub fn i420_mut(&mut self) -> Result<&mut I420Frame, FrameError> {
        if let (true, Some(rgba)) = (self.is_rgba, &self.rgba) {
            let i420 = made(&mut self.i420, || I420Frame::new(self.width, self.height))?;
            to_i420(&rgba.view()?, i420)?;
        }
        self.is_rgba = false;
        made(&mut self.i420, || I420Frame::new(self.width, self.height))
    }

    /// The picture as RGBA, to be drawn on.
    ///
    /// # Errors
    /// [`FrameError::Memory`].
    pub fn rgba_mut(&mut self) -> Result<&mut RgbaFrame, FrameError> {
        if let (false, Some(i420)) = (self.is_rgba, &self.i420) {
            let rgba = made(&mut self.rgba, || RgbaFrame::new(self.width, self.height))?;
            to_rgba(&i420.view(), rgba)?;
        }
        self.is_rgba = true;
        made(&mut self.rgba, || RgbaFrame::new(self.width, self.height))
    }

    /// The same, for a new picture: what is there is old.
    pub(crate) fn new_i420(&mut self) -> Result<&mut I420Frame, FrameError> {
        self.is_rgba = false;
        made(&mut self.i420, || I420Frame::new(self.width, self.height))
    }

    /// The same, for a new picture: what is there is old.
    pub(crate) fn new_rgba(&mut self) -> Result<&mut RgbaFrame, FrameError> {
        self.is_rgba = true;
        made(&mut self.rgba, || RgbaFrame::new(self.width, self.height))
    }

    /// The picture as encoders take it.
    ///
    /// # Errors
    /// [`FrameError::Memory`].
    pub fn i420(&mut self) -> Result<I420<'_>, FrameError> {
        self.i420_mut().map(|frame| frame.view())
    }
}

const BLACK: [u8; 4] = [0, 0, 0, 255];

fn made<T>(
    slot: &mut Option<T>,
    make: impl FnOnce() -> Result<T, FrameError>,
) -> Result<&mut T, FrameError> {
    if slot.is_none() {
        *slot = Some(make()?);
    }
    slot.as_mut().ok_or(FrameError::Memory { bytes: 0 })
}
