//! What a room may be called, so that the name is safe in an address, a page and a table.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// 1 to 64 of `A-Z a-z 0-9 _ -`. Public: everybody in the room knows it. It is not the key that the
/// stream is published with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(String);

/// Why a room cannot be called so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a room's key is 1 to 64 letters, digits, '-' and '_'")]
pub struct KeyError;

impl RoomKey {
    /// As it stands in addresses and messages.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoomKey {
    type Err = KeyError;

    /// # Errors
    /// [`KeyError`] when it holds anything else.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let is_right = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(is_right);
        if fits { Ok(Self(text.to_owned())) } else { Err(KeyError) }
    }
}

impl fmt::Display for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s06_a_key_is_plain_ascii_or_nothing() {
        for key in ["a", "demo", "A-b_9", "__proto__", &"k".repeat(64)] {
            assert_eq!(key.parse::<RoomKey>().expect(key).as_str(), key);
        }
        for key in ["", "a b", "../x", "a/b", "é", "🎈", "a\0", "<b>", &"k".repeat(65)] {
            assert_eq!(key.parse::<RoomKey>(), Err(KeyError), "{key}");
        }
    }
}
