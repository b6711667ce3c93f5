//! Pictures of a running stream into files, each at its time after the stream went live.

use std::path::Path;
use std::time::Duration;

use onair::{Session, State, StillFormat};

use super::place::Shot;
use crate::context::Context;
use crate::exit::Failure;

/// How often it is looked whether the stream is live.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How long the next picture may take.
const PATIENCE: Duration = Duration::from_secs(5);
const JPEG: StillFormat = StillFormat::Jpeg { quality: 75 };

/// What kind of file `path` is by its ending.
///
/// # Errors
/// When it is neither PNG nor JPEG.
pub(crate) fn format(path: &Path) -> Result<StillFormat, Failure> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "png" => Ok(StillFormat::Png),
        "jpg" | "jpeg" => Ok(JPEG),
        _ => Err(Failure::usage(format!("{}: end it in .png or .jpg", path.display()))),
    }
}

/// Takes `shots` in the order of their times, until the command stops.
///
/// # Errors
/// The first that failed; the others are taken all the same.
pub(crate) fn take(shots: &[Shot], session: &Session, context: &Context) -> Result<(), Failure> {
    let mut shots: Vec<_> = shots.iter().collect();
    shots.sort_by_key(|shot| shot.at);
    let (clock, stop) = (&context.clock, &context.stop_signal);
    while !shots.is_empty() && session.state() != State::Live && !stop.wait(LOOK_AGAIN) {}
    let live = clock.now();
    let mut outcome = Ok(());
    for shot in shots {
        let wait = (live + shot.at).since(clock.now());
        let taken = match stop.wait(wait) {
            true => Err(Failure::local("the stream ended before its time")),
            false => one(shot, session),
        };
        let name = shot.path.display();
        let named = taken.map_err(|f| Failure::new(f.exit, format!("--snapshot {name}: {f}")));
        outcome = outcome.and(named);
    }
    outcome
}

fn one(shot: &Shot, session: &Session) -> Result<(), Failure> {
    let file = session.snapshot(format(&shot.path)?, PATIENCE).map_err(Failure::local)?;
    std::fs::write(&shot.path, file).map_err(Failure::local)
}
