//! Which server is asked next: the one there is, the next of a list, or the one that a locator names.

use serde_json::Value;

use crate::address::{AddressError, ServerAddress};
use crate::backoff::Chance;
use crate::json;

/// Where rooms are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Servers {
    /// One server.
    One(ServerAddress),
    /// Any of several, in turn from one that chance picks.
    List(Vec<ServerAddress>),
    /// Whichever this HTTP endpoint names before each connection: `{"url":"wss://…"}`, or
    /// `{"servers":[{"url":"wss://…","clients":7},…]}` of which the least loaded is taken.
    Locator(ServerAddress),
}

/// Where to go, or whom to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go there.
    Connect(ServerAddress),
    /// Ask for this path at the locator first.
    Ask {
        /// The locator.
        at: ServerAddress,
        /// Path and query.
        path: String,
    },
    /// There is nowhere to go.
    Nowhere,
}

/// Longest list that is looked at.
const MOST_SERVERS: usize = 1_000;

/// Chooses servers.
#[derive(Clone, Debug)]
pub struct Chooser {
    servers: Servers,
    allow_plaintext: bool,
    /// Of a list: whose turn it is.
    turn: Option<usize>,
    failed: Option<ServerAddress>,
    last_good: Option<ServerAddress>,
}

impl Chooser {
    /// # Errors
    /// [`AddressError::Plaintext`] for a far address without TLS, [`AddressError::Host`] for an empty
    /// list.
    pub fn new(servers: Servers, allow_plaintext: bool) -> Result<Self, AddressError> {
        match &servers {
            Servers::One(one) | Servers::Locator(one) => one.check(allow_plaintext)?,
            Servers::List(list) if list.is_empty() => return Err(AddressError::Host),
            Servers::List(list) => list.iter().try_for_each(|one| one.check(allow_plaintext))?,
        }
        Ok(Self { servers, allow_plaintext, turn: None, failed: None, last_good: None })
    }

    /// What to do before the next connection.
    pub fn next(&mut self, chance: &mut Chance) -> Next {
        match &self.servers {
            Servers::One(one) => Next::Connect(one.clone()),
            Servers::List(list) => {
                let count = list.len();
                let turn = match self.turn {
                    Some(turn) => (turn + 1) % count,
                    None => usize::try_from(chance.below(count as u64)).unwrap_or(0),
                };
                self.turn = Some(turn);
                list.get(turn).cloned().map_or(Next::Nowhere, Next::Connect)
            }
            Servers::Locator(at) => {
                let base = if at.path().is_empty() { USUAL_PATH } else { at.path() };
                let path = match &self.failed {
                    Some(failed) => {
                        let joint = if base.contains('?') { '&' } else { '?' };
                        format!("{base}{joint}not={}", percent(&failed.to_string()))
                    }
                    None => base.to_owned(),
                };
                Next::Ask { at: at.clone(), path }
            }
        }
    }

    /// Reads what the locator answered; without an answer that can be used, the last good server.
    pub fn handle_answer(&mut self, body: Option<&str>, chance: &mut Chance) -> Next {
        let named = body.and_then(json::parse).and_then(|answer| self.choose(&answer, chance));
        // The one that failed is better than none: it may be back.
        let known = [&self.last_good, &self.failed].into_iter().flatten().next();
        named.or_else(|| known.cloned()).map_or(Next::Nowhere, Next::Connect)
    }

    /// A connection to `server` stands.
    pub fn handle_good(&mut self, server: &ServerAddress) {
        self.failed = None;
        self.last_good = Some(server.clone());
    }

    /// A connection to `server` failed or was lost.
    pub fn handle_failed(&mut self, server: &ServerAddress) {
        self.failed = Some(server.clone());
    }

    fn choose(&self, answer: &Value, chance: &mut Chance) -> Option<ServerAddress> {
        let one = |value: &Value| -> Option<(u64, ServerAddress)> {
            let text = value.as_str().or_else(|| value.get("url")?.as_str())?;
            let address: ServerAddress = text.parse().ok()?;
            address.check(self.allow_plaintext).ok()?;
            let load = value.get("clients").or_else(|| value.get("load")).and_then(Value::as_u64);
            Some((load.unwrap_or(0), address))
        };
        let list = answer.get("servers").and_then(Value::as_array).or_else(|| answer.as_array());
        let Some(list) = list else { return one(answer).map(|(_, address)| address) };
        let mut found: Vec<_> = list.iter().take(MOST_SERVERS).filter_map(one).collect();
        if found.len() > 1 {
            found.retain(|(_, address)| Some(address) != self.failed.as_ref());
        }
        let least = found.iter().map(|(load, _)| *load).min()?;
        found.retain(|(load, _)| *load == least);
        let index = usize::try_from(chance.below(found.len() as u64)).unwrap_or(0);
        found.into_iter().nth(index).map(|(_, address)| address)
    }
}

/// Where the embedded server answers.
const USUAL_PATH: &str = "/servers/least-loaded";

/// RFC 3986: everything but the unreserved.
fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> ServerAddress {
        text.parse().expect("an address")
    }

    fn locator() -> (Chooser, Chance) {
        let servers = Servers::Locator(at("http://127.0.0.1:9000"));
        (Chooser::new(servers, false).expect("near"), Chance::new(1))
    }

    #[test]
    fn rw18_the_failed_server_is_named_and_the_last_good_one_kept() {
        let (mut chooser, mut chance) = locator();
        let ask = |path: &str| Next::Ask { at: at("http://127.0.0.1:9000"), path: path.to_owned() };
        assert_eq!(chooser.next(&mut chance), ask("/servers/least-loaded"));
        assert_eq!(chooser.handle_answer(None, &mut chance), Next::Nowhere);
        let a = at("ws://127.0.0.1:1");
        let named = chooser.handle_answer(Some(r#"{"url":"ws://127.0.0.1:1"}"#), &mut chance);
        assert_eq!(named, Next::Connect(a.clone()));
        chooser.handle_good(&a);
        chooser.handle_failed(&a);
        let path = "/servers/least-loaded?not=ws%3A%2F%2F127.0.0.1%3A1";
        assert_eq!(chooser.next(&mut chance), ask(path));
        for silent in
            [None, Some(""), Some("{}"), Some("<html>"), Some(r#"{"url":"ws://8.8.8.8"}"#)]
        {
            assert_eq!(chooser.handle_answer(silent, &mut chance), Next::Connect(a.clone()));
        }
    }

    #[test]
    fn the_least_loaded_of_a_list_is_taken_and_not_the_one_that_failed() {
        let (mut chooser, mut chance) = locator();
        let answer = r#"{"servers":[{"url":"ws://127.0.0.1:1","clients":1},
            {"url":"ws://127.0.0.1:2","clients":9},{"url":"ws://127.0.0.1:3","clients":3}]}"#;
        let first = chooser.handle_answer(Some(answer), &mut chance);
        assert_eq!(first, Next::Connect(at("ws://127.0.0.1:1")));
        chooser.handle_failed(&at("ws://127.0.0.1:1"));
        let second = chooser.handle_answer(Some(answer), &mut chance);
        assert_eq!(second, Next::Connect(at("ws://127.0.0.1:3")));
    }

    #[test]
    fn a_list_is_gone_through_in_turn() {
        let list: Vec<_> = (1..=3).map(|port| at(&format!("ws://127.0.0.1:{port}"))).collect();
        let mut chooser = Chooser::new(Servers::List(list.clone()), false).expect("near");
        let mut chance = Chance::new(7);
        let mut seen: Vec<Next> = (0..3).map(|_| chooser.next(&mut chance)).collect();
        seen.sort_by_key(|next| format!("{next:?}"));
        assert_eq!(seen, list.into_iter().map(Next::Connect).collect::<Vec<_>>());
        assert_eq!(Chooser::new(Servers::List(vec![]), false).err(), Some(AddressError::Host));
    }
}
