//! What clients ask: the first argument is a key or an object, as in 2016, the second may say more.
//! Anything else is a refusal with a code.

use std::time::Duration;

use onair_rooms::RoomKey;
use onair_rooms::text::{self, TextError};
use serde_json::{Value, json};

/// Why not, as the answer says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    BadRequest,
    BadKey,
    BadLength,
    Taken,
    NotOwner,
    NoSuchRoom,
    NotInRoom,
    RateLimited(Duration),
    ServerFull,
    Blocked,
    NotAllowed,
}

impl Refused {
    pub(super) fn answer(&self) -> Value {
        let code = match self {
            Self::BadRequest => "bad_request",
            Self::BadKey => "bad_key",
            Self::BadLength => "bad_length",
            Self::Taken => "taken",
            Self::NotOwner => "not_owner",
            Self::NoSuchRoom => "no_such_room",
            Self::NotInRoom => "not_in_room",
            Self::RateLimited(_) => "rate_limited",
            Self::ServerFull => "server_full",
            Self::Blocked => "blocked",
            Self::NotAllowed => "not_allowed",
        };
        match self {
            Self::RateLimited(wait) => {
                let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
                json!({ "ok": false, "error": code, "retry_ms": ms })
            }
            _ => json!({ "ok": false, "error": code }),
        }
    }
}

impl From<TextError> for Refused {
    fn from(_: TextError) -> Self {
        Self::BadLength
    }
}

/// The arguments of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arguments<'a>(pub(super) &'a [Value]);

impl<'a> Arguments<'a> {
    /// The room, when the first argument is its key.
    pub(super) fn key(self) -> Result<RoomKey, Refused> {
        match self.0.first() {
            Some(Value::String(key)) => key.parse().map_err(|_| Refused::BadKey),
            _ => Err(Refused::BadRequest),
        }
    }

    /// The object that the first argument has to be.
    pub(super) fn body(self) -> Result<Body<'a>, Refused> {
        self.0.first().filter(|value| value.is_object()).map(Body).ok_or(Refused::BadRequest)
    }

    /// What the second argument says; nothing without one.
    pub(super) fn more(self) -> Body<'a> {
        Body(self.0.get(1).unwrap_or(&Value::Null))
    }
}

/// An object of a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a>(&'a Value);

impl<'a> Body<'a> {
    pub(super) fn key(self, name: &str) -> Result<RoomKey, Refused> {
        let key = self.string(name).ok_or(Refused::BadRequest)?;
        key.parse().map_err(|_| Refused::BadKey)
    }

    pub(super) fn string(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn number(self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    pub(super) fn signed(self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// A text that has to be there.
    pub(super) fn text(self, name: &str, max_chars: usize) -> Result<String, Refused> {
        let text = self.string(name).ok_or(Refused::BadRequest)?;
        Ok(text::clean(text, max_chars)?)
    }

    /// One that may be absent or empty.
    pub(super) fn label(self, name: &str, max_chars: usize) -> Result<String, Refused> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => match text::clean(text, max_chars) {
                Err(TextError::Blank) => Ok(String::new()),
                text => Ok(text?),
            },
            Some(_) => Err(Refused::BadRequest),
        }
    }
}
