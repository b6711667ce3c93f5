//! `onair-audio`: samples → blocks of 1,024 → AAC → the engine.
//!
//! Samples that were dropped at the edge come back as silence of the same length, so the count of
//! samples stays the clock. Statements 41, 79, 80.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use onair_engine::timeline::AudioTimeline;
use onair_media::encode::{AudioEncoder, EncodeError};
use onair_media::pcm::{Block, Framer};
use onair_types::{AudioConfig, AudioUnit, CaptureTime, MediaTime, Track};

use super::{Failure, Health, Standing, discard, guarded};
use crate::edge::Next;
use crate::edge::audio::{Chunk, micros};
use crate::run::Run;

/// Encodes until the run ends.
pub(crate) fn run(run: &Run) {
    let (Some(edge), Some((config, _))) = (&run.audio, &run.plan.audio) else { return };
    let Ok(framer) = Framer::new(config.channels()) else { return };
    let mut worker = Worker {
        run,
        config,
        health: Health::new(run, Track::Audio),
        standing: Standing::Good,
        encoder: None,
        timeline: None,
        framer,
        pending_at: MediaTime::ZERO,
        next_sample: 0,
    };
    worker.open();
    while worker.standing != Standing::Hopeless {
        match edge.next(&run.waiting()) {
            Next::Item(chunk) => {
                worker.take(&chunk);
                edge.release(chunk);
            }
            Next::Drained => {
                worker.flush();
                break;
            }
            Next::Stop => break,
        }
    }
    discard(worker.encoder);
}

struct Worker<'a> {
    run: &'a Run,
    config: &'a AudioConfig,
    health: Health<'a>,
    standing: Standing,
    encoder: Option<Box<dyn AudioEncoder>>,
    timeline: Option<AudioTimeline>,
    framer: Framer,
    /// Time of the first sample that waits in the framer.
    pending_at: MediaTime,
    /// Number of the sample that should come next from the edge.
    next_sample: u64,
}

/// Samples of silence pushed at a time, all channels.
static SILENCE: [i16; 2_048] = [0; 2_048];

impl Worker<'_> {
    fn open(&mut self) {
        let factory = &self.run.plan.audio_encoder;
        let opened = guarded(|| {
            let mut factory = factory.lock().unwrap_or_else(PoisonError::into_inner);
            let encoder = factory(self.config)?;
            let info = encoder.info();
            Ok((encoder, info))
        });
        match opened {
            Ok((encoder, info)) => {
                self.run.board.show_encoder(Track::Audio, info);
                self.encoder = Some(encoder);
                self.standing = Standing::Good;
            }
            Err(failure) => {
                self.health.cannot_open(failure);
                self.standing = Standing::Hopeless;
            }
        }
    }

    fn take(&mut self, chunk: &Chunk) {
        let missing = chunk.first_sample.saturating_sub(self.next_sample);
        if missing > 0 && self.timeline.is_some() {
            self.fill(missing, chunk.captured);
        }
        self.framer.set_muted(self.run.status.is_muted());
        self.push(&chunk.pcm, chunk.captured);
        let samples = chunk.pcm.len() / usize::from(self.config.channels());
        self.next_sample = chunk.first_sample + samples as u64;
    }

    /// Silence in place of `missing` samples that ended at `until`.
    fn fill(&mut self, missing: u64, until: CaptureTime) {
        let channels = usize::from(self.config.channels());
        let rate_hz = self.config.sample_rate_hz();
        let longest = (SILENCE.len() / channels) as u64;
        let mut left = missing;
        while left > 0 {
            let samples = left.min(longest);
            let from = until.offset_micros(-micros(left, rate_hz));
            self.push(&SILENCE[..samples as usize * channels], from);
            left -= samples;
        }
    }

    fn push(&mut self, pcm: &[i16], captured: CaptureTime) {
        let rate_hz = self.config.sample_rate_hz();
        let samples = (pcm.len() / usize::from(self.config.channels())) as u64;
        let origin = self.run.origin(captured);
        let timeline = self.timeline.get_or_insert_with(|| AudioTimeline::new(origin, rate_hz));
        let counted = u32::try_from(samples).unwrap_or(u32::MAX);
        let Some(span) = timeline.place(captured, counted) else {
            self.run.board.counters.samples_skipped.fetch_add(samples, Ordering::Relaxed);
            return;
        };
        if !span.gap.is_zero() {
            self.flush_framer();
        }
        let first = self.framer.next_sample();
        if self.framer.pending_samples() == 0 {
            self.pending_at = span.start;
        }
        let pending_at = self.pending_at;
        let Self { framer, encoder, health, standing, run, .. } = self;
        let time_of = |sample: u64| {
            sample
                .checked_sub(first)
                .map(|offset| span.start.offset_micros(micros(offset, rate_hz)))
        };
        let framed = framer.push(pcm, |block| {
            let pts = time_of(block.first_sample).unwrap_or(pending_at);
            encode(run, encoder, health, standing, block, pts);
        });
        debug_assert!(framed.is_ok(), "the push was checked");
        let pending_from = self.framer.next_sample() - self.framer.pending_samples() as u64;
        self.pending_at = time_of(pending_from).unwrap_or(pending_at);
        self.mend();
    }

    fn flush_framer(&mut self) {
        let pts = self.pending_at;
        let Self { framer, encoder, health, standing, run, .. } = self;
        framer.flush(|block| encode(run, encoder, health, standing, block, pts));
    }

    fn flush(&mut self) {
        self.flush_framer();
        let Some(encoder) = &mut self.encoder else { return };
        let outcome = guarded(|| encoder.flush(&mut |unit| hand_over(self.run, unit)));
        self.health.note(outcome);
    }

    /// Makes a broken encoder anew.
    fn mend(&mut self) {
        if self.standing == Standing::Broken {
            discard(self.encoder.take());
            self.open();
        }
    }
}

fn encode(
    run: &Run,
    encoder: &mut Option<Box<dyn AudioEncoder>>,
    health: &mut Health<'_>,
    standing: &mut Standing,
    block: Block<'_>,
    pts: MediaTime,
) {
    let Some(encoder) = encoder.as_mut().filter(|_| *standing == Standing::Good) else { return };
    let outcome: Result<(), Failure> = guarded(|| -> Result<(), EncodeError> {
        if let Some(bitrate_bps) = run.wishes.take_audio_bitrate() {
            encoder.set_bitrate(bitrate_bps)?;
        }
        encoder.encode(block.pcm, pts, &mut |unit| hand_over(run, unit))
    });
    *standing = health.note(outcome);
}

fn hand_over(run: &Run, unit: AudioUnit) {
    run.board.counters.audio_frames_encoded.fetch_add(1, Ordering::Relaxed);
    // Refused only when the broadcast is over.
    let _ = run.units.push_audio(unit, &run.waiting());
}
