//! LFLiveKit with adaptation switched on: the engine's compatibility rules as the original has them
//! (`spec lflivekit-and-friends` 2.1–2.3), and steps that leave the range.

use std::time::Duration;

use onair_engine::compat::Fidelity;
use onair_engine::compat::lflivekit::{self, Detector, Frame, LIST_CAP, SAMPLE_SPACING, Verdict};

use super::queue::drop_message;
use super::{Kind, Message, Policy, Queue};
use crate::broadcaster::Host;

const UP_BPS: u32 = 50_000;
const DOWN_BPS: u32 = 100_000;

/// Five samples of the queue's length give a verdict.
#[derive(Debug)]
pub(crate) struct LfLiveKit {
    min_bps: u32,
    max_bps: u32,
    current_bps: u32,
    waiting: lflivekit::Queue<Message>,
    detector: Detector,
}

impl LfLiveKit {
    /// Between `min_bps` and `max_bps`, starting in between as its presets do.
    pub(crate) fn new(min_bps: u32, start_bps: u32, max_bps: u32) -> Self {
        Self {
            min_bps,
            max_bps,
            current_bps: start_bps,
            waiting: lflivekit::Queue::new(Fidelity::Original, LIST_CAP),
            detector: Detector::new(Fidelity::Original),
        }
    }
}

impl Frame for Message {
    fn kind(&self) -> lflivekit::Kind {
        match self.kind {
            Kind::Idr(_) => lflivekit::Kind::Key,
            Kind::Inter(_) => lflivekit::Kind::Inter,
            Kind::Audio => lflivekit::Kind::Audio,
        }
    }

    fn time_micros(&self) -> i64 {
        self.captured.as_micros()
    }

    fn size_bytes(&self) -> usize {
        self.bytes as usize
    }
}

impl Policy for LfLiveKit {
    const CHUNK_BYTES: u32 = 128;
    const TICK: Duration = SAMPLE_SPACING;

    fn start_bps(&self) -> u32 {
        self.current_bps
    }

    fn push(&mut self, message: Message, _queue: &mut Queue, host: &mut Host<'_>) {
        let now = host.now;
        self.waiting.push(message, now, |message| drop_message(&message, host));
    }

    fn next(&mut self, _queue: &mut Queue) -> Option<Message> {
        self.waiting.pop()
    }

    fn tick(&mut self, _queue: &mut Queue, host: &mut Host<'_>) {
        let before = self.current_bps;
        match self.detector.sample(self.waiting.len()) {
            Some(Verdict::Growing) if before > self.min_bps => {
                self.current_bps = before.saturating_sub(DOWN_BPS);
            }
            Some(Verdict::Empty) if before < self.max_bps => self.current_bps = before + UP_BPS,
            _ => return,
        }
        host.set_bitrate(self.current_bps);
    }

    fn set_max_bitrate(&mut self, bps: u32) {
        self.max_bps = bps;
    }
}
