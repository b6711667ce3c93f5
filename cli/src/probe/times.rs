//! The time stamps of one track as they came: gaps, steps back, repeats, rate.

use serde::Serialize;

use crate::tags::Unwrap;

/// Collects decoding times in the order of arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    unwrap: Unwrap,
    /// Milliseconds, continued past the wire's 32 bits.
    all_ms: Vec<i64>,
}

/// What they say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TimesReport {
    /// First and last time stamp, milliseconds.
    pub(crate) first_ms: i64,
    pub(crate) last_ms: i64,
    /// Intervals longer than half as much again as they should be.
    pub(crate) gaps: u64,
    /// The longest interval of all.
    pub(crate) largest_gap_ms: i64,
    /// Times lower than the one before.
    pub(crate) steps_back: u64,
    /// The furthest of them.
    pub(crate) largest_step_back_ms: i64,
    /// Times equal to the one before.
    pub(crate) repeats: u64,
}

impl Times {
    /// Notes the next time and returns it, continued.
    pub(crate) fn push(&mut self, wire_ms: u32) -> i64 {
        let time = self.unwrap.next(wire_ms);
        self.all_ms.push(time);
        time
    }

    pub(crate) fn count(&self) -> usize {
        self.all_ms.len()
    }

    pub(crate) fn last_ms(&self) -> Option<i64> {
        self.all_ms.last().copied()
    }

    /// From the first time to the last, in seconds.
    pub(crate) fn span_seconds(&self) -> f64 {
        match (self.all_ms.first(), self.all_ms.last()) {
            (Some(first), Some(last)) => (last - first).max(0) as f64 / 1e3,
            _ => 0.0,
        }
    }

    /// Units a second; 0 for fewer than two.
    pub(crate) fn rate(&self) -> f64 {
        match self.span_seconds() {
            span if span > 0.0 => (self.count() - 1) as f64 / span,
            _ => 0.0,
        }
    }

    /// The middle one of the intervals, ms: what the rate is when nothing is missing.
    pub(crate) fn usual_interval_ms(&self) -> f64 {
        let mut intervals: Vec<i64> = self.intervals().filter(|interval| *interval > 0).collect();
        if intervals.is_empty() {
            return 0.0;
        }
        intervals.sort_unstable();
        // Milliseconds make 33, 33, 34 of 33.3: the middle half's mean is closer than the middle.
        let quarter = intervals.len() / 4;
        let middle = &intervals[quarter..intervals.len() - quarter];
        middle.iter().sum::<i64>() as f64 / middle.len() as f64
    }

    /// Judges the intervals by what one should be, ms; 0 when that is unknown.
    pub(crate) fn report(&self, usual_ms: f64) -> TimesReport {
        // Rounding to milliseconds may lengthen an interval by one.
        let longest_usual = usual_ms * 1.5 + 1.0;
        let mut report = TimesReport {
            first_ms: self.all_ms.first().copied().unwrap_or_default(),
            last_ms: self.last_ms().unwrap_or_default(),
            ..TimesReport::default()
        };
        for interval in self.intervals() {
            report.largest_gap_ms = report.largest_gap_ms.max(interval);
            report.largest_step_back_ms = report.largest_step_back_ms.max(-interval);
            match interval {
                ..0 => report.steps_back += 1,
                0 => report.repeats += 1,
                _ if usual_ms > 0.0 && interval as f64 > longest_usual => report.gaps += 1,
                _ => {}
            }
        }
        report
    }

    fn intervals(&self) -> impl Iterator<Item = i64> {
        self.all_ms.windows(2).map(|pair| pair[1] - pair[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(all: impl IntoIterator<Item = u32>) -> Times {
        let mut times = Times::default();
        all.into_iter().for_each(|ms| {
            times.push(ms);
        });
        times
    }

    fn thirty_fps(count: u32) -> impl Iterator<Item = u32> {
        (0..count).map(|n| (f64::from(n) * 1_000.0 / 30.0).round() as u32)
    }

    #[test]
    fn an_even_track_has_nothing_to_report() {
        let times = times(thirty_fps(301));
        assert!((times.rate() - 30.0).abs() < 0.01);
        assert!((times.usual_interval_ms() - 33.33).abs() < 0.4);
        let report = times.report(times.usual_interval_ms());
        let expected =
            TimesReport { last_ms: 10_000, largest_gap_ms: 34, ..TimesReport::default() };
        assert_eq!(report, expected);
    }

    #[test]
    fn one_missing_unit_is_a_gap() {
        let times = times(thirty_fps(300).enumerate().filter(|(n, _)| *n != 150).map(|(_, ms)| ms));
        let report = times.report(times.usual_interval_ms());
        assert_eq!((report.gaps, report.largest_gap_ms), (1, 66));
    }

    #[test]
    fn steps_back_and_repeats_are_counted_apart() {
        let times = times([0, 20, 40, 10, 30, 30, 50]);
        let report = times.report(20.0);
        assert_eq!((report.steps_back, report.largest_step_back_ms, report.repeats), (1, 30, 1));
    }

    #[test]
    fn the_wire_s_wrap_is_no_step_back() {
        let times = times([u32::MAX - 19, 0, 20, 40]);
        let report = times.report(20.0);
        assert_eq!((report.steps_back, report.gaps, report.largest_gap_ms), (0, 0, 20));
    }

    #[test]
    fn nothing_and_one_unit_have_no_rate() {
        assert_eq!((times([]).rate(), times([]).usual_interval_ms()), (0.0, 0.0));
        assert_eq!(times([40]).rate(), 0.0);
        assert_eq!(times([40]).report(0.0).first_ms, 40);
    }
}
