//! `onair-audio`: samples of all sources → the mixing desk → AAC → the engine.
//!
//! Samples that were dropped at the edge come back as silence of the same length, so the count of
//! samples stays the clock. Statements 41, 79, 80.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use onair_media::encode::{AudioEncoder, EncodeError};
use onair_types::{AudioConfig, AudioUnit, MediaTime, Track};

use super::desk::Desk;
use super::{Failure, Health, Standing, discard, guarded};
use crate::edge::Next;
use crate::edge::audio::Chunk;
use crate::run::Run;

/// Encodes until the run ends.
pub(crate) fn run(run: &Run) {
    let (Some(edge), Some((config, _))) = (&run.audio, &run.plan.audio) else { return };
    let Ok(desk) = Desk::new(config.channels(), config.sample_rate_hz()) else { return };
    let mut worker = Worker {
        run,
        config,
        health: Health::new(run, Track::Audio),
        standing: Standing::Good,
        encoder: None,
        desk,
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
    run.status.sound.silence();
    discard(worker.encoder);
}

struct Worker<'a> {
    run: &'a Run,
    config: &'a AudioConfig,
    health: Health<'a>,
    standing: Standing,
    encoder: Option<Box<dyn AudioEncoder>>,
    desk: Desk,
}

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
        let Self { desk, encoder, health, standing, run, .. } = self;
        let origin = run.origin(chunk.captured);
        let (controls, is_muted) = (&run.status.sound, run.status.is_muted());
        desk.take(chunk, origin, controls, is_muted, &mut |pcm, pts| {
            encode(run, encoder, health, standing, pcm, pts);
        });
        let left_out = desk.take_left_out();
        run.board.counters.samples_skipped.fetch_add(left_out, Ordering::Relaxed);
        self.mend();
    }

    fn flush(&mut self) {
        let Self { desk, encoder, health, standing, run, .. } = self;
        desk.finish(&run.status.sound, run.status.is_muted(), &mut |pcm, pts| {
            encode(run, encoder, health, standing, pcm, pts);
        });
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
    pcm: &[i16],
    pts: MediaTime,
) {
    let Some(encoder) = encoder.as_mut().filter(|_| *standing == Standing::Good) else { return };
    let outcome: Result<(), Failure> = guarded(|| -> Result<(), EncodeError> {
        if let Some(bitrate_bps) = run.wishes.take_audio_bitrate() {
            encoder.set_bitrate(bitrate_bps)?;
        }
        encoder.encode(pcm, pts, &mut |unit| hand_over(run, unit))
    });
    *standing = health.note(outcome);
}

fn hand_over(run: &Run, unit: AudioUnit) {
    run.board.counters.audio_frames_encoded.fetch_add(1, Ordering::Relaxed);
    // Refused only when the broadcast is over.
    let _ = run.units.push_audio(unit, &run.waiting());
}
