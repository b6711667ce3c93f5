//! Pictures and times for a phone's encoder, from Kotlin and Java: the class is `io.onair.ffi.Easel`.
#![expect(unsafe_code, reason = "Java passes pointers")]

use std::time::Duration;

use jni_sys::{JNIEnv, jint, jlong, jobject};
use onair::{CaptureTime, PixelFormat, StandIn};
use onair_types::Track;

use super::{camera, count, from, memory, packed, pcm, samples, side};
use crate::c::easel::{draw, draw_slate, onair_target, onair_target_plane, track};
use crate::c::{ONAIR_OK, guarded};
use crate::{LiveError, handles};

/// What is left out, and that nothing stands in any more. An error's code above it is that error.
const NEVER: jlong = jlong::MIN;
/// Nothing was due in time.
const LATER: jlong = jlong::MIN + 1;

/// The time to encode a picture with, × 2, and + 1 when the look wants it drawn first; `NEVER` when it is
/// left out.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_onair_ffi_Easel_placeVideo(
    _env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    time_us: jlong,
) -> jlong {
    answer(|| {
        let live = handles::session(session.cast_unsigned())?;
        let placed = live.session().place_video(CaptureTime::from_micros(time_us))?;
        Ok(placed.map_or(NEVER, |placed| {
            placed.at.as_micros().saturating_mul(2) | i64::from(placed.is_drawn)
        }))
    })
}

/// The time to encode sound of this length with; `NEVER` when it is left out.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_onair_ffi_Easel_placeAudio(
    _env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    time_us: jlong,
    length_us: jlong,
) -> jlong {
    answer(|| {
        let live = handles::session(session.cast_unsigned())?;
        let length = Duration::from_micros(length_us.max(0).cast_unsigned());
        let placed = live.session().place_audio(CaptureTime::from_micros(time_us), length)?;
        Ok(placed.map_or(NEVER, CaptureTime::as_micros))
    })
}

/// Waits for what stands in for a picture (0) or sound (1); its time, `LATER` or `NEVER`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_onair_ffi_Easel_waitStandIn(
    _env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    what: jint,
    timeout_ms: jint,
) -> jlong {
    answer(|| {
        let track: Track = track(what.cast_unsigned())?;
        let within = Duration::from_millis(timeout_ms.max(0).cast_unsigned().into());
        let live = handles::session(session.cast_unsigned())?;
        Ok(match live.session().wait_stand_in(track, within)? {
            StandIn::Due(at) => at.as_micros(),
            StandIn::Later => LATER,
            StandIn::Over => NEVER,
        })
    })
}

/// Takes interleaved 16-bit samples of one source to be mixed; `size` is in bytes.
///
/// # Safety
/// Called by Java; `data` is null or of `java.nio.ByteBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Easel_mixAudio(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    source: jint,
    data: jobject,
    offset: jint,
    size: jint,
    sample_rate_hz: jint,
    channels: jint,
    time_us: jlong,
) -> jint {
    guarded(|| {
        // SAFETY: the caller's promise.
        let samples = unsafe { samples::<i16>(env, data, offset, size) }?;
        let live = handles::session(session.cast_unsigned())?;
        live.mix_audio(source.cast_unsigned(), pcm(samples, sample_rate_hz, channels), time_us)?;
        Ok(ONAIR_OK)
    })
}

/// The next block of the mix into a direct buffer's beginning; when it sounds, or `NEVER` when there is
/// none yet.
///
/// # Safety
/// Called by Java; `data` is null or of `java.nio.ByteBuffer`, and nobody uses it meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Easel_takeMixed(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    data: jobject,
) -> jlong {
    answer(|| {
        // SAFETY: the caller's promise, and Java says that so many bytes are there.
        let room = unsafe {
            let (address, capacity) = memory(env, data)?;
            std::slice::from_raw_parts_mut(address, capacity)
        };
        let live = handles::session(session.cast_unsigned())?;
        Ok(live.take_mixed(room)?.map_or(NEVER, CaptureTime::as_micros))
    })
}

/// Draws a picture of one plane, as in `pushPacked`, into a direct buffer: `outPixels` is
/// ONAIR_PIXELS_I420, _NV12 or _NV21, offsets count from the buffer's beginning. A null picture is the
/// slate: ONAIR_NO_SLATE when there is none.
///
/// # Safety
/// Called by Java; buffers are null or of `java.nio.ByteBuffer`, and nobody uses the target meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Easel_drawPacked(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    pixels: jint,
    data: jobject,
    offset: jint,
    stride: jint,
    width: jint,
    height: jint,
    time_us: jlong,
    out_pixels: jint,
    out: jobject,
    out_offset: jint,
    out_stride: jint,
    u_offset: jint,
    v_offset: jint,
    chroma_stride: jint,
    out_width: jint,
    out_height: jint,
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        let place = Place {
            pixels: out_pixels,
            offsets: [out_offset, u_offset, v_offset],
            strides: [out_stride, chroma_stride, chroma_stride],
            size: [out_width, out_height],
        };
        // SAFETY: the caller's promise.
        let target = unsafe { place.target(env, out) }?;
        if data.is_null() {
            // SAFETY: the caller's promise.
            return unsafe { draw_slate(&live, time_us, &target) };
        }
        // SAFETY: the caller's promise.
        let data = unsafe { from(env, data, offset) }?;
        packed(pixels, data, stride, (width, height), |frame| {
            // SAFETY: the caller's promise.
            unsafe { draw(&live, &frame, time_us, &target) }
        })?;
        Ok(ONAIR_OK)
    })
}

/// The same of a picture in three planes, as in `pushYuv420`.
///
/// # Safety
/// As `drawPacked`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Easel_drawYuv420(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    y: jobject,
    y_offset: jint,
    y_stride: jint,
    u: jobject,
    u_offset: jint,
    v: jobject,
    v_offset: jint,
    chroma_stride: jint,
    chroma_pixel_stride: jint,
    width: jint,
    height: jint,
    time_us: jlong,
    out_pixels: jint,
    out: jobject,
    out_offset: jint,
    out_stride: jint,
    out_u_offset: jint,
    out_v_offset: jint,
    out_chroma_stride: jint,
    out_width: jint,
    out_height: jint,
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        let place = Place {
            pixels: out_pixels,
            offsets: [out_offset, out_u_offset, out_v_offset],
            strides: [out_stride, out_chroma_stride, out_chroma_stride],
            size: [out_width, out_height],
        };
        // SAFETY: the caller's promise.
        let (target, y, u, v) = unsafe {
            let target = place.target(env, out)?;
            (target, from(env, y, y_offset)?, from(env, u, u_offset)?, from(env, v, v_offset)?)
        };
        let strides = [y_stride, chroma_stride, chroma_pixel_stride];
        camera([y, u, v], strides, (width, height), |frame| {
            // SAFETY: the caller's promise.
            unsafe { draw(&live, &frame, time_us, &target) }
        })?;
        Ok(ONAIR_OK)
    })
}

/// A picture's place in one buffer.
struct Place {
    pixels: jint,
    offsets: [jint; 3],
    strides: [jint; 3],
    size: [jint; 2],
}

impl Place {
    /// # Safety
    /// `env` is Java's, `buffer` is null or of `java.nio.ByteBuffer`.
    unsafe fn target(&self, env: *mut JNIEnv, buffer: jobject) -> Result<onair_target, LiveError> {
        // SAFETY: the caller's promise.
        let (start, capacity) = unsafe { memory(env, buffer) }?;
        let [width, height] = [side(self.size[0])?, side(self.size[1])?];
        let pixels = self.pixels.cast_unsigned();
        let is_planar = pixels == PixelFormat::I420 as u32;
        let mut planes = [onair_target_plane { data: start, size: 0, stride: 0 }; 3];
        for (index, plane) in planes.iter_mut().enumerate() {
            let offset = count(self.offsets[index], "offset")?.min(capacity);
            let stride = count(self.strides[index], "stride")?;
            let half = |side: u32, is_half: bool| if is_half { side / 2 } else { side } as usize;
            let (row, rows) = (half(width, index > 0 && is_planar), half(height, index > 0));
            // To the last row's end and no further: another plane may follow.
            let size = stride.saturating_mul(rows.saturating_sub(1)).saturating_add(row);
            plane.data = start.wrapping_add(offset);
            (plane.size, plane.stride) = (size.min(capacity - offset), stride);
        }
        Ok(onair_target { pixels, width, height, planes })
    }
}

/// A number, or an error's code above `NEVER`.
fn answer(body: impl FnOnce() -> Result<jlong, LiveError>) -> jlong {
    let mut answer = NEVER;
    let status = guarded(|| {
        answer = body()?;
        Ok(ONAIR_OK)
    });
    if status == ONAIR_OK { answer } else { NEVER + jlong::from(status) }
}
