//! From a host name to addresses, each family by itself: one whose answer is slow or broken holds
//! up nobody (RFC 8305 3).

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use dns_lookup::{AddrFamily, AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// Which addresses are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V6,
    V4,
}

/// Why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LookupError {
    /// There is no such name, or it has no address of this family.
    UnknownHost,
    /// Nobody could tell, with the system's words.
    Failed(String),
}

/// A lookup under way; it may take for ever.
pub(crate) type Lookup = Pin<Box<dyn Future<Output = Result<Vec<SocketAddr>, LookupError>> + Send>>;

/// Looks names up; its futures run inside `onair-net`'s runtime.
pub(crate) trait Resolver: Send + Sync {
    /// The addresses of `host` in one family, best first.
    fn lookup(&self, host: &str, port: u16, family: Family) -> Lookup;
}

/// Addresses without a port, or why there are none.
type Answer = Result<Vec<SocketAddr>, LookupError>;
type Ask = dyn Fn(&str, Family) -> Answer + Send + Sync;

/// The system's `getaddrinfo`, which knows of hosts files, DNS64 and whatever else is set up. It
/// cannot be cancelled: a lookup nobody waits for any more leaves its thread to itself. So that a
/// name whose lookups hang takes no threads from the others, it has only so many: the next one
/// waits for the newest of them.
pub(crate) struct System {
    ask: Arc<Ask>,
    under_way: Mutex<Vec<UnderWay>>,
}

struct UnderWay {
    host: String,
    family: Family,
    /// Closed once there is an answer, or nobody left who could give one.
    heard: watch::Receiver<Option<Answer>>,
}

impl Default for System {
    fn default() -> Self {
        Self::asking(addresses)
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("System")
    }
}

impl Resolver for System {
    fn lookup(&self, host: &str, port: u16, family: Family) -> Lookup {
        let mut heard = self.heard(host, family);
        Box::pin(async move {
            let answer = heard.wait_for(Option::is_some).await.ok().and_then(|it| it.clone());
            let abandoned = || LookupError::Failed("the lookup was abandoned".to_owned());
            let mut addresses = answer.ok_or_else(abandoned)??;
            addresses.iter_mut().for_each(|address| address.set_port(port));
            Ok(addresses)
        })
    }
}

impl System {
    /// Asks `ask`, which may block.
    pub(crate) fn asking(ask: impl Fn(&str, Family) -> Answer + Send + Sync + 'static) -> Self {
        Self { ask: Arc::new(ask), under_way: Mutex::default() }
    }

    /// Where the answer to a lookup arrives.
    fn heard(&self, host: &str, family: Family) -> watch::Receiver<Option<Answer>> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.retain(|lookup| lookup.heard.has_changed().is_ok());
        let same = |lookup: &&UnderWay| lookup.host == host && lookup.family == family;
        let mut alike = under_way.iter().filter(same);
        if alike.clone().count() == MOST_AT_ONCE
            && let Some(newest) = alike.next_back()
        {
            return newest.heard.clone();
        }
        let (tell, heard) = watch::channel(None);
        let (ask, name) = (Arc::clone(&self.ask), host.to_owned());
        spawn_blocking(move || tell.send_replace(Some(ask(&name, family))));
        under_way.push(UnderWay { host: host.to_owned(), family, heard: heard.clone() });
        heard
    }
}

fn addresses(host: &str, family: Family) -> Answer {
    let hints = AddrInfoHints {
        flags: 0,
        address: match family {
            Family::V6 => AddrFamily::Inet6.into(),
            Family::V4 => AddrFamily::Inet.into(),
        },
        socktype: SockType::Stream.into(),
        protocol: 0,
    };
    let found = getaddrinfo(Some(host), None, Some(hints)).map_err(|error| match error.kind() {
        LookupErrorKind::NoName | LookupErrorKind::NoData => LookupError::UnknownHost,
        _ => LookupError::Failed(std::io::Error::from(error).to_string()),
    })?;
    Ok(found.flatten().map(|info| info.sockaddr).take(MOST).collect())
}

/// Threads that all lookups of a broadcast can want at once: for the names of each destination's
/// address, its backup, and where a server may send it.
pub(crate) fn most_threads(destinations: usize) -> usize {
    const NAMES: usize = 3;
    const FAMILIES: usize = 2;
    destinations * NAMES * FAMILIES * MOST_AT_ONCE
}

/// Lookups of one name in one family. More than one, since a hanging one may be of a network that
/// is no longer there.
const MOST_AT_ONCE: usize = 4;

/// A name with more addresses is a mistake or an attack.
const MOST: usize = 32;

#[cfg(test)]
#[path = "resolve_test.rs"]
mod tests;
