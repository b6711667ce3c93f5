//! `onair probe`: a stream or a file → what is in it and what is wrong with it.
//!
//! ```text
//!  pull (file, HTTP, RTMP) → tracks (counts) → look (decodes) → report, problems
//! ```

mod cues;
mod look;
mod play;
mod problems;
mod pull;
mod report;
mod times;
mod track_report;
mod tracks;

use std::time::Duration;

use crossbeam_channel::{Receiver, select};
use onair_engine::flv::{Body, Tag};

use crate::args::ProbeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::tags::Unwrap;
use look::Look;
use problems::Problem;
use pull::{Kind, Piece};
use report::Report;
use tracks::Tracks;

/// How much of a live stream is looked at.
const LIVE_DURATION: Duration = Duration::from_secs(5);
/// How long a live stream may take to its first tag.
const FIRST_WITHIN: Duration = Duration::from_secs(10);
/// How long a live stream may be silent.
const NEXT_WITHIN: Duration = Duration::from_secs(5);

/// Looks, and prints what it saw.
///
/// # Errors
/// When there is no stream to look at.
pub(crate) fn run(args: &ProbeArgs, context: &Context) -> Result<Exit, Failure> {
    let (kind, pieces) = pull::open(&args.target)?;
    let length = match kind.is_live() {
        true => Some(args.duration.unwrap_or(LIVE_DURATION)),
        false => args.duration,
    };
    let report = look_at(kind, &pieces, length, context)?;
    if args.json {
        context.output.json(&report);
    } else {
        context.output.words(&report.to_string());
    }
    Ok(if report.ok { Exit::Ok } else { Exit::Check })
}

/// Reads until `length` of media has passed, the stream ends, or somebody stops it.
fn look_at(
    kind: Kind,
    pieces: &Receiver<Piece>,
    length: Option<Duration>,
    context: &Context,
) -> Result<Report, Failure> {
    let mut tracks = Tracks::default();
    let mut look = Look::default();
    let mut passed = Passed::default();
    let mut end = None;
    // Times that stand still must not keep us here.
    let give_up = length.map(|length| context.clock.now() + length + FIRST_WITHIN);
    loop {
        let patience = match (kind.is_live(), passed.has_begun()) {
            (false, _) => Duration::MAX,
            (true, false) => FIRST_WITHIN,
            (true, true) => NEXT_WITHIN,
        };
        let piece = select! {
            recv(pieces) -> piece => piece.ok(),
            recv(context.stop_signal.receiver()) -> _ => {
                if !passed.has_begun() {
                    let message = "interrupted before any media came";
                    return Err(Failure::new(Exit::Interrupted, message));
                }
                None
            }
            default(patience) => {
                let silence = format!("no media for {} s", patience.as_secs());
                if !passed.has_begun() {
                    return Err(Failure::connect(format!(
                        "{silence}; is somebody publishing this stream?"
                    )));
                }
                end = Some(Problem::error("silent", silence));
                None
            }
        };
        match piece {
            Some(Piece::Tag(tag)) => {
                let is_late = kind.is_live() && give_up.is_some_and(|at| context.clock.now() > at);
                if passed.is_beyond(&tag, length.unwrap_or(Duration::MAX)) || is_late {
                    break;
                }
                if let Some(unit) = tracks.tag(&tag) {
                    look.unit(&unit);
                }
            }
            Some(Piece::Truncated) => {
                end = Some(Problem::warning("truncated", "the stream ends inside a tag"));
                break;
            }
            Some(Piece::Broken(message)) => {
                end = Some(Problem::error("unreadable", message));
                break;
            }
            Some(Piece::Unreachable(failure)) => return Err(failure),
            None => break,
        }
    }
    look.finish();
    Ok(Report::new(kind, &tracks, &look, end))
}

/// How much media has passed, from the first access unit on. Headers do not count: servers stamp
/// them with zero.
#[derive(Debug, Default)]
struct Passed {
    first_ms: Option<i64>,
    unwrap: Unwrap,
}

impl Passed {
    fn has_begun(&self) -> bool {
        self.first_ms.is_some()
    }

    fn is_beyond(&mut self, tag: &Tag, length: Duration) -> bool {
        let holds_unit = match Body::parse(tag.tag_type, &tag.body) {
            Ok(Body::Multitrack(tracks)) => {
                tracks.tracks().any(|track| track.is_ok_and(|(_, body)| is_unit(&body)))
            }
            body => body.is_ok_and(|body| is_unit(&body)),
        };
        if !holds_unit {
            return false;
        }
        let now_ms = self.unwrap.next(tag.timestamp_ms);
        let first_ms = *self.first_ms.get_or_insert(now_ms);
        u128::try_from(now_ms - first_ms).is_ok_and(|passed| passed >= length.as_millis())
    }
}

fn is_unit(body: &Body<'_>) -> bool {
    matches!(
        body,
        Body::AvcUnit { .. } | Body::VideoUnit { .. } | Body::AacFrame(_) | Body::AudioUnit { .. }
    )
}

#[cfg(test)]
#[path = "probe_test.rs"]
mod tests;
