//! Rooms beside the streams: comments, likes and gifts over Socket.IO, a list over HTTP. docs/rooms.md
//!
//! ```text
//!  WebSockets ── line ─────────────┐
//!  polling ── socketioxide ── handlers ─▶ book: rooms, members, rules (no I/O) ─▶ effects ─▶ members
//!                                         ▲ 10 times a second: likes and viewers told together,
//!                                         └ hosts that are gone, streams that began or stopped
//! ```

mod book;
mod bucket;
pub(crate) mod config;
mod handlers;
mod keys;
pub(crate) mod line;
mod moderating;
mod present;
mod request;
pub(crate) mod rest;
mod room;
mod ticking;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onair_rooms::engine_io::{self, Packet};
use onair_rooms::socket_io;
use onair_types::Now;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::socket::Sid;

use crate::clock::Clock;
use crate::hub::Hub;
use crate::name::StreamName;
use book::{Book, Effect};
use config::RoomsConfig;
use line::{LineId, frames};
use present::Present;
use request::Arguments;
use room::MemberId;

pub(crate) use handlers::layer;
pub(crate) use keys::PublishKeys;
pub(crate) use ticking::run;

use keys::APP;

/// All rooms of a server, and the way to those in them.
pub(crate) struct Rooms {
    book: Mutex<Book>,
    present: Mutex<Present>,
    hub: Arc<Hub>,
    clock: Clock,
}

/// How a member is reached.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Its own WebSocket.
    Line(LineId),
    /// By socketioxide.
    Engine(Sid),
}

impl std::fmt::Debug for Rooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rooms")
    }
}

impl Rooms {
    pub(crate) fn new(config: RoomsConfig, hub: Arc<Hub>, clock: Clock) -> Arc<Self> {
        let book = Mutex::new(Book::new(config));
        Arc::new(Self { book, present: Mutex::default(), hub, clock })
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn connect(&self, way: Way, auth: &Value) -> MemberId {
        let member = self.book().connect(auth, self.clock.now(), &mut random);
        self.present().connect(member, way);
        member
    }

    fn disconnect(&self, member: MemberId) {
        self.present().disconnect(member);
        self.book().disconnect(member, self.clock.now());
    }

    fn handle(&self, member: MemberId, event: &str, arguments: &[Value]) -> (Value, Vec<Effect>) {
        let position = |key: &str| self.position(key);
        let now = self.clock.now();
        let mut book = self.book();
        let done = book.handle(member, event, Arguments(arguments), now, &mut random, &position);
        if event == "create_room" || event == "close_room" {
            self.publish_keys(&book);
        }
        done
    }

    /// Makes what publishers may use what the rooms say.
    fn publish_keys(&self, book: &Book) {
        let keys = book
            .rooms
            .iter()
            .filter_map(|(key, room)| Some((key.clone(), room.publish_key.clone()?)));
        self.hub.keys().replace(keys);
    }

    fn position(&self, key: &str) -> Option<u32> {
        let name = StreamName::parse(APP, key).ok()?;
        self.hub.find(&name)?.lock().position_ms()
    }

    /// Does what has to happen.
    async fn carry_out(&self, io: &SocketIo, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Enter { member, key } => {
                    let sid = self.present().enter(member, &key);
                    if let Some(socket) = sid.and_then(|sid| io.get_socket(sid)) {
                        socket.join(key.to_string());
                    }
                }
                Effect::Leave { member, key } => {
                    let sid = self.present().leave(member, &key);
                    if let Some(socket) = sid.and_then(|sid| io.get_socket(sid)) {
                        socket.leave(key.to_string());
                    }
                }
                Effect::One { member, event, argument } => {
                    let way = self.present().way(member);
                    match way {
                        Some(Way::Line(line)) => {
                            self.present().lines.send(line, &framed(event, vec![argument]));
                        }
                        Some(Way::Engine(sid)) => {
                            if let Some(socket) = io.get_socket(sid)
                                && let Err(error) = socket.emit(event, &argument)
                            {
                                log::debug!("tell a member of a room: {error}");
                            }
                        }
                        None => {}
                    }
                }
                Effect::All { key, event, arguments } => {
                    self.book().counts.broadcasts += 1;
                    let has_engine = self.present().tell(&key, || framed(event, arguments.clone()));
                    if has_engine {
                        tell_engine(io, key.to_string(), event, &arguments).await;
                    }
                }
            }
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event as it goes through a WebSocket, to be shared by all who are told it.
fn framed(event: &str, arguments: Vec<Value>) -> bytes::Bytes {
    let message = socket_io::event(None, event, arguments);
    frames::text(&engine_io::encode(&Packet::Message(&message)))
}

async fn tell_engine(io: &SocketIo, room: String, event: &str, arguments: &[Value]) {
    let room = io.to(room);
    let told = match arguments {
        [first, second] => room.emit(event, &(first, second)).await,
        [first] => room.emit(event, first).await,
        _ => room.emit(event, &Value::Null).await,
    };
    // One that does not poll is cut by its heartbeat, which finds no room either.
    if let Err(error) = told {
        log::debug!("tell a room: {error}");
    }
}

/// From the system. Where it has none, tokens would be worth nothing: the server ends.
fn random() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    u128::from_le_bytes(bytes)
}
