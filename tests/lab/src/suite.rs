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

/// The recorded traces of a directory by name: every file but hidden ones and those that tell
/// about the others (`README…`, `LICENSE…`, `COPYING…`, `*.md`).
///
/// # Errors
/// When the directory or one of its files cannot be read.
pub fn recorded(directory: &Path) -> Result<Vec<Trace>, TraceError> {
    let failed = |source| TraceError::Read { path: directory.display().to_string(), source };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() && !is_about_others(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| file::read(path)).collect()
}

fn is_about_others(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    let begins = [".", "README", "LICENSE", "LICENCE", "COPYING"];
    begins.iter().any(|begin| name.starts_with(begin)) || name.ends_with(".MD")
}

/// The traces of the set: the seven generators as `seed` makes them, then the recorded ones of
/// `directory`.
///
/// # Errors
/// As [`recorded`].
pub fn traces(directory: Option<&Path>, seed: u64) -> Result<Vec<Trace>, TraceError> {
    let generated = synthetic::NAMES.iter().filter_map(|name| synthetic::by_name(name, seed));
    let mut traces: Vec<Trace> = generated.collect();
    if let Some(directory) = directory {
        traces.append(&mut recorded(directory)?);
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

/// Runs `controller` over [`traces`] with each of `seeds`; `prepare` may change the conditions.
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

/// Rows side by side; shown as a Markdown table of aligned columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Table(pub Vec<Row>);

impl Table {
    /// The figures of each trace on its own, controller by controller.
    pub fn by_trace(&self) -> impl fmt::Display + '_ {
        let rows = self.0.iter().flat_map(|row| {
            let name = row.controller.to_string();
            row.by_trace.iter().map(move |(trace, score)| cells(&[trace, &name], score))
        });
        Aligned {
            heads: ["trace", "controller"].into_iter().chain(HEADS).collect(),
            rows: rows.collect(),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.0.iter().map(|row| cells(&[&row.controller.to_string()], &row.mean));
        let heads = ["controller"].into_iter().chain(HEADS).collect();
        Aligned { heads, rows: rows.collect() }.fmt(f)
    }
}

/// What stands above [`cells`].
const HEADS: [&str; 9] = [
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "freeze %",
    "util %",
    "switches/min",
    "frames dropped",
    "audio dropped",
    "longest gap ms",
];

fn cells(names: &[&str], score: &Score) -> Vec<String> {
    let figures = [
        format!("{:.0}", score.p50_ms),
        format!("{:.0}", score.p95_ms),
        format!("{:.0}", score.p99_ms),
        format!("{:.2}", score.freeze_pct),
        format!("{:.1}", score.utilisation_pct),
        format!("{:.1}", score.switches_per_min),
        score.frames_dropped.to_string(),
        score.audio_dropped.to_string(),
        format!("{:.0}", score.longest_gap_ms),
    ];
    names.iter().map(|name| (*name).to_owned()).chain(figures).collect()
}

struct Aligned {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl fmt::Display for Aligned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let of_rows = self.rows.iter().map(|row| row[column].chars().count());
            of_rows.chain([self.heads[column].len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        let line = |f: &mut fmt::Formatter<'_>, cells: &[&str]| {
            for (index, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                f.write_str(if index == 0 { "| " } else { " | " })?;
                // Names stand left, figures right.
                if index + HEADS.len() < cells.len() {
                    write!(f, "{cell:<width$}")?;
                } else {
                    write!(f, "{cell:>width$}")?;
                }
            }
            f.write_str(" |")
        };
        line(f, &self.heads)?;
        f.write_str("\n")?;
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        line(f, &rules.iter().map(String::as_str).collect::<Vec<_>>())?;
        for row in &self.rows {
            f.write_str("\n")?;
            line(f, &row.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_tell_about_traces_are_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            std::fs::write(directory.path().join(name), text).expect("written");
        };
        write("b.txt", "1.5\n2\n");
        write("a.up", "0\n700\n");
        write("README", "what they are");
        write("licence.txt", "whose they are");
        write("notes.md", "how they were made");
        write(".hidden", "junk");
        std::fs::create_dir(directory.path().join("more")).expect("made");
        let traces = recorded(directory.path()).expect("two traces");
        let names: Vec<&str> = traces.iter().map(Trace::name).collect();
        assert_eq!(names, ["a.up", "b.txt"]);
        write("broken.up", "0\nno\n");
        let error = recorded(directory.path()).expect_err("a broken one").to_string();
        assert!(error.contains("broken.up: line 2"), "{error}");
    }

    #[test]
    fn tables_are_markdown_with_a_row_for_each() {
        let score = Score { p95_ms: 12_345.6, frames_dropped: 7, ..Score::default() };
        let row = |controller| Row {
            controller,
            mean: score,
            by_trace: vec![("a".into(), score), ("b".into(), score)],
        };
        let table = Table(vec![row(Controller::OnAir), row(Controller::LfLiveKit)]);
        let text = table.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[2].starts_with("| onair ") && lines[2].contains(" 12346 |"), "{text}");
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
        assert_eq!(table.by_trace().to_string().lines().count(), 6);
    }
}
