//! An app's own code on each picture. A panic in it stays in it.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use onair_types::MediaTime;

use super::EffectError;
use crate::frame::I420Frame;

/// An app's own effect.
pub trait Filter: Send {
    /// Changes `picture`, which is shown `at` that time of the stream. Called with each picture
    /// from one thread at a time, which encodes next: what is slow here costs frames.
    ///
    /// # Errors
    /// A text that says what was wrong. The picture goes on as it is then.
    fn apply(&mut self, picture: &mut I420Mut<'_>, at: MediaTime) -> Result<(), String>;
}

/// A picture to be changed in place: BT.709 limited.
#[derive(Debug)]
pub struct I420Mut<'a> {
    frame: &'a mut I420Frame,
}

impl I420Mut<'_> {
    /// Pixels.
    pub fn width(&self) -> u32 {
        self.frame.width()
    }

    /// Pixels.
    pub fn height(&self) -> u32 {
        self.frame.height()
    }

    /// Y (`width` × `height`), U and V (half of each), rows without padding.
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        self.frame.planes_mut()
    }
}

/// A [`Filter`] that can be part of several looks, one after the other. Equal when it is the same
/// filter.
#[derive(Clone)]
pub struct Custom {
    /// None since it panicked.
    filter: Arc<Mutex<Option<Box<dyn Filter>>>>,
}

impl Custom {
    /// Takes the filter.
    pub fn new(filter: impl Filter + 'static) -> Self {
        Self { filter: Arc::new(Mutex::new(Some(Box::new(filter)))) }
    }

    pub(super) fn apply(&self, picture: &mut I420Frame, at: MediaTime) -> Result<(), EffectError> {
        let mut slot = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(filter) = slot.as_mut() else { return Ok(()) };
        let mut picture = I420Mut { frame: picture };
        // After a panic the filter is thrown away, so no half-changed state is used.
        match catch_unwind(AssertUnwindSafe(|| filter.apply(&mut picture, at))) {
            Ok(outcome) => outcome.map_err(EffectError::Refused),
            Err(panic) => {
                let broken = slot.take();
                if catch_unwind(AssertUnwindSafe(|| drop(broken))).is_err() {
                    log::warn!("filter: it panicked once more when it was dropped");
                }
                Err(EffectError::Panicked(message(panic.as_ref())))
            }
        }
    }
}

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.filter, &other.filter)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Custom")
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
