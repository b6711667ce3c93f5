//! AMF0: a writer with stable key order and a reader bounded in depth, nodes and bytes.
//! Spec: AMF0 (2007); bounds: `spec network` 4.3 (depth 16, 1,024 nodes, 64 KiB strings,
//! 256 KiB decoded).

use thiserror::Error;

/// An AMF0 value. Objects keep the order of their keys.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// 0x00
    Number(f64),
    /// 0x01
    Boolean(bool),
    /// 0x02 and 0x0C
    String(String),
    /// 0x03 and 0x10 (class name dropped)
    Object(Vec<(String, Value)>),
    /// 0x05
    Null,
    /// 0x06 and 0x0D
    Undefined,
    /// 0x08
    EcmaArray(Vec<(String, Value)>),
    /// 0x0A
    StrictArray(Vec<Value>),
    /// 0x0B, milliseconds since 1970
    Date(f64),
}

/// Why bytes are not acceptable AMF0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Amf0Error {
    /// Ends in the middle of a value.
    #[error("decode AMF0 at byte {offset}: data ends in the middle of a value")]
    Truncated {
        /// Where.
        offset: usize,
    },
    /// A marker that RTMP peers do not use.
    #[error("decode AMF0 at byte {offset}: marker {marker:#04x} is not supported")]
    Marker {
        /// Where.
        offset: usize,
        /// The byte.
        marker: u8,
    },
    /// A bound was exceeded.
    #[error("decode AMF0 at byte {offset}: more than {limit} {what}")]
    Limit {
        /// Where.
        offset: usize,
        /// Of what.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
}

impl Value {
    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The value under `key`, if this is an object or ECMA array that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Object(pairs) | Self::EcmaArray(pairs) => {
                pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v)
            }
            _ => None,
        }
    }
}

/// Appends `value`.
pub fn write(out: &mut Vec<u8>, value: &Value) {
    let _ = (out, value);
    todo!("wire")
}

/// All values in `bytes`.
///
/// # Errors
/// When the bytes are not AMF0 or exceed a bound.
pub fn read_all(bytes: &[u8]) -> Result<Vec<Value>, Amf0Error> {
    let _ = bytes;
    todo!("wire")
}
