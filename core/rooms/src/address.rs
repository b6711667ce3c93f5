//! Where a room server or a locator is: `wss://host[:port][/path]`, or `https://` for the same.

use core::net::{IpAddr, Ipv6Addr};
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Host, port, path, and whether the way there is secure. Never holds a user or a password.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerAddress {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

/// What is wrong with an address. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Neither of the four schemes.
    #[error("a room server's address begins with wss://, https://, ws:// or http://")]
    Scheme,
    /// No host, or one that cannot be.
    #[error("the address has no usable host name; write wss://host[:port]")]
    Host,
    /// Not a port.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// A user before the host.
    #[error("a user or password in the address would be seen; give the token apart")]
    User,
    /// Spaces or controls.
    #[error("the address holds a space or a control character")]
    Characters,
    /// Longer than any address is.
    #[error("the address is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Everybody on the way could read and change what is said.
    #[error(
        "the address is not secure and leads beyond this network; use wss://, or allow plain text in so many words"
    )]
    Plaintext,
}

const MAX_BYTES: usize = 1_024;

impl ServerAddress {
    /// Whether TLS is spoken there.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Name or IP literal, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own when none was named.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// With what follows it, if anything; empty when the address ended at the host.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Host and port as a `Host` header has them.
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// Whether it may be used: secure, near, or plain text is allowed.
    ///
    /// # Errors
    /// [`AddressError::Plaintext`].
    pub fn check(&self, allow_plaintext: bool) -> Result<(), AddressError> {
        let may = self.tls || allow_plaintext || self.is_near();
        if may { Ok(()) } else { Err(AddressError::Plaintext) }
    }

    /// On this machine or a private network, as far as the address itself shows.
    pub fn is_near(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
            Ok(IpAddr::V6(ip)) => is_near_v6(ip),
            Err(_) => {
                let name = self.host.trim_end_matches('.').to_ascii_lowercase();
                name == "localhost" || name.ends_with(".localhost") || name.ends_with(".local")
            }
        }
    }
}

fn is_near_v6(ip: Ipv6Addr) -> bool {
    let first = ip.segments()[0];
    match ip.to_ipv4_mapped() {
        Some(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        None => ip.is_loopback() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80,
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    /// # Errors
    /// [`AddressError`] says what is wrong, without repeating it.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_BYTES {
            return Err(AddressError::TooLong);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "wss" | "https" => true,
            "ws" | "http" => false,
            _ => return Err(AddressError::Scheme),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(AddressError::User);
        }
        let (host, port) = split_port(authority)?;
        let is_host = |b: u8| b.is_ascii_alphanumeric() || b"-._~:%".contains(&b);
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err(AddressError::Host);
        }
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(AddressError::Port)?,
            None if tls => 443,
            None => 80,
        };
        if !path.is_ascii() {
            return Err(AddressError::Characters);
        }
        let path = if path == "/" { "" } else { path };
        Ok(Self { tls, host: host.to_owned(), port, path: path.to_owned() })
    }
}

/// Host without brackets, and what follows the colon.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), AddressError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(AddressError::Host)?;
        let is_v6 = host.parse::<Ipv6Addr>().is_ok();
        return match rest.strip_prefix(':') {
            _ if !is_v6 => Err(AddressError::Host),
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(AddressError::Host),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(AddressError::Host),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

impl fmt::Display for ServerAddress {
    /// What follows the path is left out: it may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "wss" } else { "ws" };
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{scheme}://{}{path}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> ServerAddress {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn an_address_has_the_parts_it_is_written_with() {
        for (text, tls, host, port, path) in [
            ("wss://a.example", true, "a.example", 443, ""),
            ("https://a.example:8443/chat/", true, "a.example", 8443, "/chat/"),
            ("ws://127.0.0.1:3000", false, "127.0.0.1", 3000, ""),
            ("http://[::1]:3000/", false, "::1", 3000, ""),
            ("http://a.example/least?not=x", false, "a.example", 80, "/least?not=x"),
        ] {
            let it = address(text);
            assert_eq!((it.is_tls(), it.host(), it.port(), it.path()), (tls, host, port, path));
        }
        assert_eq!(address("ws://[::1]:3000/x?token=canary").to_string(), "ws://[::1]:3000/x");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, error) in [
            ("", AddressError::Scheme),
            ("a.example", AddressError::Scheme),
            ("rtmp://a.example", AddressError::Scheme),
            ("ws://", AddressError::Host),
            ("ws://a b", AddressError::Characters),
            ("ws://a\r\nX: y", AddressError::Characters),
            ("ws://u:p@a.example", AddressError::User),
            ("ws://a.example:0", AddressError::Port),
            ("ws://a.example:99999", AddressError::Port),
            ("ws://a:b:c", AddressError::Host),
            ("ws://[evil]", AddressError::Host),
            ("ws://[::1", AddressError::Host),
            ("ws://a<b>", AddressError::Host),
        ] {
            assert_eq!(text.parse::<ServerAddress>(), Err(error), "{text}");
        }
    }

    #[test]
    fn plain_text_stays_near_unless_the_app_says_so() {
        for near in [
            "ws://127.0.0.1",
            "ws://192.168.1.2",
            "ws://10.0.0.1",
            "ws://[::1]",
            "ws://[fe80::1]",
            "ws://[fd00::1]",
            "ws://localhost:3000",
            "ws://studio.local",
            "wss://a.example",
        ] {
            assert_eq!(address(near).check(false), Ok(()), "{near}");
        }
        for far in
            ["ws://a.example", "ws://8.8.8.8", "ws://[2001:db8::1]", "ws://localhost.evil.example"]
        {
            assert_eq!(address(far).check(false), Err(AddressError::Plaintext), "{far}");
            assert_eq!(address(far).check(true), Ok(()));
        }
    }
}
