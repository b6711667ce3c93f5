//! The committed bindings are those of the library in this very build.

use std::path::Path;
use std::process::Command;

// Nothing of it is called: the dependency is what makes cargo build the library.
use onair_ffi as _;

#[test]
fn committed_files_are_what_the_sources_make() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Cargo puts libraries that a test needs beside the test.
    let test = std::env::current_exe().expect("a test has a path");
    let name = format!("{}onair_ffi{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let made = Command::new(folder.join("scripts/bindgen"))
        .arg("--check")
        .env("ONAIR_BUILT_LIBRARY", test.with_file_name(name))
        .env("ONAIR_BUILT_BINDGEN", env!("CARGO_BIN_EXE_onair-bindgen"))
        .output()
        .expect("scripts/bindgen runs");
    let said = [made.stdout, made.stderr].concat();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&said));
}
