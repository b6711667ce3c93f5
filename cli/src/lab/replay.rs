//! `onair lab replay`: a flight record → every decision again, and whether it is the same.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use onair_engine::record::{Entry, Replay, What, replay};
use serde::Serialize;

use super::args::ReplayArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};

/// More than any record has; the rest is not read.
const MOST_BYTES: u64 = 16 << 20;

/// Replays, and prints what came out.
///
/// # Errors
/// When the file cannot be read or is no flight record.
pub(super) fn run(args: &ReplayArgs, context: &Context) -> Result<Exit, Failure> {
    let path = args.file.display();
    let mut bytes = Vec::new();
    File::open(&args.file)
        .and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes))
        .map_err(|error| Failure::usage(format!("read {path}: {error}")))?;
    let replay = replay(&bytes).map_err(|error| Failure::usage(format!("{path}: {error}")))?;
    if args.json {
        context.output.json(&Report::from(&replay));
    } else {
        context.output.words(&words(&replay));
    }
    Ok(if replay.difference.is_none() { Exit::Ok } else { Exit::Check })
}

fn words(replay: &Replay) -> String {
    let mut lines: Vec<String> = replay.entries.iter().map(line).collect();
    let figures = Figures::from(replay);
    lines.push(format!(
        "{} of {} in {} calls: {} pictures and {} AAC frames in, {} and {} dropped, {} bitrates, \
         {} IDRs asked for",
        seconds(replay.length),
        replay.version,
        replay.calls,
        figures.video_units,
        figures.audio_units,
        figures.video_dropped,
        figures.audio_dropped,
        figures.bitrates,
        figures.idr_requests,
    ));
    lines.push(match &replay.difference {
        None => "same decisions".to_owned(),
        Some(difference) => format!(
            "another decision after {}\n  recorded: {}\n  replayed: {}",
            seconds(difference.at),
            difference.recorded,
            difference.replayed
        ),
    });
    if replay.version != env!("CARGO_PKG_VERSION") {
        lines.push(format!("replayed by another version, {}", env!("CARGO_PKG_VERSION")));
    }
    lines.join("\n")
}

fn line(entry: &Entry) -> String {
    format!("{:>11}  {}", seconds(entry.at), entry.what)
}

fn seconds(length: Duration) -> String {
    format!("{:.3} s", length.as_secs_f64())
}

/// Sums over a record.
#[derive(Debug, Default, Serialize)]
struct Figures {
    video_units: u64,
    audio_units: u64,
    video_dropped: u64,
    audio_dropped: u64,
    bitrates: u64,
    idr_requests: u64,
}

impl From<&Replay> for Figures {
    fn from(replay: &Replay) -> Self {
        let [video_units, audio_units] = replay.units;
        let mut figures = Self { video_units, audio_units, ..Self::default() };
        for entry in &replay.entries {
            match entry.what {
                What::Bitrate(_) => figures.bitrates += 1,
                What::RequestIdr => figures.idr_requests += 1,
                What::Dropped { video, audio } => {
                    figures.video_dropped += video;
                    figures.audio_dropped += audio;
                }
                _ => {}
            }
        }
        figures
    }
}

/// A replay as JSON.
#[derive(Debug, Serialize)]
struct Report {
    version: String,
    seconds: f64,
    calls: u64,
    #[serde(flatten)]
    figures: Figures,
    same_decisions: bool,
    difference: Option<Difference>,
    decisions: Vec<Decision>,
}

#[derive(Debug, Serialize)]
struct Difference {
    seconds: f64,
    recorded: String,
    replayed: String,
}

#[derive(Debug, Serialize)]
struct Decision {
    seconds: f64,
    #[serde(flatten)]
    what: Kind,
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    State,
    Bitrate {
        from_bps: u32,
        to_bps: u32,
        lag_ms: f64,
        capacity_bps: u32,
        produced_bps: u32,
        queued_bytes: u64,
        unacked_bytes: u64,
        min_rtt_ms: f64,
    },
    Pace,
    Dropped {
        video: u64,
        audio: u64,
    },
    RequestIdr,
    Other,
}

impl From<&Replay> for Report {
    fn from(replay: &Replay) -> Self {
        Self {
            version: replay.version.clone(),
            seconds: replay.length.as_secs_f64(),
            calls: replay.calls,
            figures: replay.into(),
            same_decisions: replay.difference.is_none(),
            difference: replay.difference.as_ref().map(|difference| Difference {
                seconds: difference.at.as_secs_f64(),
                recorded: difference.recorded.clone(),
                replayed: difference.replayed.clone(),
            }),
            decisions: replay.entries.iter().map(decision).collect(),
        }
    }
}

fn decision(entry: &Entry) -> Decision {
    let millis = |length: Duration| length.as_secs_f64() * 1e3;
    let what = match entry.what {
        What::State(_) => Kind::State,
        What::Bitrate(decision) => Kind::Bitrate {
            from_bps: decision.from_bps,
            to_bps: decision.to_bps,
            lag_ms: millis(decision.evidence.lag),
            capacity_bps: decision.evidence.capacity_bps,
            produced_bps: decision.evidence.produced_bps,
            queued_bytes: decision.evidence.queued_bytes,
            unacked_bytes: decision.evidence.unacked_bytes,
            min_rtt_ms: millis(decision.evidence.min_rtt),
        },
        What::Dropped { video, audio } => Kind::Dropped { video, audio },
        What::Pace(_) => Kind::Pace,
        What::RequestIdr => Kind::RequestIdr,
        _ => Kind::Other,
    };
    Decision { seconds: entry.at.as_secs_f64(), what, text: entry.what.to_string() }
}
