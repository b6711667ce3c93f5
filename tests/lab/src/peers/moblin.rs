//! moblin's RTMP controller (`spec network` 1.1, `spec peers` 2.4): RTMP Acknowledgements give
//! packets in flight and their age each 200 ms; no dropping below 100 MB.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use super::{Policy, Queue};
use crate::broadcaster::Host;

const ACK_WINDOW: u64 = 100_000;
const PACKET_BYTES: f64 = 1_400.0;
const START_BPS: f64 = 1_000_000.0;
const MIN_BPS: f64 = 50_000.0;
const CUT_FLOOR_BPS: f64 = 250_000.0;
const RTT_MAX_MS: f64 = 500.0;
const RTT_SPIKE_MS: f64 = 50.0;
const RTT_SMOOTH_CAP_MS: f64 = 450.0;
const IN_FLIGHT_MAX: f64 = 100.0;
const IN_FLIGHT_HARD: f64 = 200.0;
const STEP_BPS: f64 = 100_000.0;
const RUNAWAY_BPS: f64 = 500_000.0;

/// Round trip and in-flight packets decide.
#[derive(Debug)]
pub(crate) struct Moblin {
    max_bps: f64,
    target_bps: f64,
    commanded: u32,
    written: u64,
    acknowledged: u64,
    /// When each written byte count was reached.
    sent_at: VecDeque<(u64, Now)>,
    rtt_ms: f64,
    rtt_smooth_ms: f64,
    in_flight_smooth: f64,
    acknowledged_before: VecDeque<u64>,
}

impl Moblin {
    /// From 50 kbit/s to `max_bps`.
    pub(crate) fn new(max_bps: u32) -> Self {
        Self {
            max_bps: f64::from(max_bps),
            target_bps: START_BPS,
            commanded: START_BPS as u32,
            written: 0,
            acknowledged: 0,
            sent_at: VecDeque::new(),
            rtt_ms: 0.0,
            rtt_smooth_ms: 0.0,
            in_flight_smooth: 0.0,
            acknowledged_before: VecDeque::new(),
        }
    }

    /// Bit/s that got through in the last second.
    fn transport_bps(&mut self) -> f64 {
        self.acknowledged_before.push_back(self.written.min(self.acknowledged));
        if self.acknowledged_before.len() > 6 {
            self.acknowledged_before.pop_front();
        }
        let (first, last) = (self.acknowledged_before.front(), self.acknowledged_before.back());
        let bytes = last.zip(first).map_or(0, |(last, first)| last - first);
        let span = 0.2 * (self.acknowledged_before.len().max(2) - 1) as f64;
        bytes as f64 * 8.0 / span
    }
}

impl Policy for Moblin {
    const CHUNK_BYTES: u32 = 8_192;
    const TICK: Duration = Duration::from_millis(200);

    fn start_bps(&self) -> u32 {
        START_BPS.min(self.max_bps) as u32
    }

    fn wrote(&mut self, bytes: u64, now: Now) {
        if bytes > 0 {
            self.written += bytes;
            self.sent_at.push_back((self.written, now));
        }
    }

    fn acknowledged(&mut self, bytes: u64, now: Now) {
        self.acknowledged = bytes;
        while let Some((_, at)) = self.sent_at.pop_front_if(|(end, _)| *end <= bytes) {
            self.rtt_ms = now.since(at).as_secs_f64() * 1e3;
        }
    }

    fn tick(&mut self, _queue: &mut Queue, host: &mut Host<'_>) {
        // The oldest byte without an acknowledgement is at least as late as it is old.
        let waiting = self.written.saturating_sub(self.acknowledged);
        if waiting > ACK_WINDOW
            && let Some((_, at)) = self.sent_at.front()
        {
            self.rtt_ms = self.rtt_ms.max(host.now.since(*at).as_secs_f64() * 1e3);
        }
        let in_flight = waiting as f64 / PACKET_BYTES;
        let weight = if in_flight > self.in_flight_smooth { 0.03 } else { 0.1 };
        self.in_flight_smooth += weight * (in_flight - self.in_flight_smooth);
        self.rtt_smooth_ms += 0.04 * (self.rtt_ms - self.rtt_smooth_ms);
        self.rtt_smooth_ms = self.rtt_smooth_ms.min(RTT_SMOOTH_CAP_MS);
        let spike = (in_flight - self.in_flight_smooth).max(0.0);
        let transport = self.transport_bps();

        let late = self.rtt_ms > self.rtt_smooth_ms + RTT_SPIKE_MS;
        let congested =
            [self.in_flight_smooth > IN_FLIGHT_MAX, self.rtt_smooth_ms > RTT_MAX_MS, late];
        for _ in congested.iter().filter(|reason| **reason) {
            if self.target_bps > CUT_FLOOR_BPS {
                self.target_bps = (self.target_bps * 0.9).max(CUT_FLOOR_BPS);
            }
        }
        if spike >= IN_FLIGHT_HARD {
            self.target_bps -= RUNAWAY_BPS;
        }
        if !congested.contains(&true) && spike < IN_FLIGHT_MAX {
            let room = 1.0 - self.in_flight_smooth / IN_FLIGHT_MAX;
            self.target_bps += STEP_BPS * room.clamp(0.0, 1.0);
            let guard = (transport + 1e6).max(transport * 1.7);
            self.target_bps = self.target_bps.min(guard);
        }
        self.target_bps = self.target_bps.clamp(MIN_BPS, self.max_bps.max(MIN_BPS));

        let brake = (IN_FLIGHT_HARD - spike.min(IN_FLIGHT_HARD)) / IN_FLIGHT_HARD;
        let rate = if spike > 2.0 * IN_FLIGHT_HARD { MIN_BPS } else { self.target_bps * brake };
        let rate = rate.max(MIN_BPS) as u32;
        if rate != self.commanded {
            self.commanded = rate;
            host.set_bitrate(rate);
        }
    }

    fn acknowledgement_window(&self) -> Option<u64> {
        Some(ACK_WINDOW)
    }

    fn set_max_bitrate(&mut self, bps: u32) {
        self.max_bps = f64::from(bps);
    }
}
