//! The laboratory's figures as words and as JSON. The keys are part of the command's contract.

use std::fmt;

use onair_lab::controller::Controller;
use onair_lab::ledger::Score;
use onair_lab::suite::Table;
use onair_lab::world::Scenario;
use serde::Serialize;

/// The figures of a run, or their mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Figures {
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    freeze_pct: f64,
    utilisation_pct: f64,
    switches_per_min: f64,
    frames_dropped: u64,
    audio_dropped: u64,
    longest_gap_ms: f64,
}

impl From<&Score> for Figures {
    fn from(score: &Score) -> Self {
        let rounded = |figure: f64| (figure * 1e3).round() / 1e3;
        Self {
            p50_ms: rounded(score.p50_ms),
            p95_ms: rounded(score.p95_ms),
            p99_ms: rounded(score.p99_ms),
            freeze_pct: rounded(score.freeze_pct),
            utilisation_pct: rounded(score.utilisation_pct),
            switches_per_min: rounded(score.switches_per_min),
            frames_dropped: score.frames_dropped,
            audio_dropped: score.audio_dropped,
            longest_gap_ms: rounded(score.longest_gap_ms),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50_ms, p95_ms, p99_ms, .. } = self;
        writeln!(f, "latency      p50 {p50_ms:.0} ms, p95 {p95_ms:.0} ms, p99 {p99_ms:.0} ms")?;
        writeln!(f, "freeze       {:.2} %", self.freeze_pct)?;
        writeln!(f, "utilisation  {:.1} %", self.utilisation_pct)?;
        writeln!(f, "switches     {:.1} a minute", self.switches_per_min)?;
        writeln!(f, "dropped      {} frames, {} audio", self.frames_dropped, self.audio_dropped)?;
        write!(f, "longest gap  {:.0} ms", self.longest_gap_ms)
    }
}

/// A run in words.
pub(crate) fn words(controller: Controller, scenario: &Scenario, figures: &Figures) -> String {
    let Scenario { trace, seed, duration, max_bitrate_bps, rtt, queue_packets, .. } = scenario;
    let period = trace.period();
    let repeats = match period < *duration {
        true => format!("; the trace lasts {} s and repeats", period.as_secs_f64()),
        false => String::new(),
    };
    format!(
        "{controller} on {}: {} s, seed {seed}, at most {} kbit/s, round trip {} ms, \
         queue {queue_packets} packets{repeats}\n{figures}",
        trace.name(),
        duration.as_secs(),
        max_bitrate_bps / 1_000,
        rtt.as_millis(),
    )
}

/// The table as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Rows {
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    controller: String,
    #[serde(flatten)]
    mean: Figures,
    #[serde(skip_serializing_if = "Option::is_none")]
    traces: Option<Vec<OfTrace>>,
}

#[derive(Debug, Serialize)]
struct OfTrace {
    trace: String,
    #[serde(flatten)]
    mean: Figures,
}

impl Rows {
    /// With the figures of each trace when `each` says so.
    pub(crate) fn new(table: &Table, each: bool) -> Self {
        let rows = table.0.iter().map(|row| {
            let of_trace = |(trace, score): &(String, Score)| OfTrace {
                trace: trace.clone(),
                mean: score.into(),
            };
            Row {
                controller: row.controller.to_string(),
                mean: (&row.mean).into(),
                traces: each.then(|| row.by_trace.iter().map(of_trace).collect()),
            }
        });
        Self { rows: rows.collect() }
    }
}
