//! Models of what other broadcasters do on a bad network, written from the facts of
//! `spec network` 1.1 and `spec lflivekit-and-friends` 2.1–2.3, not from anybody's source text.
//!
//! All are treated kindly: their connection never breaks, however long the link is silent, and
//! each starts at the rate its rules say. What they share is a queue of messages above a kernel
//! socket with the system's own buffer, as none of them bounds it.

use std::time::Duration;

use onair_types::Now;

use crate::broadcaster::{Broadcaster, Host};
use crate::media::Picture;
use crate::net::path::Reply;

mod fixed;
mod haishinkit;
mod lflivekit;
mod moblin;
mod obs;
mod queue;
mod rootencoder;
mod streampack;

pub(crate) use fixed::Fixed;
pub(crate) use haishinkit::HaishinKit;
pub(crate) use lflivekit::LfLiveKit;
pub(crate) use moblin::Moblin;
pub(crate) use obs::{Obs, ObsDynamic};
pub(crate) use rootencoder::RootEncoder;
pub(crate) use streampack::StreamPack;

use queue::{Kind, Message, Queue, Sent};

/// The part of a peer that differs from the others.
pub(crate) trait Policy {
    /// RTMP chunk size, bytes.
    const CHUNK_BYTES: u32;

    /// Time between two calls of [`Policy::tick`].
    const TICK: Duration;

    /// The encoder's first bitrate.
    fn start_bps(&self) -> u32;

    /// A message came from an encoder: queue it, or not.
    fn push(&mut self, message: Message, queue: &mut Queue, host: &mut Host<'_>) {
        let _ = host;
        queue.push(message);
    }

    /// The message to write next.
    fn next(&mut self, queue: &mut Queue) -> Option<Message> {
        queue.messages.pop_front()
    }

    /// The kernel took a message whole.
    fn sent(&mut self, sent: Sent, now: Now) {
        let _ = (sent, now);
    }

    /// The kernel took bytes.
    fn wrote(&mut self, bytes: u64, now: Now) {
        let _ = (bytes, now);
    }

    /// An RTMP Acknowledgement came.
    fn acknowledged(&mut self, bytes: u64, now: Now) {
        let _ = (bytes, now);
    }

    /// The policy's timer.
    fn tick(&mut self, queue: &mut Queue, host: &mut Host<'_>) {
        let _ = (queue, host);
    }

    /// Bytes between acknowledgements that the server is asked for.
    fn acknowledgement_window(&self) -> Option<u64> {
        None
    }

    /// The user sets a new highest bitrate.
    fn set_max_bitrate(&mut self, bps: u32) {
        let _ = bps;
    }
}

/// A peer: its policy above the queue and socket that all have.
#[derive(Debug)]
pub(crate) struct Peer<P> {
    policy: P,
    queue: Queue,
    next_tick: Now,
}

impl<P: Policy> Peer<P> {
    /// A peer that follows `policy`.
    pub(crate) fn new(policy: P) -> Self {
        Self { policy, queue: Queue::new(P::CHUNK_BYTES), next_tick: Now::ZERO + P::TICK }
    }

    fn push(&mut self, message: Message, host: &mut Host<'_>) {
        self.policy.push(message, &mut self.queue, host);
    }
}

impl<P: Policy> Broadcaster for Peer<P> {
    fn start(&mut self, host: &mut Host<'_>) -> u32 {
        host.path.connect(host.now);
        self.policy.start_bps()
    }

    fn handle_connected(&mut self, _host: &mut Host<'_>) {}

    fn handle_picture(&mut self, picture: Picture, host: &mut Host<'_>) {
        let kind = if picture.is_idr { Kind::Idr(picture.id) } else { Kind::Inter(picture.id) };
        self.push(Message { kind, captured: picture.captured, bytes: picture.bytes }, host);
    }

    fn handle_audio(&mut self, bytes: u32, host: &mut Host<'_>) {
        self.push(Message { kind: Kind::Audio, captured: host.now, bytes }, host);
    }

    fn handle_reply(&mut self, reply: Reply, host: &mut Host<'_>) {
        if let Reply::Acknowledgement(bytes) = reply {
            self.policy.acknowledged(bytes, host.now);
        }
    }

    fn pump(&mut self, host: &mut Host<'_>) {
        let Self { policy, queue, .. } = self;
        let now = host.now;
        let bytes = queue.write(policy, host);
        policy.wrote(bytes, now);
        if self.next_tick <= host.now {
            self.next_tick += P::TICK;
            self.policy.tick(&mut self.queue, host);
        }
    }

    fn next_wake(&self) -> Option<Now> {
        Some(self.next_tick)
    }

    fn acknowledgement_window(&self) -> Option<u64> {
        self.policy.acknowledgement_window()
    }

    fn set_max_bitrate(&mut self, bps: u32, _host: &mut Host<'_>) {
        self.policy.set_max_bitrate(bps);
    }
}
