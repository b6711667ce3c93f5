//! Recordings for C: files beside a stream or without one, clips, and what a crash left.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::ffi::c_char;

use super::config::pick;
use super::session::{onair_session, with};
use super::{ONAIR_OK, guarded, onair_status, place, read, some_text, text_at};
use crate::{
    LiveError, RecordingFigures, RecordingFormat, RecordingOptions, recover_recording,
    recover_recording_to,
};

/// .flv by name is FLV, everything else MP4.
pub const ONAIR_FORMAT_BY_NAME: u32 = 0;
/// MP4 that plays at any time while it grows, and is a plain one at the end.
pub const ONAIR_FORMAT_MP4: u32 = 1;
/// FLV.
pub const ONAIR_FORMAT_FLV: u32 = 2;

/// What is recorded into which files; zeros but for the path are what is usual.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_recording_config {
    /// The file, which must not exist; further ones of a split recording are NAME-2.EXT and so on.
    pub path: *const c_char,
    /// ONAIR_FORMAT_…
    pub format: u32,
    /// At the first IDR after so long a new file begins, ms, 1,000 or more; 0 for one file.
    pub split_after_ms: u64,
    /// At the first IDR after so many bytes a new file begins, 100,000 or more; 0 for one file.
    pub split_bytes: u64,
}

/// A complete file.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct onair_recording {
    /// Pictures in it.
    pub frames: u64,
    /// AAC frames or Opus packets in it.
    pub audio_frames: u64,
    /// Bytes; 0 for a recovered one.
    pub size_bytes: u64,
    /// Ms.
    pub duration_ms: u64,
    /// Pictures that a slow disk cost.
    pub frames_missing: u64,
    /// AAC frames or Opus packets that a slow disk cost.
    pub audio_frames_missing: u64,
}

/// Writes what is streamed into a new file too, from the next IDR on.
///
/// # Safety
/// `config` is NULL or points to a configuration whose path is NULL or a text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_start_recording(
    session: onair_session,
    config: *const onair_recording_config,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let options = unsafe { options(config) }?;
        Ok(live.session().start_recording(options.config())?)
    })
}

/// Completes the file and waits for the disk. `*made` (may be NULL) says what is in it; zeros, and no
/// error, when there was no recording since the last call.
///
/// # Safety
/// `made` is NULL or points to room for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_stop_recording(
    session: onair_session,
    made: *mut onair_recording,
) -> onair_status {
    with(session, |live| {
        let recording = live.session().stop_recording()?;
        // SAFETY: the caller's promise.
        if let Some(made) = unsafe { made.as_mut() } {
            *made = recording
                .map_or_else(onair_recording::default, |file| plain(&RecordingFigures::from(file)));
        }
        Ok(())
    })
}

/// A file without a stream: the session is live at once, with no network. onair_session_finish and
/// onair_session_stop_recording end it.
///
/// # Safety
/// As onair_session_start_recording.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_record_only(
    session: onair_session,
    config: *const onair_recording_config,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        live.record_only(unsafe { options(config) }?)
    })
}

/// Keeps the newest so many ms of what is streamed in memory, for onair_session_save_clip: 1,000 to
/// 300,000, 64 MiB at most; 0 keeps nothing.
#[unsafe(no_mangle)]
pub extern "C" fn onair_session_keep_clip(session: onair_session, length_ms: u64) -> onair_status {
    with(session, |live| {
        Ok(live.session().keep_clip(std::time::Duration::from_millis(length_ms))?)
    })
}

/// Writes what is kept into a new file, and waits for the disk. `made` may be NULL.
///
/// # Safety
/// As onair_session_start_recording; `made` is NULL or points to room for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_save_clip(
    session: onair_session,
    config: *const onair_recording_config,
    made: *mut onair_recording,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let options = unsafe { options(config) }?;
        let clip = live.session().save_clip(options.config())?;
        // SAFETY: the caller's promise.
        if let Some(made) = unsafe { made.as_mut() } {
            *made = plain(&clip.into());
        }
        Ok(())
    })
}

/// Completes an MP4 recording that a crash or a power cut ended: in its place when `to` is NULL, else
/// as a new file there. `*bytes_lost` (may be NULL) are
/// those at the end that were of no use: 0 too when it was complete.
///
/// # Safety
/// `path` and `to` are NULL or texts, `made` and `bytes_lost` are NULL or point to room for them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_recover(
    path: *const c_char,
    to: *const c_char,
    made: *mut onair_recording,
    bytes_lost: *mut u64,
) -> onair_status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let (path, to, made) =
            unsafe { (some_text(path, "path")?, text_at(to, "to")?, place(made, "made")?) };
        let found = match to {
            None => recover_recording(path.to_owned())?,
            Some(to) => recover_recording_to(path.to_owned(), to.to_owned())?,
        };
        *made = onair_recording {
            frames: found.frames,
            audio_frames: found.audio_frames,
            duration_ms: found.duration_ms,
            ..onair_recording::default()
        };
        // SAFETY: the caller's promise.
        if let Some(bytes_lost) = unsafe { bytes_lost.as_mut() } {
            *bytes_lost = found.bytes_lost;
        }
        Ok(ONAIR_OK)
    })
}

/// # Safety
/// `config` is null or points to a configuration whose path is null or a text.
unsafe fn options(config: *const onair_recording_config) -> Result<RecordingOptions, LiveError> {
    // SAFETY: the caller's promise.
    let config = unsafe { read(config, "config") }?;
    // SAFETY: the caller's promise.
    let path = unsafe { some_text(config.path, "path") }?.to_owned();
    let formats = [RecordingFormat::ByName, RecordingFormat::Mp4, RecordingFormat::Flv];
    Ok(RecordingOptions {
        path,
        format: pick(&formats, config.format, "format")?,
        split_after_ms: (config.split_after_ms > 0).then_some(config.split_after_ms),
        split_bytes: (config.split_bytes > 0).then_some(config.split_bytes),
    })
}

fn plain(file: &RecordingFigures) -> onair_recording {
    onair_recording {
        frames: file.frames,
        audio_frames: file.audio_frames,
        size_bytes: file.size_bytes,
        duration_ms: file.duration_ms,
        frames_missing: file.frames_missing,
        audio_frames_missing: file.audio_frames_missing,
    }
}
