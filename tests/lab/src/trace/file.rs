//! Traces from disk: mahimahi (a millisecond per line, one packet of 1,500 bytes each) and lists
//! with one Mbit/s figure per line and second. Which of the two it is shows in the figures:
//! mahimahi's are whole, never decrease and end at half a second or later.

use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use super::Trace;

/// Largest file read.
const MAX_BYTES: u64 = 64 << 20;
/// Longest trace, so that microseconds fit 32 bits.
const MAX_SECONDS: u64 = 4_000;
/// A figure above this is no rate of a mobile link.
const MAX_MBPS: f64 = 10_000.0;
/// Most delivery opportunities.
const MAX_SLOTS: u64 = 20_000_000;

/// Why a file is not a trace.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// It cannot be read.
    #[error("read trace {path}: {source}")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is too long.
    #[error("read trace {path}: more than {limit} {what}")]
    TooLong {
        /// Which file.
        path: String,
        /// Of what.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// A line is no figure.
    #[error("read trace {path}: line {line} is not a time in ms nor a rate in Mbit/s")]
    Line {
        /// Which file.
        path: String,
        /// From 1.
        line: usize,
    },
    /// It has no figure or lasts no time.
    #[error("read trace {path}: it holds no delivery opportunity")]
    Empty {
        /// Which file.
        path: String,
    },
    /// Neither a file nor a generator.
    #[error("find trace {name}: no such file, and the generators are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

/// Reads a trace; its name is the file's.
///
/// # Errors
/// When the file cannot be read or is not a trace.
pub fn read(path: &Path) -> Result<Trace, TraceError> {
    let shown = path.display().to_string();
    let read_error = |source| TraceError::Read { path: shown.clone(), source };
    let size = std::fs::metadata(path).map_err(read_error)?.len();
    if size > MAX_BYTES {
        return Err(TraceError::TooLong { path: shown, what: "bytes", limit: MAX_BYTES });
    }
    let text = std::fs::read_to_string(path).map_err(read_error)?;
    let name = path.file_name().map_or(shown.clone(), |name| name.to_string_lossy().into_owned());
    parse(&name, &text)
}

/// Reads a trace from text; blank lines and lines that start with `#` do not count.
///
/// # Errors
/// When the text is not a trace.
pub fn parse(name: &str, text: &str) -> Result<Trace, TraceError> {
    let mut figures = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let figure = line.parse::<f64>().ok().filter(|figure| figure.is_finite() && *figure >= 0.0);
        figures.push(figure.ok_or(TraceError::Line { path: name.into(), line: index + 1 })?);
    }
    let is_mahimahi = figures.is_sorted()
        && figures.iter().all(|figure| figure.fract() == 0.0)
        && figures.last().is_some_and(|last| *last >= 500.0);
    if is_mahimahi { from_millis(name, &figures) } else { from_rates(name, &figures) }
}

fn from_millis(name: &str, figures: &[f64]) -> Result<Trace, TraceError> {
    let last = figures.last().copied().unwrap_or(0.0);
    if last > (MAX_SECONDS * 1_000) as f64 {
        return Err(TraceError::TooLong { path: name.into(), what: "seconds", limit: MAX_SECONDS });
    }
    // The last line is where mahimahi starts over; its packet opens the next lap.
    let period_us = last as u32 * 1_000;
    let slots = figures.iter().map(|ms| (*ms as u32 * 1_000).min(period_us - 1)).collect();
    Ok(Trace::from_slots(name, slots, Duration::from_micros(u64::from(period_us))))
}

fn from_rates(name: &str, figures: &[f64]) -> Result<Trace, TraceError> {
    if figures.len() as u64 > MAX_SECONDS {
        return Err(TraceError::TooLong { path: name.into(), what: "seconds", limit: MAX_SECONDS });
    }
    if let Some(line) = figures.iter().position(|mbps| *mbps > MAX_MBPS) {
        return Err(TraceError::Line { path: name.into(), line: line + 1 });
    }
    let slots = figures.iter().sum::<f64>() * 1e6 / 12_000.0;
    if slots < 1.0 {
        return Err(TraceError::Empty { path: name.into() });
    }
    if slots > MAX_SLOTS as f64 {
        return Err(TraceError::TooLong { path: name.into(), what: "packets", limit: MAX_SLOTS });
    }
    let period = Duration::from_secs(figures.len() as u64);
    Ok(Trace::from_rate(name, period, |time| {
        usize::try_from(time.as_secs()).ok().and_then(|s| figures.get(s)).map_or(0.0, |m| 1e6 * m)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Slots;
    use onair_types::Now;
    use proptest::prelude::*;

    #[test]
    fn mahimahi_lines_are_opportunities() {
        let trace = parse("m", "0\n5\n5\n1000\n").expect("a trace");
        assert_eq!(trace.period(), Duration::from_secs(1));
        let mut slots = Slots::new(&trace);
        let mut seen = Vec::new();
        while seen.len() < 6 {
            seen.push(slots.next_at(Now::ZERO).expect("repeats").as_micros());
            slots.advance();
        }
        assert_eq!(seen, [0, 5_000, 5_000, 999_999, 1_000_000, 1_005_000]);
    }

    #[test]
    fn other_figures_are_rates_per_second() {
        let trace = parse("r", "# Mbit/s\n3.5\n\n0\n2\n").expect("a trace");
        let seconds = trace.capacity_per_second(Duration::from_secs(3));
        assert!((seconds[0] - 3.5e6).abs() <= 12_000.0);
        assert_eq!(seconds[1], 0.0);
        assert!((seconds[2] - 2e6).abs() <= 12_000.0);
    }

    #[test]
    fn what_is_not_a_trace_is_refused_with_its_line() {
        assert!(matches!(parse("x", "1\ntwo\n"), Err(TraceError::Line { line: 2, .. })));
        assert!(matches!(parse("x", ""), Err(TraceError::Empty { .. })));
        assert!(matches!(parse("x", "0\n0\n"), Err(TraceError::Empty { .. })));
        assert!(matches!(parse("x", "99999999999\n"), Err(TraceError::TooLong { .. })));
        assert!(matches!(parse("x", "1e300\n1\n"), Err(TraceError::Line { line: 1, .. })));
        assert!(matches!(read(Path::new("/nonexistent/t")), Err(TraceError::Read { .. })));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9.eE#\\-\n inf]{0,200}") {
            let _ = parse("fuzz", &text);
        }
    }
}
