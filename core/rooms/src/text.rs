//! Texts of people, made fit to be shown: comments, names, titles. What turns or hides the text around
//! it goes; counted in characters, after that.

use thiserror::Error;

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing in it can be seen.
    #[error("the text is empty")]
    Blank,
    /// Longer than it may be.
    #[error("the text is longer than {max} characters")]
    TooLong {
        /// The most.
        max: usize,
    },
}

/// `text` without what does not belong there, at most `max_chars` long.
///
/// # Errors
/// [`TextError`] when nothing is left, or too much.
pub fn clean(text: &str, max_chars: usize) -> Result<String, TextError> {
    // A hostile text is not copied in full to be found too long.
    let generous = max_chars.saturating_mul(8);
    let mut cleaned = String::new();
    let mut chars = 0_usize;
    for character in text.chars() {
        let character = if matches!(character, '\n' | '\r' | '\t') { ' ' } else { character };
        if is_unwanted(character) || (character == ' ' && cleaned.is_empty()) {
            continue;
        }
        cleaned.push(character);
        chars += 1;
        if chars > generous {
            return Err(TextError::TooLong { max: max_chars });
        }
    }
    let trimmed = cleaned.trim();
    if trimmed.chars().all(is_invisible) {
        return Err(TextError::Blank);
    }
    if trimmed.chars().count() > max_chars {
        return Err(TextError::TooLong { max: max_chars });
    }
    Ok(trimmed.to_owned())
}

/// Controls, marks that turn the direction of what follows, and separators of lines.
fn is_unwanted(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{ad}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rw08_characters_are_counted_and_marks_are_stripped() {
        assert_eq!(clean(&"🎈".repeat(200), 200), Ok("🎈".repeat(200)));
        assert_eq!(clean(&"🎈".repeat(201), 200), Err(TextError::TooLong { max: 200 }));
        for blank in ["", "  ", "\n\t", "\u{200b}\u{200d}", "\u{202e}"] {
            assert_eq!(clean(blank, 200), Err(TextError::Blank), "{blank:?}");
        }
        assert_eq!(clean("a\u{202e}b\0c\nd\u{2066}", 200), Ok("abc d".to_owned()));
        assert_eq!(clean("👨\u{200d}👩\u{200d}👧", 200), Ok("👨\u{200d}👩\u{200d}👧".to_owned()));
    }

    #[test]
    fn s09_a_text_of_megabytes_is_refused_without_being_kept() {
        assert_eq!(clean(&"x".repeat(501), 200), Err(TextError::TooLong { max: 200 }));
        assert_eq!(clean(&"x".repeat(10 << 20), 200), Err(TextError::TooLong { max: 200 }));
    }

    proptest::proptest! {
        #[test]
        fn what_is_clean_stays_as_it_is(text in ".{0,300}") {
            if let Ok(cleaned) = clean(&text, 200) {
                proptest::prop_assert!(cleaned.chars().count() <= 200);
                proptest::prop_assert_eq!(clean(&cleaned, 200), Ok(cleaned.clone()));
            }
        }
    }
}
