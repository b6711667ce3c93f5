//! StreamPack 3's RTMP queue and regulator (`spec network` 1.1, `spec peers` 2.3): ten tags, the
//! oldest of any kind goes; drops decide the rate each half second.

use std::time::Duration;

use onair_types::Now;

use super::queue::drop_message;
use super::{Message, Policy, Queue, Sent};
use crate::broadcaster::Host;

const QUEUE_CAP: usize = 10;
const UP_BPS: u32 = 200_000;
const MIN_CUT_BPS: u32 = 100_000;
const FLOOR_BPS: u32 = 500_000;

/// Dropped tags decide.
#[derive(Debug)]
pub(crate) struct StreamPack {
    max_bps: u32,
    current_bps: u32,
    dropped: u32,
    written: u32,
    bytes_out: u64,
}

impl StreamPack {
    /// From 500 kbit/s to `max_bps`, starting at the top.
    pub(crate) fn new(max_bps: u32) -> Self {
        Self { max_bps, current_bps: max_bps, dropped: 0, written: 0, bytes_out: 0 }
    }
}

impl Policy for StreamPack {
    const CHUNK_BYTES: u32 = 4_096;
    const TICK: Duration = Duration::from_millis(500);

    fn start_bps(&self) -> u32 {
        self.max_bps
    }

    fn push(&mut self, message: Message, queue: &mut Queue, host: &mut Host<'_>) {
        queue.push(message);
        while queue.messages.len() > QUEUE_CAP {
            if let Some(oldest) = queue.messages.pop_front() {
                drop_message(&oldest, host);
                self.dropped += 1;
            }
        }
    }

    fn sent(&mut self, _sent: Sent, _now: Now) {
        self.written += 1;
    }

    fn wrote(&mut self, bytes: u64, _now: Now) {
        self.bytes_out += bytes;
    }

    fn tick(&mut self, _queue: &mut Queue, host: &mut Host<'_>) {
        let (dropped, written) =
            (std::mem::take(&mut self.dropped), std::mem::take(&mut self.written));
        let written_bps = std::mem::take(&mut self.bytes_out) as f64 * 16.0;
        let current = self.current_bps;
        let wanted = if dropped > 0 {
            let share = f64::from(dropped) / f64::from(dropped + written);
            let cut = (f64::from(current) * share.clamp(0.2, 0.85)) as u32;
            current.saturating_sub(cut.max(MIN_CUT_BPS))
        } else if written_bps > 0.9 * f64::from(current) {
            current + UP_BPS
        } else {
            current
        };
        let wanted = wanted.clamp(FLOOR_BPS.min(self.max_bps), self.max_bps);
        if wanted != current {
            self.current_bps = wanted;
            host.set_bitrate(wanted);
        }
    }

    fn set_max_bitrate(&mut self, bps: u32) {
        self.max_bps = bps;
    }
}
