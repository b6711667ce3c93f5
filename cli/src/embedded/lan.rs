//! This machine's address as its neighbours see it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The address of the interface that the default route uses. Nothing is sent: connecting a UDP
/// socket only asks the routing table.
///
/// # Errors
/// A sentence, when there is no network but loopback.
pub(crate) fn address() -> Result<IpAddr, String> {
    // Addresses for documentation (RFC 5737, RFC 3849): routed like any, answered by nobody.
    let v4 = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 9));
    let v6 = SocketAddr::from((Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1), 9));
    [v4, v6]
        .into_iter()
        .filter_map(|target| source_towards(target).ok())
        .find(|ip| !ip.is_loopback() && !ip.is_unspecified())
        .ok_or_else(|| {
            "--lan: this machine has no network; connect it, or leave --lan away".to_owned()
        })
}

fn source_towards(target: SocketAddr) -> std::io::Result<IpAddr> {
    let any: IpAddr = match target {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(target)?;
    socket.local_addr().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_loopback() {
        match address() {
            Ok(ip) => assert!(!ip.is_loopback() && !ip.is_unspecified(), "{ip}"),
            Err(sentence) => assert!(sentence.contains("no network"), "{sentence}"),
        }
    }

    #[test]
    fn the_source_towards_loopback_is_loopback() {
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        assert_eq!(source_towards(target).expect("route"), Ipv4Addr::LOCALHOST);
    }
}
