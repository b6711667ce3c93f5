//! The C ABI as C programs use it: compiled by the machine's compiler against `include/onair.h`, linked with the library,
//! run plain, under AddressSanitizer and under valgrind.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{ffmpeg, free_port, process};
use tempfile::TempDir;

/// Builds one of our C programs; the folder lives as long as it is needed.
fn build(source: &str, flags: &[&str]) -> (TempDir, PathBuf) {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let program = folder.path().join("program");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"])
        .args(flags)
        .arg(crate_folder.join(source))
        .arg("-I")
        .arg(crate_folder.join("include"))
        .arg("-L")
        .arg(library_folder())
        .arg(format!("-Wl,-rpath,{}", library_folder().display()))
        .args(["-lonair_ffi", "-lm", "-o"])
        .arg(&program);
    process::run(&mut compiler, MINUTE).expect_code(0);
    (folder, program)
}

/// Where cargo puts `libonair_ffi.so` for this test: beside it.
fn library_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.parent().expect("target/debug/deps").to_owned()
}

fn run<S: AsRef<OsStr>>(program: &Path, arguments: &[S]) {
    process::run(Command::new(program).args(arguments), MINUTE).expect_code(0);
}

#[test]
fn the_example_streams_to_nginx_and_ffmpeg_decodes_it() {
    if are_missing(&[Tool::Compiler, Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let (_folder, program) = build("examples/push.c", &[]);
    let nginx = Nginx::start();
    let url = nginx.url("live", "from-c");
    let pushed = process::run(Command::new(&program).args([url.as_str(), "5"]), MINUTE);
    let output = pushed.expect_code(0).output();
    for state in ["state 1", "state 2", "state 3"] {
        assert!(output.contains(state), "no {state:?} in {output}");
    }
    let file = nginx.recording("from-c");
    let file = file.to_str().expect("a path of letters");
    ffmpeg::decode(file);
    let frames = ffmpeg::packets(Path::new(file), "v").len();
    assert!(
        output.contains(&format!("{frames} pictures")),
        "{frames} pictures, and it says {output}"
    );
    assert!(frames >= 120, "{frames} pictures of 5 s at 30 a second");
}

#[test]
fn what_is_wrong_gets_an_error() {
    if are_missing(&[Tool::Compiler]) {
        return;
    }
    let (_folder, program) = build("tests/c/misuse.c", &[]);
    run::<&str>(&program, &[]);
}

#[test]
fn what_is_wrong_touches_no_memory_by_address_sanitizer() {
    if are_missing(&[Tool::Compiler]) {
        return;
    }
    let (_folder, program) = build("tests/c/misuse.c", &["-fsanitize=address,undefined"]);
    run::<&str>(&program, &[]);
}

#[test]
fn what_is_wrong_touches_no_memory_by_valgrind() {
    if are_missing(&[Tool::Compiler, Tool::Valgrind]) {
        return;
    }
    let (_folder, program) = build("tests/c/misuse.c", &[]);
    let program = program.to_str().expect("a path of letters");
    let checks =
        ["--quiet", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"];
    run(Path::new("valgrind"), &[&checks[..], &[program]].concat());
}

#[test]
fn a_storm_of_calls_ends_with_documented_statuses() {
    if are_missing(&[Tool::Compiler]) {
        return;
    }
    let (_folder, program) = build("tests/c/storm.c", &["-fsanitize=address,undefined"]);
    for (seed, source) in [("1", "raw"), ("2", "raw"), ("3", "encoded"), ("4", "encoded")] {
        run(&program, &[free_port().to_string().as_str(), seed, source]);
    }
}

const MINUTE: Duration = Duration::from_secs(60);
