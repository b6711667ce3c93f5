//! Plain TCP: every address is tried, every failure has its name, nothing is waited for that hangs.

use std::future::{Future, ready};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use super::*;
use crate::net::resolve::{Family, Lookup};
use crate::net::runtime;

/// Runs on a runtime like `onair-net`'s and lets it go as `onair-net` does.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = runtime(1).expect("a runtime");
    let result = runtime.block_on(future);
    runtime.shutdown_timeout(Duration::ZERO);
    result
}

fn target(host: &str, port: u16) -> Target {
    Target { host: host.to_owned(), port, tls: false, low_latency: true }
}

fn outcome(connector: TcpConnector, target: Target) -> Result<(), ConnectError> {
    run(async { connector.connect(target).await.map(drop) })
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn a_port_without_a_listener_is_refused() {
    let target = target("127.0.0.1", closed_port());
    assert_eq!(outcome(TcpConnector::default(), target), Err(ConnectError::Refused));
}

/// Nobody listens on the first two of the loopback network's addresses.
struct Three;

impl Resolver for Three {
    fn lookup(&self, _: &str, port: u16, family: Family) -> Lookup {
        let ips = ["127.7.7.7", "127.7.7.8", "127.0.0.1"].iter().filter(|_| family == Family::V4);
        let addresses = ips.map(|ip| SocketAddr::new(ip.parse().expect("an address"), port));
        Box::pin(ready(Ok(addresses.collect())))
    }
}

#[test]
fn lf68_all_addresses_are_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let connector = TcpConnector { resolver: Arc::new(Three) };
    assert_eq!(outcome(connector, target("three.invalid", port)), Ok(()));
    listener.accept().expect("the third was connected to");
}

#[test]
fn the_systems_resolver_knows_this_machine_and_no_invalid_name() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    assert_eq!(outcome(TcpConnector::default(), target("localhost", port)), Ok(()));
    // RFC 6761: without a network nobody can tell, with one there is no such name.
    let unknown = outcome(TcpConnector::default(), target("nowhere.invalid", port));
    assert!(
        matches!(unknown, Err(ConnectError::UnknownHost | ConnectError::Resolve(_))),
        "{unknown:?}"
    );
}

#[test]
fn tls_is_refused_by_name() {
    let target = Target { tls: true, ..target("127.0.0.1", closed_port()) };
    let outcome = outcome(TcpConnector::default(), target);
    assert_eq!(outcome, Err(TlsError::NotBuilt.into()));
}
