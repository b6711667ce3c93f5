//! The room's own words: JSON of events and answers → what they mean. Whatever is missing or of
//! another kind counts as not said: servers differ, and none is trusted.

use std::time::Duration;

use onair_types::MediaTime;
use serde_json::Value;

use super::event::{Gift, Refusal, Said};
use crate::{limits, text};

/// A comment or gift with its place in the room's order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) seq: Option<u64>,
    pub(super) said: Said,
}

/// An answer to a request: fine with what comes along, or why not.
pub(super) fn answer(arguments: &[Value]) -> Result<&Value, Refusal> {
    let Some(answer) = arguments.first() else { return Ok(&Value::Null) };
    if answer.get("ok").and_then(Value::as_bool) != Some(false) {
        return Ok(answer);
    }
    let code = answer.get("error").and_then(Value::as_str).unwrap_or_default();
    let retry_ms = number(answer, "retry_ms").unwrap_or(1_000).min(60_000);
    Err(match code {
        "bad_request" => Refusal::BadRequest,
        "bad_key" => Refusal::BadKey,
        "bad_length" => Refusal::BadLength,
        "taken" => Refusal::Taken,
        "not_owner" => Refusal::NotOwner,
        "no_such_room" => Refusal::NoSuchRoom,
        "not_in_room" => Refusal::NotInRoom,
        "rate_limited" => Refusal::RateLimited { retry_in: Duration::from_millis(retry_ms) },
        "server_full" => Refusal::ServerFull,
        "blocked" => Refusal::Blocked,
        other => Refusal::Other(shown(other)),
    })
}

/// A `comment` or `gift`; `own` is the sender's mark of this client.
pub(super) fn item(name: &str, value: &Value, own: &str) -> Option<Item> {
    let id = string(value, "id").filter(|id| id.len() <= limits::NAME_BYTES).unwrap_or_default();
    let sender = id.rsplit_once('-').map_or("", |(sender, _)| sender).to_owned();
    let is_own = sender == own;
    let at = value.get("at").and_then(Value::as_i64).map(MediaTime::from_millis);
    let label = string(value, "name").unwrap_or_default();
    let label = text::clean(label, limits::NAME_CHARS).unwrap_or_default();
    let mut said = Said { id: id.to_owned(), sender, name: label, at, is_own, ..Said::default() };
    match name {
        "gift" => {
            let small = |name| u32::try_from(number(value, name)?).ok();
            let count = small("giftCount").unwrap_or(1).clamp(1, 1_000);
            let sender_id = small("senderId").unwrap_or(0);
            said.gift = Some(Gift { sender_id, gift_id: small("giftId")?, count });
        }
        // A server without rules may let anything through; it is cut here.
        _ => said.text = text::clean(string(value, "text")?, limits::COMMENT_CHARS).ok()?,
    }
    Some(Item { seq: number(value, "seq"), said })
}

/// The list of an answer: comments and gifts, told apart by `giftId`.
pub(super) fn items(answer: &Value, own: &str) -> Vec<Item> {
    let list = answer.get("comments").and_then(Value::as_array);
    let one = |value: &Value| {
        let name = if value.get("giftId").is_some() { "gift" } else { "comment" };
        item(name, value, own)
    };
    list.into_iter().flatten().take(limits::HELD).filter_map(one).collect()
}

pub(super) fn number(value: &Value, name: &str) -> Option<u64> {
    value.get(name).and_then(Value::as_u64)
}

pub(super) fn string<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

pub(super) fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// A server's words, fit to be shown.
pub(super) fn shown(words: &str) -> String {
    const MOST: usize = 200;
    let head: String = words.chars().take(MOST).collect();
    text::clean(&head, MOST).unwrap_or_else(|_| "without a reason".to_owned())
}
