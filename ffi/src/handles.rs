//! Numbers that stand for sessions in C and Java. A number is never used twice: one that was freed,
//! or never was, leads nowhere instead of to somebody else's session.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::LiveError;
use crate::live::Live;

static NEXT: AtomicU64 = AtomicU64::new(1);
static SESSIONS: RwLock<Option<HashMap<u64, Arc<Live>>>> = RwLock::new(None);

/// A number for this session.
pub(crate) fn put(live: Arc<Live>) -> u64 {
    let handle = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut sessions = SESSIONS.write().unwrap_or_else(PoisonError::into_inner);
    sessions.get_or_insert_default().insert(handle, live);
    handle
}

/// The session of this number.
///
/// # Errors
/// [`LiveError::Call`] when there is none.
pub(crate) fn session(handle: u64) -> Result<Arc<Live>, LiveError> {
    let sessions = SESSIONS.read().unwrap_or_else(PoisonError::into_inner);
    let live = sessions.as_ref().and_then(|sessions| sessions.get(&handle));
    live.map(Arc::clone).ok_or_else(LiveError::no_session)
}

/// The number stands for nothing from now on.
pub(crate) fn take(handle: u64) -> Result<Arc<Live>, LiveError> {
    let mut sessions = SESSIONS.write().unwrap_or_else(PoisonError::into_inner);
    let live = sessions.as_mut().and_then(|sessions| sessions.remove(&handle));
    live.ok_or_else(LiveError::no_session)
}
