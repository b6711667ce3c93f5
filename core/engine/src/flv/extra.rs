//! What an app adds to onMetaData: names and values of its own, few and small, none of which says
//! what the stream itself says.

use thiserror::Error;

use crate::amf0::Value;

/// Fields beyond the stream's own, in the order they were added: at most 32.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra(Vec<(String, Value)>);

/// Why a field was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExtraError {
    /// The stream says this itself, or players take it for a fact about the stream.
    #[error("add the field {0:?} to the metadata: the name is reserved")]
    Reserved(String),
    /// Empty, longer than 64 bytes, or with a control character.
    #[error("add a field to the metadata: a name has 1 to {MOST_NAME_BYTES} printable bytes")]
    Name,
    /// Neither a finite number, nor a boolean, nor a string of at most 512 bytes.
    #[error(
        "add the field {0:?} to the metadata: a value is a finite number, a boolean, or a string \
         of at most {MOST_TEXT_BYTES} bytes"
    )]
    Value(String),
    /// The name is there already.
    #[error("add the field {0:?} to the metadata: it is there already")]
    Twice(String),
    /// There are as many as there may be.
    #[error("add a field to the metadata: there are {MOST_FIELDS} already")]
    TooMany,
}

impl Extra {
    /// With one field more: a number, a boolean or a string.
    ///
    /// # Errors
    /// See [`ExtraError`].
    pub fn with(
        mut self,
        name: impl Into<String>,
        value: impl Into<Value>,
    ) -> Result<Self, ExtraError> {
        let (name, value) = (name.into(), value.into());
        if name.is_empty() || name.len() > MOST_NAME_BYTES || name.contains(char::is_control) {
            return Err(ExtraError::Name);
        }
        if is_reserved(&name) {
            return Err(ExtraError::Reserved(name));
        }
        if !is_plain(&value) {
            return Err(ExtraError::Value(name));
        }
        if self.0.iter().any(|(known, _)| *known == name) {
            return Err(ExtraError::Twice(name));
        }
        if self.0.len() == MOST_FIELDS {
            return Err(ExtraError::TooMany);
        }
        self.0.push((name, value));
        Ok(self)
    }

    /// What another stream's metadata says beyond itself, as far as it could be added here.
    pub(super) fn of(object: &Value) -> Self {
        let (Value::Object(pairs) | Value::EcmaArray(pairs)) = object else {
            return Self::default();
        };
        pairs.iter().fold(Self::default(), |extra, (name, value)| {
            extra.clone().with(name.clone(), value.clone()).unwrap_or(extra)
        })
    }

    /// The fields, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_finite(),
        Value::Boolean(_) => true,
        Value::String(text) => text.len() <= MOST_TEXT_BYTES,
        _ => false,
    }
}

const MOST_FIELDS: usize = 32;
const MOST_NAME_BYTES: usize = 64;
const MOST_TEXT_BYTES: usize = 512;
/// Annex E.5, E-RTMP v2's track maps, and what recorders write about a file.
const RESERVED: [&str; 28] = [
    "duration",
    "width",
    "height",
    "videodatarate",
    "framerate",
    "videocodecid",
    "audiodatarate",
    "audiosamplerate",
    "audiosamplesize",
    "audiochannels",
    "stereo",
    "audiodelay",
    "audiocodecid",
    "encoder",
    "filesize",
    "videosize",
    "audiosize",
    "datasize",
    "hasVideo",
    "hasAudio",
    "hasMetadata",
    "hasKeyframes",
    "keyframes",
    "lasttimestamp",
    "lastkeyframetimestamp",
    "canSeekToEnd",
    "videoTrackIdInfoMap",
    "audioTrackIdInfoMap",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amf0;
    use crate::flv::MetaData;

    #[test]
    fn fields_come_back_in_their_order_beside_the_streams_own() {
        let extra = Extra::default().with("title", "Ein Abend").expect("a text");
        let extra = extra.with("episode", 7.0).expect("a number");
        let extra = extra.with("live", true).expect("a boolean");
        let said = MetaData { encoder: "test".into(), extra, ..MetaData::default() };
        let mut body = Vec::new();
        said.write(&mut body);
        let read = MetaData::parse(&amf0::read_all(&body).expect("AMF0"));
        assert_eq!(read, Some(said));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let with = |name: &str, value: Value| Extra::default().with(name, value).map(|_| ());
        for name in ["width", "Width", "encoder", "keyframes", "videoTrackIdInfoMap"] {
            assert_eq!(with(name, 1.0.into()), Err(ExtraError::Reserved(name.to_owned())));
        }
        for name in ["", "a\n", &"n".repeat(65)] {
            assert_eq!(with(name, 1.0.into()), Err(ExtraError::Name));
        }
        let long = Value::String("t".repeat(513));
        for value in [f64::NAN.into(), f64::INFINITY.into(), long, Value::Null] {
            assert_eq!(with("x", value), Err(ExtraError::Value("x".to_owned())));
        }
        let one = Extra::default().with("x", 1.0).expect("one");
        assert_eq!(one.with("x", 2.0), Err(ExtraError::Twice("x".to_owned())));
        let many = (0..MOST_FIELDS)
            .try_fold(Extra::default(), |extra, index| extra.with(format!("f{index}"), true))
            .expect("as many as may be");
        assert_eq!(many.with("more", true), Err(ExtraError::TooMany));
    }
}
