//! What the wire allocates, counted: nothing for a frame on its way out, and little for bytes that
//! claim much on their way in.

#![expect(unsafe_code, reason = "a global allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::IoSlice;

use onair_engine::amf0;
use onair_engine::flv::{AAC_RAW_PREFIX, TagType, video_prefix};
use onair_engine::rtmp::chunk_writer::Outgoing;
use onair_engine::rtmp::command::CommandWriter;
use onair_engine::rtmp::{ChunkReader, Limits};
use onair_types::{Payload, Pool};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static LIVE_BYTES: Cell<isize> = const { Cell::new(0) };
    static PEAK_BYTES: Cell<isize> = const { Cell::new(0) };
}

/// Counts per thread, so that tests do not see each other.
struct Counting;

fn note(count: usize, bytes: isize) {
    COUNT.set(COUNT.get() + count);
    LIVE_BYTES.set(LIVE_BYTES.get() + bytes);
    PEAK_BYTES.set(PEAK_BYTES.get().max(LIVE_BYTES.get()));
}

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        note(0, -(layout.size() as isize));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(1, size as isize - layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations `work` makes, and how far the heap rises above where it began.
fn measured(work: impl FnOnce()) -> (usize, isize) {
    let (count, before) = (COUNT.get(), LIVE_BYTES.get());
    PEAK_BYTES.set(before);
    work();
    (COUNT.get() - count, PEAK_BYTES.get() - before)
}

/// One second of sound and picture through the queue and the socket's hands.
fn send_a_second(out: &mut Outgoing, pool: &mut Pool, second: u32) {
    for frame in 0..30 {
        let time = second * 1_000 + frame * 33;
        let size = if frame == 0 { 60_000 } else { 5_000 };
        let picture = filled(pool, size);
        out.push_media(TagType::Video, 1, time, &video_prefix(frame == 0, 0), &picture)
            .expect("a small body");
        let sound = filled(pool, 400);
        out.push_media(TagType::Audio, 1, time, &AAC_RAW_PREFIX, &sound).expect("a small body");
        drop((picture, sound));
        while !out.is_empty() {
            let mut slices = [IoSlice::new(&[]); 16];
            let count = out.io_slices(&mut slices);
            let bytes: usize = slices[..count].iter().map(|slice| slice.len()).sum();
            out.advance(bytes.min(3_000));
        }
    }
}

fn filled(pool: &mut Pool, size: usize) -> Payload {
    let filled = pool.fill(|buffer| {
        buffer.resize(size, 7);
        Ok::<(), std::convert::Infallible>(())
    });
    filled.unwrap_or_else(|never| match never {})
}

#[test]
fn a_frame_from_pool_to_socket_allocates_nothing_after_warm_up() {
    for chunk_bytes in [128, 4_096, 65_536] {
        let mut out = Outgoing::new();
        CommandWriter::new().set_chunk_size(chunk_bytes, &mut out);
        let mut pool = Pool::new(8);
        (0..2).for_each(|second| send_a_second(&mut out, &mut pool, second));
        let (count, _) = measured(|| {
            // Past the extended time stamp too.
            (2..30).chain(16_770..16_790).for_each(|s| send_a_second(&mut out, &mut pool, s));
        });
        assert_eq!(count, 0, "chunks of {chunk_bytes}");
    }
}

#[test]
fn p01_no_chunk_size_is_allocated() {
    let mut bytes = vec![2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF];
    bytes.extend_from_slice(&[4, 0, 0, 0, 0x3F, 0xFF, 0xFF, 8, 1, 0, 0, 0, 1, 2, 3]);
    let mut reader = ChunkReader::new(Limits::SERVER);
    let (_, peak) = measured(|| reader.push(&bytes, &mut drop).expect("legal"));
    assert!(peak <= 64 << 10, "{peak} bytes");
}

#[test]
fn p02_lengths_on_64_chunk_streams_take_less_than_a_mebibyte() {
    let limits = Limits { message_bytes: 0xFF_FFFF, ..Limits::SERVER };
    let mut reader = ChunkReader::new(limits);
    let (_, peak) = measured(|| {
        for csid in 0..64 {
            let header = [0, csid, 0, 0, 0, 0xFF, 0xFF, 0xFF, 9, 1, 0, 0, 0];
            reader.push(&header, &mut drop).expect("legal");
            reader.push(&[7; 128], &mut drop).expect("legal");
        }
    });
    assert!(peak <= 1 << 20, "{peak} bytes");
}

#[test]
fn p05_no_amf0_takes_more_than_256_kib() {
    let long_string = |fill: u8| [&[0x0C, 0, 1, 0, 0][..], &vec![fill; 65_536]].concat();
    let array_of = |element: &[u8], count: usize| {
        [&[0x0A, 0xFF, 0xFF, 0xFF, 0xFF][..], &element.repeat(count)].concat()
    };
    for bytes in [
        vec![0x0A, 0xFF, 0xFF, 0xFF, 0xFF],
        long_string(b'x').repeat(100),
        long_string(0xFF).repeat(100),
        array_of(&[0x05], 100_000),
        array_of(&[0x03, 0, 1, b'k', 0x05, 0, 0, 9], 100_000),
        array_of(&[0x0A, 0, 0, 0, 1, 0x05], 100_000),
        array_of(&[0x02, 0, 1, b'x'], 100_000),
        [0x0A, 0, 0, 0, 1].repeat(100_000),
    ] {
        let (_, peak) = measured(|| drop(amf0::read_all(&bytes)));
        assert!(peak <= 256 << 10, "{peak} bytes for {:02x?}", &bytes[..5]);
    }
}
