//! Challenge authentication as servers of Adobe and Limelight ask for it: they refuse `connect`, say
//! how they want it, and are connected to anew with the answer behind the app (row R21).
//!
//! ```text
//!  us      connect app ──→            connect app?authmod=…&user=… ──→         with the answer ──→
//!  server         ←── need auth, close                  ←── challenge, close            ←── _result
//! ```
//!
//! The method is a habit of the servers, written down in no specification. From a server's words and
//! the address to a query; neither sends nor connects. The password leaves only as a digest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use thiserror::Error;

use crate::url::StreamUrl;

/// Why the server does not let this user in. Never holds the password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthError {
    /// It wants a user and a password, and the address has none.
    #[error(
        "authenticate: the server wants a user and a password; put them before the host: \
         rtmp://user:password@host/app/key"
    )]
    NoCredentials,
    /// It wants something that is neither Adobe's nor Limelight's way.
    #[error("authenticate: the server wants the method {0:?}, which is not supported")]
    Method(String),
    /// What it said is no challenge.
    #[error("authenticate: the server's challenge cannot be read")]
    Challenge,
    /// There is no such user.
    #[error("authenticate: the server does not know this user")]
    UnknownUser,
    /// It did not like the answer.
    #[error("authenticate: the server refused the user or the password")]
    Refused,
}

/// How far a destination is with its server; lives through its connections.
#[derive(Debug, Default)]
pub(super) struct Auth(Stage);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// It has not asked.
    #[default]
    Unasked,
    /// It asked before, and the user's name goes along from the start.
    Introduced(Method),
    /// The answer to its challenge is on the way.
    Answered(Method),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Adobe,
    Limelight,
}

/// What a server said with its refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Demand {
    method: String,
    /// `reason=needauth&salt=…`, or nothing while it only names the method.
    query: String,
}

impl Auth {
    /// `url` as an attempt begins with it: a server that asked once asks again.
    pub(super) fn begin(&mut self, url: &StreamUrl) -> StreamUrl {
        let (Stage::Introduced(method) | Stage::Answered(method)) = self.0 else {
            return url.clone();
        };
        match url.credentials() {
            Some((user, _)) => {
                self.0 = Stage::Introduced(method);
                url.answering(method.introduction(user))
            }
            None => url.clone(),
        }
    }

    /// The server refused for another reason: nothing is known of its habits.
    pub(super) fn forget(&mut self) {
        self.0 = Stage::Unasked;
    }

    /// `url` to connect to anew, as the server wants it. `seed` makes our own part of the challenge.
    ///
    /// # Errors
    /// When nothing can be answered, or the answer was wrong.
    pub(super) fn handle_demand(
        &mut self,
        demand: &Demand,
        url: &StreamUrl,
        seed: u64,
    ) -> Result<StreamUrl, AuthError> {
        let method = demand.method()?;
        match demand.value("reason") {
            Some("authfailed") => return Err(AuthError::Refused),
            Some("nosuchuser") => return Err(AuthError::UnknownUser),
            _ => {}
        }
        let (user, password) = url.credentials().ok_or(AuthError::NoCredentials)?;
        let is_challenge = demand.value("reason") == Some("needauth");
        match self.0 {
            Stage::Answered(_) => Err(AuthError::Refused),
            Stage::Introduced(_) if !is_challenge => Err(AuthError::Challenge),
            Stage::Unasked if !is_challenge => {
                self.0 = Stage::Introduced(method);
                Ok(url.answering(method.introduction(user)))
            }
            Stage::Unasked | Stage::Introduced(_) => {
                let own = format!("{:08x}", seed as u32);
                let password = password.expose();
                let answer = match method {
                    Method::Adobe => adobe(demand, user, password, &own),
                    Method::Limelight => limelight(demand, user, password, url.app(), &own),
                };
                let answer = answer.ok_or(AuthError::Challenge)?;
                self.0 = Stage::Answered(method);
                Ok(url.answering(method.introduction(user) + &answer))
            }
        }
    }
}

impl Demand {
    /// Finds it in the description of a refusal:
    /// `[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=u&salt=s&challenge=c`.
    pub(super) fn read(description: &str) -> Option<Self> {
        if description.len() > MAX_DEMAND_BYTES || !description.bytes().all(is_printable) {
            return None;
        }
        let (_, rest) = description.split_once("authmod=")?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len()).min(MAX_METHOD_BYTES);
        let (method, rest) = rest.split_at(end);
        let query = rest.split_once('?').map_or("", |(_, query)| query.trim());
        Some(Self { method: method.to_owned(), query: query.to_owned() })
    }

    fn method(&self) -> Result<Method, AuthError> {
        match self.method.as_str() {
            "adobe" => Ok(Method::Adobe),
            "llnw" => Ok(Method::Limelight),
            other => Err(AuthError::Method(other.to_owned())),
        }
    }

    /// As the server wrote it: it goes back that way.
    fn value(&self, key: &str) -> Option<&str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, value)| *name == key && !value.is_empty()).map(|(_, v)| v).next()
    }
}

impl Method {
    fn introduction(self, user: &str) -> String {
        let name = match self {
            Self::Adobe => "adobe",
            Self::Limelight => "llnw",
        };
        format!("authmod={name}&user={}", query_value(user))
    }
}

/// Two rounds of MD5, in Base64 each.
fn adobe(demand: &Demand, user: &str, password: &str, own: &str) -> Option<String> {
    let salt = demand.value("salt")?;
    // What the server calls opaque comes before its challenge where there are both.
    let opaque = demand.value("opaque");
    let theirs = opaque.or_else(|| demand.value("challenge"))?;
    let salted = STANDARD.encode(md5(&[user, salt, password]));
    let response = STANDARD.encode(md5(&[&salted, theirs, own]));
    let opaque = opaque.map(|opaque| format!("&opaque={opaque}")).unwrap_or_default();
    Some(format!("&challenge={own}&response={response}{opaque}"))
}

/// HTTP's digest (RFC 2617 3.2.2) with a realm and a method of their own.
fn limelight(demand: &Demand, user: &str, password: &str, app: &str, own: &str) -> Option<String> {
    const COUNT: &str = "00000001";
    let nonce = demand.value("nonce")?;
    let app = app.split('?').next().unwrap_or_default();
    let instance = if app.contains('/') { "" } else { "/_definst_" };
    let secret = hex(md5(&[user, ":live:", password]));
    let request = hex(md5(&["publish:/", app, instance]));
    let parts = [&secret, ":", nonce, ":", COUNT, ":", own, ":auth:", &request];
    let response = hex(md5(&parts));
    Some(format!("&nonce={nonce}&cnonce={own}&nc={COUNT}&response={response}"))
}

fn md5(parts: &[&str]) -> [u8; 16] {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    digest.finalize().into()
}

fn hex(bytes: [u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A user's name may hold what a query must not.
fn query_value(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_printable(byte) && !b" &=?#%+/".contains(&byte) {
            value.push(byte.into());
        } else {
            value.push_str(&format!("%{byte:02X}"));
        }
    }
    value
}

fn is_printable(byte: u8) -> bool {
    (0x20..0x7F).contains(&byte)
}

/// Longer words are not a challenge.
const MAX_DEMAND_BYTES: usize = 1_024;
const MAX_METHOD_BYTES: usize = 32;

#[cfg(test)]
#[path = "auth_test.rs"]
mod tests;
