//! AMF0 values to and from bytes: a writer with stable key order and a reader bounded in depth,
//! nodes and bytes, for command and data messages and FLV script tags.
//!
//! AMF0 specification (2007). References, movie clips and the switch to AMF3 are refused.

use thiserror::Error;

/// Deepest nesting of objects and arrays that is read.
const MAX_DEPTH: usize = 16;
/// Most values in one message.
const MAX_NODES: usize = 1_024;
/// Longest string or key, bytes on the wire.
const MAX_STRING_BYTES: usize = 64 << 10;
/// Most heap that one message may take once decoded.
const MAX_DECODED_BYTES: usize = 256 << 10;
/// What a value and its key are charged with; a container also pays for its first small table.
const NODE_COST_BYTES: usize = 96;
const CONTAINER_COST_BYTES: usize = 192;

mod marker {
    pub(super) const NUMBER: u8 = 0x00;
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const STRING: u8 = 0x02;
    pub(super) const OBJECT: u8 = 0x03;
    pub(super) const NULL: u8 = 0x05;
    pub(super) const UNDEFINED: u8 = 0x06;
    pub(super) const ECMA_ARRAY: u8 = 0x08;
    pub(super) const OBJECT_END: u8 = 0x09;
    pub(super) const STRICT_ARRAY: u8 = 0x0A;
    pub(super) const DATE: u8 = 0x0B;
    pub(super) const LONG_STRING: u8 = 0x0C;
    pub(super) const UNSUPPORTED: u8 = 0x0D;
    pub(super) const XML_DOCUMENT: u8 = 0x0F;
    pub(super) const TYPED_OBJECT: u8 = 0x10;
}

/// An AMF0 value. Objects keep the order of their keys.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// 0x00
    Number(f64),
    /// 0x01
    Boolean(bool),
    /// 0x02, 0x0C and 0x0F
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

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(b) => Some(*b),
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

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

impl From<&str> for Value {
    fn from(string: &str) -> Self {
        Self::String(string.to_owned())
    }
}

impl From<String> for Value {
    fn from(string: String) -> Self {
        Self::String(string)
    }
}

/// Appends `value`. A key longer than 65,535 bytes is cut there.
pub fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Number(number) => write_number(out, marker::NUMBER, *number),
        Value::Boolean(boolean) => out.extend_from_slice(&[marker::BOOLEAN, u8::from(*boolean)]),
        Value::String(string) => write_str(out, string),
        Value::Object(pairs) => {
            out.push(marker::OBJECT);
            write_pairs(out, pairs);
        }
        Value::Null => out.push(marker::NULL),
        Value::Undefined => out.push(marker::UNDEFINED),
        Value::EcmaArray(pairs) => {
            out.push(marker::ECMA_ARRAY);
            write_count(out, pairs.len());
            write_pairs(out, pairs);
        }
        Value::StrictArray(values) => {
            out.push(marker::STRICT_ARRAY);
            write_count(out, values.len());
            for value in values {
                write(out, value);
            }
        }
        Value::Date(millis) => {
            write_number(out, marker::DATE, *millis);
            out.extend_from_slice(&[0, 0]); // time zone: reserved, zero
        }
    }
}

/// Appends a string value; long ones as a long string.
pub fn write_str(out: &mut Vec<u8>, string: &str) {
    if let Ok(len) = u16::try_from(string.len()) {
        out.push(marker::STRING);
        out.extend_from_slice(&len.to_be_bytes());
    } else {
        out.push(marker::LONG_STRING);
        write_count(out, string.len());
    }
    out.extend_from_slice(string.as_bytes());
}

fn write_number(out: &mut Vec<u8>, marker: u8, number: f64) {
    out.push(marker);
    out.extend_from_slice(&number.to_be_bytes());
}

fn write_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

fn write_pairs(out: &mut Vec<u8>, pairs: &[(String, Value)]) {
    for (key, value) in pairs {
        let len = key.floor_char_boundary(usize::from(u16::MAX));
        out.extend_from_slice(&(len as u16).to_be_bytes());
        out.extend_from_slice(&key.as_bytes()[..len]);
        write(out, value);
    }
    out.extend_from_slice(&[0, 0, marker::OBJECT_END]);
}

/// All values in `bytes`.
///
/// # Errors
/// When the bytes are not AMF0 or exceed a bound.
pub fn read_all(bytes: &[u8]) -> Result<Vec<Value>, Amf0Error> {
    match read_prefix(bytes) {
        (values, None) => Ok(values),
        (_, Some(error)) => Err(error),
    }
}

/// The values before the first error, and that error. For metadata, where some encoders write
/// garbage behind the object that matters.
pub fn read_prefix(bytes: &[u8]) -> (Vec<Value>, Option<Amf0Error>) {
    let mut reader = Reader { bytes, at: 0, nodes: 0, decoded_bytes: 0 };
    let mut values = Vec::new();
    while reader.at < bytes.len() {
        match reader.value(0) {
            Ok(value) => values.push(value),
            Err(error) => return (values, Some(error)),
        }
    }
    (values, None)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: usize,
    decoded_bytes: usize,
}

impl<'a> Reader<'a> {
    /// Recursion ends at [`MAX_DEPTH`], so the stack is bounded whatever the bytes say.
    fn value(&mut self, depth: usize) -> Result<Value, Amf0Error> {
        let offset = self.at;
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Amf0Error::Limit { offset, what: "values", limit: MAX_NODES });
        }
        self.charge(NODE_COST_BYTES)?;
        let marker = self.array::<1>()?[0];
        Ok(match marker {
            marker::NUMBER => Value::Number(self.number()?),
            marker::BOOLEAN => Value::Boolean(self.array::<1>()?[0] != 0),
            marker::STRING => Value::String(self.short_string()?),
            marker::OBJECT => Value::Object(self.pairs(offset, depth)?),
            marker::NULL => Value::Null,
            marker::UNDEFINED | marker::UNSUPPORTED => Value::Undefined,
            marker::ECMA_ARRAY => {
                self.array::<4>()?; // the count is a hint: the end marker decides
                Value::EcmaArray(self.pairs(offset, depth)?)
            }
            marker::STRICT_ARRAY => Value::StrictArray(self.elements(offset, depth)?),
            marker::DATE => {
                let millis = self.number()?;
                self.array::<2>()?; // time zone: reserved
                Value::Date(millis)
            }
            marker::LONG_STRING | marker::XML_DOCUMENT => {
                let len = u32::from_be_bytes(self.array()?);
                Value::String(self.string(len as usize)?)
            }
            marker::TYPED_OBJECT => {
                self.short_string()?;
                Value::Object(self.pairs(offset, depth)?)
            }
            marker => return Err(Amf0Error::Marker { offset, marker }),
        })
    }

    fn enter(&mut self, offset: usize, depth: usize) -> Result<(), Amf0Error> {
        if depth >= MAX_DEPTH {
            return Err(Amf0Error::Limit { offset, what: "levels of nesting", limit: MAX_DEPTH });
        }
        self.charge(CONTAINER_COST_BYTES)
    }

    fn pairs(&mut self, offset: usize, depth: usize) -> Result<Vec<(String, Value)>, Amf0Error> {
        self.enter(offset, depth)?;
        let mut pairs = Vec::new();
        loop {
            let key = self.short_string()?;
            if key.is_empty() && self.bytes.get(self.at) == Some(&marker::OBJECT_END) {
                self.at += 1;
                return Ok(pairs);
            }
            pairs.push((key, self.value(depth + 1)?));
        }
    }

    fn elements(&mut self, offset: usize, depth: usize) -> Result<Vec<Value>, Amf0Error> {
        self.enter(offset, depth)?;
        let count = u32::from_be_bytes(self.array()?);
        // The count is the peer's word: the table grows as elements are read.
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.value(depth + 1)?);
        }
        Ok(values)
    }

    fn short_string(&mut self) -> Result<String, Amf0Error> {
        let len = u16::from_be_bytes(self.array()?);
        self.string(usize::from(len))
    }

    /// Bytes that are not UTF-8 become U+FFFD; their size is known before anything is allocated.
    fn string(&mut self, len: usize) -> Result<String, Amf0Error> {
        let offset = self.at;
        if len > MAX_STRING_BYTES {
            let what = "bytes in a string";
            return Err(Amf0Error::Limit { offset, what, limit: MAX_STRING_BYTES });
        }
        let bytes = self.take(len)?;
        let replacements = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
        self.charge(len.saturating_add(replacements.saturating_mul(3)))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn charge(&mut self, bytes: usize) -> Result<(), Amf0Error> {
        self.decoded_bytes = self.decoded_bytes.saturating_add(bytes);
        if self.decoded_bytes > MAX_DECODED_BYTES {
            let what = "bytes once decoded";
            return Err(Amf0Error::Limit { offset: self.at, what, limit: MAX_DECODED_BYTES });
        }
        Ok(())
    }

    fn number(&mut self) -> Result<f64, Amf0Error> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Amf0Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Amf0Error> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..len).ok_or(Amf0Error::Truncated { offset: self.at })?;
        self.at += len;
        Ok(taken)
    }
}

#[cfg(test)]
#[path = "amf0_test.rs"]
mod tests;
