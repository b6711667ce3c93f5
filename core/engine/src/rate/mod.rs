//! Owns the video bitrate and whether the socket may be given more (`spec network` 1.3).

mod acknowledged;
mod capacity;
mod controller;
mod decision;
mod flight;
mod min_rtt;
mod output;
mod pace;
mod source;
mod survival;
mod tuning;

use std::time::Duration;

use crate::record::{Corrupt, Reader, State, state};

pub use controller::{Backlog, Controller, TICK};
pub use decision::{Decision, Evidence, Reason};
pub use pace::{PaceChange, PaceReason, VideoPace};

/// By which rule the video bitrate follows the network within its range. The gate on bytes in
/// flight is the same for all, and so is the dropping of old pictures where nothing else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Adaptation {
    /// OnAir's own: by the age of the oldest byte that the server does not have.
    #[default]
    Lag,
    /// Not at all: the range's start is the bitrate.
    Off,
    /// LFLiveKit's: by the length of its queue, which drops by count ([`crate::compat::lflivekit`]).
    LfLiveKit,
    /// VideoCore's ladder: by the bytes that wait ([`crate::compat::videocore`]).
    VideoCore,
}

/// What the video bitrate may be, bit/s. `min ≤ start ≤ max` always holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    start_bps: u32,
    min_bps: u32,
    max_bps: u32,
}

impl Range {
    /// A range; `start_bps` and `min_bps` are brought below `max_bps` when they are above it.
    pub fn new(start_bps: u32, min_bps: u32, max_bps: u32) -> Self {
        let min_bps = min_bps.min(max_bps);
        Self { start_bps: start_bps.clamp(min_bps, max_bps), min_bps, max_bps }
    }

    /// Always the same bitrate.
    pub fn fixed(bitrate_bps: u32) -> Self {
        Self::new(bitrate_bps, bitrate_bps, bitrate_bps)
    }

    /// Where it begins, bit/s.
    pub fn start_bps(&self) -> u32 {
        self.start_bps
    }

    /// Never below, bit/s.
    pub fn min_bps(&self) -> u32 {
        self.min_bps
    }

    /// Never above, bit/s.
    pub fn max_bps(&self) -> u32 {
        self.max_bps
    }
}

/// What the system says about the connection's sending side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// Bytes that the socket took and the peer has not acknowledged, unsent ones included.
    pub unacked_bytes: u64,
    /// Of these, bytes that have not been sent at all.
    pub unsent_bytes: u64,
    /// Smoothed round-trip time.
    pub rtt: Duration,
}

state!(Backlog { bytes, oldest });
state!(Adaptation: Lag, Off, LfLiveKit, VideoCore);

impl State for Range {
    fn save(&self, out: &mut Vec<u8>) {
        [self.start_bps, self.min_bps, self.max_bps].save(out);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, Corrupt> {
        let [start_bps, min_bps, max_bps] = State::load(from)?;
        let range = Self::new(start_bps, min_bps, max_bps);
        let as_written = Self { start_bps, min_bps, max_bps };
        if range == as_written { Ok(range) } else { Err(Corrupt) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_ordered_whatever_it_is_made_from() {
        let range = Range::new(900, 1_000, 800);
        assert_eq!((range.min_bps(), range.start_bps(), range.max_bps()), (800, 800, 800));
        assert_eq!(Range::new(100, 200, 400).start_bps(), 200);
        assert_eq!(Range::fixed(5), Range::new(5, 5, 5));
    }
}
