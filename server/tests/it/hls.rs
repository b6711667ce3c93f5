//! Low-latency HLS over real sockets: who asks for what comes next is answered when it is there.

use std::net::SocketAddr;

use crate::support::{Rtmp, http_get, server, wait_until};

const PLAYLIST: &str = "/live/a/index.m3u8";

fn playlist(address: SocketAddr, query: &str) -> String {
    let answer = http_get(address, &format!("{PLAYLIST}{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.text().to_owned()
}

/// The names in the lines that begin so.
fn names(text: &str, tag: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with(tag));
    let name = |line: &str| line.split("URI=\"").nth(1)?.split('"').next().map(str::to_owned);
    lines.filter_map(name).collect()
}

#[test]
fn rw26_the_playlist_and_the_part_that_comes_next_are_held_until_they_are_there() {
    let server = server();
    let address = server.http_addr();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    (0..3).for_each(|second| publisher.second(second * 1_000));
    let mut before = playlist(address, "?_HLS_msn=1");
    // Everything sent has come when the last part that a picture ended is there.
    wait_until("three seconds", || {
        before = playlist(address, "");
        before.contains("EXTINF:2.000,\ns1-1.m4s") && names(&before, "#EXT-X-PART:").len() == 14
    });
    let open = before.rsplit_once("s1-1.m4s").unwrap().1;
    let parts = names(open, "#EXT-X-PART:");
    let [hinted] = &names(&before, "#EXT-X-PRELOAD-HINT:")[..] else { panic!("{before}") };
    assert!(!parts.contains(hinted));

    let query = format!("?_HLS_msn=2&_HLS_part={}", parts.len());
    let asking = std::thread::spawn(move || playlist(address, &query));
    let path = format!("/live/a/{hinted}");
    let fetching = std::thread::spawn(move || http_get(address, &path));
    publisher.second(3_000);
    let after = asking.join().unwrap();
    assert!(names(&after, "#EXT-X-PART:").contains(hinted), "{after}");
    let part = fetching.join().unwrap();
    assert_eq!((part.status, &part.body[4..8]), (200, &b"moof"[..]));

    publisher.second(4_000);
    let all = playlist(address, "?_HLS_msn=2");
    let (_, second) = all.split_once("s1-1.m4s").unwrap();
    let listed = names(second.split("s1-2.m4s").next().unwrap(), "#EXT-X-PART:");
    let get = |name: &str| http_get(address, &format!("/live/a/{name}")).body;
    let whole: Vec<u8> = listed.iter().flat_map(|name| get(name)).collect();
    let segment = get("s1-2.m4s");
    assert_eq!((listed.len(), whole == segment), (10, true), "its parts are the segment");
}

#[test]
fn questions_that_make_no_sense_are_refused_and_the_end_is_told_at_once() {
    let server = server();
    let address = server.http_addr();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "a");
    (0..3).for_each(|second| publisher.second(second * 1_000));
    playlist(address, "?_HLS_msn=1");
    for query in ["?_HLS_part=1", "?_HLS_msn=x", "?_HLS_msn=1&_HLS_part=", "?_HLS_msn=9"] {
        assert_eq!(http_get(address, &format!("{PLAYLIST}{query}")).status, 400, "{query}");
    }
    assert_eq!(http_get(address, "/live/a/s1-p999.m4s").status, 404);
    let asking = std::thread::spawn(move || playlist(address, "?_HLS_msn=3"));
    drop(publisher);
    assert!(asking.join().unwrap().contains("#EXT-X-ENDLIST"));
}
