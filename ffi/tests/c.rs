//! The C ABI as C programs use it: compiled by the machine's compiler against `include/onair.h`, linked with the library,
//! run plain, under AddressSanitizer and under valgrind.

mod support;

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use onair_e2e::nginx::Nginx;
use onair_e2e::tools::{Tool, are_missing};
use onair_e2e::{ffmpeg, free_port};
use onair_server::{Config, Server};

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
fn the_studio_example_makes_files_that_ffmpeg_decodes_and_talks_in_a_room() {
    if are_missing(&[Tool::Compiler, Tool::Ffmpeg]) {
        return;
    }
    let program = built("examples/studio.c", &["-fsanitize=address,undefined"]);
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let anywhere = (Ipv4Addr::LOCALHOST, 0).into();
    let server = Config { rtmp: anywhere, http: anywhere, ..Config::default() };
    let server = Server::start(server).expect("free ports");
    let rooms = format!("ws://{}", server.http_addr());
    let output = run(Command::new(&program.path).arg(folder.path()).arg(rooms)).output();
    assert!(output.contains("Ann: hello"), "{output}");
    for name in ["show.mp4", "clip.mp4", "shot.png"] {
        ffmpeg::decode(&folder.path().join(name).to_string_lossy());
    }
    let frames = ffmpeg::packets(&folder.path().join("show.mp4"), "v").len();
    assert!(
        output.contains(&format!("{frames} pictures")),
        "{frames} pictures, and it says {output}"
    );
}

#[test]
fn every_example_in_c_in_a_page_is_compiled() {
    let lines = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let compiled = ["push", "studio"].map(|name| {
        let file = root.join(format!("ffi/examples/{name}.c"));
        lines(&std::fs::read_to_string(file).expect("an example"))
    });
    let mut found = 0;
    for page in std::fs::read_dir(root.join("docs")).expect("pages") {
        let path = page.expect("a page").path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for block in text.split("```c\n").skip(1) {
            let block = lines(block.split("```").next().unwrap_or_default());
            let is_there = compiled.iter().any(|example| example.contains(block.trim()));
            assert!(is_there, "{} shows what is not compiled:\n{block}", path.display());
            found += 1;
        }
    }
    assert!(found > 0, "no page shows any");
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
fn an_encoder_of_the_apps_own_gets_the_look_and_the_times_and_no_memory_is_touched() {
    if are_missing(&[Tool::Compiler]) {
        return;
    }
    let program = built("tests/c/easel.c", &["-fsanitize=address,undefined"]);
    run(&mut Command::new(&program.path));
    if are_missing(&[Tool::Valgrind]) {
        return;
    }
    let program = built("tests/c/easel.c", &[]);
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
