//! libFuzzer on `onair_fuzzed`'s `websocket`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("websocket", bytes));
