//! The client's secrets out of what it tells: servers repeat in their words what they were told, and
//! apps log events.

use super::event::{Event, Refusal};
use super::lost::Lost;
use crate::secret::Secret;

/// `event` without any of `secrets` in a text that comes from outside.
pub(super) fn hush<'a>(mut event: Event, secrets: impl Iterator<Item = &'a Secret>) -> Event {
    for secret in secrets.map(Secret::expose).filter(|secret| secret.len() >= LEAST_BYTES) {
        for text in texts(&mut event) {
            strike(text, secret);
        }
    }
    event
}

fn texts(event: &mut Event) -> Vec<&mut String> {
    match event {
        Event::Lost {
            reason:
                Lost::Unreachable(text)
                | Lost::Insecure(text)
                | Lost::Broken(text)
                | Lost::Refused(text),
            ..
        }
        | Event::Refused { refusal: Refusal::Other(text), .. }
        | Event::NotDelivered { refusal: Refusal::Other(text), .. }
        | Event::Reported { reason: text, .. }
        | Event::Closed(text) => vec![text],
        Event::Said(said) => vec![&mut said.text, &mut said.name],
        Event::Joined(room) => vec![&mut room.title],
        _ => Vec::new(),
    }
}

/// Whole, and where a long text was cut in the midst of it.
fn strike(text: &mut String, secret: &str) {
    if text.contains(secret) {
        *text = text.replace(secret, "•••");
    }
    let begins = |end: &usize| secret.is_char_boundary(*end) && text.ends_with(&secret[..*end]);
    if let Some(end) = (LEAST_BYTES..secret.len()).rev().find(begins) {
        text.truncate(text.len() - end);
        text.push_str("•••");
    }
}

/// Shorter ones are no secrets, and stand in many a word.
const LEAST_BYTES: usize = 6;
