//! A client of a room beside the stream: likes, comments and gifts over Socket.IO. docs/rooms.md
//!
//! ```text
//!  app: comment, like, … ─▶ onair_rooms::Client (decides) ─▶ onair-room: a runtime, one WebSocket
//!  app: RoomEvents ◀──────────── events in order ◀───────────┘
//! ```
//!
//! No call blocks on the network. Secure connections believe what the session's do: see
//! [`crate::Trust`]. Sound and pictures do not depend on any of this.

mod config;
mod driver;
mod http;
mod queue;
mod stage;
mod websocket;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use onair_rooms::Client;
use onair_rooms::client::Identity;
use thiserror::Error;

use crate::clock::{Clock, SystemClock};
use crate::net;
use crate::net::Wake;
use crate::{MediaTime, Now};
use queue::Queue;

pub use config::RoomConfig;
pub use onair_rooms::client::Gift;
pub use onair_rooms::{
    AddressError, Command as RoomCommand, CommandError, Event as RoomEvent, KeyError, Lost,
    Refusal, RoomSnapshot, Said, Secret, State as RoomState,
};
pub use queue::{RoomEvents, RoomLoss};
pub use stage::RoomStage;

/// Why a room's client cannot be started, or does not do what it is told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RoomError {
    /// The server's or the locator's address.
    #[error("use the address of the room server: {0}")]
    Address(#[from] AddressError),
    /// The room's key.
    #[error("use the room's key: {0}")]
    Key(#[from] KeyError),
    /// What is asked for cannot be done now.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The operating system.
    #[error("start the room's thread: {0}")]
    System(String),
}

/// One connection to a room server, and through it to one room at a time. Dropping it leaves.
#[derive(Debug)]
pub struct RoomClient {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Between the app's threads and `onair-room`.
struct Shared {
    client: Mutex<Client>,
    clock: Box<dyn Clock>,
    wake: Wake,
    queue: Arc<Queue>,
    /// What stands for the network, in a rehearsal.
    script: Option<Arc<stage::Script>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RoomClient")
    }
}

impl Shared {
    fn client(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client was told something: whoever does what it says looks.
    fn ring(&self) {
        self.wake.notify();
        self.obey();
    }
}

impl RoomClient {
    /// Begins to connect, and goes on until it is stopped, refused or put out. What happens is told
    /// by the events.
    ///
    /// # Errors
    /// [`RoomError::Address`] for addresses that may not be used, [`RoomError::System`].
    pub fn start(config: RoomConfig) -> Result<(Self, RoomEvents), RoomError> {
        let clock = SystemClock::new();
        let connector = config.connector();
        let client = Client::new(config.into_inner()?, identity(), clock.now())?;
        let queue = Queue::new();
        let shared = Arc::new(Shared {
            client: Mutex::new(client),
            clock: Box::new(clock),
            wake: Wake::default(),
            queue: Arc::clone(&queue),
            script: None,
        });
        let refused = |error: std::io::Error| RoomError::System(error.to_string());
        let runtime = net::runtime(1).map_err(refused)?;
        let for_thread = Arc::clone(&shared);
        let run = move || {
            let shared = for_thread;
            let driven = catch_unwind(AssertUnwindSafe(|| {
                runtime.block_on(driver::run(&shared, connector.as_ref()));
            }));
            if driven.is_err() {
                log::error!("the room's thread had panicked");
            }
            // A name lookup that hangs is left behind.
            runtime.shutdown_background();
            shared.queue.close();
        };
        let thread = Builder::new().name("onair-room".to_owned()).spawn(run).map_err(refused)?;
        Ok((Self { shared, thread: Some(thread) }, RoomEvents::new(queue)))
    }

    /// Opens a room of one's own, as soon as there is a connection and again after each loss. `key`
    /// is its public name: 1 to 64 letters, digits, `-` and `_`; `title` up to 100 characters.
    /// [`RoomEvent::Joined`] tells when it stands, with the token that proves it is one's own and the
    /// key to publish its stream with.
    ///
    /// # Errors
    /// [`RoomError::Key`]; [`CommandError::InRoom`], [`CommandError::Text`], [`CommandError::Ended`].
    pub fn create(&self, key: &str, title: &str) -> Result<(), RoomError> {
        let key = key.parse()?;
        self.tell(|client, now| client.create(key, title, now))
    }

    /// Goes into a room, as soon as there is a connection and again after each loss.
    ///
    /// # Errors
    /// [`RoomError::Key`]; [`CommandError::InRoom`], [`CommandError::Ended`].
    pub fn join(&self, key: &str) -> Result<(), RoomError> {
        let key = key.parse()?;
        self.tell(|client, now| client.join(key, now))
    }

    /// Leaves the room. One's own stays open until the server's patience ends.
    ///
    /// # Errors
    /// [`CommandError::NoRoom`].
    pub fn leave(&self) -> Result<(), RoomError> {
        self.tell(Client::leave)
    }

    /// Closes one's own room for everybody.
    ///
    /// # Errors
    /// [`CommandError::NotHost`], [`CommandError::NoRoom`], [`CommandError::Offline`].
    pub fn close(&self) -> Result<(), RoomError> {
        self.tell(Client::close)
    }

    /// 1 to 1,000 hearts, told together with others of the next 200 ms; never told late.
    ///
    /// # Errors
    /// [`CommandError::Offline`], [`CommandError::NoRoom`], [`CommandError::Number`].
    pub fn like(&self, count: u32) -> Result<(), RoomError> {
        self.tell(|client, now| client.like(count, now))
    }

    /// Says something, up to 200 characters. `at` is the position on the stream's timeline that it
    /// belongs to. Returns its id, which [`RoomEvent::Delivered`] names.
    ///
    /// # Errors
    /// [`CommandError::Text`], [`CommandError::Full`], [`CommandError::NoRoom`];
    /// [`CommandError::Offline`] unless the configuration queues.
    pub fn comment(&self, text: &str, at: Option<MediaTime>) -> Result<String, RoomError> {
        self.tell(|client, now| client.comment(text, at, now))
    }

    /// Gives something; otherwise as [`RoomClient::comment`].
    ///
    /// # Errors
    /// As [`RoomClient::comment`], and [`CommandError::Number`].
    pub fn gift(&self, gift: Gift, at: Option<MediaTime>) -> Result<String, RoomError> {
        self.tell(|client, now| client.gift(gift, at, now))
    }

    /// Tells the host that the comment with this id must not stand, and why.
    ///
    /// # Errors
    /// [`CommandError::Offline`], [`CommandError::NoRoom`], [`CommandError::Text`].
    pub fn report(&self, id: &str, reason: &str) -> Result<(), RoomError> {
        self.tell(|client, now| client.report(id, reason, now))
    }

    /// Does not show what this sender ([`Said::sender`]) says; when one is the host, to nobody.
    ///
    /// # Errors
    /// [`CommandError::NoRoom`].
    pub fn mute(&self, sender: &str) -> Result<(), RoomError> {
        self.tell(|client, now| client.mute(sender, now))
    }

    /// Shows it again, to oneself.
    pub fn unmute(&self, sender: &str) {
        self.shared.client().unmute(sender);
    }

    /// As [`RoomClient::mute`]; when one is the host, the sender must leave the room too.
    ///
    /// # Errors
    /// [`CommandError::NoRoom`].
    pub fn block(&self, sender: &str) -> Result<(), RoomError> {
        self.tell(|client, now| client.block(sender, now))
    }

    /// Takes the comment with this id away from everybody.
    ///
    /// # Errors
    /// [`CommandError::NotHost`], [`CommandError::Offline`], [`CommandError::NoRoom`].
    pub fn remove_comment(&self, id: &str) -> Result<(), RoomError> {
        self.tell(|client, now| client.remove_comment(id, now))
    }

    /// The network changed for the better: does not wait to connect any longer.
    pub fn network_is_back(&self) {
        self.shared.client().handle_path(self.shared.clock.now());
        self.shared.ring();
    }

    /// Whoever waits for an event gets what waits already, then `None`, from now on.
    pub fn end_events(&self) {
        self.shared.queue.close();
    }

    /// Leaves and waits until the connection is gone: less than 300 ms.
    pub fn stop(mut self) {
        self.end();
    }

    fn tell<T>(
        &self,
        command: impl FnOnce(&mut Client, Now) -> Result<T, CommandError>,
    ) -> Result<T, RoomError> {
        let done = command(&mut self.shared.client(), self.shared.clock.now());
        self.shared.ring();
        Ok(done?)
    }

    fn end(&mut self) {
        self.shared.client().end();
        self.shared.ring();
        if let Some(thread) = self.thread.take() {
            // A panic was caught and told already.
            let _ = thread.join();
        }
    }
}

impl Drop for RoomClient {
    fn drop(&mut self) {
        self.end();
    }
}

/// Random numbers out of the standard library's keys, which come from the system.
fn identity() -> Identity {
    let draw = || RandomState::new().build_hasher().finish();
    let secret = u128::from(draw()) << 64 | u128::from(draw());
    Identity { mark: draw(), secret, seed: draw() }
}
