//! libFuzzer on `onair_fuzzed`'s `amf0`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("amf0", bytes));
