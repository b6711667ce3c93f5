//! What a look is made of beside numbers: stills, fonts and tables of colours, decoded once and shared by
//! every look that names them.

use onair::Lut;
use onair::overlay::{Font, Image};

use super::refused;
use crate::LiveError;

/// A still with its alpha, for overlays.
#[derive(Debug, uniffi::Object)]
pub struct OverlayImage {
    image: Image,
}

#[uniffi::export]
impl OverlayImage {
    /// Decodes a PNG or JPEG file, of 4,096 pixels each way at most.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] says what is wrong with it.
    #[uniffi::constructor]
    pub fn new(file: Vec<u8>) -> Result<Self, LiveError> {
        let image = Image::decode(&file).map_err(|error| refused(error.to_string()))?;
        Ok(Self { image })
    }

    /// Takes bytes R G B A with straight alpha, rows without padding.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when they are not as many as the size asks for.
    #[uniffi::constructor]
    pub fn from_rgba(width: u32, height: u32, rgba: Vec<u8>) -> Result<Self, LiveError> {
        let image = Image::from_rgba(width, height, rgba);
        Ok(Self { image: image.map_err(|error| refused(error.to_string()))? })
    }

    /// Pixels.
    pub fn width(&self) -> u32 {
        self.image.width()
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.image.height()
    }
}

impl OverlayImage {
    pub(crate) fn image(&self) -> &Image {
        &self.image
    }
}

/// A font for text overlays.
#[derive(Debug, uniffi::Object)]
pub struct OverlayFont {
    font: Font,
}

#[uniffi::export]
impl OverlayFont {
    /// Reads a TrueType or OpenType file.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] when it is none.
    #[uniffi::constructor]
    pub fn new(file: Vec<u8>) -> Result<Self, LiveError> {
        Ok(Self { font: Font::from_bytes(file).map_err(|error| refused(error.to_string()))? })
    }
}

impl OverlayFont {
    pub(crate) fn font(&self) -> &Font {
        &self.font
    }
}

/// A three-dimensional table of colours.
#[derive(Debug, uniffi::Object)]
pub struct ColourTable {
    lut: Lut,
}

#[uniffi::export]
impl ColourTable {
    /// Reads a .cube file, of 2 to 65 points a side.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] names the line that cannot be used.
    #[uniffi::constructor]
    pub fn new(file: Vec<u8>) -> Result<Self, LiveError> {
        Ok(Self { lut: Lut::from_cube(&file).map_err(|error| refused(error.to_string()))? })
    }
}

impl ColourTable {
    pub(crate) fn lut(&self) -> &Lut {
        &self.lut
    }
}
