//! Clients of rooms: made, told what to say, freed.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_char;
use std::sync::Arc;

use onair::MediaTime;
use onair::rooms::{Gift, RoomClient, RoomError};

use super::config::{texts, trust};
use super::text::write;
use super::{ONAIR_OK, guarded, onair_status, place, read, some_text, text_at};
use crate::room::{Room, RoomOptions, RoomPlace, room_options};
use crate::{LiveError, handles};

/// A client of rooms. Never used again for another one; 0 is none.
pub type onair_room = u64;

/// No moment of the stream.
pub const ONAIR_NO_TIME: i64 = i64::MIN;

/// What a client of rooms is made of. Fill it with onair_room_config_init, then change what differs.
#[repr(C)]
#[derive(Debug)]
pub struct onair_room_config {
    /// Servers, any of which is asked: "wss://host", or "ws://" on this machine and private networks.
    pub servers: *const *const c_char,
    /// How many.
    pub server_count: usize,
    /// Instead of servers: an HTTP address that names the server before each connection; or NULL.
    pub locator: *const c_char,
    /// What others see beside one's comments, up to 32 characters; or NULL.
    pub name: *const c_char,
    /// What the server wants to hear before it lets anybody in; or NULL.
    pub auth_token: *const c_char,
    /// The token of an earlier visit: the room is one's own again; or NULL.
    pub room_token: *const c_char,
    /// Not 0: comments and gifts wait while there is no connection, up to 100.
    pub queue_offline: u32,
    /// Not 0: everybody on the way may read and change what is said.
    pub allow_plaintext: u32,
    /// From one sign of life of one's own to the next, ms: at least 100, or 0 for none.
    pub ping_every_ms: u32,
    /// Not 0: the protocol of Socket.IO 1 and 2.
    pub engine_io_3: u32,
    /// Certificate authorities that wss:// believes too, PEM; NULL for none.
    pub roots_pem: *const c_char,
    /// Keys of the server, "sha256/" and Base64 each; NULL for none.
    pub pins: *const *const c_char,
    /// How many.
    pub pin_count: usize,
}

/// A configuration without servers and with everything else as it usually is.
///
/// # Safety
/// `config` is NULL or points to room for a configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_config_init(config: *mut onair_room_config) -> onair_status {
    guarded(|| {
        if config.is_null() {
            return Err(LiveError::argument("config is NULL"));
        }
        let usual = room_options(RoomPlace::Servers { urls: Vec::new() });
        let (none, no_texts) = (std::ptr::null(), std::ptr::null());
        let usual = onair_room_config {
            servers: no_texts,
            server_count: 0,
            locator: none,
            name: none,
            auth_token: none,
            room_token: none,
            queue_offline: usual.queue_offline.into(),
            allow_plaintext: usual.allow_plaintext.into(),
            ping_every_ms: usual.ping_every_ms,
            engine_io_3: usual.engine_io_3.into(),
            roots_pem: none,
            pins: no_texts,
            pin_count: 0,
        };
        // SAFETY: not null; the rest is the caller's promise. What was there is not read.
        unsafe { config.write(usual) };
        Ok(ONAIR_OK)
    })
}

/// Begins to connect, and goes on until it is freed, refused or put out. Free it with onair_room_free.
///
/// # Safety
/// `config` is NULL or points to a configuration whose pointers are NULL or valid, and `room` is NULL
/// or points to room for a client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_create(
    config: *const onair_room_config,
    room: *mut onair_room,
) -> onair_status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let (config, room) = unsafe { (read(config, "config")?, place(room, "room")?) };
        *room = 0;
        // SAFETY: the caller's promise.
        let options = unsafe { options(config) }?;
        *room = handles::put_room(Arc::new(Room::start(&options)?));
        Ok(ONAIR_OK)
    })
}

/// Leaves, waits until the connection is gone (less than 300 ms), and gives the client back. Whoever
/// waits for its events gets what waits already, then ONAIR_NO_EVENT or an error.
#[unsafe(no_mangle)]
pub extern "C" fn onair_room_free(room: onair_room) -> onair_status {
    guarded(|| {
        let room = handles::take_room(room)?;
        room.end_events();
        room.stop();
        Ok(ONAIR_OK)
    })
}

/// Leaves, and waits until the connection is gone: less than 300 ms. Its last events can be fetched
/// still.
#[unsafe(no_mangle)]
pub extern "C" fn onair_room_stop(room: onair_room) -> onair_status {
    with_room(room, |room| {
        room.stop();
        Ok(())
    })
}

/// Opens a room of one's own, as soon as there is a connection and again after each loss. `key` is its
/// public name: 1 to 64 letters, digits, - and _; `title` up to 100 characters, or NULL.
///
/// # Safety
/// `key` and `title` are NULL or texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_open(
    room: onair_room,
    key: *const c_char,
    title: *const c_char,
) -> onair_status {
    with_room(room, |room| {
        // SAFETY: the caller's promise.
        let (key, title) = unsafe { (some_text(key, "key")?, text_at(title, "title")?) };
        room.tell(|client| client.create(key, title.unwrap_or_default()))
    })
}

/// Goes into a room, as soon as there is a connection and again after each loss.
///
/// # Safety
/// `key` is NULL or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_join(room: onair_room, key: *const c_char) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe { with_text(room, key, "key", |client, key| client.join(key)) }
}

/// Leaves the room. One's own stays open until the server's patience ends.
#[unsafe(no_mangle)]
pub extern "C" fn onair_room_leave(room: onair_room) -> onair_status {
    with_room(room, |room| room.tell(RoomClient::leave))
}

/// Closes one's own room for everybody.
#[unsafe(no_mangle)]
pub extern "C" fn onair_room_close(room: onair_room) -> onair_status {
    with_room(room, |room| room.tell(RoomClient::close))
}

/// 1 to 1,000 hearts, told together with others of the next 200 ms; never told late.
#[unsafe(no_mangle)]
pub extern "C" fn onair_room_like(room: onair_room, count: u32) -> onair_status {
    with_room(room, |room| room.tell(|client| client.like(count)))
}

/// Says something, up to 200 characters. `at_ms` is the position on the stream's timeline that it
/// belongs to, or ONAIR_NO_TIME. Its id goes to `id`, which may be NULL, cut to `capacity` bytes;
/// ONAIR_ROOM_ID_BYTES are enough.
///
/// # Safety
/// `text` is NULL or a text, `id` is NULL or has room for `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_comment(
    room: onair_room,
    text: *const c_char,
    at_ms: i64,
    id: *mut c_char,
    capacity: usize,
) -> onair_status {
    with_room(room, |room| {
        // SAFETY: the caller's promise.
        let text = unsafe { some_text(text, "text") }?;
        let given = room.tell(|client| client.comment(text, moment(at_ms)))?;
        // SAFETY: the caller's promise.
        unsafe { write(&given, id, capacity) };
        Ok(())
    })
}

/// Gives something, 1 to 1,000 of it; otherwise as onair_room_comment. `sender_id` is random in each
/// start of an app.
///
/// # Safety
/// `id` is NULL or has room for `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_gift(
    room: onair_room,
    sender_id: u32,
    gift_id: u32,
    count: u32,
    at_ms: i64,
    id: *mut c_char,
    capacity: usize,
) -> onair_status {
    with_room(room, |room| {
        let gift = Gift { sender_id, gift_id, count };
        let given = room.tell(|client| client.gift(gift, moment(at_ms)))?;
        // SAFETY: the caller's promise.
        unsafe { write(&given, id, capacity) };
        Ok(())
    })
}

/// Tells the host that the comment with this id must not stand, and why.
///
/// # Safety
/// `id` and `reason` are NULL or texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_report(
    room: onair_room,
    id: *const c_char,
    reason: *const c_char,
) -> onair_status {
    with_room(room, |room| {
        // SAFETY: the caller's promise.
        let (id, reason) = unsafe { (some_text(id, "id")?, some_text(reason, "reason")?) };
        room.tell(|client| client.report(id, reason))
    })
}

/// Does not show what this sender says; when one is the host, to nobody.
///
/// # Safety
/// `sender` is NULL or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_mute(room: onair_room, sender: *const c_char) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe { with_text(room, sender, "sender", |client, sender| client.mute(sender)) }
}

/// Shows it again, to oneself.
///
/// # Safety
/// `sender` is NULL or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_unmute(
    room: onair_room,
    sender: *const c_char,
) -> onair_status {
    let unmute = |client: &RoomClient, sender: &str| {
        client.unmute(sender);
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { with_text(room, sender, "sender", unmute) }
}

/// As onair_room_mute; when one is the host, the sender must leave the room too.
///
/// # Safety
/// `sender` is NULL or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_block(room: onair_room, sender: *const c_char) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe { with_text(room, sender, "sender", |client, sender| client.block(sender)) }
}

/// Takes the comment with this id away from everybody.
///
/// # Safety
/// `id` is NULL or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_room_remove_comment(
    room: onair_room,
    id: *const c_char,
) -> onair_status {
    // SAFETY: the caller's promise.
    unsafe { with_text(room, id, "id", |client, id| client.remove_comment(id)) }
}

/// The network changed for the better: does not wait to connect any longer.
#[unsafe(no_mangle)]
pub extern "C" fn onair_room_network_is_back(room: onair_room) -> onair_status {
    with_room(room, |room| {
        room.tell(|client| {
            client.network_is_back();
            Ok(())
        })
    })
}

/// # Safety
/// The configuration's pointers are null or valid.
unsafe fn options(config: &onair_room_config) -> Result<RoomOptions, LiveError> {
    // SAFETY: the caller's promise.
    let (urls, locator, name, auth, token) = unsafe {
        (
            texts(config.servers, config.server_count, "servers")?,
            text_at(config.locator, "locator")?,
            text_at(config.name, "name")?,
            text_at(config.auth_token, "auth_token")?,
            text_at(config.room_token, "room_token")?,
        )
    };
    let place = match locator {
        Some(url) => RoomPlace::Locator { url: url.to_owned() },
        None if urls.is_empty() => {
            return Err(LiveError::argument("there are neither servers nor a locator"));
        }
        None => RoomPlace::Servers { urls },
    };
    Ok(RoomOptions {
        name: name.unwrap_or_default().to_owned(),
        auth_token: auth.map(str::to_owned),
        room_token: token.map(str::to_owned),
        queue_offline: config.queue_offline != 0,
        allow_plaintext: config.allow_plaintext != 0,
        ping_every_ms: config.ping_every_ms,
        engine_io_3: config.engine_io_3 != 0,
        // SAFETY: the caller's promise.
        trust: unsafe { trust(config.roots_pem, config.pins, config.pin_count) }?,
        ..room_options(place)
    })
}

/// Runs `body` on a client.
pub(crate) fn with_room(
    room: onair_room,
    body: impl FnOnce(&Room) -> Result<(), LiveError>,
) -> onair_status {
    guarded(|| {
        body(&*handles::room(room)?)?;
        Ok(ONAIR_OK)
    })
}

/// Has a client do something with a text.
///
/// # Safety
/// `text` is null or a text.
unsafe fn with_text(
    room: onair_room,
    text: *const c_char,
    name: &str,
    body: impl FnOnce(&RoomClient, &str) -> Result<(), RoomError>,
) -> onair_status {
    with_room(room, |room| {
        // SAFETY: the caller's promise.
        let text = unsafe { some_text(text, name) }?;
        room.tell(|client| body(client, text))
    })
}

fn moment(at_ms: i64) -> Option<MediaTime> {
    (at_ms != ONAIR_NO_TIME).then(|| crate::room::time(at_ms))
}
