//! How much a link carries at which time: steps of a rate, from words (`0:3000,10:600`) or from a trace on disk.

use std::time::Duration;

use thiserror::Error;

/// A rate in bit/s over time. Holds its last rate for ever, or starts again when it is a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// From when which rate holds; the first begins at zero, none is empty.
    steps: Vec<(Duration, f64)>,
    /// After this it starts again.
    period: Option<Duration>,
}

/// Why words or a file are no schedule.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ScheduleError {
    /// A step is not `SECONDS:KBIT` or comes before its predecessor.
    #[error("read the step {0:?}: steps are SECONDS:KBIT, separated by commas, in order of time")]
    Step(String),
    /// A line of a trace is no figure.
    #[error("read line {0} of the trace: neither a millisecond nor a rate in Mbit/s")]
    Line(usize),
    /// There is no figure at all.
    #[error("read the trace: it has no line")]
    Empty,
}

/// A rate that no link of a test reaches.
const UNLIMITED_BPS: f64 = 1e12;
/// mahimahi's packets.
const SLOT_BITS: f64 = 1_500.0 * 8.0;
/// mahimahi's instants become rates over this time.
const BIN: Duration = Duration::from_millis(50);

impl Schedule {
    /// No limit.
    pub fn unlimited() -> Self {
        Self { steps: vec![(Duration::ZERO, UNLIMITED_BPS)], period: None }
    }

    /// The same rate for ever; zero stands still, and the queue fills.
    pub fn constant(bits_per_second: f64) -> Self {
        Self { steps: vec![(Duration::ZERO, bits_per_second.max(0.0))], period: None }
    }

    /// Rates that each hold for `step`, over and over.
    ///
    /// # Errors
    /// [`ScheduleError::Empty`] without a rate.
    pub fn repeating(bits_per_second: &[f64], step: Duration) -> Result<Self, ScheduleError> {
        let mut begin = Duration::ZERO;
        let mut steps = Vec::with_capacity(bits_per_second.len());
        for rate in bits_per_second {
            steps.push((begin, rate.max(0.0)));
            begin += step;
        }
        if begin.is_zero() {
            return Err(ScheduleError::Empty);
        }
        Ok(Self { steps, period: Some(begin) })
    }

    /// `SECONDS:KBIT,SECONDS:KBIT,…`; before the first step, its rate holds too.
    ///
    /// # Errors
    /// [`ScheduleError::Step`] names the step that cannot be read.
    pub fn parse(words: &str) -> Result<Self, ScheduleError> {
        let mut steps: Vec<(Duration, f64)> = Vec::new();
        for word in words.split(',') {
            let wrong = || ScheduleError::Step(word.to_owned());
            let (at, rate) = word.split_once(':').ok_or_else(wrong)?;
            let at: f64 = at.trim().parse().map_err(|_| wrong())?;
            let rate: f64 = rate.trim().parse().map_err(|_| wrong())?;
            let at = Duration::try_from_secs_f64(at).map_err(|_| wrong())?;
            let is_later = steps.last().is_none_or(|(last, _)| *last < at);
            if !is_later || !(0.0..=1e9).contains(&rate) {
                return Err(wrong());
            }
            steps.push((at, rate * 1_000.0));
        }
        steps[0].0 = Duration::ZERO;
        Ok(Self { steps, period: None })
    }

    /// A trace: whole milliseconds that do not decrease are mahimahi's (1,500 bytes each), anything else is Mbit/s for
    /// one second a line.
    ///
    /// # Errors
    /// When a line is no figure, or there is none.
    pub fn trace(text: &str) -> Result<Self, ScheduleError> {
        let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        let figures = lines.map(|(line, number)| {
            let figure = line.trim().parse::<f64>().ok();
            figure.filter(|f| (0.0..1e10).contains(f)).ok_or(ScheduleError::Line(number))
        });
        let figures = figures.collect::<Result<Vec<f64>, _>>()?;
        let is_whole = text.lines().all(|line| !line.contains('.'));
        match figures.last() {
            None => Err(ScheduleError::Empty),
            Some(&end) if is_whole && figures.is_sorted() && end >= 500.0 => {
                let bin_ms = BIN.as_millis() as f64;
                let mut bits = vec![0.0; (end / bin_ms) as usize + 1];
                for at in &figures {
                    bits[(at / bin_ms) as usize] += SLOT_BITS;
                }
                let rates: Vec<f64> = bits.iter().map(|b| b / BIN.as_secs_f64()).collect();
                Self::repeating(&rates, BIN)
            }
            Some(_) => {
                let rates: Vec<f64> = figures.iter().map(|mbit| mbit * 1e6).collect();
                Self::repeating(&rates, Duration::from_secs(1))
            }
        }
    }

    /// The rate at `now` in bit/s, and when it changes next.
    pub fn at(&self, now: Duration) -> (f64, Option<Duration>) {
        let (round, within) = match self.period {
            None => (Duration::ZERO, now),
            Some(period) => {
                let within = Duration::from_nanos((now.as_nanos() % period.as_nanos()) as u64);
                (now - within, within)
            }
        };
        let next = self.steps.partition_point(|(begin, _)| *begin <= within);
        let rate = self.steps[next.saturating_sub(1)].1;
        let change = self.steps.get(next).map(|(begin, _)| *begin).or(self.period);
        (rate, change.map(|change| round + change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn steps_hold_until_the_next() {
        let schedule = Schedule::parse("0:3000,10:600,30:3000").unwrap();
        assert_eq!(schedule.at(Duration::ZERO), (3e6, Some(10 * SECOND)));
        assert_eq!(schedule.at(10 * SECOND), (6e5, Some(30 * SECOND)));
        assert_eq!(schedule.at(100 * SECOND), (3e6, None));
    }

    #[test]
    fn a_trace_starts_again() {
        let schedule = Schedule::trace("1.5\n0\n").unwrap();
        assert_eq!(schedule.at(SECOND / 2), (1.5e6, Some(SECOND)));
        assert_eq!(schedule.at(SECOND), (0.0, Some(2 * SECOND)));
        assert_eq!(schedule.at(5 * SECOND / 2), (1.5e6, Some(3 * SECOND)));
    }

    #[test]
    fn mahimahi_s_instants_become_rates() {
        let text: String = (0..1_000).map(|ms| format!("{ms}\n")).collect();
        let (rate, _) = Schedule::trace(&text).unwrap().at(SECOND / 3);
        assert_eq!(rate, 12e6);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for words in ["", "0", "5:1,5:2", "0:x", "0:-1", "-1:5", "nan:5", "0:inf"] {
            assert!(Schedule::parse(words).is_err(), "{words}");
        }
        assert_eq!(Schedule::trace(""), Err(ScheduleError::Empty));
        assert_eq!(Schedule::trace("1.0\nx"), Err(ScheduleError::Line(2)));
    }
}
