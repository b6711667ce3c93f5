//! What an app says to players beside its media: fields of its own in onMetaData, and cues at a time of
//! the media.

use onair::{CaptureTime, Cue, DataValue, Extra};

use crate::{LiveError, LiveSession};

/// What a field holds.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum FieldValue {
    /// A text.
    Text {
        /// Up to 512 bytes in metadata.
        value: String,
    },
    /// A finite number.
    Number {
        /// Its value.
        value: f64,
    },
    /// Yes or no.
    Flag {
        /// Its value.
        value: bool,
    },
}

/// A name and what it holds.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Field {
    /// In metadata 1 to 64 printable bytes, none of those that say what the stream is.
    pub name: String,
    /// What it holds.
    pub value: FieldValue,
}

/// A message for viewers' players, 16 KiB at most.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum LiveCue {
    /// `onTextData` with this text, such as a caption.
    Text {
        /// What is said.
        text: String,
    },
    /// `onCuePoint` of type `event`; its time is the one on the wire.
    Point {
        /// Not empty.
        name: String,
        /// What belongs to it.
        parameters: Vec<Field>,
    },
    /// A message that players hand to `handler`, with one object of these fields.
    Data {
        /// Not empty, and none that servers listen to.
        handler: String,
        /// What the object holds.
        fields: Vec<Field>,
    },
}

#[uniffi::export]
impl LiveSession {
    /// Sends `cue` with the media captured at `time_us`, µs on the clock of the pushes: in the order of
    /// their times, or with the next unit when that went already. It waits up to 10 s for its media and
    /// holds nothing up. Every destination gets it; a recording does not.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] for a cue that cannot be; [`LiveError::Call`] when the session does
    /// not run, for a negative time, and when 64 wait already.
    pub fn send_cue(&self, cue: LiveCue, time_us: i64) -> Result<(), LiveError> {
        self.live().send_cue(cue, time_us)
    }
}

impl crate::live::Live {
    pub(crate) fn send_cue(&self, cue: LiveCue, time_us: i64) -> Result<(), LiveError> {
        let cue = cue.into_core()?;
        Ok(self.session().send_cue(cue, CaptureTime::from_micros(time_us))?)
    }
}

impl LiveCue {
    fn into_core(self) -> Result<Cue, LiveError> {
        let pairs = |fields: Vec<Field>| fields.into_iter().map(|it| (it.name, it.value.into()));
        let made = match self {
            Self::Text { text } => Cue::text(text),
            Self::Point { name, parameters } => Cue::point(name, pairs(parameters)),
            Self::Data { handler, fields } => {
                Cue::data(handler, [DataValue::Object(pairs(fields).collect())])
            }
        };
        made.map_err(|error| LiveError::new(200, error.to_string(), CHANGE))
    }
}

impl From<FieldValue> for DataValue {
    fn from(value: FieldValue) -> Self {
        match value {
            FieldValue::Text { value } => Self::String(value),
            FieldValue::Number { value } => Self::Number(value),
            FieldValue::Flag { value } => Self::Boolean(value),
        }
    }
}

/// The fields of an app's own, in their order.
///
/// # Errors
/// Names the field that does not fit.
pub(crate) fn metadata(fields: &[Field]) -> Result<Extra, LiveError> {
    let add = |extra: Extra, it: &Field| extra.with(it.name.clone(), it.value.clone());
    let extra = fields.iter().try_fold(Extra::default(), add);
    extra.map_err(|error| LiveError::new(200, error.to_string(), CHANGE))
}

const CHANGE: &str = "change the named setting";
