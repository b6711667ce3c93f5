//! `onair recover`: what a crash left of a recording becomes a complete file.

use onair::{RecordingProblem, Recovered};
use serde::Serialize;

use crate::args::RecoverArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// Completes the file, or a copy of it, and says what is in it.
///
/// # Errors
/// When the file is none of ours, or cannot be read or written.
pub(crate) fn run(args: &RecoverArgs, context: &Context) -> Result<Exit, Failure> {
    let recovered = match &args.out {
        Some(out) => onair::recover_to(&args.file, out),
        None => onair::recover(&args.file),
    };
    let recovered = recovered.map_err(|error| {
        let exit = match error.problem {
            RecordingProblem::Full | RecordingProblem::Io(_) => Exit::Local,
            _ => Exit::Usage,
        };
        Failure::new(exit, format!("{error}\n       {}", error.advice()))
    })?;
    let report = Report::new(&recovered);
    if args.json {
        context.output.json(&report);
    }
    let done = if report.was_complete { "complete already" } else { "recovered" };
    context.output.words(&format!(
        "{done}: {} pictures and {} frames of sound, {:.1} s, {} bytes of no use: {}",
        report.frames, report.audio_frames, report.seconds, report.bytes_lost, report.path,
    ));
    Ok(Exit::Ok)
}

/// The keys are part of the command's contract (docs/cli.md).
#[derive(Debug, Serialize)]
struct Report {
    event: &'static str,
    path: String,
    was_complete: bool,
    frames: u64,
    audio_frames: u64,
    seconds: f64,
    bytes_lost: u64,
}

impl Report {
    fn new(of: &Recovered) -> Self {
        Self {
            event: "recovered",
            path: of.path.display().to_string(),
            was_complete: of.was_complete,
            frames: of.frames,
            audio_frames: of.audio_frames,
            seconds: of.duration.as_secs_f64(),
            bytes_lost: of.bytes_lost,
        }
    }
}
