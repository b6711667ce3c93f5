//! Stream addresses: `rtmp(s)://[user:pass@]host[:port]/app[/instance]/key[?query]`.
//! `spec network` 4.3 (URL), `spec lflivekit-and-friends` 2.6, statement 59.
//!
//! App and key are kept byte for byte: servers compare them, and some put tokens there. Nothing
//! here resolves names or decodes percent signs, but in user and password.

mod moved;
mod secret;

use std::borrow::Cow;
use std::fmt;

use core::net::{IpAddr, Ipv6Addr};
use thiserror::Error;

pub use moved::MoveError;
pub use secret::StreamKey;

/// A parsed stream address. `Debug` and `Display` show neither key nor user, nor a query.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamUrl {
    is_tls: bool,
    host: String,
    port: u16,
    app: String,
    key: StreamKey,
    credentials: Option<(String, StreamKey)>,
    /// What a server wanted to be told behind the app.
    answer: Option<StreamKey>,
}

/// Why an address was refused. Never holds the address itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// No scheme, or one that is not RTMP.
    #[error("the address must begin with rtmp:// or rtmps://")]
    Scheme,
    /// No host, or one that no name or IP literal looks like.
    #[error("the address has no valid host: rtmp://host/app/key")]
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
        /// Where, in the address or in the part given apart.
        offset: usize,
    },
    /// Options of librtmp behind a space: " live=1".
    #[error("options behind a space (\"live=1\") are not supported; leave them out")]
    Options,
}

impl StreamUrl {
    /// Parses; app is all but the last path segment, key is the last with its query. Where only
    /// one segment comes before the query, the query is the app's and ends at its last slash
    /// (`live?vhost=x/key`).
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        check_characters(url)?;
        let (endpoint, path) = Endpoint::parse(url)?;
        let (app, key) = split_path(path).ok_or(UrlError::Path)?;
        Self::new(endpoint, app, key)
    }

    /// From an address without the key (`rtmp://host/app`) and the key as the server's dashboard
    /// shows it, which may hold spaces and slashes. `app` is for bases that end at the host.
    ///
    /// # Errors
    /// As [`StreamUrl::parse`]; also when the base holds an app and `app` is given as well.
    pub fn with_key(base: &str, app: Option<&str>, key: &str) -> Result<Self, UrlError> {
        check_characters(base)?;
        for part in [app.unwrap_or_default(), key] {
            if let Some(offset) = part.find(|c: char| c.is_control()) {
                return Err(UrlError::Character { offset });
            }
        }
        let (endpoint, path) = Endpoint::parse(base)?;
        let app = match (app, path.trim_matches('/')) {
            (Some(app), "") => app,
            (Some(_), _) => return Err(UrlError::Path),
            (None, path) => path,
        };
        Self::new(endpoint, app, key)
    }

    fn new(endpoint: Endpoint, app: &str, key: &str) -> Result<Self, UrlError> {
        let app = app.trim_matches('/');
        if !is_app(app) || !is_key(key) {
            return Err(UrlError::Path);
        }
        let Endpoint { is_tls, host, port, credentials } = endpoint;
        let (app, key) = (app.to_owned(), StreamKey::new(key));
        Ok(Self { is_tls, host, port, app, key, credentials, answer: None })
    }

    /// Whether the scheme is `rtmps`.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Host name or IP literal without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the host is this machine or one of the local network, by what is written: nothing
    /// is resolved. No herd of clients waits for such a server, and nobody else reads along.
    pub fn is_near(&self) -> bool {
        is_near(&self.host)
    }

    /// Port: 1935, 443 with TLS, or as given.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The app with its instance and query. The query may be a secret: not for logs.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The app as `connect` names it: with the answer to a server's challenge, when there is one.
    pub(crate) fn connect_app(&self) -> Cow<'_, str> {
        match &self.answer {
            None => Cow::Borrowed(&self.app),
            Some(answer) => {
                let join = if self.app.contains('?') { '&' } else { '?' };
                Cow::Owned(format!("{}{join}{}", self.app, answer.expose()))
            }
        }
    }

    /// This stream with `answer`, a query, behind the app.
    pub(crate) fn answering(&self, answer: String) -> Self {
        Self { answer: Some(StreamKey::new(answer)), ..self.clone() }
    }

    /// The key with its query.
    pub fn key(&self) -> &StreamKey {
        &self.key
    }

    /// `rtmp://host[:port]/app`: no key, no user; the port only when it is not the scheme's own.
    /// Goes on the wire; not for logs, since the app may have a query.
    pub fn tc_url(&self) -> String {
        let port = match (self.is_tls, self.port) {
            (false, RTMP_PORT) | (true, RTMPS_PORT) => String::new(),
            (_, port) => format!(":{port}"),
        };
        format!("{}://{}{port}/{}", self.scheme(), self.bracketed_host(), self.connect_app())
    }

    /// User and password, percent-decoded, when given.
    pub fn credentials(&self) -> Option<(&str, &StreamKey)> {
        self.credentials.as_ref().map(|(user, password)| (user.as_str(), password))
    }

    /// `text` with the key, queries and the password struck out, whole or in part: servers repeat
    /// them in their messages.
    pub fn redact(&self, text: &str) -> String {
        let mut secrets = secret::parts(self.key.expose());
        if let Some((_, query)) = self.app.split_once('?') {
            secrets.extend(secret::query_parts(query));
        }
        if let Some(answer) = &self.answer {
            secrets.extend(secret::query_parts(answer.expose()));
        }
        if let Some((_, password)) = &self.credentials {
            secrets.extend(secret::forms(password.expose()));
        }
        secret::strike(text, secrets)
    }

    fn scheme(&self) -> &'static str {
        if self.is_tls { "rtmps" } else { "rtmp" }
    }

    /// For use in an address: IPv6 in brackets, without the zone, which means nothing elsewhere
    /// (RFC 6874 4).
    fn bracketed_host(&self) -> String {
        if self.host.contains(':') {
            let address = self.host.split('%').next().unwrap_or_default();
            format!("[{address}]")
        } else {
            self.host.clone()
        }
    }
}

impl fmt::Debug for StreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for StreamUrl {
    /// `rtmp://host:1935/app/•••`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (app, query) = match self.app.split_once('?') {
            Some((app, _)) => (app, "?•••"),
            None => (self.app.as_str(), ""),
        };
        let (scheme, host, port) = (self.scheme(), self.bracketed_host(), self.port);
        write!(f, "{scheme}://{host}:{port}/{app}{query}/{}", self.key)
    }
}

/// Everything before the path.
struct Endpoint {
    is_tls: bool,
    host: String,
    port: u16,
    credentials: Option<(String, StreamKey)>,
}

impl Endpoint {
    /// The endpoint and the rest behind it, which is empty or begins with a slash.
    fn parse(url: &str) -> Result<(Self, &str), UrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "rtmp" => false,
            "rtmps" => true,
            _ => return Err(UrlError::Scheme),
        };
        let (user_info, host_port, path) = split_authority(rest)?;
        let (host, port) = parse_host_port(host_port)?;
        let port = port.unwrap_or(if is_tls { RTMPS_PORT } else { RTMP_PORT });
        Ok((Self { is_tls, host, port, credentials: user_info.map(parse_user_info) }, path))
    }
}

/// User info, host with port, and path.
///
/// RFC 3986 ends the authority at the first slash and the user info at the last `@` in it. A
/// password with a bare slash breaks that, and then what stands before the slash is no host with
/// a port (`user:p` of `user:p/w@host/…`): only in this case the user info goes on to the last
/// `@` that an endpoint, an app and a key follow. A key or query with an `@` is no user info.
fn split_authority(rest: &str) -> Result<(Option<&str>, &str, &str), UrlError> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user_info, host_port) = split_user_info(authority);
    let error = match parse_host_port(host_port) {
        Ok(_) => return Ok((user_info, host_port, path)),
        Err(error) => error,
    };
    let mut end = path.find('?').map_or(rest.len(), |at| authority.len() + at);
    while let Some(at) = rest[authority.len()..end].rfind('@').map(|at| authority.len() + at) {
        let behind = &rest[at + 1..];
        let (host_port, path) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
        if parse_host_port(host_port).is_ok() && split_path(path).is_some() {
            return Ok((Some(&rest[..at]), host_port, path));
        }
        end = at;
    }
    Err(error)
}

fn split_user_info(authority: &str) -> (Option<&str>, &str) {
    match authority.rsplit_once('@') {
        Some((user_info, host_port)) => (Some(user_info), host_port),
        None => (None, authority),
    }
}

fn parse_user_info(user_info: &str) -> (String, StreamKey) {
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    (secret::percent_decoded(user), StreamKey::new(secret::percent_decoded(password)))
}

fn parse_host_port(host_port: &str) -> Result<(String, Option<u16>), UrlError> {
    if let Some(rest) = host_port.strip_prefix('[') {
        let (literal, port) = rest.split_once(']').ok_or(UrlError::Host)?;
        let port = match port.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if port.is_empty() => None,
            None => return Err(UrlError::Host),
        };
        return Ok((parse_ipv6(literal)?, port));
    }
    let (host, port) = match host_port.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host_port, None),
    };
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if host.is_empty() || host.len() > 253 || !host.bytes().all(is_name_byte) {
        return Err(UrlError::Host);
    }
    Ok((host.to_owned(), port.map(parse_port).transpose()?))
}

/// An IPv6 literal, perhaps with a zone: `fe80::1%25eth0`, or with a bare percent sign.
fn parse_ipv6(literal: &str) -> Result<String, UrlError> {
    let (address, zone) = match literal.split_once('%') {
        Some((address, zone)) => (address, Some(zone.strip_prefix("25").unwrap_or(zone))),
        None => (literal, None),
    };
    address.parse::<Ipv6Addr>().map_err(|_| UrlError::Host)?;
    match zone {
        None => Ok(address.to_owned()),
        Some(zone)
            if !zone.is_empty()
                && zone.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) =>
        {
            Ok(format!("{address}%{zone}"))
        }
        Some(_) => Err(UrlError::Host),
    }
}

/// Digits only: the standard parser would take a plus sign.
fn parse_port(port: &str) -> Result<u16, UrlError> {
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UrlError::Port);
    }
    port.parse().ok().filter(|port| *port > 0).ok_or(UrlError::Port)
}

/// App and key of a path; `None` when one of them is empty.
fn split_path(path: &str) -> Option<(&str, &str)> {
    let path_end = path.find('?').unwrap_or(path.len());
    let (segments, _query) = path.split_at(path_end);
    let has_two = segments.trim_start_matches('/').contains('/');
    // A query may hold slashes of its own, and a lone app's query ends at the key.
    let slash = if has_two { segments.rfind('/')? } else { path.rfind('/')? };
    let (app, key) = (path[..slash].trim_matches('/'), &path[slash + 1..]);
    (is_app(app) && is_key(key)).then_some((app, key))
}

fn is_app(app: &str) -> bool {
    !app.is_empty() && !app.starts_with('?')
}

/// Some services have keys that are a query and nothing else.
fn is_key(key: &str) -> bool {
    !matches!(key, "" | "?")
}

fn check_characters(url: &str) -> Result<(), UrlError> {
    let is_refused = |c: char| c.is_control() || c.is_whitespace();
    let Some(offset) = url.find(is_refused) else { return Ok(()) };
    let word = url[offset..].strip_prefix(' ').and_then(|behind| behind.split_once('='));
    match word {
        Some((name, _)) if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Err(UrlError::Options)
        }
        _ => Err(UrlError::Character { offset }),
    }
}

const RTMP_PORT: u16 = 1_935;
const RTMPS_PORT: u16 = 443;

fn is_near(host: &str) -> bool {
    let address = host.split('%').next().unwrap_or_default();
    match address.parse().map(|ip: IpAddr| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Err(_) => {
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".local")
        }
    }
}

#[cfg(test)]
#[path = "url_test.rs"]
mod tests;
