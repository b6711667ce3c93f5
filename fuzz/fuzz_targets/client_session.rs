//! libFuzzer on `onair_fuzzed`'s `client_session`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("client_session", bytes));
