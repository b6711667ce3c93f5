//! The client of a room: decides when to connect and where, what to say and again, and what the app
//! is told. No I/O: `handle_*` and the app's commands come in, [`Client::poll_output`] gives what to
//! do, [`Client::wake_at`] when to come back.
//!
//! ```text
//!  Locating ─▶ Connecting: transport ─▶ greeting ─▶ CONNECT ─▶ Online ── create/join ─▶ in the room
//!     ▲            │ 5 s                                        │ 5 s ping, server's ping
//!     └── Waiting ◀┴────────────────────────────────────────────┘
//! ```

mod event;
mod feed;
mod hush;
mod link;
mod lost;
mod outbox;
mod room;
mod words;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use onair_types::{MediaTime, Now};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::address::{AddressError, ServerAddress};
use crate::backoff::{Backoff, Chance};
use crate::engine_io::Version;
use crate::key::RoomKey;
use crate::limits;
use crate::locator::{Chooser, Servers};
use crate::secret::Secret;
use crate::text::{self, TextError};

pub use event::{Command, Event, Gift, Refusal, RoomSnapshot, Said, State};
pub use lost::Lost;

use feed::Feed;
use link::Stage;
use outbox::Outbox;
use room::Asked;

/// What a client is told before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where rooms are.
    pub servers: Servers,
    /// Engine.IO's protocol.
    pub version: Version,
    /// What the viewer calls itself; may be empty.
    pub name: String,
    /// Given to the server as `auth.token`.
    pub auth: Option<Secret>,
    /// Proves that a room is one's own, from an earlier [`RoomSnapshot::token`].
    pub room_token: Option<Secret>,
    /// Keep comments and gifts while there is no connection, and send them when there is one.
    pub queue_offline: bool,
    /// Let everybody on the way read and change what is said, beyond this machine and private networks.
    pub allow_plaintext: bool,
    /// From one ping of ours to the next; zero for none.
    pub ping_every: Duration,
}

impl Config {
    /// For these servers, with everything else as usual.
    pub fn new(servers: Servers) -> Self {
        Self {
            servers,
            version: Version::default(),
            name: String::new(),
            auth: None,
            room_token: None,
            queue_offline: false,
            allow_plaintext: false,
            ping_every: Duration::from_secs(5),
        }
    }
}

/// Random numbers that a client needs from outside.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Begins the id of each message; public.
    pub mark: u64,
    /// Proves to the server after a reconnect that the ids are one's own.
    pub secret: u128,
    /// Of waits.
    pub seed: u64,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Ask the locator: an HTTP GET; then [`Client::handle_located`].
    Locate {
        /// Host and port.
        at: ServerAddress,
        /// Path and query.
        path: String,
    },
    /// Drop what is open, open a WebSocket; then [`Client::handle_connected`] or
    /// [`Client::handle_lost`].
    Connect {
        /// Host and port.
        server: ServerAddress,
        /// Path and query.
        path: String,
    },
    /// Send a text frame.
    Send(String),
    /// Send a WebSocket ping; then [`Client::handle_pong`].
    Ping,
    /// Close what is open.
    Disconnect,
    /// Tell the app.
    Event(Event),
}

/// Why a command is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no connection to the room now.
    #[error("there is no connection to the room now; try again after the next Joined")]
    Offline,
    /// Create or join one first.
    #[error("there is no room; create or join one first")]
    NoRoom,
    /// One at a time.
    #[error("the client is in a room already; leave it first")]
    InRoom,
    /// Only the host may.
    #[error("only the room's host may do that")]
    NotHost,
    /// The client has ended.
    #[error("the client has ended; start another one")]
    Ended,
    /// Too many messages wait.
    #[error("{} messages wait already; the server is too slow or away", limits::OUTBOX)]
    Full,
    /// The text itself.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A number that makes no sense.
    #[error("the number must be from 1 to 1,000")]
    Number,
}

/// Most hearts in one call.
const MOST_LIKES: u32 = 1_000;

/// Which room the app wants to be in.
#[derive(Clone, Debug)]
struct Wanted {
    key: RoomKey,
    /// Of the host: the title.
    title: Option<String>,
}

/// See the module's text.
#[derive(Clone, Debug)]
pub struct Client {
    config: Config,
    identity: Identity,
    chance: Chance,
    chooser: Chooser,
    backoff: Backoff,
    stage: Stage,
    outputs: VecDeque<Output>,
    wanted: Option<Wanted>,
    /// The server has said, or cannot say, that one is in the room.
    is_joined: bool,
    has_been_in: bool,
    token: Option<Secret>,
    /// Given by a server once, and wanted again of one that forgot the room.
    publish_key: Option<Secret>,
    feed: Feed,
    is_history_asked: bool,
    outbox: Outbox,
    asked: BTreeMap<u64, (Asked, Now)>,
    next_ack: u64,
    likes: u32,
    likes_due: Option<Now>,
    /// Where answers do not come.
    old_server: Option<ServerAddress>,
    has_told_old: bool,
    /// What a server that restores sessions wants to hear: its `pid`, and the last offset.
    recovery: Option<(String, Option<String>)>,
}

impl Client {
    /// A client that begins to connect at once.
    ///
    /// # Errors
    /// [`AddressError`] for servers that may not be used.
    pub fn new(mut config: Config, identity: Identity, now: Now) -> Result<Self, AddressError> {
        config.name = text::clean(&config.name, limits::NAME_CHARS).unwrap_or_default();
        let chooser = Chooser::new(config.servers.clone(), config.allow_plaintext)?;
        let mut client = Self {
            token: config.room_token.clone(),
            config,
            identity,
            chance: Chance::new(identity.seed),
            chooser,
            backoff: Backoff::default(),
            stage: Stage::Waiting { until: now },
            outputs: VecDeque::new(),
            wanted: None,
            is_joined: false,
            has_been_in: false,
            publish_key: None,
            feed: Feed::default(),
            is_history_asked: false,
            outbox: Outbox::new(format!("{:016x}", identity.mark)),
            asked: BTreeMap::new(),
            next_ack: 1,
            likes: 0,
            likes_due: None,
            old_server: None,
            has_told_old: false,
            recovery: None,
        };
        client.tell(Event::State(State::Connecting));
        client.begin(now);
        Ok(client)
    }

    /// The next thing to do; drain it after each call of anything else.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Client::handle_timeout`] must be called at the latest.
    pub fn wake_at(&self) -> Option<Now> {
        let asked = self.asked.values().map(|(_, until)| *until);
        let rest =
            [self.stage.wake_at(self.config.ping_every), self.likes_due, self.outbox.wake_at()];
        asked.chain(rest.into_iter().flatten()).min()
    }

    /// Whether nothing more will happen.
    pub fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }

    /// Opens a room of one's own as soon as there is a connection, and again after each loss.
    ///
    /// # Errors
    /// [`CommandError::InRoom`], [`CommandError::Text`], [`CommandError::Ended`].
    pub fn create(&mut self, key: RoomKey, title: &str, now: Now) -> Result<(), CommandError> {
        let title = match text::clean(title, limits::TITLE_CHARS) {
            Err(TextError::Blank) => String::new(),
            title => title?,
        };
        self.want(Wanted { key, title: Some(title) }, now)
    }

    /// Goes into a room as soon as there is a connection, and again after each loss.
    ///
    /// # Errors
    /// [`CommandError::InRoom`], [`CommandError::Ended`].
    pub fn join(&mut self, key: RoomKey, now: Now) -> Result<(), CommandError> {
        self.want(Wanted { key, title: None }, now)
    }

    /// Leaves the room; one's own stays open until the server's patience ends.
    ///
    /// # Errors
    /// [`CommandError::NoRoom`].
    pub fn leave(&mut self, now: Now) -> Result<(), CommandError> {
        let wanted = self.wanted.take().ok_or(CommandError::NoRoom)?;
        if self.is_joined {
            self.ask(
                Asked::Of(Command::Leave),
                "leave_room",
                vec![json!(wanted.key.as_str())],
                now,
            );
        }
        self.forget_room();
        Ok(())
    }

    /// Closes one's own room for everybody.
    ///
    /// # Errors
    /// [`CommandError::NoRoom`], [`CommandError::NotHost`], [`CommandError::Offline`].
    pub fn close(&mut self, now: Now) -> Result<(), CommandError> {
        let key = self.host()?;
        let proof = self.token.as_ref().map(|token| json!({ "token": token.expose() }));
        let arguments = std::iter::once(json!(key)).chain(proof).collect();
        self.ask(Asked::Of(Command::Close), "close_room", arguments, now);
        Ok(())
    }

    /// Hearts; they are told together, at once or never.
    ///
    /// # Errors
    /// [`CommandError::Offline`] without a connection to the room, [`CommandError::Number`].
    pub fn like(&mut self, count: u32, now: Now) -> Result<(), CommandError> {
        if !(1..=MOST_LIKES).contains(&count) {
            return Err(CommandError::Number);
        }
        self.room()?;
        self.likes = self.likes.saturating_add(count).min(MOST_LIKES);
        self.likes_due.get_or_insert(now + limits::LIKES_EVERY);
        Ok(())
    }

    /// Says something; the id under which it will be told as delivered. `at` is the moment of the
    /// picture that it belongs to.
    ///
    /// # Errors
    /// [`CommandError::Text`], [`CommandError::Full`]; [`CommandError::Offline`] without a connection
    /// to the room, unless comments are queued.
    pub fn comment(
        &mut self,
        text: &str,
        at: Option<MediaTime>,
        now: Now,
    ) -> Result<String, CommandError> {
        let text = text::clean(text, limits::COMMENT_CHARS)?;
        let mut body = Map::new();
        body.insert("text".to_owned(), Value::String(text));
        self.post("comment", body, at, now)
    }

    /// Gives something; as [`Client::comment`].
    ///
    /// # Errors
    /// As [`Client::comment`], and [`CommandError::Number`].
    pub fn gift(
        &mut self,
        gift: Gift,
        at: Option<MediaTime>,
        now: Now,
    ) -> Result<String, CommandError> {
        if !(1..=1_000).contains(&gift.count) {
            return Err(CommandError::Number);
        }
        let mut body = Map::new();
        body.insert("senderId".to_owned(), json!(gift.sender_id));
        body.insert("giftId".to_owned(), json!(gift.gift_id));
        body.insert("giftCount".to_owned(), json!(gift.count));
        self.post("gift", body, at, now)
    }

    /// Tells the host and the server that a comment must not stand.
    ///
    /// # Errors
    /// [`CommandError::Offline`], [`CommandError::NoRoom`], [`CommandError::Text`].
    pub fn report(&mut self, id: &str, reason: &str, now: Now) -> Result<(), CommandError> {
        let reason = text::clean(reason, limits::REASON_CHARS)?;
        let key = self.room()?;
        let body = json!({ "roomKey": key, "id": id, "reason": reason });
        self.ask(Asked::Of(Command::Report), "report", vec![body], now);
        Ok(())
    }

    /// Does not show what `sender` says any more; when one is the host, to nobody.
    ///
    /// # Errors
    /// [`CommandError::NoRoom`].
    pub fn mute(&mut self, sender: &str, now: Now) -> Result<(), CommandError> {
        self.keep_away(Command::Mute, "mute", sender, now)
    }

    /// Shows it again, to oneself.
    pub fn unmute(&mut self, sender: &str) {
        self.feed.unmute(sender);
    }

    /// As [`Client::mute`]; when one is the host, `sender` must leave the room too and does not get
    /// back in.
    ///
    /// # Errors
    /// [`CommandError::NoRoom`].
    pub fn block(&mut self, sender: &str, now: Now) -> Result<(), CommandError> {
        self.keep_away(Command::Block, "block", sender, now)
    }

    /// Takes a comment away from everybody.
    ///
    /// # Errors
    /// [`CommandError::NotHost`], [`CommandError::Offline`], [`CommandError::NoRoom`].
    pub fn remove_comment(&mut self, id: &str, now: Now) -> Result<(), CommandError> {
        let body = json!({ "roomKey": self.host()?, "id": id });
        self.ask(Asked::Of(Command::RemoveComment), "remove_comment", vec![body], now);
        Ok(())
    }

    fn want(&mut self, wanted: Wanted, now: Now) -> Result<(), CommandError> {
        if self.is_ended() {
            return Err(CommandError::Ended);
        }
        if self.wanted.is_some() {
            return Err(CommandError::InRoom);
        }
        self.wanted = Some(wanted);
        self.enter(now);
        Ok(())
    }

    /// The room one is in now.
    fn room(&self) -> Result<String, CommandError> {
        let wanted = self.wanted.as_ref().ok_or(CommandError::NoRoom)?;
        if self.is_joined { Ok(wanted.key.as_str().to_owned()) } else { Err(CommandError::Offline) }
    }

    /// The same, one's own.
    fn host(&self) -> Result<String, CommandError> {
        let is_host = self.wanted.as_ref().is_some_and(|wanted| wanted.title.is_some());
        self.room().and_then(|key| if is_host { Ok(key) } else { Err(CommandError::NotHost) })
    }

    fn post(
        &mut self,
        event: &'static str,
        mut body: Map<String, Value>,
        at: Option<MediaTime>,
        now: Now,
    ) -> Result<String, CommandError> {
        let room = self.room();
        let was_queued = room == Err(CommandError::Offline);
        if self.is_ended() {
            return Err(CommandError::Ended);
        }
        if !(was_queued && self.config.queue_offline) {
            room?;
        }
        if self.outbox.is_full() {
            return Err(CommandError::Full);
        }
        let key = self.wanted.as_ref().map(|wanted| wanted.key.to_string()).unwrap_or_default();
        body.insert("roomKey".to_owned(), Value::String(key));
        if !self.config.name.is_empty() {
            body.insert("name".to_owned(), Value::String(self.config.name.clone()));
        }
        if let Some(at) = at {
            body.insert("at".to_owned(), json!(at.as_millis_rounded()));
        }
        let id = self.outbox.push(event, body, was_queued);
        self.flush(now);
        Ok(id)
    }

    fn keep_away(
        &mut self,
        command: Command,
        event: &str,
        sender: &str,
        now: Now,
    ) -> Result<(), CommandError> {
        if self.wanted.is_none() {
            return Err(CommandError::NoRoom);
        }
        self.feed.mute(sender);
        if let Ok(key) = self.host() {
            let body = json!({ "roomKey": key, "sender": sender });
            self.ask(Asked::Of(command), event, vec![body], now);
        }
        Ok(())
    }

    fn tell(&mut self, event: Event) {
        let secrets = [&self.config.auth, &self.token, &self.publish_key];
        let event = hush::hush(event, secrets.into_iter().flatten());
        self.outputs.push_back(Output::Event(event));
    }
}

#[cfg(test)]
#[path = "client_test.rs"]
mod tests;
