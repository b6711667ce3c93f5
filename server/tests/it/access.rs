//! Who may publish, who may see the studio, and by which address the server is known.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use onair_rooms::Secret;
use onair_server::{Config, RoomsConfig, Server, ServerError, Studio};

use crate::support::{Rtmp, config, http_get, http_raw};

const TOKEN: &str = "the-right-token-1";

#[test]
fn s15_beyond_this_machine_nobody_publishes_without_a_token() {
    let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let open = Server::start(Config { rtmp: anywhere, ..config() });
    assert!(matches!(open, Err(ServerError::NoPublishToken { .. })), "{open:?}");
    let words = open.unwrap_err().to_string();
    assert!(words.contains("?token=") && words.contains("127.0.0.1"), "{words}");
    for weak in ["", "short", "with spaces in it all", "a&b=c&d=e&f=g&h=i", &"x".repeat(129)] {
        let publish_token = Some(Secret::new(weak));
        let started = Server::start(Config { rtmp: anywhere, publish_token, ..config() });
        assert!(matches!(started, Err(ServerError::PublishToken)), "{weak}");
    }
}

#[test]
fn publishers_need_the_token_and_players_do_not() {
    let publish_token = Some(Secret::new(TOKEN));
    let server = Server::start(Config { publish_token, ..config() }).unwrap();
    let wrong =
        ["a", "a?token=", "a?token=the-wrong-token-1", "a?token", "a?tokens=the-right-token-1"];
    for name in wrong {
        let mut publisher = Rtmp::ask(server.rtmp_addr(), "publish", name);
        assert_eq!(publisher.status().as_deref(), Some("NetStream.Publish.BadName"), "{name}");
        assert!(server.streams().is_empty(), "{name}");
    }
    let mut publisher = Rtmp::publish(server.rtmp_addr(), &format!("a?x=y&token={TOKEN}"));
    publisher.second(0);
    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "a");
    assert!(player.picture().is_some());
    let list = http_get(server.http_addr(), "/api/streams");
    assert!(list.text().contains("\"needs_token\":true"), "{}", list.text());
    for path in ["/", "/api/streams", "/watch/live/a", "/rooms", "/metrics", "/api/share/live/a"] {
        assert!(!http_get(server.http_addr(), path).text().contains(TOKEN), "{path}");
    }
}

#[derive(Debug, Default)]
struct Panel(Mutex<Vec<u8>>);

impl Studio for Panel {
    fn state(&self) -> String {
        "{\"state\":\"live\"}".to_owned()
    }

    fn command(&self, json: &[u8]) -> Result<(), String> {
        json.clone_into(&mut self.0.lock().unwrap());
        Ok(())
    }
}

#[test]
fn the_studio_is_for_who_has_the_token_wherever_the_request_comes_from() {
    let panel = Arc::new(Panel::default());
    let studio = Some(Arc::clone(&panel) as Arc<dyn Studio>);
    let rooms = RoomsConfig { host_token: Some(Secret::new(TOKEN)), ..RoomsConfig::default() };
    let server = Server::start(Config { studio: studio.clone(), rooms, ..config() }).unwrap();
    let address = server.http_addr();
    let ask = |method: &str, headers: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "{method} /api/studio HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        http_raw(address, &request).status
    };
    let json = "Content-Type: application/json\r\n";
    // A proxy on this machine, and one that says for whom it asks, come from loopback too.
    for headers in [
        "",
        "X-Forwarded-For: 127.0.0.1\r\n",
        "Authorization: Bearer the-wrong-token-1\r\n",
        "Authorization: Basic the-right-token-1\r\n",
    ] {
        assert_eq!(ask("GET", headers, ""), 403, "{headers}");
        assert_eq!(ask("POST", &format!("{headers}{json}"), "{}"), 403, "{headers}");
    }
    assert!(panel.0.lock().unwrap().is_empty());
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    assert_eq!(ask("GET", &bearer, ""), 200);
    assert_eq!(ask("POST", &format!("{bearer}{json}"), "{\"muted\":true}"), 200);
    assert_eq!(*panel.0.lock().unwrap(), b"{\"muted\":true}");
    let page = http_get(address, "/studio");
    assert!(page.status == 200 && !page.text().contains(TOKEN));
    // Without a token there is nothing to be let in by.
    let closed = Server::start(Config { studio, ..config() }).unwrap();
    assert_eq!(http_get(closed.http_addr(), "/api/studio").status, 403);
}

#[test]
fn behind_a_proxy_links_and_rooms_have_the_public_address() {
    let public_url = Some("https://live.example".parse().unwrap());
    let server = Server::start(Config { public_url, ..config() }).unwrap();
    assert_eq!(server.watch_url("live", "demo"), "https://live.example/watch/live/demo");
    let ask = |host: &str, path: &str, headers: &str| {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");
        http_raw(server.http_addr(), &request)
    };
    for host in ["live.example", "127.0.0.1:8080"] {
        let link = ask(host, "/api/share/live/demo", "");
        assert!(
            link.text().contains("\"https://live.example/watch/live/demo\""),
            "{}",
            link.text()
        );
        let rooms = ask(host, "/servers/least-loaded", "");
        assert!(rooms.text().contains("\"wss://live.example\""), "{}", rooms.text());
    }
    assert_eq!(ask("other.example", "/", "").status, 421);
    let poll = "/socket.io/?EIO=4&transport=polling";
    assert_eq!(ask("127.0.0.1:8080", poll, "Origin: https://live.example\r\n").status, 200);
    assert_eq!(ask("127.0.0.1:8080", poll, "Origin: http://live.example\r\n").status, 403);
}
