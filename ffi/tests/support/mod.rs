//! How a C program against `include/onair.h` is compiled, linked with the library and run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use onair_e2e::process::{self, Ended};
use tempfile::TempDir;

/// A built program; its folder lives as long as it is needed.
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

/// Builds the C file `source`, with `flags` beside the ones that all take.
pub(crate) fn build(source: &Path, flags: &[&str]) -> Program {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("program");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"])
        .args(flags)
        .arg(source)
        .arg("-I")
        .arg(include)
        .arg("-L")
        .arg(library_folder())
        .arg(format!("-Wl,-rpath,{}", library_folder().display()))
        .args(["-lonair_ffi", "-lm", "-o"])
        .arg(&path);
    process::run(&mut compiler, MINUTE).expect_code(0);
    Program { path, _folder: folder }
}

/// Runs it to a good end.
pub(crate) fn run(program: &mut Command) -> Ended {
    let ended = process::run(program, MINUTE);
    ended.expect_code(0);
    ended
}

/// Where cargo puts `libonair_ffi.so` for a test: beside it.
fn library_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.parent().expect("target/debug/deps").to_owned()
}

const MINUTE: Duration = Duration::from_secs(60);
