//! S16: every place that is not safe by the language, listed, so that another one is seen in review. P15: arithmetic
//! that overflows is a fault, in tests and in fuzzing.

use onair_house::{assert_none, source, tree};

/// The files with `unsafe`, how many of its blocks, functions and impls each has, and what for.
const UNSAFE: [(&str, usize, &str); 39] = [
    ("core/engine/tests/no_alloc.rs", 7, "counts allocations"),
    ("core/engine/tests/wire_allocations.rs", 7, "counts allocations"),
    ("core/media/src/fdk_aac.rs", 15, "calls a C library"),
    ("core/media/src/openh264.rs", 31, "calls a C library"),
    ("core/media/src/simd/avx2.rs", 20, "the processor's own instructions"),
    ("core/media/src/simd/avx512.rs", 21, "the processor's own instructions"),
    ("core/media/src/simd/neon.rs", 20, "the processor's own instructions"),
    ("core/media/tests/allocations.rs", 7, "counts allocations"),
    ("core/session/src/clock.rs", 1, "asks the system for the time asleep"),
    ("core/session/src/net/sockopt.rs", 3, "asks the system about a socket"),
    ("core/session/src/net/timer/linux.rs", 4, "asks the system to wake us"),
    ("core/session/tests/support/counting.rs", 7, "counts allocations"),
    ("ffi/src/c/assets.rs", 13, "is called from C"),
    ("ffi/src/c/config.rs", 14, "is called from C"),
    ("ffi/src/c/cue.rs", 5, "is called from C"),
    ("ffi/src/c/easel.rs", 22, "is called from C"),
    ("ffi/src/c/event.rs", 6, "is called from C"),
    ("ffi/src/c/look.rs", 18, "is called from C"),
    ("ffi/src/c/mod.rs", 12, "is called from C"),
    ("ffi/src/c/push.rs", 18, "is called from C"),
    ("ffi/src/c/recording.rs", 15, "is called from C"),
    ("ffi/src/c/rehearsal.rs", 3, "is called from C"),
    ("ffi/src/c/room.rs", 29, "is called from C"),
    ("ffi/src/c/room_event.rs", 4, "is called from C"),
    ("ffi/src/c/room_rehearsal.rs", 7, "is called from C"),
    ("ffi/src/c/session.rs", 10, "is called from C"),
    ("ffi/src/c/sound.rs", 11, "is called from C"),
    ("ffi/src/c/text.rs", 6, "is called from C"),
    ("ffi/src/jni.rs", 25, "is called from Java"),
    ("ffi/src/jni/easel.rs", 14, "is called from Java"),
    ("ffi/src/jni/look.rs", 6, "is called from Java"),
    ("ffi/tests/border.rs", 16, "counts allocations, and calls what C and Java call"),
    ("ffi/tests/conformance/looks.rs", 2, "calls what Swift and Kotlin call"),
    ("ffi/tests/conformance/native.rs", 3, "calls what Swift and Kotlin call"),
    ("ffi/tests/conformance/rooms.rs", 4, "calls what Swift and Kotlin call"),
    ("ffi/tests/memory.rs", 1, "calls what Swift and Kotlin call"),
    ("server/src/rooms/line/open.rs", 1, "watches a socket that lies elsewhere"),
    ("tests/fuzzed/src/heap.rs", 7, "counts allocations"),
    ("tests/link/src/sys.rs", 18, "makes network devices"),
];

#[test]
fn s16_what_is_unsafe_is_listed() {
    let mut breaches = Vec::new();
    for source in source::all() {
        let starts = ["{", "impl", "fn", "extern", "trait"].map(|next| format!("unsafe {next}"));
        let count: usize = starts.iter().map(|words| source.reads(words).count()).sum();
        let listed = UNSAFE.iter().find(|(path, _, _)| *path == source.path);
        let listed = listed.map_or(0, |(_, count, _)| *count);
        if count != listed {
            breaches.push(format!("{} has {count}, and {listed} are listed", source.path));
        }
    }
    let is_gone = |path: &str| !tree::root().join(path).exists();
    breaches
        .extend(UNSAFE.iter().filter(|(path, _, _)| is_gone(path)).map(|(p, _, _)| p.to_string()));
    assert_none(
        "Do it without unsafe, or change the list in this test and say what for:",
        &breaches,
    );
}

#[test]
fn p15_arithmetic_that_overflows_is_a_fault_in_tests_and_in_fuzzing() {
    let read = |path: &str| std::fs::read_to_string(tree::root().join(path)).expect("a manifest");
    let off = ["overflow-checks = false", "debug-assertions = false"];
    let manifest = read("Cargo.toml");
    assert!(!off.iter().any(|line| manifest.contains(line)), "the profile of tests checks it");
    let fuzz = read("fuzz/Cargo.toml");
    let release = fuzz.split("[profile.release]").nth(1).expect("a profile of its own");
    assert!(release.contains("overflow-checks = true"), "optimised code is fuzzed with checks");
}
