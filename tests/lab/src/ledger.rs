//! What became of every picture and AAC frame, and the figures made of it (`spec network` 1.4).
//!
//! * **latency**: from capture until the last byte is with the server, over all pictures that were
//!   not dropped; one that never arrived counts with its age at the end of the run.
//! * **usable**: arrived within [`LATE`] and so did every picture it refers to.
//! * **freeze**: part of the captured pictures that are not usable, from the first usable one on if
//!   it is of the first second: a show that has not begun does not freeze. A capture that was left
//!   out by a lower frame rate shares the fate of the picture before it.
//! * **utilisation**: usable video bits by what the link could have carried of them:
//!   min(capacity − audio, maximum), summed over seconds.
//! * **switches**: the commanded bitrate left the last counted one by 10 % or more.
//! * **longest gap**: between the arrivals of two decodable pictures, late or not.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use crate::media::Picture;

/// A picture later than this is of no use to a live viewer.
pub const LATE: Duration = Duration::from_secs(2);
/// Connecting may take so long.
const BEGINS_WITHIN: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
struct Fate {
    picture: Picture,
    /// Captures that this picture stands for.
    captures: u32,
    arrived: Option<Now>,
    dropped: bool,
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    Picture(u32),
    Audio(Now),
}

/// A change of the commanded bitrate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// When.
    pub at: Now,
    /// The new target, bit/s.
    pub bitrate_bps: u32,
}

/// Everything that happened in one run.
#[derive(Debug, Default)]
pub struct Ledger {
    pictures: Vec<Fate>,
    /// What was written to the present connection and ends at which of its bytes.
    on_wire: VecDeque<(u64, Unit)>,
    sound: Vec<(Now, Duration)>,
    audio_captured: u64,
    audio_dropped: u64,
    commands: Vec<Command>,
}

impl Ledger {
    /// A picture left the encoder.
    pub fn captured(&mut self, picture: Picture) {
        self.pictures.push(Fate { picture, captures: 1, arrived: None, dropped: false });
    }

    /// A capture was left out by a lower frame rate.
    pub fn left_out(&mut self) {
        if let Some(last) = self.pictures.last_mut() {
            last.captures += 1;
        }
    }

    /// An AAC frame left the encoder.
    pub fn captured_audio(&mut self) {
        self.audio_captured += 1;
    }

    /// The picture's last byte is byte `end` of the present connection.
    pub fn wrote_picture(&mut self, id: u32, end: u64) {
        self.on_wire.push_back((end, Unit::Picture(id)));
    }

    /// As [`Ledger::wrote_picture`], for the AAC frame captured at `captured`.
    pub fn wrote_audio(&mut self, captured: Now, end: u64) {
        self.on_wire.push_back((end, Unit::Audio(captured)));
    }

    /// The broadcaster gave this picture up.
    pub fn dropped_picture(&mut self, id: u32) {
        if let Some(fate) = self.pictures.get_mut(id as usize) {
            fate.dropped = true;
        }
    }

    /// The broadcaster gave an AAC frame up.
    pub fn dropped_audio(&mut self) {
        self.audio_dropped += 1;
    }

    /// `count` AAC frames were given up.
    pub fn dropped_audio_frames(&mut self, count: u64) {
        self.audio_dropped += count;
    }

    /// The connection is gone: what was on it and has not arrived never will.
    pub fn connection_lost(&mut self) {
        for (_, unit) in std::mem::take(&mut self.on_wire) {
            match unit {
                Unit::Picture(id) => self.dropped_picture(id),
                Unit::Audio(_) => self.dropped_audio(),
            }
        }
    }

    /// The server has the first `bytes` of the present connection.
    pub fn received(&mut self, bytes: u64, now: Now) {
        while self.on_wire.front().is_some_and(|(end, _)| *end <= bytes) {
            match self.on_wire.pop_front() {
                Some((_, Unit::Picture(id))) => {
                    if let Some(fate) = self.pictures.get_mut(id as usize) {
                        fate.arrived = Some(now);
                    }
                }
                Some((_, Unit::Audio(captured))) => {
                    self.sound.push((captured, now.since(captured)));
                }
                None => {}
            }
        }
    }

    /// The encoder was told a new bitrate.
    pub fn commanded(&mut self, bitrate_bps: u32, at: Now) {
        self.commands.push(Command { at, bitrate_bps });
    }

    /// All commands, in order.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Capture time and latency of each picture that arrived, in order.
    pub fn latencies(&self) -> impl Iterator<Item = (Now, Duration)> + '_ {
        self.pictures.iter().filter_map(|fate| {
            let captured = fate.picture.captured;
            fate.arrived.map(|at| (captured, at.since(captured)))
        })
    }

    /// Capture time and latency of each AAC frame that arrived, in order.
    pub fn sound(&self) -> impl Iterator<Item = (Now, Duration)> + '_ {
        self.sound.iter().copied()
    }

    /// Capture times of the pictures that are not usable.
    pub fn frozen(&self) -> Vec<Now> {
        let usable = self.usable();
        let pictures = self.pictures.iter().zip(&usable);
        let frozen = pictures.skip(self.begin(&usable)).filter(|(_, usable)| !**usable);
        frozen.map(|(fate, _)| fate.picture.captured).collect()
    }

    /// The figures of a run in which pictures were captured for `duration` and that ended at
    /// `end`; `possible_bits` is what the link could have carried.
    pub fn score(&self, duration: Duration, end: Now, possible_bits: f64) -> Score {
        let usable = self.usable();
        let (mut captures, mut frozen, mut bits) = (0u64, 0u64, 0.0);
        for (fate, usable) in self.pictures.iter().zip(&usable).skip(self.begin(&usable)) {
            captures += u64::from(fate.captures);
            if *usable {
                bits += f64::from(fate.picture.bytes) * 8.0;
            } else {
                frozen += u64::from(fate.captures);
            }
        }
        let mut latencies: Vec<Duration> = self
            .pictures
            .iter()
            .filter(|fate| !fate.dropped)
            .map(|fate| fate.arrived.unwrap_or(end).since(fate.picture.captured))
            .collect();
        latencies.sort_unstable();
        let mut audio: Vec<Duration> = self.sound().map(|(_, latency)| latency).collect();
        audio.sort_unstable();
        Score {
            p50_ms: percentile_ms(&latencies, 50),
            p95_ms: percentile_ms(&latencies, 95),
            p99_ms: percentile_ms(&latencies, 99),
            max_ms: percentile_ms(&latencies, 100),
            freeze_pct: 100.0 * frozen as f64 / captures.max(1) as f64,
            utilisation_pct: 100.0 * bits / possible_bits.max(1.0),
            switches_per_min: f64::from(self.switches()) * 60.0 / duration.as_secs_f64().max(1.0),
            frames_dropped: self.pictures.iter().filter(|fate| fate.dropped).count() as u64,
            audio_dropped: self.audio_dropped,
            audio_p95_ms: percentile_ms(&audio, 95),
            longest_gap_ms: self.longest_gap(Now::ZERO + duration).as_secs_f64() * 1e3,
        }
    }

    fn usable(&self) -> Vec<bool> {
        let mut chain = false;
        let in_time =
            |fate: &Fate| fate.arrived.is_some_and(|at| at.since(fate.picture.captured) <= LATE);
        let fates = self.pictures.iter();
        fates
            .map(|fate| {
                chain = in_time(fate) && (chain || fate.picture.is_idr);
                chain
            })
            .collect()
    }

    /// The show's first picture.
    fn begin(&self, usable: &[bool]) -> usize {
        let first = usable.iter().position(|usable| *usable);
        let is_soon =
            |index: &usize| self.pictures[*index].picture.captured <= Now::ZERO + BEGINS_WITHIN;
        first.filter(is_soon).unwrap_or(0)
    }

    fn switches(&self) -> u32 {
        let mut counted: Option<f64> = None;
        let mut switches = 0;
        for command in &self.commands {
            let bps = f64::from(command.bitrate_bps);
            let Some(last) = counted else {
                counted = Some(bps);
                continue;
            };
            if (bps - last).abs() >= 0.1 * last {
                switches += 1;
                counted = Some(bps);
            }
        }
        switches
    }

    fn longest_gap(&self, end: Now) -> Duration {
        let (mut chain, mut last, mut longest) = (false, Now::ZERO, Duration::ZERO);
        for fate in &self.pictures {
            chain = fate.arrived.is_some() && (chain || fate.picture.is_idr);
            if let Some(at) = fate.arrived.filter(|_| chain) {
                longest = longest.max(at.since(last));
                last = at;
            }
        }
        longest.max(end.since(last))
    }
}

/// The figures of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Median latency.
    pub p50_ms: f64,
    /// Latency that 95 % of the pictures keep.
    pub p95_ms: f64,
    /// Latency that 99 % of the pictures keep.
    pub p99_ms: f64,
    /// The longest latency.
    pub max_ms: f64,
    /// Part of the pictures that a viewer with a buffer of 2 s does not see.
    pub freeze_pct: f64,
    /// Usable video by possible video.
    pub utilisation_pct: f64,
    /// Bitrate changes of 10 % and more.
    pub switches_per_min: f64,
    /// Pictures given up by the broadcaster.
    pub frames_dropped: u64,
    /// AAC frames given up by the broadcaster.
    pub audio_dropped: u64,
    /// Latency that 95 % of the AAC frames keep.
    pub audio_p95_ms: f64,
    /// Longest time without a new decodable picture.
    pub longest_gap_ms: f64,
}

impl Score {
    /// The mean of each figure; the worst of the longest ones.
    pub fn mean(scores: &[Self]) -> Self {
        let count = scores.len().max(1);
        let mean = |of: fn(&Self) -> f64| scores.iter().map(of).sum::<f64>() / count as f64;
        let most = |of: fn(&Self) -> f64| scores.iter().map(of).fold(0.0, f64::max);
        let total = |of: fn(&Self) -> u64| scores.iter().map(of).sum::<u64>() / count as u64;
        Self {
            p50_ms: mean(|s| s.p50_ms),
            p95_ms: mean(|s| s.p95_ms),
            p99_ms: mean(|s| s.p99_ms),
            max_ms: most(|s| s.max_ms),
            freeze_pct: mean(|s| s.freeze_pct),
            utilisation_pct: mean(|s| s.utilisation_pct),
            switches_per_min: mean(|s| s.switches_per_min),
            frames_dropped: total(|s| s.frames_dropped),
            audio_dropped: total(|s| s.audio_dropped),
            audio_p95_ms: mean(|s| s.audio_p95_ms),
            longest_gap_ms: most(|s| s.longest_gap_ms),
        }
    }
}

/// Nearest rank, in milliseconds.
fn percentile_ms(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures 100 ms apart; those of `lost` never arrive.
    fn freeze_pct(lost: std::ops::Range<u32>) -> f64 {
        let mut ledger = Ledger::default();
        for id in 0..100 {
            let captured = Now::from_millis(i64::from(id) * 100);
            ledger.captured(Picture { id, captured, bytes: 10, is_idr: true });
            if lost.contains(&id) {
                ledger.dropped_picture(id);
            } else {
                ledger.wrote_picture(id, u64::from(id + 1) * 10);
                ledger.received(u64::from(id + 1) * 10, captured);
            }
        }
        ledger.score(Duration::from_secs(10), Now::from_millis(10_000), 1.0).freeze_pct
    }

    #[test]
    fn a_show_that_has_not_begun_does_not_freeze_and_one_that_never_does_is_all_frozen() {
        assert_eq!(freeze_pct(0..0), 0.0);
        assert_eq!(freeze_pct(0..5), 0.0);
        assert_eq!(freeze_pct(5..10), 5.0);
        assert_eq!(freeze_pct(0..50), 50.0);
        assert_eq!(freeze_pct(0..100), 100.0);
    }
}
