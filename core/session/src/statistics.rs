//! What a session counted: one copy of everything, for a status line or a log.
//!
//! Threads count into `Counters` without a lock; `onair-net` adds what the engine counted at
//! each of its wake-ups, and never waits for a reader.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onair_engine::stats::Snapshot;
use onair_media::encode::EncoderInfo;
use onair_types::Track;

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
    /// Pictures dropped before the encoder: a newer one came, or the network carries fewer.
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
    /// Bytes that the socket took and the server is not known to have.
    pub inflight_bytes: u64,
    /// Round trip, smoothed, as the system tells it; zero where it does not.
    pub rtt: Duration,

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

/// What the threads of one broadcast count.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) frames_in: AtomicU64,
    pub(crate) frames_skipped: AtomicU64,
    pub(crate) frames_encoded: AtomicU64,
    pub(crate) frames_failed: AtomicU64,
    /// Samples a channel.
    pub(crate) samples_skipped: AtomicU64,
    pub(crate) audio_frames_encoded: AtomicU64,
    /// Between the encoders and the engine.
    pub(crate) units_dropped_video: AtomicU64,
    pub(crate) units_dropped_audio: AtomicU64,
}

/// What `onair-net` last measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) snapshot: Snapshot,
    pub(crate) elapsed: Duration,
    pub(crate) fps: f64,
    pub(crate) bitrate_bps: u64,
}

/// The figures of one broadcast; outlives it.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) counters: Counters,
    sample_rate_hz: u32,
    measured: Mutex<Measured>,
    encoders: Mutex<[Option<EncoderInfo>; 2]>,
}

impl Board {
    /// `sample_rate_hz` turns skipped samples into time.
    pub(crate) fn new(sample_rate_hz: u32) -> Self {
        Self { sample_rate_hz, ..Self::default() }
    }

    /// Shows `measured`, unless the app is reading right now and `is_last` is not set.
    pub(crate) fn show(&self, measured: &Measured, is_last: bool) {
        if is_last {
            *lock(&self.measured) = *measured;
        } else if let Ok(mut shown) = self.measured.try_lock() {
            *shown = *measured;
        }
    }

    pub(crate) fn show_encoder(&self, track: Track, info: EncoderInfo) {
        lock(&self.encoders)[index(track)] = Some(info);
    }

    /// Everything, with what only the session knows.
    pub(crate) fn statistics(&self, state: State, events_lost: u64) -> Statistics {
        let Measured { snapshot, elapsed, fps, bitrate_bps } = *lock(&self.measured);
        let [video_encoder, audio_encoder] = lock(&self.encoders).clone();
        let counters = &self.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let skipped =
            super::edge::audio::micros(read(&counters.samples_skipped), self.sample_rate_hz);
        Statistics {
            state,
            elapsed,
            frames_in: read(&counters.frames_in),
            frames_skipped: read(&counters.frames_skipped),
            frames_encoded: read(&counters.frames_encoded),
            frames_failed: read(&counters.frames_failed),
            frames_sent: snapshot.video_units_sent,
            frames_dropped: snapshot.video_units_dropped + read(&counters.units_dropped_video),
            sound_skipped: Duration::from_micros(skipped.unsigned_abs()),
            audio_frames_encoded: read(&counters.audio_frames_encoded),
            audio_frames_sent: snapshot.audio_units_sent,
            audio_frames_dropped: snapshot.audio_units_dropped
                + read(&counters.units_dropped_audio),
            bytes_sent: snapshot.bytes_sent,
            bytes_received: snapshot.bytes_received,
            reconnects: snapshot.reconnects,
            events_lost,
            queue_units: snapshot.queue_units,
            queue_bytes: snapshot.queue_bytes,
            queue_age: snapshot.queue_age,
            inflight_bytes: snapshot.inflight_bytes,
            rtt: snapshot.rtt,
            fps,
            bitrate_bps,
            target_bitrate_bps: snapshot.target_bitrate_bps,
            video_encoder,
            audio_encoder,
        }
    }
}

fn index(track: Track) -> usize {
    match track {
        Track::Video => 0,
        Track::Audio => 1,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
