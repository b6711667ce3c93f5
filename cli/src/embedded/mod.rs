//! What `serve` and `demo` share: an embedded server, its token, and the addresses by which others reach it.

pub(crate) mod lan;
pub(crate) mod qr;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use onair::rooms::Secret;
use onair_server::{Config, PublicUrl, RunningServer, Server, ServerError};

use crate::event::Event;
use crate::exit::Failure;

/// What publishers need, where the environment says it.
pub(crate) const TOKEN: &str = "ONAIR_PUBLISH_TOKEN";

/// A server, or the exit code that its absence deserves.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn start(config: Config) -> Result<RunningServer, Failure> {
    Server::start(config).map_err(|error| match &error {
        ServerError::NoPublishToken { .. } | ServerError::PublishToken => {
            Failure::usage(format!("{error} ({TOKEN}, or --lan without --json, which draws one)"))
        }
        ServerError::RecordDir { .. } => Failure::usage(error),
        ServerError::InUse { .. } | ServerError::Bind { .. } => Failure::connect(error),
        _ => Failure::local(error),
    })
}

/// Where others watch a stream: below the public address, or at this machine's own one in its network.
pub(crate) fn watch_url(
    server: &RunningServer,
    lan: Option<IpAddr>,
    public_url: Option<&PublicUrl>,
    [app, name]: [&str; 2],
) -> String {
    match lan {
        Some(ip) if public_url.is_none() => {
            let address = SocketAddr::new(ip, server.http_addr().port());
            format!("http://{address}/watch/{app}/{name}")
        }
        _ => server.watch_url(app, name),
    }
}

/// What a server that runs is announced with.
pub(crate) fn listening(server: &RunningServer, watch_url: Option<String>) -> Event {
    Event::Listening {
        rtmp: server.rtmp_addr().to_string(),
        http: server.http_addr().to_string(),
        watch_url,
    }
}

/// Nobody knows it who was not told: who has it opens rooms, and the studio.
pub(crate) fn token() -> Secret {
    let draw = || RandomState::new().build_hasher().finish();
    Secret::new(format!("{:016x}{:016x}", draw(), draw()))
}

/// All addresses of that kind.
pub(crate) fn all_like(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}
