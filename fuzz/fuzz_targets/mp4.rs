//! libFuzzer on `onair_fuzzed`'s `mp4`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("mp4", bytes));
