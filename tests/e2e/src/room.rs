//! Rooms as others speak them: scripts for npm's socket.io, client and server, and for python-socketio, in `web/rooms`.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::process::{self, Running};
use crate::{tools, web};

fn script(name: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(web::folder().join("rooms").join(name));
    command
}

/// Runs a script to its end, which writes one JSON object.
///
/// # Panics
/// When it fails.
#[track_caller]
pub fn run(name: &str, arguments: &[&str]) -> Value {
    result(script(name).args(arguments))
}

/// The same with a script for python-socketio.
///
/// # Panics
/// When it fails.
#[track_caller]
pub fn python(name: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new("python3");
    command.arg("-B").arg(web::folder().join("rooms").join(name)).args(arguments);
    result(command.env("PYTHONPATH", tools::python_packages()))
}

#[track_caller]
fn result(command: &mut Command) -> Value {
    let ended = process::run(command, Duration::from_secs(60));
    ended.expect_code(0);
    serde_json::from_str(ended.stdout.trim()).expect("the script writes JSON")
}

/// A script that goes on; it says `listening on PORT` when it serves.
#[must_use]
pub fn start(name: &str, arguments: &[&str]) -> Running {
    Running::start(script(name).args(arguments))
}

/// The JSON lines of `onair room`, of one kind.
pub fn events(output: &str, kind: &str) -> Vec<Value> {
    let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|event| event["event"] == kind).collect()
}
