//! The C ABI as C programs use it: compiled by the machine's compiler against `include/onair.h`, linked with the library,
//! run plain, under AddressSanitizer and under valgrind.

mod support;

use std::path::Path;
use std::process::Command;

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{ffmpeg, free_port};

use support::{Program, build, run};

const VALGRIND: [&str; 4] =
    ["--quiet", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"];

/// One of our C programs.
fn built(source: &str, flags: &[&str]) -> Program {
    build(&Path::new(env!("CARGO_MANIFEST_DIR")).join(source), flags)
}

#[test]
fn the_example_streams_to_nginx_and_ffmpeg_decodes_it() {
    if are_missing(&[Tool::Compiler, Tool::NginxRtmp, Tool::Ffmpeg]) {
        return;
    }
    let program = built("examples/push.c", &[]);
    let nginx = Nginx::start();
    let url = nginx.url("live", "from-c");
    let output = run(Command::new(&program.path).args([url.as_str(), "5"])).output();
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
    let program = built("tests/c/misuse.c", &[]);
    run(&mut Command::new(&program.path));
}

#[test]
fn what_is_wrong_touches_no_memory_by_address_sanitizer() {
    if are_missing(&[Tool::Compiler]) {
        return;
    }
    let program = built("tests/c/misuse.c", &["-fsanitize=address,undefined"]);
    run(&mut Command::new(&program.path));
}

#[test]
fn what_is_wrong_touches_no_memory_by_valgrind() {
    if are_missing(&[Tool::Compiler, Tool::Valgrind]) {
        return;
    }
    let program = built("tests/c/misuse.c", &[]);
    run(Command::new("valgrind").args(VALGRIND).arg(&program.path));
}

#[test]
fn rooms_and_sound_through_c_touch_no_memory_by_address_sanitizer_and_valgrind() {
    if are_missing(&[Tool::Compiler]) {
        return;
    }
    let program = built("tests/c/rooms.c", &["-fsanitize=address,undefined"]);
    run(&mut Command::new(&program.path));
    if are_missing(&[Tool::Valgrind]) {
        return;
    }
    let program = built("tests/c/rooms.c", &[]);
    run(Command::new("valgrind").args(VALGRIND).arg(&program.path));
}

#[test]
fn a_storm_of_calls_ends_with_documented_statuses() {
    if are_missing(&[Tool::Compiler]) {
        return;
    }
    let program = built("tests/c/storm.c", &["-fsanitize=address,undefined"]);
    for (seed, source) in [("1", "raw"), ("2", "raw"), ("3", "encoded"), ("4", "encoded")] {
        let port = free_port().to_string();
        run(Command::new(&program.path).args([port.as_str(), seed, source]));
    }
}
