//! Pictures for overlays from Kotlin and Java, and previews to them.
#![expect(unsafe_code, reason = "Java passes pointers")]

use jni_sys::{JNIEnv, jint, jlong, jobject, jstring};
use onair::PixelFormat;

use super::{from, packed};
use crate::LiveError;
use crate::c::push::FORMATS;
use crate::c::{ONAIR_OK, config::pick, guarded};
use crate::handles;

/// What the overlay `name` shows from the next picture on: one plane, R G B A or B G R A.
///
/// # Safety
/// Called by Java; the name is null or a string, the buffer null or of `java.nio.ByteBuffer`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Pictures_pushOverlay(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    name: jstring,
    pixels: jint,
    data: jobject,
    offset: jint,
    stride: jint,
    width: jint,
    height: jint,
) -> jint {
    guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        // SAFETY: the caller's promise.
        let (name, data) = unsafe { (text(env, name)?, from(env, data, offset)?) };
        packed(pixels, data, stride, (width, height), |frame| live.push_overlay(&name, frame))?;
        Ok(ONAIR_OK)
    })
}

/// Writes the newest preview into all of a direct buffer: `pixels` is ONAIR_PIXELS_I420, _RGBA or
/// _BGRA. Its width × 65,536 + its height; 0 when there is none since the last call; an error's code
/// below zero.
///
/// # Safety
/// Called by Java; the buffer is null or of `java.nio.ByteBuffer`, and nobody else uses it meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_onair_ffi_Pictures_fetchPreview(
    env: *mut JNIEnv,
    _class: jobject,
    session: jlong,
    pixels: jint,
    buffer: jobject,
) -> jint {
    let mut size = 0;
    let status = guarded(|| {
        let live = handles::session(session.cast_unsigned())?;
        let format: PixelFormat = pick(&FORMATS, pixels.cast_unsigned(), "pixels")?;
        // SAFETY: the caller's promise: the memory is the buffer's, and nobody else's meanwhile.
        let room = unsafe {
            let (start, capacity) = super::memory(env, buffer)?;
            std::slice::from_raw_parts_mut(start, capacity)
        };
        if let Some([width, height]) = live.fetch_preview(format, room)? {
            size = (width << 16 | height).cast_signed();
        }
        Ok(ONAIR_OK)
    });
    if status == ONAIR_OK { size } else { -status }
}

/// A string of Java's.
///
/// # Safety
/// `env` is Java's, `string` is null or a string of its.
unsafe fn text(env: *mut JNIEnv, string: jstring) -> Result<String, LiveError> {
    if string.is_null() {
        return Err(LiveError::argument("a text is null"));
    }
    // SAFETY: the caller's promise; the room is as long as Java says that the text is.
    let units = unsafe {
        let functions = &(**env).v1_2;
        let length = (functions.GetStringLength)(env, string);
        let mut units = vec![0; usize::try_from(length).unwrap_or(0)];
        (functions.GetStringRegion)(env, string, 0, length, units.as_mut_ptr());
        units
    };
    Ok(String::from_utf16_lossy(&units))
}
