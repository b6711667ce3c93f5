//! The bottleneck: a droptail queue of packets in front of a trace's delivery opportunities.
//! Knows nothing of TCP.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use crate::rng::Rng;
use crate::trace::{SLOT_BYTES, Slots, Trace};

/// One IP packet on its way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Which connection it belongs to.
    pub connection: u32,
    /// First byte in the connection's stream.
    pub start: u64,
    /// Payload bytes.
    pub len: u32,
    /// Which transmission of the sender this is, from 0; comes back in the acknowledgement.
    pub order: u64,
    /// When the sender sent it; comes back in the acknowledgement (TCP time stamps).
    pub sent_at: Now,
}

/// Bytes of IP and TCP headers with time stamps.
pub const HEADER_BYTES: u32 = 52;

impl Packet {
    fn size_on_wire(&self) -> u32 {
        self.len + HEADER_BYTES
    }
}

/// The link's fixed properties.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// What it can carry.
    pub trace: Trace,
    /// Packets that may wait; one more is dropped.
    pub queue_packets: usize,
    /// Part of the packets lost on the way whatever the queue, 0 to 1.
    pub loss: f64,
    /// Nothing is carried from the first to the second time.
    pub outages: Vec<(Now, Now)>,
    /// Half of the round trip that is not queueing.
    pub delay_each_way: Duration,
}

/// The bottleneck.
#[derive(Debug)]
pub struct Link {
    config: LinkConfig,
    slots: Slots,
    queue: VecDeque<Packet>,
    /// Bytes of the head that earlier slots have already carried.
    head_carried: u32,
    rng: Rng,
    /// Packets refused by the full queue or lost at random.
    pub lost_packets: u64,
}

impl Link {
    /// An empty queue.
    pub fn new(config: LinkConfig, seed: u64) -> Self {
        let slots = Slots::new(&config.trace);
        let rng = Rng::new(seed, 0x1055);
        Self { config, slots, queue: VecDeque::new(), head_carried: 0, rng, lost_packets: 0 }
    }

    /// Takes a packet, or loses it.
    pub fn offer(&mut self, packet: Packet) {
        let unlucky = self.config.loss > 0.0 && self.rng.unit() < self.config.loss;
        if unlucky || self.queue.len() >= self.config.queue_packets {
            self.lost_packets += 1;
        } else {
            self.queue.push_back(packet);
        }
    }

    /// When a packet or a part of one leaves next.
    pub fn next_at(&mut self, now: Now) -> Option<Now> {
        if self.queue.is_empty() {
            return None;
        }
        let mut from = now;
        loop {
            let at = self.slots.next_at(from)?;
            match self.config.outages.iter().find(|(begin, end)| *begin <= at && at < *end) {
                Some((_, end)) => from = *end,
                None => return Some(at),
            }
        }
    }

    /// Uses the slot of [`Link::next_at`]: what it carries to its end goes to `leave`. A slot
    /// takes several small packets, and the rest of a slot is lost when the queue runs empty.
    pub fn carry(&mut self, mut leave: impl FnMut(Packet)) {
        self.slots.advance();
        let mut room = SLOT_BYTES;
        while let Some(head) = self.queue.front().copied() {
            let left = head.size_on_wire() - self.head_carried;
            if left > room {
                self.head_carried += room;
                return;
            }
            room -= left;
            self.head_carried = 0;
            self.queue.pop_front();
            leave(head);
        }
    }

    /// How long light takes each way.
    pub fn delay_each_way(&self) -> Duration {
        self.config.delay_each_way
    }

    /// Packets waiting.
    pub fn queued_packets(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::synthetic;

    fn link(trace: &str, queue_packets: usize, loss: f64, outages: Vec<(Now, Now)>) -> Link {
        let trace = synthetic::by_name(trace, 1).expect("known");
        let delay_each_way = Duration::from_millis(30);
        Link::new(LinkConfig { trace, queue_packets, loss, outages, delay_each_way }, 1)
    }

    fn packet(len: u32) -> Packet {
        Packet { connection: 0, start: 0, len, order: 0, sent_at: Now::ZERO }
    }

    #[test]
    fn a_full_queue_drops_the_newcomer() {
        let mut link = link("const3", 2, 0.0, vec![]);
        (0..5).for_each(|_| link.offer(packet(100)));
        assert_eq!((link.queued_packets(), link.lost_packets), (2, 3));
    }

    #[test]
    fn carries_the_rate_of_its_trace_whatever_the_packet_size() {
        for len in [100, 700, 1_448] {
            let mut link = link("const3", 100_000, 0.0, vec![]);
            (0..20_000).for_each(|_| link.offer(packet(len)));
            let (mut now, mut bytes) = (Now::ZERO, 0);
            while let Some(at) = link.next_at(now).filter(|at| *at < Now::from_millis(4_000)) {
                now = at;
                link.carry(|packet| bytes += packet.size_on_wire());
            }
            let rate = f64::from(bytes) * 8.0 / 4.0;
            assert!((rate - 3e6).abs() < 10_000.0, "{len}: {rate}");
        }
    }

    #[test]
    fn an_outage_holds_packets_and_loss_takes_its_part() {
        let out = (Now::from_millis(10), Now::from_millis(5_000));
        let mut held = link("const3", 100, 0.0, vec![out]);
        held.offer(packet(1_448));
        assert!(held.next_at(Now::from_millis(20)).is_some_and(|at| at >= out.1));

        let mut lossy = link("const3", 100_000, 0.02, vec![]);
        (0..50_000).for_each(|_| lossy.offer(packet(10)));
        assert!((900..1_100).contains(&lossy.lost_packets), "{}", lossy.lost_packets);
    }
}
