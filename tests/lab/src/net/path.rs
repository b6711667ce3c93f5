//! One broadcaster's way to its server: connects sockets, link, delays and receivers, and passes
//! what the server says back. Only the newest connection counts; what an older one still has in
//! the queue takes its place on the link all the same.

use std::collections::VecDeque;
use std::time::Duration;

use onair_types::Now;

use super::link::{Link, LinkConfig, Packet};
use super::receiver::{Ack, Receiver};
use super::tcp::Socket;

/// What a server sends back above TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An RTMP Acknowledgement: bytes received so far.
    Acknowledgement(u64),
    /// Any other bytes.
    Bytes(Vec<u8>),
}

/// First, second and third wait for an answer to a connection request.
const SYN_WAITS: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

#[derive(Debug)]
struct Dialling {
    sent: usize,
    again_at: Option<Now>,
}

/// The network as one broadcaster has it.
#[derive(Debug)]
pub struct Path {
    link: Link,
    uplink: VecDeque<(Now, Packet)>,
    downlink: VecDeque<(Now, Ack)>,
    replies: VecDeque<(Now, (u32, Reply))>,
    inbox: VecDeque<Reply>,
    receiver: Receiver,
    socket: Option<Socket>,
    dialling: Option<Dialling>,
    connection: u32,
}

impl Path {
    /// No connection yet.
    pub fn new(config: LinkConfig, seed: u64) -> Self {
        Self {
            link: Link::new(config, seed),
            uplink: VecDeque::new(),
            downlink: VecDeque::new(),
            replies: VecDeque::new(),
            inbox: VecDeque::new(),
            receiver: Receiver::default(),
            socket: None,
            dialling: None,
            connection: 0,
        }
    }

    /// The connection, when it stands.
    pub fn socket(&mut self) -> Option<&mut Socket> {
        self.socket.as_mut()
    }

    /// Which connection this is, from 1; grows with each [`Path::connect`].
    pub fn connection(&self) -> u32 {
        self.connection
    }

    /// Stream bytes that the server has, of the present connection.
    pub fn received_bytes(&self) -> u64 {
        self.receiver.received()
    }

    /// Packets lost so far.
    pub fn lost_packets(&self) -> u64 {
        self.link.lost_packets
    }

    /// Asks for a new connection and forgets the old one. [`Path::socket`] is there once the
    /// server's answer came.
    pub fn connect(&mut self, now: Now) {
        self.connection += 1;
        self.socket = None;
        self.receiver = Receiver::default();
        self.inbox.clear();
        self.dialling = Some(Dialling { sent: 0, again_at: None });
        self.dial(now);
    }

    /// Forgets the connection.
    pub fn close(&mut self) {
        self.connection += 1;
        (self.socket, self.dialling) = (None, None);
    }

    /// Sends what the socket may send; call after writing.
    pub fn transmit(&mut self, now: Now) {
        if let Some(socket) = &mut self.socket {
            socket.transmit(now, |packet| self.link.offer(packet));
        }
    }

    /// The server says something.
    pub fn reply(&mut self, reply: Reply, now: Now) {
        let at = now + self.link.delay_each_way();
        self.replies.push_back((at, (self.connection, reply)));
    }

    /// What the server said and has arrived, in order.
    pub fn take_reply(&mut self) -> Option<Reply> {
        self.inbox.pop_front()
    }

    /// When something happens next on this path.
    pub fn next_at(&mut self, now: Now) -> Option<Now> {
        [
            self.link.next_at(now),
            self.uplink.front().map(|(at, _)| *at),
            self.downlink.front().map(|(at, _)| *at),
            self.replies.front().map(|(at, _)| *at),
            self.receiver.next_at(),
            self.socket.as_ref().and_then(Socket::next_at),
            self.dialling.as_ref().and_then(|dialling| dialling.again_at),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Lets happen what is due.
    pub fn step(&mut self, now: Now) {
        let delay = self.link.delay_each_way();
        while self.link.next_at(now).is_some_and(|at| at <= now) {
            self.link.carry(|packet| self.uplink.push_back((now + delay, packet)));
        }
        while let Some((_, packet)) = pop_due(&mut self.uplink, now) {
            if packet.connection != self.connection {
                continue;
            }
            let answer =
                if packet.len == 0 { Some(packet) } else { self.receiver.take(packet, now) };
            if let Some(cause) = answer {
                self.acknowledge(cause, now + delay);
            }
        }
        while let Some((_, (connection, reply))) = pop_due(&mut self.replies, now) {
            if connection == self.connection {
                self.inbox.push_back(reply);
            }
        }
        if let Some(cause) = self.receiver.take_due(now) {
            self.acknowledge(cause, now + delay);
        }
        while let Some((_, ack)) = pop_due(&mut self.downlink, now) {
            self.handle_ack(&ack, now);
        }
        if let Some(socket) =
            self.socket.as_mut().filter(|s| s.next_at().is_some_and(|at| at <= now))
        {
            socket.on_timer(now, |packet| self.link.offer(packet));
            socket.transmit(now, |packet| self.link.offer(packet));
        }
        if self.dialling.as_ref().is_some_and(|d| d.again_at.is_some_and(|at| at <= now)) {
            self.dial(now);
        }
    }

    fn handle_ack(&mut self, ack: &Ack, now: Now) {
        if ack.connection != self.connection {
            return;
        }
        if ack.cause.len == 0 {
            if self.dialling.take().is_some() {
                let rtt = now.since(ack.cause.sent_at);
                self.socket = Some(Socket::new(self.connection, rtt, now));
            }
        } else if let Some(socket) = &mut self.socket {
            socket.on_ack(ack, now);
            socket.transmit(now, |packet| self.link.offer(packet));
        }
    }

    fn acknowledge(&mut self, cause: Packet, at: Now) {
        let next = self.receiver.received();
        self.downlink.push_back((at, Ack { connection: cause.connection, next, cause }));
    }

    fn dial(&mut self, now: Now) {
        let connection = self.connection;
        if let Some(dialling) = &mut self.dialling {
            dialling.again_at = SYN_WAITS.get(dialling.sent).map(|wait| now + *wait);
            dialling.sent += 1;
            self.link.offer(Packet { connection, start: 0, len: 0, order: 0, sent_at: now });
        }
    }
}

fn pop_due<T>(pipe: &mut VecDeque<(Now, T)>, now: Now) -> Option<(Now, T)> {
    if pipe.front().is_some_and(|(at, _)| *at <= now) { pipe.pop_front() } else { None }
}

#[cfg(test)]
#[path = "path_test.rs"]
mod tests;
