//! The client of a room that Swift and Kotlin hold, and what C knows by a number: one
//! `onair::rooms::RoomClient` under both.

mod event;
mod options;

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};
use std::time::Duration;

use onair::MediaTime;
use onair::rooms::{CommandError, Gift, RoomError, RoomEvents, RoomLoss};

pub use event::{
    RefusalKind, RoomCommand, RoomEvent, RoomGift, RoomMessage, RoomRefusal, RoomSnapshot,
    RoomState,
};
pub use options::{RoomOptions, RoomPlace, room_options};

use crate::{LiveError, handles};

/// One connection to a room server, and through it to one room at a time. All methods may be called
/// from any thread; none but [`RoomClient::stop`] waits for the network. What comes of a call is told
/// by [`RoomClient::next_event`].
#[derive(uniffi::Object)]
pub struct RoomClient {
    room: Arc<Room>,
    handle: u64,
}

#[uniffi::export]
impl RoomClient {
    /// Begins to connect, and goes on until it is stopped, refused or put out.
    ///
    /// # Errors
    /// [`LiveError::Configuration`] for addresses that may not be used, [`LiveError::Device`].
    #[uniffi::constructor]
    pub fn new(options: RoomOptions) -> Result<Self, LiveError> {
        let room = Arc::new(Room::start(&options)?);
        Ok(Self { handle: handles::put_room(Arc::clone(&room)), room })
    }

    /// What the C functions know this client by; never used again after it.
    pub fn native_handle(&self) -> u64 {
        self.handle
    }

    /// Opens a room of one's own, as soon as there is a connection and again after each loss. `key` is
    /// its public name: 1 to 64 letters, digits, `-` and `_`; `title` up to 100 characters.
    /// [`RoomEvent::Joined`] tells when it stands, with its token and the key to publish with.
    ///
    /// # Errors
    /// [`LiveError::Call`] for a key or title that cannot be, or when one is in a room.
    pub fn create(&self, key: String, title: String) -> Result<(), LiveError> {
        self.room.tell(|client| client.create(&key, &title))
    }

    /// Goes into a room, as soon as there is a connection and again after each loss.
    ///
    /// # Errors
    /// [`LiveError::Call`] for a key that cannot be, or when one is in a room.
    pub fn join(&self, key: String) -> Result<(), LiveError> {
        self.room.tell(|client| client.join(&key))
    }

    /// Leaves the room. One's own stays open until the server's patience ends.
    ///
    /// # Errors
    /// [`LiveError::Call`] when one is in none.
    pub fn leave(&self) -> Result<(), LiveError> {
        self.room.tell(onair::rooms::RoomClient::leave)
    }

    /// Closes one's own room for everybody.
    ///
    /// # Errors
    /// [`LiveError::Call`] when one is not the host, [`LiveError::Network`] without a connection.
    pub fn close_room(&self) -> Result<(), LiveError> {
        self.room.tell(onair::rooms::RoomClient::close)
    }

    /// 1 to 1,000 hearts, told together with others of the next 200 ms; never told late.
    ///
    /// # Errors
    /// [`LiveError::Network`] without a connection to the room, [`LiveError::Call`].
    pub fn like(&self, count: u32) -> Result<(), LiveError> {
        self.room.tell(|client| client.like(count))
    }

    /// Says something, up to 200 characters. `at_ms` is the position on the stream's timeline that it
    /// belongs to. Returns its id, which [`RoomEvent::Delivered`] names.
    ///
    /// # Errors
    /// [`LiveError::Call`] for a text that cannot be; [`LiveError::Network`] without a connection
    /// unless comments are queued, and when too many wait.
    pub fn comment(&self, text: String, at_ms: Option<i64>) -> Result<String, LiveError> {
        self.room.tell(|client| client.comment(&text, at_ms.map(time)))
    }

    /// Gives something; otherwise as [`RoomClient::comment`].
    ///
    /// # Errors
    /// As [`RoomClient::comment`].
    pub fn gift(&self, gift: RoomGift, at_ms: Option<i64>) -> Result<String, LiveError> {
        let RoomGift { sender_id, gift_id, count } = gift;
        let gift = Gift { sender_id, gift_id, count };
        self.room.tell(|client| client.gift(gift, at_ms.map(time)))
    }

    /// Tells the host that the comment with this id must not stand, and why.
    ///
    /// # Errors
    /// [`LiveError::Network`] without a connection to the room, [`LiveError::Call`].
    pub fn report(&self, id: String, reason: String) -> Result<(), LiveError> {
        self.room.tell(|client| client.report(&id, &reason))
    }

    /// Does not show what this sender says; when one is the host, to nobody.
    ///
    /// # Errors
    /// [`LiveError::Call`] when one is in no room.
    pub fn mute(&self, sender: String) -> Result<(), LiveError> {
        self.room.tell(|client| client.mute(&sender))
    }

    /// Shows it again, to oneself.
    ///
    /// # Errors
    /// [`LiveError::Call`] after the end.
    pub fn unmute(&self, sender: String) -> Result<(), LiveError> {
        self.room.tell(|client| {
            client.unmute(&sender);
            Ok(())
        })
    }

    /// As [`RoomClient::mute`]; when one is the host, the sender must leave the room too.
    ///
    /// # Errors
    /// [`LiveError::Call`] when one is in no room.
    pub fn block(&self, sender: String) -> Result<(), LiveError> {
        self.room.tell(|client| client.block(&sender))
    }

    /// Takes the comment with this id away from everybody.
    ///
    /// # Errors
    /// [`LiveError::Call`] when one is not the host, [`LiveError::Network`] without a connection.
    pub fn remove_comment(&self, id: String) -> Result<(), LiveError> {
        self.room.tell(|client| client.remove_comment(&id))
    }

    /// The network changed for the better: does not wait to connect any longer.
    pub fn network_is_back(&self) {
        // After the end there is nothing to hasten.
        let _ = self.room.tell(|client| {
            client.network_is_back();
            Ok(())
        });
    }

    /// Leaves, and waits until the connection is gone: less than 300 ms. What waits to be told is told
    /// still, then no event any more. Twice is once.
    pub fn stop(&self) {
        self.room.stop();
    }

    /// The next event; waits until there is one. None when the client has ended and all is told, and
    /// after [`RoomClient::cancel_events`]. One task of the app calls this in a loop.
    pub async fn next_event(&self) -> Option<RoomEvent> {
        self.room.next_event().await
    }

    /// Events that were dropped since nobody fetched them, likes and numbers of viewers aside.
    pub fn events_lost(&self) -> u64 {
        self.room.loss.count()
    }

    /// Who waits for an event gets what waits already, then none, from now on.
    pub fn cancel_events(&self) {
        self.room.end_events();
    }
}

impl Drop for RoomClient {
    fn drop(&mut self) {
        self.room.end_events();
        drop(handles::take_room(self.handle));
    }
}

/// A client as all borders see it.
pub(crate) struct Room {
    /// None after the end.
    client: RwLock<Option<Arc<onair::rooms::RoomClient>>>,
    events: Mutex<RoomEvents>,
    pub(crate) loss: RoomLoss,
    #[cfg(feature = "rehearsal")]
    stage: Option<onair::rooms::RoomStage>,
}

impl Room {
    pub(crate) fn start(options: &RoomOptions) -> Result<Self, LiveError> {
        let config = options.config()?;
        #[cfg(feature = "rehearsal")]
        if let Some(seed) = crate::rehearsal::seed() {
            let (client, events, stage) = onair::rooms::RoomClient::rehearse(config, seed)?;
            return Ok(Self {
                client: RwLock::new(Some(Arc::new(client))),
                loss: events.loss(),
                events: Mutex::new(events),
                stage: Some(stage),
            });
        }
        let (client, events) = onair::rooms::RoomClient::start(config)?;
        Ok(Self {
            client: RwLock::new(Some(Arc::new(client))),
            loss: events.loss(),
            events: Mutex::new(events),
            #[cfg(feature = "rehearsal")]
            stage: None,
        })
    }

    /// Has the client do something.
    ///
    /// # Errors
    /// What it says, and [`LiveError::Call`] after the end.
    pub(crate) fn tell<T>(
        &self,
        what: impl FnOnce(&onair::rooms::RoomClient) -> Result<T, RoomError>,
    ) -> Result<T, LiveError> {
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        let client = client.ok_or(RoomError::Command(CommandError::Ended))?;
        Ok(what(&client)?)
    }

    pub(crate) fn stop(&self) {
        let client = self.client.write().unwrap_or_else(PoisonError::into_inner).take();
        // Without the lock: the end waits for the network. Who is in the middle of a call ends it.
        drop(client);
    }

    /// What stands for the network.
    ///
    /// # Errors
    /// [`LiveError::Call`] when it is real.
    #[cfg(feature = "rehearsal")]
    pub(crate) fn stage(&self) -> Result<&onair::rooms::RoomStage, LiveError> {
        self.stage.as_ref().ok_or_else(|| {
            LiveError::argument("this room is no rehearsal: call onair_rehearsal_begin first")
        })
    }

    async fn next_event(&self) -> Option<RoomEvent> {
        let event = poll_fn(|context| {
            let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
            events.poll_next(context)
        });
        event.await.map(Into::into)
    }

    /// The same, in the caller's thread. `Ok(None)` after `timeout`, or when none will follow.
    ///
    /// # Errors
    /// [`LiveError::Call`] while another thread waits.
    pub(crate) fn wait_event(&self, timeout: Duration) -> Result<Option<RoomEvent>, LiveError> {
        let mut events = match self.events.try_lock() {
            Ok(events) => events,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(LiveError::argument("another thread waits for events already"));
            }
        };
        Ok(events.next_timeout(timeout).map(Into::into))
    }

    pub(crate) fn end_events(&self) {
        // After the end they end by themselves.
        let _ = self.tell(|client| {
            client.end_events();
            Ok(())
        });
    }
}

pub(crate) fn time(ms: i64) -> MediaTime {
    MediaTime::from_micros(ms.saturating_mul(1_000))
}

impl From<RoomError> for LiveError {
    fn from(error: RoomError) -> Self {
        let text = error.to_string();
        match error {
            RoomError::Address(_) => {
                Self::new(202, text, "use an address like wss://rooms.example.com")
            }
            RoomError::Key(_) => Self::new(SAID, text, "use 1 to 64 letters, digits, - and _"),
            RoomError::Command(error) => command(error, text),
            RoomError::System(_) => Self::new(209, text, "close other apps, then start again"),
            other => Self::new(299, other.to_string(), "report this"),
        }
    }
}

fn command(error: CommandError, text: String) -> LiveError {
    match error {
        CommandError::Offline => LiveError::new(203, text, "wait for the room, or queue comments"),
        CommandError::Full => LiveError::new(203, text, "wait until some are delivered"),
        CommandError::Text(_) | CommandError::Number => {
            LiveError::new(SAID, text, "say it shorter, or in numbers that can be")
        }
        _ => LiveError::new(208, text, "call it in the order that the room needs"),
    }
}

/// A key, a text or a number that no room takes.
const SAID: u16 = 217;

#[cfg(test)]
#[path = "room_test.rs"]
mod tests;
