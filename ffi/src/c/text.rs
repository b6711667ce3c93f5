//! Texts for C: the last error of a thread, and what to do about it.
#![expect(unsafe_code, reason = "C passes pointers")]

use std::cell::RefCell;
use std::ffi::c_char;

use crate::LiveError;

thread_local! {
    static LAST: RefCell<Option<LiveError>> = const { RefCell::new(None) };
}

/// What [`onair_last_error`] will say in this thread.
pub(crate) fn keep(error: LiveError) {
    // A thread that ends has nobody left to ask.
    let _ = LAST.try_with(|last| last.replace(Some(error)));
}

/// The last error of this thread.
pub(crate) fn last() -> Option<LiveError> {
    LAST.try_with(|last| last.borrow().clone()).ok().flatten()
}

/// What was wrong with the last call of this thread that failed, as NUL-terminated UTF-8, cut to
/// `capacity` bytes. Returns the bytes that the whole text needs, with its NUL; 1 for an empty one.
///
/// # Safety
/// `buffer` is NULL or has room for `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_last_error(buffer: *mut c_char, capacity: usize) -> usize {
    let last = last();
    // SAFETY: the caller's promise.
    unsafe { write(last.as_ref().map_or("", LiveError::reason), buffer, capacity) }
}

/// What to do about that error, in the same way.
///
/// # Safety
/// `buffer` is NULL or has room for `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onair_last_advice(buffer: *mut c_char, capacity: usize) -> usize {
    let last = last();
    // SAFETY: the caller's promise.
    unsafe { write(last.as_ref().map_or("", LiveError::advice), buffer, capacity) }
}

/// # Safety
/// `buffer` is null or has room for `capacity` bytes.
pub(crate) unsafe fn write(text: &str, buffer: *mut c_char, capacity: usize) -> usize {
    if !buffer.is_null() && capacity > 0 {
        // SAFETY: `capacity` bytes are there by the caller's promise, and bytes need no alignment.
        let target = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), capacity) };
        fit(text, target);
    }
    text.len() + 1
}

/// As much of `text` as fits with a NUL, cut between characters; zeros behind it.
pub(crate) fn fit(text: &str, target: &mut [u8]) {
    let Some(room) = target.len().checked_sub(1) else { return };
    let end = text.floor_char_boundary(room);
    target.fill(0);
    target[..end].copy_from_slice(&text.as_bytes()[..end]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_does_not_fit_is_cut_between_characters() {
        let mut target = [7; 6];
        fit("abcdé", &mut target);
        assert_eq!(&target, b"abcd\0\0");
        fit("ab", &mut target);
        assert_eq!(&target, b"ab\0\0\0\0");
        fit("ab", &mut []);
    }
}
