//! What the engine counts. A snapshot is `Copy`: no lock, no allocation.

use std::time::Duration;

/// Running totals and gauges of one publish.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Access units accepted from the encoders.
    pub video_units_in: u64,
    /// AAC frames accepted.
    pub audio_units_in: u64,
    /// Pictures handed to the socket completely.
    pub video_units_sent: u64,
    /// AAC frames handed to the socket completely.
    pub audio_units_sent: u64,
    /// Pictures dropped on purpose (queue age, await-IDR, alignment).
    pub video_units_dropped: u64,
    /// AAC frames dropped on purpose.
    pub audio_units_dropped: u64,
    /// Bytes the socket took, over all connections.
    pub bytes_sent: u64,
    /// Bytes received, over all connections.
    pub bytes_received: u64,
    /// Access units that the socket has not taken completely.
    pub queue_units: u32,
    /// Bytes that the socket has not taken.
    pub queue_bytes: u64,
    /// Age of the oldest unit that can still be dropped: at most 3 s with live delivery, unless
    /// LFLiveKit's rule keeps more.
    pub queue_age: Duration,
    /// Bytes that the socket took and the server is not known to have.
    pub inflight_bytes: u64,
    /// Round trip, smoothed, as the system last told it; zero when it does not.
    pub rtt: Duration,
    /// Connections lost after having been live and made again.
    pub reconnects: u32,
    /// The encoder's present target, bit/s.
    pub target_bitrate_bps: u32,
}
