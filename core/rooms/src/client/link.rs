//! The connection: where to, how long it may take, whether it lives, and when to try again.

use std::time::Duration;

use onair_types::Now;
use serde_json::{Map, Value, json};

use super::event::{Event, State};
use super::lost::Lost;
use super::{Client, Output, words};
use crate::address::ServerAddress;
use crate::engine_io::{self, Handshake, Malformed, Packet, Version};
use crate::limits;
use crate::locator::Next;
use crate::socket_io::{self, Kind};

#[derive(Clone, Debug)]
pub(super) enum Stage {
    Waiting { until: Now },
    Locating { until: Now },
    Connecting(Link),
    Online(Link),
    Ended,
}

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Link {
    server: ServerAddress,
    /// When it was begun, and when the server let the client in.
    since: Now,
    /// The server's greeting and when it, or its newest ping, came.
    engine: Option<(Handshake, Now)>,
    is_open: bool,
    /// When the next ping of ours goes.
    ping_due: Now,
    is_pong_owed: bool,
    /// Of protocol 3, whose client pings in text.
    text_ping_due: Option<Now>,
    /// What came before the server let the client in.
    early: Vec<Kind>,
}

impl Stage {
    pub(super) fn wake_at(&self, ping_every: Duration) -> Option<Now> {
        match self {
            Self::Waiting { until } | Self::Locating { until } => Some(*until),
            Self::Connecting(link) => Some(link.since + limits::CONNECT_WITHIN),
            Self::Online(link) => {
                let ping = (!ping_every.is_zero()).then_some(link.ping_due);
                [link.server_silent_at(), ping, link.text_ping_due].into_iter().flatten().min()
            }
            Self::Ended => None,
        }
    }

    fn link(&mut self) -> Option<&mut Link> {
        match self {
            Self::Connecting(link) | Self::Online(link) => Some(link),
            _ => None,
        }
    }
}

impl Link {
    fn server_silent_at(&self) -> Option<Now> {
        let (handshake, heard) = self.engine.as_ref()?;
        Some(*heard + handshake.ping_interval + handshake.ping_timeout)
    }
}

impl Client {
    /// The locator's answer, or that there was none.
    pub fn handle_located(&mut self, body: Option<&str>, now: Now) {
        if matches!(self.stage, Stage::Locating { .. }) {
            let next = self.chooser.handle_answer(body, &mut self.chance);
            self.go(next, now);
        }
    }

    /// The WebSocket stands.
    pub fn handle_connected(&mut self, now: Now) {
        if let Stage::Connecting(link) = &mut self.stage {
            link.is_open = true;
            link.ping_due = now + self.config.ping_every;
        }
    }

    /// A text frame came.
    pub fn handle_frame(&mut self, frame: &str, now: Now) {
        let Some(link) = self.stage.link().filter(|link| link.is_open) else { return };
        link.is_pong_owed = false;
        if let Err(malformed) = self.read(frame, now) {
            self.lose(malformed.into(), now);
        }
    }

    /// A binary frame came, which no server has a reason to send.
    pub fn handle_binary(&mut self, now: Now) {
        self.lose(Malformed::Binary.into(), now);
    }

    /// The answer to a WebSocket ping.
    pub fn handle_pong(&mut self) {
        if let Some(link) = self.stage.link() {
            link.is_pong_owed = false;
        }
    }

    /// The connection failed, or was lost.
    pub fn handle_lost(&mut self, reason: Lost, now: Now) {
        if self.stage.link().is_some() {
            self.lose(reason, now);
        }
    }

    /// The way may be free again, as the system says: does not wait any longer.
    pub fn handle_path(&mut self, now: Now) {
        if let Stage::Waiting { until } = &mut self.stage {
            *until = now;
            self.backoff.reset();
            self.begin(now);
        }
    }

    /// Looks at the time.
    pub fn handle_timeout(&mut self, now: Now) {
        match &self.stage {
            Stage::Waiting { until } if *until <= now => self.begin(now),
            Stage::Locating { until } if *until <= now => self.handle_located(None, now),
            Stage::Connecting(link) if link.since + limits::CONNECT_WITHIN <= now => {
                self.lose(Lost::ConnectTimeout, now);
            }
            Stage::Online(_) => self.look_after(now),
            _ => {}
        }
        self.handle_room_timeout(now);
    }

    /// Leaves the server for good.
    pub fn end(&mut self) {
        if matches!(self.stage, Stage::Online(_)) {
            self.send_packet(Kind::Disconnect);
        }
        self.outputs.push_back(Output::Disconnect);
        self.finish();
    }

    pub(super) fn is_online(&self) -> bool {
        matches!(self.stage, Stage::Online(_))
    }

    /// Where the connection leads.
    pub(super) fn server(&self) -> Option<&ServerAddress> {
        match &self.stage {
            Stage::Connecting(link) | Stage::Online(link) => Some(&link.server),
            _ => None,
        }
    }

    pub(super) fn begin(&mut self, now: Now) {
        if let Stage::Waiting { until } = &self.stage
            && *until <= now
        {
            let next = self.chooser.next(&mut self.chance);
            self.go(next, now);
        }
    }

    pub(super) fn lose(&mut self, reason: Lost, now: Now) {
        let was_online = self.is_online();
        if let Stage::Connecting(link) | Stage::Online(link) = &self.stage {
            self.chooser.handle_failed(&link.server);
            if was_online && now.since(link.since) >= limits::HEALTHY_AFTER {
                self.backoff.reset();
            }
        }
        self.outputs.push_back(Output::Disconnect);
        self.handle_room_lost();
        if reason.is_final() {
            self.tell(Event::Lost { reason, retry_in: None });
            self.finish();
            return;
        }
        let wait = self.backoff.next(&mut self.chance);
        self.stage = Stage::Waiting { until: now + wait };
        self.tell(Event::Lost { reason, retry_in: Some(wait) });
        if was_online {
            self.tell(Event::State(State::Connecting));
        }
    }

    fn finish(&mut self) {
        if !self.is_ended() {
            self.stage = Stage::Ended;
            self.give_up();
            // Nobody is left to answer, and nothing to wake up for.
            self.asked.clear();
            (self.likes, self.likes_due) = (0, None);
            self.tell(Event::State(State::Ended));
        }
    }

    fn go(&mut self, next: Next, now: Now) {
        match next {
            Next::Ask { at, path } => {
                self.stage = Stage::Locating { until: now + limits::LOCATE_WITHIN };
                self.outputs.push_back(Output::Locate { at, path });
            }
            Next::Connect(server) => {
                let base = if server.path().is_empty() { "/socket.io/" } else { server.path() };
                let joint = if base.contains('?') { '&' } else { '?' };
                let version = match self.config.version {
                    Version::V4 => 4,
                    Version::V3 => 3,
                };
                let path = format!("{base}{joint}EIO={version}&transport=websocket");
                self.outputs.push_back(Output::Connect { server: server.clone(), path });
                self.stage = Stage::Connecting(Link {
                    server,
                    since: now,
                    engine: None,
                    is_open: false,
                    ping_due: now,
                    is_pong_owed: false,
                    text_ping_due: None,
                    early: Vec::new(),
                });
            }
            Next::Nowhere => self.lose(Lost::NoServer, now),
        }
    }

    /// Heartbeats, ours and the server's.
    fn look_after(&mut self, now: Now) {
        let Stage::Online(link) = &mut self.stage else { return };
        if now.since(link.since) >= limits::HEALTHY_AFTER {
            self.backoff.reset();
        }
        if link.server_silent_at().is_some_and(|at| at <= now) {
            return self.lose(Lost::PingTimeout, now);
        }
        if link.text_ping_due.is_some_and(|due| due <= now) {
            let interval = link.engine.as_ref().map(|(handshake, _)| handshake.ping_interval);
            link.text_ping_due = interval.map(|interval| now + interval);
            self.outputs.push_back(Output::Send(engine_io::encode(&Packet::Ping(""))));
        }
        if !self.config.ping_every.is_zero() && link.ping_due <= now {
            if link.is_pong_owed {
                return self.lose(Lost::PongTimeout, now);
            }
            link.is_pong_owed = true;
            link.ping_due = now + self.config.ping_every;
            self.outputs.push_back(Output::Ping);
        }
    }

    fn read(&mut self, frame: &str, now: Now) -> Result<(), Malformed> {
        let Some(link) = self.stage.link() else { return Ok(()) };
        match engine_io::decode(frame)? {
            Packet::Open(handshake) if link.engine.is_none() => {
                if self.config.version == Version::V3 {
                    link.text_ping_due = Some(now + handshake.ping_interval);
                }
                link.engine = Some((handshake, now));
                if self.config.version == Version::V4 {
                    let data = self.credentials();
                    self.send_packet(Kind::Connect(data));
                }
            }
            _ if link.engine.is_none() => return Err(Malformed::Handshake),
            Packet::Open(_) => return Err(Malformed::Handshake),
            Packet::Close => self.lose(Lost::Closed, now),
            // Answered in every phase: one server pings before it lets the client in.
            Packet::Ping(text) => {
                let pong = engine_io::encode(&Packet::Pong(text));
                link.hear(now);
                self.outputs.push_back(Output::Send(pong));
            }
            Packet::Pong(_) => link.hear(now),
            Packet::Message(text) => {
                let packet = socket_io::decode(text)?;
                if packet.namespace == socket_io::ROOT {
                    self.handle_packet(packet.kind, now)?;
                }
            }
            Packet::Upgrade | Packet::Noop => {}
        }
        Ok(())
    }

    fn handle_packet(&mut self, kind: Kind, now: Now) -> Result<(), Malformed> {
        let is_online = self.is_online();
        match kind {
            Kind::Connect(data) if !is_online => self.let_in(&data, now),
            // Of a server that says it twice.
            Kind::Connect(_) => {}
            Kind::Refused { message, .. } => self.lose(Lost::Refused(words::shown(&message)), now),
            Kind::Disconnect => self.lose(Lost::Kicked, now),
            other if is_online => self.handle_said(other, now),
            // A session that is restored: what was missed comes before the server's word.
            early => match self.stage.link() {
                Some(link) if link.early.len() < limits::EARLY_FRAMES => link.early.push(early),
                _ => return Err(Malformed::Packet),
            },
        }
        Ok(())
    }

    fn let_in(&mut self, data: &Map<String, Value>, now: Now) {
        let stage = std::mem::replace(&mut self.stage, Stage::Ended);
        let Stage::Connecting(mut link) = stage else {
            self.stage = stage;
            return;
        };
        self.chooser.handle_good(&link.server);
        let early = std::mem::take(&mut link.early);
        link.since = now;
        self.stage = Stage::Online(link);
        let pid = data.get("pid").and_then(Value::as_str);
        let pid = pid.filter(|pid| pid.len() <= limits::NAME_BYTES);
        let offset = self.recovery.take().filter(|(old, _)| Some(old.as_str()) == pid);
        self.recovery = pid.map(|pid| (pid.to_owned(), offset.and_then(|(_, offset)| offset)));
        self.tell(Event::State(State::Online));
        for kind in early {
            self.handle_said(kind, now);
        }
        self.enter(now);
    }

    /// What the server gets to know with CONNECT.
    fn credentials(&self) -> Map<String, Value> {
        let mut data = Map::new();
        let session = json!({
            "mark": self.outbox.mark(),
            "secret": format!("{:032x}", self.identity.secret),
        });
        data.insert("onair".to_owned(), session);
        if let Some(token) = &self.config.auth {
            data.insert("token".to_owned(), json!(token.expose()));
        }
        if let Some((pid, offset)) = &self.recovery {
            data.insert("pid".to_owned(), json!(pid));
            if let Some(offset) = offset {
                data.insert("offset".to_owned(), json!(offset));
            }
        }
        data
    }

    pub(super) fn send_packet(&mut self, kind: Kind) {
        let packet = socket_io::Packet { namespace: socket_io::ROOT.to_owned(), kind };
        let text = socket_io::encode(&packet);
        self.outputs.push_back(Output::Send(engine_io::encode(&Packet::Message(&text))));
    }
}

impl Link {
    fn hear(&mut self, now: Now) {
        if let Some((_, heard)) = &mut self.engine {
            *heard = now;
        }
    }
}
