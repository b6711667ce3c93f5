//! libFuzzer on `onair_fuzzed`'s `server_session`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("server_session", bytes));
