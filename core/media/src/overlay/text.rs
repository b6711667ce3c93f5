//! Text → a still: lines of glyphs from left to right, each in its place. No shaping, no
//! right-to-left, no ligatures; a character that the font does not have is shown as a box.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ab_glyph::{Font as _, Glyph, OutlinedGlyph, PxScale, ScaleFont as _, point};

use super::{Colour, Font, Image};

/// Letters over the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// UTF-8; `\n` begins a new line. At most [`Text::MOST`] characters.
    pub text: String,
    /// Pixels of the em, 4 to 512: a line is about 1.2 times as high.
    pub size_px: f32,
    /// Of the letters.
    pub colour: Colour,
    /// Of a box behind them, a quarter of the size wider each way.
    pub background: Option<Colour>,
    /// The typeface.
    pub font: Font,
}

/// What stands at a place of the text.
enum Mark {
    Glyph(OutlinedGlyph),
    /// For a character that is missing: its left, right, top and bottom.
    Box([f32; 4]),
}

impl Text {
    /// The most characters.
    pub const MOST: usize = 2_000;
    /// Pixels of the em.
    pub const SIZES: std::ops::RangeInclusive<f32> = 4.0..=512.0;

    /// White letters in the built-in font.
    pub fn new(text: impl Into<String>, size_px: f32) -> Self {
        let (text, font) = (text.into(), Font::default());
        Self { text, size_px, colour: Colour::WHITE, background: None, font }
    }

    /// The text as pixels, at most `LARGEST` each way; what does not fit is cut off. Nothing when
    /// the font makes the rasteriser give up.
    pub(super) fn draw(&self) -> Image {
        catch_unwind(AssertUnwindSafe(|| self.set())).unwrap_or_else(|_| {
            log::warn!("overlay: the font cannot be drawn; its text is left out");
            Image::of(1, 1, vec![0; 4])
        })
    }

    fn set(&self) -> Image {
        let (marks, [wide, high]) = self.marks();
        let padding = self.background.map_or(0.0, |_| self.size_px / 4.0).ceil();
        let side = |pixels: f32| (pixels.ceil() + 2.0 * padding).clamp(1.0, LARGEST) as u32;
        let (width, height) = (side(wide), side(high));
        let mut cover = Cover { width, height, alpha: vec![0; (width * height) as usize] };
        for mark in &marks {
            cover.draw(mark, padding, self.size_px);
        }
        let rgba = cover.alpha.iter().flat_map(|&alpha| self.pixel(alpha)).collect();
        Image::of(width, height, rgba)
    }

    /// What stands where, and how much room it takes.
    fn marks(&self) -> (Vec<Mark>, [f32; 2]) {
        let scale = PxScale::from(self.size_px * self.font.line_over_em());
        let face = self.font.face().as_scaled(scale);
        let line = face.height() + face.line_gap();
        let (mut marks, mut widest, mut baseline) = (Vec::new(), 0.0_f32, face.ascent());
        for (index, row) in self.text.split('\n').enumerate() {
            baseline += if index > 0 { line } else { 0.0 };
            let (mut x, mut before) = (0.0_f32, None);
            for character in row.chars().flat_map(spelled) {
                let id = face.glyph_id(character);
                if id.0 == 0 && !character.is_whitespace() {
                    let [em, foot] = [self.size_px, baseline];
                    marks.push(Mark::Box([x + em * 0.06, x + em * 0.54, foot - em * 0.7, foot]));
                    (x, before) = (x + em * 0.6, None);
                    continue;
                }
                x += before.map_or(0.0, |before| face.kern(before, id));
                let glyph = Glyph { id, scale, position: point(x, baseline) };
                if let Some(glyph) = face.outline_glyph(glyph) {
                    marks.push(Mark::Glyph(glyph));
                }
                (x, before) = (x + face.h_advance(id), Some(id));
            }
            widest = widest.max(x);
        }
        (marks, [widest, baseline - face.descent()])
    }

    /// Letters that cover `alpha` of a pixel over the box, with straight alpha.
    fn pixel(&self, alpha: u8) -> [u8; 4] {
        let clear = Colour { alpha: 0, ..self.colour };
        let (front, back) = (self.colour, self.background.unwrap_or(clear));
        let front_alpha = f32::from(alpha) * f32::from(front.alpha) / 255.0;
        let back_alpha = f32::from(back.alpha) * (255.0 - front_alpha) / 255.0;
        let all = front_alpha + back_alpha;
        if all <= 0.0 {
            return clear.to_rgba();
        }
        let mix = |front: u8, back: u8| {
            ((f32::from(front) * front_alpha + f32::from(back) * back_alpha) / all).round() as u8
        };
        let (red, green) = (mix(front.red, back.red), mix(front.green, back.green));
        [red, green, mix(front.blue, back.blue), all.round() as u8]
    }
}

/// What is written for a character: nothing for one that shows nothing.
fn spelled(character: char) -> impl Iterator<Item = char> {
    let (character, times) = match character {
        '\t' => (' ', 4),
        other => (other, usize::from(!is_unseen(other))),
    };
    std::iter::repeat_n(character, times)
}

/// Control characters, and those that only tell how others are joined.
fn is_unseen(character: char) -> bool {
    let joins = matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FE00}'..='\u{FE0F}');
    character.is_control() || joins || character == '\u{FEFF}'
}

/// How much of each pixel is covered.
struct Cover {
    width: u32,
    height: u32,
    alpha: Vec<u8>,
}

impl Cover {
    fn draw(&mut self, mark: &Mark, padding: f32, size_px: f32) {
        match mark {
            Mark::Glyph(glyph) => {
                let bounds = glyph.px_bounds();
                // A font may claim any size; the rasteriser would take memory for it.
                let most = (size_px * 4.0).min(LARGEST);
                if bounds.width() > most || bounds.height() > most {
                    return;
                }
                let (left, top) = (bounds.min.x + padding, bounds.min.y + padding);
                glyph.draw(|x, y, part| self.add(left + x as f32, top + y as f32, part));
            }
            Mark::Box(sides) => {
                let [left, right, top, bottom] = sides.map(|side| (side + padding).round());
                let stroke = (size_px / 16.0).round().max(1.0);
                let (mut y, inner) = (top, left + stroke..right - stroke);
                while y < bottom {
                    let is_side = y >= top + stroke && y < bottom - stroke;
                    let mut x = left;
                    while x < right {
                        if !(is_side && inner.contains(&x)) {
                            self.add(x, y, 1.0);
                        }
                        x += 1.0;
                    }
                    y += 1.0;
                }
            }
        }
    }

    fn add(&mut self, x: f32, y: f32, part: f32) {
        if x < 0.0 || y < 0.0 || x >= self.width as f32 || y >= self.height as f32 {
            return;
        }
        let alpha = &mut self.alpha[(y as u32 * self.width + x as u32) as usize];
        *alpha = alpha.saturating_add((part * 255.0).round() as u8);
    }
}

/// Pixels of a text each way.
const LARGEST: f32 = 3_840.0;
