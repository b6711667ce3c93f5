//! `onair probe`.
use crate::args::ProbeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};

pub(crate) fn run(args: &ProbeArgs, context: &Context) -> Result<Exit, Failure> {
    let _ = (args, context);
    Err(Failure::local("to be written"))
}
