//! Numbers that stand for sessions and rooms in C and Java. A number is never used twice: one that was
//! freed, never was, or stands for the other kind leads nowhere instead of to somebody else's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::LiveError;
use crate::live::Live;
use crate::room::Room;

static NEXT: AtomicU64 = AtomicU64::new(1);
static SESSIONS: Table<Live> = Table(RwLock::new(None));
static ROOMS: Table<Room> = Table(RwLock::new(None));

/// A number for this session.
pub(crate) fn put(live: Arc<Live>) -> u64 {
    SESSIONS.put(live)
}

/// A number that nothing else has, of any kind.
pub(crate) fn number() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The session of this number.
///
/// # Errors
/// [`LiveError::Call`] when there is none.
pub(crate) fn session(handle: u64) -> Result<Arc<Live>, LiveError> {
    SESSIONS.find(handle).ok_or_else(|| LiveError::nothing("session"))
}

/// The number stands for nothing from now on.
pub(crate) fn take(handle: u64) -> Result<Arc<Live>, LiveError> {
    SESSIONS.take(handle).ok_or_else(|| LiveError::nothing("session"))
}

/// A number for this room's client.
pub(crate) fn put_room(room: Arc<Room>) -> u64 {
    ROOMS.put(room)
}

/// The room's client of this number.
///
/// # Errors
/// [`LiveError::Call`] when there is none.
pub(crate) fn room(handle: u64) -> Result<Arc<Room>, LiveError> {
    ROOMS.find(handle).ok_or_else(|| LiveError::nothing("room"))
}

/// The number stands for nothing from now on.
pub(crate) fn take_room(handle: u64) -> Result<Arc<Room>, LiveError> {
    ROOMS.take(handle).ok_or_else(|| LiveError::nothing("room"))
}

/// What stands behind the numbers of one kind.
struct Table<T>(RwLock<Option<HashMap<u64, Arc<T>>>>);

impl<T> Table<T> {
    fn put(&self, what: Arc<T>) -> u64 {
        let handle = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.get_or_insert_default().insert(handle, what);
        handle
    }

    fn find(&self, handle: u64) -> Option<Arc<T>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.as_ref().and_then(|all| all.get(&handle)).map(Arc::clone)
    }

    fn take(&self, handle: u64) -> Option<Arc<T>> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.as_mut().and_then(|all| all.remove(&handle))
    }
}
