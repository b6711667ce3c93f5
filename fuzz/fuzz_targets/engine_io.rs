//! libFuzzer on `onair_fuzzed`'s `engine_io`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("engine_io", bytes));
