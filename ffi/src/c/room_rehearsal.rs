//! Rooms without a network for tests: what the server says is said by the test, on a clock that stands
//! until it is told.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_char;
use std::time::Duration;

use super::room::{onair_room, with_room};
use super::{onair_status, place, some_text, text::write, text_at};

/// The room's clock goes on by so much, µs; what falls due meanwhile happens at its time.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_room_pass(room: onair_room, micros: u32) -> onair_status {
    with_room(room, |room| {
        room.stage()?.pass(Duration::from_micros(micros.into()));
        Ok(())
    })
}

/// The locator answers this, or nothing when it is NULL.
///
/// # Safety
/// `body` is NULL or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_rehearsal_room_locate(
    room: onair_room,
    body: *const c_char,
) -> onair_status {
    with_room(room, |room| {
        // SAFETY: the caller's promise.
        let body = unsafe { text_at(body, "body") }?;
        room.stage()?.locate(body);
        Ok(())
    })
}

/// The room's WebSocket is open.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_room_open(room: onair_room) -> onair_status {
    with_room(room, |room| {
        room.stage()?.open();
        Ok(())
    })
}

/// The server sends this text frame.
///
/// # Safety
/// `frame` is NULL or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_rehearsal_room_hear(
    room: onair_room,
    frame: *const c_char,
) -> onair_status {
    with_room(room, |room| {
        // SAFETY: the caller's promise.
        let frame = unsafe { some_text(frame, "frame") }?;
        room.stage()?.hear(frame);
        Ok(())
    })
}

/// The server answers a ping.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_room_pong(room: onair_room) -> onair_status {
    with_room(room, |room| {
        room.stage()?.pong();
        Ok(())
    })
}

/// The connection closes.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_room_cut(room: onair_room) -> onair_status {
    with_room(room, |room| {
        room.stage()?.cut();
        Ok(())
    })
}

/// What the client did so far, a line each: its time in µs, then "locate HOST PATH", "connect HOST
/// PATH", "send FRAME", "ping" or "disconnect". Cut to `capacity` bytes; `*size` is what the whole text
/// needs, with its NUL.
///
/// # Safety
/// `buffer` is NULL or has room for `capacity` bytes; `size` is NULL or points to room for a size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_rehearsal_room_log(
    room: onair_room,
    buffer: *mut c_char,
    capacity: usize,
    size: *mut usize,
) -> onair_status {
    with_room(room, |room| {
        // SAFETY: the caller's promise.
        let size = unsafe { place(size, "size") }?;
        let log = room.stage()?.transcript();
        // SAFETY: the caller's promise.
        *size = unsafe { write(&log, buffer, capacity) };
        Ok(())
    })
}
