//! libFuzzer on `onair_fuzzed`'s `font`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("font", bytes));
