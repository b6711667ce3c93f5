//! The options of `onair lab`, as types.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedI64ValueParser;
use clap::{Args, Subcommand};
use onair_lab::controller::Controller;

use crate::exit::help;
use crate::units;

#[derive(Debug, Args)]
pub(crate) struct LabArgs {
    #[command(subcommand)]
    pub(crate) command: LabCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LabCommand {
    /// One broadcaster on one link: latency, freeze, utilisation, drops
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Every broadcaster on every link, as a table
    #[command(after_help = TABLE_HELP)]
    Table(TableArgs),
    /// One link as SVG: what it carries, the bitrate and the latency over time
    #[command(after_help = PLOT_HELP)]
    Plot(PlotArgs),
    /// What a flight record says, decided again
    #[command(after_help = REPLAY_HELP)]
    Replay(ReplayArgs),
}

impl LabCommand {
    /// Whether programs read the output.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Run(args) => args.json,
            Self::Table(args) => args.json,
            Self::Plot(_) => false,
            Self::Replay(args) => args.json,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A generator (const3, step, deep, outage5, saw, flap, walk, cell, const:MBITS) or a file:
    /// mahimahi's, or one Mbit/s figure a line and second
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) trace: String,

    /// onair, lflivekit, haishinkit, rootencoder, streampack, moblin, obs, obs-dbr or fixed:RATE
    #[arg(long, value_name = "NAME", default_value = "onair")]
    pub(crate) controller: Controller,

    /// Decides every random choice
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    #[command(flatten)]
    pub(crate) conditions: Conditions,

    /// One JSON object instead of words
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// Recorded links too: every trace file of this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) traces: Option<PathBuf>,

    /// Runs of each controller on each link, with seeds 1 to N
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = RangedI64ValueParser::<u64>::from(1..=100))]
    pub(crate) seeds: u64,

    /// The figures of each link below the means
    #[arg(long)]
    pub(crate) each: bool,

    #[command(flatten)]
    pub(crate) conditions: Conditions,

    /// One JSON object instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlotArgs {
    /// As for `run`
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) trace: String,

    /// As for `run`
    #[arg(long, value_name = "NAME", default_value = "onair")]
    pub(crate) controller: Controller,

    /// A second one to draw beside it
    #[arg(long, value_name = "NAME")]
    pub(crate) against: Option<Controller>,

    /// Decides every random choice
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    #[command(flatten)]
    pub(crate) conditions: Conditions,

    /// Where to put the SVG [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// What `onair push --flight-record` or an app saved
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// One JSON object instead of words
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "The link and the show")]
pub(crate) struct Conditions {
    /// Highest video bitrate
    #[arg(long, value_name = "RATE", value_parser = units::bitrate_bps, default_value = "4M")]
    pub(crate) max: u32,

    /// Round trip of the empty link: 60ms, 0.06s; a bare number is milliseconds
    #[arg(long, value_name = "TIME", value_parser = round_trip, default_value = "60ms")]
    pub(crate) rtt: Duration,

    /// Length of the bottleneck's queue, packets
    #[arg(long, value_name = "PACKETS", default_value_t = 200, value_parser = RangedI64ValueParser::<u32>::from(1..=100_000))]
    pub(crate) queue: u32,

    /// Length of the show; a shorter trace starts over
    #[arg(long, value_name = "N", default_value_t = 240, value_parser = RangedI64ValueParser::<u32>::from(1..=21_600))]
    pub(crate) seconds: u32,
}

/// `60ms`, `0.06s` or `60`, which is milliseconds here.
fn round_trip(text: &str) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_secs(5);
    let is_bare = text.trim().ends_with(|c: char| c.is_ascii_digit() || c == '.');
    let with_unit = if is_bare { format!("{}ms", text.trim()) } else { text.to_owned() };
    match units::duration(&with_unit) {
        Ok(length) if length <= MOST => Ok(length),
        _ => Err("use a round trip of at most 5 s, like 60ms, 0.06s or 60 (milliseconds)".into()),
    }
}

const RUN_HELP: &str = help!(
    "\
Examples:
  onair lab run --trace deep
  onair lab run --trace deep --controller lflivekit --json
  onair lab run --trace uplink.up --max 2M --rtt 120ms --queue 600"
);

const TABLE_HELP: &str = help!(
    "\
Examples:
  onair lab table
  onair lab table --traces recorded/ --each
  onair lab table --queue 600 --max 8M --json"
);

const PLOT_HELP: &str = help!(
    "\
Examples:
  onair lab plot --trace deep --against lflivekit -o deep.svg"
);

const REPLAY_HELP: &str = help!(
    "\
Examples:
  onair push rtmp://127.0.0.1/live/test --flight-record stream.oafr
  onair lab replay stream.oafr"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_without_unit_is_milliseconds() {
        for text in ["60ms", "0.06s", "60", " 60 ", "60.0"] {
            assert_eq!(round_trip(text), Ok(Duration::from_millis(60)), "{text}");
        }
        assert_eq!(round_trip("0"), Ok(Duration::ZERO));
        for text in ["", "-1", "6s", "1m", "fast", "6000", "."] {
            assert!(round_trip(text).is_err(), "{text}");
        }
    }
}
