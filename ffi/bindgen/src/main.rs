//! Writes the bindings: `onair-bindgen header FFI_CRATE OUT.h` makes the C header, anything else is
//! UniFFI's own command line, in the version that the library was built with. A crate of its own,
//! so that the library does not wait for generators; `scripts/bindgen` runs it.

#![forbid(unsafe_code)]

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    match arguments.as_slice() {
        [word, ffi, out] if word.as_os_str() == "header" => header(ffi, out),
        _ => {
            uniffi::uniffi_bindgen_main();
            ExitCode::SUCCESS
        }
    }
}

fn header(ffi: &PathBuf, out: &PathBuf) -> ExitCode {
    let config = match cbindgen::Config::from_root_or_default(ffi) {
        config if config.include_guard.is_some() => config,
        _ => {
            eprintln!("{}: no cbindgen.toml there", ffi.display());
            return ExitCode::FAILURE;
        }
    };
    // Its modules are found from there.
    let builder = cbindgen::Builder::new().with_config(config).with_src(ffi.join("src/c/mod.rs"));
    match builder.generate() {
        Ok(bindings) => {
            bindings.write_to_file(out);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("make {}: {error}", out.display());
            ExitCode::FAILURE
        }
    }
}
