//! libFuzzer on `onair_fuzzed`'s `socket_io`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("socket_io", bytes));
