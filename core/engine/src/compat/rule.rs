//! When a compatibility rule looks at what waits, and what bitrates follow from it.

use std::time::Duration;

use onair_types::Now;

use super::Fidelity;
use super::lflivekit::{self, Detector, Verdict};
use super::videocore::{self, Sampler, Vector};
use crate::rate::{Adaptation, Range, Reason};

/// The rule of one publish; lives through all its connections, as the originals' do.
#[derive(Debug)]
pub(crate) struct Rule {
    kind: Kind,
    next_sample: Option<Now>,
}

#[derive(Debug)]
enum Kind {
    LfLiveKit(Detector),
    VideoCore { sampler: Sampler, audio_bps: u32 },
}

/// What waits to be serialised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// Frames, those not counted that are held back to be put in order.
    pub(crate) frames: usize,
    /// Bytes, of a unit already begun too.
    pub(crate) bytes: u64,
}

/// What a rule wants after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The video bitrate, bit/s.
    pub(crate) video_bps: u32,
    /// Another audio bitrate, bit/s.
    pub(crate) audio_bps: Option<u32>,
    /// Why.
    pub(crate) reason: Reason,
}

impl Rule {
    /// The rule that `adaptation` names, if it is one of these.
    pub(crate) fn new(adaptation: Adaptation, audio_bps: u32) -> Option<Self> {
        let kind = match adaptation {
            Adaptation::LfLiveKit => Kind::LfLiveKit(Detector::new(Fidelity::Improved)),
            Adaptation::VideoCore => Kind::VideoCore { sampler: Sampler::default(), audio_bps },
            _ => return None,
        };
        Some(Self { kind, next_sample: None })
    }

    /// When it wants to look next; `None` before the first look.
    pub(crate) fn next_sample(&self) -> Option<Now> {
        self.next_sample
    }

    /// Looks if its time has come: at once the first time, then at its own pace.
    pub(crate) fn handle_time(
        &mut self,
        waiting: Waiting,
        video_bps: u32,
        range: Range,
        now: Now,
    ) -> Option<Step> {
        let due = *self.next_sample.get_or_insert(now);
        if now < due {
            return None;
        }
        // What a time without connection skipped is not made up for.
        let next = due + self.spacing();
        self.next_sample = Some(if next > now { next } else { now + self.spacing() });
        match &mut self.kind {
            Kind::LfLiveKit(detector) => {
                let verdict = detector.sample(waiting.frames)?;
                let reason = match verdict {
                    Verdict::Growing => Reason::QueueGrows,
                    Verdict::Empty => Reason::QueueRests,
                };
                let video_bps = lflivekit::next_bps(verdict, video_bps, range);
                Some(Step { video_bps, audio_bps: None, reason })
            }
            Kind::VideoCore { sampler, audio_bps } => {
                let vector = sampler.sample(waiting.bytes, now)?;
                let reason = match vector {
                    Vector::Down => Reason::QueueGrows,
                    Vector::Up => Reason::QueueRests,
                };
                // By the video bitrate until now (statement 35).
                let wanted_bps = videocore::audio_bps(video_bps);
                let is_new = std::mem::replace(audio_bps, wanted_bps) != wanted_bps;
                let audio_bps = is_new.then_some(wanted_bps);
                Some(Step { video_bps: vector.next_bps(video_bps, range), audio_bps, reason })
            }
        }
    }

    fn spacing(&self) -> Duration {
        match self.kind {
            Kind::LfLiveKit(_) => lflivekit::SAMPLE_SPACING,
            Kind::VideoCore { .. } => videocore::SAMPLE_SPACING,
        }
    }
}
