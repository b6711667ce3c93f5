//! The C ABI, `include/onair.h`: sessions and rooms by number, frames by pointer.
//!
//! Every function returns a status: 0, or the code of an error whose text
//! [`text::onair_last_error`] has in the same thread. A wrong number, a null pointer, a freed
//! session or a panic is an error, never undefined behaviour; a pointer that is not null must be
//! what its documentation says.
#![expect(unsafe_code, reason = "C passes pointers")]
#![expect(non_camel_case_types, reason = "C's names")]

pub mod assets;
pub mod config;
pub mod cue;
pub mod easel;
pub mod event;
pub mod look;
pub mod push;
pub mod recording;
#[cfg(feature = "rehearsal")]
pub mod rehearsal;
pub mod room;
pub mod room_event;
#[cfg(feature = "rehearsal")]
pub mod room_rehearsal;
pub mod session;
pub mod sound;
pub mod text;

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::LiveError;

/// The version of this header: a program that was compiled against another one must not go on.
pub const ONAIR_ABI_VERSION: u32 = 1;

/// 0, or an error's code; see LiveError.
pub type onair_status = i32;
/// Everything went well.
pub const ONAIR_OK: i32 = 0;
/// No event came in time, or none will follow.
pub const ONAIR_NO_EVENT: i32 = 1;

/// The version that the library was built with: compare it with ONAIR_ABI_VERSION.
#[unsafe(no_mangle)]
pub extern "C" fn onair_abi_version() -> u32 {
    ONAIR_ABI_VERSION
}

/// Runs `body` and turns what it returns, or its panic, into a status.
pub(crate) fn guarded(body: impl FnOnce() -> Result<onair_status, LiveError>) -> onair_status {
    let ended = catch_unwind(AssertUnwindSafe(body));
    match ended.unwrap_or_else(|_| Err(LiveError::panicked())) {
        Ok(status) => status,
        Err(error) => {
            let status = error.code().into();
            text::keep(error);
            status
        }
    }
}

/// What a pointer points to.
///
/// # Safety
/// `pointer` is null or points to a `T` that nobody changes meanwhile.
pub(crate) unsafe fn read<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, LiveError> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or_else(|| LiveError::argument(format!("{name} is NULL")))
}

/// Where a result goes.
///
/// # Safety
/// `pointer` is null or points to a `T` that nobody else uses meanwhile.
pub(crate) unsafe fn place<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T, LiveError> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_mut() }.ok_or_else(|| LiveError::argument(format!("{name} is NULL")))
}

/// The bytes at `pointer`; none when `size` is 0.
///
/// # Safety
/// `pointer` is null or points to `size` values that nobody changes meanwhile.
pub(crate) unsafe fn slice<'a, T>(
    pointer: *const T,
    size: usize,
    name: &str,
) -> Result<&'a [T], LiveError> {
    if size == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(LiveError::argument(format!("{name} is NULL")));
    }
    if !pointer.is_aligned()
        || size.checked_mul(size_of::<T>()).is_none_or(|n| n > isize::MAX as usize)
    {
        return Err(LiveError::argument(format!(
            "{name} is not aligned, or its size is too large"
        )));
    }
    // SAFETY: not null, aligned, not too large; the rest is the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(pointer, size) })
}

/// Room for `size` bytes at `pointer`; none when `size` is 0.
///
/// # Safety
/// `pointer` is null or points to `size` bytes that nobody else uses meanwhile, written before or not.
pub(crate) unsafe fn slice_mut<'a>(
    pointer: *mut u8,
    size: usize,
    name: &str,
) -> Result<&'a mut [u8], LiveError> {
    if size == 0 {
        return Ok(&mut []);
    }
    if pointer.is_null() || size > isize::MAX as usize {
        return Err(LiveError::argument(format!("{name} is NULL, or its size is too large")));
    }
    // SAFETY: not null, not too large, and bytes need no alignment; the rest is the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointer, size) })
}

/// The text at `pointer`.
///
/// # Safety
/// `pointer` is null or points to a text that ends with NUL and that nobody changes meanwhile.
pub(crate) unsafe fn text_at<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<Option<&'a str>, LiveError> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(Some).map_err(|_| LiveError::argument(format!("{name} is not UTF-8")))
}

/// As [`text_at`], and there must be one.
///
/// # Safety
/// As [`text_at`].
pub(crate) unsafe fn some_text<'a>(
    pointer: *const c_char,
    name: &str,
) -> Result<&'a str, LiveError> {
    // SAFETY: the caller's promise.
    let text = unsafe { text_at(pointer, name) }?;
    text.ok_or_else(|| LiveError::argument(format!("{name} is NULL")))
}
