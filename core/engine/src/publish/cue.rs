//! Cues: named messages that lie at a time of the media and travel between its units, such as
//! `onTextData` and `onCuePoint`. What is in one, and the queue in which they wait for the media
//! they belong to. They never hold it up and are never the reason for a write.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::{MediaTime, Now};
use thiserror::Error;

use super::Delivery;
use crate::amf0::{self, Value};

/// A message for viewers' players. Small: at most 16 KiB on the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue(What);

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// Its time is written when it is known.
    Point { name: String, parameters: Vec<(String, Value)> },
    /// Handler and values.
    Data(Vec<Value>),
}

/// Why a cue cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CueError {
    /// No name, or a control character in it.
    #[error("make a cue: its name needs printable characters")]
    Name,
    /// The message means something else to servers.
    #[error("make a cue: {0:?} is a message to the server; custom metadata is for the start")]
    Reserved(String),
    /// Too much of it.
    #[error("make a cue: at most {MOST_BYTES} bytes, {MOST_DEPTH} levels deep")]
    TooLarge,
}

impl Cue {
    /// `onTextData` with this text, such as a caption or a title.
    ///
    /// # Errors
    /// When it is too large.
    pub fn text(text: impl Into<String>) -> Result<Self, CueError> {
        let text = Value::Object(vec![("text".to_owned(), Value::String(text.into()))]);
        Self::data("onTextData", [text])
    }

    /// `onCuePoint` of type `event` with this name; its `time` becomes the one on the wire, in
    /// seconds.
    ///
    /// # Errors
    /// When the name is empty or all of it is too large.
    pub fn point(
        name: impl Into<String>,
        parameters: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Self, CueError> {
        let name = name.into();
        check_name(&name)?;
        Self(What::Point { name, parameters: parameters.into_iter().collect() }).checked()
    }

    /// A message that players hand to `handler`.
    ///
    /// # Errors
    /// When the handler's name is empty or belongs to the server, or all of it is too large.
    pub fn data(
        handler: impl Into<String>,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Self, CueError> {
        let handler = handler.into();
        check_name(&handler)?;
        if handler.starts_with('@') || handler.eq_ignore_ascii_case("onMetaData") {
            return Err(CueError::Reserved(handler));
        }
        let values = [Value::String(handler)].into_iter().chain(values);
        Self(What::Data(values.collect())).checked()
    }

    fn checked(self) -> Result<Self, CueError> {
        let is_shallow = match &self.0 {
            What::Point { parameters, .. } => {
                parameters.iter().all(|(_, value)| is_shallow(value, MOST_DEPTH - 2))
            }
            What::Data(values) => values.iter().all(|value| is_shallow(value, MOST_DEPTH)),
        };
        let mut body = Vec::new();
        if is_shallow {
            self.write(0, &mut body);
        }
        // What our own reader does not take, others may not take either.
        let is_readable = body.len() <= MOST_BYTES && amf0::read_all(&body).is_ok();
        if is_shallow && is_readable { Ok(self) } else { Err(CueError::TooLarge) }
    }

    /// Appends the body of the data message at `timestamp_ms`.
    pub(super) fn write(&self, timestamp_ms: u32, out: &mut Vec<u8>) {
        match &self.0 {
            What::Data(values) => values.iter().for_each(|value| amf0::write(out, value)),
            What::Point { name, parameters } => {
                let pairs = [
                    ("name", Value::from(name.as_str())),
                    ("time", Value::Number(f64::from(timestamp_ms) / 1e3)),
                    ("type", Value::from("event")),
                    ("parameters", Value::Object(parameters.clone())),
                ];
                let pairs = pairs.map(|(key, value)| (key.to_owned(), value));
                amf0::write_str(out, "onCuePoint");
                amf0::write(out, &Value::Object(pairs.into()));
            }
        }
    }
}

fn check_name(name: &str) -> Result<(), CueError> {
    let is_good = !name.trim().is_empty() && !name.contains(char::is_control);
    if is_good { Ok(()) } else { Err(CueError::Name) }
}

fn is_shallow(value: &Value, levels: usize) -> bool {
    let below = |value| levels > 1 && is_shallow(value, levels - 1);
    match value {
        Value::Object(pairs) | Value::EcmaArray(pairs) => {
            levels > 0 && pairs.iter().all(|(_, value)| below(value))
        }
        Value::StrictArray(values) => levels > 0 && values.iter().all(below),
        _ => true,
    }
}

/// Cues that wait for their media, in the order of their times.
#[derive(Debug)]
pub(super) struct Cues {
    waiting: VecDeque<Waiting>,
    /// Live: an old cue tells nobody anything.
    may_age: bool,
    /// The latest time sent on this connection.
    sent_up_to: Option<MediaTime>,
}

#[derive(Debug)]
struct Waiting {
    at: MediaTime,
    cue: Cue,
    pushed_at: Now,
}

impl Cues {
    pub(super) fn new(delivery: Delivery) -> Self {
        Self { waiting: VecDeque::new(), may_age: delivery == Delivery::Live, sent_up_to: None }
    }

    /// Takes a cue; the earliest makes room.
    pub(super) fn push(&mut self, at: MediaTime, cue: Cue, now: Now) {
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
        }
        let place = self.waiting.partition_point(|waiting| waiting.at <= at);
        self.waiting.insert(place, Waiting { at, cue, pushed_at: now });
    }

    /// Whether another one costs none that waits.
    pub(super) fn have_room(&self) -> bool {
        self.waiting.len() < MOST_WAITING
    }

    /// None waits.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next cue that belongs before a unit decoded at `dts`, and when it goes: at its own time,
    /// or at that of the newest media when it came too late for it.
    pub(super) fn next_before(&mut self, dts: MediaTime, now: Now) -> Option<(MediaTime, Cue)> {
        // Headers go first, with the connection's first unit.
        let earliest = self.sent_up_to?;
        loop {
            self.waiting.front().filter(|waiting| waiting.at <= dts)?;
            let Waiting { at, cue, pushed_at } = self.waiting.pop_front()?;
            if !self.may_age || now.since(pushed_at) <= MOST_AGE {
                return Some((at.max(earliest), cue));
            }
        }
    }

    /// A unit decoded at `dts` went.
    #[inline]
    pub(super) fn handle_sent(&mut self, dts: MediaTime) {
        if self.sent_up_to.is_none_or(|before| before < dts) {
            self.sent_up_to = Some(dts);
        }
    }

    /// Another connection begins.
    pub(super) fn restart(&mut self) {
        self.sent_up_to = None;
    }
}

/// One message on the wire.
const MOST_BYTES: usize = 16 << 10;
/// As deep as our reader reads.
const MOST_DEPTH: usize = 16;
/// Cues that wait at once.
const MOST_WAITING: usize = 64;
/// What waited longer for its media is not worth sending.
const MOST_AGE: Duration = Duration::from_secs(10);

#[cfg(test)]
#[path = "cue_test.rs"]
mod tests;
