//! Sessions: made, started, stopped, freed.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_char;
use std::sync::Arc;
use std::time::Duration;

use onair::NetworkPath;

use super::config::{onair_session_config, options, pick};
use super::{ONAIR_OK, guarded, onair_status, place, read, slice, some_text, text_at};
use crate::destination::{DestinationOptions, SharedBitrate, destinations};
use crate::live::Live;
use crate::{LiveError, handles};

/// A session. Never used again for another one; 0 is none.
pub type onair_session = u64;

/// Of several destinations, the first one's network decides.
pub const ONAIR_SHARED_FIRST: u32 = 0;
/// The weakest one's.
pub const ONAIR_SHARED_WEAKEST: u32 = 1;
/// Nobody's.
pub const ONAIR_SHARED_FIXED: u32 = 2;

/// There is a way to the network again.
pub const ONAIR_PATH_UP: u32 = 0;
/// There is none.
pub const ONAIR_PATH_DOWN: u32 = 1;
/// There is another one.
pub const ONAIR_PATH_CHANGED: u32 = 2;

/// A place to publish to.
#[repr(C)]
#[derive(Debug)]
pub struct onair_destination {
    /// "rtmp://host/app/key", or rtmps. With `key` it ends with the app, with `app` too with the
    /// host.
    pub url: *const c_char,
    /// Taken when `url` cannot be had, and of the same form; NULL for none.
    pub backup_url: *const c_char,
    /// NULL for the host.
    pub name: *const c_char,
    /// The stream key as the service shows it, which may hold spaces and slashes; NULL where the
    /// address holds it.
    pub key: *const c_char,
    /// The app with its instance, for both addresses, with `key` only; NULL where they hold it.
    pub app: *const c_char,
    /// The stream key of `backup_url`; NULL where it is `key`.
    pub backup_key: *const c_char,
    /// How long one address may be without a live stream before the other one is taken, ms; 0 for
    /// 5000. One that was just taken has a second at least.
    pub backup_after_ms: u64,
}

/// A session made as `config` says. Free it with onair_session_free.
///
/// # Safety
/// `config` is NULL or points to a configuration whose pointers are NULL or valid, and `session` is
/// NULL or points to room for a session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_create(
    config: *const onair_session_config,
    session: *mut onair_session,
) -> onair_status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let (config, session) = unsafe { (read(config, "config")?, place(session, "session")?) };
        *session = 0;
        // SAFETY: the caller's promise.
        let options = unsafe { options(config) }?;
        *session = handles::put(Arc::new(Live::new(&options)?));
        Ok(ONAIR_OK)
    })
}

/// Begins to connect to all of them, from one encode, and returns at once.
///
/// # Safety
/// `all` is NULL or points to `count` destinations whose pointers are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_start(
    session: onair_session,
    all: *const onair_destination,
    count: usize,
    shared_bitrate: u32,
) -> onair_status {
    guarded(|| {
        let live = handles::session(session)?;
        let policies = [SharedBitrate::First, SharedBitrate::Weakest, SharedBitrate::Fixed];
        let policy = pick(&policies, shared_bitrate, "shared_bitrate")?;
        // SAFETY: the caller's promise.
        let all = unsafe { slice(all, count, "destinations") }?;
        let places = all.iter().map(|place| {
            // SAFETY: the caller's promise.
            let (url, others) = unsafe {
                let others = [
                    text_at(place.backup_url, "backup_url")?,
                    text_at(place.name, "name")?,
                    text_at(place.key, "key")?,
                    text_at(place.app, "app")?,
                    text_at(place.backup_key, "backup_key")?,
                ];
                (some_text(place.url, "url")?.to_owned(), others)
            };
            let [backup_url, name, key, app, backup_key] = others.map(|it| it.map(str::to_owned));
            let backup_after_ms = (place.backup_after_ms > 0).then_some(place.backup_after_ms);
            let options =
                DestinationOptions { url, backup_url, name, key, app, backup_key, backup_after_ms };
            Ok(options)
        });
        let places = places.collect::<Result<Vec<_>, LiveError>>()?;
        live.session().start(destinations(places, policy)?)?;
        Ok(ONAIR_OK)
    })
}

/// Begins to connect to one address, and returns at once.
///
/// # Safety
/// `url` is NULL or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_start_url(
    session: onair_session,
    url: *const c_char,
) -> onair_status {
    let none = std::ptr::null();
    let one = onair_destination {
        url,
        backup_url: none,
        name: none,
        key: none,
        app: none,
        backup_key: none,
        backup_after_ms: 0,
    };
    // SAFETY: one destination, and the caller's promise.
    unsafe { onair_session_start(session, &raw const one, 1, ONAIR_SHARED_FIRST) }
}

/// Ends the broadcast; returns within 300 ms in every state.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_stop(session: onair_session) -> onair_status {
    with(session, |live| {
        live.session().stop();
        Ok(())
    })
}

/// Takes no more pushes, waits until everything accepted was sent or `deadline_ms` has passed, then
/// stops. `*sent` (may be NULL) is 1 when everything was sent.
///
/// # Safety
/// `sent` is NULL or points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_finish(
    session: onair_session,
    deadline_ms: u64,
    sent: *mut u32,
) -> onair_status {
    with(session, |live| {
        let is_sent = live.session().finish(Duration::from_millis(deadline_ms));
        // SAFETY: the caller's promise.
        if let Some(sent) = unsafe { sent.as_mut() } {
            *sent = is_sent.into();
        }
        Ok(())
    })
}

/// Stops the session and gives it back. Whoever waits for its events gets what waits already, then
/// ONAIR_NO_EVENT or an error; a push in another thread ends first.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_free(session: onair_session) -> onair_status {
    guarded(|| {
        let live = handles::take(session)?;
        live.end_events();
        live.session().stop();
        Ok(ONAIR_OK)
    })
}

/// While muted, raw sound is sent as silence.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_set_muted(session: onair_session, muted: u32) -> onair_status {
    with(session, |live| {
        live.session().set_muted(muted != 0);
        Ok(())
    })
}

/// Makes the next raw picture an IDR.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_request_keyframe(session: onair_session) -> onair_status {
    with(session, |live| {
        live.session().request_keyframe();
        Ok(())
    })
}

/// Lets the video bitrate be nothing but this from now on, bit/s, until the broadcast ends.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_set_video_bitrate_range(
    session: onair_session,
    min_bps: u32,
    max_bps: u32,
) -> onair_status {
    with(session, |live| Ok(live.session().set_video_bitrate_range(min_bps, max_bps)?))
}

/// What the system says of the device's way to the network: ONAIR_PATH_…
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_report_path(session: onair_session, path: u32) -> onair_status {
    with(session, |live| {
        let paths = [NetworkPath::Up, NetworkPath::Down, NetworkPath::Changed];
        live.session().report_path(pick(&paths, path, "path")?);
        Ok(())
    })
}

/// Runs `body` on a session.
pub(crate) fn with(
    session: onair_session,
    body: impl FnOnce(&Live) -> Result<(), LiveError>,
) -> onair_status {
    guarded(|| {
        body(&*handles::session(session)?)?;
        Ok(ONAIR_OK)
    })
}
