//! Sessions without a network for tests: a willing server in memory, and a clock that stands still.
#![expect(unsafe_code, reason = "C passes pointers")]

use super::session::{onair_session, with};
use super::{ONAIR_OK, guarded, onair_status, place};
use crate::{LiveError, rehearsal};

/// Sessions that are made from now on, in this process and whatever the language, are rehearsals.
/// The same seed and the same calls make the same bytes.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_begin(seed: u32) -> onair_status {
    guarded(|| {
        rehearsal::begin(seed);
        Ok(ONAIR_OK)
    })
}

/// Sessions that are made from now on are real.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_end() -> onair_status {
    guarded(|| {
        rehearsal::end();
        Ok(ONAIR_OK)
    })
}

/// The session's clock goes on by so much, µs, 0 too; returns when all that is due then is done.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_pass(session: onair_session, micros: u32) -> onair_status {
    with(session, |live| {
        let stage = live.stage()?;
        live.session().set_clock(|| stage.pass(micros));
        Ok(())
    })
}

/// The session's connection breaks.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_cut(session: onair_session) -> onair_status {
    with(session, |live| {
        let stage = live.stage()?;
        live.session().between_looks(|| stage.cut());
        Ok(())
    })
}

/// The session's next so many attempts to connect are refused.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_refuse(session: onair_session, attempts: u32) -> onair_status {
    with(session, |live| {
        let stage = live.stage()?;
        live.session().between_looks(|| stage.refuse(attempts));
        Ok(())
    })
}

/// The session's way to the server carries so many bit/s from now on; 0: everything at once, as in
/// the beginning.
#[unsafe(no_mangle)]
pub extern "C" fn onair_rehearsal_limit(session: onair_session, rate_bps: u32) -> onair_status {
    with(session, |live| {
        let stage = live.stage()?;
        live.session().between_looks(|| stage.limit(rate_bps));
        Ok(())
    })
}

/// What the server was sent on the session's connection number `connection`, from 0: as much as
/// fits into `capacity` bytes; `*size` is how much there is, 0 when there was no such connection.
///
/// # Safety
/// `buffer` is NULL or has room for `capacity` bytes; `size` is NULL or points to room for a size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_rehearsal_wire(
    session: onair_session,
    connection: u32,
    buffer: *mut u8,
    capacity: usize,
    size: *mut usize,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let size = unsafe { place(size, "size") }?;
        let connection = usize::try_from(connection)
            .map_err(|_| LiveError::argument("there is no such connection"))?;
        let copied = live.stage()?.with_wire(connection, |wire| {
            if !buffer.is_null() {
                let count = wire.len().min(capacity);
                // SAFETY: so many bytes are there by the caller's promise, and nobody has both.
                unsafe { buffer.copy_from_nonoverlapping(wire.as_ptr(), count) };
            }
            wire.len()
        });
        *size = copied.unwrap_or(0);
        Ok(())
    })
}
