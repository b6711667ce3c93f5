//! Microphone → `onair-audio`: at most 500 ms wait; the oldest go. Every chunk knows the number of
//! its first sample, so what is missing shows and sample time stays true.

use onair_types::CaptureTime;

use super::{Next, Waiting};
use crate::PushError;
use crate::sync::{AtomicU64, Ordering, Receiver, SendTimeoutError, Sender, TrySendError, bounded};

/// Samples that were pushed together, or a part of them.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// When its first sample was captured.
    pub(crate) captured: CaptureTime,
    /// Number of its first sample a channel, counted from the first push.
    pub(crate) first_sample: u64,
    /// Interleaved.
    pub(crate) pcm: Vec<i16>,
}

#[derive(Debug)]
pub(crate) struct AudioEdge {
    channels: usize,
    sample_rate_hz: u32,
    chunks: Sender<Chunk>,
    waiting: Receiver<Chunk>,
    free: (Sender<Vec<i16>>, Receiver<Vec<i16>>),
    /// Samples a channel ever pushed.
    pushed: AtomicU64,
    /// Samples a channel that wait.
    queued: AtomicU64,
}

/// Chunks that can wait; pushes of 1 ms fill 500 of them.
const CHUNKS: usize = 512;
/// Chunks that can wait when pushes block: enough that the encoder never runs dry.
const CHUNKS_OF_A_FILE: usize = 32;
/// Samples a channel in one chunk.
const LONGEST: usize = 1_024;

impl AudioEdge {
    /// `blocks` when pushes wait for room instead of making it.
    pub(crate) fn new(channels: u8, sample_rate_hz: u32, blocks: bool) -> Self {
        let slots = if blocks { CHUNKS_OF_A_FILE } else { CHUNKS };
        let (chunks, waiting) = bounded(slots);
        Self {
            channels: usize::from(channels),
            sample_rate_hz,
            chunks,
            waiting,
            free: bounded(slots + 2),
            pushed: AtomicU64::new(0),
            queued: AtomicU64::new(0),
        }
    }

    /// Takes a copy of `pcm` (silence instead when `muted`); what then waits beyond 500 ms goes,
    /// oldest first.
    pub(crate) fn push_newest(&self, pcm: &[i16], at: CaptureTime, muted: bool, on: &Waiting<'_>) {
        let limit = u64::from(self.sample_rate_hz) / 2;
        for mut chunk in self.chunks_of(pcm, at, muted) {
            let samples = self.samples_of(&chunk);
            self.queued.fetch_add(samples, Ordering::AcqRel);
            while self.queued.load(Ordering::Acquire) > limit && self.drop_oldest(on) {}
            while let Err(TrySendError::Full(refused)) = self.chunks.try_send(chunk) {
                self.drop_oldest(on);
                chunk = refused;
            }
        }
    }

    /// Takes a copy of `pcm`; waits for room.
    pub(crate) fn push_when_free(
        &self,
        pcm: &[i16],
        at: CaptureTime,
        muted: bool,
        on: &Waiting<'_>,
    ) -> Result<(), PushError> {
        for mut chunk in self.chunks_of(pcm, at, muted) {
            self.queued.fetch_add(self.samples_of(&chunk), Ordering::AcqRel);
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
            self.queued.fetch_sub(self.samples_of(chunk), Ordering::AcqRel);
        }
        next
    }

    /// Gives a chunk's buffer back.
    pub(crate) fn release(&self, chunk: Chunk) {
        let _ = self.free.0.try_send(chunk.pcm);
    }

    fn drop_oldest(&self, on: &Waiting<'_>) -> bool {
        let Ok(oldest) = self.waiting.try_recv() else { return false };
        let samples = self.samples_of(&oldest);
        self.queued.fetch_sub(samples, Ordering::AcqRel);
        on.counters.samples_skipped.fetch_add(samples, Ordering::Relaxed);
        self.release(oldest);
        true
    }

    fn samples_of(&self, chunk: &Chunk) -> u64 {
        (chunk.pcm.len() / self.channels) as u64
    }

    fn chunks_of<'a>(
        &'a self,
        pcm: &'a [i16],
        at: CaptureTime,
        muted: bool,
    ) -> impl Iterator<Item = Chunk> + use<'a> {
        let samples = (pcm.len() / self.channels) as u64;
        let first = self.pushed.fetch_add(samples, Ordering::AcqRel);
        pcm.chunks(LONGEST * self.channels).enumerate().map(move |(index, part)| {
            let offset = (index * LONGEST) as u64;
            let mut copy = self.free.1.try_recv().unwrap_or_default();
            copy.clear();
            if muted {
                copy.resize(part.len(), 0);
            } else {
                copy.extend_from_slice(part);
            }
            Chunk {
                captured: at.offset_micros(micros(offset, self.sample_rate_hz)),
                first_sample: first + offset,
                pcm: copy,
            }
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
