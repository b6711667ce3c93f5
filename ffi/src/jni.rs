//! Frames from Kotlin and Java: direct buffers, read where they are. The class is
//! `io.onair.ffi.Frames`.
//!
//! Each function returns a status as the C functions do; a buffer that is not direct, or too short
//! for what is said of it, is an error. `offset` counts from the buffer's beginning, whatever its
//! position is.
#![expect(unsafe_code, reason = "Java passes pointers")]

pub mod easel;
pub mod look;

use std::ffi::CString;

use jni_sys::{JNIEnv, jint, jlong, jobject, jstring};
use onair::{FrameView, Pcm, PixelFormat, Plane, PushError, Samples, Sound};

use crate::LiveError;
use crate::c::push::FORMATS;
use crate::c::{ONAIR_OK, config::pick, guarded, text};
use crate::handles;
use crate::live::EncodedPicture;

/// A picture of `android.media.Image`: three planes whose chroma lies apart (pixel stride 1) or
/// alternates (2).
///
/// # Safety
/// Called by Java; the buffers are null or of `java.nio.ByteBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Frames_pushYuv420(
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
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        // SAFETY: the caller's promise.
        let (y, u, v) =
            unsafe { (from(env, y, y_offset)?, from(env, u, u_offset)?, from(env, v, v_offset)?) };
        let strides = [y_stride, chroma_stride, chroma_pixel_stride];
        camera([y, u, v], strides, (width, height), |frame| live.push_video(frame, time_us))?;
        Ok(ONAIR_OK)
    })
}

/// A picture of one plane, for example of a screen: `pixels` is ONAIR_PIXELS_RGBA or _BGRA.
///
/// # Safety
/// Called by Java; the buffer is null or of `java.nio.ByteBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Frames_pushPacked(
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
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        // SAFETY: the caller's promise.
        let data = unsafe { from(env, data, offset) }?;
        packed(pixels, data, stride, (width, height), |frame| live.push_video(frame, time_us))?;
        Ok(ONAIR_OK)
    })
}

/// Interleaved 16-bit samples in native byte order, for the first source of sound (0) or one that was
/// added.
///
/// # Safety
/// Called by Java; the buffer is null or of `java.nio.ByteBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Frames_pushPcm(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    source: jint,
    data: jobject,
    offset: jint,
    size_bytes: jint,
    sample_rate_hz: jint,
    channels: jint,
    time_us: jlong,
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        // SAFETY: the caller's promise.
        let samples = unsafe { samples(env, data, offset, size_bytes) }?;
        let pcm = pcm(samples, sample_rate_hz, channels);
        live.push_audio_to(source.cast_unsigned(), pcm, time_us)?;
        Ok(ONAIR_OK)
    })
}

/// The same as floats, -1 to 1.
///
/// # Safety
/// Called by Java; the buffer is null or of `java.nio.ByteBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Frames_pushFloat(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    source: jint,
    data: jobject,
    offset: jint,
    size_bytes: jint,
    sample_rate_hz: jint,
    channels: jint,
    time_us: jlong,
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        // SAFETY: the caller's promise.
        let samples = Samples::F32(unsafe { samples(env, data, offset, size_bytes) }?);
        let (rate, channels) = (u32::try_from(sample_rate_hz), u8::try_from(channels));
        let (sample_rate_hz, channels) = (rate.unwrap_or(0), channels.unwrap_or(0));
        let sound = Sound { samples, sample_rate_hz, channels };
        live.push_audio_to(source.cast_unsigned(), sound, time_us)?;
        Ok(ONAIR_OK)
    })
}

/// The picture of interruptions, of one plane as in `pushPacked`; a null buffer for the last picture
/// that was pushed.
///
/// # Safety
/// Called by Java; the buffer is null or of `java.nio.ByteBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Frames_setSlate(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    pixels: jint,
    data: jobject,
    stride: jint,
    width: jint,
    height: jint,
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        if data.is_null() {
            live.set_slate(None)?;
            return Ok(ONAIR_OK);
        }
        // SAFETY: the caller's promise.
        let data = unsafe { from(env, data, 0) }?;
        packed(pixels, data, stride, (width, height), |frame| live.set_slate(Some(frame)))?;
        Ok(ONAIR_OK)
    })
}

/// One access unit: `layout` 1 is `MediaCodec`'s, with start codes, 0 with lengths; see onair.h.
/// `header` may be null.
///
/// # Safety
/// Called by Java; the buffers are null or of `java.nio.ByteBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Frames_pushEncodedVideo(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    layout: jint,
    is_key: jint,
    header: jobject,
    header_size: jint,
    payload: jobject,
    payload_offset: jint,
    payload_size: jint,
    pts_us: jlong,
    dts_us: jlong,
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        // SAFETY: the caller's promise.
        let (header, payload) = unsafe {
            let header = if header.is_null() { &[] } else { part(env, header, 0, header_size)? };
            (header, part(env, payload, payload_offset, payload_size)?)
        };
        live.push_encoded_video(&EncodedPicture {
            is_annex_b: pick(&[false, true], layout.cast_unsigned(), "layout")?,
            header,
            payload,
            pts_us,
            dts_us,
            is_key: is_key != 0,
        })?;
        Ok(ONAIR_OK)
    })
}

/// One AAC frame or Opus packet. `header` may be null.
///
/// # Safety
/// Called by Java; the buffers are null or of `java.nio.ByteBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Frames_pushEncodedAudio(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    header: jobject,
    header_size: jint,
    payload: jobject,
    payload_offset: jint,
    payload_size: jint,
    pts_us: jlong,
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        // SAFETY: the caller's promise.
        let (header, payload) = unsafe {
            let header = if header.is_null() { &[] } else { part(env, header, 0, header_size)? };
            (header, part(env, payload, payload_offset, payload_size)?)
        };
        live.push_encoded_audio(header, payload, pts_us)?;
        Ok(ONAIR_OK)
    })
}

/// What was wrong with this thread's last call that failed, and behind a line break what to do.
///
/// # Safety
/// Called by Java.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Frames_lastError(
    env: *mut JNIEnv,
    _class: jobject,
) -> jstring {
    let text = text::last().map_or_else(String::new, |e| format!("{}\n{}", e.reason(), e.advice()));
    // Java's own UTF-8 differs from everybody's beyond the basic plane and at zero.
    let plain: String = text.chars().filter(|c| *c != '\0' && *c <= '\u{FFFF}').collect();
    let text = CString::new(plain).unwrap_or_default();
    // SAFETY: Java's own environment in Java's own thread, and a text that ends with NUL.
    unsafe { ((**env).v1_1.NewStringUTF)(env, text.as_ptr()) }
}

/// All of a direct buffer from `offset` on.
///
/// # Safety
/// `env` is Java's, `buffer` is null or of `java.nio.ByteBuffer`; nobody changes it meanwhile.
unsafe fn from<'a>(env: *mut JNIEnv, buffer: jobject, offset: jint) -> Result<&'a [u8], LiveError> {
    // SAFETY: the caller's promise, and Java says that so many bytes are there.
    let bytes: &[u8] = unsafe {
        let (address, capacity) = memory(env, buffer)?;
        std::slice::from_raw_parts(address, capacity)
    };
    let capacity = bytes.len();
    let offset = count(offset, "offset")?;
    bytes.get(offset..).ok_or_else(|| {
        LiveError::argument(format!("offset {offset} is beyond the buffer's {capacity} bytes"))
    })
}

/// Where a direct buffer's memory is, and how much of it.
///
/// # Safety
/// `env` is Java's, `buffer` is null or of `java.nio.ByteBuffer`.
unsafe fn memory(env: *mut JNIEnv, buffer: jobject) -> Result<(*mut u8, usize), LiveError> {
    if buffer.is_null() {
        return Err(LiveError::argument("a buffer is null"));
    }
    // SAFETY: the caller's promise.
    let (address, capacity) = unsafe {
        let functions = &(**env).v1_4;
        let address = (functions.GetDirectBufferAddress)(env, buffer);
        (address, (functions.GetDirectBufferCapacity)(env, buffer))
    };
    if address.is_null() {
        return Err(LiveError::argument("a buffer is not direct; use ByteBuffer.allocateDirect"));
    }
    Ok((address.cast::<u8>(), usize::try_from(capacity).unwrap_or(0)))
}

/// `size` bytes of a direct buffer.
///
/// # Safety
/// As [`from`].
unsafe fn part<'a>(
    env: *mut JNIEnv,
    buffer: jobject,
    offset: jint,
    size: jint,
) -> Result<&'a [u8], LiveError> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { from(env, buffer, offset) }?;
    let size = count(size, "size")?;
    bytes.get(..size).ok_or_else(|| {
        let reason = format!("{size} bytes are more than the {} in the buffer", bytes.len());
        LiveError::argument(reason)
    })
}

/// Samples in a direct buffer.
///
/// # Safety
/// As [`from`]; any bytes are a `T`.
unsafe fn samples<'a, T>(
    env: *mut JNIEnv,
    buffer: jobject,
    offset: jint,
    size_bytes: jint,
) -> Result<&'a [T], LiveError> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { part(env, buffer, offset, size_bytes) }?;
    // SAFETY: any bytes are a sample.
    let (before, samples, behind) = unsafe { bytes.align_to::<T>() };
    if !before.is_empty() || !behind.is_empty() {
        return Err(LiveError::argument("samples begin and end at multiples of their size"));
    }
    Ok(samples)
}

/// Gives `take` a picture of one plane.
fn packed(
    pixels: jint,
    data: &[u8],
    stride: jint,
    (width, height): (jint, jint),
    take: impl FnOnce(FrameView<'_>) -> Result<(), LiveError>,
) -> Result<(), LiveError> {
    let format = pick(&FORMATS, pixels.cast_unsigned(), "pixels")?;
    let plane = Plane { data, stride_bytes: count(stride, "stride")? };
    let frame = FrameView::new(format, side(width)?, side(height)?, &[plane]);
    take(frame.map_err(PushError::from)?)
}

/// Gives `take` a picture of three planes; `strides` are luma's, chroma's, and chroma's from pixel to
/// pixel.
fn camera(
    [y, u, v]: [&[u8]; 3],
    strides: [jint; 3],
    (width, height): (jint, jint),
    take: impl FnOnce(FrameView<'_>) -> Result<(), LiveError>,
) -> Result<(), LiveError> {
    let luma = Plane { data: y, stride_bytes: count(strides[0], "stride")? };
    let stride_bytes = count(strides[1], "stride")?;
    let chroma = |data| Plane { data, stride_bytes };
    let (width, height) = (side(width)?, side(height)?);
    let frame = match strides[2] {
        1 => FrameView::new(PixelFormat::I420, width, height, &[luma, chroma(u), chroma(v)]),
        2 => {
            // The one that begins a byte earlier holds both.
            let (format, first) = match (u.as_ptr().addr(), v.as_ptr().addr()) {
                (u_at, v_at) if v_at == u_at.wrapping_add(1) => (PixelFormat::Nv12, u),
                (u_at, v_at) if u_at == v_at.wrapping_add(1) => (PixelFormat::Nv21, v),
                _ => {
                    let reason = "u and v alternate, but do not lie beside each other";
                    return Err(LiveError::argument(reason));
                }
            };
            FrameView::new(format, width, height, &[luma, chroma(first)])
        }
        other => {
            let reason = format!("the chroma's pixel stride is {other}; use 1 or 2");
            return Err(LiveError::argument(reason));
        }
    };
    take(frame.map_err(PushError::from)?)
}

fn pcm(samples: &[i16], sample_rate_hz: jint, channels: jint) -> Pcm<'_> {
    let sample_rate_hz = u32::try_from(sample_rate_hz).unwrap_or(0);
    Pcm { samples, sample_rate_hz, channels: u8::try_from(channels).unwrap_or(0) }
}

fn count(number: jint, name: &str) -> Result<usize, LiveError> {
    usize::try_from(number).map_err(|_| LiveError::argument(format!("{name} is {number}")))
}

fn side(number: jint) -> Result<u32, LiveError> {
    u32::try_from(number).map_err(|_| LiveError::argument(format!("a side of {number} pixels")))
}
