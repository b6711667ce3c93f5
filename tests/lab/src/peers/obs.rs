//! OBS Studio's two exclusive answers (`spec network` 1.1, `spec peers` 2.5): frame dropping at a
//! fixed bitrate, or dynamic bitrate without any dropping.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use super::queue::drop_message;
use super::{Kind, Message, Policy, Queue, Sent};
use crate::broadcaster::Host;

/// Packets that must wait before the age of the first one counts.
const MIN_QUEUED: usize = 5;
/// Age at which pictures that others refer to are dropped.
const DROP_AGE: Duration = Duration::from_millis(900);
/// Age at which dynamic bitrate cuts.
const CUT_AGE: Duration = Duration::from_millis(200);
const RAISE_EVERY: Duration = Duration::from_secs(4);
const FLOOR_BPS: u32 = 50_000;

/// Time between the first waiting picture that is not an IDR and the newest.
fn waiting_age(queue: &Queue) -> Duration {
    if queue.messages.len() < MIN_QUEUED {
        return Duration::ZERO;
    }
    let first = queue.messages.iter().find(|m| matches!(m.kind, Kind::Inter(_)));
    let last = queue.messages.iter().rfind(|m| m.kind.is_video());
    first.zip(last).map_or(Duration::ZERO, |(first, last)| last.captured.since(first.captured))
}

/// Fixed bitrate; drops by age.
#[derive(Debug)]
pub(crate) struct Obs {
    bitrate_bps: u32,
    waits_for_idr: bool,
}

impl Obs {
    /// At this video bitrate.
    pub(crate) fn new(bitrate_bps: u32) -> Self {
        Self { bitrate_bps, waits_for_idr: false }
    }
}

impl Policy for Obs {
    const CHUNK_BYTES: u32 = 4_096;
    const TICK: Duration = Duration::from_secs(60);

    fn start_bps(&self) -> u32 {
        self.bitrate_bps
    }

    fn push(&mut self, message: Message, queue: &mut Queue, host: &mut Host<'_>) {
        if message.kind.is_video() && waiting_age(queue) > DROP_AGE {
            queue.retain(host, |message| !matches!(message.kind, Kind::Inter(_)));
            self.waits_for_idr = true;
        }
        match message.kind {
            Kind::Idr(_) => self.waits_for_idr = false,
            Kind::Inter(_) if self.waits_for_idr => return drop_message(&message, host),
            _ => {}
        }
        queue.push(message);
    }
}

/// Dynamic bitrate; never drops.
#[derive(Debug)]
pub(crate) struct ObsDynamic {
    max_bps: u32,
    audio_bps: u32,
    current_bps: u32,
    before_raise_bps: u32,
    raise_at: Option<Now>,
    /// Begin and end of sending, and size, of the last two seconds' messages.
    samples: VecDeque<(Now, Now, u32)>,
}

impl ObsDynamic {
    /// From 50 kbit/s to `max_bps`, starting at the top.
    pub(crate) fn new(max_bps: u32, audio_bps: u32) -> Self {
        Self {
            max_bps,
            audio_bps,
            current_bps: max_bps,
            before_raise_bps: 0,
            raise_at: None,
            samples: VecDeque::new(),
        }
    }

    /// Bit/s of the video that went out, to whole 100 kbit/s; needs a second of samples.
    fn estimate_bps(&self) -> Option<u32> {
        let span = self.samples.back()?.1.since(self.samples.front()?.0);
        if span < Duration::from_secs(1) {
            return None;
        }
        let bytes: f64 = self.samples.iter().map(|(_, _, bytes)| f64::from(*bytes)).sum();
        let bps = (bytes * 8.0 / span.as_secs_f64()) as u32;
        Some((bps / 100_000 * 100_000).saturating_sub(self.audio_bps).max(FLOOR_BPS))
    }

    fn set(&mut self, bps: u32, host: &mut Host<'_>) {
        if bps != self.current_bps {
            self.current_bps = bps;
            host.set_bitrate(bps);
        }
    }
}

impl Policy for ObsDynamic {
    const CHUNK_BYTES: u32 = 4_096;
    const TICK: Duration = Duration::from_millis(100);

    fn start_bps(&self) -> u32 {
        self.max_bps
    }

    fn push(&mut self, message: Message, queue: &mut Queue, host: &mut Host<'_>) {
        queue.push(message);
        if !message.kind.is_video() || waiting_age(queue) < CUT_AGE {
            return;
        }
        // Congestion straight after a raise goes back to what worked before it.
        let estimate = if self.before_raise_bps > 0 {
            Some(std::mem::take(&mut self.before_raise_bps))
        } else {
            self.estimate_bps()
        };
        if let Some(bps) = estimate.filter(|bps| *bps < self.current_bps) {
            self.set(bps, host);
            self.raise_at = Some(host.now + RAISE_EVERY);
        }
    }

    fn sent(&mut self, sent: Sent, now: Now) {
        self.samples.push_back((sent.began, now, sent.message.bytes));
        while self
            .samples
            .front()
            .is_some_and(|(began, ..)| now.since(*began) > Duration::from_secs(2))
        {
            self.samples.pop_front();
        }
    }

    fn tick(&mut self, _queue: &mut Queue, host: &mut Host<'_>) {
        if self.raise_at.is_some_and(|at| at <= host.now) {
            self.before_raise_bps = self.current_bps;
            let raised = (self.current_bps + self.max_bps / 10).min(self.max_bps);
            self.raise_at = (raised < self.max_bps).then(|| host.now + RAISE_EVERY);
            self.set(raised, host);
        }
    }

    fn set_max_bitrate(&mut self, bps: u32) {
        self.max_bps = bps;
    }
}
