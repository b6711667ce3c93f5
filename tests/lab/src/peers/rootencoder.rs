//! RootEncoder's bitrate adapter and sender queue (`spec network` 1.1, `spec peers` 2.2): the
//! measured rate decides each five seconds; a full queue refuses the newest message of any kind.

use std::time::Duration;

use super::queue::drop_message;
use super::{Message, Policy, Queue};
use crate::broadcaster::Host;

const QUEUE_CAP: usize = 400;
const REPORTS: u32 = 5;

/// Measured bytes decide.
#[derive(Debug)]
pub(crate) struct RootEncoder {
    max_bps: u32,
    current_bps: u32,
    bytes_out: u64,
    mean_bps: u64,
    reports: u32,
}

impl RootEncoder {
    /// Up to `max_bps`, starting there; it has no floor.
    pub(crate) fn new(max_bps: u32) -> Self {
        Self { max_bps, current_bps: max_bps, bytes_out: 0, mean_bps: 0, reports: 0 }
    }
}

impl Policy for RootEncoder {
    const CHUNK_BYTES: u32 = 128;
    const TICK: Duration = Duration::from_secs(1);

    fn start_bps(&self) -> u32 {
        self.max_bps
    }

    fn push(&mut self, message: Message, queue: &mut Queue, host: &mut Host<'_>) {
        if queue.messages.len() >= QUEUE_CAP {
            drop_message(&message, host);
        } else {
            queue.push(message);
        }
    }

    fn wrote(&mut self, bytes: u64, _now: onair_types::Now) {
        self.bytes_out += bytes;
    }

    fn tick(&mut self, queue: &mut Queue, host: &mut Host<'_>) {
        self.mean_bps = u64::midpoint(self.mean_bps, std::mem::take(&mut self.bytes_out) * 8);
        self.reports += 1;
        if self.reports < REPORTS {
            return;
        }
        let mean = std::mem::take(&mut self.mean_bps);
        self.reports = 0;
        let congested = queue.messages.len() * 5 >= QUEUE_CAP;
        let wanted = if congested {
            mean * 8 / 10
        } else if mean >= u64::from(self.max_bps) {
            u64::from(self.max_bps)
        } else {
            mean * 12 / 10
        };
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX).min(self.max_bps);
        if wanted != self.current_bps {
            self.current_bps = wanted;
            host.set_bitrate(wanted);
        }
    }

    fn set_max_bitrate(&mut self, bps: u32) {
        self.max_bps = bps;
    }
}
