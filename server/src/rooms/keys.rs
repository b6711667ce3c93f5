//! Who may publish: who has a room's publish key, which its name does not tell, or the server's token.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use onair_rooms::{RoomKey, Secret};
use thiserror::Error;

use crate::name::StreamName;

/// The app whose streams have rooms.
pub(crate) const APP: &str = "live";
/// Begins every publish key, so that one whose room is gone is not taken for a name.
pub(super) const PREFIX: &str = "pk-";

/// Which room a publish key belongs to.
#[derive(Debug, Default)]
pub(crate) struct PublishKeys {
    rooms: Mutex<HashMap<String, Secret>>,
    /// What everybody else needs; `None` when nothing is asked for.
    token: Option<Secret>,
}

/// Why somebody may not publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Denied {
    #[error("that name belongs to a room; publish with the room's publish key")]
    Room,
    #[error("publishers need this server's token; put ?token=… behind the stream's name")]
    Token,
}

impl PublishKeys {
    /// These and no others.
    pub(super) fn replace(&self, keys: impl Iterator<Item = (RoomKey, Secret)>) {
        *self.lock() = keys.map(|(room, key)| (room.to_string(), key)).collect();
    }

    /// Who has no room's publish key needs this.
    pub(crate) fn set_token(&mut self, token: Option<Secret>) {
        self.token = token;
    }

    /// What a stream that somebody with this token wants to publish as `name` is called by those who watch.
    ///
    /// # Errors
    /// [`Denied`]
    pub(crate) fn resolve(
        &self,
        name: StreamName,
        token: Option<&Secret>,
    ) -> Result<StreamName, Denied> {
        let rooms = self.lock();
        if name.app() == APP && name.key().starts_with(PREFIX) {
            // Every key is looked at, so that the time does not tell which one was nearly right.
            let is_it = |(room, key): (&String, &Secret)| key.is(name.key()).then(|| room.clone());
            let found: Vec<String> = rooms.iter().filter_map(is_it).collect();
            let room = found.first().and_then(|room| StreamName::parse(APP, room).ok());
            return room.ok_or(Denied::Room);
        }
        let has_token = |ours: &Secret| token.is_some_and(|token| ours == token);
        if !self.token.as_ref().is_none_or(has_token) {
            return Err(Denied::Token);
        }
        if name.app() == APP && rooms.contains_key(name.key()) {
            return Err(Denied::Room);
        }
        Ok(name)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Secret>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s07_a_room_s_stream_is_published_by_its_key_alone() {
        let keys = PublishKeys::default();
        let room: RoomKey = "demo".parse().unwrap();
        keys.replace([(room, Secret::new("pk-1"))].into_iter());
        let name = |key| StreamName::parse(APP, key).unwrap();
        let resolve = |keys: &PublishKeys, key| keys.resolve(name(key), None);
        assert_eq!(resolve(&keys, "pk-1"), Ok(name("demo")));
        assert_eq!(resolve(&keys, "demo"), Err(Denied::Room), "the room's name is no key");
        assert_eq!(resolve(&keys, "pk-2"), Err(Denied::Room), "an unknown key is no name");
        assert_eq!(resolve(&keys, "other"), Ok(name("other")), "no room, as ever");
        let elsewhere = StreamName::parse("app", "demo").unwrap();
        assert_eq!(keys.resolve(elsewhere.clone(), None), Ok(elsewhere));
        keys.replace(std::iter::empty());
        assert_eq!(resolve(&keys, "demo"), Ok(name("demo")));
    }

    #[test]
    fn who_has_neither_the_token_nor_a_room_s_key_publishes_nothing() {
        let mut keys = PublishKeys::default();
        keys.set_token(Some(Secret::new("the-right-token-1")));
        keys.replace([("demo".parse().unwrap(), Secret::new("pk-1"))].into_iter());
        let name = |app, key| StreamName::parse(app, key).unwrap();
        for (token, may) in
            [(None, false), (Some("the-wrong-token-1"), false), (Some("the-right-token-1"), true)]
        {
            let token = token.map(Secret::new);
            for (app, key) in [(APP, "other"), ("app", "demo"), ("app", "pk-1")] {
                let expected = if may { Ok(name(app, key)) } else { Err(Denied::Token) };
                assert_eq!(keys.resolve(name(app, key), token.as_ref()), expected);
            }
            assert_eq!(keys.resolve(name(APP, "pk-1"), token.as_ref()), Ok(name(APP, "demo")));
        }
    }
}
