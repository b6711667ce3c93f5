//! What a session counted, as records. LFLiveKit: LFLiveDebug.

use std::time::Duration;

use onair::{DestinationStatistics, EncoderInfo, Statistics};

use crate::event::LiveState;

/// Totals since start, gauges of the moment, and rates over the last full second.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct SessionFigures {
    /// Where the session stands.
    pub state: LiveState,
    /// Time since start, ms.
    pub elapsed_ms: u64,
    /// Pictures accepted.
    pub frames_in: u64,
    /// Pictures dropped before the encoder.
    pub frames_skipped: u64,
    /// Pictures encoded.
    pub frames_encoded: u64,
    /// Pictures the encoder refused.
    pub frames_failed: u64,
    /// Pictures handed to a socket completely.
    pub frames_sent: u64,
    /// Encoded pictures dropped because a network was too slow.
    pub frames_dropped: u64,
    /// Sound dropped before the encoder, ms.
    pub sound_skipped_ms: u64,
    /// AAC frames or Opus packets encoded.
    pub audio_frames_encoded: u64,
    /// Those handed to a socket completely.
    pub audio_frames_sent: u64,
    /// Those dropped because a network was too slow.
    pub audio_frames_dropped: u64,
    /// Bytes the sockets took.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Connections lost while live and made again.
    pub reconnects: u32,
    /// Events the app did not fetch in time.
    pub events_lost: u64,
    /// Access units waiting to be sent.
    pub queue_units: u32,
    /// Bytes waiting to be sent.
    pub queue_bytes: u64,
    /// Age of the oldest unit waiting, ms.
    pub queue_age_ms: u64,
    /// Bytes that the sockets took and the servers are not known to have.
    pub inflight_bytes: u64,
    /// Round trip, µs; 0 where the system does not tell.
    pub rtt_us: u64,
    /// Pictures sent in the last full second.
    pub fps: f64,
    /// Bits sent in the last full second.
    pub bitrate_bps: u64,
    /// What the video encoder aims at, bit/s.
    pub target_bitrate_bps: u32,
    /// The session's own video encoder, once open.
    pub video_encoder: Option<EncoderFigures>,
    /// The session's own audio encoder, once open.
    pub audio_encoder: Option<EncoderFigures>,
}

/// An encoder of the session's own.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct EncoderFigures {
    /// Which and what it does, for people.
    pub name: String,
    /// For the user's eyes.
    pub warning: Option<String>,
}

/// What one destination got.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct DestinationFigures {
    /// Its name: given, or its host.
    pub name: String,
    /// Where it stands.
    pub state: LiveState,
    /// Whether its backup address is used.
    pub is_backup: bool,
    /// Pictures handed to the socket completely.
    pub frames_sent: u64,
    /// Encoded pictures that it did not get.
    pub frames_dropped: u64,
    /// AAC frames or Opus packets handed to the socket completely.
    pub audio_frames_sent: u64,
    /// Those that it did not get.
    pub audio_frames_dropped: u64,
    /// Bytes the socket took.
    pub bytes_sent: u64,
    /// Connections lost while live and made again.
    pub reconnects: u32,
    /// Bytes waiting to be sent.
    pub queue_bytes: u64,
    /// Age of the oldest unit waiting, ms.
    pub queue_age_ms: u64,
    /// Round trip, µs; 0 where the system does not tell.
    pub rtt_us: u64,
    /// Pictures sent in the last full second.
    pub fps: f64,
    /// Bits sent in the last full second.
    pub bitrate_bps: u64,
    /// What its network would give the video encoder, bit/s.
    pub wanted_bitrate_bps: u32,
}

impl From<Statistics> for SessionFigures {
    fn from(all: Statistics) -> Self {
        Self {
            state: all.state.into(),
            elapsed_ms: millis(all.elapsed),
            frames_in: all.frames_in,
            frames_skipped: all.frames_skipped,
            frames_encoded: all.frames_encoded,
            frames_failed: all.frames_failed,
            frames_sent: all.frames_sent,
            frames_dropped: all.frames_dropped,
            sound_skipped_ms: millis(all.sound_skipped),
            audio_frames_encoded: all.audio_frames_encoded,
            audio_frames_sent: all.audio_frames_sent,
            audio_frames_dropped: all.audio_frames_dropped,
            bytes_sent: all.bytes_sent,
            bytes_received: all.bytes_received,
            reconnects: all.reconnects,
            events_lost: all.events_lost,
            queue_units: all.queue_units,
            queue_bytes: all.queue_bytes,
            queue_age_ms: millis(all.queue_age),
            inflight_bytes: all.inflight_bytes,
            rtt_us: micros(all.rtt),
            fps: all.fps,
            bitrate_bps: all.bitrate_bps,
            target_bitrate_bps: all.target_bitrate_bps,
            video_encoder: all.video_encoder.map(Into::into),
            audio_encoder: all.audio_encoder.map(Into::into),
        }
    }
}

impl From<DestinationStatistics> for DestinationFigures {
    fn from(one: DestinationStatistics) -> Self {
        Self {
            name: one.destination.name().to_owned(),
            state: one.state.into(),
            is_backup: one.is_backup,
            frames_sent: one.frames_sent,
            frames_dropped: one.frames_dropped,
            audio_frames_sent: one.audio_frames_sent,
            audio_frames_dropped: one.audio_frames_dropped,
            bytes_sent: one.bytes_sent,
            reconnects: one.reconnects,
            queue_bytes: one.queue_bytes,
            queue_age_ms: millis(one.queue_age),
            rtt_us: micros(one.rtt),
            fps: one.fps,
            bitrate_bps: one.bitrate_bps,
            wanted_bitrate_bps: one.wanted_bitrate_bps,
        }
    }
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl From<EncoderInfo> for EncoderFigures {
    fn from(info: EncoderInfo) -> Self {
        Self { name: info.name, warning: info.warning.map(str::to_owned) }
    }
}
