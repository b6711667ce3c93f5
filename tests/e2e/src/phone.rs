//! The packages for phones, tested in their own languages by their own scripts against a server of ours.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::onair::root;
use crate::process::{self, Ended};
use crate::tools;

/// A compiler may have to be fetched and everything built.
const PATIENCE: Duration = Duration::from_secs(1200);

/// Runs one of `scripts` with these arguments, `ONAIR_TEST_RTMP` set to `server`, such as
/// `rtmp://host:port/app`, `ONAIR_TEST_ROOMS` to `rooms`, such as `ws://host:port`, and
/// `ONAIR_TEST_FILES` to a folder that its tests may fill. None when the script says that it cannot be
/// done here, which is told as a skip.
///
/// The library is brought up to date before, unless `ONAIR_LIBRARY_DIR` names the folder of another.
///
/// # Panics
/// When the library does not build, or the script hangs.
pub fn script(
    name: &str,
    arguments: &[&str],
    server: &str,
    rooms: &str,
    files: &Path,
) -> Option<Ended> {
    if env::var_os("ONAIR_LIBRARY_DIR").is_none() {
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(root()).args(["build", "--workspace", "--locked", "--lib"]);
        process::run(&mut build, PATIENCE).expect_code(0);
    }
    let mut command = Command::new(root().join("scripts").join(name));
    command.args(arguments).current_dir(root());
    command.env("ONAIR_TEST_RTMP", server).env("ONAIR_TEST_ROOMS", rooms);
    command.env("ONAIR_TEST_FILES", files);
    let ended = process::run(&mut command, PATIENCE);
    if ended.code != Some(CANNOT) {
        return Some(ended);
    }
    let reason = ended.stderr.trim_end().lines().last().unwrap_or_default();
    tools::say_skipped(reason.trim_start_matches("skipped: "));
    None
}

/// What our scripts end with when the machine cannot do it.
const CANNOT: i32 = 77;
