//! Where a broadcast's media comes from. A source pushes into a session, in real time or as the
//! session takes it, until the media ends or somebody stops it.

pub(crate) mod encoded;
pub(crate) mod live;
pub(crate) mod mix;
pub(crate) mod pictures;
pub(crate) mod raw;
pub(crate) mod sound;

use onair::{PushError, Session};

use crate::context::Context;
use crate::exit::Failure;

/// Why a source ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// There is no more media.
    Media,
    /// Somebody stopped the command, or the session ended.
    Stopped,
}

/// Media on its way into a session; runs on a thread of its own.
pub(crate) trait Source: Send {
    /// Does ahead what need not wait for the server.
    ///
    /// # Errors
    /// When the media cannot be read.
    fn prepare(&mut self) -> Result<(), Failure>;

    /// Pushes everything, beginning now.
    ///
    /// # Errors
    /// When the media cannot be read, or the session refuses it.
    fn run(&mut self, session: &Session, context: &Context) -> Result<Ending, Failure>;
}

/// What a refused push means: the session's end is not the source's failure.
///
/// # Errors
/// When the media does not fit.
pub(crate) fn ending(error: &PushError) -> Result<Ending, Failure> {
    match error {
        PushError::NotRunning => Ok(Ending::Stopped),
        error => Err(Failure::usage(error)),
    }
}
