//! libFuzzer on `onair_fuzzed`'s `image`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("image", bytes));
