//! Engine.IO over WebSocket: one packet a text frame, its kind in the first character.
//!
//! Protocol 4 (Socket.IO 3 and later): the server pings, the client answers. Protocol 3 (Socket.IO 1
//! and 2): the client pings. No polling, no binary.

use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

use crate::{json, limits};

/// Who pings whom, and how a session begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// `EIO=4`: Socket.IO 3 and later.
    #[default]
    V4,
    /// `EIO=3`: Socket.IO 1 and 2.
    V3,
}

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The server's first.
    Open(Handshake),
    /// The other side is about to close.
    Close,
    /// To be answered by a pong with the same text.
    Ping(&'a str),
    /// The answer.
    Pong(&'a str),
    /// What the layer above says.
    Message(&'a str),
    /// Of a transport's change, which is not used here.
    Upgrade,
    /// Says nothing.
    Noop,
}

/// What the server's first packet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The engine's id, which nobody is shown.
    pub sid: String,
    /// From one ping to the next.
    pub ping_interval: Duration,
    /// How much later one may come, or its answer.
    pub ping_timeout: Duration,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// Longer than a server may say.
    #[error("the server sent a message of more than {} bytes", limits::FRAME_BYTES)]
    TooLong,
    /// No packet begins so.
    #[error("the server sent something that is not Socket.IO; check the address")]
    Kind,
    /// The first packet does not say what it has to.
    #[error("the server's greeting is not Engine.IO's; check the address")]
    Handshake,
    /// The layer above.
    #[error("the server sent a Socket.IO packet that cannot be read")]
    Packet,
    /// Files and pictures have no place in a room.
    #[error("the server sent binary data, which rooms do not use")]
    Binary,
}

/// Longest time a handshake may name.
const MOST_MS: u64 = 10 * 60 * 1_000;

/// Reads a text frame.
///
/// # Errors
/// [`Malformed`] says what is wrong with it.
pub fn decode(frame: &str) -> Result<Packet<'_>, Malformed> {
    if frame.len() > limits::FRAME_BYTES {
        return Err(Malformed::TooLong);
    }
    let mut characters = frame.chars();
    let kind = characters.next().ok_or(Malformed::Kind)?;
    let rest = characters.as_str();
    Ok(match kind {
        '0' => Packet::Open(handshake(rest)?),
        '1' => Packet::Close,
        '2' => Packet::Ping(rest),
        '3' => Packet::Pong(rest),
        '4' => Packet::Message(rest),
        '5' => Packet::Upgrade,
        '6' => Packet::Noop,
        'b' => return Err(Malformed::Binary),
        _ => return Err(Malformed::Kind),
    })
}

/// Writes a text frame.
pub fn encode(packet: &Packet<'_>) -> String {
    match packet {
        Packet::Open(handshake) => format!(
            "0{}",
            json!({
                "sid": handshake.sid,
                "upgrades": [],
                "pingInterval": millis(handshake.ping_interval),
                "pingTimeout": millis(handshake.ping_timeout),
            })
        ),
        Packet::Close => "1".to_owned(),
        Packet::Ping(text) => format!("2{text}"),
        Packet::Pong(text) => format!("3{text}"),
        Packet::Message(text) => format!("4{text}"),
        Packet::Upgrade => "5".to_owned(),
        Packet::Noop => "6".to_owned(),
    }
}

fn handshake(text: &str) -> Result<Handshake, Malformed> {
    let value = json::parse(text).ok_or(Malformed::Handshake)?;
    let time = |name: &str| {
        let ms = value.get(name).and_then(Value::as_u64).filter(|ms| (1..=MOST_MS).contains(ms));
        ms.map(Duration::from_millis).ok_or(Malformed::Handshake)
    };
    let sid = value.get("sid").and_then(Value::as_str).ok_or(Malformed::Handshake)?;
    if sid.len() > limits::NAME_BYTES {
        return Err(Malformed::Handshake);
    }
    Ok(Handshake {
        sid: sid.to_owned(),
        ping_interval: time("pingInterval")?,
        ping_timeout: time("pingTimeout")?,
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_node_says_first() {
        let frame = r#"0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        let Ok(Packet::Open(handshake)) = decode(frame) else { panic!("a greeting") };
        assert_eq!(handshake.sid, "lv_VI97HAXpY6yYWAAAB");
        assert_eq!(handshake.ping_interval + handshake.ping_timeout, Duration::from_secs(45));
        assert_eq!(decode(&encode(&Packet::Open(handshake.clone()))), Ok(Packet::Open(handshake)));
    }

    #[test]
    fn every_other_kind_is_written_as_it_is_read() {
        for frame in ["1", "2", "2probe", "3", "3probe", "4", "42[\"a\"]", "5", "6"] {
            assert_eq!(encode(&decode(frame).expect(frame)), frame);
        }
    }

    #[test]
    fn s13_a_greeting_that_promises_nonsense_is_refused() {
        for greeting in [
            "0",
            "0[]",
            "0{}",
            r#"0{"sid":"x","pingInterval":0,"pingTimeout":1}"#,
            r#"0{"sid":"x","pingInterval":25000}"#,
            r#"0{"sid":"x","pingInterval":1e99,"pingTimeout":20000}"#,
            r#"0{"sid":"x","pingInterval":-1,"pingTimeout":20000}"#,
            r#"0{"sid":7,"pingInterval":25000,"pingTimeout":20000}"#,
        ] {
            assert_eq!(decode(greeting), Err(Malformed::Handshake), "{greeting}");
        }
        let long = format!(r#"0{{"sid":"{}","pingInterval":1,"pingTimeout":1}}"#, "x".repeat(129));
        assert_eq!(decode(&long), Err(Malformed::Handshake));
        assert_eq!(decode(""), Err(Malformed::Kind));
        assert_eq!(decode("HTTP/1.1 400"), Err(Malformed::Kind));
        assert_eq!(decode("bAAAA"), Err(Malformed::Binary));
        assert_eq!(decode(&"4".repeat(limits::FRAME_BYTES + 1)), Err(Malformed::TooLong));
    }
}
