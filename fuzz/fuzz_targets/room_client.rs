//! libFuzzer on `onair_fuzzed`'s `room_client`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("room_client", bytes));
