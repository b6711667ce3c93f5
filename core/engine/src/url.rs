//! Stream addresses: `rtmp(s)://[user:pass@]host[:port]/app[/instance]/key[?query]`.
//! `spec network` 4.3 (URL), `spec lflivekit-and-friends` 2.6, statement 59.

use thiserror::Error;

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

impl std::fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

impl std::fmt::Display for StreamKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

/// A parsed stream address.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamUrl {
    _todo: (),
}

/// Why an address was refused. Never holds the address itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// No scheme, or one that is not RTMP.
    #[error("the address must begin with rtmp:// or rtmps://")]
    Scheme,
    /// No host.
    #[error("the address has no host: rtmp://host/app/key")]
    Host,
    /// The port is not 1..=65535.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// No app or no key.
    #[error("the address needs an app and a stream key: rtmp://host/app/key")]
    Path,
    /// A control character or space.
    #[error("the address holds a control character or a space at byte {offset}")]
    Character {
        /// Where.
        offset: usize,
    },
}

#[expect(clippy::unused_self, unused_variables, reason = "skeleton")]
impl StreamUrl {
    /// Parses; app is all but the last path segment, key is the last with its query.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        todo!("wire")
    }

    /// Whether the scheme is `rtmps`.
    pub fn is_tls(&self) -> bool {
        todo!("wire")
    }

    /// Host name or IP literal without brackets.
    pub fn host(&self) -> &str {
        todo!("wire")
    }

    /// Port: 1935, 443 with TLS, or as given.
    pub fn port(&self) -> u16 {
        todo!("wire")
    }

    /// The app with its instance.
    pub fn app(&self) -> &str {
        todo!("wire")
    }

    /// The key with its query.
    pub fn key(&self) -> &StreamKey {
        todo!("wire")
    }

    /// `rtmp://host[:port]/app`: no key, no user.
    pub fn tc_url(&self) -> String {
        todo!("wire")
    }

    /// User and password, when given.
    pub fn credentials(&self) -> Option<(&str, &StreamKey)> {
        todo!("wire")
    }
}

impl std::fmt::Debug for StreamUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for StreamUrl {
    /// `rtmp://host:1935/app/•••`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("rtmp://•••")
    }
}
