//! Who means harm: the bytes are made by hand, the server is the command.

use std::io::{Read, Write};
use std::net::TcpStream;

use onair_e2e::member::{BINARY, MORE, Member, TEXT, ask_for_websocket, frame, packet};
use onair_e2e::serve::{self, Serve};
use serde_json::{Value, json};

const SOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// A member that has opened the room `demo`, and what it was told.
fn host(serve: &Serve) -> (Member, Value) {
    let mut host = Member::connect(serve.address());
    let made = host.ask("create_room", &[json!({ "key": "demo", "title": "A show" })]);
    assert_eq!(made["ok"], true, "{made}");
    (host, made)
}

fn listed(serve: &Serve) -> Value {
    serde_json::from_str(&serve::get(serve.address(), "/rooms").1).expect("JSON")
}

#[test]
fn s05_nobody_but_its_host_closes_or_changes_a_room() {
    let serve = Serve::start(&[]);
    let (mut first, made) = host(&serve);
    let earlier = made["token"].clone();
    assert_eq!(first.ask("close_room", &[json!("demo")])["ok"], true);
    // The same key again, of somebody else: a token of its earlier life opens nothing.
    let (_second, made) = host(&serve);
    assert_ne!(made["token"], earlier);
    let mut stranger = Member::join(serve.address(), "demo");
    let token = made["token"].as_str().expect("a token");
    let half = &token[..16];
    let forged = [
        Value::Null,
        json!(""),
        json!("0".repeat(32)),
        json!(half),
        json!(format!("{token}0")),
        json!(token.to_uppercase() + " "),
        json!([token]),
        json!({ "token": token }),
        json!(true),
        earlier,
    ];
    for forged in &forged {
        for request in ["close_room", "update_room", "create_room"] {
            // A connection may ask a number of things and no more; each lie has its own.
            let mut liar = Member::connect(serve.address());
            let body = json!({ "key": "demo", "title": "Mine", "token": forged });
            let refused = match request {
                "close_room" => liar.ask(request, &[json!("demo"), body]),
                _ => liar.ask(request, &[body]),
            };
            let why = if request == "create_room" { "taken" } else { "not_owner" };
            assert_eq!((&refused["ok"], &refused["error"]), (&json!(false), &json!(why)));
        }
    }
    for request in ["mute", "block"] {
        let refused = stranger.ask(request, &[json!({ "roomKey": "demo", "sender": "0" })]);
        assert_eq!(refused["error"], "not_owner", "{refused}");
    }
    let list = listed(&serve);
    assert_eq!((&list[0]["key"], &list[0]["title"]), (&json!("demo"), &json!("A show")), "{list}");
}

#[test]
fn s06_a_room_s_key_is_plain_and_its_own() {
    let serve = Serve::start(&[]);
    let (mut host, _) = host(&serve);
    let mut other = Member::connect(serve.address());
    let taken = other.ask("create_room", &[json!({ "key": "demo", "title": "Mine" })]);
    assert_eq!(taken["error"], "taken");
    for key in ["__proto__", "constructor"] {
        // Only names: no object of the server's has them.
        let mut other = Member::connect(serve.address());
        let made = other.ask("create_room", &[json!({ "key": key, "title": "" })]);
        assert_eq!(made["ok"], true, "{key}: {made}");
        assert_eq!(other.ask("close_room", &[json!(key)])["ok"], true);
    }
    for key in ["", "🎈", "a b", "../x", "a/b", "a\u{0}", "é", &"a".repeat(65), "<b>"] {
        let refused = other.ask("create_room", &[json!({ "key": key, "title": "" })]);
        assert_eq!(refused["error"], "bad_key", "{key}: {refused}");
    }
    let mut large = Member::connect(serve.address());
    let megabyte = json!({ "key": "large", "title": "a".repeat(1 << 20) });
    assert_eq!(large.try_ask("create_room", &[megabyte]), None, "its sender is cut");
    let list = listed(&serve);
    assert_eq!((list.as_array().map(Vec::len), &list[0]["title"]), (Some(1), &json!("A show")));
    assert_eq!(host.ask("update_room", &[json!({ "key": "demo", "title": "On" })])["ok"], true);
}

#[test]
fn s07_rw12_the_publish_key_is_nowhere_but_with_its_host() {
    let serve = Serve::start(&[]);
    let (_host, made) = host(&serve);
    let publish_key = made["publish_key"].as_str().expect("a publish key");
    assert!(publish_key.len() >= 32 && !publish_key.contains("demo"));
    let mut viewer = Member::connect(serve.address());
    let joined = viewer.ask("join_room", &[json!("demo")]);
    let mut seen = joined.to_string();
    for path in [
        "/",
        "/rooms",
        "/rooms/demo",
        "/api/streams",
        "/metrics",
        "/watch/live/demo",
        "/servers/least-loaded",
        "/live/demo/index.m3u8",
        "/live/demo.flv",
    ] {
        let (head, body) = serve::get(serve.address(), path);
        seen.push_str(&head);
        seen.push_str(&body);
    }
    // A room's stream is played by the room's name; its key names nothing that can be asked for.
    assert!(serve::get(serve.address(), &format!("/live/{publish_key}.flv")).0.contains(" 404 "));
    for secret in [publish_key, made["token"].as_str().expect("a token"), "pk-"] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}

#[test]
fn s09_a_comment_is_measured_cleaned_or_refused() {
    let serve = Serve::start(&[]);
    let (_host, _) = host(&serve);
    let say = |member: &mut Member, text: &str| {
        member.try_ask("comment", &[json!({ "roomKey": "demo", "text": text })])
    };
    let mut member = Member::join(serve.address(), "demo");
    for long in [&"a".repeat(501)[..], &"é".repeat(201), &" \u{0}\u{202E} ".repeat(20)] {
        let refused = say(&mut member, long).expect("an answer");
        assert_eq!(refused["error"], "bad_length", "{refused}");
    }
    let said =
        say(&mut member, "a\u{0}b\u{202E}c\u{2066}d\u{1b}[31me\u{7f}\nf").expect("an answer");
    assert_eq!(said["ok"], true, "{said}");
    let heard = member.hear("comment");
    let text = heard["text"].as_str().expect("a text");
    assert!(
        text.chars().all(|c| !c.is_control() && !('\u{202A}'..='\u{2069}').contains(&c)),
        "{heard}"
    );
    assert!(text.starts_with("abcd"), "{heard}");
    // Ten megabytes, and what is not UTF-8: whoever sends them is cut, nobody else notices.
    let before = serve.process.memory_kib();
    let mut flooder = Member::join(serve.address(), "demo");
    assert_eq!(say(&mut flooder, &"a".repeat(10_000_000)), None);
    let mut garbler = Member::join(serve.address(), "demo");
    let text = packet("", "comment", &[json!({ "roomKey": "demo", "text": "XX" })]);
    let bytes = text.into_bytes().into_iter().map(|byte| if byte == b'X' { 0xFF } else { byte });
    let bytes: Vec<u8> = bytes.collect();
    garbler.socket.write_all(&frame(TEXT, true, &bytes)).expect("it is sent");
    garbler.closed_after();
    assert!(serve.process.memory_kib() < before + 2_048, "ten megabytes were kept");
    assert_eq!(say(&mut member, "still here").expect("an answer")["ok"], true);
}

#[test]
fn rw11_a_message_of_sixteen_kilobytes_drops_its_sender_alone() {
    let serve = Serve::start(&[]);
    let (mut host, _) = host(&serve);
    let text = "a".repeat(5 << 20);
    let large = packet("", "comment", &[json!({ "roomKey": "demo", "text": text })]);
    let before = serve.process.memory_kib();
    for size in [17 << 10, 64 << 10, 1 << 20, 5 << 20] {
        let mut sender = Member::join(serve.address(), "demo");
        // The server may have closed before all of it went.
        let _ = sender.say(&large[..size]);
        sender.closed_after();
    }
    let after = serve.process.memory_kib();
    assert!(after < before + 1_024, "grew from {before} to {after} KiB");
    let answer = host.ask("comment", &[json!({ "roomKey": "demo", "text": "unmoved" })]);
    assert_eq!(answer["ok"], true, "{answer}");
    // The figures for Prometheus know of it.
    let (_, figures) = serve::get(serve.address(), "/metrics");
    for line in ["onair_rooms 1", "onair_room_comments_total 1"] {
        assert!(figures.lines().any(|it| it == line), "no {line}: {figures}");
    }
    // What fits is read, and measured as a comment.
    let mut fits = Member::join(serve.address(), "demo");
    let body = json!({ "roomKey": "demo", "text": "a".repeat(15 << 10) });
    assert_eq!(fits.ask("comment", &[body])["error"], "bad_length");
}

#[test]
fn s11_pages_of_others_do_not_get_in() {
    let serve = Serve::start(&[]);
    let at = serve.address();
    let polling = "/socket.io/?EIO=4&transport=polling";
    let own = format!("Origin: http://{at}\r\n");
    for fine in ["", &own] {
        assert!(ask_for_websocket(at, SOCKET, fine).0.starts_with("HTTP/1.1 101 "), "{fine}");
        assert!(serve::ask(at, polling, fine).starts_with("HTTP/1.1 200 "), "{fine}");
    }
    for evil in ["http://evil.example", "null", "https://127.0.0.1", "", "file://"] {
        let origin = format!("Origin: {evil}\r\n");
        for head in [ask_for_websocket(at, SOCKET, &origin).0, serve::ask(at, polling, &origin)] {
            assert!(head.starts_with("HTTP/1.1 403 "), "{evil}: {head}");
        }
        // An evil one beside a good one is evil.
        let both = format!("{own}{origin}");
        assert!(ask_for_websocket(at, SOCKET, &both).0.starts_with("HTTP/1.1 403 "));
    }
    for name in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"] {
        let rebound = format!("Host: {name}\r\nOrigin: http://{name}\r\n");
        for path in [SOCKET, polling, "/rooms"] {
            let head = ask_for_websocket(at, path, &rebound).0;
            assert!(head.starts_with("HTTP/1.1 421 "), "{name}: {head}");
        }
    }
}

#[test]
fn s12_engine_io_s_known_weaknesses_cost_their_sender_the_connection() {
    let serve = Serve::start(&[]);
    let at = serve.address();
    let (mut host, _) = host(&serve);
    let before = serve.process.memory_kib();

    // A payload above a megabyte, by polling.
    let (_, opened) = serve::get(at, "/socket.io/?EIO=4&transport=polling");
    let sid = opened.split("\"sid\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let sid = sid.expect("a session").to_owned();
    let body = "4".repeat(1_000_001);
    let (head, _) =
        serve::post(at, &format!("/socket.io/?EIO=4&transport=polling&sid={sid}"), &body);
    assert!(head.starts_with("HTTP/1.1 4") || head.is_empty(), "{head}");
    // Sessions that are none, and things that are none at all.
    for query in [
        "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA",
        "EIO=4&transport=polling&sid=../..",
        "EIO=4&transport=carrier-pigeon",
        "EIO=99&transport=websocket",
        "transport=websocket",
        "",
    ] {
        for head in [
            ask_for_websocket(at, &format!("/socket.io/?{query}"), "").0,
            serve::ask(at, &format!("/socket.io/?{query}"), ""),
        ] {
            assert!(head.starts_with("HTTP/1.1 4"), "{query}: {head}");
        }
    }
    let (mut stream, junk) = (TcpStream::connect(at).expect("it listens"), [b'\xFF'; 4_096]);
    stream.write_all(&junk).expect("it is sent");
    let mut answer = Vec::new();
    // Reset or ended: over.
    let _ = stream.read_to_end(&mut answer);
    // A request with a thousand headers.
    let headers: String = (0..1_000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let head = ask_for_websocket(at, SOCKET, &headers).0;
    assert!(head.starts_with("HTTP/1.1 4"), "{head}");

    // Attachments, whose number is the sender's word, and binary frames.
    for evil in
        ["451000000-[\"comment\",{\"_placeholder\":true,\"num\":0}]", "45-[", "461000000-1[]"]
    {
        let mut member = Member::connect(at);
        member.say(evil).expect("it is sent");
        member.closed_after();
    }
    // Ten thousand tiny fragments of one message.
    let mut member = Member::connect(at);
    let mut bytes = frame(TEXT, false, b"4");
    for _ in 0..10_000 {
        bytes.extend_from_slice(&frame(MORE, false, b"2"));
    }
    let _ = member.socket.write_all(&bytes);
    let more = frame(MORE, false, &[b'2'; 20_000]);
    let _ = member.socket.write_all(&more);
    member.closed_after();
    // What is no WebSocket frame, no packet, and no JSON.
    for evil in [
        vec![0xFF; 64],
        frame(BINARY, true, b"hello"),
        frame(7, true, b"4"),
        frame(MORE, true, b"42[]"),
        frame(TEXT, true, b"9"),
        frame(TEXT, true, b"42{\"not\":\"an array\"}"),
        frame(TEXT, true, format!("42{}", "[".repeat(8_000)).as_bytes()),
        // An upgrade of what is none.
        frame(TEXT, true, b"5"),
        // A frame without a mask (RFC 6455 5.1).
        vec![0x81, 1, b'4'],
    ] {
        let mut member = Member::connect(at);
        let _ = member.socket.write_all(&evil);
        member.closed_after();
    }
    // An event before being let in.
    let mut early = Member::open(at);
    early.say("42[\"join_room\",\"demo\"]").expect("it is sent");
    early.closed_after();

    let after = serve.process.memory_kib();
    assert!(after < before + 2_048, "grew from {before} to {after} KiB");
    assert_eq!(host.ask("history", &[json!("demo")])["ok"], true);
}

#[test]
fn s15_without_a_flag_only_this_machine_can_connect() {
    // Its own defaults, as far as the ports are free: only the addresses count.
    let serve = Serve::start(&[]);
    let sockets = serve.process.listening();
    assert_eq!(sockets.len(), 2, "{sockets:?}");
    assert!(sockets.iter().all(|at| at.ip().is_loopback()), "{sockets:?}");
}
