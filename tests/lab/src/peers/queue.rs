//! What the peers' models share: a queue of whole messages above the socket, written in order by
//! a thread that blocks while the kernel is full.

use std::collections::VecDeque;

use onair_types::Now;

use super::Policy;
use crate::broadcaster::Host;

/// A picture or an AAC frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Idr(u32),
    Inter(u32),
    Audio,
}

impl Kind {
    pub(crate) fn is_video(self) -> bool {
        self != Self::Audio
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) captured: Now,
    pub(crate) bytes: u32,
}

/// Messages that wait, and how much of the first is in the kernel.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) messages: VecDeque<Message>,
    /// The message that the thread holds and is writing.
    writing: Option<Writing>,
    chunk_bytes: u32,
}

#[derive(Clone, Copy, Debug)]
struct Writing {
    message: Message,
    left: u64,
    began: Now,
}

/// A message that the kernel has taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) message: Message,
    pub(crate) began: Now,
}

impl Queue {
    /// `chunk_bytes`: the RTMP chunk size, which sets the overhead.
    pub(crate) fn new(chunk_bytes: u32) -> Self {
        Self { messages: VecDeque::new(), writing: None, chunk_bytes }
    }

    pub(crate) fn push(&mut self, message: Message) {
        self.messages.push_back(message);
    }

    /// Bytes not yet in the kernel.
    pub(crate) fn bytes(&self) -> u64 {
        let waiting: u64 = self.messages.iter().map(|m| u64::from(m.bytes)).sum();
        waiting + self.writing.map_or(0, |writing| writing.left)
    }

    /// Keeps the messages that `keep` says, and writes down the fate of the others.
    pub(crate) fn retain(&mut self, host: &mut Host<'_>, mut keep: impl FnMut(&Message) -> bool) {
        self.messages.retain(|message| {
            let stays = keep(message);
            if !stays {
                drop_message(message, host);
            }
            stays
        });
    }

    /// Writes what the kernel takes and tells `policy` of each message that is through; returns
    /// bytes written.
    pub(crate) fn write(&mut self, policy: &mut impl Policy, host: &mut Host<'_>) -> u64 {
        let mut total = 0;
        while let Some(mut writing) =
            self.writing.take().or_else(|| self.take_next(policy, host.now))
        {
            let taken = host.path.socket().map_or(0, |socket| socket.write(writing.left));
            total += taken;
            writing.left -= taken;
            if writing.left > 0 {
                self.writing = Some(writing);
                break;
            }
            let Writing { message, began, .. } = writing;
            let end = host.path.socket().map_or(0, |socket| socket.written_bytes());
            match message.kind {
                Kind::Idr(id) | Kind::Inter(id) => host.ledger.wrote_picture(id, end),
                Kind::Audio => host.ledger.wrote_audio(message.captured, end),
            }
            policy.sent(Sent { message, began }, host.now);
        }
        total
    }

    fn take_next(&mut self, policy: &mut impl Policy, now: Now) -> Option<Writing> {
        let message = policy.next(self)?;
        // Message header 12 bytes, FLV tag prefix 5 or 2, one byte for each further chunk.
        let prefix = if message.kind.is_video() { 5 + 4 } else { 2 };
        let body = message.bytes + prefix;
        let left = u64::from(12 + body + (body - 1) / self.chunk_bytes);
        Some(Writing { message, left, began: now })
    }
}

/// Writes down that a message was given up.
pub(crate) fn drop_message(message: &Message, host: &mut Host<'_>) {
    match message.kind {
        Kind::Idr(id) | Kind::Inter(id) => host.ledger.dropped_picture(id),
        Kind::Audio => host.ledger.dropped_audio(),
    }
}
