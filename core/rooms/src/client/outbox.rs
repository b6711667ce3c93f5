//! What goes out and must arrive once: comments and gifts, one under way at a time, so that the order
//! stays even where a server mixes up what comes together. Sent again with the same id until the server
//! answers; the server knows the id and takes it once.

use std::collections::VecDeque;

use onair_types::Now;
use serde_json::{Map, Value};

use crate::limits;

#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) id: String,
    pub(super) event: &'static str,
    pub(super) body: Map<String, Value>,
    /// Accepted while there was no connection: its turn comes when the server allows it.
    pub(super) was_queued: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Outbox {
    /// The sender's mark in every id.
    mark: String,
    next: u64,
    waiting: VecDeque<Outgoing>,
    is_under_way: bool,
    /// The server asked for patience.
    hold_until: Option<Now>,
}

impl Outbox {
    pub(super) fn new(mark: String) -> Self {
        Self { mark, next: 1, waiting: VecDeque::new(), is_under_way: false, hold_until: None }
    }

    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= limits::OUTBOX
    }

    /// Takes a message and gives it its id.
    pub(super) fn push(
        &mut self,
        event: &'static str,
        mut body: Map<String, Value>,
        was_queued: bool,
    ) -> String {
        let id = format!("{}-{}", self.mark, self.next);
        self.next += 1;
        body.insert("id".to_owned(), Value::String(id.clone()));
        self.waiting.push_back(Outgoing { id: id.clone(), event, body, was_queued });
        id
    }

    /// The message whose turn it is, which counts as under way then.
    pub(super) fn poll(&mut self, now: Now) -> Option<&Outgoing> {
        if self.is_under_way || self.hold_until.is_some_and(|until| now < until) {
            return None;
        }
        self.hold_until = None;
        let first = self.waiting.front()?;
        self.is_under_way = true;
        Some(first)
    }

    /// When a message's turn comes that waits for the server's patience.
    pub(super) fn wake_at(&self) -> Option<Now> {
        self.hold_until.filter(|_| !self.is_under_way && !self.waiting.is_empty())
    }

    /// The server answered; the message is done with.
    pub(super) fn take_answered(&mut self, id: &str) -> Option<Outgoing> {
        if self.waiting.front().is_none_or(|first| first.id != id) {
            return None;
        }
        self.is_under_way = false;
        self.waiting.pop_front()
    }

    /// The server wants the first message later.
    pub(super) fn hold(&mut self, until: Now) {
        self.is_under_way = false;
        self.hold_until = Some(until);
    }

    /// Whether the first message can wait until the server allows it.
    pub(super) fn can_wait(&self) -> bool {
        self.waiting.front().is_some_and(|first| first.was_queued)
    }

    pub(super) fn handle_lost(&mut self) {
        self.is_under_way = false;
        self.hold_until = None;
        // What the server may have is asked for again, as what was never sent is.
        for message in &mut self.waiting {
            message.was_queued = true;
        }
    }

    /// Gives up all that waits.
    pub(super) fn drain(&mut self) -> Vec<String> {
        self.is_under_way = false;
        self.waiting.drain(..).map(|message| message.id).collect()
    }
}
