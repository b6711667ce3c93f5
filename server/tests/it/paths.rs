//! Paths that mean harm, byte for byte as they stand here: no client in between puts them in order.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::symlink;

use onair_server::{Config, Server};

use crate::support::{PATIENCE, Rtmp, config, http_get, wait_until};

/// What stands in a file outside, and in no answer.
const CANARY: &str = "canary-outside-7c1f";

/// What is put where a route has a name. `OUT` stands for the absolute path of a folder with a file of secrets in it.
const NAMES: [&[u8]; 27] = [
    b"../secret",
    b"../../../../../../../../../../etc/passwd",
    b"..%2fsecret",
    b"%2e%2e/secret",
    b"%2e%2e%2fsecret",
    b"%2E%2E%2F%2E%2E%2Fetc%2Fpasswd",
    b"%252e%252e%252fsecret",
    b"%25252e%25252e%25252fsecret",
    b"..%ef%bc%8fsecret",
    b"..\\secret",
    b"..%5csecret",
    b"..%255csecret",
    b"....//secret",
    b"..;/secret",
    b"./secret",
    b"./././secret",
    b"/OUT/secret",
    b"//OUT/secret",
    b"%2fOUT%2fsecret",
    b"OUT/secret",
    b"file:%2f%2f%2fOUT/secret",
    b"C:%5csecret",
    b"%00",
    b"secret%00.flv",
    b"link/secret",
    b".hidden",
    b"~/secret",
];

/// The same in bytes that are no text: said to be none where a name is read.
const NO_TEXT: [&[u8]; 2] = [b"..%c0%afsecret", b"%ff%fe"];

/// Where a route takes a name, with a stream `demo` that is live.
const ROUTES: [(&str, &str); 11] = [
    ("/assets/", ""),
    ("/watch/live/", ""),
    ("/watch/", "/demo"),
    ("/api/share/live/", ""),
    ("/rooms/", ""),
    ("/live/", ".flv"),
    ("/", "/demo.flv"),
    ("/live/", "/index.m3u8"),
    ("/live/demo/", ""),
    ("/live/demo/s1-", ".m4s"),
    ("/", ""),
];

/// The status and everything that came, of a request whose target is these bytes.
fn ask(address: SocketAddr, target: &[u8]) -> (u16, Vec<u8>) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let rest = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    // A target that is too long is answered, and closed, before all of it was taken.
    let _ = socket.write_all(&[b"GET ", target, rest].concat());
    let mut bytes = Vec::new();
    let _ = socket.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(bytes.get(9..12).unwrap_or_default()).into_owned();
    (text.parse().unwrap_or_else(|_| panic!("{bytes:?}")), bytes)
}

fn replace(text: &[u8], out: &str) -> Vec<u8> {
    let text = text.split(|b| *b == b'O').map(|part| part.strip_prefix(b"UT").unwrap_or(part));
    text.collect::<Vec<_>>().join(out.as_bytes())
}

#[test]
fn s14_no_path_leaves_the_binary() {
    // The one folder that the server knows, with links in it to what is outside, and a stream that is recorded there.
    let dir = tempfile::tempdir().unwrap();
    let (records, outside) = (dir.path().join("records"), dir.path().join("outside"));
    for folder in [&records, &outside] {
        fs::create_dir(folder).unwrap();
    }
    fs::write(outside.join("secret"), CANARY).unwrap();
    fs::write(dir.path().join("secret"), CANARY).unwrap();
    for link in ["link", "link.flv", "s1-9.m4s", "index.m3u8"] {
        symlink(outside.join("secret"), records.join(link)).unwrap();
    }
    let server = Server::start(Config { record_dir: Some(records), ..config() }).unwrap();
    let address = server.http_addr();
    let mut publisher = Rtmp::publish(server.rtmp_addr(), "demo");
    publisher.second(0);
    wait_until("the stream", || server.streams().first().is_some_and(|s| s.bytes > 20_000));

    let out = outside.to_str().unwrap().trim_start_matches('/');
    let assert_closed = |target: &[u8], allowed: &[u16]| {
        let (status, bytes) = ask(address, target);
        let shown = String::from_utf8_lossy(&target[..target.len().min(100)]).into_owned();
        assert!(allowed.contains(&status), "{shown}: {status}");
        let told = String::from_utf8_lossy(&bytes);
        for secret in [CANARY, "root:", "[package]", out] {
            assert!(!told.contains(secret), "{shown}: {told}");
        }
    };
    for (before, after) in ROUTES {
        for name in NAMES {
            let target = [before.as_bytes(), &replace(name, out), after.as_bytes()].concat();
            assert_closed(&target, &[404]);
        }
        for name in NO_TEXT {
            assert_closed(&[before.as_bytes(), name, after.as_bytes()].concat(), &[400, 404]);
        }
        let long =
            |length: usize| [before.as_bytes(), &vec![b'a'; length], after.as_bytes()].concat();
        assert_closed(&long(5_000), &[404]);
        assert_closed(
            &[before.as_bytes(), &b"../".repeat(5_000), after.as_bytes()].concat(),
            &[404],
        );
        // More than any address is: before it is looked at.
        assert_closed(&long(70_000), &[414]);
    }
    assert_closed(&b"/".repeat(2_000), &[404]);
    // What is no address at all.
    for target in
        [&b"/live/\0.flv"[..], b"/live/a b.flv", b"/live/\x7f", b"", b"../secret", b"etc/passwd"]
    {
        assert_closed(target, &[400]);
    }
    // Names of links in the folder: of streams that nobody publishes, and of files that are not embedded.
    for target in ["/assets/link", "/live/link.flv", "/live/demo/link", "/live/link/index.m3u8"] {
        assert_closed(target.as_bytes(), &[404]);
    }
    // What belongs there is there all the while.
    assert_eq!(http_get(address, "/assets/style.css").status, 200);
    assert_eq!(http_get(address, "/watch/live/demo").status, 200);
    drop(publisher);
}

#[test]
fn s14_no_publisher_s_name_leaves_the_folder_of_recordings() {
    let dir = tempfile::tempdir().unwrap();
    let records = dir.path().join("records");
    let server = Server::start(Config { record_dir: Some(records.clone()), ..config() }).unwrap();
    for name in [
        "../out",
        "..",
        ".hidden",
        "/tmp/out",
        "a/../../out",
        "..\\out",
        "a\\..\\out",
        "a\0b",
        "%2e%2e%2fout",
        "\u{2e}\u{2e}\u{2215}out",
        &"n".repeat(300),
    ] {
        let mut publisher = Rtmp::ask(server.rtmp_addr(), "publish", name);
        assert_ne!(publisher.status().as_deref(), Some("NetStream.Publish.Start"), "{name:?}");
    }
    server.stop();
    let names = |folder| -> Vec<_> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    assert_eq!(names(dir.path()), ["records"]);
    assert!(names(&records).is_empty());
}
