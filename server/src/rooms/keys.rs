//! Publish keys apart from rooms: who knows what a room is called can watch it and no more.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use onair_rooms::{RoomKey, Secret};

use crate::name::StreamName;

/// The app whose streams have rooms.
pub(crate) const APP: &str = "live";
/// Begins every publish key, so that one whose room is gone is not taken for a name.
pub(super) const PREFIX: &str = "pk-";

/// Which room a publish key belongs to.
#[derive(Debug, Default)]
pub(crate) struct PublishKeys {
    rooms: Mutex<HashMap<String, Secret>>,
}

impl PublishKeys {
    /// These and no others.
    pub(super) fn replace(&self, keys: impl Iterator<Item = (RoomKey, Secret)>) {
        *self.lock() = keys.map(|(room, key)| (room.to_string(), key)).collect();
    }

    /// What a stream that somebody wants to publish as `name` is called by those who watch; `None`
    /// when they may not.
    pub(crate) fn resolve(&self, name: StreamName) -> Option<StreamName> {
        if name.app() != APP {
            return Some(name);
        }
        let rooms = self.lock();
        if !name.key().starts_with(PREFIX) {
            return (!rooms.contains_key(name.key())).then_some(name);
        }
        // Every key is looked at, so that the time does not tell which one was nearly right.
        let is_it = |(room, key): (&String, &Secret)| key.is(name.key()).then(|| room.clone());
        let found: Vec<String> = rooms.iter().filter_map(is_it).collect();
        StreamName::parse(APP, found.first()?).ok()
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
        assert_eq!(keys.resolve(name("pk-1")), Some(name("demo")));
        assert_eq!(keys.resolve(name("demo")), None, "the room's name is no key");
        assert_eq!(keys.resolve(name("pk-2")), None, "an unknown key is no name");
        assert_eq!(keys.resolve(name("other")), Some(name("other")), "no room, as ever");
        let elsewhere = StreamName::parse("app", "demo").unwrap();
        assert_eq!(keys.resolve(elsewhere.clone()), Some(elsewhere));
        keys.replace(std::iter::empty());
        assert_eq!(keys.resolve(name("demo")), Some(name("demo")));
    }
}
