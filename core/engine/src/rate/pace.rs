//! How many of the captured pictures are worth sending, and why that changed, in numbers and in
//! words (`spec network` 1.3.7). A link below the lowest bitrate gets fewer pictures first, then
//! sound alone.

use std::fmt;

use super::decision::Evidence;
use crate::record::state;

/// Which captured pictures are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VideoPace {
    /// Every one.
    #[default]
    Full,
    /// Every second one.
    Half,
    /// None: the show goes on as sound.
    None,
}

/// Why the pace changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PaceReason {
    /// The link carries less than the lowest bitrate needs.
    BelowFloor,
    /// The link carries the next pace again.
    Recovered,
    /// A new connection.
    Connection,
}

/// Another pace for the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceChange {
    /// The pace until now.
    pub from: VideoPace,
    /// The pace from now on.
    pub to: VideoPace,
    /// Why.
    pub reason: PaceReason,
    /// On what grounds.
    pub evidence: Evidence,
}

impl fmt::Display for PaceChange {
    /// One line, e.g. "send sound alone: the link carries 90 kbit/s and pictures are 900 ms late".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.to {
            VideoPace::Full => "send every picture: ",
            VideoPace::Half => "send every second picture: ",
            VideoPace::None => "send sound alone: ",
        })?;
        let Evidence { lag, capacity_bps, .. } = self.evidence;
        let kbit = capacity_bps / 1_000;
        match self.reason {
            PaceReason::BelowFloor => {
                write!(f, "the link carries {kbit} kbit/s and is {} ms behind", lag.as_millis())
            }
            PaceReason::Recovered => write!(f, "the link carries {kbit} kbit/s"),
            PaceReason::Connection => f.write_str("a new connection begins whole"),
        }
    }
}

state!(VideoPace: Full, Half, None);
state!(PaceReason: BelowFloor, Recovered, Connection);
state!(PaceChange { from, to, reason, evidence });
