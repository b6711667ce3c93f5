//! A real Chromium that looks at a page (`web/watch.mjs`) or plays files (`web/play.mjs`), driven through
//! playwright-core.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::{onair, process, tools};

/// Where the script and its packages are.
pub fn folder() -> PathBuf {
    onair::root().join("tests/e2e/web")
}

/// The machine for one browser: while the guard lives, no other test of this program has one. What is measured in a
/// browser would otherwise be measured beside others.
pub fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A script of `web/page` with Chromium and these arguments.
///
/// # Panics
/// When there is no Chromium.
#[track_caller]
pub fn script(name: &str, arguments: &[&str]) -> Command {
    let chromium = tools::chromium().expect("the test asked for chromium");
    let mut command = Command::new("node");
    command.arg(folder().join("page").join(name)).arg(chromium).args(arguments);
    command
}

/// Runs such a script to its end, which writes one JSON object.
///
/// # Panics
/// When it fails.
#[track_caller]
pub fn run(name: &str, arguments: &[&str]) -> Value {
    let ended = process::run(&mut script(name, arguments), Duration::from_secs(90));
    ended.expect_code(0);
    serde_json::from_str(ended.stdout.trim()).expect("the script writes JSON")
}

/// Opens the page, watches its `<video>` for a while, and tells what it saw; `web/watch.mjs` says in which words.
///
/// # Panics
/// When the browser does not start.
#[track_caller]
pub fn watch(url: &str, seconds: u32, screenshot: Option<&str>) -> Value {
    let chromium = tools::chromium().expect("the test asked for chromium");
    let mut command = Command::new("node");
    command.arg(folder().join("watch.mjs")).arg(chromium).arg(url).arg(seconds.to_string());
    command.args(screenshot);
    let ended = process::run(&mut command, Duration::from_secs(60 + u64::from(seconds)));
    ended.expect_code(0);
    serde_json::from_str(ended.stdout.trim()).expect("watch.mjs writes JSON")
}

/// Plays each file to its end, and tells what came of it; `web/play.mjs` says in which words.
///
/// # Panics
/// When the browser does not start.
#[track_caller]
pub fn play(files: &[&Path]) -> Vec<Value> {
    let chromium = tools::chromium().expect("the test asked for chromium");
    let mut command = Command::new("node");
    command.arg(folder().join("play.mjs")).arg(chromium).args(files);
    let ended = process::run(&mut command, Duration::from_secs(60 + 20 * files.len() as u64));
    ended.expect_code(0);
    serde_json::from_str(ended.stdout.trim()).expect("play.mjs writes JSON")
}
