//! From a host name to addresses, each family by itself: one whose answer is slow or broken holds
//! up nobody (RFC 8305 3).

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use dns_lookup::{AddrFamily, AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};
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

/// The system's `getaddrinfo`, which knows of hosts files, DNS64 and whatever else is set up. It
/// cannot be cancelled: a lookup nobody waits for any more leaves its thread to itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System;

impl Resolver for System {
    fn lookup(&self, host: &str, port: u16, family: Family) -> Lookup {
        let host = host.to_owned();
        blocking(move || addresses(&host, port, family))
    }
}

/// Runs a lookup that blocks on a thread of its own.
pub(crate) fn blocking(
    lookup: impl FnOnce() -> Result<Vec<SocketAddr>, LookupError> + Send + 'static,
) -> Lookup {
    let lookup = spawn_blocking(lookup);
    Box::pin(async move {
        let abandoned = |_| LookupError::Failed("the lookup was abandoned".to_owned());
        lookup.await.map_err(abandoned)?
    })
}

fn addresses(host: &str, port: u16, family: Family) -> Result<Vec<SocketAddr>, LookupError> {
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
    let mut addresses = Vec::new();
    for mut address in found.flatten().map(|info| info.sockaddr).take(MOST) {
        address.set_port(port);
        addresses.push(address);
    }
    Ok(addresses)
}

/// A name with more addresses is a mistake or an attack.
const MOST: usize = 32;
