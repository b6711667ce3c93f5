//! A colour with straight alpha, and how it is written.

use std::str::FromStr;

use thiserror::Error;

/// sRGB with straight alpha, 0..=255 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour {
    /// 0..=255.
    pub red: u8,
    /// 0..=255.
    pub green: u8,
    /// 0..=255.
    pub blue: u8,
    /// 0 is clear, 255 opaque.
    pub alpha: u8,
}

impl Colour {
    /// Opaque.
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255, alpha: 255 };

    /// R, G, B, A.
    pub const fn to_rgba(self) -> [u8; 4] {
        [self.red, self.green, self.blue, self.alpha]
    }
}

/// A text that is no colour.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is no colour; write #rrggbb or #rrggbbaa")]
pub struct ColourError {
    text: String,
}

impl FromStr for Colour {
    type Err = ColourError;

    /// `#rrggbb` or `#rrggbbaa`; the sign may be left out.
    fn from_str(text: &str) -> Result<Self, ColourError> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex);
        let rgba = match (number, digits.len()) {
            (Some(rgb), 6) => (rgb << 8) | 0xFF,
            (Some(rgba), 8) => rgba,
            _ => return Err(ColourError { text: text.to_owned() }),
        };
        let [red, green, blue, alpha] = rgba.to_be_bytes();
        Ok(Self { red, green, blue, alpha })
    }
}
