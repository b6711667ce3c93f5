//! All rooms and who is in them. No sockets, no clock: requests come in with the time, answers and
//! effects go out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use onair_rooms::{RoomKey, Secret, limits};
use onair_types::Now;
use serde_json::{Map, Value, json};

use super::bucket::Bucket;
use super::config::RoomsConfig;
use super::keys::PREFIX;
use super::request::{Arguments, Refused};
use super::room::{MemberId, Room};

/// What has to happen beside the answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// Tell everybody in the room.
    All { key: RoomKey, event: &'static str, arguments: Vec<Value> },
    /// Tell one member.
    One { member: MemberId, event: &'static str, argument: Value },
    /// The member is in the room from now on.
    Enter { member: MemberId, key: RoomKey },
    /// It is not any more.
    Leave { member: MemberId, key: RoomKey },
}

/// Answers a request.
pub(super) type Answered = Result<Value, Refused>;

/// Numbers that nobody can guess.
pub(super) type Random<'a> = &'a mut dyn FnMut() -> u128;

/// Where the stream of that name stands, ms; `None` when none runs.
pub(super) type Position<'a> = &'a dyn Fn(&str) -> Option<u32>;

#[derive(Debug)]
pub(super) struct Book {
    pub(super) config: RoomsConfig,
    pub(super) rooms: BTreeMap<RoomKey, Room>,
    pub(super) members: HashMap<MemberId, Member>,
    /// By mark: whose ids they are, and the last one that was taken.
    sessions: HashMap<String, Session>,
    next_member: MemberId,
    pub(super) counts: Counts,
}

/// Since the server began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) comments: u64,
    pub(super) gifts: u64,
    pub(super) likes: u64,
    pub(super) refused: u64,
    pub(super) broadcasts: u64,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) mark: String,
    has_session: bool,
    may_create: bool,
    pub(super) rooms: BTreeSet<RoomKey>,
    pub(super) comments: Bucket,
    pub(super) likes: Bucket,
    /// Everything else.
    requests: Bucket,
    next: u64,
}

#[derive(Debug)]
struct Session {
    secret: Secret,
    last: u64,
    used: Now,
}

const MOST_SESSIONS: usize = 10_000;
const SESSION_IDLE: Duration = Duration::from_secs(600);

impl Book {
    pub(super) fn new(config: RoomsConfig) -> Self {
        Self {
            config,
            rooms: BTreeMap::new(),
            members: HashMap::new(),
            sessions: HashMap::new(),
            next_member: 1,
            counts: Counts::default(),
        }
    }

    /// Somebody connected; `auth` is what they say of themselves.
    pub(super) fn connect(&mut self, auth: &Value, now: Now, random: Random<'_>) -> MemberId {
        let id = self.next_member;
        self.next_member += 1;
        let claimed = self.claim(auth, now);
        let has_session = claimed.is_some();
        let mark = claimed.unwrap_or_else(|| format!("{:016x}", random() as u64));
        let token = auth.get("token").and_then(Value::as_str).unwrap_or_default();
        let may_create = self.config.host_token.as_ref().is_none_or(|wanted| wanted.is(token));
        let bucket = |rate| Bucket::new(rate, now);
        self.members.insert(
            id,
            Member {
                mark,
                has_session,
                may_create,
                rooms: BTreeSet::new(),
                comments: bucket(self.config.comments),
                likes: bucket(self.config.likes),
                requests: bucket(self.config.requests),
                next: 1,
            },
        );
        id
    }

    /// A connection ended.
    pub(super) fn disconnect(&mut self, id: MemberId, now: Now) -> Vec<Effect> {
        let Some(member) = self.members.remove(&id) else { return Vec::new() };
        for key in &member.rooms {
            if let Some(room) = self.rooms.get_mut(key) {
                room.members.remove(&id);
                if room.owner == Some(id) {
                    room.owner = None;
                    room.owner_lost = Some(now);
                }
            }
        }
        Vec::new()
    }

    pub(super) fn member_count(&self) -> usize {
        self.members.len()
    }

    /// Does what `event` asks. An event that nobody knows is a bad request.
    pub(super) fn handle(
        &mut self,
        id: MemberId,
        event: &str,
        arguments: Arguments<'_>,
        now: Now,
        random: Random<'_>,
        position: Position<'_>,
    ) -> (Value, Vec<Effect>) {
        let mut effects = Vec::new();
        let answered = self.answer(id, event, arguments, now, random, position, &mut effects);
        let answer = answered.unwrap_or_else(|refused| {
            self.counts.refused += 1;
            refused.answer()
        });
        (answer, effects)
    }

    #[expect(clippy::too_many_arguments, reason = "the world is arguments here")]
    fn answer(
        &mut self,
        id: MemberId,
        event: &str,
        arguments: Arguments<'_>,
        now: Now,
        random: Random<'_>,
        position: Position<'_>,
        effects: &mut Vec<Effect>,
    ) -> Answered {
        let member = self.members.get_mut(&id).ok_or(Refused::BadRequest)?;
        let is_measured_apart = matches!(event, "comment" | "gift" | "upvote");
        if !is_measured_apart {
            member.requests.take(now).map_err(Refused::RateLimited)?;
        }
        match event {
            "create_room" => self.create(id, arguments, now, random, position, effects),
            "join_room" => self.join(id, arguments, effects),
            "leave_room" => self.leave(id, arguments, now, effects),
            "close_room" => self.close(id, arguments, effects),
            "update_room" => self.update(id, arguments),
            "history" => {
                let more = arguments.more();
                let room = self.room_of(id, &arguments.key()?)?;
                Ok(room.page(more.number("since").unwrap_or(0)))
            }
            "upvote" => self.like(id, arguments, now),
            "comment" | "gift" => self.say(id, event, arguments, now, position, effects),
            _ => self.moderate(id, event, arguments, effects),
        }
    }

    fn create(
        &mut self,
        id: MemberId,
        arguments: Arguments<'_>,
        now: Now,
        random: Random<'_>,
        position: Position<'_>,
        effects: &mut Vec<Effect>,
    ) -> Answered {
        let body = arguments.body()?;
        let key = body.key("key")?;
        let title = body.label("title", limits::TITLE_CHARS)?;
        let may_create = self.members.get(&id).is_some_and(|member| member.may_create);
        if !may_create {
            return Err(Refused::NotAllowed);
        }
        let is_resumed = match self.rooms.get(&key) {
            Some(room) => {
                let is_owner = room.owner == Some(id)
                    || body.string("token").is_some_and(|token| room.token.is(token));
                if !is_owner {
                    return Err(Refused::Taken);
                }
                true
            }
            None if self.rooms.len() >= self.config.max_rooms => return Err(Refused::ServerFull),
            None => false,
        };
        self.enter(id, &key)?;
        if !is_resumed {
            // A token from before the server forgot the room goes on to be the owner's.
            let token = body.string("token").filter(|token| is_token(token));
            let token = token.map_or_else(|| format!("{:032x}", random()), str::to_owned);
            // Who publishes under the room's own name already cannot be given another one.
            let is_taken = position(key.as_str()).is_some();
            let publish_key = (!is_taken).then(|| publish_key(body.string("publish_key"), random));
            let epoch = format!("{:016x}", random() as u64);
            let history = self.config.history.min(limits::HISTORY);
            let token = Secret::new(token);
            let mut room = Room::new(title.clone(), token, publish_key, epoch, history, now);
            room.is_live = is_taken;
            self.rooms.insert(key.clone(), room);
        }
        let room = self.rooms.get_mut(&key).ok_or(Refused::NoSuchRoom)?;
        room.owner = Some(id);
        room.owner_lost = None;
        room.members.insert(id);
        if !title.is_empty() {
            room.title = title;
        }
        effects.push(Effect::Enter { member: id, key: key.clone() });
        let mut answer = room.snapshot(body.number("since"), body.string("epoch"));
        answer["key"] = json!(key.as_str());
        answer["token"] = json!(room.token.expose());
        answer["resumed"] = json!(is_resumed);
        if let Some(publish_key) = &room.publish_key {
            answer["publish_key"] = json!(publish_key.expose());
        }
        Ok(answer)
    }

    fn join(
        &mut self,
        id: MemberId,
        arguments: Arguments<'_>,
        effects: &mut Vec<Effect>,
    ) -> Answered {
        let key = arguments.key()?;
        let more = arguments.more();
        let member = self.members.get(&id).ok_or(Refused::BadRequest)?;
        let room = self.rooms.get(&key).ok_or(Refused::NoSuchRoom)?;
        if room.blocked.contains(&member.mark) {
            return Err(Refused::Blocked);
        }
        if room.members.len() >= self.config.max_members && !room.members.contains(&id) {
            return Err(Refused::ServerFull);
        }
        self.enter(id, &key)?;
        let room = self.rooms.get_mut(&key).ok_or(Refused::NoSuchRoom)?;
        room.members.insert(id);
        effects.push(Effect::Enter { member: id, key: key.clone() });
        let mut answer = room.snapshot(more.number("since"), more.string("epoch"));
        answer["key"] = json!(key.as_str());
        Ok(answer)
    }

    fn leave(
        &mut self,
        id: MemberId,
        arguments: Arguments<'_>,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Answered {
        let key = arguments.key()?;
        let room = self.room_of(id, &key)?;
        room.members.remove(&id);
        if room.owner == Some(id) {
            room.owner = None;
            room.owner_lost = Some(now);
        }
        if let Some(member) = self.members.get_mut(&id) {
            member.rooms.remove(&key);
        }
        effects.push(Effect::Leave { member: id, key });
        Ok(json!({ "ok": true }))
    }

    fn close(
        &mut self,
        id: MemberId,
        arguments: Arguments<'_>,
        effects: &mut Vec<Effect>,
    ) -> Answered {
        let key = arguments.key()?;
        let token = arguments.more().string("token");
        let room = self.rooms.get(&key).ok_or(Refused::NoSuchRoom)?;
        if room.owner != Some(id) && !token.is_some_and(|token| room.token.is(token)) {
            return Err(Refused::NotOwner);
        }
        self.end(&key, "closed", effects);
        Ok(json!({ "ok": true }))
    }

    fn update(&mut self, id: MemberId, arguments: Arguments<'_>) -> Answered {
        let body = arguments.body()?;
        let title = body.label("title", limits::TITLE_CHARS)?;
        let key = body.key("key")?;
        let room = self.rooms.get_mut(&key).ok_or(Refused::NoSuchRoom)?;
        if room.owner != Some(id) && !body.string("token").is_some_and(|token| room.token.is(token))
        {
            return Err(Refused::NotOwner);
        }
        room.title = title;
        Ok(json!({ "ok": true }))
    }

    fn like(&mut self, id: MemberId, arguments: Arguments<'_>, now: Now) -> Answered {
        let key = arguments.key()?;
        let wanted = arguments.more().number("n").unwrap_or(1);
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        self.room_of(id, &key)?;
        let member = self.members.get_mut(&id).ok_or(Refused::BadRequest)?;
        let taken = u64::from(member.likes.take_some(wanted, now));
        let room = self.rooms.get_mut(&key).ok_or(Refused::NoSuchRoom)?;
        room.likes += taken;
        room.new_likes += taken;
        self.counts.likes += taken;
        Ok(json!({ "ok": true, "n": taken, "total": room.likes }))
    }

    fn say(
        &mut self,
        id: MemberId,
        event: &str,
        arguments: Arguments<'_>,
        now: Now,
        position: Position<'_>,
        effects: &mut Vec<Effect>,
    ) -> Answered {
        let body = arguments.body()?;
        let key = body.key("roomKey")?;
        let is_host = self.room_of(id, &key)?.owner == Some(id);
        let mut said = Map::new();
        said.insert("roomKey".to_owned(), json!(key.as_str()));
        if event == "gift" {
            let small = |name| body.number(name).and_then(|number| u32::try_from(number).ok());
            let count = small("giftCount").unwrap_or(1);
            if !(1..=1_000).contains(&count) {
                return Err(Refused::BadRequest);
            }
            said.insert("senderId".to_owned(), json!(small("senderId").unwrap_or(0)));
            said.insert("giftId".to_owned(), json!(small("giftId").ok_or(Refused::BadRequest)?));
            said.insert("giftCount".to_owned(), json!(count));
        } else {
            said.insert("text".to_owned(), json!(body.text("text", limits::COMMENT_CHARS)?));
        }
        let name = body.label("name", limits::NAME_CHARS)?;
        if !name.is_empty() {
            said.insert("name".to_owned(), json!(name));
        }
        // What a host says belongs to the picture that it has just sent; how late a viewer's is, the viewer knows.
        let here = || position(key.as_str()).filter(|_| is_host).map(i64::from);
        if let Some(at) = body.signed("at").or_else(here) {
            said.insert("at".to_owned(), json!(at));
        }
        let member = self.members.get_mut(&id).ok_or(Refused::BadRequest)?;
        let room = self.rooms.get_mut(&key).ok_or(Refused::NoSuchRoom)?;
        if room.muted.contains(&member.mark) {
            return Err(Refused::Blocked);
        }
        // Only with a session can a client count its own messages.
        let number = body.string("id").and_then(|id| number_of(id, &member.mark));
        let number = number.filter(|_| member.has_session);
        let session = self.sessions.get_mut(&member.mark);
        if let (Some(number), Some(session)) = (number, &session)
            && number <= session.last
        {
            let id = format!("{}-{number}", member.mark);
            return Ok(json!({ "ok": true, "id": id, "duplicate": true }));
        }
        member.comments.take(now).map_err(Refused::RateLimited)?;
        let number = number.unwrap_or_else(|| {
            member.next += 1;
            member.next - 1
        });
        if let Some(session) = session.filter(|_| member.has_session) {
            session.last = session.last.max(number);
            session.used = now;
        }
        let message = format!("{}-{number}", member.mark);
        said.insert("id".to_owned(), json!(message));
        let value = room.say(said);
        let seq = value["seq"].clone();
        let event = if event == "gift" { "gift" } else { "comment" };
        match event {
            "gift" => self.counts.gifts += 1,
            _ => self.counts.comments += 1,
        }
        effects.push(Effect::All { key, event, arguments: vec![value] });
        Ok(json!({ "ok": true, "id": message, "seq": seq }))
    }

    /// Closes a room and tells those in it.
    pub(super) fn end(&mut self, key: &RoomKey, reason: &str, effects: &mut Vec<Effect>) {
        let Some(room) = self.rooms.remove(key) else { return };
        let argument = json!({ "key": key.as_str(), "reason": reason });
        effects.push(Effect::All {
            key: key.clone(),
            event: "room_closed",
            arguments: vec![argument],
        });
        for id in room.members {
            if let Some(member) = self.members.get_mut(&id) {
                member.rooms.remove(key);
            }
            effects.push(Effect::Leave { member: id, key: key.clone() });
        }
    }

    /// The room, when the member is in it.
    pub(super) fn room_of(&mut self, id: MemberId, key: &RoomKey) -> Result<&mut Room, Refused> {
        let room = self.rooms.get_mut(key).ok_or(Refused::NoSuchRoom)?;
        if room.members.contains(&id) { Ok(room) } else { Err(Refused::NotInRoom) }
    }

    fn enter(&mut self, id: MemberId, key: &RoomKey) -> Result<(), Refused> {
        let member = self.members.get_mut(&id).ok_or(Refused::BadRequest)?;
        if member.rooms.len() >= self.config.max_joined && !member.rooms.contains(key) {
            return Err(Refused::ServerFull);
        }
        member.rooms.insert(key.clone());
        Ok(())
    }

    /// The mark that a client brings, when nobody else has it.
    fn claim(&mut self, auth: &Value, now: Now) -> Option<String> {
        let session = auth.get("onair")?;
        let mark = session.get("mark")?.as_str()?;
        let secret = session.get("secret")?.as_str()?;
        let is_hex =
            |text: &str, bytes| text.len() == bytes && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_hex(mark, 16) || !is_hex(secret, 32) {
            return None;
        }
        if let Some(known) = self.sessions.get_mut(mark) {
            known.used = now;
            return known.secret.is(secret).then(|| mark.to_owned());
        }
        if self.sessions.len() >= MOST_SESSIONS {
            self.sessions.retain(|_, session| now.since(session.used) < SESSION_IDLE);
        }
        if self.sessions.len() >= MOST_SESSIONS {
            return None;
        }
        let session = Session { secret: Secret::new(secret), last: 0, used: now };
        self.sessions.insert(mark.to_owned(), session);
        Some(mark.to_owned())
    }
}

/// The number in an id of one's own.
fn number_of(id: &str, mark: &str) -> Option<u64> {
    id.strip_prefix(mark)?.strip_prefix('-')?.parse().ok()
}

/// The one from before the server forgot the room, or a new one.
fn publish_key(earlier: Option<&str>, random: Random<'_>) -> Secret {
    let is_ours = |key: &&str| key.strip_prefix(PREFIX).is_some_and(is_token);
    let new = || format!("{PREFIX}{:032x}", random());
    Secret::new(earlier.filter(is_ours).map_or_else(new, str::to_owned))
}

fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
#[path = "book_test.rs"]
mod tests;
