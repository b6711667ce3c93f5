//! The broadcaster's half of a TCP connection and the kernel's send buffer: selective
//! acknowledgements, loss found by the order of transmissions (RACK), tail loss probe,
//! retransmission timeout with Eifel's undo, CUBIC.
//!
//! Leaves out: the receive window (the server reads at once), pacing, reordering on the way.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use super::cubic::Cubic;
use super::link::Packet;
use super::receiver::Ack;

/// Payload of a full packet: 1,500 bytes less [`super::link::HEADER_BYTES`].
pub const MSS: u32 = 1_448;
/// What Linux grows a send buffer to (`tcp_wmem`).
const MAX_SEND_BUFFER: u64 = 4 << 20;
/// What it begins with.
const MIN_SEND_BUFFER: u64 = 46_080;
const MIN_RTO: Duration = Duration::from_millis(200);
const MAX_RTO: Duration = Duration::from_secs(120);
/// Later transmissions that must have arrived before an earlier one counts as lost.
const REORDERING: u64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Flying,
    Arrived,
    Lost,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    start: u64,
    len: u32,
    order: u64,
    fate: Fate,
}

#[derive(Clone, Copy, Debug)]
struct Timeout {
    at: Now,
    /// Orders from here on were sent after the timeout.
    next_order: u64,
}

/// One connection's sending side.
#[derive(Debug)]
pub struct Socket {
    connection: u32,
    not_sent_low_water: Option<u64>,
    written: u64,
    next: u64,
    acked: u64,
    segments: VecDeque<Segment>,
    flying: u32,
    lost: u32,
    order: u64,
    highest_arrived: Option<u64>,
    cubic: Cubic,
    window_was_full: Now,
    most_flying: (Now, u32),
    recover_to: u64,
    timeout: Option<Timeout>,
    smoothed_rtt: Option<Duration>,
    rtt_deviation: Duration,
    min_rtt: Duration,
    backoff: u32,
    probed: bool,
    timer: Option<Now>,
    send_buffer: u64,
    last_sent: Now,
}

impl Socket {
    /// A connection that stands; its handshake took `rtt`.
    pub fn new(connection: u32, rtt: Duration, now: Now) -> Self {
        Self {
            connection,
            not_sent_low_water: None,
            written: 0,
            next: 0,
            acked: 0,
            segments: VecDeque::new(),
            flying: 0,
            lost: 0,
            order: 0,
            highest_arrived: None,
            cubic: Cubic::default(),
            window_was_full: now,
            most_flying: (now, 0),
            recover_to: 0,
            timeout: None,
            smoothed_rtt: Some(rtt),
            rtt_deviation: rtt / 2,
            min_rtt: rtt,
            backoff: 0,
            probed: false,
            timer: None,
            send_buffer: MIN_SEND_BUFFER,
            last_sent: now,
        }
    }

    /// `TCP_NOTSENT_LOWAT`: takes bytes only while fewer than this are not yet sent.
    pub fn set_not_sent_low_water(&mut self, bytes: u64) {
        self.not_sent_low_water = Some(bytes);
    }

    /// Bytes that a write takes now.
    pub fn writable_bytes(&self) -> u64 {
        let room = self.send_buffer.saturating_sub(self.unacked_bytes());
        self.not_sent_low_water
            .map_or(room, |low| room.min(low.saturating_sub(self.unsent_bytes())))
    }

    /// Writes as much of `bytes` as fits and returns how much that was. Send with
    /// [`Socket::transmit`].
    pub fn write(&mut self, bytes: u64) -> u64 {
        let taken = bytes.min(self.writable_bytes());
        self.written += taken;
        taken
    }

    /// Bytes written since the connection stands.
    pub fn written_bytes(&self) -> u64 {
        self.written
    }

    /// `SIOCOUTQ`: bytes written that the peer has not acknowledged.
    pub fn unacked_bytes(&self) -> u64 {
        self.written - self.acked
    }

    /// `SIOCOUTQNSD`: bytes written that were not sent yet.
    pub fn unsent_bytes(&self) -> u64 {
        self.written - self.next
    }

    /// `tcpi_rtt`.
    pub fn smoothed_rtt(&self) -> Duration {
        self.smoothed_rtt.unwrap_or(self.min_rtt)
    }

    /// `tcpi_min_rtt`.
    pub fn min_rtt(&self) -> Duration {
        self.min_rtt
    }

    /// `tcpi_snd_cwnd`, packets.
    pub fn window_packets(&self) -> f64 {
        self.cubic.window()
    }

    /// Sends what the window lets go: lost packets first, then new bytes.
    pub fn transmit(&mut self, now: Now, mut send: impl FnMut(Packet)) {
        if self.lost == 0 && self.next == self.written {
            return;
        }
        if self.segments.is_empty() && now.since(self.last_sent) > self.rto() {
            self.cubic.on_idle();
        }
        while f64::from(self.flying + 1) <= self.cubic.window().max(1.0) {
            let packet = if self.lost > 0 { self.resend_lost(now) } else { self.send_new(now) };
            let Some(packet) = packet else { break };
            self.last_sent = now;
            send(packet);
        }
        if self.lost > 0 || self.unsent_bytes() > 0 {
            self.window_was_full = now;
        }
        let (since, most) = self.most_flying;
        if self.flying >= most || now.since(since) > self.smoothed_rtt() {
            self.most_flying = (now, self.flying);
        }
        if self.timer.is_none() && !self.segments.is_empty() {
            self.arm(now);
        }
    }

    /// The peer's acknowledgement came; call [`Socket::transmit`] after it.
    pub fn on_ack(&mut self, ack: &Ack, now: Now) {
        self.sample_rtt(now.since(ack.cause.sent_at));
        self.highest_arrived =
            Some(self.highest_arrived.map_or(ack.cause.order, |h| h.max(ack.cause.order)));
        self.undo_spurious_timeout(ack);

        let mut arrived = 0.0;
        while let Some(segment) = self.segments.front() {
            if segment.start + u64::from(segment.len) > ack.next {
                break;
            }
            let segment = *segment;
            arrived += f64::from(u8::from(segment.fate != Fate::Arrived));
            self.count(segment.fate, -1);
            self.segments.pop_front();
        }
        let progress = ack.next > self.acked;
        self.acked = self.acked.max(ack.next);
        arrived += self.mark_arrived(ack.cause.start);
        self.find_lost();

        if progress {
            (self.backoff, self.probed) = (0, false);
            self.timer = None;
            if !self.segments.is_empty() {
                self.arm(now);
            }
        }
        if self.timeout.is_some() && self.acked >= self.recover_to {
            self.timeout = None;
            self.cubic.after_timeout(false);
        }
        let recovering = self.acked < self.recover_to && self.timeout.is_none();
        if arrived > 0.0 && !recovering && self.window_limits(now) {
            self.cubic.on_ack(arrived, self.smoothed_rtt(), self.min_rtt, now);
        }
        let grown = (2.0 * self.cubic.window()) as u64 * u64::from(MSS);
        self.send_buffer = self.send_buffer.max(grown.min(MAX_SEND_BUFFER));
    }

    /// When a timer runs out.
    pub fn next_at(&self) -> Option<Now> {
        self.timer
    }

    /// The timer ran out; call [`Socket::transmit`] after it.
    pub fn on_timer(&mut self, now: Now, mut send: impl FnMut(Packet)) {
        self.timer = None;
        if self.segments.is_empty() {
            return;
        }
        if !self.probed && self.timeout.is_none() && self.lost == 0 {
            self.probed = true;
            if let Some(packet) = self.send_new(now).or_else(|| self.resend_last(now)) {
                send(packet);
            }
            self.timer = Some(now + self.rto());
            return;
        }
        if self.timeout.is_none() {
            self.timeout = Some(Timeout { at: now, next_order: self.order });
        }
        self.cubic.on_timeout();
        self.recover_to = self.next;
        for segment in &mut self.segments {
            if segment.fate == Fate::Flying {
                segment.fate = Fate::Lost;
                self.flying -= 1;
                self.lost += 1;
            }
        }
        self.backoff = (self.backoff + 1).min(16);
        self.timer = Some(now + self.rto());
    }

    /// Whether the window, not the application, decides how much flies (RFC 7661 in Linux's form).
    fn window_limits(&self, now: Now) -> bool {
        now.since(self.window_was_full) <= self.smoothed_rtt()
            || (self.cubic.in_slow_start()
                && self.cubic.window() < 2.0 * f64::from(self.most_flying.1))
    }

    fn count(&mut self, fate: Fate, by: i32) {
        match fate {
            Fate::Flying => self.flying = self.flying.saturating_add_signed(by),
            Fate::Lost => self.lost = self.lost.saturating_add_signed(by),
            Fate::Arrived => {}
        }
    }

    /// Marks the segment at `start` as arrived; 1 when that is news.
    fn mark_arrived(&mut self, start: u64) -> f64 {
        let at = self.segments.partition_point(|segment| segment.start < start);
        let Some(segment) = self.segments.get_mut(at).filter(|s| s.start == start) else {
            return 0.0;
        };
        let before = std::mem::replace(&mut segment.fate, Fate::Arrived);
        self.count(before, -1);
        f64::from(u8::from(before != Fate::Arrived))
    }

    fn find_lost(&mut self) {
        let Some(highest) = self.highest_arrived else { return };
        if self.segments.front().is_none_or(|first| first.order + REORDERING > highest) {
            return;
        }
        let mut news = false;
        for segment in &mut self.segments {
            if segment.fate == Fate::Flying && segment.order + REORDERING <= highest {
                segment.fate = Fate::Lost;
                self.flying -= 1;
                self.lost += 1;
                news = true;
            }
        }
        if news && self.acked >= self.recover_to {
            self.cubic.on_loss();
            self.recover_to = self.next;
        }
    }

    /// An acknowledgement of something sent before the timeout says that nothing was lost.
    fn undo_spurious_timeout(&mut self, ack: &Ack) {
        let Some(timeout) = self.timeout else { return };
        if ack.cause.order >= timeout.next_order || ack.cause.sent_at > timeout.at {
            return;
        }
        self.timeout = None;
        self.cubic.after_timeout(true);
        self.recover_to = self.acked;
        for segment in &mut self.segments {
            if segment.fate == Fate::Lost {
                segment.fate = Fate::Flying;
                self.flying += 1;
            }
        }
        self.lost = 0;
    }

    fn packet(&self, segment: Segment, now: Now) -> Packet {
        Packet {
            connection: self.connection,
            start: segment.start,
            len: segment.len,
            order: segment.order,
            sent_at: now,
        }
    }

    fn send_new(&mut self, now: Now) -> Option<Packet> {
        let len = u32::try_from(self.unsent_bytes()).unwrap_or(MSS).min(MSS);
        if len == 0 {
            return None;
        }
        let segment = Segment { start: self.next, len, order: self.order, fate: Fate::Flying };
        self.next += u64::from(len);
        self.order += 1;
        self.flying += 1;
        self.segments.push_back(segment);
        Some(self.packet(segment, now))
    }

    fn resend_lost(&mut self, now: Now) -> Option<Packet> {
        let at = self.segments.iter().position(|segment| segment.fate == Fate::Lost)?;
        self.resend(at, now)
    }

    fn resend_last(&mut self, now: Now) -> Option<Packet> {
        let at = self.segments.iter().rposition(|segment| segment.fate != Fate::Arrived)?;
        self.resend(at, now)
    }

    fn resend(&mut self, at: usize, now: Now) -> Option<Packet> {
        let order = self.order;
        let segment = self.segments.get_mut(at)?;
        let before = std::mem::replace(&mut segment.fate, Fate::Flying);
        segment.order = order;
        let segment = *segment;
        self.order += 1;
        self.count(before, -1);
        self.flying += 1;
        Some(self.packet(segment, now))
    }

    fn sample_rtt(&mut self, rtt: Duration) {
        self.min_rtt = self.min_rtt.min(rtt);
        let smoothed = self.smoothed_rtt.unwrap_or(rtt);
        let deviation = rtt.abs_diff(smoothed);
        self.rtt_deviation = (self.rtt_deviation * 3 + deviation) / 4;
        self.smoothed_rtt = Some((smoothed * 7 + rtt) / 8);
    }

    fn rto(&self) -> Duration {
        let base = self.smoothed_rtt() + (self.rtt_deviation * 4).max(MIN_RTO);
        (base * 2u32.saturating_pow(self.backoff)).min(MAX_RTO)
    }

    /// Two round trips for the probe (RFC 8985 7.2), which allows for a delayed acknowledgement.
    fn arm(&mut self, now: Now) {
        let probe = self.smoothed_rtt() * 2 + Duration::from_millis(40);
        let wait = if self.probed || self.lost > 0 { self.rto() } else { probe.min(self.rto()) };
        self.timer = Some(now + wait);
    }
}
