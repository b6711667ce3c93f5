//! libFuzzer on `onair_fuzzed`'s `url`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("url", bytes));
