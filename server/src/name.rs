//! Names of streams: what a publisher may call one, so that the same name is safe in a URL path,
//! a file name and a page.

use std::fmt;

use thiserror::Error;

/// `app/key` of a stream. Both parts are 1..=[`MAX_PART_BYTES`] of `A-Z a-z 0-9 - _ . ~` and do
/// not begin with a dot. The key is a secret to logs: `Debug` and `Display` print `app/•••`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StreamName {
    app: String,
    key: String,
}

/// Why a name was refused. Does not hold the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum NameError {
    #[error("the {0} is empty; push to rtmp://host/app/key")]
    Empty(&'static str),
    #[error(
        "the {0} may hold up to 128 letters, digits, '-', '_', '~' and '.', and not begin with '.'"
    )]
    Characters(&'static str),
    #[error("the app must not be called like a page of this server: {}", RESERVED_APPS.join(", "))]
    Reserved,
}

/// Longest app or key.
const MAX_PART_BYTES: usize = 128;
/// First path segments that the HTTP side uses itself.
const RESERVED_APPS: [&str; 6] = ["api", "assets", "rooms", "servers", "socket.io", "watch"];

impl StreamName {
    /// Checks both parts; a query (`?…`) and slashes at the end are cut off.
    pub(crate) fn parse(app: &str, key: &str) -> Result<Self, NameError> {
        let app = check_app(app)?.to_owned();
        Ok(Self { app, key: part(key, "stream name")?.to_owned() })
    }

    pub(crate) fn app(&self) -> &str {
        &self.app
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/•••", self.app)
    }
}

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The app alone, as `connect` gives it.
pub(crate) fn check_app(app: &str) -> Result<&str, NameError> {
    let app = part(app, "app")?;
    if RESERVED_APPS.contains(&app) { Err(NameError::Reserved) } else { Ok(app) }
}

/// Means nothing else in an address, a file name or a page (RFC 3986 2.3).
pub(crate) fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_.~".contains(&b)
}

fn part<'a>(text: &'a str, what: &'static str) -> Result<&'a str, NameError> {
    let text = text.split('?').next().unwrap_or_default().trim_end_matches('/');
    if text.is_empty() {
        return Err(NameError::Empty(what));
    }
    if text.len() > MAX_PART_BYTES || text.starts_with('.') || !text.bytes().all(is_plain) {
        return Err(NameError::Characters(what));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_trailing_slashes_are_cut_off() {
        let name = StreamName::parse("live/", "demo?token=1").unwrap();
        assert_eq!((name.app(), name.key()), ("live", "demo"));
    }

    #[test]
    fn s01_keys_are_not_shown() {
        let name = StreamName::parse("live", "canary").unwrap();
        assert_eq!(format!("{name} {name:?}"), "live/••• live/•••");
    }

    #[test]
    fn s14_names_that_could_leave_a_directory_or_a_page_are_refused() {
        for bad in ["..", ".hidden", "a/b", "a\\b", "a b", "a%2fb", "<b>", "é", "a\0", "a\n"] {
            assert_eq!(
                StreamName::parse("live", bad),
                Err(NameError::Characters("stream name")),
                "{bad:?}"
            );
            assert!(StreamName::parse(bad, "key").is_err(), "{bad:?}");
        }
        assert_eq!(StreamName::parse("live", "?x"), Err(NameError::Empty("stream name")));
        assert_eq!(StreamName::parse("api", "key"), Err(NameError::Reserved));
        assert!(StreamName::parse("live", &"k".repeat(128)).is_ok());
        assert!(StreamName::parse("live", &"k".repeat(129)).is_err());
    }
}
