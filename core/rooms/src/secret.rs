//! A text that nobody may see: owner tokens, publish keys, what the app authenticates with.

use std::fmt;

/// Prints as `•••`. Compared in a time that does not depend on where the texts differ.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// Keeps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the wire and the app's own keeping only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is that text.
    pub fn is(&self, text: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), text.as_bytes());
        let differs = ours.iter().zip(theirs).fold(0, |differs, (a, b)| differs | (a ^ b));
        ours.len() == theirs.len() && differs == 0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.0)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s01_a_secret_does_not_print_itself() {
        let secret = Secret::new("canary");
        assert_eq!(format!("{secret} {secret:?}"), "••• •••");
        assert!(secret.is("canary") && !secret.is("canarx") && !secret.is("canar"));
    }
}
