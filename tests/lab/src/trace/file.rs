//! Traces from disk: mahimahi (a millisecond per line, one packet of 1,500 bytes each) and lists
//! with one Mbit/s figure per line and second.
//!
//! Which of the two it is shows in the figures: mahimahi's are whole, never decrease, are not all
//! the same and end at half a second or later. Blank lines and what follows a `#` do not count.

use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use super::Trace;

/// Largest file read.
const MAX_BYTES: u64 = 128 << 20;
/// Longest trace.
const MAX_SECONDS: u64 = 86_400;
/// A figure above this is no rate of a mobile link.
const MAX_MBPS: f64 = 10_000.0;
/// Most delivery opportunities.
const MAX_SLOTS: u64 = 20_000_000;
/// Where a shorter list of whole, growing figures ends, it is one of rates.
const MIN_LAST_MS: f64 = 500.0;

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
    /// A list of milliseconds goes back.
    #[error("read trace {path}: line {line} lies before the line above it")]
    Order {
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

/// A figure and the line that it stands on, from 1.
#[derive(Clone, Copy, Debug)]
struct Figure {
    value: f64,
    line: usize,
}

/// Reads a trace; its name is the file's.
///
/// # Errors
/// When the file cannot be read or is not a trace.
pub fn read(path: &Path) -> Result<Trace, TraceError> {
    let shown = path.display().to_string();
    let read_error = |source| TraceError::Read { path: shown.clone(), source };
    let metadata = std::fs::metadata(path).map_err(read_error)?;
    if !metadata.is_file() {
        return Err(read_error(std::io::ErrorKind::InvalidInput.into()));
    }
    if metadata.len() > MAX_BYTES {
        return Err(TraceError::TooLong { path: shown, what: "bytes", limit: MAX_BYTES });
    }
    let bytes = std::fs::read(path).map_err(read_error)?;
    // What is no text fails as the line that it is.
    let text = String::from_utf8_lossy(&bytes);
    let trace = parse(&shown, &text)?;
    Ok(match path.file_name() {
        Some(name) => trace.named(name.to_string_lossy()),
        None => trace,
    })
}

/// Reads a trace from text; `name` is its own, and that of the file in errors.
///
/// # Errors
/// When the text is not a trace.
pub fn parse(name: &str, text: &str) -> Result<Trace, TraceError> {
    let mut figures = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let value = line.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
        let line = index + 1;
        let value = value.ok_or_else(|| TraceError::Line { path: name.into(), line })?;
        if figures.len() as u64 == MAX_SLOTS {
            return Err(TraceError::TooLong { path: name.into(), what: "lines", limit: MAX_SLOTS });
        }
        figures.push(Figure { value, line });
    }
    let last = figures.last().map_or(0.0, |figure| figure.value);
    let is_whole = figures.iter().all(|figure| figure.value.fract() == 0.0);
    let first_back = figures.windows(2).find(|pair| pair[1].value < pair[0].value);
    let is_flat = figures.len() > 1 && figures.iter().all(|figure| figure.value == last);
    if is_whole && first_back.is_none() && !is_flat && last >= MIN_LAST_MS {
        return from_millis(name, &figures);
    }
    // Too much for a rate: times in ms, out of order.
    match (figures.iter().find(|figure| figure.value > MAX_MBPS), first_back) {
        (None, _) => from_rates(name, &figures),
        (Some(_), Some(pair)) if is_whole => {
            Err(TraceError::Order { path: name.into(), line: pair[1].line })
        }
        (Some(figure), _) => Err(TraceError::Line { path: name.into(), line: figure.line }),
    }
}

fn from_millis(name: &str, figures: &[Figure]) -> Result<Trace, TraceError> {
    let last = figures.last().map_or(0.0, |figure| figure.value);
    if last > (MAX_SECONDS * 1_000) as f64 {
        return Err(TraceError::TooLong { path: name.into(), what: "seconds", limit: MAX_SECONDS });
    }
    // The last line is where mahimahi starts over; its packet opens the next lap.
    let period_us = last as u64 * 1_000;
    let slots =
        figures.iter().map(|figure| (figure.value as u64 * 1_000).min(period_us - 1)).collect();
    Ok(Trace::from_slots(name, slots, Duration::from_micros(period_us)))
}

fn from_rates(name: &str, figures: &[Figure]) -> Result<Trace, TraceError> {
    if figures.len() as u64 > MAX_SECONDS {
        return Err(TraceError::TooLong { path: name.into(), what: "seconds", limit: MAX_SECONDS });
    }
    let slots = figures.iter().map(|figure| figure.value).sum::<f64>() * 1e6 / SLOT_BITS;
    if slots < 1.0 {
        return Err(TraceError::Empty { path: name.into() });
    }
    if slots > MAX_SLOTS as f64 {
        return Err(TraceError::TooLong { path: name.into(), what: "packets", limit: MAX_SLOTS });
    }
    let period = Duration::from_secs(figures.len() as u64);
    Ok(Trace::from_rate(name, period, |time| {
        let second = usize::try_from(time.as_secs()).ok();
        second.and_then(|second| figures.get(second)).map_or(0.0, |figure| 1e6 * figure.value)
    }))
}

/// Bits of one delivery opportunity.
const SLOT_BITS: f64 = super::SLOT_BYTES as f64 * 8.0;

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
    fn what_people_leave_in_files_does_not_change_the_trace() {
        let plain = parse("r", "3.5\n0\n2\n").expect("a trace");
        let decorated = "\u{feff}# Mbit/s\r\n\r\n 3.5  # at home\r\n0\r\n\t2\r\n\r\n";
        assert_eq!(parse("r", decorated).expect("a trace"), plain);
        let short = parse("m", "10\n20\n700").expect("a trace");
        assert_eq!(short.period(), Duration::from_millis(700));
    }

    #[test]
    fn whole_figures_that_do_not_grow_like_times_are_rates() {
        for (text, seconds) in [("5\n", 1), ("600\n600\n", 2), ("1\n2\n3\n", 3), ("7\n3\n900\n", 3)]
        {
            let trace = parse("r", text).expect("a trace");
            assert_eq!(trace.period(), Duration::from_secs(seconds), "{text:?}");
        }
    }

    #[test]
    fn a_trace_of_two_hours_is_read_to_its_end() {
        let text: String = (1..=7_200).map(|second| format!("{}\n", second * 1_000)).collect();
        let trace = parse("m", &text).expect("a trace");
        assert_eq!(trace.period(), Duration::from_secs(7_200));
        let seconds = trace.capacity_per_second(Duration::from_secs(7_200));
        assert!(seconds[1..].iter().all(|bits| *bits > 0.0));
    }

    #[test]
    fn what_is_not_a_trace_is_refused_with_its_line() {
        assert!(matches!(parse("x", "1\ntwo\n"), Err(TraceError::Line { line: 2, .. })));
        assert!(matches!(parse("x", "# 1\n\n1\n2 3\n"), Err(TraceError::Line { line: 4, .. })));
        assert!(matches!(parse("x", "1\n-2\n"), Err(TraceError::Line { line: 2, .. })));
        assert!(matches!(parse("x", ""), Err(TraceError::Empty { .. })));
        assert!(matches!(parse("x", "0\n0\n"), Err(TraceError::Empty { .. })));
        assert!(matches!(parse("x", "99999999999\n"), Err(TraceError::TooLong { .. })));
        assert!(matches!(parse("x", "1e300\n1.5\n"), Err(TraceError::Line { line: 1, .. })));
        let back = "0\n20000\n# late\n19999\n30000\n";
        assert!(matches!(parse("x", back), Err(TraceError::Order { line: 4, .. })));
        assert!(matches!(read(Path::new("/nonexistent/t")), Err(TraceError::Read { .. })));
        assert!(matches!(read(Path::new("/")), Err(TraceError::Read { .. })));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9.eE#\\-\n inf]{0,200}") {
            let _ = parse("fuzz", &text);
        }
    }
}
