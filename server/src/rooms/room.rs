//! One room: who is in it, what was said, what waits to be told together.

use std::collections::{BTreeSet, VecDeque};

use onair_rooms::Secret;
use onair_types::Now;
use serde_json::{Map, Value, json};

/// A connection's number.
pub(super) type MemberId = u64;

#[derive(Debug)]
pub(super) struct Room {
    pub(super) title: String,
    pub(super) token: Secret,
    pub(super) publish_key: Option<Secret>,
    /// The host's connection, while there is one.
    pub(super) owner: Option<MemberId>,
    /// Since when there is none.
    pub(super) owner_lost: Option<Now>,
    pub(super) members: BTreeSet<MemberId>,
    pub(super) is_live: bool,
    pub(super) likes: u64,
    /// Not told yet.
    pub(super) new_likes: u64,
    pub(super) told_viewers: Option<usize>,
    pub(super) viewers_due: Now,
    pub(super) muted: BTreeSet<String>,
    pub(super) blocked: BTreeSet<String>,
    /// Names this life of the room.
    epoch: String,
    seq: u64,
    history: VecDeque<Said>,
    most_history: usize,
}

#[derive(Debug)]
struct Said {
    seq: u64,
    /// As it was told; nothing when the host took it away.
    value: Option<Value>,
}

impl Room {
    pub(super) fn new(
        title: String,
        token: Secret,
        publish_key: Option<Secret>,
        epoch: String,
        most_history: usize,
        now: Now,
    ) -> Self {
        Self {
            title,
            token,
            publish_key,
            owner: None,
            owner_lost: None,
            members: BTreeSet::new(),
            is_live: false,
            likes: 0,
            new_likes: 0,
            told_viewers: None,
            viewers_due: now,
            muted: BTreeSet::new(),
            blocked: BTreeSet::new(),
            epoch,
            seq: 0,
            history: VecDeque::new(),
            most_history,
        }
    }

    /// Numbers what was said and keeps it for those who come.
    pub(super) fn say(&mut self, mut body: Map<String, Value>) -> Value {
        self.seq += 1;
        body.insert("seq".to_owned(), json!(self.seq));
        let value = Value::Object(body);
        self.history.push_back(Said { seq: self.seq, value: Some(value.clone()) });
        if self.history.len() > self.most_history {
            self.history.pop_front();
        }
        value
    }

    /// Whether it was there to be taken away.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let has_id = |value: &Value| value.get("id").and_then(Value::as_str) == Some(id);
        let found = self.history.iter_mut().find(|said| said.value.as_ref().is_some_and(has_id));
        found.map(|said| said.value = None).is_some()
    }

    pub(super) fn has(&self, id: &str) -> bool {
        let mut said = self.history.iter().filter_map(|said| said.value.as_ref());
        said.any(|value| value.get("id").and_then(Value::as_str) == Some(id))
    }

    /// What somebody is told who comes in; `since` and `epoch` say what they know.
    pub(super) fn snapshot(&self, since: Option<u64>, epoch: Option<&str>) -> Value {
        let since = since.filter(|_| epoch == Some(&self.epoch));
        let mut snapshot = self.page(since.unwrap_or(0));
        snapshot["ok"] = json!(true);
        snapshot["title"] = json!(self.title);
        snapshot["likes"] = json!(self.likes);
        snapshot["viewers"] = json!(self.members.len());
        snapshot["live"] = json!(self.is_live);
        snapshot["host"] = json!(self.owner.is_some());
        snapshot["epoch"] = json!(self.epoch);
        snapshot
    }

    /// What was said after `since`, as far as it is kept.
    pub(super) fn page(&self, since: u64) -> Value {
        let from = self.history.front().map_or(self.seq + 1, |first| first.seq);
        let kept = self.history.iter().filter(|said| said.seq > since);
        let comments: Vec<&Value> = kept.filter_map(|said| said.value.as_ref()).collect();
        json!({
            "ok": true,
            "from": from.max(since.saturating_add(1)),
            "to": self.seq,
            "seq": self.seq,
            "comments": comments,
        })
    }
}
