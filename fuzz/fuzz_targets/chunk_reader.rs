//! libFuzzer on `onair_fuzzed`'s `chunk_reader`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("chunk_reader", bytes));
