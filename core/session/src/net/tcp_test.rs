//! Plain TCP: every address is tried, every failure has its name, nothing is waited for that hangs.

use std::future::Future;
use std::net::TcpListener;
use std::thread;

use super::*;
use crate::net::runtime;

/// Runs on a runtime like `onair-net`'s and lets it go as `onair-net` does.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = runtime().expect("a runtime");
    let result = runtime.block_on(future);
    runtime.shutdown_timeout(Duration::ZERO);
    result
}

fn target(host: &str, port: u16) -> Target {
    Target { host: host.to_owned(), port, tls: false, low_latency: true }
}

fn connector(resolve: Resolve) -> TcpConnector {
    TcpConnector { resolve, dns_limit: Duration::from_millis(50) }
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

#[test]
fn a_name_without_an_address_cannot_be_resolved() {
    let no_such_name: Resolve = |_, _| Err(io::Error::other("no such name"));
    let outcome = outcome(connector(no_such_name), target("nowhere.invalid", 1935));
    assert_eq!(outcome, Err(ConnectError::Resolve("no such name".to_owned())));
}

#[test]
fn lf68_all_addresses_are_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // Nobody listens on the first two of the loopback network's addresses.
    let three: Resolve = |_, port| {
        Ok(["127.7.7.7", "127.7.7.8", "127.0.0.1"]
            .map(|ip| SocketAddr::new(ip.parse().expect("an address"), port))
            .to_vec())
    };
    assert_eq!(outcome(connector(three), target("three.invalid", port)), Ok(()));
    listener.accept().expect("the third was connected to");
}

#[test]
fn a_lookup_that_hangs_is_left_behind() {
    let hangs: Resolve = |_, _| {
        thread::park_timeout(Duration::from_secs(20));
        Ok(Vec::new())
    };
    let outcome = outcome(connector(hangs), target("hangs.invalid", 1935));
    assert_eq!(outcome, Err(ConnectError::Resolve("no answer within 50ms".to_owned())));
}

#[test]
fn tls_is_refused_by_name() {
    let target = Target { tls: true, ..target("127.0.0.1", closed_port()) };
    let outcome = outcome(TcpConnector::default(), target);
    assert_eq!(outcome, Err(TlsError::NotBuilt.into()));
}
