//! The HTTP side as a client that shows everything sees it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use onair_engine::flv::TagType;
use onair_server::{Config, Server};

use crate::sample;
use crate::support::{PATIENCE, Rtmp, config, http_get, http_raw, open_flv, server, wait_until};

const PAGES: [&str; 2] = ["/", "/watch/live/demo"];
const ASSETS: [&str; 11] = [
    "style.css",
    "common.js",
    "home.js",
    "low-latency.js",
    "pace.js",
    "player.js",
    "watch.js",
    "icons.svg",
    "favicon.svg",
    "mpegts.js",
    "hls.js",
];

#[test]
fn every_page_and_asset_is_served_from_the_binary() {
    let server = server();
    for page in PAGES {
        let answer = http_get(server.http_addr(), page);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/html; charset=utf-8")
        );
        // All that the page asks for is here, and nothing is asked of anybody else.
        for (attribute, _) in answer.text().match_indices("=\"/assets/") {
            let path = answer.text()[attribute + 2..].split(['"', '#']).next().unwrap();
            assert_eq!(http_get(server.http_addr(), path).status, 200, "{path}");
        }
        assert!(!answer.text().contains("//"), "an address of another host");
    }
    for asset in ASSETS {
        let answer = http_get(server.http_addr(), &format!("/assets/{asset}"));
        assert_eq!(answer.status, 200, "{asset}");
        assert!(!answer.body.is_empty());
        let packed = asset == "mpegts.js" || asset == "hls.js";
        assert_eq!(answer.header("content-encoding") == "gzip", packed, "{asset}");
    }
}

#[test]
fn every_answer_carries_the_policy() {
    let server = server();
    for path in ["/", "/assets/watch.js", "/api/streams", "/nothing", "/live/none.flv", "/a/b/c/d"]
    {
        let answer = http_get(server.http_addr(), path);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "media-src 'self' blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[test]
fn pages_hold_no_inline_script_or_style() {
    let server = server();
    for page in PAGES {
        let answer = http_get(server.http_addr(), page);
        for tag in answer.text().split('<').filter(|tag| tag.starts_with("script")) {
            assert!(tag.contains("src=") && tag.ends_with('>'), "{tag}");
        }
        for forbidden in ["style=", "<style", "onclick=", "onload=", "javascript:"] {
            assert!(!answer.text().contains(forbidden), "{page}: {forbidden}");
        }
    }
}

#[test]
fn an_unchanged_asset_is_not_sent_again() {
    let server = server();
    let address = server.http_addr();
    let first = http_get(address, "/assets/mpegts.js");
    let request = format!(
        "GET /assets/mpegts.js HTTP/1.1\r\nHost: {address}\r\nIf-None-Match: {}\r\nConnection: close\r\n\r\n",
        first.header("etag")
    );
    let again = http_raw(address, &request);
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[test]
fn s11_requests_for_another_host_are_refused() {
    let config = Config { host_names: vec!["studio.example".to_owned()], ..config() };
    let server = Server::start(config).unwrap();
    let address = server.http_addr();
    let status = |request: &str| http_raw(address, request).status;
    for path in ["/", "/api/streams", "/live/a.flv", "/assets/watch.js"] {
        let with = |host: &str| {
            status(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
        };
        for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""] {
            assert_eq!(with(host), 421, "{path} of {host}");
        }
        for host in ["localhost", "[::1]:1", "192.168.0.9:8080", "studio.example"] {
            assert_ne!(with(host), 421, "{path} of {host}");
        }
    }
    assert_eq!(status("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), 400);
    let absolute =
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(status(absolute), 421);
}

#[test]
fn the_least_loaded_server_is_named_as_its_client_came() {
    let config = Config { host_names: vec!["rooms.example".to_owned()], ..config() };
    let server = Server::start(config).unwrap();
    for (headers, url) in [
        ("Host: localhost:8080", "ws://localhost:8080"),
        ("Host: rooms.example\r\nX-Forwarded-Proto: https", "wss://rooms.example"),
        ("Host: rooms.example\r\nX-Forwarded-Proto: HTTPS, http", "wss://rooms.example"),
        ("Host: rooms.example\r\nX-Forwarded-Proto: http", "ws://rooms.example"),
        ("Host: rooms.example\r\nX-Forwarded-Proto: javascript", "ws://rooms.example"),
    ] {
        let request =
            format!("GET /servers/least-loaded HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n");
        let answer = http_raw(server.http_addr(), &request);
        let json: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        assert_eq!(json["url"], url, "{headers}");
    }
}

#[test]
fn only_reading_is_offered() {
    let server = server();
    let address = server.http_addr();
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let request = format!(
            "{method} /api/streams HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(http_raw(address, &request).status, 405, "{method}");
    }
    let head = http_raw(
        address,
        &format!("HEAD / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"),
    );
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn s07_the_list_and_the_pages_do_not_name_what_is_not_live() {
    let server = server();
    let address = server.http_addr();
    let publisher = Rtmp::publish(server.rtmp_addr(), "canary?token=secret");
    let list = http_get(address, "/api/streams");
    assert_eq!(list.header("content-type"), "application/json");
    assert_eq!(list.header("cache-control"), "no-store");
    let json: serde_json::Value = serde_json::from_str(list.text()).unwrap();
    assert_eq!(json["rtmp_port"], server.rtmp_addr().port());
    assert_eq!(json["streams"][0]["name"], "canary");
    assert_eq!(json["streams"][0]["state"], "live");
    assert_eq!(json["streams"][0]["video"]["width"], 640);
    assert!(!list.text().contains("secret"), "what follows the name is not shown");
    drop(publisher);
    wait_until("an empty list", || server.streams().is_empty());
    for path in ["/", "/watch/live/canary", "/api/streams"] {
        assert!(!http_get(address, path).text().contains("canary"), "{path}");
    }
}

#[test]
fn streams_that_are_not_live_are_404() {
    let server = server();
    for path in ["/live/a.flv", "/live/a/index.m3u8", "/live/a/s1-1.m4s", "/live/a", "/live/a.mp4"]
    {
        assert_eq!(http_get(server.http_addr(), path).status, 404, "{path}");
    }
    assert!(server.streams().is_empty(), "asking made no stream");
}

#[test]
fn a_playlist_is_held_until_the_first_segment_is_complete() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.media(TagType::Video, 0, sample::key(100)).unwrap();
    wait_until("media", || server.streams()[0].bytes > 100);
    let address = server.http_addr();
    let asking = std::thread::spawn(move || http_get(address, "/live/a/index.m3u8"));
    for second in 0..3 {
        publisher.second(second * 1_000);
    }
    let answer = asking.join().unwrap();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/vnd.apple.mpegurl")
    );
    assert!(answer.text().contains("#EXTINF:2.000,\ns1-1.m4s"), "{}", answer.text());
    for part in ["s1-i1.mp4", "s1-1.m4s"] {
        let answer = http_get(address, &format!("/live/a/{part}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, "video/mp4"));
        assert!([b"ftyp", b"moof"].contains(&answer.body[4..8].try_into().unwrap()));
    }
    drop(publisher);
    wait_until("the end", || http_get(address, "/live/a/index.m3u8").text().contains("ENDLIST"));
}

#[test]
fn a_held_playlist_ends_with_the_stream() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.media(TagType::Video, 0, sample::avc_header()).unwrap();
    wait_until("a stream", || !server.streams().is_empty());
    let address = server.http_addr();
    let asking = std::thread::spawn(move || http_get(address, "/live/a/index.m3u8"));
    drop(publisher);
    assert_eq!(asking.join().unwrap().status, 404);
}

#[test]
fn flv_comes_in_chunks_to_who_speaks_http_1_1() {
    let server = server();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    publisher.second(0);
    wait_until("media", || server.streams()[0].bytes > 20_000);
    let mut socket = TcpStream::connect(server.http_addr()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(b"GET /live/a.flv HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut got = Vec::new();
    while !got.windows(3).any(|three| three == b"FLV") {
        let mut buffer = [0; 1_024];
        let count = socket.read(&mut buffer).unwrap();
        assert!(count > 0);
        got.extend_from_slice(&buffer[..count]);
    }
    let head = String::from_utf8_lossy(&got);
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    drop(socket);
    wait_until("the player to leave", || {
        // It is noticed with the next write.
        publisher.media(TagType::Audio, 1_000, sample::audio(1)).unwrap();
        server.streams()[0].viewers == 0
    });
}

#[test]
fn flv_says_which_tracks_there_are() {
    let server = server();
    let mut publisher = Rtmp::ask(server.rtmp_addr(), "publish", "sound");
    publisher.media(TagType::Audio, 0, sample::aac_header()).unwrap();
    publisher.media(TagType::Audio, 0, sample::audio(1)).unwrap();
    wait_until("a stream", || !server.streams().is_empty());
    let mut head = [0; 9];
    open_flv(server.http_addr(), "/live/sound.flv").read_exact(&mut head).unwrap();
    assert_eq!(head, *b"FLV\x01\x04\0\0\0\x09");
}

#[test]
fn figures_are_what_prometheus_reads_and_count_what_happens() {
    let server = server();
    let figures = || {
        let answer = http_get(server.http_addr(), "/metrics");
        assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        let mut kinds = BTreeMap::new();
        let mut values = BTreeMap::new();
        for line in answer.text().lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["#", "HELP", name, _, ..] => assert!(name.starts_with("onair_"), "{line}"),
                ["#", "TYPE", name, kind] => {
                    assert!(matches!(kind, "gauge" | "counter"), "{line}");
                    assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                    assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
                }
                [name, value] => {
                    assert!(kinds.contains_key(name), "said before its type: {line}");
                    values.insert(name.to_owned(), value.parse::<u64>().expect("a number"));
                }
                _ => panic!("no line of a figure: {line}"),
            }
        }
        assert_eq!(kinds.len(), values.len());
        values
    };
    let before = figures();
    assert!(before.values().all(|value| *value == 0), "{before:?}");

    let mut publisher = Rtmp::publish(server.rtmp_addr(), "demo");
    publisher.second(0);
    let mut player = Rtmp::ask(server.rtmp_addr(), "play", "demo");
    player.picture().expect("a picture");
    let after = figures();
    assert_eq!((after["onair_streams_live"], after["onair_stream_viewers"]), (1, 1), "{after:?}");
    assert!(after["onair_stream_bytes"] > 1_000, "{after:?}");
    drop(publisher);
    wait_until("the publisher is gone", || figures()["onair_streams_live"] == 0);
}
