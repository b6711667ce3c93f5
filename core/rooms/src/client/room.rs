//! In the room: what is asked and answered, what is said by others, what is sent again.

use onair_types::Now;
use serde_json::{Value, json};

use super::event::{Command, Event, Refusal, RoomSnapshot};
use super::lost::Lost;
use super::{Client, words};
use crate::limits;
use crate::secret::Secret;
use crate::socket_io::Kind;

/// What an answer is awaited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Of(Command),
    /// Of a comment or gift, by id.
    Delivery(String),
    History,
}

impl Client {
    /// Goes into the wanted room, when there is a connection.
    pub(super) fn enter(&mut self, now: Now) {
        if !self.is_online() {
            return;
        }
        let Some(wanted) = self.wanted.clone() else { return };
        let key = wanted.key.as_str();
        let mut more = json!({});
        if let Some(since) = self.feed.since() {
            more = json!({ "since": since, "epoch": self.feed.epoch() });
        }
        match &wanted.title {
            Some(title) => {
                let mut room = more;
                room["key"] = json!(key);
                room["title"] = json!(title);
                if let Some(token) = &self.token {
                    room["token"] = json!(token.expose());
                }
                if let Some(publish_key) = &self.publish_key {
                    room["publish_key"] = json!(publish_key.expose());
                }
                self.ask(Asked::Of(Command::Create), "create_room", vec![room], now);
            }
            None => {
                self.ask(Asked::Of(Command::Join), "join_room", vec![json!(key), more], now);
            }
        }
        if self.server() == self.old_server.as_ref() {
            self.go_on_without_answers(now);
        }
    }

    /// Sends an event that is to be answered.
    pub(super) fn ask(&mut self, asked: Asked, event: &str, arguments: Vec<Value>, now: Now) {
        let id = self.next_ack;
        self.next_ack += 1;
        let limit = match asked {
            Asked::Of(Command::Create | Command::Join) => limits::ACK_WITHIN,
            _ => limits::DELIVER_WITHIN,
        };
        self.asked.insert(id, (asked, now + limit));
        self.send_packet(Kind::Event { id: Some(id), name: event.to_owned(), arguments });
    }

    /// Sends what waits, as far as it may.
    pub(super) fn flush(&mut self, now: Now) {
        while self.is_joined {
            let is_old = self.server() == self.old_server.as_ref();
            let Some(message) = self.outbox.poll(now) else { break };
            let (id, event) = (message.id.clone(), message.event);
            let body = Value::Object(message.body.clone());
            if is_old {
                self.send_packet(Kind::Event {
                    id: None,
                    name: event.to_owned(),
                    arguments: vec![body],
                });
                self.outbox.take_answered(&id);
                self.tell(Event::Delivered(id));
            } else {
                self.ask(Asked::Delivery(id), event, vec![body], now);
            }
        }
    }

    /// An event, or an answer, in a server's room.
    pub(super) fn handle_said(&mut self, kind: Kind, now: Now) {
        match kind {
            Kind::Event { name, mut arguments, .. } => {
                self.strip_offset(&mut arguments);
                self.handle_event(&name, &arguments, now);
            }
            Kind::Ack { id, arguments } => {
                if let Some((asked, _)) = self.asked.remove(&id) {
                    self.handle_answer(asked, words::answer(&arguments), now);
                }
            }
            Kind::Connect(_) | Kind::Disconnect | Kind::Refused { .. } => {}
        }
        self.show();
    }

    pub(super) fn handle_room_timeout(&mut self, now: Now) {
        if self.likes_due.is_some_and(|due| due <= now) {
            self.send_likes();
        }
        let late = self.asked.iter().find(|(_, (_, until))| *until <= now).map(|(id, _)| *id);
        if let Some((asked, _)) = late.and_then(|id| self.asked.remove(&id)) {
            match asked {
                Asked::Of(Command::Create | Command::Join) => {
                    self.old_server = self.server().cloned();
                    self.go_on_without_answers(now);
                }
                Asked::Of(command) => {
                    self.tell(Event::Refused { command, refusal: Refusal::Lost });
                }
                Asked::Delivery(_) | Asked::History => self.lose(Lost::AckTimeout, now),
            }
        }
        self.flush(now);
    }

    pub(super) fn handle_room_lost(&mut self) {
        self.is_joined = false;
        self.is_history_asked = false;
        // Hearts that come late say nothing.
        self.likes = 0;
        self.likes_due = None;
        self.feed.handle_lost();
        self.outbox.handle_lost();
        for (_, (asked, _)) in std::mem::take(&mut self.asked) {
            if let Asked::Of(command) = asked
                && !matches!(command, Command::Create | Command::Join | Command::Leave)
            {
                self.tell(Event::Refused { command, refusal: Refusal::Lost });
            }
        }
    }

    /// No room any more.
    pub(super) fn forget_room(&mut self) {
        self.wanted = None;
        self.is_joined = false;
        self.has_been_in = false;
        self.likes = 0;
        self.likes_due = None;
        self.feed.clear();
        self.give_up();
    }

    /// What waits will not be delivered.
    pub(super) fn give_up(&mut self) {
        self.asked.retain(|_, (asked, _)| !matches!(asked, Asked::Delivery(_) | Asked::History));
        self.is_history_asked = false;
        for id in self.outbox.drain() {
            self.tell(Event::NotDelivered { id, refusal: Refusal::NotInRoom });
        }
    }

    /// A server that restores sessions puts its offset behind each event's arguments.
    fn strip_offset(&mut self, arguments: &mut Vec<Value>) {
        if let Some((_, offset)) = &mut self.recovery
            && let Some(Value::String(last)) = arguments.last()
            && last.len() <= limits::NAME_BYTES
        {
            *offset = Some(last.clone());
            arguments.pop();
        }
    }

    fn handle_event(&mut self, name: &str, arguments: &[Value], now: Now) {
        let first = arguments.first().unwrap_or(&Value::Null);
        if self.wanted.is_none() || self.is_of_another_room(name, arguments) {
            return;
        }
        match name {
            "comment" | "gift" => {
                if let Some(item) = words::item(name, first, self.outbox.mark())
                    && self.feed.handle_item(item)
                {
                    self.ask_history(now);
                }
            }
            "upvote" => {
                let new = words::number(first, "n").unwrap_or(1);
                self.tell(Event::Likes { new, total: words::number(first, "total") });
            }
            "viewers" => {
                if let Some(viewers) = first.as_u64() {
                    self.tell(Event::Viewers(viewers));
                }
            }
            "live" => self.tell(Event::Live(words::flag(first, "live"))),
            "comment_removed" => {
                if let Some(id) = words::string(first, "id") {
                    self.tell(Event::CommentRemoved(id.to_owned()));
                }
            }
            "reported" => {
                let text = |name| words::shown(words::string(first, name).unwrap_or_default());
                self.tell(Event::Reported { id: text("id"), reason: text("reason") });
            }
            "room_closed" => {
                let reason = words::shown(words::string(first, "reason").unwrap_or("closed"));
                self.show();
                self.tell(Event::Closed(reason));
                self.forget_room();
            }
            _ => {}
        }
    }

    /// Events that name their room, of one that was left.
    fn is_of_another_room(&self, name: &str, arguments: &[Value]) -> bool {
        let named = match name {
            "viewers" => arguments.get(1).and_then(Value::as_str),
            "comment" | "gift" => {
                arguments.first().and_then(|first| words::string(first, "roomKey"))
            }
            _ => arguments.first().and_then(|first| words::string(first, "key")),
        };
        let wanted = self.wanted.as_ref().map(|wanted| wanted.key.as_str());
        named.is_some() && named != wanted
    }

    fn handle_answer(&mut self, asked: Asked, answer: Result<&Value, Refusal>, now: Now) {
        match (asked, answer) {
            (Asked::Of(command @ (Command::Create | Command::Join)), Ok(answer)) => {
                self.handle_joined(command, answer, now);
            }
            (Asked::Of(command), Err(refusal)) => {
                if matches!(command, Command::Create | Command::Join) {
                    self.forget_room();
                }
                self.tell(Event::Refused { command, refusal });
            }
            (Asked::Of(Command::Close), Ok(_)) if self.wanted.is_some() => {
                self.tell(Event::Closed("closed".to_owned()));
                self.forget_room();
            }
            (Asked::Of(_), Ok(_)) => {}
            (Asked::History, Ok(answer)) => {
                self.is_history_asked = false;
                if self.feed.handle_history(answer, self.outbox.mark()) {
                    self.ask_history(now);
                }
            }
            (Asked::History, Err(_)) => self.is_history_asked = false,
            (Asked::Delivery(id), answer) => {
                self.handle_delivery(id, answer.map(|_| ()), now);
                self.flush(now);
            }
        }
    }

    fn handle_joined(&mut self, command: Command, answer: &Value, now: Now) {
        let Some(wanted) = self.wanted.clone() else { return };
        if self.old_server.is_some() && self.server() == self.old_server.as_ref() {
            // It answers after all.
            self.old_server = None;
        }
        let secret = |name| words::string(answer, name).map(Secret::new);
        if let Some(token) = secret("token") {
            self.token = Some(token);
        }
        if let Some(publish_key) = secret("publish_key") {
            self.publish_key = Some(publish_key);
        }
        let title = words::string(answer, "title").or(wanted.title.as_deref()).unwrap_or_default();
        let snapshot = RoomSnapshot {
            key: wanted.key.to_string(),
            title: title.chars().take(limits::TITLE_CHARS).collect(),
            likes: words::number(answer, "likes").unwrap_or(0),
            viewers: words::number(answer, "viewers").unwrap_or(0),
            is_live: words::flag(answer, "live"),
            is_host: command == Command::Create,
            is_resumed: std::mem::replace(&mut self.has_been_in, true),
            token: self.token.clone().filter(|_| command == Command::Create),
            publish_key: self.publish_key.clone().filter(|_| command == Command::Create),
        };
        self.is_joined = true;
        self.tell(Event::Joined(snapshot));
        if self.feed.handle_joined(answer, self.outbox.mark()) {
            self.ask_history(now);
        }
        self.flush(now);
    }

    fn handle_delivery(&mut self, id: String, answer: Result<(), Refusal>, now: Now) {
        match answer {
            Err(Refusal::RateLimited { retry_in }) if self.outbox.can_wait() => {
                self.outbox.hold(now + retry_in);
            }
            answer => {
                if self.outbox.take_answered(&id).is_none() {
                    return;
                }
                self.tell(match answer {
                    Ok(()) => Event::Delivered(id),
                    Err(refusal) => Event::NotDelivered { id, refusal },
                });
            }
        }
    }

    fn go_on_without_answers(&mut self, now: Now) {
        if self.wanted.is_none() || self.is_joined {
            return;
        }
        if !std::mem::replace(&mut self.has_told_old, true) {
            self.tell(Event::OldServer);
        }
        let Some(wanted) = self.wanted.clone() else { return };
        let snapshot = RoomSnapshot {
            key: wanted.key.to_string(),
            title: wanted.title.clone().unwrap_or_default(),
            is_host: wanted.title.is_some(),
            is_resumed: std::mem::replace(&mut self.has_been_in, true),
            ..RoomSnapshot::default()
        };
        self.is_joined = true;
        self.feed.handle_no_answer();
        self.tell(Event::Joined(snapshot));
        self.flush(now);
    }

    fn ask_history(&mut self, now: Now) {
        let Some(wanted) = self.wanted.clone() else { return };
        if self.is_joined && !std::mem::replace(&mut self.is_history_asked, true) {
            let since = json!({ "since": self.feed.since(), "epoch": self.feed.epoch() });
            self.ask(Asked::History, "history", vec![json!(wanted.key.as_str()), since], now);
        }
    }

    fn send_likes(&mut self) {
        self.likes_due = None;
        let count = std::mem::take(&mut self.likes);
        let Some(wanted) = self.wanted.clone() else { return };
        if self.is_joined && count > 0 {
            let arguments = vec![json!(wanted.key.as_str()), json!({ "n": count })];
            self.send_packet(Kind::Event { id: None, name: "upvote".to_owned(), arguments });
        }
    }

    fn show(&mut self) {
        match self.feed.take_missed() {
            0 => {}
            missed => self.tell(Event::Missed(missed)),
        }
        while let Some(said) = self.feed.poll() {
            self.tell(Event::Said(said));
        }
    }
}
