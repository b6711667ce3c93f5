//! What a session and each of its destinations counted: one copy of everything, for a status line
//! or a log.
//!
//! Threads count into `Counters` without a lock; `onair-net` adds what the engine counted at
//! each of its wake-ups, and never waits for a reader.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onair_engine::record::Recorder;
use onair_engine::stats::Snapshot;
use onair_media::encode::EncoderInfo;
use onair_media::sound::Level;
use onair_types::Track;

use crate::{DestinationId, State};

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
    /// Pictures handed to a socket completely, over all destinations.
    pub frames_sent: u64,
    /// Encoded pictures dropped because a network was too slow, or before the first IDR, over all
    /// destinations.
    pub frames_dropped: u64,

    /// Sound that was dropped before the encoder because it was too busy, came too late or twice.
    pub sound_skipped: Duration,
    /// How loud the last tenth of a second was that went to the encoder; [`crate::Session::levels`]
    /// has each source.
    pub audio_level: Level,
    /// AAC frames encoded (for encoded pushes: accepted).
    pub audio_frames_encoded: u64,
    /// AAC frames handed to a socket completely, over all destinations.
    pub audio_frames_sent: u64,
    /// AAC frames dropped because a network was too slow, or before the first IDR, over all
    /// destinations.
    pub audio_frames_dropped: u64,

    /// Bytes the sockets took, over all connections of all destinations.
    pub bytes_sent: u64,
    /// Bytes received, over all connections of all destinations.
    pub bytes_received: u64,
    /// Connections lost while live and made again, of all destinations.
    pub reconnects: u32,
    /// Events the app did not fetch in time.
    pub events_lost: u64,

    /// Access units waiting to be sent, over all destinations.
    pub queue_units: u32,
    /// Bytes waiting to be sent, over all destinations.
    pub queue_bytes: u64,
    /// Age of the oldest unit waiting.
    pub queue_age: Duration,
    /// Bytes that the sockets took and the servers are not known to have.
    pub inflight_bytes: u64,
    /// Round trip, smoothed, as the system tells it; the longest of all destinations, zero where it
    /// does not tell.
    pub rtt: Duration,

    /// Pictures sent in the last full second of the session, to the destination that got most.
    pub fps: f64,
    /// Bits sent in the last full second of the session, to all destinations.
    pub bitrate_bps: u64,
    /// What the video encoder aims at, bit/s.
    pub target_bitrate_bps: u32,

    /// The video encoder, once open; its `warning` is for the user's eyes.
    pub video_encoder: Option<EncoderInfo>,
    /// The audio encoder, once open.
    pub audio_encoder: Option<EncoderInfo>,
}

/// What one destination got; see [`crate::Session::destinations`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DestinationStatistics {
    /// Which.
    pub destination: DestinationId,
    /// Where it stands.
    pub state: State,
    /// Whether its backup address is used.
    pub is_backup: bool,
    /// Pictures handed to the socket completely.
    pub frames_sent: u64,
    /// Encoded pictures that it did not get.
    pub frames_dropped: u64,
    /// AAC frames handed to the socket completely.
    pub audio_frames_sent: u64,
    /// AAC frames that it did not get.
    pub audio_frames_dropped: u64,
    /// Bytes the socket took, over all connections.
    pub bytes_sent: u64,
    /// Bytes received, over all connections.
    pub bytes_received: u64,
    /// Connections lost while live and made again.
    pub reconnects: u32,
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
    /// Pictures sent in the last full second.
    pub fps: f64,
    /// Bits sent in the last full second.
    pub bitrate_bps: u64,
    /// What its network would give the video encoder, bit/s.
    pub wanted_bitrate_bps: u32,
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

/// What `onair-net` last measured of the whole.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) elapsed: Duration,
    pub(crate) target_bitrate_bps: u32,
}

/// What it last measured of a destination.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) state: State,
    pub(crate) is_backup: bool,
    pub(crate) snapshot: Snapshot,
    pub(crate) fps: f64,
    pub(crate) bitrate_bps: u64,
}

#[derive(Debug, Default)]
struct Shown {
    measured: Measured,
    destinations: Vec<(DestinationId, Figures)>,
}

/// The figures of one broadcast; outlives it.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) counters: Counters,
    sample_rate_hz: u32,
    shown: Mutex<Shown>,
    encoders: Mutex<[Option<EncoderInfo>; 2]>,
    /// What each destination's engine decides by.
    flights: Mutex<Vec<Recorder>>,
}

impl Board {
    /// `sample_rate_hz` turns skipped samples into time.
    pub(crate) fn new(
        sample_rate_hz: u32,
        ids: Vec<DestinationId>,
        flights: Vec<Recorder>,
    ) -> Self {
        let destinations = ids.into_iter().map(|id| (id, Figures::default())).collect();
        let shown = Shown { destinations, ..Shown::default() };
        let (shown, flights) = (Mutex::new(shown), Mutex::new(flights));
        Self { sample_rate_hz, shown, flights, ..Self::default() }
    }

    /// Shows what was measured, unless the app is reading right now and `is_last` is not set.
    pub(crate) fn show(
        &self,
        measured: Measured,
        figures: impl Iterator<Item = Figures>,
        is_last: bool,
    ) {
        let shown = if is_last { Some(lock(&self.shown)) } else { self.shown.try_lock().ok() };
        if let Some(mut shown) = shown {
            shown.measured = measured;
            for ((_, known), new) in shown.destinations.iter_mut().zip(figures) {
                *known = new;
            }
        }
    }

    /// The broadcast is over; what had not failed ends as it does.
    pub(crate) fn end(&self, end: State) {
        for (_, figures) in &mut lock(&self.shown).destinations {
            if figures.state.is_running() {
                figures.state = end;
            }
        }
    }

    pub(crate) fn show_encoder(&self, track: Track, info: EncoderInfo) {
        lock(&self.encoders)[index(track)] = Some(info);
    }

    /// The destination has another engine.
    pub(crate) fn keep_flight(&self, index: usize, recorder: Recorder) {
        if let Some(flight) = lock(&self.flights).get_mut(index) {
            *flight = recorder;
        }
    }

    pub(crate) fn flight(&self, index: usize) -> Option<Recorder> {
        lock(&self.flights).get(index).cloned()
    }

    /// Everything, with what only the session knows.
    pub(crate) fn statistics(
        &self,
        state: State,
        events_lost: u64,
        audio_level: Level,
    ) -> Statistics {
        let (mut all, mut fps, mut bitrate_bps) = (Snapshot::default(), 0.0_f64, 0);
        let shown = lock(&self.shown);
        for (_, one) in &shown.destinations {
            add(&mut all, &one.snapshot);
            fps = fps.max(one.fps);
            bitrate_bps += one.bitrate_bps;
        }
        let Measured { elapsed, target_bitrate_bps } = shown.measured;
        drop(shown);
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
            frames_sent: all.video_units_sent,
            frames_dropped: all.video_units_dropped + read(&counters.units_dropped_video),
            sound_skipped: Duration::from_micros(skipped.unsigned_abs()),
            audio_level,
            audio_frames_encoded: read(&counters.audio_frames_encoded),
            audio_frames_sent: all.audio_units_sent,
            audio_frames_dropped: all.audio_units_dropped + read(&counters.units_dropped_audio),
            bytes_sent: all.bytes_sent,
            bytes_received: all.bytes_received,
            reconnects: all.reconnects,
            events_lost,
            queue_units: all.queue_units,
            queue_bytes: all.queue_bytes,
            queue_age: all.queue_age,
            inflight_bytes: all.inflight_bytes,
            rtt: all.rtt,
            fps,
            bitrate_bps,
            target_bitrate_bps,
            video_encoder,
            audio_encoder,
        }
    }

    /// What each destination got.
    pub(crate) fn destinations(&self) -> Vec<DestinationStatistics> {
        lock(&self.shown).destinations.iter().map(|(id, figures)| figures.of(id)).collect()
    }
}

impl Figures {
    fn of(&self, id: &DestinationId) -> DestinationStatistics {
        let Self { state, is_backup, snapshot, fps, bitrate_bps } = *self;
        DestinationStatistics {
            destination: id.clone(),
            state,
            is_backup,
            frames_sent: snapshot.video_units_sent,
            frames_dropped: snapshot.video_units_dropped,
            audio_frames_sent: snapshot.audio_units_sent,
            audio_frames_dropped: snapshot.audio_units_dropped,
            bytes_sent: snapshot.bytes_sent,
            bytes_received: snapshot.bytes_received,
            reconnects: snapshot.reconnects,
            queue_units: snapshot.queue_units,
            queue_bytes: snapshot.queue_bytes,
            queue_age: snapshot.queue_age,
            inflight_bytes: snapshot.inflight_bytes,
            rtt: snapshot.rtt,
            fps,
            bitrate_bps,
            wanted_bitrate_bps: snapshot.target_bitrate_bps,
        }
    }
}

/// Adds what `other` counted in all to `to`.
pub(crate) fn add_totals(to: &mut Snapshot, other: &Snapshot) {
    to.video_units_in += other.video_units_in;
    to.audio_units_in += other.audio_units_in;
    to.video_units_sent += other.video_units_sent;
    to.audio_units_sent += other.audio_units_sent;
    to.video_units_dropped += other.video_units_dropped;
    to.audio_units_dropped += other.audio_units_dropped;
    to.bytes_sent += other.bytes_sent;
    to.bytes_received += other.bytes_received;
    to.reconnects += other.reconnects;
}

/// Adds another destination's figures to those of all.
fn add(all: &mut Snapshot, one: &Snapshot) {
    add_totals(all, one);
    all.queue_units += one.queue_units;
    all.queue_bytes += one.queue_bytes;
    all.queue_age = all.queue_age.max(one.queue_age);
    all.inflight_bytes += one.inflight_bytes;
    all.rtt = all.rtt.max(one.rtt);
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
