//! How much heap a piece of code holds at most: promises of bounds are about that, not about what
//! the code says of itself. Counts this thread only.

#![expect(unsafe_code, reason = "counts what the global allocator is asked for")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static LIVE_BYTES: Cell<isize> = const { Cell::new(0) };
    static PEAK_BYTES: Cell<isize> = const { Cell::new(0) };
}

/// Runs `run`; what it gives, and how many bytes more than before it held at its worst moment.
pub(crate) fn peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE_BYTES.get();
    PEAK_BYTES.set(before);
    let result = run();
    (result, PEAK_BYTES.get().saturating_sub(before).unsigned_abs())
}

/// Asserts that `run` holds at most `limit` bytes.
#[track_caller]
pub(crate) fn within<T>(limit: usize, run: impl FnOnce() -> T) -> T {
    let (result, peak) = peak(run);
    assert!(peak <= limit, "{peak} bytes of heap, and {limit} are promised");
    result
}

fn count(change: isize) {
    // A thread that ends frees after its counters are gone.
    let _ = LIVE_BYTES.try_with(|live| {
        let now = live.get() + change;
        live.set(now);
        let _ = PEAK_BYTES.try_with(|peak| peak.set(peak.get().max(now)));
    });
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(new_size as isize - layout.size() as isize);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}
