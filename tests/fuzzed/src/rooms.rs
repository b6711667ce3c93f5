//! Rooms: what a server says is read or refused, written again the same, and never makes a client panic,
//! wait for the past, show a secret, or do without end.

use std::hash::{DefaultHasher, Hasher};

use onair_rooms::client::{Identity, Output};
use onair_rooms::{
    Client, Config, Lost, Secret, ServerAddress, Servers, Version, engine_io, limits, socket_io,
};
use onair_types::Now;

use crate::input::Input;

/// Text frames.
pub(crate) fn engine_io(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(packet) = engine_io::decode(&text) else { return };
    let written = engine_io::encode(&packet);
    assert_eq!(engine_io::decode(&written), Ok(packet), "{written}");
}

/// What is in them.
pub(crate) fn socket_io(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(packet) = socket_io::decode(&text) else { return };
    assert!(packet.namespace.len() <= limits::NAME_BYTES);
    let written = socket_io::encode(&packet);
    assert_eq!(socket_io::decode(&written), Ok(packet), "{written}");
}

/// A client, an app and a server that says anything at any time.
pub(crate) fn client(bytes: &[u8]) {
    let mut script = Input::new(bytes);
    let canary = canary(bytes);
    let Some(mut client) = new_client(&mut script, &canary) else { return };
    let mut now = Now::ZERO;
    while !script.is_empty() {
        now += std::time::Duration::from_millis(u64::from(script.byte()) * 20);
        command(&mut client, &mut script, now);
        client.handle_timeout(now);
        drain(&mut client, &canary);
        for _ in 0..1_000 {
            match client.wake_at() {
                Some(at) if at <= now => client.handle_timeout(now),
                _ => break,
            }
            drain(&mut client, &canary);
        }
        assert!(client.wake_at().is_none_or(|at| at > now), "it waits for the past");
    }
    assert!(!format!("{client:?}").contains(&canary));
    client.end();
    drain(&mut client, &canary);
    assert!(client.is_ended() && client.wake_at().is_none());
}

/// A secret of this script's own: what app or server say cannot be it by chance or by search.
fn canary(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("canary-{:016x}", hasher.finish())
}

fn new_client(script: &mut Input<'_>, canary: &str) -> Option<Client> {
    let address: ServerAddress = "ws://127.0.0.1:1".parse().ok()?;
    let choice = script.byte();
    let mut config = Config::new(match choice & 1 {
        0 => Servers::One(address),
        _ => Servers::Locator(address),
    });
    config.auth = Some(Secret::new(canary));
    config.queue_offline = choice & 2 != 0;
    config.version = if choice & 4 == 0 { Version::V4 } else { Version::V3 };
    Client::new(config, Identity { mark: 1, secret: 2, seed: 3 }, Now::ZERO).ok()
}

fn command(client: &mut Client, script: &mut Input<'_>, now: Now) {
    const KNOWN: [&str; 6] = [
        r#"0{"sid":"e","pingInterval":25000,"pingTimeout":20000}"#,
        r#"40{"sid":"s","pid":"p"}"#,
        r#"431[{"ok":true,"epoch":"e","seq":1,"comments":[]}]"#,
        r#"42["comment",{"text":"x","id":"a-1","seq":2}]"#,
        r#"42["comment",{"text":"y","id":"a-9","seq":9}]"#,
        "2",
    ];
    match script.byte() % 12 {
        0 => client.handle_connected(now),
        1 => client.handle_lost(Lost::Closed, now),
        2 => client.handle_located(Some(&script.string()), now),
        3 => client.handle_pong(),
        4 => drop(client.join("demo".parse().expect("a key"), now)),
        5 => drop(client.create("demo".parse().expect("a key"), &script.string(), now)),
        6 => drop(client.comment(&script.string(), None, now)),
        7 => drop(client.like(u32::from(script.byte()), now)),
        8 => drop(client.leave(now)),
        9 => client.handle_frame(script.one_of(&KNOWN), now),
        10 => client.handle_path(now),
        _ => client.handle_frame(&script.string(), now),
    }
}

fn drain(client: &mut Client, canary: &str) {
    let mut count = 0;
    while let Some(output) = client.poll_output() {
        count += 1;
        assert!(count < 10_000, "outputs end");
        if let Output::Event(event) = output {
            assert!(!format!("{event:?}").contains(canary));
        }
    }
}
