//! One direction of the link: packets queue, leave at the scheduled rate, fly for the delay, and may be lost, damaged
//! or swallowed. Pure: time comes in as an argument, chance from a seed.

use std::collections::VecDeque;
use std::time::Duration;

use crate::Line;
use crate::packet;

/// What a full queue is measured in; what does not fit is dropped at the tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Bytes of IP packets.
    Bytes(usize),
    /// IP packets.
    Packets(usize),
}

/// What happened on one direction so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// IP packets that arrived.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Dropped since the queue was full.
    pub dropped: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Damaged by chance, and delivered.
    pub damaged: u64,
    /// Swallowed by the black hole.
    pub swallowed: u64,
    /// The most bytes that ever queued.
    pub peak_queue_bytes: usize,
}

pub(crate) struct Wire {
    line: Line,
    /// When the schedule began, on the clock of `now`.
    began: Duration,
    /// Nothing gets through.
    is_black_hole: bool,
    /// IPv6 does not get through.
    is_v6_black_hole: bool,
    chance: Chance,
    queue: VecDeque<Vec<u8>>,
    queued_bytes: usize,
    /// Bits of the queue's head that have left.
    left_bits: f64,
    /// Up to when the queue was served.
    served: Duration,
    flying: VecDeque<(Duration, Vec<u8>)>,
    traffic: Traffic,
}

impl Wire {
    pub(crate) fn new(line: Line, seed: u64) -> Self {
        Self {
            line,
            began: Duration::ZERO,
            is_black_hole: false,
            is_v6_black_hole: false,
            chance: Chance(seed),
            queue: VecDeque::new(),
            queued_bytes: 0,
            left_bits: 0.0,
            served: Duration::ZERO,
            flying: VecDeque::new(),
            traffic: Traffic::default(),
        }
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.traffic
    }

    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// Another rate, delay, queue or loss from now on; the schedule begins now.
    pub(crate) fn set_line(&mut self, line: Line, now: Duration) {
        self.serve(now);
        self.line = line;
        self.began = now;
    }

    /// The schedule begins now.
    pub(crate) fn restart(&mut self, now: Duration) {
        self.serve(now);
        self.began = now;
    }

    /// Swallows everything that comes and all that is under way, until it is switched off.
    pub(crate) fn set_black_hole(&mut self, is_on: bool) {
        self.is_black_hole = is_on;
        if is_on {
            self.traffic.swallowed += (self.queue.len() + self.flying.len()) as u64;
            self.queue.clear();
            self.flying.clear();
            self.queued_bytes = 0;
            self.left_bits = 0.0;
        }
    }

    /// Swallows IPv6 only.
    pub(crate) fn set_v6_black_hole(&mut self, is_on: bool) {
        self.is_v6_black_hole = is_on;
    }

    /// A packet enters.
    pub(crate) fn offer(&mut self, mut packet: Vec<u8>, now: Duration) {
        self.serve(now);
        let is_v6 = packet.first().is_some_and(|first| first >> 4 == 6);
        if self.is_black_hole || (is_v6 && self.is_v6_black_hole) {
            self.traffic.swallowed += 1;
            return;
        }
        if self.chance.happens(self.line.loss) {
            self.traffic.lost += 1;
            return;
        }
        let is_full = match self.line.queue {
            Queue::Bytes(limit) => self.queued_bytes + packet.len() > limit,
            Queue::Packets(limit) => self.queue.len() >= limit,
        };
        // A packet alone always fits: it is being sent, it does not wait.
        if is_full && !self.queue.is_empty() {
            self.traffic.dropped += 1;
            return;
        }
        if self.chance.happens(self.line.damage) {
            let at = self.chance.next();
            if packet::damage(&mut packet, at) {
                self.traffic.damaged += 1;
            }
        }
        self.queued_bytes += packet.len();
        self.traffic.peak_queue_bytes = self.traffic.peak_queue_bytes.max(self.queued_bytes);
        self.queue.push_back(packet);
        self.serve(now);
    }

    /// The next packet that has arrived.
    pub(crate) fn poll_arrived(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.serve(now);
        let (at, _) = self.flying.front()?;
        if *at > now {
            return None;
        }
        let (_, packet) = self.flying.pop_front()?;
        self.traffic.packets += 1;
        self.traffic.bytes += packet.len() as u64;
        Some(packet)
    }

    /// When to look again; none while the wire is empty or stands still for ever.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        let arrives = self.flying.front().map(|(at, _)| *at);
        let leaves = self.queue.front().and_then(|head| {
            let (rate, change) = self.line.rate.at(self.served.saturating_sub(self.began));
            let change = change.map(|change| self.began + change);
            let end = self.end_of(head, rate);
            [end, change].into_iter().flatten().min()
        });
        [arrives, leaves].into_iter().flatten().min()
    }

    /// When the head of the queue has left at this rate.
    fn end_of(&self, head: &[u8], bits_per_second: f64) -> Option<Duration> {
        let seconds = (head.len() as f64 * 8.0 - self.left_bits).max(0.0) / bits_per_second;
        Duration::try_from_secs_f64(seconds).ok().map(|rest| self.served + rest)
    }

    /// Lets the queue leave up to now.
    fn serve(&mut self, now: Duration) {
        while self.served < now {
            let Some(head) = self.queue.front() else {
                self.served = now;
                return;
            };
            let (rate, change) = self.line.rate.at(self.served.saturating_sub(self.began));
            let change = change.map_or(now, |change| now.min(self.began + change));
            match self.end_of(head, rate).filter(|end| *end <= change) {
                Some(end) => {
                    self.served = end;
                    self.left_bits = 0.0;
                    if let Some(packet) = self.queue.pop_front() {
                        self.queued_bytes -= packet.len();
                        self.flying.push_back((end + self.line.delay, packet));
                    }
                }
                None => {
                    self.left_bits += rate * (change - self.served).as_secs_f64();
                    self.served = change;
                }
            }
        }
    }
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && (self.next() >> 11) as f64 / ((1_u64 << 53) as f64) < probability
    }
}

#[cfg(test)]
#[path = "wire_test.rs"]
mod tests;
