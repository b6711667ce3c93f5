//! Starting and stopping.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use onair_server::{Config, Server, ServerError};

use crate::support::{Rtmp, config, http_get, now, open_flv, server};

#[test]
fn s15_binds_to_loopback_unless_told_otherwise() {
    let default = Config::default();
    assert_eq!(default.rtmp, (Ipv4Addr::LOCALHOST, 1935).into());
    assert_eq!(default.http, (Ipv4Addr::LOCALHOST, 8080).into());
    let server = server();
    assert!(server.rtmp_addr().ip().is_loopback() && server.rtmp_addr().port() != 0);
    assert!(server.http_addr().ip().is_loopback() && server.http_addr().port() != 0);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let result = Server::start(Config { rtmp: address, ..config() });
    assert!(
        matches!(&result, Err(ServerError::InUse { service: "RTMP", address: a }) if *a == address)
    );
    let result = Server::start(Config { http: address, ..config() });
    assert!(matches!(&result, Err(ServerError::InUse { service: "HTTP", .. })));
    let words = result.unwrap_err().to_string();
    assert!(words.contains(&address.to_string()) && words.contains("another port"), "{words}");
}

#[test]
fn an_address_of_another_machine_is_refused() {
    let elsewhere = (Ipv4Addr::new(192, 0, 2, 1), 0).into();
    let result = Server::start(Config { http: elsewhere, ..config() });
    assert!(matches!(result, Err(ServerError::Bind { service: "HTTP", .. })), "{result:?}");
}

#[test]
fn a_directory_that_cannot_be_written_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let result = Server::start(Config { record_dir: Some(file.path().into()), ..config() });
    assert!(matches!(result, Err(ServerError::RecordDir { .. })), "{result:?}");
}

#[test]
fn stopping_closes_every_connection_within_a_second() {
    let server = server();
    let (rtmp, http) = (server.rtmp_addr(), server.http_addr());
    let mut publisher = Rtmp::publish(rtmp, "a");
    publisher.second(0);
    let mut player = Rtmp::ask(rtmp, "play", "a");
    player.picture().unwrap();
    let mut flv = open_flv(http, "/live/a.flv");
    let mut idle = TcpStream::connect(http).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(5))).unwrap();

    let begun = now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    while player.next().is_some() {}
    assert_eq!(publisher.status(), None);
    // Ends or is cut, but does not hang.
    let _ = flv.read_to_end(&mut Vec::new());
    assert!(!matches!(idle.read(&mut [0; 10]), Ok(1..)));
    assert!(TcpStream::connect(rtmp).is_err() && TcpStream::connect(http).is_err());
}

#[test]
fn dropping_stops_too_and_the_ports_are_free_again() {
    let first = server();
    let again = Config { rtmp: first.rtmp_addr(), http: first.http_addr(), ..config() };
    Rtmp::publish(first.rtmp_addr(), "a");
    drop(first);
    let second = Server::start(again).unwrap();
    assert_eq!(http_get(second.http_addr(), "/").status, 200);
}

#[test]
fn urls_name_a_host_that_can_be_reached() {
    let any = (Ipv4Addr::UNSPECIFIED, 0).into();
    let server = Server::start(Config {
        rtmp: any,
        http: any,
        publish_token: Some(onair_rooms::Secret::new("a-token-of-our-own")),
        ..config()
    })
    .unwrap();
    let (rtmp, http) = (server.rtmp_addr().port(), server.http_addr().port());
    assert_eq!(server.rtmp_url("live", "a"), format!("rtmp://127.0.0.1:{rtmp}/live/a"));
    assert_eq!(server.watch_url("live", "a"), format!("http://127.0.0.1:{http}/watch/live/a"));
}
