//! By which address people reach the server from outside, where something in front of it has another one.

use std::fmt;
use std::str::FromStr;

use onair_rooms::{AddressError, ServerAddress};
use thiserror::Error;

/// `https://host[:port]` or `http://host[:port]`, without a path: the pages' own addresses begin at the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(ServerAddress);

/// Why an address cannot be a [`PublicUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PublicUrlError {
    /// It is for no browser.
    #[error("the public address begins with https:// or http://")]
    Scheme,
    /// Pages and streams cannot be moved below a path.
    #[error("the public address ends at the host or its port: write https://host[:port]")]
    Path,
    /// It goes to everybody, on pages and in codes.
    #[error("the public address is shown to everybody; leave user and password out of it")]
    User,
    /// No host, or one that cannot be.
    #[error("the public address has no usable host name; write https://host[:port]")]
    Host,
    /// It is no address for another reason.
    #[error(transparent)]
    Address(AddressError),
}

impl PublicUrl {
    /// Host and port, as a `Host` header has them.
    pub(crate) fn authority(&self) -> String {
        self.0.authority()
    }

    /// The host alone.
    pub(crate) fn host(&self) -> &str {
        self.0.host()
    }

    /// Where rooms are.
    pub(crate) fn rooms(&self) -> String {
        format!("{}://{}", if self.0.is_tls() { "wss" } else { "ws" }, self.authority())
    }

    /// What a browser says when a page of this server asks for something.
    pub(crate) fn origin(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.0.is_tls() { "https" } else { "http" }, self.authority())
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    /// # Errors
    /// [`PublicUrlError`].
    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let scheme = text.split("://").next().unwrap_or_default().to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err(PublicUrlError::Scheme);
        }
        let address: ServerAddress = text.parse().map_err(|error| match error {
            AddressError::User => PublicUrlError::User,
            AddressError::Host => PublicUrlError::Host,
            error => PublicUrlError::Address(error),
        })?;
        match address.path() {
            "" | "/" => Ok(Self(address)),
            _ => Err(PublicUrlError::Path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_browsers_is_kept_as_they_write_it() {
        for (text, shown, rooms) in [
            ("https://live.example", "https://live.example", "wss://live.example"),
            ("https://live.example:443/", "https://live.example", "wss://live.example"),
            ("http://192.0.2.7:8080", "http://192.0.2.7:8080", "ws://192.0.2.7:8080"),
            (
                "https://[2001:db8::1]:8443",
                "https://[2001:db8::1]:8443",
                "wss://[2001:db8::1]:8443",
            ),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.to_string(), url.rooms()), (shown.to_owned(), rooms.to_owned()));
        }
        for (text, why) in [
            ("wss://live.example", PublicUrlError::Scheme),
            ("live.example", PublicUrlError::Scheme),
            ("https://live.example/tv", PublicUrlError::Path),
            ("https://", PublicUrlError::Host),
            ("https://live_:x:y", PublicUrlError::Host),
            ("https://ann:secret@live.example", PublicUrlError::User),
            ("https://live.example:0", PublicUrlError::Address(AddressError::Port)),
            ("https://live example", PublicUrlError::Address(AddressError::Characters)),
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(why), "{text}");
            // What a browser is given is no address of rooms, and what was written is not repeated.
            let words = why.to_string();
            assert!(!words.contains("wss://") && !words.contains("secret"), "{words}");
        }
    }
}
