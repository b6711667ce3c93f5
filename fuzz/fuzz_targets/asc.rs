//! libFuzzer on `onair_fuzzed`'s `asc`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("asc", bytes));
