//! How the command ends: its exit codes, and errors that know theirs.

use std::fmt::Display;
use std::process::ExitCode;

/// What the shell is told. The numbers are part of the command's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Ok = 0,
    /// Something on this machine failed: an encoder, a disk.
    Local = 1,
    /// The command line, or a file it names, cannot be used.
    Usage = 2,
    /// No connection, or the server said no.
    Connect = 3,
    /// A stream that was live broke and did not come back.
    Broke = 4,
    /// `probe` found the stream broken; `lab replay` decided otherwise.
    Check = 5,
    /// Interrupted before the stream was live, or a second time.
    Interrupted = 130,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What went wrong and what to do, with the exit code it deserves. Never holds a stream key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn local(message: impl Display) -> Self {
        Self::new(Exit::Local, message)
    }

    pub(crate) fn connect(message: impl Display) -> Self {
        Self::new(Exit::Connect, message)
    }
}

/// Help of a command: what is its own, then the exit codes.
macro_rules! help {
    ($($own:expr)?) => {
        concat!(
            $($own, "\n\n",)?
            "Exit codes:
  0    it did what was asked
  1    something on this machine failed (an encoder, a disk)
  2    the command line, or a file it names, cannot be used
  3    could not connect, or the server refused
  4    a live stream broke and did not come back
  5    probe: the stream is broken; lab replay: other decisions
  130  interrupted before the stream was live, or twice"
        )
    };
}
pub(crate) use help;
