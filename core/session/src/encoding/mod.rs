//! The two encoder threads, and what both do when an encoder fails or panics.

pub(crate) mod audio;
pub(crate) mod desk;
mod pace;
pub(crate) mod video;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use onair_media::encode::EncodeError;
use onair_types::Track;

use crate::Error;
use crate::run::Run;

/// How a call of an encoder went wrong.
#[derive(Debug)]
enum Failure {
    /// It refused; it can be used further.
    Refused(EncodeError),
    /// It panicked; it must be made anew.
    Panicked(String),
}

/// Failures in a row that an encoder gets away with.
const PATIENCE: u32 = 10;

/// How an encoder does: the first failure of a row is reported, the tenth ends the broadcast.
struct Health<'a> {
    run: &'a Run,
    track: Track,
    failures_in_a_row: u32,
}

impl<'a> Health<'a> {
    fn new(run: &'a Run, track: Track) -> Self {
        Self { run, track, failures_in_a_row: 0 }
    }

    /// Notes how a call went. False when the encoder is beyond help.
    fn note(&mut self, outcome: Result<(), Failure>) -> Standing {
        let Err(failure) = outcome else {
            self.failures_in_a_row = 0;
            return Standing::Good;
        };
        let panicked = matches!(failure, Failure::Panicked(_));
        let error = failure.into_error();
        self.failures_in_a_row += 1;
        if self.failures_in_a_row == 1 {
            self.run.report_encoder(self.track, error.clone());
        }
        if self.failures_in_a_row >= PATIENCE {
            self.give_up(error);
            Standing::Hopeless
        } else if panicked {
            Standing::Broken
        } else {
            Standing::Good
        }
    }

    /// The encoder cannot be made.
    fn cannot_open(&self, failure: Failure) {
        let error = failure.into_error();
        self.run.report_encoder(self.track, error.clone());
        self.give_up(error);
    }

    fn give_up(&self, error: Error) {
        self.run.fail(error);
    }
}

/// What to do with an encoder after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Go on.
    Good,
    /// Make it anew.
    Broken,
    /// Leave.
    Hopeless,
}

impl Failure {
    fn into_error(self) -> Error {
        match self {
            Self::Refused(error) => error.into(),
            Self::Panicked(message) => {
                Error::Encoder(format!("encode: the encoder panicked: {message}"))
            }
        }
    }
}

/// Calls into an encoder, which may be the app's; a panic in there stays in there.
fn guarded<T>(call: impl FnOnce() -> Result<T, EncodeError>) -> Result<T, Failure> {
    // Whoever sees a panic throws the encoder away, so no half-changed state is used.
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(Failure::Refused),
        Err(panic) => Err(Failure::Panicked(message(panic.as_ref()))),
    }
}

/// Drops an encoder that may panic even then.
fn discard<T>(encoder: Option<T>) {
    let dropped = guarded(|| {
        drop(encoder);
        Ok(())
    });
    if let Err(failure) = dropped {
        log::warn!("{}", failure.into_error());
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
