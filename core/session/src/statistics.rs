//! What a session counted: one copy of everything, for a status line or a log.

use std::time::Duration;

use onair_media::encode::EncoderInfo;

use crate::State;

/// Totals since start, gauges of the moment, and rates over the last full second.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Statistics {
    /// Where the session stands.
    pub state: State,
    /// Time since start.
    pub elapsed: Duration,

    /// Pictures accepted by `push_video` or `push_encoded_video`.
    pub frames_in: u64,
    /// Pictures dropped before the encoder because a newer one came.
    pub frames_skipped: u64,
    /// Pictures encoded (for encoded pushes: accepted).
    pub frames_encoded: u64,
    /// Pictures the encoder refused.
    pub frames_failed: u64,
    /// Pictures handed to the socket completely.
    pub frames_sent: u64,
    /// Encoded pictures dropped because the network was too slow, or before the first IDR.
    pub frames_dropped: u64,

    /// Sound that was dropped before the encoder because it was too busy.
    pub sound_skipped: Duration,
    /// AAC frames encoded (for encoded pushes: accepted).
    pub audio_frames_encoded: u64,
    /// AAC frames handed to the socket completely.
    pub audio_frames_sent: u64,
    /// AAC frames dropped because the network was too slow, or before the first IDR.
    pub audio_frames_dropped: u64,

    /// Bytes the socket took, over all connections.
    pub bytes_sent: u64,
    /// Bytes received, over all connections.
    pub bytes_received: u64,
    /// Connections lost while live and made again.
    pub reconnects: u32,
    /// Events the app did not fetch in time.
    pub events_lost: u64,

    /// Access units waiting to be sent.
    pub queue_units: u32,
    /// Bytes waiting to be sent.
    pub queue_bytes: u64,
    /// Age of the oldest unit waiting.
    pub queue_age: Duration,

    /// Pictures sent in the last full second of the session.
    pub fps: f64,
    /// Bits sent in the last full second of the session.
    pub bitrate_bps: u64,
    /// What the video encoder aims at, bit/s.
    pub target_bitrate_bps: u32,

    /// The video encoder, once open; its `warning` is for the user's eyes.
    pub video_encoder: Option<EncoderInfo>,
    /// The audio encoder, once open.
    pub audio_encoder: Option<EncoderInfo>,
}
