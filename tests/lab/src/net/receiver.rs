//! The server's half of a TCP connection: puts the stream in order and acknowledges it, every
//! second packet or after 40 ms, and out-of-order ones at once (RFC 5681 4.2).

use std::time::Duration;

use onair_types::Now;

use super::link::Packet;

/// Linux's shortest delayed acknowledgement.
const ACK_DELAY: Duration = Duration::from_millis(40);
/// Linux acknowledges this many first packets at once.
const QUICK_ACKS: u32 = 16;

/// One acknowledgement on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Which connection.
    pub connection: u32,
    /// All bytes before this one have arrived.
    pub next: u64,
    /// The packet that caused it (selective acknowledgement and time stamp in one).
    pub cause: Packet,
}

/// The receiving half.
#[derive(Debug, Default)]
pub struct Receiver {
    next: u64,
    /// Ranges beyond `next`, ordered, not touching.
    early: Vec<(u64, u64)>,
    /// A packet not yet acknowledged, and until when it may wait.
    owed: Option<(Packet, Now)>,
    packets: u32,
}

impl Receiver {
    /// Bytes in order so far.
    pub fn received(&self) -> u64 {
        self.next
    }

    /// Takes a packet; returns the packet that an acknowledgement must be sent for now.
    pub fn take(&mut self, packet: Packet, now: Now) -> Option<Packet> {
        let end = packet.start + u64::from(packet.len);
        let in_order = packet.start <= self.next && end > self.next && self.early.is_empty();
        self.insert(packet.start, end);
        self.packets = self.packets.saturating_add(1);
        if !in_order || self.packets <= QUICK_ACKS || self.owed.take().is_some() {
            self.owed = None;
            return Some(packet);
        }
        self.owed = Some((packet, now + ACK_DELAY));
        None
    }

    /// When a delayed acknowledgement is due.
    pub fn next_at(&self) -> Option<Now> {
        self.owed.map(|(_, at)| at)
    }

    /// The packet to acknowledge now that its time has come.
    pub fn take_due(&mut self, now: Now) -> Option<Packet> {
        let (packet, at) = self.owed?;
        (at <= now).then(|| {
            self.owed = None;
            packet
        })
    }

    fn insert(&mut self, start: u64, end: u64) {
        if end <= self.next {
            return;
        }
        if start <= self.next {
            self.next = end;
        } else {
            let at = self.early.partition_point(|range| range.0 < start);
            self.early.insert(at, (start, end));
        }
        let next = &mut self.next;
        self.early.retain(|&(start, end)| {
            if start <= *next {
                *next = (*next).max(end);
            }
            start > *next
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(start: u64, len: u32) -> Packet {
        Packet { connection: 0, start, len, order: 0, sent_at: Now::ZERO }
    }

    fn warmed_up() -> Receiver {
        let mut receiver = Receiver::default();
        for i in 0..16 {
            assert!(receiver.take(packet(i * 10, 10), Now::ZERO).is_some());
        }
        receiver
    }

    #[test]
    fn every_second_packet_is_acknowledged_and_a_single_one_after_40_ms() {
        let mut receiver = warmed_up();
        assert_eq!(receiver.take(packet(160, 10), Now::ZERO), None);
        assert!(receiver.take(packet(170, 10), Now::ZERO).is_some());
        assert_eq!(receiver.take(packet(180, 10), Now::ZERO), None);
        assert_eq!(receiver.next_at(), Some(Now::from_millis(40)));
        assert_eq!(receiver.take_due(Now::from_millis(39)), None);
        assert!(receiver.take_due(Now::from_millis(40)).is_some());
        assert_eq!(receiver.next_at(), None);
    }

    #[test]
    fn a_gap_holds_the_stream_and_is_reported_at_once() {
        let mut receiver = warmed_up();
        assert!(receiver.take(packet(170, 10), Now::ZERO).is_some());
        assert!(receiver.take(packet(190, 10), Now::ZERO).is_some());
        assert_eq!(receiver.received(), 160);
        assert!(receiver.take(packet(160, 10), Now::ZERO).is_some());
        assert_eq!(receiver.received(), 180);
        receiver.take(packet(180, 10), Now::ZERO);
        assert_eq!(receiver.received(), 200);
    }
}
