//! Where a server wants its publisher to go: an address that is absolute or relative to the present
//! one (E-RTMP v2, ReconnectRequest), for the same key. What would give the key away is refused.

use thiserror::Error;

use super::{Endpoint, StreamUrl, check_characters, is_app, is_near};

/// Why a publisher does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MoveError {
    /// It is no address of an RTMP server.
    #[error("the address cannot be used")]
    Address,
    /// It leads from TLS to none, or in plain text out of the private network.
    #[error("the address is not encrypted, and the present one is or needs not be")]
    Downgrade,
    /// It leads to somebody else's host.
    #[error("the address belongs to another domain")]
    OtherDomain,
    /// The server asked too often.
    #[error("the server asked more than three times in five minutes")]
    TooOften,
}

impl StreamUrl {
    /// This stream at `tc_url`, which names an endpoint and an app: `rtmp://host/app`,
    /// `//host/app`, `/app`, or the last part of the app alone. A part that is missing stays as it
    /// is. Another domain is refused unless `any_domain`.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub fn moved(&self, tc_url: &str, any_domain: bool) -> Result<Self, MoveError> {
        let absolute = self.resolve(tc_url);
        check_characters(&absolute).map_err(|_| MoveError::Address)?;
        let (endpoint, path) = Endpoint::parse(&absolute).map_err(|_| MoveError::Address)?;
        if self.is_tls && !endpoint.is_tls {
            return Err(MoveError::Downgrade);
        }
        let is_here = endpoint.host.eq_ignore_ascii_case(&self.host);
        if !is_here && !any_domain && !share_domain(&endpoint.host, &self.host) {
            return Err(MoveError::OtherDomain);
        }
        let is_far = || !is_near(&endpoint.host);
        if !endpoint.is_tls && self.is_near() && is_far() {
            return Err(MoveError::Downgrade);
        }
        let app = match path.trim_matches('/') {
            "" => self.app.clone(),
            app if is_app(app) => app.to_owned(),
            _ => return Err(MoveError::Address),
        };
        // Hosts and apps are shown: one that repeats the key would show it.
        let tells = |part: &str| self.redact(part) != part;
        if tells(&endpoint.host) && !tells(&self.host) || tells(&app) && !tells(&self.app) {
            return Err(MoveError::Address);
        }
        Ok(Self {
            is_tls: endpoint.is_tls,
            host: endpoint.host,
            port: endpoint.port,
            app,
            key: self.key.clone(),
            credentials: self.credentials.clone().filter(|_| is_here),
            answer: None,
        })
    }

    /// RFC 3986 5.2, as far as it makes sense here.
    fn resolve(&self, reference: &str) -> String {
        let scheme = self.scheme();
        if reference.contains("://") {
            return reference.to_owned();
        }
        if reference.starts_with("//") {
            return format!("{scheme}:{reference}");
        }
        let authority = format!("{scheme}://{}:{}", self.bracketed_host(), self.port);
        if reference.starts_with('/') || reference.is_empty() {
            return format!("{authority}{reference}");
        }
        let path = self.app.split('?').next().unwrap_or_default();
        let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
        format!("{authority}/{folder}{reference}")
    }
}

/// Whether both hosts belong to the same registrable domain. Without a list of public suffixes this
/// errs to the careful side: under `co.uk` and its like three labels must agree, and addresses
/// agree with nothing but themselves.
fn share_domain(one: &str, other: &str) -> bool {
    let domain = |host: &str| {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let labels: Vec<&str> = host.rsplit('.').collect();
        let is_literal = host.contains(':') || labels.first()?.bytes().all(|b| b.is_ascii_digit());
        let is_second_level = labels.first()?.len() == 2 && labels.get(1)?.len() <= 3;
        let count = if is_second_level { 3 } else { 2 };
        (!is_literal && labels.len() >= count).then(|| labels[..count].join("."))
    };
    domain(one).is_some_and(|domain_of_one| domain(other) == Some(domain_of_one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(url: &str, tc_url: &str) -> Result<String, MoveError> {
        let url = StreamUrl::parse(url).expect("a good address");
        let moved = url.moved(tc_url, false)?;
        assert_eq!(moved.key(), url.key(), "the stream stays");
        Ok(moved.tc_url())
    }

    #[test]
    fn r15_absolute_and_relative_addresses() {
        let here = "rtmp://a.live.example.com:1936/app/room/key";
        for (tc_url, there) in [
            ("rtmp://b.live.example.com/app", "rtmp://b.live.example.com/app"),
            ("rtmp://a.live.example.com:1937/x", "rtmp://a.live.example.com:1937/x"),
            ("rtmps://b.live.example.com", "rtmps://b.live.example.com/app/room"),
            ("//b.example.com:2000/app2", "rtmp://b.example.com:2000/app2"),
            ("/app3?token=1", "rtmp://a.live.example.com:1936/app3?token=1"),
            ("hall", "rtmp://a.live.example.com:1936/app/hall"),
            ("", "rtmp://a.live.example.com:1936/app/room"),
        ] {
            assert_eq!(from(here, tc_url).as_deref(), Ok(there), "{tc_url}");
        }
    }

    #[test]
    fn r15_what_would_give_the_key_away_is_refused() {
        for (here, tc_url, error) in [
            ("rtmps://live.example.com/app/k", "rtmp://live.example.com/app", MoveError::Downgrade),
            ("rtmp://live.example.com/app/k", "rtmp://evil.test/app", MoveError::OtherDomain),
            ("rtmp://a.co.uk/app/k", "rtmp://b.co.uk/app", MoveError::OtherDomain),
            ("rtmp://192.0.2.1/app/k", "rtmp://192.0.2.2/app", MoveError::OtherDomain),
            ("rtmp://localhost/app/k", "//otherhost/app", MoveError::OtherDomain),
            ("rtmp://live.example.com/app/k", "http://live.example.com/app", MoveError::Address),
            ("rtmp://live.example.com/app/k", "rtmp://:99/app", MoveError::Address),
            ("rtmp://live.example.com/app/k", "/a b", MoveError::Address),
        ] {
            assert_eq!(from(here, tc_url), Err(error), "{here} to {tc_url}");
        }
        let here = StreamUrl::parse("rtmp://live.example.com/app/k").expect("a good address");
        assert!(here.moved("rtmp://other.test/app", true).is_ok(), "unless the app allows it");
        let near = StreamUrl::parse("rtmp://192.168.1.7/app/k").expect("a good address");
        let moved = |tc_url| near.moved(tc_url, true).map(|url| url.tc_url());
        assert_eq!(moved("rtmp://other.test/app"), Err(MoveError::Downgrade), "out in plain text");
        assert!(moved("rtmps://other.test/app").is_ok() && moved("rtmp://10.0.0.1/app").is_ok());
    }

    #[test]
    fn s01_a_way_that_repeats_the_key_is_not_taken() {
        let here = "rtmp://user:p4ssword@live.example.com/app/canary";
        for tc_url in ["rtmp://canary.live.example.com/app", "/canary", "x/canary/", "/p4ssword"] {
            assert_eq!(from(here, tc_url), Err(MoveError::Address), "{tc_url}");
        }
        // A key that is a word of the address anyway tells nothing new.
        let there = from("rtmp://live.example.com/live/live", "//b.live.example.com/live");
        assert_eq!(there.as_deref(), Ok("rtmp://b.live.example.com/live"));
    }

    #[test]
    fn passwords_stay_with_their_host() {
        let here = StreamUrl::parse("rtmp://u:p@a.example.com/app/k").expect("a good address");
        let moved = |to| here.moved(to, false).expect("allowed").credentials().is_some();
        assert_eq!((moved("/x"), moved("//b.example.com/x")), (true, false));
    }
}
