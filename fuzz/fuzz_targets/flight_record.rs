//! libFuzzer on `onair_fuzzed`'s `flight_record`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| onair_fuzzed::run("flight_record", bytes));
