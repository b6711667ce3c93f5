//! A change of the video bitrate with what led to it, in numbers and in words.

use std::fmt;
use std::time::Duration;

use crate::record::state;

/// Why the target changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Pictures reach the server too late.
    Congestion,
    /// The server acknowledges nothing any more.
    Stall,
    /// The link was seen to carry more.
    Headroom,
    /// A careful step up, to see whether the link carries more.
    Probe,
    /// The scene came to rest: what was raised before proves nothing.
    Static,
    /// The app changed what is allowed.
    Range,
    /// A new connection.
    Connection,
    /// More and more waits to be sent: what the compatibility rules go by.
    QueueGrows,
    /// Nothing, or not more and more, waits to be sent.
    QueueRests,
}

/// What the controller saw when it decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Age of the oldest byte that the server does not have, less the idle round trip.
    pub lag: Duration,
    /// What the link carries, bit/s; 0 when not known.
    pub capacity_bps: u32,
    /// What the encoder really makes, bit/s.
    pub produced_bps: u32,
    /// Bytes waiting above the socket.
    pub queued_bytes: u64,
    /// Bytes in the socket and the network.
    pub unacked_bytes: u64,
    /// Round trip of the idle path.
    pub min_rtt: Duration,
}

/// A new target for the video encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The target until now, bit/s.
    pub from_bps: u32,
    /// The target from now on, bit/s.
    pub to_bps: u32,
    /// Why.
    pub reason: Reason,
    /// On what grounds.
    pub evidence: Evidence,
}

impl fmt::Display for Decision {
    /// One line, e.g. "lower the video to 850 kbit/s (from 2400): pictures are 410 ms late and the
    /// link carries 1020 kbit/s".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.to_bps < self.from_bps { "lower" } else { "raise" };
        write!(
            f,
            "{verb} the video to {} kbit/s (from {}): ",
            kbit(self.to_bps),
            kbit(self.from_bps)
        )?;
        let Evidence { lag, capacity_bps, queued_bytes, unacked_bytes, .. } = self.evidence;
        match self.reason {
            Reason::Congestion => write!(
                f,
                "pictures are {} ms late and the link carries {} kbit/s",
                lag.as_millis(),
                kbit(capacity_bps)
            ),
            Reason::Stall => write!(
                f,
                "the server acknowledges nothing; {} kB wait and {} kB are on their way",
                queued_bytes / 1_000,
                unacked_bytes / 1_000
            ),
            Reason::Headroom => write!(f, "the link carries {} kbit/s", kbit(capacity_bps)),
            Reason::Probe => f.write_str("no delay at the present rate; trying for more"),
            Reason::Static => write!(
                f,
                "the scene needs {} kbit/s, which proves nothing of the link",
                kbit(self.evidence.produced_bps)
            ),
            Reason::Range => f.write_str("the allowed bitrates changed"),
            Reason::Connection => f.write_str("a new connection starts carefully"),
            Reason::QueueGrows => {
                write!(f, "more and more waits to be sent, {} kB now", queued_bytes / 1_000)
            }
            Reason::QueueRests => f.write_str("what waits to be sent does not grow"),
        }
    }
}

fn kbit(bps: u32) -> u32 {
    bps / 1_000
}

state!(Evidence { lag, capacity_bps, produced_bps, queued_bytes, unacked_bytes, min_rtt });
state!(Decision { from_bps, to_bps, reason, evidence });

state!(
    Reason: Congestion,
    Stall,
    Headroom,
    Probe,
    Static,
    Range,
    Connection,
    QueueGrows,
    QueueRests,
);
