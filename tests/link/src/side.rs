//! One end of the link: a network namespace in which commands run.

use std::ffi::CString;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::sys;

/// A network namespace with one end of the link. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Side {
    user: Option<Arc<OwnedFd>>,
    net: Arc<OwnedFd>,
}

impl Side {
    pub(crate) fn new(user: Option<Arc<OwnedFd>>, net: OwnedFd) -> Self {
        Self { user, net: Arc::new(net) }
    }

    /// Has the command run here once it is started.
    pub fn host(&self, command: &mut Command) {
        self.host_with(command, None);
    }

    /// The same, with the names in `hosts` (as in `/etc/hosts`) in place of the machine's.
    ///
    /// # Errors
    /// When the path holds a zero byte.
    pub fn host_with_names(&self, command: &mut Command, hosts: &Path) -> io::Result<()> {
        let hosts = CString::new(hosts.as_os_str().as_encoded_bytes())?;
        self.host_with(command, Some(hosts));
        Ok(())
    }

    fn host_with(&self, command: &mut Command, hosts: Option<CString>) {
        let (user, net) = (self.user.clone(), Arc::clone(&self.net));
        sys::before_exec(command, move || {
            sys::enter_both(user.as_ref().map(|user| user.as_raw_fd()), net.as_raw_fd())?;
            hosts.as_ref().map_or(Ok(()), |hosts| sys::overlay(hosts, c"/etc/hosts"))
        });
    }

    /// Where the namespace can be entered by others (`nsenter --net=…`) while this process lives.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.net.as_raw_fd())
    }

    /// Runs `ip` here with one command a line.
    pub(crate) fn configure(&self, lines: &str) -> io::Result<()> {
        let mut command = Command::new("ip");
        command.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
        self.host(command.stderr(Stdio::piped()));
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(lines.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(()) } else { Err(io::Error::other(said.into_owned())) }
    }
}
