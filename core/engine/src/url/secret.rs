//! Stream keys that never show, and their removal from texts of others.

use std::fmt;

/// A stream key. Never shown: `Debug` and `Display` print `•••`.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamKey(String);

impl StreamKey {
    /// Wraps a key as it goes on the wire.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key itself, for the `publish` command only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STRUCK)
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STRUCK)
    }
}

/// What must not be seen of a key: all of it, it without its query, and the query's parts.
pub(super) fn parts(key: &str) -> Vec<String> {
    let mut parts = forms(key);
    if let Some((name, query)) = key.split_once('?') {
        parts.extend(forms(name));
        parts.extend(query_parts(query));
    }
    parts
}

/// What must not be seen of a query: all of it and its longer values.
pub(super) fn query_parts(query: &str) -> Vec<String> {
    let mut parts = forms(query);
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    // Short values ("1", "live") are words of any message and give nothing away.
    for (_, value) in values.filter(|(_, value)| value.len() >= SHORT) {
        parts.extend(forms(value));
    }
    parts
}

/// As it is, and as it looks to a server that decodes percent signs or one that writes them.
pub(super) fn forms(secret: &str) -> Vec<String> {
    vec![secret.to_owned(), percent_decoded(secret), percent_encoded(secret)]
}

/// `text` without any of `secrets`. Very short ones are struck only where they stand alone, since
/// they are parts of ordinary words.
pub(super) fn strike(text: &str, mut secrets: Vec<String>) -> String {
    // The longest first, so that no part of it survives the striking of a shorter one.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.dedup();
    let mut struck = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        struck = strike_one(&struck, secret);
    }
    struck
}

fn strike_one(text: &str, secret: &str) -> String {
    let mut struck = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(secret) {
        let (before, behind) = (&rest[..at], &rest[at + secret.len()..]);
        let joins = |c: char| c.is_alphanumeric();
        // A character behind what was copied before counts too.
        let previous = before.chars().next_back().or(struck.chars().next_back());
        let alone = !previous.is_some_and(joins) && !behind.chars().next().is_some_and(joins);
        struck.push_str(before);
        struck.push_str(if alone || secret.len() >= SHORT { STRUCK } else { secret });
        rest = behind;
    }
    struck + rest
}

/// RFC 3986 2.1; left as it is where that gives no text.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let hex = |byte: u8| char::from(byte).to_digit(16);
        rest = behind;
        match (first, behind) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push((high << 4 | low) as u8);
                    rest = after;
                }
                _ => bytes.push(first),
            },
            _ => bytes.push(first),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// All but RFC 3986's unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

const STRUCK: &str = "•••";
/// Secrets shorter than this are struck with care, bytes.
const SHORT: usize = 4;
