//! Small and read-only disks: a tmpfs in a mount namespace of one command.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::{onair, process, tools};

/// A shell script in a mount namespace of its own. `$DISK` is `folder`, on which an empty file system of 8 MB lies there
/// and nowhere else; `$ONAIR` is the command under test. What the script leaves on the disk goes with it.
///
/// `None`, and a word that the test is skipped, where this machine allows no such thing.
pub fn script(folder: &Path, script: &str, arguments: &[&str]) -> Option<Command> {
    let unshare = || {
        let mut command = Command::new("unshare");
        // Without being root, root of a user namespace may mount.
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        command
    };
    let mount = "set -e; mount -t tmpfs -o size=8m onair-test \"$DISK\"";
    let mut probe = unshare();
    probe.arg(mount).env("DISK", folder);
    if process::run(&mut probe, Duration::from_secs(10)).code != Some(0) {
        tools::say_skipped("no mount namespace can be made here");
        return None;
    }
    let onair = onair::command(&[]);
    let mut command = unshare();
    command.arg(format!("{mount}; set +e; {script}")).arg("sh").args(arguments);
    command.env("DISK", folder).env("ONAIR", onair.get_program());
    command.env("NO_COLOR", "1").env_remove("RUST_LOG").env_remove("ONAIR_STREAM_KEY");
    Some(command)
}
