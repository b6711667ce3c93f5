//! Microphone → `onair-audio`: at most 500 ms wait; the oldest go. Every chunk knows the number of
//! its first sample, so what is missing shows and sample time stays true.

use onair_media::sound::{Sound, map_into};
use onair_types::CaptureTime;

use super::{Next, Waiting};
use crate::PushError;
use crate::sync::{AtomicU64, Ordering, Receiver, SendTimeoutError, Sender, TrySendError, bounded};

/// Sources that can sound at once.
pub(crate) const SOURCES: usize = 8;

/// Samples that were pushed together, or a part of them.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Whose, below [`SOURCES`].
    pub(crate) source: usize,
    /// When its first sample was captured.
    pub(crate) captured: CaptureTime,
    pub(crate) rate_hz: u32,
    /// Number of its first sample a channel, counted from its source's first push.
    pub(crate) first_sample: u64,
    /// Its stamp is right to the sample: the device is back, and silence stood in.
    pub(crate) is_back: bool,
    /// The session's channels, interleaved.
    pub(crate) pcm: Vec<f32>,
}

/// What of a push is not in its samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pushed {
    /// Below [`SOURCES`].
    pub(crate) source: usize,
    pub(crate) captured: CaptureTime,
    /// As [`Chunk::is_back`].
    pub(crate) is_back: bool,
    /// Samples a channel, as the check found them.
    pub(crate) frames: usize,
    /// Silence is taken instead, at once.
    pub(crate) muted: bool,
}

#[derive(Debug)]
pub(crate) struct AudioEdge {
    channels: u8,
    sample_rate_hz: u32,
    chunks: Sender<Chunk>,
    waiting: Receiver<Chunk>,
    free: (Sender<Vec<f32>>, Receiver<Vec<f32>>),
    /// Samples a channel ever pushed by each source.
    pushed: [AtomicU64; SOURCES],
    /// What waits of each source, microseconds.
    queued: [AtomicU64; SOURCES],
}

/// Chunks that can wait; pushes of 1 ms fill 500 of them.
const CHUNKS: usize = 512;
/// Chunks that can wait when pushes block: enough that the encoder never runs dry.
const CHUNKS_OF_A_FILE: usize = 32;
/// Samples a channel in one chunk.
pub(crate) const LONGEST: usize = 1_024;
/// What may wait of one source, microseconds.
const LIMIT_MICROS: u64 = 500_000;

impl AudioEdge {
    /// For chunks of so many channels; `sample_rate_hz` is what skipped samples are counted in.
    /// `blocks` when pushes wait for room instead of making it.
    pub(crate) fn new(channels: u8, sample_rate_hz: u32, blocks: bool) -> Self {
        let slots = if blocks { CHUNKS_OF_A_FILE } else { CHUNKS };
        let (chunks, waiting) = bounded(slots);
        Self {
            channels,
            sample_rate_hz,
            chunks,
            waiting,
            free: bounded(slots + 2),
            pushed: [(); SOURCES].map(|()| AtomicU64::new(0)),
            queued: [(); SOURCES].map(|()| AtomicU64::new(0)),
        }
    }

    /// Takes a copy of `sound`, which was checked; what then waits beyond 500 ms goes, oldest first.
    pub(crate) fn push_newest(&self, sound: &Sound<'_>, pushed: Pushed, on: &Waiting<'_>) {
        let queued = &self.queued[pushed.source];
        for mut chunk in self.chunks_of(sound, pushed) {
            queued.fetch_add(self.micros_of(&chunk), Ordering::AcqRel);
            while queued.load(Ordering::Acquire) > LIMIT_MICROS && self.drop_oldest(on) {}
            while let Err(TrySendError::Full(refused)) = self.chunks.try_send(chunk) {
                self.drop_oldest(on);
                chunk = refused;
            }
        }
    }

    /// Takes a copy of `sound`, which was checked; waits for room.
    pub(crate) fn push_when_free(
        &self,
        sound: &Sound<'_>,
        pushed: Pushed,
        on: &Waiting<'_>,
    ) -> Result<(), PushError> {
        for mut chunk in self.chunks_of(sound, pushed) {
            self.queued[pushed.source].fetch_add(self.micros_of(&chunk), Ordering::AcqRel);
            loop {
                match self.chunks.send_timeout(chunk, on.patience) {
                    Ok(()) => break,
                    Err(SendTimeoutError::Timeout(refused)) if !on.is_stopping() => chunk = refused,
                    Err(_) => return Err(PushError::NotRunning),
                }
            }
        }
        Ok(())
    }

    /// The oldest chunk that waits; waits for one.
    pub(crate) fn next(&self, on: &Waiting<'_>) -> Next<Chunk> {
        let next = on.next(&self.waiting);
        if let Next::Item(chunk) = &next {
            self.queued[chunk.source].fetch_sub(self.micros_of(chunk), Ordering::AcqRel);
        }
        next
    }

    /// Gives a chunk's buffer back.
    pub(crate) fn release(&self, chunk: Chunk) {
        let _ = self.free.0.try_send(chunk.pcm);
    }

    fn drop_oldest(&self, on: &Waiting<'_>) -> bool {
        let Ok(oldest) = self.waiting.try_recv() else { return false };
        self.queued[oldest.source].fetch_sub(self.micros_of(&oldest), Ordering::AcqRel);
        let samples = self.samples_of(&oldest) * u64::from(self.sample_rate_hz);
        let samples = samples / u64::from(oldest.rate_hz.max(1));
        on.counters.samples_skipped.fetch_add(samples, Ordering::Relaxed);
        self.release(oldest);
        true
    }

    fn samples_of(&self, chunk: &Chunk) -> u64 {
        (chunk.pcm.len() / usize::from(self.channels)) as u64
    }

    fn micros_of(&self, chunk: &Chunk) -> u64 {
        micros(self.samples_of(chunk), chunk.rate_hz).unsigned_abs()
    }

    fn chunks_of<'a>(
        &'a self,
        sound: &'a Sound<'a>,
        pushed: Pushed,
    ) -> impl Iterator<Item = Chunk> + use<'a> {
        let Pushed { source, captured, is_back, frames, muted } = pushed;
        let rate_hz = sound.sample_rate_hz;
        let first = self.pushed[source].fetch_add(frames as u64, Ordering::AcqRel);
        (0..frames).step_by(LONGEST).map(move |begin| {
            let mut pcm = self.free.1.try_recv().unwrap_or_default();
            pcm.clear();
            let part = begin..frames.min(begin + LONGEST);
            // Buffers go round between sources: each holds the longest chunk from the begin.
            pcm.reserve(LONGEST * usize::from(self.channels));
            if muted {
                pcm.resize(part.len() * usize::from(self.channels), 0.0);
            } else {
                map_into(sound, part, self.channels, &mut pcm);
            }
            let captured = captured.offset_micros(micros(begin as u64, rate_hz));
            let (first_sample, is_back) = (first + begin as u64, is_back && begin == 0);
            Chunk { source, captured, rate_hz, first_sample, is_back, pcm }
        })
    }
}

/// How long `samples` a channel sound, in microseconds.
pub(crate) fn micros(samples: u64, sample_rate_hz: u32) -> i64 {
    let micros = u128::from(samples) * 1_000_000 / u128::from(sample_rate_hz.max(1));
    i64::try_from(micros).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "audio_test.rs"]
mod tests;
