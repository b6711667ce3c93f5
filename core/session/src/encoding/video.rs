//! `onair-video`: raw pictures → the look's chain → H.264 → the engine.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use onair_engine::timeline::VideoTimeline;
use onair_media::encode::{EncodeError, VideoEncoder};
use onair_media::frame::{FrameError, FrameView};
use onair_media::look::Chain;
use onair_types::{MediaTime, Track, VideoConfig, VideoUnit};

use super::pace::Pacer;
use super::{Failure, Health, Standing, discard, guarded};
use crate::Error;
use crate::edge::Next;
use crate::edge::video::RawFrame;
use crate::run::Run;

/// Encodes until the run ends.
pub(crate) fn run(run: &Run) {
    let (Some(edge), Some((config, _))) = (&run.video, &run.plan.video) else { return };
    let mut worker = Worker {
        run,
        config,
        health: Health::new(run, Track::Video),
        encoder: None,
        timeline: None,
        pacer: Pacer::new(config),
        chain: None,
        has_trouble: false,
    };
    // Opened at once, while the connection is made.
    let mut standing = worker.open();
    while standing != Standing::Hopeless {
        match edge.next(&run.waiting()) {
            Next::Item(frame) => {
                standing = worker.encode(&frame);
                edge.release(frame);
            }
            Next::Drained => {
                worker.flush();
                break;
            }
            Next::Stop => break,
        }
    }
    discard(worker.encoder);
    run.status.viewfinder.end(run.views);
}

struct Worker<'a> {
    run: &'a Run,
    config: &'a VideoConfig,
    health: Health<'a>,
    encoder: Option<Box<dyn VideoEncoder>>,
    timeline: Option<VideoTimeline>,
    pacer: Pacer,
    /// Made with the first picture, and anew after a panic.
    chain: Option<Chain>,
    /// Whether an effect failed with the last picture; only the first of a row is reported.
    has_trouble: bool,
}

impl Worker<'_> {
    fn open(&mut self) -> Standing {
        let factory = &self.run.plan.video_encoder;
        let opened = guarded(|| {
            let mut factory = factory.lock().unwrap_or_else(PoisonError::into_inner);
            let encoder = factory(self.config)?;
            let info = encoder.info();
            Ok((encoder, info))
        });
        match opened {
            Ok((encoder, info)) => {
                self.run.board.show_encoder(Track::Video, info);
                self.encoder = Some(encoder);
                self.pacer.handle_opened();
                Standing::Good
            }
            Err(failure) => {
                self.health.cannot_open(failure);
                Standing::Hopeless
            }
        }
    }

    fn encode(&mut self, frame: &RawFrame) -> Standing {
        let counters = &self.run.board.counters;
        let origin = self.run.origin(frame.captured);
        let timeline = self.timeline.get_or_insert_with(|| VideoTimeline::new(origin));
        // What cannot be handed over is not encoded: no picture then refers to a lost one.
        let pts = timeline.place(frame.captured).filter(|_| self.run.units.has_video_room());
        self.pacer.set(self.run.wishes.pace(), self.run.wishes.take_bitrate());
        let pts = pts.filter(|pts| self.pacer.takes(*pts));
        let Some(pts) = pts else {
            counters.frames_skipped.fetch_add(1, Ordering::Relaxed);
            return Standing::Good;
        };
        let outcome = self.encode_at(frame, pts);
        if outcome.is_err() {
            counters.frames_failed.fetch_add(1, Ordering::Relaxed);
        }
        match self.health.note(outcome) {
            Standing::Broken => {
                discard(self.encoder.take());
                self.open()
            }
            standing => standing,
        }
    }

    fn encode_at(&mut self, frame: &RawFrame, pts: MediaTime) -> Result<(), Failure> {
        let Self { run, config, encoder, pacer, chain, has_trouble, .. } = self;
        let Some(encoder) = encoder else { return Ok(()) };
        let mut drawing = match chain.take() {
            Some(chain) => chain,
            None => Chain::new(config.width(), config.height())
                .map_err(|e| refused(&e))?
                .with_inputs(run.status.inputs.clone()),
        };
        drawing.set(&run.status.look());
        let viewfinder = &run.status.viewfinder;
        let preview = viewfinder.preview();
        drawing.set_preview(preview.map(|preview| preview.mirror));
        let [width, height] = frame.size;
        let view =
            FrameView::packed(frame.format, width, height, &frame.data).map_err(|e| refused(&e))?;
        let encoded = guarded(|| {
            let picture = drawing.draw(&view, pts).map_err(|e| cannot_draw(&e))?;
            viewfinder.show(&picture);
            if run.wishes.take_idr() | pacer.take_idr() {
                encoder.request_idr();
            }
            if let Some((before, wanted)) = pacer.take_change() {
                if before.fps != wanted.fps {
                    encoder.set_fps(wanted.fps)?;
                }
                encoder.set_bitrate(wanted.bitrate_bps)?;
            }
            encoder.encode(&picture, pts, &mut |unit| hand_over(run, unit))
        });
        let trouble = drawing.take_trouble();
        let had_trouble = std::mem::replace(has_trouble, trouble.is_some());
        if let Some(trouble) = trouble.filter(|_| !had_trouble) {
            run.report_encoder(Track::Video, Error::Encoder(trouble.to_string()));
        }
        if let Some(preview) = preview {
            viewfinder.show_preview(preview, drawing.preview_mut());
        }
        if !matches!(encoded, Err(Failure::Panicked(_))) {
            *chain = Some(drawing);
        }
        encoded
    }

    fn flush(&mut self) {
        let Some(encoder) = &mut self.encoder else { return };
        let outcome = guarded(|| encoder.flush(&mut |unit| hand_over(self.run, unit)));
        self.health.note(outcome);
    }
}

fn cannot_draw(error: &FrameError) -> EncodeError {
    EncodeError::Encode { encoder: "the picture's chain", reason: error.to_string() }
}

fn refused(error: &FrameError) -> Failure {
    Failure::Refused(cannot_draw(error))
}

fn hand_over(run: &Run, unit: VideoUnit) {
    run.board.counters.frames_encoded.fetch_add(1, Ordering::Relaxed);
    if run.units.push_video(unit, &run.waiting()) == Ok(crate::edge::units::Handed::Dropped) {
        run.wishes.want_idr();
    }
}
