//! Cues and fields of metadata.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_char;

use super::session::{onair_session, with};
use super::{onair_status, slice, some_text, text_at};
use crate::{Field, FieldValue, LiveCue, LiveError};

/// A field holds its `text`.
pub const ONAIR_FIELD_TEXT: u32 = 0;
/// A field holds its `number`.
pub const ONAIR_FIELD_NUMBER: u32 = 1;
/// A field holds yes, when its `number` is not 0, or no.
pub const ONAIR_FIELD_FLAG: u32 = 2;

/// onTextData: the words are the text, and there are no fields.
pub const ONAIR_CUE_TEXT: u32 = 0;
/// onCuePoint of type "event": the words are its name, the fields its parameters.
pub const ONAIR_CUE_POINT: u32 = 1;
/// The words are the name of the players' handler, which gets one object of the fields.
pub const ONAIR_CUE_DATA: u32 = 2;

/// A name and what it holds.
#[repr(C)]
#[derive(Debug)]
pub struct onair_field {
    /// In metadata 1 to 64 printable bytes, none of those that say what the stream is.
    pub name: *const c_char,
    /// ONAIR_FIELD_…
    pub kind: u32,
    /// Of a text; up to 512 bytes in metadata.
    pub text: *const c_char,
    /// Of a number or a flag.
    pub number: f64,
}

/// Sends a cue to the players with the media captured at `time_us`, µs on the clock of the pushes: in
/// the order of their times, or with the next unit when that went already. It waits up to 10 s for its
/// media and holds nothing up. Every destination gets it; a recording does not. 16 KiB at most.
///
/// # Safety
/// `words` is NULL or a text, `fields` is NULL or points to `count` fields whose pointers are NULL or
/// texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_send_cue(
    session: onair_session,
    kind: u32,
    words: *const c_char,
    fields: *const onair_field,
    count: usize,
    time_us: i64,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let (words, fields) = unsafe { (some_text(words, "words")?, read_all(fields, count)?) };
        let words = words.to_owned();
        let cue = match kind {
            ONAIR_CUE_TEXT if fields.is_empty() => LiveCue::Text { text: words },
            ONAIR_CUE_POINT => LiveCue::Point { name: words, parameters: fields },
            ONAIR_CUE_DATA => LiveCue::Data { handler: words, fields },
            ONAIR_CUE_TEXT => return Err(LiveError::argument("a text has no fields")),
            _ => return Err(LiveError::argument(format!("kind is {kind}; use 0 to 2"))),
        };
        live.send_cue(cue, time_us)
    })
}

/// # Safety
/// `fields` is null or points to `count` fields whose pointers are null or texts.
pub(crate) unsafe fn read_all(
    fields: *const onair_field,
    count: usize,
) -> Result<Vec<Field>, LiveError> {
    // SAFETY: the caller's promise.
    let fields = unsafe { slice(fields, count, "fields") }?;
    let one = |field: &onair_field| {
        // SAFETY: the caller's promise.
        let (name, text) =
            unsafe { (some_text(field.name, "name")?, text_at(field.text, "text")?) };
        let value = match field.kind {
            ONAIR_FIELD_TEXT => FieldValue::Text { value: text.unwrap_or_default().to_owned() },
            ONAIR_FIELD_NUMBER => FieldValue::Number { value: field.number },
            ONAIR_FIELD_FLAG => FieldValue::Flag { value: field.number != 0.0 },
            kind => {
                return Err(LiveError::argument(format!("a field's kind is {kind}; use 0 to 2")));
            }
        };
        Ok(Field { name: name.to_owned(), value })
    };
    fields.iter().map(one).collect()
}
