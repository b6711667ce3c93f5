//! Socket.IO 5 (and 4, which differs in CONNECT alone): what an Engine.IO message says.
//!
//! `<kind>[/<namespace>,][<id>][<JSON>]`. Binary packets are refused: nobody in a room needs them, and
//! each may ask for a number of attachments to be waited for.

use serde_json::{Map, Value};

use crate::engine_io::Malformed;
use crate::{json, limits};

/// What one side tells the other in a namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// `/` or a name with a slash before it.
    pub namespace: String,
    /// What is said.
    pub kind: Kind,
}

/// See [`Packet::kind`].
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The client asks to be let in and says who it is, or the server lets it in.
    Connect(Map<String, Value>),
    /// The other side has left the namespace.
    Disconnect,
    /// Something happened.
    Event {
        /// Set when an answer is wanted.
        id: Option<u64>,
        /// Its name.
        name: String,
        /// What comes with it.
        arguments: Vec<Value>,
    },
    /// The answer to the event with this id.
    Ack {
        /// Of the event.
        id: u64,
        /// What is answered.
        arguments: Vec<Value>,
    },
    /// The server does not let the client in.
    Refused {
        /// Why, in words.
        message: String,
        /// Why, for programs.
        data: Value,
    },
}

/// The namespace of everything here.
pub const ROOT: &str = "/";

/// Reads a packet.
///
/// # Errors
/// [`Malformed`] when it is none, or binary.
pub fn decode(text: &str) -> Result<Packet, Malformed> {
    let mut characters = text.chars();
    let kind = characters.next().ok_or(Malformed::Packet)?;
    let (namespace, rest) = split_namespace(characters.as_str())?;
    let kind = match kind {
        '0' => Kind::Connect(match rest {
            "" => Map::new(),
            rest => object(rest)?,
        }),
        '1' if rest.is_empty() => Kind::Disconnect,
        '2' => {
            let (id, rest) = split_id(rest)?;
            let mut arguments = array(rest)?;
            if arguments.is_empty() {
                return Err(Malformed::Packet);
            }
            let Value::String(name) = arguments.remove(0) else { return Err(Malformed::Packet) };
            Kind::Event { id, name, arguments }
        }
        '3' => {
            let (id, rest) = split_id(rest)?;
            Kind::Ack { id: id.ok_or(Malformed::Packet)?, arguments: array(rest)? }
        }
        '4' => refusal(rest)?,
        '5' | '6' => return Err(Malformed::Binary),
        _ => return Err(Malformed::Packet),
    };
    Ok(Packet { namespace, kind })
}

/// Writes a packet.
pub fn encode(packet: &Packet) -> String {
    let namespace = match packet.namespace.as_str() {
        ROOT => String::new(),
        other => format!("{other},"),
    };
    match &packet.kind {
        Kind::Connect(data) if data.is_empty() => format!("0{namespace}"),
        Kind::Connect(data) => format!("0{namespace}{}", Value::Object(data.clone())),
        Kind::Disconnect => format!("1{namespace}"),
        Kind::Event { id, name, arguments } => {
            let id = id.map(|id| id.to_string()).unwrap_or_default();
            let mut text = format!("2{namespace}{id}[{}", written(&Value::from(name.as_str())));
            for argument in arguments {
                text.push(',');
                text.push_str(&written(argument));
            }
            text.push(']');
            text
        }
        Kind::Ack { id, arguments } => {
            format!("3{namespace}{id}{}", Value::Array(arguments.clone()))
        }
        Kind::Refused { message, data } => {
            let mut object = Map::new();
            object.insert("message".to_owned(), Value::String(message.clone()));
            if !data.is_null() {
                object.insert("data".to_owned(), data.clone());
            }
            format!("4{namespace}{}", Value::Object(object))
        }
    }
}

/// Values are made of texts and finite numbers: they can always be written.
fn written(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// An event in the root namespace, as it stands in an Engine.IO message.
pub fn event(id: Option<u64>, name: &str, arguments: Vec<Value>) -> String {
    let kind = Kind::Event { id, name: name.to_owned(), arguments };
    encode(&Packet { namespace: ROOT.to_owned(), kind })
}

fn split_namespace(text: &str) -> Result<(String, &str), Malformed> {
    if !text.starts_with('/') {
        return Ok((ROOT.to_owned(), text));
    }
    let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
    let is_right = namespace.len() <= limits::NAME_BYTES;
    // A query may follow in protocol 4; it is not part of the name.
    let name = namespace.split('?').next().unwrap_or(ROOT);
    if is_right { Ok((name.to_owned(), rest)) } else { Err(Malformed::Packet) }
}

fn split_id(text: &str) -> Result<(Option<u64>, &str), Malformed> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (id, rest) = text.split_at(digits);
    let id = match id {
        "" => None,
        id => Some(id.parse().map_err(|_| Malformed::Packet)?),
    };
    Ok((id, rest))
}

fn array(text: &str) -> Result<Vec<Value>, Malformed> {
    match json::parse(text) {
        Some(Value::Array(values)) if values.len() <= limits::ARGUMENTS + 1 => Ok(values),
        _ => Err(Malformed::Packet),
    }
}

fn object(text: &str) -> Result<Map<String, Value>, Malformed> {
    match json::parse(text) {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(Malformed::Packet),
    }
}

/// An object since protocol 5, any text before.
fn refusal(text: &str) -> Result<Kind, Malformed> {
    let value = json::parse(text).ok_or(Malformed::Packet)?;
    let message = match &value {
        Value::String(message) => message.clone(),
        other => other.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    let data = value.get("data").cloned().unwrap_or(Value::Null);
    Ok(Kind::Refused { message, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_node_writes() {
        let frames = [
            r#"0{"pid":"y","sid":"x"}"#,
            "0",
            "1",
            r#"2["comment",{"text":"hi"},"offset"]"#,
            r#"27["create_room",{"key":"a"}]"#,
            r#"2/admin,7["x"]"#,
            r#"37[{"ok":true}]"#,
            r#"3/admin,7[]"#,
            r#"4{"data":{"code":7},"message":"not authorized"}"#,
            "1/admin,",
        ];
        for frame in frames {
            assert_eq!(encode(&decode(frame).expect(frame)), frame);
        }
        let packet = decode(r#"4"Invalid namespace""#).expect("protocol 4");
        let message = "Invalid namespace".to_owned();
        assert_eq!(packet.kind, Kind::Refused { message, data: Value::Null });
        assert_eq!(decode("0/chat?token=a").expect("a query").namespace, "/chat");
    }

    #[test]
    fn attachments_and_nonsense_are_refused() {
        for frame in ["51-[\"a\",{\"_placeholder\":true,\"num\":0}]", "61-7[]", "51000000-[\"a\"]"]
        {
            assert_eq!(decode(frame), Err(Malformed::Binary), "{frame}");
        }
        let many = format!("2[\"a\"{}]", ",1".repeat(1_000));
        let deep = format!("2[\"a\",{}{}]", "[".repeat(40), "]".repeat(40));
        let long = format!("2/{},[\"a\"]", "n".repeat(200));
        for frame in [
            "",
            "2",
            "2[]",
            "2[7]",
            "2{}",
            "3[]",
            "3x[]",
            "9",
            "0[]",
            "1x",
            "2[\"a\"",
            "4",
            &many,
            &deep,
            &long,
            "299999999999999999999999[\"a\"]",
        ] {
            assert_eq!(decode(frame), Err(Malformed::Packet), "{frame}");
        }
    }

    #[test]
    fn an_event_is_written_as_node_reads_it() {
        let text = event(Some(3), "upvote", vec![json!("demo"), json!({ "n": 4 })]);
        assert_eq!(text, r#"23["upvote","demo",{"n":4}]"#);
    }
}
