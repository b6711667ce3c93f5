//! What happens in a room, as a plain struct.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_char;
use std::time::Duration;

use super::config::ONAIR_UNLIMITED;
use super::room::{ONAIR_NO_TIME, onair_room, with_room};
use super::text::fit;
use super::{ONAIR_NO_EVENT, ONAIR_OK, guarded, onair_status, place};
use crate::room::{RoomEvent, RoomMessage, RoomRefusal, RoomSnapshot};
use crate::{LiveError, handles};

/// Something that this header has no word for: `text`.
pub const ONAIR_ROOM_OTHER: u32 = 0;
/// `state`.
pub const ONAIR_ROOM_STATE: u32 = 1;
/// `code`, `text`, `retry_in_ms`.
pub const ONAIR_ROOM_LOST: u32 = 2;
/// In the room: `key`, `flags`, `total` (likes), `count` (viewers), its title as `text`, and for the
/// host `token` and `publish_key`.
pub const ONAIR_ROOM_JOINED: u32 = 3;
/// `command`, `refusal`, `text`, `retry_in_ms`. After create and join the client is in no room.
pub const ONAIR_ROOM_REFUSED: u32 = 4;
/// `id`, `sender`, `name`, `flags`, `at_ms`, `text`.
pub const ONAIR_ROOM_COMMENT: u32 = 5;
/// `id`, `sender`, `name`, `flags`, `at_ms`, `sender_id`, `gift_id`, `count`.
pub const ONAIR_ROOM_GIFT: u32 = 6;
/// Hearts: `count`, `total`.
pub const ONAIR_ROOM_LIKES: u32 = 7;
/// `count`.
pub const ONAIR_ROOM_VIEWERS: u32 = 8;
/// The stream began or stopped: `flags`.
pub const ONAIR_ROOM_LIVE_CHANGED: u32 = 9;
/// `id`.
pub const ONAIR_ROOM_COMMENT_REMOVED: u32 = 10;
/// For the host: `id`, and why as `text`.
pub const ONAIR_ROOM_REPORTED: u32 = 11;
/// Comments that nobody keeps any more: `count`.
pub const ONAIR_ROOM_MISSED: u32 = 12;
/// One's own is with the server: `id`.
pub const ONAIR_ROOM_DELIVERED: u32 = 13;
/// One's own is not, and will not be: `id`, `refusal`, `text`, `retry_in_ms`.
pub const ONAIR_ROOM_NOT_DELIVERED: u32 = 14;
/// The room is over: why as `text`.
pub const ONAIR_ROOM_CLOSED: u32 = 15;
/// The server answers nothing: nobody owns a room there.
pub const ONAIR_ROOM_OLD_SERVER: u32 = 16;

/// Asking where to go, connecting, or waiting to connect again.
pub const ONAIR_ROOM_CONNECTING: u32 = 0;
/// The server has let the client in.
pub const ONAIR_ROOM_ONLINE: u32 = 1;
/// Nothing more will happen.
pub const ONAIR_ROOM_ENDED: u32 = 2;

/// The stream runs.
pub const ONAIR_ROOM_IS_LIVE: u32 = 1;
/// The room is one's own.
pub const ONAIR_ROOM_IS_HOST: u32 = 2;
/// One had been in it before.
pub const ONAIR_ROOM_IS_RESUMED: u32 = 4;
/// One said it oneself.
pub const ONAIR_ROOM_IS_OWN: u32 = 8;
/// It was said before one came.
pub const ONAIR_ROOM_IS_HISTORY: u32 = 16;

/// Bytes of an id, a sender and a name, with the NUL.
pub const ONAIR_ROOM_ID_BYTES: usize = 136;
/// Bytes of a room's key, with the NUL.
pub const ONAIR_ROOM_KEY_BYTES: usize = 72;
/// Bytes of a token and of a publish key, with the NUL.
pub const ONAIR_ROOM_SECRET_BYTES: usize = 256;
/// Bytes of a comment, with the NUL.
pub const ONAIR_ROOM_TEXT_BYTES: usize = 1_024;

/// What happened. What `kind` does not speak of is 0; texts are NUL-terminated UTF-8, cut where they
/// do not fit.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct onair_room_event {
    /// ONAIR_ROOM_OTHER to ONAIR_ROOM_OLD_SERVER.
    pub kind: u32,
    /// ONAIR_ROOM_CONNECTING, _ONLINE or _ENDED.
    pub state: u32,
    /// An error's.
    pub code: u32,
    /// What was asked: 0 create, 1 join, 2 leave, 3 close, 4 report, 5 remove, 6 mute, 7 block, 8 other.
    pub command: u32,
    /// Why not: 0 bad request, 1 bad key, 2 bad length, 3 taken, 4 not the owner, 5 no such room, 6 not
    /// in the room, 7 too much at once, 8 full, 9 blocked, 10 the connection was lost.
    pub refusal: u32,
    /// ONAIR_ROOM_IS_…, or 0.
    pub flags: u32,
    /// The giver's number.
    pub sender_id: u32,
    /// Which gift.
    pub gift_id: u32,
    /// When it is tried again, or may be, ms; ONAIR_UNLIMITED when it is not, or nobody says.
    pub retry_in_ms: i64,
    /// The moment of the stream, ms; ONAIR_NO_TIME for none.
    pub at_ms: i64,
    /// How many.
    pub count: u64,
    /// Hearts since the room began; ONAIR_UNLIMITED when the server does not count.
    pub total: i64,
    /// Of a message.
    pub id: [c_char; ONAIR_ROOM_ID_BYTES],
    /// Of the one who said it.
    pub sender: [c_char; ONAIR_ROOM_ID_BYTES],
    /// What they call themselves.
    pub name: [c_char; ONAIR_ROOM_ID_BYTES],
    /// Of a room.
    pub key: [c_char; ONAIR_ROOM_KEY_BYTES],
    /// Proves later that the room is one's own. Never log it.
    pub token: [c_char; ONAIR_ROOM_SECRET_BYTES],
    /// To publish the stream under. Never log it.
    pub publish_key: [c_char; ONAIR_ROOM_SECRET_BYTES],
    /// A comment, a title, or for people.
    pub text: [c_char; ONAIR_ROOM_TEXT_BYTES],
}

/// The next event; waits up to `timeout_ms`. ONAIR_NO_EVENT when none came, and at once when none will
/// follow. One thread at a time.
///
/// # Safety
/// `event` is NULL or points to room for an event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_next_event(
    room: onair_room,
    timeout_ms: u64,
    event: *mut onair_room_event,
) -> onair_status {
    guarded(|| {
        if event.is_null() {
            return Err(LiveError::argument("event is NULL"));
        }
        let room = handles::room(room)?;
        let Some(next) = room.wait_event(Duration::from_millis(timeout_ms))? else {
            return Ok(ONAIR_NO_EVENT);
        };
        // SAFETY: not null; the rest is the caller's promise. What was there is not read.
        unsafe { event.write(plain(&next)) };
        Ok(ONAIR_OK)
    })
}

/// How many events were dropped since nobody fetched them, likes and numbers of viewers aside.
///
/// # Safety
/// `count` is NULL or points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_events_lost(room: onair_room, count: *mut u64) -> onair_status {
    with_room(room, |room| {
        // SAFETY: the caller's promise.
        *unsafe { place(count, "count") }? = room.loss.count();
        Ok(())
    })
}

/// Whoever waits for an event gets what waits already, then ONAIR_NO_EVENT, from now on.
#[unsafe(no_mangle)]
pub extern "C" fn onair_room_cancel_events(room: onair_room) -> onair_status {
    with_room(room, |room| {
        room.end_events();
        Ok(())
    })
}

fn plain(event: &RoomEvent) -> onair_room_event {
    let of = onair_room_event::of;
    match event {
        RoomEvent::StateChanged { state } => {
            onair_room_event { state: *state as u32, ..of(ONAIR_ROOM_STATE) }
        }
        RoomEvent::Lost { error, retry_in_ms } => onair_room_event {
            code: error.code().into(),
            retry_in_ms: signed(*retry_in_ms),
            text: text(error.reason()),
            ..of(ONAIR_ROOM_LOST)
        },
        RoomEvent::Joined { room } => joined(room),
        RoomEvent::Refused { command, refusal } => {
            onair_room_event { command: *command as u32, ..of(ONAIR_ROOM_REFUSED).refused(refusal) }
        }
        RoomEvent::Said { message } => said(message),
        RoomEvent::Likes { count, total } => {
            onair_room_event { count: *count, total: signed(*total), ..of(ONAIR_ROOM_LIKES) }
        }
        RoomEvent::Viewers { count } => {
            onair_room_event { count: *count, ..of(ONAIR_ROOM_VIEWERS) }
        }
        RoomEvent::LiveChanged { is_live } => {
            onair_room_event { flags: u32::from(*is_live), ..of(ONAIR_ROOM_LIVE_CHANGED) }
        }
        RoomEvent::CommentRemoved { id } => {
            onair_room_event { id: text(id), ..of(ONAIR_ROOM_COMMENT_REMOVED) }
        }
        RoomEvent::Reported { id, reason } => {
            onair_room_event { id: text(id), text: text(reason), ..of(ONAIR_ROOM_REPORTED) }
        }
        RoomEvent::Missed { count } => onair_room_event { count: *count, ..of(ONAIR_ROOM_MISSED) },
        RoomEvent::Delivered { id } => {
            onair_room_event { id: text(id), ..of(ONAIR_ROOM_DELIVERED) }
        }
        RoomEvent::NotDelivered { id, refusal } => {
            onair_room_event { id: text(id), ..of(ONAIR_ROOM_NOT_DELIVERED).refused(refusal) }
        }
        RoomEvent::Closed { reason } => {
            onair_room_event { text: text(reason), ..of(ONAIR_ROOM_CLOSED) }
        }
        RoomEvent::OldServer => of(ONAIR_ROOM_OLD_SERVER),
        RoomEvent::Other { text: words } => {
            onair_room_event { text: text(words), ..of(ONAIR_ROOM_OTHER) }
        }
    }
}

fn joined(room: &RoomSnapshot) -> onair_room_event {
    let flag = |is: bool, flag| if is { flag } else { 0 };
    onair_room_event {
        flags: flag(room.is_live, ONAIR_ROOM_IS_LIVE)
            | flag(room.is_host, ONAIR_ROOM_IS_HOST)
            | flag(room.is_resumed, ONAIR_ROOM_IS_RESUMED),
        total: signed(Some(room.likes)),
        count: room.viewers,
        key: text(&room.key),
        text: text(&room.title),
        token: text(room.token.as_deref().unwrap_or_default()),
        publish_key: text(room.publish_key.as_deref().unwrap_or_default()),
        ..onair_room_event::of(ONAIR_ROOM_JOINED)
    }
}

fn said(message: &RoomMessage) -> onair_room_event {
    let kind = if message.gift.is_some() { ONAIR_ROOM_GIFT } else { ONAIR_ROOM_COMMENT };
    let flag = |is: bool, flag| if is { flag } else { 0 };
    let mut plain = onair_room_event {
        flags: flag(message.is_own, ONAIR_ROOM_IS_OWN)
            | flag(message.is_history, ONAIR_ROOM_IS_HISTORY),
        at_ms: message.at_ms.unwrap_or(ONAIR_NO_TIME),
        id: text(&message.id),
        sender: text(&message.sender),
        name: text(&message.name),
        text: text(&message.text),
        ..onair_room_event::of(kind)
    };
    if let Some(gift) = message.gift {
        (plain.sender_id, plain.gift_id, plain.count) =
            (gift.sender_id, gift.gift_id, gift.count.into());
    }
    plain
}

impl onair_room_event {
    fn of(kind: u32) -> Self {
        Self {
            kind,
            state: 0,
            code: 0,
            command: 0,
            refusal: 0,
            flags: 0,
            sender_id: 0,
            gift_id: 0,
            retry_in_ms: 0,
            at_ms: 0,
            count: 0,
            total: 0,
            id: [0; ONAIR_ROOM_ID_BYTES],
            sender: [0; ONAIR_ROOM_ID_BYTES],
            name: [0; ONAIR_ROOM_ID_BYTES],
            key: [0; ONAIR_ROOM_KEY_BYTES],
            token: [0; ONAIR_ROOM_SECRET_BYTES],
            publish_key: [0; ONAIR_ROOM_SECRET_BYTES],
            text: [0; ONAIR_ROOM_TEXT_BYTES],
        }
    }

    fn refused(self, refusal: &RoomRefusal) -> Self {
        Self {
            refusal: refusal.kind as u32,
            retry_in_ms: signed(refusal.retry_in_ms),
            text: text(&refusal.reason),
            ..self
        }
    }
}

fn text<const N: usize>(words: &str) -> [c_char; N] {
    let mut bytes = [0; N];
    fit(words, &mut bytes);
    bytes.map(|byte| byte as c_char)
}

fn signed(number: Option<u64>) -> i64 {
    number.map_or(ONAIR_UNLIMITED, |number| i64::try_from(number).unwrap_or(i64::MAX))
}
