//! HaishinKit.swift's network monitor and bitrate strategy (`spec network` 1.1): bytes in the
//! app's queue, sampled each second; no dropping. As the strategy is meant to work: in some
//! releases the cut was computed and not applied (`spec peers` 2.1).

use std::time::Duration;

use super::{Policy, Queue};
use crate::broadcaster::Host;

/// Quiet reports before the rate goes up.
const QUIET_REPORTS: u32 = 15;
/// Samples that must grow one over the other.
const GROWING_SAMPLES: usize = 3;

/// Queue growth decides.
#[derive(Debug)]
pub(crate) struct HaishinKit {
    max_bps: u32,
    audio_bps: u32,
    current_bps: u32,
    bytes_out: u64,
    samples: Vec<u64>,
    silent_seconds: u32,
    quiet_reports: u32,
}

impl HaishinKit {
    /// Between a tenth of `max_bps` and all of it.
    pub(crate) fn new(max_bps: u32, audio_bps: u32) -> Self {
        Self {
            max_bps,
            audio_bps,
            current_bps: max_bps,
            bytes_out: 0,
            samples: Vec::new(),
            silent_seconds: 0,
            quiet_reports: 0,
        }
    }

    fn insufficient(&mut self, bytes_out: u64, host: &mut Host<'_>) {
        self.quiet_reports = 0;
        let measured = bytes_out * 8 / u64::from(self.silent_seconds + 1);
        let video = measured.saturating_sub(u64::from(self.audio_bps));
        let rate = u32::try_from(video).unwrap_or(u32::MAX).max(self.max_bps / 10);
        // The report says too little came through; more than now is never its conclusion.
        self.set(rate.min(self.current_bps), host);
    }

    fn set(&mut self, bps: u32, host: &mut Host<'_>) {
        if bps != self.current_bps {
            self.current_bps = bps;
            host.set_bitrate(bps);
        }
    }
}

impl Policy for HaishinKit {
    const CHUNK_BYTES: u32 = 8_192;
    const TICK: Duration = Duration::from_secs(1);

    fn start_bps(&self) -> u32 {
        self.max_bps
    }

    fn wrote(&mut self, bytes: u64, _now: onair_types::Now) {
        self.bytes_out += bytes;
    }

    fn tick(&mut self, queue: &mut Queue, host: &mut Host<'_>) {
        let bytes_out = std::mem::take(&mut self.bytes_out);
        if bytes_out == 0 {
            self.silent_seconds += 1;
            match self.silent_seconds {
                2 => host.encoder.set_fps(10),
                4 => host.encoder.set_fps(5),
                _ => {}
            }
        } else if std::mem::take(&mut self.silent_seconds) >= 2 {
            host.encoder.set_fps(u32::MAX);
        }
        self.samples.push(queue.bytes());
        if self.samples.len() > GROWING_SAMPLES {
            self.samples.remove(0);
        }
        let full = self.samples.len() == GROWING_SAMPLES;
        if full && self.samples.windows(2).all(|pair| pair[0] < pair[1]) {
            self.insufficient(bytes_out, host);
            self.samples.clear();
            return;
        }
        self.quiet_reports += 1;
        if self.quiet_reports >= QUIET_REPORTS {
            self.quiet_reports = 0;
            self.set((self.current_bps + self.max_bps / 10).min(self.max_bps), host);
        }
    }

    fn set_max_bitrate(&mut self, bps: u32) {
        self.max_bps = bps;
    }
}
