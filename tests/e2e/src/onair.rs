//! The command under test: `onair` as this workspace builds it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::process::{self, Ended, Running};

/// A push of 10 s has to end well before this, on a busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// `onair` with these arguments, to be started.
///
/// # Panics
/// When it does not build.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    // Colours and log settings of whoever runs the tests do not belong into what is compared.
    command
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("RUST_LOG")
        .env_remove("ONAIR_STREAM_KEY");
    command
}

/// Runs `onair` to its end.
///
/// # Panics
/// When it hangs or panics.
#[track_caller]
pub fn run(arguments: &[&str]) -> Ended {
    let ended = process::run(&mut command(arguments), PATIENCE);
    assert!(!ended.stderr.contains("panicked at"), "onair panicked:\n{}", ended.stderr);
    ended
}

/// Starts `onair`.
pub fn start(arguments: &[&str]) -> Running {
    Running::start(&mut command(arguments))
}

/// The last JSON line of a push with `--json`.
///
/// # Panics
/// When it is not the summary.
#[track_caller]
pub fn summary(ended: &Ended) -> Value {
    let line = ended.stdout.trim_end().lines().last().unwrap_or_default();
    let summary: Value = serde_json::from_str(line).unwrap_or_else(|error| {
        panic!("{error} in the last line {line:?}; stderr:\n{}", ended.stderr)
    });
    assert_eq!(summary["event"], "summary", "{}", ended.stdout);
    summary
}

/// What `onair probe --json` says of a file or an address, and its exit code.
///
/// # Panics
/// When it is not JSON.
#[track_caller]
pub fn probe(target: &str, arguments: &[&str]) -> (Value, Option<i32>) {
    let ended = run(&[&["probe", target, "--json"], arguments].concat());
    let report = serde_json::from_str(ended.stdout.trim())
        .unwrap_or_else(|error| panic!("{error} in {:?}; stderr:\n{}", ended.stdout, ended.stderr));
    (report, ended.code)
}

/// The built command. `ONAIR_BIN` names another one; otherwise the workspace's is brought up to date, in the profile
/// of this test.
///
/// # Panics
/// When it cannot be built.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = env::var_os("ONAIR_BIN") {
            return PathBuf::from(path);
        }
        let test = env::current_exe().expect("a test knows its own path");
        let folder = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(root()).args(["build", "--workspace", "--locked", "--bin", "onair"]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        process::run(&mut build, Duration::from_secs(900)).expect_code(0);
        folder.join("onair")
    })
}

/// The folder of the workspace.
///
/// # Panics
/// When this crate no longer stands two folders below it.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("tests/e2e is two folders below the root")
}
