//! The comparison: every controller over the seven generators and the traces of a directory, some
//! seeds each, as means.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::controller::Controller;
use crate::ledger::Score;
use crate::trace::{Trace, TraceError, file, synthetic};
use crate::world::{self, Scenario};

/// Names the directory of recorded traces.
pub const TRACES_VARIABLE: &str = "ONAIR_TRACES";

/// A generator's trace by name, or a file's by path.
///
/// # Errors
/// When it is neither.
pub fn trace(name: &str, seed: u64) -> Result<Trace, TraceError> {
    if let Some(trace) = synthetic::by_name(name, seed) {
        return Ok(trace);
    }
    let path = Path::new(name);
    if path.exists() {
        return file::read(path);
    }
    let known = format!("{}, cell and const:MBITS", synthetic::NAMES.join(", "));
    Err(TraceError::Unknown { name: name.to_owned(), known })
}

/// The traces of the set: the seven generators, then the `.up` files of `directory` by name.
///
/// # Errors
/// When the directory or one of its files cannot be read.
pub fn traces(directory: Option<&Path>, seed: u64) -> Result<Vec<Trace>, TraceError> {
    let generated = synthetic::NAMES.iter().filter_map(|name| synthetic::by_name(name, seed));
    let mut traces: Vec<Trace> = generated.collect();
    if let Some(directory) = directory {
        let failed = |source| TraceError::Read { path: directory.display().to_string(), source };
        let entries = std::fs::read_dir(directory).map_err(failed)?;
        let mut paths: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "up"))
            .collect();
        paths.sort();
        for path in paths {
            traces.push(file::read(&path)?);
        }
    }
    Ok(traces)
}

/// One controller's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whose.
    pub controller: Controller,
    /// Over all traces and seeds.
    pub mean: Score,
    /// Over the seeds of each trace, in the traces' order.
    pub by_trace: Vec<(String, Score)>,
}

/// Runs `controller` over `traces` of each of `seeds`; `prepare` may change the conditions.
///
/// # Errors
/// When a trace cannot be read.
pub fn row(
    controller: Controller,
    directory: Option<&Path>,
    seeds: &[u64],
    prepare: impl Fn(&mut Scenario),
) -> Result<Row, TraceError> {
    let mut scores: Vec<(String, Vec<Score>)> = Vec::new();
    for &seed in seeds {
        for (index, trace) in traces(directory, seed)?.into_iter().enumerate() {
            let name = trace.name().to_owned();
            let mut scenario = Scenario::new(trace, seed);
            prepare(&mut scenario);
            let mut broadcaster = controller.broadcaster(&scenario);
            let score = world::run(&scenario, &mut *broadcaster).score;
            match scores.get_mut(index) {
                Some((_, of_trace)) => of_trace.push(score),
                None => scores.push((name, vec![score])),
            }
        }
    }
    let all: Vec<Score> = scores.iter().flat_map(|(_, scores)| scores).copied().collect();
    let by_trace = scores.into_iter().map(|(name, scores)| (name, Score::mean(&scores))).collect();
    Ok(Row { controller, mean: Score::mean(&all), by_trace })
}

/// Rows side by side; shown as Markdown.
#[derive(Clone, Debug, PartialEq)]
pub struct Table(pub Vec<Row>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| controller | p50 ms | p95 ms | p99 ms | freeze % | util % | switches/min | \
             pictures dropped | AAC dropped | longest gap ms |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|")?;
        for Row { controller, mean: s, .. } in &self.0 {
            let name = controller.to_string();
            writeln!(
                f,
                "| {name} | {:.0} | {:.0} | {:.0} | {:.2} | {:.1} | {:.1} | {} | {} | {:.0} |",
                s.p50_ms,
                s.p95_ms,
                s.p99_ms,
                s.freeze_pct,
                s.utilisation_pct,
                s.switches_per_min,
                s.frames_dropped,
                s.audio_dropped,
                s.longest_gap_ms
            )?;
        }
        Ok(())
    }
}
