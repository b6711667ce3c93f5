//! Fonts: one that is built in, and an app's own.

use std::fmt;
use std::sync::OnceLock;

use ab_glyph::{Font as _, FontArc};
use thiserror::Error;

/// A typeface; copies share it. The default is built in: Roboto Regular with Latin, Greek and
/// Cyrillic letters.
#[derive(Clone)]
pub struct Font {
    face: FontArc,
}

/// Bytes that are no font.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("font: the bytes are no TrueType or OpenType font that can be read")]
pub struct FontError;

impl Font {
    /// Takes a TrueType or OpenType file.
    ///
    /// # Errors
    /// [`FontError`].
    pub fn from_bytes(file: Vec<u8>) -> Result<Self, FontError> {
        if claims_more_faces(&file) {
            return Err(FontError);
        }
        let face = FontArc::try_from_vec(file).map_err(|_| FontError)?;
        // Without these nothing can be placed.
        let em = face.units_per_em().ok_or(FontError)?;
        if em > 0.0 && face.height_unscaled() > 0.0 { Ok(Self { face }) } else { Err(FontError) }
    }

    pub(super) fn face(&self) -> &FontArc {
        &self.face
    }

    /// By how much ab_glyph's scale, which is the height of a line, is larger than the em.
    pub(super) fn line_over_em(&self) -> f32 {
        self.face.units_per_em().map_or(1.0, |em| self.face.height_unscaled() / em)
    }
}

/// A collection has its faces' places behind its head (OpenType 1.9, "TTC Header"). The parser takes
/// their number for granted.
fn claims_more_faces(file: &[u8]) -> bool {
    match file.split_first_chunk::<12>() {
        Some((&[b't', b't', b'c', b'f', _, _, _, _, a, b, c, d], places)) => {
            u64::from(u32::from_be_bytes([a, b, c, d])) * 4 > places.len() as u64
        }
        _ => false,
    }
}

impl Default for Font {
    fn default() -> Self {
        static BUILT_IN: OnceLock<FontArc> = OnceLock::new();
        let face = BUILT_IN.get_or_init(|| {
            FontArc::try_from_slice(ROBOTO).expect("the font that is built in can be read")
        });
        Self { face: face.clone() }
    }
}

impl PartialEq for Font {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.face.font_data(), other.face.font_data());
        std::ptr::eq(a, b) || a == b
    }
}

impl fmt::Debug for Font {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Font({} bytes)", self.face.font_data().len())
    }
}

/// Apache License 2.0; see NOTICE.
const ROBOTO: &[u8] = include_bytes!("../../font/roboto-regular-subset.ttf");
