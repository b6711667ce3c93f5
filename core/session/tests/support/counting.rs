//! An allocator that counts for all threads but those that do not want to be counted. A test file
//! makes it its `#[global_allocator]`.

#![expect(unsafe_code, reason = "counts what the global allocator is asked for")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

pub(crate) struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE_BYTES: AtomicI64 = AtomicI64::new(0);
static PEAK_BYTES: AtomicI64 = AtomicI64::new(0);
static REFUSED_FROM: AtomicUsize = AtomicUsize::new(usize::MAX);

thread_local! {
    static IS_COUNTED: Cell<bool> = const { Cell::new(true) };
}

/// Allocations so far.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.load(Ordering::Relaxed)
}

/// Bytes that are allocated now.
pub(crate) fn live_bytes() -> i64 {
    LIVE_BYTES.load(Ordering::Relaxed)
}

/// The most there were since the last call.
pub(crate) fn take_peak_bytes() -> i64 {
    PEAK_BYTES.swap(live_bytes(), Ordering::Relaxed)
}

/// From now on there is no memory for pieces of so many bytes and more.
pub(crate) fn refuse_from(bytes: usize) {
    REFUSED_FROM.store(bytes, Ordering::Release);
}

fn is_refused(bytes: usize) -> bool {
    bytes >= REFUSED_FROM.load(Ordering::Acquire) && IS_COUNTED.try_with(Cell::get) == Ok(true)
}

/// What this thread does counts no more.
pub(crate) fn leave_out_this_thread() {
    IS_COUNTED.set(false);
}

fn count(allocations: u64, more: usize, less: usize) {
    if IS_COUNTED.try_with(Cell::get).unwrap_or(false) {
        ALLOCATIONS.fetch_add(allocations, Ordering::Relaxed);
        let change = more as i64 - less as i64;
        let live = LIVE_BYTES.fetch_add(change, Ordering::Relaxed) + change;
        PEAK_BYTES.fetch_max(live, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator unchanged, or is answered with null, which is
// what an allocator without memory says.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_refused(layout.size()) {
            return null_mut();
        }
        count(1, layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, 0, layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if is_refused(new_size) {
            return null_mut();
        }
        count(1, new_size, layout.size());
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}
