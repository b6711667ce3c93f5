//! Pictures and times for an encoder of the app's own: the session's look drawn into its input buffer.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::time::Duration;

use onair::{CaptureTime, FrameTarget, FrameView, PlaneMut, StandIn};
use onair_types::Track;

use super::config::pick;
use super::push::{FORMATS, onair_video_frame, pcm, with_frame};
use super::session::{onair_session, with};
use super::sound::{ONAIR_INTERRUPT_PICTURE, ONAIR_INTERRUPT_SOUND};
use super::{ONAIR_NO_EVENT, ONAIR_OK, guarded, onair_status, place, read, slice, slice_mut};
use crate::live::Live;
use crate::{LiveError, handles};

/// Nothing stands in any more: the device speaks for itself.
pub const ONAIR_FLOWING: i32 = 2;
/// There is no slate: the last picture stays.
pub const ONAIR_NO_SLATE: i32 = 3;

/// What becomes of something captured before it is encoded.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct onair_placed {
    /// The time to encode it with, µs.
    pub time_us: i64,
    /// 0: it is left out, as its device is interrupted.
    pub is_taken: u32,
    /// Not 0: the look, a preview or a snapshot wants the picture drawn, by onair_session_draw. Else the
    /// encoder may have it as it is.
    pub is_drawn: u32,
}

/// One plane to write into: rows of `stride` bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_target_plane {
    /// The first row.
    pub data: *mut u8,
    /// Bytes there: at least stride × (rows − 1) + a row's.
    pub size: usize,
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// Where a picture is drawn: an encoder's input buffer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct onair_target {
    /// ONAIR_PIXELS_I420, _NV12 or _NV21.
    pub pixels: u32,
    /// The session's, pixels.
    pub width: u32,
    /// The session's, pixels.
    pub height: u32,
    /// As many as the format has; the others are not looked at.
    pub planes: [onair_target_plane; 3],
}

/// Where a picture that the app encodes itself lies on the timeline: to be called with each before it is
/// encoded, whether the session runs or not.
///
/// # Safety
/// `placed` is NULL or points to room for the answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_place_video(
    session: onair_session,
    time_us: i64,
    placed: *mut onair_placed,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let answer = unsafe { place(placed, "placed") }?;
        *answer = match live.session().place_video(CaptureTime::from_micros(time_us))? {
            Some(placed) => onair_placed {
                time_us: placed.at.as_micros(),
                is_taken: 1,
                is_drawn: placed.is_drawn.into(),
            },
            None => onair_placed::default(),
        };
        Ok(())
    })
}

/// The same for sound of `length_us`, whose first sample was captured at `time_us`.
///
/// # Safety
/// `placed` is NULL or points to room for the answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_place_audio(
    session: onair_session,
    time_us: i64,
    length_us: u32,
    placed: *mut onair_placed,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let answer = unsafe { place(placed, "placed") }?;
        let length = Duration::from_micros(length_us.into());
        *answer = match live.session().place_audio(CaptureTime::from_micros(time_us), length)? {
            Some(at) => onair_placed { time_us: at.as_micros(), is_taken: 1, is_drawn: 0 },
            None => onair_placed::default(),
        };
        Ok(())
    })
}

/// Draws a picture of any size and format by the session's look into `target`: what viewers shall see,
/// and what snapshots and previews show. Allocates nothing once look and geometry have been seen.
/// Planes of the target lie apart, and apart from the picture's.
///
/// # Safety
/// `frame` and `target` are NULL or point to such, whose planes are NULL or as long as they say; nobody
/// else uses the target's meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_draw(
    session: onair_session,
    frame: *const onair_video_frame,
    target: *const onair_target,
) -> onair_status {
    let draw = |live: &Live, view: FrameView<'_>, time_us| {
        // SAFETY: the caller's promise.
        unsafe { draw(live, &view, time_us, read(target, "target")?) }
    };
    // SAFETY: the caller's promise.
    unsafe { with_frame(session, frame, draw) }
}

/// Draws the slate of interruptions as onair_session_draw does; ONAIR_NO_SLATE when there is none.
///
/// # Safety
/// As onair_session_draw.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_draw_slate(
    session: onair_session,
    time_us: i64,
    target: *const onair_target,
) -> onair_status {
    guarded(|| {
        let live = handles::session(session)?;
        // SAFETY: the caller's promise.
        unsafe { draw_slate(&live, time_us, read(target, "target")?) }
    })
}

/// Waits until something has to stand in for a track that the app encodes itself: `what` is
/// ONAIR_INTERRUPT_PICTURE or _SOUND. ONAIR_OK: encode the slate or the last picture, or 1,024 samples of
/// silence, with `*time_us`. ONAIR_NO_EVENT: nothing was due within `timeout_ms`. ONAIR_FLOWING: over.
/// One thread for each track calls this from onair_session_interrupt on.
///
/// # Safety
/// `time_us` is NULL or points to room for a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_wait_stand_in(
    session: onair_session,
    what: u32,
    timeout_ms: u32,
    time_us: *mut i64,
) -> onair_status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let time_us = unsafe { place(time_us, "time_us") }?;
        let within = Duration::from_millis(timeout_ms.into());
        let track = track(what)?;
        Ok(match handles::session(session)?.session().wait_stand_in(track, within)? {
            StandIn::Due(at) => {
                *time_us = at.as_micros();
                ONAIR_OK
            }
            StandIn::Later => ONAIR_NO_EVENT,
            StandIn::Over => ONAIR_FLOWING,
        })
    })
}

/// Takes sound of one source to be mixed for the app's own encoder; onair_session_take_mixed then has what
/// came of it. Of source 0 `time_us` is what onair_session_place_audio or _wait_stand_in said; others, of
/// onair_session_add_audio_source, have their stamps as they are.
///
/// # Safety
/// `samples` is NULL or points to `count` samples.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_mix_audio(
    session: onair_session,
    source: u32,
    samples: *const i16,
    count: usize,
    sample_rate_hz: u32,
    channels: u32,
    time_us: i64,
) -> onair_status {
    with(session, |live| {
        // SAFETY: the caller's promise.
        let samples = unsafe { slice(samples, count, "samples") }?;
        live.mix_audio(source, pcm(samples, sample_rate_hz, channels)?, time_us)
    })
}

/// The oldest block of the mix that was not taken yet: 1,024 samples of each of the session's channels in
/// turn, and in `*time_us` when the first sounds. ONAIR_NO_EVENT when there is none yet: a mix waits up to
/// 100 ms for a source that is late. One thread at a time takes them; `capacity` is at least such a block.
///
/// # Safety
/// `samples` is NULL or points to room for `capacity` samples, `time_us` is NULL or points to room for a
/// time; nobody else uses either meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_session_take_mixed(
    session: onair_session,
    samples: *mut i16,
    capacity: usize,
    time_us: *mut i64,
) -> onair_status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let time_us = unsafe { place(time_us, "time_us") }?;
        let size = capacity.saturating_mul(2);
        // SAFETY: the caller's promise.
        let room = unsafe { slice_mut(samples.cast::<u8>(), size, "samples") }?;
        Ok(match handles::session(session)?.take_mixed(room)? {
            Some(at) => {
                *time_us = at.as_micros();
                ONAIR_OK
            }
            None => ONAIR_NO_EVENT,
        })
    })
}

pub(crate) fn track(what: u32) -> Result<Track, LiveError> {
    match what {
        ONAIR_INTERRUPT_PICTURE => Ok(Track::Video),
        ONAIR_INTERRUPT_SOUND => Ok(Track::Audio),
        other => Err(LiveError::argument(format!("what is {other}; use picture or sound"))),
    }
}

/// # Safety
/// The target's planes are null or as long as they say, and nobody else uses them meanwhile.
pub(crate) unsafe fn draw(
    live: &Live,
    frame: &FrameView<'_>,
    time_us: i64,
    target: &onair_target,
) -> Result<(), LiveError> {
    let sources = frame.planes().iter().map(|plane| (plane.data.as_ptr().addr(), plane.data.len()));
    // SAFETY: the caller's promise.
    let mut target = unsafe { place_of(target, sources) }?;
    Ok(live.session().draw(frame, CaptureTime::from_micros(time_us), &mut target)?)
}

/// # Safety
/// As [`draw`].
pub(crate) unsafe fn draw_slate(
    live: &Live,
    time_us: i64,
    target: &onair_target,
) -> Result<onair_status, LiveError> {
    // SAFETY: the caller's promise.
    let mut target = unsafe { place_of(target, []) }?;
    let is_drawn = live.session().draw_slate(CaptureTime::from_micros(time_us), &mut target)?;
    Ok(if is_drawn { ONAIR_OK } else { ONAIR_NO_SLATE })
}

/// Whether no byte is in two planes of the target, or in one and in a source.
fn check_apart(
    target: &onair_target,
    sources: impl IntoIterator<Item = (usize, usize)>,
) -> Result<(), LiveError> {
    let planes = pick(&FORMATS, target.pixels, "pixels")?.plane_count();
    let targets = &target.planes[..planes];
    let meets = |one: &onair_target_plane, (start, size): (usize, usize)| {
        let own = one.data.addr();
        own < start.saturating_add(size) && start < own.saturating_add(one.size)
    };
    let is_shared = |(index, one): (usize, &onair_target_plane)| {
        targets[..index].iter().any(|other| meets(other, (one.data.addr(), one.size)))
    };
    let is_source = |source| targets.iter().any(|one| meets(one, source));
    if targets.iter().enumerate().any(is_shared) || sources.into_iter().any(is_source) {
        let reason = "planes of the target overlap each other or the picture";
        return Err(LiveError::argument(reason));
    }
    Ok(())
}

/// # Safety
/// The planes are null or as long as they say, and nobody else uses them meanwhile.
unsafe fn place_of<'a>(
    target: &onair_target,
    sources: impl IntoIterator<Item = (usize, usize)>,
) -> Result<FrameTarget<'a>, LiveError> {
    check_apart(target, sources)?;
    let format = pick(&FORMATS, target.pixels, "pixels")?;
    let mut planes = [(); 3].map(|()| PlaneMut { data: &mut [][..], stride_bytes: 0 });
    let given = target.planes.iter().take(format.plane_count());
    for (plane, given) in planes.iter_mut().zip(given) {
        // SAFETY: the caller's promise, and no memory is in two of them.
        let data = unsafe { slice_mut(given.data, given.size, "planes[].data") }?;
        *plane = PlaneMut { data, stride_bytes: given.stride };
    }
    let made = FrameTarget::new(format, target.width, target.height, planes);
    Ok(made.map_err(onair::PushError::from)?)
}
