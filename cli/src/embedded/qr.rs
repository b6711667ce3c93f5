//! A QR code for terminals: two modules in each character, light ones drawn, so that it reads on
//! a dark background; colours make it right on any.

use qrcode::types::QrError;
use qrcode::{Color, QrCode};

/// Modules of light around the code (ISO/IEC 18004 9.1).
const QUIET_ZONE: i32 = 4;

/// Lines of text that a camera reads as `text`.
///
/// # Errors
/// When `text` is too long for a QR code.
pub(crate) fn code(text: &str) -> Result<String, QrError> {
    let code = QrCode::new(text)?;
    let width = i32::try_from(code.width()).unwrap_or(0);
    let is_light = |x: i32, y: i32| {
        let inside = (0..width).contains(&x) && (0..width).contains(&y);
        !inside || code[(x as usize, y as usize)] == Color::Light
    };
    let mut lines = String::new();
    for y in (-QUIET_ZONE..width + QUIET_ZONE).step_by(2) {
        // White on black, whatever the terminal's own colours are.
        lines.push_str("\x1b[97;40m");
        for x in -QUIET_ZONE..width + QUIET_ZONE {
            // Below the last row there is no more quiet zone to draw.
            let below = y + 1 < width + QUIET_ZONE && is_light(x, y + 1);
            lines.push(match (is_light(x, y), below) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        lines.push_str("\x1b[0m\n");
    }
    lines.truncate(lines.trim_end().len());
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_module_of_the_code_is_where_it_belongs() {
        let text = "http://192.0.2.7:8080/watch/live/demo";
        let drawn = code(text).expect("code");
        let rows: Vec<Vec<char>> = drawn
            .lines()
            .map(|line| {
                let line = line.trim_start_matches("\x1b[97;40m").trim_end_matches("\x1b[0m");
                line.chars().collect()
            })
            .collect();
        let expected = QrCode::new(text).expect("code");
        let quiet = QUIET_ZONE as usize;
        for y in 0..expected.width() {
            for x in 0..expected.width() {
                let half = rows[(y + quiet) / 2][x + quiet];
                let is_light = match (y + quiet) % 2 {
                    0 => matches!(half, '█' | '▀'),
                    _ => matches!(half, '█' | '▄'),
                };
                assert_eq!(is_light, expected[(x, y)] == Color::Light, "module {x}, {y}");
            }
        }
        assert!(rows.iter().all(|row| row.len() == expected.width() + 2 * quiet));
    }

    #[test]
    fn what_is_too_long_is_an_error() {
        assert!(code(&"x".repeat(10_000)).is_err());
    }
}
