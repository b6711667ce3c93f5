//! What comes in, once and in order.
//!
//! A server that numbers what is said in a room (`seq`) gets its gaps filled from its history; what
//! came too early is held. Of one that does not, ids keep what was shown from being shown again.

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde_json::Value;

use super::event::Said;
use super::words::{self, Item};
use crate::limits;

#[derive(Clone, Debug, Default)]
pub(super) struct Feed {
    /// Of the room's numbering: another life of the server numbers anew.
    epoch: String,
    /// All up to here were shown, or cannot be had.
    last: u64,
    /// The server's answer to join has come on this connection.
    is_synced: bool,
    held: BTreeMap<u64, Said>,
    seen: HashSet<String>,
    order: VecDeque<String>,
    /// Senders whom this viewer does not want to read.
    muted: HashSet<String>,
    ready: VecDeque<Said>,
    missed: u64,
}

impl Feed {
    /// What was last shown, for a server to go on behind it.
    pub(super) fn since(&self) -> Option<u64> {
        (!self.epoch.is_empty()).then_some(self.last)
    }

    pub(super) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Another room.
    pub(super) fn clear(&mut self) {
        let muted = std::mem::take(&mut self.muted);
        *self = Self { muted, ..Self::default() };
    }

    pub(super) fn handle_lost(&mut self) {
        self.is_synced = false;
        self.held.clear();
    }

    /// The old server that answers nothing has no order to wait for.
    pub(super) fn handle_no_answer(&mut self) {
        self.is_synced = true;
    }

    pub(super) fn mute(&mut self, sender: &str) -> bool {
        self.muted.len() < limits::MUTED && self.muted.insert(sender.to_owned())
    }

    pub(super) fn unmute(&mut self, sender: &str) {
        self.muted.remove(sender);
    }

    /// The next thing to be shown.
    pub(super) fn poll(&mut self) -> Option<Said> {
        self.ready.pop_front()
    }

    /// How many cannot be shown any more, since the last call.
    pub(super) fn take_missed(&mut self) -> u64 {
        std::mem::take(&mut self.missed)
    }

    /// One thing said. True when the history must be asked for what is missing before it.
    pub(super) fn handle_item(&mut self, item: Item) -> bool {
        let Some(seq) = item.seq else {
            self.show(item.said);
            return false;
        };
        if self.is_synced && seq == self.last.saturating_add(1) {
            self.last = seq;
            self.show(item.said);
            self.drain();
        } else if seq > self.last || !self.is_synced {
            // What does not fit comes with the history.
            if self.held.len() < limits::HELD {
                self.held.insert(seq, item.said);
            }
        }
        self.has_gap()
    }

    /// The answer to create or join. True when the history must be asked for more.
    pub(super) fn handle_joined(&mut self, answer: &Value, own: &str) -> bool {
        let epoch = words::string(answer, "epoch").unwrap_or_default();
        let is_known = !epoch.is_empty() && epoch == self.epoch;
        self.is_synced = true;
        if is_known {
            return self.handle_history(answer, own);
        }
        if !self.epoch.is_empty() {
            // Of this server's order nothing is known; ids tell what was shown.
            self.last = 0;
        }
        epoch.chars().take(limits::NAME_BYTES).collect::<String>().clone_into(&mut self.epoch);
        for mut item in words::items(answer, own) {
            item.said.is_history = true;
            self.show(item.said);
        }
        self.last = words::number(answer, "seq").unwrap_or(0);
        self.drain();
        self.has_gap()
    }

    /// What was missing: the items from `from` to `to`; what lies before them is gone.
    pub(super) fn handle_history(&mut self, answer: &Value, own: &str) -> bool {
        let Some(to) = words::number(answer, "to") else { return false };
        let from = words::number(answer, "from").unwrap_or(0);
        let next = self.last.saturating_add(1);
        if from > next && from <= to {
            self.missed = self.missed.saturating_add(from - next);
        }
        for item in words::items(answer, own) {
            if item.seq.is_none_or(|seq| seq > self.last && seq <= to) {
                self.last = item.seq.unwrap_or(self.last);
                self.show(item.said);
            }
        }
        self.last = self.last.max(to);
        self.drain();
        self.has_gap() || words::number(answer, "seq").is_some_and(|seq| seq > self.last)
    }

    fn has_gap(&self) -> bool {
        self.is_synced && !self.held.is_empty()
    }

    fn drain(&mut self) {
        while let Some(entry) = self.held.first_entry() {
            if *entry.key() > self.last.saturating_add(1) {
                break;
            }
            let (seq, said) = entry.remove_entry();
            if seq > self.last {
                self.last = seq;
                self.show(said);
            }
        }
    }

    fn show(&mut self, said: Said) {
        if !said.id.is_empty() {
            if !self.seen.insert(said.id.clone()) {
                return;
            }
            self.order.push_back(said.id.clone());
            if self.order.len() > limits::SEEN
                && let Some(oldest) = self.order.pop_front()
            {
                self.seen.remove(&oldest);
            }
        }
        if said.is_own || !self.muted.contains(&said.sender) {
            self.ready.push_back(said);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(seq: u64) -> Item {
        let value = json!({ "id": format!("a-{seq}"), "text": seq.to_string(), "seq": seq });
        words::item("comment", &value, "me").expect("an item")
    }

    fn shown(feed: &mut Feed) -> Vec<String> {
        std::iter::from_fn(|| feed.poll()).map(|said| said.text).collect()
    }

    fn joined(seq: u64) -> Feed {
        let mut feed = Feed::default();
        assert!(!feed.handle_joined(&json!({ "epoch": "e", "seq": seq, "comments": [] }), "me"));
        feed
    }

    #[test]
    fn what_comes_out_of_order_is_put_in_order_and_shown_once() {
        let mut feed = joined(4);
        assert!(!feed.handle_item(item(5)));
        assert!(feed.handle_item(item(8)), "6 and 7 are missing");
        assert!(feed.handle_item(item(7)));
        assert!(!feed.handle_item(item(6)));
        for seq in 1..=8 {
            assert!(!feed.handle_item(item(seq)), "{seq} again");
        }
        assert_eq!(shown(&mut feed), ["5", "6", "7", "8"]);
    }

    #[test]
    fn a_gap_is_filled_from_the_history_page_by_page() {
        let mut feed = joined(0);
        assert!(feed.handle_item(item(9)));
        let page = |from: u64, to: u64| {
            let comments: Vec<Value> = (from..=to)
                .map(|seq| json!({ "id": format!("a-{seq}"), "text": seq.to_string(), "seq": seq }))
                .collect();
            json!({ "from": from, "to": to, "seq": 9, "comments": comments })
        };
        assert!(feed.handle_history(&page(3, 5), "me"), "more is to be had");
        assert_eq!(
            (shown(&mut feed), feed.take_missed()),
            (vec!["3".into(), "4".into(), "5".into()], 2)
        );
        assert!(!feed.handle_history(&page(6, 8), "me"));
        assert_eq!((shown(&mut feed).len(), feed.take_missed()), (4, 0));
    }

    #[test]
    fn what_comes_before_the_answer_to_join_waits_for_it() {
        let mut feed = Feed::default();
        assert!(!feed.handle_item(item(8)));
        assert!(shown(&mut feed).is_empty());
        let value =
            json!({ "epoch": "e", "seq": 7, "comments": [{ "id": "a-7", "text": "7", "seq": 7 }] });
        assert!(!feed.handle_joined(&value, "me"));
        assert_eq!(shown(&mut feed), ["7", "8"]);
    }

    #[test]
    fn another_life_of_the_server_shows_only_what_is_new() {
        let mut feed = joined(0);
        assert!(!feed.handle_item(item(1)));
        feed.handle_lost();
        let again = json!({ "epoch": "f", "seq": 2, "comments": [
            { "id": "a-1", "text": "1", "seq": 1 }, { "id": "b-1", "text": "new", "seq": 2 }] });
        assert!(!feed.handle_joined(&again, "me"));
        assert_eq!(shown(&mut feed), ["1", "new"]);
    }

    #[test]
    fn a_muted_sender_is_not_shown_to_this_viewer() {
        let mut feed = joined(0);
        assert!(feed.mute("a"));
        assert!(!feed.handle_item(item(1)));
        feed.unmute("a");
        assert!(!feed.handle_item(item(2)));
        assert_eq!(shown(&mut feed), ["2"]);
    }
}
